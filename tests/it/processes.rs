//! Several processes on one database, each with a real MCP server over one record: one post each, one answer for all,
//! also when one of them is killed in mid-flight.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use chimera::audit::{
    CheckpointSigner, EventType, LedgerQuery, LedgerReader, LocalSigner, Page, export, verify::verify,
};
use chimera::contracts::publish::{PublishInput, PublishOutput, PublishStatus};
use chimera::contracts::{Clock, SystemEntropy};
use chimera::governance::Budget;
use chimera::mcp::TokioClock;
use chimera::store_sqlite::SqliteStore;
use chimera_sandbox::Record;
use chimera_testkit::{Guard, PRICE, Rules, StrictPlatform, TestProcess, guard};
use chimera_tests::stage::{PLATFORMS, approve, context, database, host, input, open_store, scope};

mod engaging;

const KEY: &str = "processes";
const CALLERS: usize = 16;

/// As the seeds' tools do it, media are uploaded: what is approved are their bytes.
const AS_SEEDS: fn() -> Rules = || Rules { uploads: true, ..Rules::default() };

/// A database in which the request is approved and funded, and the record of what is public. What a test waits for while it
/// has one is bounded.
struct Place {
    folder: tempfile::TempDir,
    clock: Arc<dyn Clock>,
    input: PublishInput,
    _guard: Guard,
}

/// A crowd of callers in a process of its own.
struct Crowd(TestProcess);

impl Place {
    async fn new() -> Self {
        let _guard = guard("the end of what several processes do in one place");
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(TokioClock);
        let mut input = input(KEY);
        let store = open_store(&database(folder.path()), &clock);
        let nowhere = StrictPlatform::everywhere(Arc::clone(&clock), AS_SEEDS());
        approve(&store, &host(&store, Arc::new(nowhere), &clock), &mut input, clock.as_ref()).await;
        Self { folder, clock, input, _guard }
    }

    fn record(&self) -> PathBuf {
        self.folder.path().join("posts.jsonl")
    }

    fn store(&self) -> Arc<SqliteStore> {
        open_store(&database(self.folder.path()), &self.clock)
    }

    /// Starts a crowd that waits for its sign. A call of a tool may take `timeout` seconds.
    fn crowd(&self, timeout: u32, more: &[&str]) -> Crowd {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chimera-test-caller"));
        command
            .arg("caller")
            .arg("--db")
            .arg(database(self.folder.path()))
            .arg("--record")
            .arg(self.record())
            .args(["--key", KEY, "--callers", &CALLERS.to_string()])
            .args(["--timeout", &timeout.to_string()])
            .args(more);
        Crowd(TestProcess::start(format!("a crowd {more:?}"), &mut command))
    }

    /// One post each, paid once; the ledger tells so many attempts and verifies.
    async fn check(&self, attempts: usize) {
        let record = Record::open(self.record()).unwrap();
        let mut public: Vec<&str> = record.posts().iter().map(|post| post.platform.name()).collect();
        public.sort_unstable();
        assert_eq!(public, ["instagram", "linkedin", "twitter"], "{:#?}", record.calls());
        assert_eq!(record.duplicates(), []);

        let store = self.store();
        let balance = store.balance(&scope(&self.input)).await.unwrap().unwrap();
        assert_eq!((balance.spent.micros, balance.committed.micros), (3 * PRICE.micros, 0));
        let kind = EventType::of("skill.publish_content.attempt");
        let query = LedgerQuery { kind: Some(kind), ..LedgerQuery::default() };
        let attempted = store.find(&query, Page { from: 0, limit: 100 }).await.unwrap().len();
        assert_eq!(attempted, attempts, "attempts");
        self.verify(&store).await;
    }

