//! A model proves as much as its histories reach: the chance histories of the queue take every step there is.

use std::collections::BTreeSet;

use chimera_audit::{LedgerQuery, Page};
use chimera_testkit::{block_on, model};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::InMemory;

#[test]
fn histories_of_the_queue_take_every_step() {
    let mut runner = TestRunner::deterministic();
    let mut told = BTreeSet::new();
    for _ in 0..64 {
        let memory = InMemory::new();
        let history = model::review::history().new_tree(&mut runner).unwrap().current();
        block_on(async {
            model::review::check_history(&memory, &history).await;
            let reader = chimera_testkit::conformance::StoreFactory::open(&memory).await.reader;
            let page = Page { from: 0, limit: 1_000 };
            for entry in reader.find(&LedgerQuery::default(), page).await.unwrap() {
                let leaf = String::from_utf8(entry.leaf).unwrap();
                let kind = leaf.rsplit_once("\"type\":\"governance.review.").unwrap().1;
                told.insert(kind.split('"').next().unwrap().to_owned());
            }
        });
    }
    let every = [
        "approved",
        "cancelled",
        "claimed",
        "deferred",
        "escalated",
        "executed",
        "expired",
        "queued",
        "refused",
        "rejected",
        "released",
    ];
    assert_eq!(told.iter().map(String::as_str).collect::<Vec<_>>(), every);
}
