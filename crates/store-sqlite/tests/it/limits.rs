//! What is SQLite's own about permits: one bounded row for each account and action.

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
fn however_many_are_taken_one_row_holds_those_that_count() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    block_on(async {
        for number in 0..20_u32 {
            let by = derive_uuid("test", &[&number.to_be_bytes()]);
            let before = store.backend().write_count().rows;
            let first = store.take(&key(), LIMIT, by).await.unwrap();
            assert!(matches!(first, Permit::Taken { used: 1 | 2 }), "{first:?}");
            assert_eq!(store.backend().write_count().rows, before + 1);
            assert_eq!(store.take(&key(), LIMIT, by).await.unwrap(), first, "the same one again");
            assert_eq!(store.backend().write_count().rows, before + 1, "which writes nothing");
            sqlite.clock().advance(TimeDelta::seconds(40));
        }
    });
    let connection = Connection::open(sqlite.path()).unwrap();
    let sql = "SELECT count(*), max(json_array_length(taken)) FROM rate_permit";
    let found: (i64, i64) = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(found, (1, 2));
}

/// What was taken is not known any more, so nobody may act.
#[test]
fn permits_that_cannot_be_read_give_none() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    let take = |name: &str| block_on(store.take(&key(), LIMIT, derive_uuid("test", &[name.as_bytes()])));
    take("first").unwrap();
    let connection = Connection::open(sqlite.path()).unwrap();
    connection.execute("UPDATE rate_permit SET taken = '[{}]'", []).unwrap();
    assert_eq!(take("second").unwrap_err().kind, StoreErrorKind::Corrupt);
}
