//! A database of an earlier schema is brought up to date and keeps what it holds.

use chimera_audit::{AuditLedger as _, Draft, EventType, LedgerReader as _, Statement};
use chimera_contracts::{Digest, EventId, Namespace, StoreErrorKind, derive_uuid};
use chimera_skill_propose::{AdmitProposal, ProposalAdmission, ProposalJournal, ProposalKey};
use chimera_store_sqlite::SqliteStore;
use chimera_testkit::block_on;
use rusqlite::Connection;

use crate::factory::Sqlite;

/// The first schema, as it was released.
const FIRST: &str = include_str!("../../src/migrate/0001_first.sql");

/// "CHIM"
const APPLICATION_ID: i32 = 0x4348_494D;

fn draft(name: &str) -> Draft {
    let id = EventId::from_uuid(derive_uuid("test", &[name.as_bytes()]));
    Draft::new(id, EventType::of("test.event"), Namespace::default(), Statement::new())
}

/// A database of the first schema, as its software left it.
fn first_schema(sqlite: &Sqlite) {
    let connection = Connection::open(sqlite.path()).unwrap();
    connection.execute_batch(FIRST).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
}

#[test]
fn the_first_schema_gets_proposals() {
    let sqlite = Sqlite::new();
    first_schema(&sqlite);
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
