//! Many steps in one transaction: a refused one fails alone, and a burst needs fewer flushes than steps.

use chimera_audit::{AuditLedger as _, Draft, EventType, LedgerReader as _, Statement};
use chimera_contracts::{CampaignId, EventId, Money, Namespace, derive_uuid};
use chimera_governance::{Budget as _, BudgetScope};
use chimera_testkit::block_on;
use futures_util::future::join_all;

use crate::factory::Sqlite;

fn draft(number: u64, word: &'static str) -> Draft {
    let id = EventId::from_uuid(derive_uuid("test", &[&number.to_be_bytes()]));
    Draft::new(id, EventType::of("test.event"), Namespace::default(), Statement::new().word("word", word))
}

#[test]
fn a_refused_step_fails_alone() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    block_on(async {
        store.append(vec![draft(0, "first")]).await.unwrap();
        // Every third append contradicts the first entry; it is refused, whatever else is in its batch.
        let appends = (1..90).map(|number| {
            let drafts = match number % 3 {
                0 => vec![draft(1000 + number, "never"), draft(0, "other")],
                _ => vec![draft(number, "fine")],
            };
            let store = &store;
            async move { store.append(drafts).await.is_ok() == (number % 3 != 0) }
        });
        assert!(join_all(appends).await.into_iter().all(|as_expected| as_expected));
        assert_eq!(store.head().await.unwrap().size, 1 + 60);
    });
}

#[test]
fn a_burst_shares_flushes_and_what_was_answered_is_there() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    let before = store.backend().write_count();
    block_on(join_all((0..400).map(|number| store.append(vec![draft(number, "burst")]))))
        .into_iter()
        .for_each(|appended| assert!(appended.is_ok()));
    let commits = store.backend().write_count().commits - before.commits;
    assert!(commits < 400, "{commits} commits for 400 appends: nothing was shared");
    drop(store);
    assert_eq!(block_on(sqlite.store().head()).unwrap().size, 400);
}

#[test]
fn a_full_database_refuses_what_does_not_fit_and_keeps_the_rest() {
    let sqlite = Sqlite::new();
    let pages = {
        let store = sqlite.store();
        block_on(store.append(vec![draft(0, "first")])).unwrap();
        40
    };
    let store = sqlite.options().max_pages(pages).open().unwrap();
    block_on(async {
        let results = join_all((1..600).map(|number| store.append(vec![draft(number, "more")]))).await;
        let fitted = results.iter().filter(|result| result.is_ok()).count();
        assert!(fitted < 599, "the bound did not bind");
        for error in results.into_iter().filter_map(Result::err) {
            assert_eq!(error.verdict(), chimera_audit::LedgerVerdict::NotApplied, "{error}");
        }
        assert_eq!(
            store.head().await.unwrap().size,
            1 + fitted as u64,
            "what was answered is there, nothing else"
        );
        // Reading and small steps go on where there is room; the store is not broken.
        let scope = BudgetScope::campaign(
            Namespace::default(),
            CampaignId::from_uuid(derive_uuid("test", &[b"campaign"])),
        );
        let _ = store.set_limit(&scope, Money::usd_micros(1)).await;
    });
    drop(store);
    let store = sqlite.store();
    assert!(block_on(store.append(vec![draft(9999, "room again")])).is_ok());
}
