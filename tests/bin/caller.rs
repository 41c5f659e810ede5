//! A process of its own for tests: a crowd of callers, the sandbox, or a server that does not start.
//!
//! ```text
//! chimera-test-caller caller --db FILE --record FILE --key KEY --callers 16 --timeout SECONDS
//!                            [--stop before:PLATFORM|after:PLATFORM] [--engage ACTION]
//! chimera-test-caller sandbox CONFIG
//! chimera-test-caller broken LAST-WORDS
//! ```
//!
//! A crowd opens everything, prints `ready` and waits for a line on its standard input, so that several crowds begin
//! together. Then it prints its answers as one line of JSON. With `--stop` it prints `stopped` instead, when it is about
//! to send to a platform or has just sent to it, and does nothing more until it is killed. With `--engage` the callers engage
//! instead of publishing.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "test support fails loudly and speaks over its standard streams"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use chimera::Chimera;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageOutput, EngageStatus};
use chimera::contracts::{Clock, PlatformName};
use chimera::effect::{
    AccountRef, Attempt, EffectKind, Finding, LateOutcome, LookUp, NotReady, Outcome, Platform, PostOwners,
    Refusal, Service, Upload, Uploaded,
};
use chimera::mcp::{ServerCommand, StdioServer, TokioClock};
use chimera::platform::{Binding, Profile, ToolClient, ToolPlatform};
use chimera::skill_publish::PublishOptions;
use chimera_sandbox::{Keys, SandboxConfig, serve_stdio};
use chimera_testkit::PRICE;
use chimera_tests::engage_stage::{Judges, engage, engage_host, real_engagement};
use chimera_tests::stage::{EchoMedia, builder, claimed, open_store, publish};
use chrono::TimeDelta;

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let role = args.next().expect("a role");
    match role.as_str() {
        "caller" => call(&options(args)).await,
        "sandbox" => {
            let config = SandboxConfig::from_json(&args.next().expect("a configuration"));
            serve_stdio(config.expect("a good configuration")).await.expect("the sandbox serves");
        }
        "broken" => {
            eprintln!("{}", args.next().unwrap_or_default());
            std::process::exit(3);
        }
        other => panic!("no such role: {other}"),
    }
}

/// `--name value`, again and again.
fn options(mut args: impl Iterator<Item = String>) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    while let Some(name) = args.next() {
        options.insert(name, args.next().expect("a value for each option"));
    }
    options
}

async fn call(options: &BTreeMap<String, String>) {
    let option = |name: &str| options.get(name).unwrap_or_else(|| panic!("give {name}"));
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let server = sandbox(option("--record"), &clock);
    server.tools(clock.now() + TimeDelta::seconds(60)).await.expect("the sandbox starts");
    let store = open_store(option("--db").as_ref(), &clock);
    let timeout = option("--timeout").parse().expect("a number of seconds");
    let tools = tools(&server, TimeDelta::seconds(timeout), &clock);
    let mut platform: Arc<dyn Platform> = Arc::<ToolPlatform>::clone(&tools);
    if let Some(stop) = options.get("--stop") {
        platform = Arc::new(Stopping::at(stop, platform));
    }
    let callers = option("--callers").parse().expect("a number of callers");
    if let Some(action) = options.get("--engage") {
        let judges = Judges { targets: tools, ..Judges::seed(0.95) };
        let host = Arc::new(engage_host(&judges, &store, platform, &clock));
        let action = EngageAction::ALL.iter().find(|known| known.as_str() == action);
        let input = real_engagement(*action.expect("an action"));
        wait_for_the_sign();
        let call = || {
            let (host, input) = (Arc::clone(&host), input.clone());
            async move { engage_patiently(&host, &input).await }
        };
        say(&serde_json::to_string(&crowd(callers, call).await).expect("answers can be written"));
        server.close().await;
        return;
    }
    // Long enough for whoever waits for another one's work on a busy machine.
    let patient = PublishOptions { answer_within: TimeDelta::seconds(60), ..PublishOptions::default() };
    let host = builder(&clock).publish_options(patient).store(&store).platform(platform).build();
    let host = Arc::new(host.expect("every port is there"));

    let input = claimed(option("--key"), clock.as_ref());
    wait_for_the_sign();
    let call = || {
        let (host, input) = (Arc::clone(&host), input.clone());
        async move { publish(&host, &input).await }
    };
    say(&serde_json::to_string(&crowd(callers, call).await).expect("answers can be written"));
    server.close().await;
}

