//! A database of an earlier schema is brought up to date and gives the same answers.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chimera_contracts::{Digest, StoreErrorKind};
use chimera_effect::{EffectJournal as _, LeaseScope};
use chimera_governance::review::{Enqueued, NewReview, ReviewQueue as _};
use chimera_testkit::conformance::StoreFactory as _;
use chimera_testkit::{Scene, block_on, sample_review};
use chrono::TimeDelta;
use rusqlite::Connection;

use crate::answers::{Questions, answers};
use crate::factory::Sqlite;

/// A database as the software of the fourth schema left it: every case of the conformance functions was acted out in it.
pub(crate) const FOURTH: &[u8] = include_bytes!("../fixtures/v4.db");

/// What is asked about it.
const QUESTIONS: &str = include_str!("../fixtures/v4.questions.json");

/// What that software answered, a line for each answer: its kind, and the beginning of the SHA-256 of its text.
const ANSWERS: &str = include_str!("../fixtures/v4.answers.txt");

/// Earlier schemas, as they were released, and the tables of each.
const FIRST: &str = include_str!("../../src/migrate/0001_first.sql");
const SECOND: &str = include_str!("../../src/migrate/0002_proposals.sql");
const THIRD: &str = include_str!("../../src/migrate/0003_engage.sql");
const TABLES: [&[&str]; 3] = [
    &["request", "effect", "decision", "decision_effect", "budget", "ledger"],
    &["proposal"],
    &["review", "rate_permit"],
];

/// "CHIM"
const APPLICATION_ID: i32 = 0x4348_494D;

/// The latest schema.
const LATEST: i64 = 8;

fn questions() -> Questions {
    serde_json::from_str(QUESTIONS).unwrap()
}

fn version(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// An answer as the fixture holds it.
fn short(line: &str) -> String {
    let kind = line.split(' ').next().unwrap();
    let kind = if kind.bytes().all(|byte| byte.is_ascii_digit()) { "entry" } else { kind };
    let digest = Digest::of(line.as_bytes()).to_string();
    format!("{kind} {}", digest.get(..16).unwrap())
}

#[test]
fn a_database_of_the_fourth_schema_gives_the_same_answers() {
    let sqlite = Sqlite::new();
    std::fs::write(sqlite.path(), FOURTH).unwrap();
    let refused = sqlite.options().read_only(true).open().unwrap_err();
    assert_eq!(refused.kind, StoreErrorKind::Misuse, "a reader does not migrate: {refused}");

    let store = sqlite.store();
    let said = block_on(answers(&store, &sqlite.path(), &questions()));
    let expected: BTreeSet<&str> = ANSWERS.lines().collect();
    let found: BTreeSet<String> = said.iter().map(|line| short(line)).collect();
    let strange: Vec<_> =
        said.iter().filter(|line| !expected.contains(short(line).as_str())).take(5).collect();
    assert!(strange.is_empty(), "not what it said before: {strange:#?}");
    let lacking: Vec<_> = expected.iter().filter(|line| !found.contains(**line)).take(5).collect();
    assert!(lacking.is_empty(), "said before and not now: {lacking:?}");
    assert_eq!(version(&sqlite.path()), LATEST);

    // It goes on from there.
    sqlite.clock().advance(TimeDelta::days(400));
    block_on(async {
        let leased = store.lease(LeaseScope::Due, 1_000, TimeDelta::seconds(1)).await.unwrap();
        assert!(!leased.is_empty(), "what was under way is due");
        let review =
            NewReview { request: None, ..sample_review(&Scene::named("later"), "after the migration") };
        assert!(matches!(store.enqueue(review).await, Ok(Enqueued::Fresh(_))));
    });
    drop(store);
    let again = sqlite.options().read_only(true).open().unwrap();
    assert_eq!(block_on(again.root_at(0)).unwrap(), chimera_audit::merkle::empty_root());
}

#[test]
fn databases_of_the_first_schemas_keep_their_rows() {
    let scripts = [FIRST, SECOND, THIRD];
    for schema in 1..=scripts.len() {
        let (old, later) = (Sqlite::new(), Sqlite::new());
        std::fs::write(later.path(), FOURTH).unwrap();
        let connection = Connection::open(old.path()).unwrap();
        for script in &scripts[..schema] {
            connection.execute_batch(script).unwrap();
        }
        connection.pragma_update(None, "user_version", schema).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.execute("ATTACH ?1 AS later", [later.path().to_str().unwrap()]).unwrap();
        for table in TABLES[..schema].iter().copied().flatten() {
            let copied = connection.execute(&format!("INSERT INTO {table} SELECT * FROM later.{table}"), []);
            assert!(copied.unwrap() > 0, "`{table}` holds something");
        }
        drop(connection);

        let store: Arc<_> = old.store();
        let known = |line: &String| match line.split(' ').next().unwrap() {
            "proposal" => schema >= 2,
            "review" | "unsettled" => schema >= 3,
            _ => true,
        };
        // An earlier schema has no table for the others.
        let questions = if schema >= 2 { questions() } else { questions().without_proposals() };
        let said = block_on(answers(&store, &old.path(), &questions));
        let expected: BTreeSet<&str> = ANSWERS.lines().collect();
        let strange: Vec<_> =
            said.iter().filter(|line| !expected.contains(short(line).as_str())).take(5).collect();
        assert!(strange.is_empty(), "schema {schema}: not what it said before: {strange:#?}");
        let wanted = |kind: &str| known(&kind.to_owned());
        let found: BTreeSet<String> = said.iter().map(|line| short(line)).collect();
        let lacking: Vec<_> =
            expected.iter().filter(|line| wanted(line) && !found.contains(**line)).take(5).collect();
        assert!(lacking.is_empty(), "schema {schema}: said before and not now: {lacking:?}");
        drop(store);
        assert_eq!(version(&old.path()), LATEST);
    }
}
