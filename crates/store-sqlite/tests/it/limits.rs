//! What is SQLite's own about permits: a bounded log for each account and action, of which a step writes what changed.

use chimera_contracts::{Namespace, PlatformName, StoreErrorKind, derive_uuid};
use chimera_effect::EffectKind;
use chimera_platform::limits::{Permit, RateKey, RateLimit, RateLimits as _};
use chimera_testkit::block_on;
use chimera_testkit::conformance::StoreFactory as _;
use chrono::TimeDelta;
use rusqlite::Connection;

use crate::factory::Sqlite;

const LIMIT: RateLimit = RateLimit { count: 2, window: TimeDelta::minutes(1) };

fn key() -> RateKey {
    RateKey {
        namespace: Namespace::default(),
        platform: PlatformName::Twitter,
        account: "account".to_owned(),
        kind: EffectKind::Like,
    }
}

#[test]
fn however_many_are_taken_those_that_count_are_kept() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    block_on(async {
        for number in 0..20_u32 {
            let by = derive_uuid("test", &[&number.to_be_bytes()]);
            let before = store.backend().write_count().rows;
            let first = store.take(&key(), LIMIT, by).await.unwrap();
            assert!(matches!(first, Permit::Taken { used: 1 | 2 }), "{first:?}");
            let wrote = store.backend().write_count().rows - before;
            assert!((2..=3).contains(&wrote), "the log, the permit, and one that ended: {wrote}");
            assert_eq!(store.take(&key(), LIMIT, by).await.unwrap(), first, "the same one again");
            assert_eq!(store.backend().write_count().rows, before + wrote, "which writes nothing");
            sqlite.clock().advance(TimeDelta::seconds(40));
        }
    });
    let connection = Connection::open(sqlite.path()).unwrap();
    let sql = "SELECT (SELECT count(*) FROM rate_log), count(*) FROM rate_permit";
    let found: (i64, i64) = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(found, (1, 2));
}

/// What a permit writes does not grow with its limit, in rows and in bytes.
#[test]
fn a_permit_among_many_writes_as_much_as_the_first() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    let limit = RateLimit { count: 1_000, window: TimeDelta::days(1) };
    let number = |number: u32| derive_uuid("test", &[&number.to_be_bytes()]);
    let taken = || {
        let connection = Connection::open(sqlite.path()).unwrap();
        let sql = "SELECT taken_by FROM rate_permit ORDER BY position";
        let mut statement = connection.prepare(sql).unwrap();
        let found = statement.query_map([], |row| row.get::<_, [u8; 16]>(0)).unwrap();
        found.map(|by| uuid::Uuid::from_bytes(by.unwrap())).collect::<Vec<_>>()
    };
    block_on(async {
        for used in 1..=300 {
            let before = store.backend().write_count().rows;
            assert_eq!(store.take(&key(), limit, number(used)).await.unwrap(), Permit::Taken { used });
            assert_eq!(store.backend().write_count().rows, before + 2, "its log and itself");
        }
        // One in the middle is given back, and its place is not used again.
        let before = store.backend().write_count().rows;
        store.give_back(&key(), number(150)).await.unwrap();
        assert_eq!(store.backend().write_count().rows, before + 2);
        store.take(&key(), limit, number(301)).await.unwrap();
        let expected: Vec<_> = (1..=301).filter(|one| *one != 150).map(number).collect();
        assert_eq!(taken(), expected);
    });
}

/// What was taken is not known any more, so nobody may act.
#[test]
fn permits_that_cannot_be_read_give_none() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    let take = |name: &str| block_on(store.take(&key(), LIMIT, derive_uuid("test", &[name.as_bytes()])));
    take("first").unwrap();
    let connection = Connection::open(sqlite.path()).unwrap();
    connection.execute("UPDATE rate_permit SET taken_by = x'00'", []).unwrap();
    assert_eq!(take("second").unwrap_err().kind, StoreErrorKind::Corrupt);
}