/// A test that is gone says nothing any more, and its pipe ends: nothing waits longer than the test does.
fn wait_for_the_sign() {
    say("ready");
    let read = std::io::stdin().read_line(&mut String::new()).expect("the test says when");
    assert!(read > 0, "the test is gone");
}

/// Does nothing more until this process is killed, or its test is gone.
fn stop() -> Outcome {
    say("stopped");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("the test ends its input");
    std::process::abort()
}

/// Asks until it is public: whoever waits for another one's work on a busy machine may have to ask again.
async fn engage_patiently(host: &Chimera, input: &EngageInput) -> EngageOutput {
    for _ in 0..20 {
        let answer = engage(host, input).await;
        if answer.status != EngageStatus::Pending {
            return answer;
        }
    }
    engage(host, input).await
}

async fn crowd<T, F>(callers: usize, call: impl Fn() -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let calls: Vec<_> = (0..callers).map(|_| tokio::spawn(call())).collect();
    let mut answers = Vec::with_capacity(callers);
    for call in calls {
        answers.push(call.await.expect("no caller panics"));
    }
    answers
}

/// A sandbox of this process over the record of all. It honours keys on X alone: that is what the seeds' profile counts on,
/// and elsewhere a call that is made twice shows.
fn sandbox(record: &str, clock: &Arc<dyn Clock>) -> Arc<StdioServer> {
    let keys = Keys::enforced_on([chimera_sandbox::Platform::Twitter]);
    let config = SandboxConfig::new(record).with_keys(keys);
    let config = config.to_json().expect("the configuration can be written");
    let this = std::env::current_exe().expect("this program has a path");
    let command = ServerCommand::new("sandbox", this).arg("sandbox").arg(config);
    Arc::new(StdioServer::new(command, Arc::clone(clock)))
}

/// The seeds' tools at the tests' price. A look-up waits until the time of the call that was lost is over.
fn tools(server: &Arc<StdioServer>, timeout: TimeDelta, clock: &Arc<dyn Clock>) -> Arc<ToolPlatform> {
    let profile =
        PlatformName::ALL.iter().try_fold(Profile::seeds().expect("it is built in"), |profile, platform| {
            profile
                .with_timeout(*platform, timeout)?
                .with_settle(*platform, TimeDelta::milliseconds(250))?
                .with_price(*platform, PRICE)
        });
    let client: Arc<dyn ToolClient> = Arc::<StdioServer>::clone(server);
    let bindings = Binding::all(&profile.expect("the profile serves the platforms"), &client);
    Arc::new(ToolPlatform::new(bindings, Arc::new(EchoMedia), Arc::clone(clock)))
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().expect("somebody listens");
}

/// A platform at which this process comes to a halt.
#[derive(Debug)]
struct Stopping {
    inner: Arc<dyn Platform>,
    platform: PlatformName,
    after: bool,
}

impl Stopping {
    fn at(place: &str, inner: Arc<dyn Platform>) -> Self {
        let (when, platform) = place.split_once(':').expect("before:PLATFORM or after:PLATFORM");
        Self { inner, platform: platform.parse().expect("a platform"), after: when == "after" }
    }
}

#[async_trait]
impl Platform for Stopping {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.inner.service(account, kind)
    }

    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        self.inner.ready(wanted, kind).await
    }

    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        self.inner.upload(upload).await
    }

    async fn perform(&self, attempt: &Attempt) -> Outcome {
        let here = attempt.effect().content().platform == self.platform;
        if !here {
            return self.inner.perform(attempt).await;
        }
        if self.after {
            let _nobody_learns_of_it = self.inner.perform(attempt).await;
        }
        // On a thread of its own: other callers of this process go on until they need what is held here.
        tokio::task::spawn_blocking(stop).await.expect("it never returns")
    }

    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        self.inner.find(look, owners).await
    }

    fn late(&self) -> Vec<LateOutcome> {
        self.inner.late()
    }
}
