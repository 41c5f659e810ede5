//! What is SQLite's own about the review queue.

use chimera_governance::review::{
    Enqueued, NewReview, Review, ReviewMove, ReviewPage, ReviewQueue as _, ReviewStep, Stepped,
};
use chimera_testkit::conformance::StoreFactory as _;
use chimera_testkit::{Scene, block_on, reviewer, sample_review, tries};
use chrono::TimeDelta;
use rusqlite::Connection;

use crate::factory::Sqlite;

/// Queues so many reviews.
async fn queued(sqlite: &Sqlite, count: usize) -> Vec<Review> {
    let (store, scene) = (sqlite.store(), Scene::named("reviews"));
    let mut reviews = Vec::new();
    for number in 0..count {
        let Enqueued::Fresh(review) =
            store.enqueue(sample_review(&scene, &number.to_string())).await.unwrap()
        else {
            panic!("the review is new")
        };
        reviews.push(*review);
    }
    reviews.sort_by_key(|review| review.id);
    reviews
}

/// One damaged row does not keep the others from being worked on, wherever it stands and however long the pages are.
#[test]
fn a_review_that_cannot_be_read_is_passed_over() {
    let sqlite = Sqlite::new();
    let reviews = block_on(queued(&sqlite, 7));
    sqlite.clock().advance(TimeDelta::hours(2));
    let connection = Connection::open(sqlite.path()).unwrap();
    for damaged in [0, 3, 4, 6] {
        let id: &Review = &reviews[damaged];
        let sql = match damaged {
            3 => "UPDATE review SET document = CAST(x'fffe' AS TEXT) WHERE review_id = ?1",
            _ => "UPDATE review SET document = replace(document, '\"v\":1', '') WHERE review_id = ?1",
        };
        assert_eq!(connection.execute(sql, [id.id.as_uuid().as_bytes()]).unwrap(), 1);
    }
    let store = sqlite.store();
    for limit in 1..9 {
        let mut found: Vec<Review> = Vec::new();
        for _ in tries(10, "the last page") {
            let after = found.last().map(|review| review.id);
            let page = block_on(store.unsettled(ReviewPage { after, limit })).unwrap();
            if page.is_empty() {
                break;
            }
            assert!(
                page.len() == limit || page.last().unwrap().id == reviews[5].id,
                "a short page is the last"
            );
            found.extend(page);
        }
        assert_eq!(found, [1, 2, 5].map(|place: usize| reviews[place].clone()), "in pages of {limit}");
    }
}

/// A step that changes nothing costs no row.
#[test]
fn what_changes_nothing_writes_nothing() {
    let sqlite = Sqlite::new();
    let review = block_on(queued(&sqlite, 1)).remove(0);
    let store = sqlite.store();
    let claim = |name: &str| ReviewMove::Claim { reviewer: reviewer(name), lease: TimeDelta::minutes(1) };
    let step = |version, to| ReviewStep { namespace: review.namespace.clone(), id: review.id, version, to };
    block_on(async {
        let first = store.backend().write_count().rows;
        assert!(matches!(store.step(step(0, claim("ann"))).await, Ok(Stepped::Applied(_))));
        let before = store.backend().write_count().rows;
        assert_eq!(before - first, 5, "the review, its event, the trace, and what finds the event by its id");
        assert!(matches!(store.step(step(0, claim("ann"))).await, Ok(Stepped::Stale(_))));
        assert!(matches!(store.step(step(1, claim("bob"))).await, Ok(Stepped::Denied(_))));
        let other = ReviewStep { namespace: "another-tenant".parse().unwrap(), ..step(1, claim("ann")) };
        assert!(matches!(store.step(other).await, Ok(Stepped::Missing)));
        let known = sample_review(&Scene::named("reviews"), "0");
        let conflict = NewReview { document: "another".to_owned(), ..known.clone() };
        assert!(matches!(store.enqueue(known).await, Ok(Enqueued::Known(_))));
        assert!(matches!(store.enqueue(conflict).await, Ok(Enqueued::Conflict(_))));
        assert_eq!(store.backend().write_count().rows, before);
    });
}