    async fn verify(&self, store: &SqliteStore) {
        let signer =
            LocalSigner::open(self.folder.path().join("signer"), "chimera.example/tests", &SystemEntropy)
                .unwrap();
        let mut exported = Vec::new();
        let summary = export(store, &signer, &mut exported).await.unwrap();
        let verdict = verify(exported.as_slice(), signer.verifier_key(), None).unwrap();
        assert_eq!((verdict.events, verdict.root), (summary.events, summary.head.root));
    }
}

impl Crowd {
    #[track_caller]
    fn wait_until(&mut self, expected: &str) {
        let line = self.0.next_line(&format!("`{expected}`"));
        assert_eq!(line.as_deref(), Some(expected));
    }

    fn go(&mut self) {
        self.0.write_line("go");
    }

    /// The answers of all its callers.
    fn answers<T: serde::de::DeserializeOwned>(mut self) -> Vec<T> {
        let line = self.0.next_line("the answers").expect("it answers");
        let answers: Vec<T> = serde_json::from_str(&line).unwrap();
        assert!(self.0.end().success());
        assert_eq!(answers.len(), CALLERS);
        answers
    }

    /// `kill -9`.
    fn kill(mut self) {
        self.0.kill();
    }
}

fn check_answers(answers: &[PublishOutput]) {
    let first = &answers[0];
    assert_eq!(first.status, PublishStatus::Success, "{first:#?}");
    assert_eq!(first.publications.len(), PLATFORMS.len());
    for answer in answers {
        assert_eq!(answer, first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_with_sixteen_callers_each() {
    let place = Place::new().await;
    let mut crowds = [(); 4].map(|()| place.crowd(60, &[]));
    crowds.iter_mut().for_each(|crowd| crowd.wait_until("ready"));
    crowds.iter_mut().for_each(Crowd::go);
    let answers: Vec<PublishOutput> = crowds.into_iter().flat_map(Crowd::answers).collect();
    assert_eq!(answers.len(), 4 * CALLERS);
    check_answers(&answers);
    place.check(PLATFORMS.len()).await;
    let calls = Record::open(place.record()).unwrap().calls();
    let posting = calls.iter().filter(|call| call.tool.name().starts_with("post_")).count();
    assert_eq!(posting, PLATFORMS.len(), "each platform was called once");
}

/// One crowd is killed at a place; others wait for it meanwhile and finish its work.
async fn check_killed(stop: &str, attempts: usize) -> (Vec<PublishOutput>, PublishOutput) {
    let place = Place::new().await;
    let mut killed = place.crowd(5, &["--stop", stop]);
    killed.wait_until("ready");
    killed.go();
    killed.wait_until("stopped");
    // They find the request under way, leased to a process that lives.
    let mut others = [(); 2].map(|()| place.crowd(5, &[]));
    others.iter_mut().for_each(|crowd| crowd.wait_until("ready"));
    others.iter_mut().for_each(Crowd::go);
    killed.kill();

    let answers: Vec<PublishOutput> = others.into_iter().flat_map(Crowd::answers).collect();
    place.check(attempts).await;
    let store = place.store();
    let nowhere = StrictPlatform::everywhere(Arc::clone(&place.clock), AS_SEEDS());
    let late = host(&store, Arc::new(nowhere), &place.clock);
    let last = late.publish().status(&context(), KEY).await.unwrap().unwrap();
    assert_eq!(last.status, PublishStatus::Success, "{last:#?}");
    (answers, last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_a_post_where_keys_are_enforced() {
    // The call is made again under the same key, which the platform knows.
    let (answers, last) = check_killed("after:twitter", 4).await;
    check_answers(&answers);
    assert_eq!(answers[0], last, "whoever asks later is told the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_a_post_where_it_has_to_be_looked_up() {
    let (answers, last) = check_killed("after:instagram", 3).await;
    check_answers(&answers);
    assert_eq!(answers[0], last, "whoever asks later is told the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_a_post() {
    // Two looks find nothing, then it is attempted again.
    let (answers, last) = check_killed("before:linkedin", 4).await;
    check_answers(&answers);
    assert_eq!(answers[0], last, "whoever asks later is told the same");
}
