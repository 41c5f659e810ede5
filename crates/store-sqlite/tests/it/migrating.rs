//! A database of an earlier schema is brought up to date and gives the same answers.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chimera_contracts::{Digest, Namespace, PlatformName, StoreErrorKind};
use chimera_effect::{EffectJournal as _, EffectKind, LeaseScope};
use chimera_governance::review::{Enqueued, NewReview, ReviewQueue as _};
use chimera_platform::limits::{Permit, RateKey, RateLimit, RateLimits as _};
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

/// What a log of permits holds: whose it is, its revision, and ids with times in microseconds.
type Log = (String, String, String, String, i64, Vec<(uuid::Uuid, i64)>);

#[test]
fn permits_become_rows_in_their_order() {
    let sqlite = Sqlite::new();
    std::fs::write(sqlite.path(), FOURTH).unwrap();
    let connection = Connection::open(sqlite.path()).unwrap();
    let (first, second) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
    for (account, taken) in [
        ("none", "[]".to_owned()),
        (
            "nanoseconds",
            format!(
                r#"[{{"by":"{first}","at":"2026-01-01T00:00:00.000000001Z"}},{{"by":"{second}","at":"2026-01-01T00:00:00Z"}}]"#
            ),
        ),
        ("unreadable", "[{}]".to_owned()),
    ] {
        connection
            .execute(
                "INSERT INTO rate_permit VALUES ('default', 'twitter', ?1, 'like', ?2)",
                (account, taken),
            )
            .unwrap();
    }
    let before: Vec<Log> = connection
        .prepare("SELECT namespace, platform, account, kind, taken FROM rate_permit")
        .unwrap()
        .query_map([], |row| {
            let taken: Vec<serde_json::Value> = serde_json::from_str(&row.get::<_, String>(4)?).unwrap();
            let permit = |one: &serde_json::Value| {
                let by = one.get("by")?.as_str()?.parse().ok()?;
                let at: chrono::DateTime<chrono::Utc> = one.get("at")?.as_str()?.parse().ok()?;
                // Rounded up: a permit ends no earlier than its window.
                Some((
                    by,
                    at.timestamp_nanos_opt()?.div_euclid(1_000)
                        + i64::from(!at.timestamp_subsec_nanos().is_multiple_of(1_000)),
                ))
            };
            let taken = taken.iter().filter_map(permit).collect();
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, 1, taken))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(before.len() > 10, "the fixture has permits");
    drop(connection);

    let store = sqlite.store();
    let connection = Connection::open(sqlite.path()).unwrap();
    for log in before {
        let (namespace, platform, account, kind, revision, taken) = log;
        let (number, found): (i64, i64) = connection
            .query_row(
                "SELECT number, revision FROM rate_log
                 WHERE namespace = ?1 AND platform = ?2 AND account = ?3 AND kind = ?4",
                (&namespace, &platform, &account, &kind),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(found, revision, "{account}");
        let rows: Vec<(Vec<u8>, i64)> = connection
            .prepare("SELECT taken_by, taken_at FROM rate_permit WHERE log = ?1 ORDER BY position")
            .unwrap()
            .query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        if account == "unreadable" {
            assert_eq!(rows, [(vec![], 0)]);
            continue;
        }
        let taken: Vec<(Vec<u8>, i64)> =
            taken.into_iter().map(|(by, at)| (by.as_bytes().to_vec(), at)).collect();
        assert_eq!(rows, taken, "{account}");
    }
    // Of what cannot be read nobody gets a permit; the others go on.
    let limit = RateLimit { count: 5, window: TimeDelta::days(36_500) };
    let take = |account: &str| {
        let key = RateKey {
            namespace: Namespace::default(),
            platform: PlatformName::Twitter,
            account: account.to_owned(),
            kind: EffectKind::Like,
        };
        block_on(store.take(&key, limit, uuid::Uuid::from_u128(3)))
    };
    assert_eq!(take("unreadable").unwrap_err().kind, StoreErrorKind::Corrupt);
    assert!(matches!(take("none"), Ok(Permit::Taken { used: 1 })));
    assert!(matches!(take("nanoseconds"), Ok(Permit::Taken { used: 3 })));
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
