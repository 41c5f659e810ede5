//! A lane: one server against platforms of its own, under a whole host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chimera::audit::Secrets;
use chimera::contracts::{AgentId, Clock, Digest, PlatformName};
use chimera::effect::{EffectKind, KernelOptions, LookPolicy, PauseOrder, Pauses as _};
use chimera::governance::{Approver, ApproverRole, Policies, Policy};
use chimera::mcp::{MediaDirectory, StdioServer, TokioClock};
use chimera::platform::media::{MediaError, MediaProbe, MediaUrl, Probed};
use chimera::platform::{
    Accounts, Binding, Called, LateAnswer, PlatformProfile, Profile, ServerError, ToolCall, ToolClient,
    ToolInfo, ToolPlatform,
};
use chimera::skill_engage::Personas;
use chimera::store_sqlite::SqliteStore;
use chimera::{Builder, Chimera, Engaging};
use chimera_testkit::within;
use chimera_tests::engage_stage::{NamedFlags, Score, ToldScorer};
use chimera_tests::stage::{database, open_store};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::select;
use tempfile::TempDir;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Duration, sleep};

use crate::rig::{Launch, StandIn};

/// What the account is called, by the platforms that the stand-in plays; the first is what tools are given.
const NAMES: [&str; 5] = ["peer", "1", "17841400000000000", "urn:li:person:peer", "UCpeer"];

/// The account, as our requests name it.
pub(crate) const ACCOUNT: &str = "peer";

/// How long a call may take, and how long after it the platform may still act, in these tests.
pub(crate) const TIMEOUT: TimeDelta = TimeDelta::seconds(4);
const SETTLE: TimeDelta = TimeDelta::milliseconds(1_500);

/// How many servers start at once: each one takes seconds of a core, and the calls of the others have [`TIMEOUT`].
static STARTS: Semaphore = Semaphore::const_new(2);

/// The pause after the first look; the stand-in needs not to be spared.
const LOOK_EVERY: TimeDelta = TimeDelta::milliseconds(500);

/// After so many looks nothing more is found out: with these pauses they last twice as long as an attempt may act.
pub(crate) const LOOKS: u32 = 6;

/// What is posted: no two of them are alike.
const SENTENCES: [&str; 24] = [
    "fresh bread leaves our oven at dawn",
    "two lighthouses guard that narrow strait",
    "chess club meets upstairs every Tuesday",
    "the comet will be visible without glasses",
    "knitting patterns for curious beginners",
    "ferry timetables change with the tide",
    "why octopuses have three hearts",
    "museum entry is free until June",
    "repair your bicycle before winter",
    "jazz quartet plays by candlelight",
    "how volcanoes shaped the valley",
    "library books travel by donkey",
    "glass blowing explained in minutes",
    "saffron grows where few expect it",
    "marathon runners sleep nine hours",
    "a bridge built from recycled wood",
    "owls nest inside the old clock",
    "sign up for pottery and painting",
    "maps drawn by sailors long ago",
    "cherry trees bloom unusually early",
    "robots sort mail overnight now",
    "learn Morse code on the train",
    "desert foxes hear ants walking",
    "the orchestra rehearses outdoors",
];

/// Media whose bytes are their URL, of the kind that its ending tells.
#[derive(Debug, Clone, Copy)]
struct Media;

#[async_trait]
impl MediaProbe for Media {
    async fn probe(&self, url: &MediaUrl, _: DateTime<Utc>) -> Result<Probed, MediaError> {
        let bytes = url.as_str().as_bytes();
        let media_type = if url.as_str().ends_with(".mp4") { "video/mp4" } else { "image/png" };
        Ok(Probed {
            sha256: Digest::of(bytes),
            bytes: bytes.len() as u64,
            media_type: media_type.to_owned(),
            file_name: url.file_name().to_owned(),
        })
    }

    async fn read(&self, url: &MediaUrl, _: DateTime<Utc>) -> Result<Vec<u8>, MediaError> {
        Ok(url.as_str().as_bytes().to_vec())
    }
}

