//! Every sentence of every contract, and histories against the model.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_effect::{EffectJournal, Pauses};
use chimera_store_sqlite::SqliteStore;
use chimera_testkit::conformance::{CASES, FollowedLedger, StoreFactory, all, changes, journal, pauses};
use chimera_testkit::{TestClock, block_on, model};
use proptest::prelude::*;

use crate::factory::Sqlite;

#[test]
fn every_contract_holds() {
    block_on(all(&Sqlite::new()));
}

/// Cases that share one database may hide one another's faults: each one on a database of its own as well.
#[test]
fn every_contract_holds_by_itself() {
    for case in CASES {
        block_on(case.run(&Sqlite::new()));
    }
}

/// A host that has one port of the database alone.
#[derive(Debug)]
struct Alone(Sqlite);

macro_rules! alone {
    ($($opened:ty: $open:expr;)*) => {
        $(
            #[async_trait]
            impl StoreFactory<$opened> for Alone {
                async fn open(&self) -> $opened {
                    let open: fn(Arc<SqliteStore>) -> $opened = $open;
                    open(self.0.store())
                }

                async fn crash_and_reopen(&self, dead: $opened) -> $opened {
                    drop(dead);
                    StoreFactory::<$opened>::open(self).await
                }

                fn clock(&self) -> Arc<TestClock> {
                    StoreFactory::clock(&self.0)
                }
            }
        )*
    };
}

alone! {
    Arc<dyn EffectJournal>: |store| store;
    Arc<dyn Pauses>: |store| store;
    FollowedLedger: |store| FollowedLedger { ledger: Arc::<SqliteStore>::clone(&store), changes: store };
}

#[test]
fn a_journal_alone_keeps_its_contract() {
    for case in journal::cases::<Arc<dyn EffectJournal>>() {
        block_on(case.run(&Alone(Sqlite::new())));
    }
}

#[test]
fn switches_alone_keep_their_contract() {
    for case in pauses::cases::<Arc<dyn Pauses>>() {
        block_on(case.run(&Alone(Sqlite::new())));
    }
}

#[test]
fn a_ledger_that_is_followed_keeps_its_contract() {
    for case in changes::cases::<FollowedLedger>() {
        block_on(case.run(&Alone(Sqlite::new())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_journal_is_as_the_model_says(history in model::history()) {
        block_on(model::check_history(&Sqlite::new(), &history));
    }

    #[test]
    fn the_review_queue_is_as_the_model_says(history in model::review::history()) {
        block_on(model::review::check_history(&Sqlite::new(), &history));
    }

    #[test]
    fn rate_limits_are_as_the_model_says(history in model::limits::history(false)) {
        block_on(model::limits::check_history(&Sqlite::new(), &history));
    }

    #[test]
    fn no_clock_that_is_set_back_gives_more_permits(history in model::limits::history(true)) {
        block_on(model::limits::check_history(&Sqlite::new(), &history));
    }
}
