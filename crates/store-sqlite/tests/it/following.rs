//! Following the ledger: by callers of one opener, by other openers of the file, over rows of earlier schemas.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use chimera_audit::{
    AuditLedger as _, Change, ChangeQuery, Changes as _, Cursor, Draft, EventType, LedgerQuery,
    LedgerReader as _, Page, Statement, Subject, What,
};
use chimera_contracts::{Clock as _, EventId, Namespace, derive_uuid};
use chimera_store::Backend as _;
use chimera_store_sqlite::{SqliteOptions, SqliteStore};
use chimera_testkit::{TestClock, block_on, tries, within, within_seconds};
use chrono::TimeDelta;
use futures_util::future::join;

use crate::factory::Sqlite;
use crate::migrating::FOURTH;

fn draft(writer: u64, number: u64) -> Draft {
    let id = EventId::from_uuid(derive_uuid("test", &[&writer.to_be_bytes(), &number.to_be_bytes()]));
    let statement = Statement::new().micros("writer", writer).micros("number", number);
    Draft::new(id, EventType::of("test.event"), Namespace::default(), statement)
}

/// A store on a clock that nothing moves.
fn stopped() -> (tempfile::TempDir, Arc<TestClock>, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::manual());
    let options = SqliteOptions::new(folder.path().join("store.db"), Arc::<TestClock>::clone(&clock));
    let store = options.open().unwrap();
    (folder, clock, store)
}

fn watches(store: &SqliteStore) -> usize {
    store.backend().watchers().unwrap().count()
}

#[test]
fn a_commit_of_another_task_wakes_without_the_clock() {
    let (_folder, clock, store) = stopped();
    let began = clock.now();
    let until = began + TimeDelta::days(1);
    block_on(async {
        for number in 0..20 {
            let from = store.latest().await.unwrap();
            let waiting = within("an entry of another task", store.wait(from, until));
            let (waited, appended) = join(waiting, store.append(vec![draft(0, number)])).await;
            appended.unwrap();
            assert!(waited.unwrap());
        }
    });
    assert_eq!(clock.now(), began, "nothing moved the clock");
    assert_eq!(watches(&store), 0, "nothing is left of the waits");
}

#[test]
fn many_waits_end_with_one_commit() {
    let (_folder, clock, store) = stopped();
    let until = clock.now() + TimeDelta::days(1);
    block_on(async {
        let waits = (0..100).map(|_| store.wait(Cursor::START, until));
        let waiting = within("one entry, a hundred times", futures_util::future::join_all(waits));
        let (waited, appended) = join(waiting, store.append(vec![draft(0, 0)])).await;
        appended.unwrap();
        assert!(waited.into_iter().all(Result::unwrap));
    });
    assert_eq!(watches(&store), 0);
}

#[test]
fn a_dropped_wait_leaves_nothing() {
    let (_folder, clock, store) = stopped();
    let until = clock.now() + TimeDelta::days(1);
    for _ in 0..10 {
        let mut waiting = store.wait(Cursor::START, until);
        let mut context = Context::from_waker(Waker::noop());
        for _ in tries(1_000_000, "a wait that watches") {
            assert_eq!(waiting.as_mut().poll(&mut context).map(Result::ok), Poll::Pending);
            if watches(&store) == 1 {
                break;
            }
        }
        drop(waiting);
        assert_eq!(watches(&store), 0);
    }
}

#[test]
fn another_opener_of_the_file_is_seen_by_the_clock() {
    let sqlite = Sqlite::new();
    let (one, other) = (sqlite.store(), sqlite.store());
    let reading = sqlite.options().read_only(true).open().unwrap();
    let until = one.backend().now() + TimeDelta::days(3_650);
    block_on(async {
        for (number, waiter) in [&*one, &reading].into_iter().enumerate() {
            let from = waiter.latest().await.unwrap();
            let waiting = within("an entry of another opener", waiter.wait(from, until));
            let (waited, appended) = join(waiting, other.append(vec![draft(0, number as u64)])).await;
            appended.unwrap();
            assert!(waited.unwrap());
        }
    });
}

