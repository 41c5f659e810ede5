//! Every sentence of every contract, and histories against the model.

use chimera_testkit::conformance::{CASES, all};
use chimera_testkit::{block_on, model};
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
