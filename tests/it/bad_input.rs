//! Whatever is wrong with a call is answered with its code and in words, and nothing is half-done: no post, no request,
//! no hold; what was refused after it could be read stands in the ledger, once however often it is asked.

mod approval;
mod budget;
mod content;
mod files;
mod full;
mod json;
mod server;

use std::sync::Arc;

use chimera::audit::{EventType, LedgerQuery, LedgerReader, Page};
use chimera::contracts::publish::{PublicationStatus, PublishInput, PublishOutput, PublishStatus};
use chimera::contracts::{CallContext, Clock, ErrorCode};
use chimera::governance::{Balance, Budget};
use chimera::store_sqlite::SqliteStore;
use chimera::{Builder, Chimera};
use chimera_testkit::{Guard, Rules, StrictPlatform, TestClock, block_on, guard};
use chimera_tests::stage::{PLATFORMS, approve, builder, context, database, input, open_store, scope};

/// The key of every request here.
const KEY: &str = "bad-input";

/// A skill with everything that a good request needs, and a world that counts.
struct Bench {
    clock: Arc<dyn Clock>,
    store: Arc<SqliteStore>,
    platform: StrictPlatform,
    host: Chimera,
    _folder: tempfile::TempDir,
    _guard: Guard,
}

/// What a refusal says.
struct Expected<'a> {
    code: ErrorCode,
    /// The pointers of its faults, all of them.
    pointers: &'a [&'a str],
    /// What the message says, among other things.
    says: &'a [&'a str],
    /// Whether the ledger learns of it: whenever the input could be read.
    recorded: bool,
}

/// Everything that a refused request might have changed.
#[derive(Debug, PartialEq)]
struct Stand {
    posts: usize,
    calls: usize,
    uploads: usize,
    looks: usize,
    budget: Option<Balance>,
    status: Option<PublishOutput>,
    entries: u64,
    refusals: usize,
}

impl Bench {
    #[track_caller]
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// With a host of another make.
    #[track_caller]
    fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        Self::of(Rules::default(), change)
    }

    /// With platforms of these rules, and a host of another make.
    #[track_caller]
    fn of(rules: Rules, change: impl FnOnce(Builder) -> Builder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
        let store = open_store(&database(folder.path()), &clock);
        let rules = PLATFORMS.map(|platform| (platform, rules));
        let platform = StrictPlatform::new(Arc::clone(&clock), rules);
        let host = builder(&clock).store(&store).platform(Arc::new(platform.clone()));
        let host = change(host).build().unwrap();
        let _guard = guard("the end of what a test does at one bench");
        Self { clock, store, platform, host, _folder: folder, _guard }
    }

    /// A request that would be published as it is.
    fn good(&self) -> PublishInput {
        let mut input = input(KEY);
        block_on(approve(&self.store, &self.host, &mut input, self.clock.as_ref()));
        input
    }

    fn stand(&self) -> Stand {
        let kind = Some(EventType::of("skill.publish_content.refused"));
        let query = LedgerQuery { kind, ..LedgerQuery::default() };
        let refusals = block_on(self.store.find(&query, Page { from: 0, limit: 1_000 })).unwrap();
        Stand {
            posts: self.platform.posts().len(),
            calls: self.platform.performed().len(),
            uploads: self.platform.uploads(),
            looks: self.platform.looks(),
            budget: block_on(self.store.balance(&scope(&input(KEY)))).unwrap(),
            status: block_on(self.host.publish().status(&context(), KEY)).unwrap(),
            entries: block_on(self.store.head()).unwrap().size,
            refusals: refusals.len(),
        }
    }

    /// Calls the skill as a runtime in any language would.
    fn ask(&self, context: &CallContext, request: &[u8]) -> PublishOutput {
        ask(&self.host, context, request)
    }

    /// Holds a request against what its refusal should be, and against everything that should be as before.
    fn check(&self, what: &str, context: &CallContext, request: &[u8], expected: &Expected<'_>) {
        let before = self.stand();
        let answer = self.ask(context, request);
        holds(what, &answer, expected);
        assert_eq!(self.ask(context, request), answer, "{what}: the same question, the same answer");

        let recorded = u64::from(expected.recorded);
        let after = Stand {
            entries: before.entries + recorded,
            refusals: before.refusals + usize::from(expected.recorded),
            ..before
        };
        assert_eq!(self.stand(), after, "{what}");
        assert_eq!(self.platform.violations(), [""; 0], "{what}");
    }
}

/// Whether an answer is the refusal that was expected.
fn holds(what: &str, answer: &PublishOutput, expected: &Expected<'_>) {
    let told = serde_json::to_string(answer).unwrap();
    assert_eq!(answer.error_code, Some(expected.code), "{what}: {told}");
    assert_eq!(answer.status, PublishStatus::Failure, "{what}: {told}");
    assert_eq!(answer.retry_eligible, Some(expected.code.retryable()), "{what}: {told}");
    let failed = |status| status == PublicationStatus::Failed;
    assert!(answer.publications.iter().all(|result| failed(result.status)), "{what}: {told}");
    let pointers: Vec<&str> = answer.faults.iter().flatten().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, expected.pointers, "{what}: {told}");
    let message = answer.error_message.as_deref().unwrap_or_default();
    assert!(!message.is_empty(), "{what}");
    for words in expected.says {
        assert!(message.contains(words), "{what}: `{words}` is not in: {message}");
    }
    // Whatever was sent, the answer stays readable.
    assert!(told.len() < 20_000, "{what}: an answer of {} bytes", told.len());
}

fn ask(host: &Chimera, context: &CallContext, request: &[u8]) -> PublishOutput {
    let skill = host.skills().get("skill_publish_content").unwrap();
    let answer = block_on(skill.call_json(context, request)).unwrap();
    let output: PublishOutput = serde_json::from_str(&answer.json).unwrap();
    assert_eq!(answer.is_error, output.status == PublishStatus::Failure, "{}", answer.json);
    assert_eq!((answer.code, Some(answer.retryable)), told_of(&output), "{}", answer.json);
    output
}

/// The code of an answer, and whether to ask again; an answer without a code says nothing of that.
fn told_of(output: &PublishOutput) -> (Option<ErrorCode>, Option<bool>) {
    (output.error_code, output.retry_eligible.or(Some(false)))
}

fn json(input: &PublishInput) -> Vec<u8> {
    serde_json::to_vec(input).unwrap()
}

#[test]
fn the_good_request_of_these_tests_is_published() {
    let bench = Bench::new();
    let good = bench.good();
    let answer = bench.ask(&context(), &json(&good));
    assert_eq!(answer.status, PublishStatus::Success, "{answer:?}");
    assert_eq!(bench.platform.posts().len(), PLATFORMS.len());
}