/// Four writers, each with an opener and a thread of its own; the reader opens the file anew after every third page.
#[test]
fn a_reader_that_restarts_sees_every_event_once_and_in_order() {
    const WRITERS: u64 = 4;
    const EACH: u64 = 60;
    let sqlite = Sqlite::new();
    drop(sqlite.store());
    let told: Vec<Change> = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = sqlite.store();
            scope.spawn(move || {
                for number in 0..EACH {
                    block_on(store.append(vec![draft(writer, number)])).unwrap();
                }
            });
        }
        block_on(async {
            let (mut told, mut stored) = (Vec::new(), serde_json::to_string(&Cursor::START).unwrap());
            let mut store = sqlite.store();
            for round in tries(100_000, "all that four writers wrote") {
                let cursor: Cursor = serde_json::from_str(&stored).unwrap();
                let until = store.backend().now() + TimeDelta::seconds(10);
                within("more changes", store.wait(cursor, until)).await.unwrap();
                let page = store.changes(&ChangeQuery::default(), cursor, 7).await.unwrap();
                told.extend(page.changes);
                stored = serde_json::to_string(&page.next).unwrap();
                if told.len() as u64 >= WRITERS * EACH {
                    break;
                }
                if round % 3 == 2 {
                    // What it read since it stored the cursor is lost with it, which is nothing.
                    store = sqlite.store();
                }
            }
            told
        })
    });
    let positions = told.iter().map(|change| change.position);
    assert!(positions.eq(0..WRITERS * EACH), "each position once, in order");
    let entries = block_on(sqlite.store().entries(0, 1_000)).unwrap();
    let expected: Vec<Change> = entries.iter().map(|entry| Change::read(entry).unwrap()).collect();
    assert_eq!(told, expected);
    for writer in 0..WRITERS {
        let ids = (0..EACH).map(|number| draft(writer, number).id);
        let of_writer: Vec<EventId> =
            told.iter().map(|change| change.id).filter(|id| ids.clone().any(|own| own == *id)).collect();
        assert!(of_writer.into_iter().eq(ids.clone()), "writer {writer} is told in its own order");
    }
}

/// Entries without a subject are followed, and say what they are about by their statements; a query by subject gives the
/// entries that have one.
#[test]
fn rows_of_earlier_schemas_are_followed() {
    let sqlite = Sqlite::new();
    std::fs::write(sqlite.path(), FOURTH).unwrap();
    let store = sqlite.store();
    block_on(within_seconds(60, "all pages of an earlier schema", async {
        let (mut told, mut cursor) = (Vec::new(), Cursor::START);
        for _ in tries(10_000, "the end of the ledger") {
            let page = store.changes(&ChangeQuery::default(), cursor, 100).await.unwrap();
            let full = page.changes.len() == 100;
            told.extend(page.changes);
            cursor = page.next;
            if !full {
                break;
            }
        }
        let head = store.head().await.unwrap();
        assert!(told.iter().map(|change| change.position).eq(0..head.size), "none is left out");
        let effect =
            told.iter().find(|change| matches!(change.what, What::Effect(_))).expect("posts were made");
        let subject = effect.subject.expect("the statement says which effect it is about");
        let query = LedgerQuery { subject: Some(subject), ..LedgerQuery::default() };
        assert_eq!(store.find(&query, Page { from: 0, limit: 10 }).await.unwrap(), []);

        // The ledger goes on with subjects.
        let later = draft(0, 0).about(subject.whole());
        store.append(vec![later.clone(), draft(0, 1)]).await.unwrap();
        let query = LedgerQuery { subject: Some(subject.whole()), ..LedgerQuery::default() };
        let found = store.find(&query, Page { from: 0, limit: 10 }).await.unwrap();
        let ids: Vec<EventId> = found.iter().map(|entry| Change::read(entry).unwrap().id).collect();
        assert_eq!(ids, [later.id]);
    }));
}

/// Two subjects may share the bits under which their rows stand, and are told apart by what the entries say.
#[test]
fn subjects_whose_bits_are_equal_are_told_apart() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    let [one, other] = ["one", "other"].map(Subject::proposal);
    block_on(async {
        store.append(vec![draft(0, 0).about(one)]).await.unwrap();
        store.append(vec![draft(0, 1).about(other)]).await.unwrap();
        let connection = rusqlite::Connection::open(sqlite.path()).unwrap();
        let equal = "UPDATE ledger_trace SET subject = (SELECT min(subject) FROM ledger_trace)";
        assert_eq!(connection.execute(equal, []).unwrap(), 2);
        let mut found = 0;
        for subject in [one, other] {
            let query = LedgerQuery { subject: Some(subject), ..LedgerQuery::default() };
            found += store.find(&query, Page { from: 0, limit: 10 }).await.unwrap().len();
        }
        assert_eq!(found, 1, "the one whose bits they were");
    });
}
