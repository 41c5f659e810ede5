//! The publication record (PUB-17): a row for each post that is public, and no other.

use std::sync::Arc;

use chimera_contracts::{Clock, ErrorCode, Money, PlatformName};
use chimera_effect::{Admission, Advance, EffectJournal as _, LeaseScope, Step};
use chimera_testkit::conformance::{StoreFactory as _, Stores};
use chimera_testkit::{
    Scene, admit_request, block_on, new_effect, published, refused, sample_effect, set_up,
};

use crate::factory::Sqlite;

#[test]
fn a_row_for_each_public_post() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    let scene = Scene::named("publication");
    let effects = [PlatformName::Twitter, PlatformName::Instagram]
        .map(|platform| sample_effect(&scene, platform, "Hello"));
    block_on(async {
        let stores = Stores::of(Arc::clone(&store));
        let clock: Arc<dyn Clock> = sqlite.clock();
        let limit = Money::usd_micros(1_000_000);
        let approved =
            set_up(&stores.approvals, stores.budget.as_ref(), &clock, &scene, limit, &effects).await;
        let new = approved.into_iter().map(|approved| new_effect(approved, true)).collect();
        let Admission::Fresh(view) = store.admit(admit_request(&scene, new)).await.unwrap() else {
            panic!("the request is new")
        };
        let steps = [published("post-1"), Step::NotDone(refused(ErrorCode::PlatformRateLimit))];
        for (record, step) in view.effects.iter().zip(steps) {
            let (epoch, version) = (record.progress.epoch, record.progress.version);
            store.advance(Advance { effect: record.id, epoch, version, step, keep: None }).await.unwrap();
        }
    });
    drop(store);
    let connection = rusqlite::Connection::open(sqlite.path()).unwrap();
    let row = connection
        .query_row(
            "SELECT platform, external_id, account_id, approval_type, approver, content_snapshot, published_at,
                    campaign_id, correlation_id, idempotency_key, count(*) OVER ()
             FROM publication",
            [],
            |row| {
                let text = |column| row.get::<_, String>(column);
                assert_eq!(row.get::<_, i64>(10)?, 1, "the refused one has none");
                Ok([text(0)?, text(1)?, text(2)?, text(3)?, text(4)?, text(5)?, text(6)?, text(7)?, text(8)?, text(9)?])
            },
        )
        .unwrap();
    assert_eq!(row[0], "twitter");
    assert_eq!(row[1], "post-1");
    assert_eq!(row[3], "hitl");
    assert_eq!(row[5].as_bytes(), effects[0].bytes(), "the full content as it was sent");
    assert!(row.iter().all(|value| !value.is_empty()), "{row:?}");
}

/// One damaged row does not keep the others from being worked on.
#[test]
fn a_row_that_cannot_be_read_is_passed_over() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    block_on(async {
        let stores = Stores::of(Arc::clone(&store));
        let clock: Arc<dyn Clock> = sqlite.clock();
        let limit = Money::usd_micros(1_000_000);
        for name in ["damaged", "no text", "another in it", "sound"] {
            let scene = Scene::named(name);
            let effects = [sample_effect(&scene, PlatformName::Twitter, "Hello")];
            let approved =
                set_up(&stores.approvals, stores.budget.as_ref(), &clock, &scene, limit, &effects).await;
            let new = approved.into_iter().map(|approved| new_effect(approved, false)).collect();
            assert!(matches!(store.admit(admit_request(&scene, new)).await, Ok(Admission::Fresh(_))));
        }
        let connection = rusqlite::Connection::open(sqlite.path()).unwrap();
        let damaged = "UPDATE effect SET progress = replace(progress, 'admitted', 'withheld') WHERE number = (SELECT min(number) FROM effect)";
        assert_eq!(connection.execute(damaged, []).unwrap(), 1);
        // What a page that went bad holds instead: bytes that are no text, in the row and in its request.
        let no_text = "UPDATE effect SET progress = CAST(x'fffe' AS TEXT) WHERE number = (SELECT min(number) FROM effect) + 64";
        assert_eq!(connection.execute(no_text, []).unwrap(), 1);
        let no_text = "UPDATE request SET document = CAST(x'fffe' AS TEXT) WHERE number = (SELECT min(number) FROM request) + 2";
        assert_eq!(connection.execute(no_text, []).unwrap(), 1);
        sqlite.clock().advance(chrono::TimeDelta::hours(1));
        let leased = store.lease(LeaseScope::Due, 10, chrono::TimeDelta::seconds(1)).await.unwrap();
        let keys: Vec<_> = leased.iter().map(|leased| leased.request.key.key.as_str()).collect();
        assert_eq!(keys, ["sound"]);
    });
}