/// A client that counts the calls of each tool.
#[derive(Debug)]
pub(crate) struct Counting {
    inner: StdioServer,
    calls: Mutex<BTreeMap<String, usize>>,
    /// Tools whose calls the server carries out twice.
    doubled: Mutex<Vec<String>>,
}

impl Counting {
    fn calls(&self, tools: &[String]) -> usize {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        tools.iter().filter_map(|tool| calls.get(tool)).sum()
    }
}

#[async_trait]
impl ToolClient for Counting {
    fn server(&self) -> &str {
        self.inner.server()
    }

    fn secrets(&self) -> &Secrets {
        self.inner.secrets()
    }

    fn life(&self) -> u64 {
        self.inner.life()
    }

    fn grace(&self) -> TimeDelta {
        self.inner.grace()
    }

    async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        self.inner.tools(deadline).await
    }

    async fn call(&self, call: ToolCall) -> Called {
        let tool = call.tool.clone();
        let again = ToolCall { id: format!("{} again", call.id), ..call.clone() };
        let called = self.inner.call(call).await;
        if !matches!(called, Called::NotSent { .. }) {
            if self.doubled.lock().unwrap_or_else(PoisonError::into_inner).contains(&tool) {
                self.inner.call(again).await;
            }
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            *calls.entry(tool).or_default() += 1;
        }
        called
    }

    fn late(&self) -> Vec<LateAnswer> {
        self.inner.late()
    }
}

/// A server, its platforms, and the host over both.
pub(crate) struct Lane {
    pub(crate) name: String,
    pub(crate) platform: PlatformName,
    pub(crate) profile: PlatformProfile,
    pub(crate) stand_in: StandIn,
    pub(crate) server: Arc<Counting>,
    pub(crate) host: Chimera,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) tools: Arc<ToolPlatform>,
    pub(crate) pid_file: PathBuf,
    launch: Launch,
    hand: StdioServer,
    serial: AtomicUsize,
    /// The background worker, and what stops it.
    worker: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    _folder: TempDir,
}

/// Ends every switch that the refusal of credentials threw.
async fn renew(store: &SqliteStore) {
    for stopped in store.pauses(100).await.expect("the store works") {
        let by = Approver { id: "operator@example.com".to_owned(), role: ApproverRole::HitlReviewer };
        let order = PauseOrder { key: stopped.key, by, note: "renewed".to_owned() };
        store.resume(order).await.expect("the store works");
    }
}

/// The same again and again: what a case left unknown may tell of its credentials while a later one is under way.
async fn renew_for_ever(store: &SqliteStore) {
    loop {
        renew(store).await;
        sleep(Duration::from_millis(300)).await;
    }
}

