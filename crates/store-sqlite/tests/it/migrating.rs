//! A database of an earlier schema is brought up to date and keeps what it holds.

use std::sync::Arc;

use chimera_audit::{AuditLedger as _, Draft, EventType, LedgerReader as _, Statement};
use chimera_contracts::{
    Clock, Digest, EventId, Money, Namespace, PlatformName, StoreErrorKind, derive_uuid,
};
use chimera_effect::{Admission, Advance, EffectJournal as _};
use chimera_governance::review::{Enqueued, NewReview, ReviewQueue as _};
use chimera_governance::{ApprovalStore as _, Budget as _};
use chimera_skill_propose::{AdmitProposal, ProposalAdmission, ProposalJournal, ProposalKey};
use chimera_store_sqlite::SqliteStore;
use chimera_testkit::conformance::{StoreFactory as _, Stores};
use chimera_testkit::{
    Scene, admit_request, block_on, new_effect, published, sample_effect, sample_review, set_up,
};
use rusqlite::Connection;

use crate::factory::Sqlite;

/// The first schema, as it was released.
const FIRST: &str = include_str!("../../src/migrate/0001_first.sql");

/// The tables of the first schema.
const TABLES: [&str; 6] = ["request", "effect", "decision", "decision_effect", "budget", "ledger"];

/// What the second schema added.
const SECOND: &str = include_str!("../../src/migrate/0002_proposals.sql");
const THIRD: &str = include_str!("../../src/migrate/0003_engage.sql");

/// "CHIM"
const APPLICATION_ID: i32 = 0x4348_494D;

fn draft(name: &str) -> Draft {
    let id = EventId::from_uuid(derive_uuid("test", &[name.as_bytes()]));
    Draft::new(id, EventType::of("test.event"), Namespace::default(), Statement::new())
}

/// A database of an earlier schema, as its software left it.
fn earlier(sqlite: &Sqlite, scripts: &[&str]) -> Connection {
    let connection = Connection::open(sqlite.path()).unwrap();
    for script in scripts {
        connection.execute_batch(script).unwrap();
    }
    connection.pragma_update(None, "user_version", scripts.len()).unwrap();
    connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    connection
}

#[test]
fn the_first_schema_gets_proposals() {
    let sqlite = Sqlite::new();
    drop(earlier(&sqlite, &[FIRST]));
    let refused = SqliteStore::open(sqlite.options().read_only(true)).unwrap_err();
    assert_eq!(refused.kind, StoreErrorKind::Misuse, "a reader does not migrate: {refused}");

    let admit = AdmitProposal {
        key: ProposalKey { namespace: Namespace::default(), request_id: "r".to_owned() },
        fingerprint: Digest::of(b"question"),
        proposal: b"answer".to_vec(),
        evidence: vec![draft("proposed")],
    };
    let store = sqlite.store();
    block_on(async {
        store.append(vec![draft("before")]).await.unwrap();
        assert_eq!(ProposalJournal::admit(store.as_ref(), admit).await.unwrap(), ProposalAdmission::Fresh);
    });
    drop(store);
    let reader = SqliteStore::open(sqlite.options().read_only(true)).unwrap();
    assert_eq!(block_on(reader.head()).unwrap().size, 2);
}

/// A post that was published and whatever goes with it.
async fn publish(sqlite: &Sqlite, store: &Arc<SqliteStore>, scene: &Scene) {
    let stores = Stores::of(Arc::clone(store));
    let clock: Arc<dyn Clock> = sqlite.clock();
    let effects = [sample_effect(scene, PlatformName::Twitter, "Hello")];
    let limit = Money::usd_micros(1_000_000);
    let approved = set_up(&stores.approvals, stores.budget.as_ref(), &clock, scene, limit, &effects).await;
    let new = approved.into_iter().map(|approved| new_effect(approved, true)).collect();
    let Admission::Fresh(view) = stores.journal.admit(admit_request(scene, new)).await.unwrap() else {
        panic!("the request is new")
    };
    let record = &view.effects[0];
    let (epoch, version) = (record.progress.epoch, record.progress.version);
    let step = published("post-1");
    store.advance(Advance { effect: record.id, epoch, version, step, keep: None }).await.unwrap();
}

/// Everything that the first schema keeps, as the ports and the view tell it.
async fn everything(sqlite: &Sqlite, store: &SqliteStore, scene: &Scene) -> String {
    let request = store.request(&scene.key).await.unwrap().expect("it was admitted");
    let digest = request.effects[0].effect.digest();
    let standing = store.decision(&scene.namespace, scene.decision, &digest).await.unwrap();
    let balance = store.balance(&scene.scope()).await.unwrap();
    let entries = store.entries(0, 100).await.unwrap();
    let connection = Connection::open(sqlite.path()).unwrap();
    let sql = "SELECT publication_id || external_id || content_snapshot || approval_type || idempotency_key
               FROM publication";
    let publication: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    format!("{request:?} {standing:?} {balance:?} {entries:?} {publication}")
}

#[test]
fn a_database_of_an_earlier_schema_keeps_its_rows() {
    for scripts in [[FIRST].as_slice(), &[FIRST, SECOND], &[FIRST, SECOND, THIRD]] {
        let (new, old, scene) = (Sqlite::new(), Sqlite::new(), Scene::named("earlier"));
        let store = new.store();
        block_on(publish(&new, &store, &scene));
        let expected = block_on(everything(&new, &store, &scene));
        drop(store);
        let connection = earlier(&old, scripts);
        connection.execute("ATTACH ?1 AS new", [new.path().to_str().unwrap()]).unwrap();
        for table in TABLES {
            let copied =
                connection.execute(&format!("INSERT INTO {table} SELECT * FROM new.{table}"), []).unwrap();
            assert!(copied > 0, "`{table}` holds something");
        }
        drop(connection);

        let store = old.store();
        assert_eq!(block_on(everything(&old, &store, &scene)), expected, "schema {}", scripts.len());
        let review = NewReview { request: None, ..sample_review(&scene, "after the migration") };
        assert!(matches!(block_on(store.enqueue(review)), Ok(Enqueued::Fresh(_))));
        drop(store);
        let version: i64 = Connection::open(old.path())
            .unwrap()
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, 4);
    }
}