/// The profile of a server: the one in the rig's `profiles`, else the built-in one of its name.
fn profile_of(rig: &Path, name: &str) -> Option<Profile> {
    let file = rig.join(format!("profiles/{name}.toml"));
    if file.is_file() {
        let text = std::fs::read_to_string(&file).expect("it can be read");
        return Some(Profile::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
    }
    Profile::named(name).ok()
}

/// The servers of the rig that there is a profile for, or those of them that `CHIMERA_PEERS_SERVERS` names; those that are
/// not installed are named aloud.
pub(crate) fn servers(rig: &Path, stand_in: &StandIn) -> Vec<String> {
    let profiled = stand_in.servers.iter().filter(|(name, _)| profile_of(rig, name).is_some());
    let (there, missing): (Vec<_>, Vec<_>) = profiled.partition(|(_, launch)| launch.installed);
    for (name, _) in missing {
        println!("skipped: peers: `{name}` is not installed");
    }
    let named = std::env::var("CHIMERA_PEERS_SERVERS").unwrap_or_default();
    let wanted = |name: &&String| named.is_empty() || named.split(',').any(|wanted| wanted == *name);
    there.into_iter().map(|(name, _)| name).filter(wanted).cloned().collect()
}

/// How the kernel works here.
pub(crate) fn kernel_options() -> KernelOptions {
    let looks =
        LookPolicy { first_pause: LOOK_EVERY, longest_pause: TimeDelta::seconds(5), ..LookPolicy::default() };
    KernelOptions { looks, ..KernelOptions::default() }
}

/// The account's names on the server.
fn bound(binding: Binding) -> Binding {
    NAMES.into_iter().fold(binding, Binding::named_by_server)
}

fn tools(bindings: impl IntoIterator<Item = Binding>, folder: &Path) -> ToolPlatform {
    ToolPlatform::new(bindings, Arc::new(Media), Arc::new(TokioClock))
        .with_media_files(Arc::new(MediaDirectory::new(folder.join("media"))))
}

/// A host of two accounts of one platform, each with the server of a lane; a third account is bound to the server of the first
/// lane, which acts for somebody else.
pub(crate) fn host_of_two(
    [one, other]: [&Lane; 2],
    folder: &Path,
    agents: [(AgentId, &str); 3],
) -> (Chimera, Arc<SqliteStore>) {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let client = |lane: &Lane| -> Arc<dyn ToolClient> { Arc::<Counting>::clone(&lane.server) };
    let binding =
        |lane: &Lane, account: &str| Binding::new(lane.profile.clone(), client(lane)).account(account);
    let [(_, first), (_, second), (_, third)] = agents;
    let bindings = [bound(binding(one, first)), bound(binding(other, second)), binding(one, third)];
    let store = open_store(&database(folder), &clock);
    let accounts = agents
        .into_iter()
        .fold(Accounts::new(), |accounts, (agent, account)| accounts.of(agent, one.platform, account));
    let host = Builder::new()
        .store(&store)
        .platform(Arc::new(tools(bindings, folder)))
        .media(Arc::new(Media))
        .clock(clock)
        .accounts(accounts)
        .build()
        .expect("every port is there");
    (host, store)
}

impl Lane {
    /// With its server started.
    pub(crate) async fn open(rig: &Path, name: &str) -> Self {
        Self::started(rig, name, |launch, _| launch.clone()).await
    }

    /// The same, and while a file is there, the server's publishing tools have other names.
    pub(crate) async fn open_renaming(rig: &Path, name: &str, flag: &Path) -> Self {
        Self::started(rig, name, |launch, profile| {
            launch.renaming(&profile.acting_tools(EffectKind::Publish), flag)
        })
        .await
    }

    async fn started(rig: &Path, name: &str, changed: impl Fn(&Launch, &PlatformProfile) -> Launch) -> Self {
        let _turn = STARTS.acquire().await.expect("it is never closed");
        let lane = Self::of(rig, name, changed).await;
        let deadline = TokioClock.now() + TimeDelta::seconds(60);
        lane.server.tools(deadline).await.expect("the server starts");
        lane
    }

    async fn of(rig: &Path, name: &str, changed: impl Fn(&Launch, &PlatformProfile) -> Launch) -> Self {
        let stand_in = StandIn::start(rig).await;
        let launch = stand_in.servers[name].clone();
        let folder = tempfile::tempdir().expect("a folder");
        let pid_file = folder.path().join("pid");
        let clock: Arc<dyn Clock> = Arc::new(TokioClock);
        let profile = profile_of(rig, name).expect("it was asked for");
        let platform = profile.platforms().next().expect("a platform").platform();
        let profile = profile
            .with_timeout(platform, TIMEOUT)
            .and_then(|profile| profile.with_settle(platform, SETTLE))
            .and_then(|profile| profile.with_look_every(platform, LOOK_EVERY))
            .expect("times that make sense");
        let profile = profile.platform(platform).expect("it was there").clone();
        let command = changed(&launch, &profile).noting(&pid_file).command(name);
        let server = Arc::new(Counting {
            inner: StdioServer::new(command, Arc::clone(&clock)),
            calls: Mutex::default(),
            doubled: Mutex::default(),
        });
        let client: Arc<dyn ToolClient> = Arc::<Counting>::clone(&server);
        let binding = bound(Binding::new(profile.clone(), client).account(ACCOUNT));
        let tools = Arc::new(tools([binding], folder.path()));
        let store = open_store(&database(folder.path()), &clock);
        let engaging = Engaging {
            targets: Arc::<ToolPlatform>::clone(&tools),
            scorer: ToldScorer::new(Score::Is(0.95)),
            classifier: Arc::new(NamedFlags),
            composer: None,
            policies: Policies::all(Policy::seed().expect("the preset is sound")),
            personas: Personas::seed().expect("the personas are sound"),
        };
        let host = Builder::new()
            .store(&store)
            .platform(Arc::<ToolPlatform>::clone(&tools))
            .media(Arc::new(Media))
            .clock(Arc::clone(&clock))
            .accounts(Accounts::new().shared(platform, ACCOUNT))
            .kernel_options(kernel_options())
            .engage(engaging)
            .build()
            .expect("every port is there");
        let hand = StdioServer::new(launch.command("a person"), clock);
        let (stop, stopped) = oneshot::channel::<()>();
        let background = host.worker().clone();
        let renewed = Arc::clone(&store);
        let worker = tokio::spawn(async move {
            let renewing = pin!(renew_for_ever(&renewed));
            select(pin!(background.run(async { drop(stopped.await) })), renewing).await;
        });
        Self {
            name: name.to_owned(),
            platform,
            profile,
            stand_in,
            server,
            host,
            store,
            tools,
            pid_file,
            launch,
            hand,
            serial: AtomicUsize::new(0),
            worker,
            stop,
            _folder: folder,
        }
    }

    /// A person renews the credentials that were not accepted: the next case is another day.
    pub(crate) async fn renew_credentials(&self) {
        renew(&self.store).await;
    }

    /// What no other case of this lane says: a word to find it by, and the text that begins with it. Texts that are alike
    /// would be in doubt for each other.
    pub(crate) fn words(&self) -> (String, String) {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let sentence = SENTENCES.get(serial % SENTENCES.len()).copied().unwrap_or_default();
        let token = format!("q{serial}z");
        let text = format!("{token}: {sentence}");
        (token, text)
    }

    /// A person posts in the same account, past our stack.
    pub(crate) async fn post_by_hand(&self, text: &str) {
        // The first of them starts a server.
        let _turn = STARTS.acquire().await.expect("it is never closed");
        let (tool, arguments) = self.launch.by_hand(text);
        let deadline = TokioClock.now() + TimeDelta::seconds(40);
        let call = ToolCall {
            id: "by hand".to_owned(),
            tool,
            arguments,
            meta: BTreeMap::new(),
            send_before: deadline,
            deadline,
            life: None,
        };
        let called = self.hand.call(call).await;
        assert!(matches!(called, Called::Answered(_)), "{}: {called:?}", self.name);
    }

    /// Posts by hand what is older than everything that follows: a list shows its order by the times of two posts, which are whole
    /// seconds, and reaches back to an attempt by one that is older than the platform's clock may be behind.
    pub(crate) async fn older_posts(&self) {
        for (text, seconds) in [("An older post about the garden", 2), ("An old post about the weather", 6)] {
            self.post_by_hand(text).await;
            sleep(Duration::from_secs(seconds)).await;
        }
    }

    /// From now on the server carries out each call of a kind of effect twice.
    pub(crate) fn double(&self, kind: EffectKind) {
        *self.server.doubled.lock().unwrap_or_else(PoisonError::into_inner) = self.profile.acting_tools(kind);
    }

    /// How often the tools of a kind of effect were called, as far as a call was sent.
    pub(crate) fn acts(&self, kind: EffectKind) -> usize {
        self.server.calls(&self.profile.acting_tools(kind))
    }

    /// Ends the server's processes in order.
    pub(crate) async fn close(self) {
        // A worker that has ended already needs no word.
        let _: Result<(), ()> = self.stop.send(());
        within("the worker to stop", self.worker).await.expect("it ends in order");
        self.server.inner.close().await;
        self.hand.close().await;
    }
}
