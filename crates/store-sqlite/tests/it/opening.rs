//! What is checked on open.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

use chimera_audit::{AuditLedger as _, Draft, EventType, Head, LedgerReader as _, Statement};
use chimera_contracts::{Digest, EventId, Money, Namespace, StoreError, StoreErrorKind, derive_uuid};
use chimera_governance::{Budget as _, BudgetOwner, BudgetScope};
use chimera_testkit::{block_on, guard};

use crate::factory::Sqlite;

/// Offset of `user_version` in the header of a SQLite file (file format, §1.3).
const USER_VERSION: u64 = 60;
/// Offset of `application_id`.
const APPLICATION_ID: u64 = 68;

fn draft(name: &str) -> Draft {
    let id = EventId::from_uuid(derive_uuid("test", &[name.as_bytes()]));
    Draft::new(id, EventType::of("test.event"), Namespace::default(), Statement::new())
}

fn patch(sqlite: &Sqlite, offset: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(sqlite.path()).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}

fn refused(sqlite: &Sqlite, kind: StoreErrorKind) -> StoreError {
    let error = sqlite.options().open().unwrap_err();
    assert_eq!(error.kind, kind, "{error}");
    error
}

#[test]
fn a_newer_schema_is_refused_by_name() {
    let sqlite = Sqlite::new();
    drop(sqlite.store());
    patch(&sqlite, USER_VERSION, &99_u32.to_be_bytes());
    assert!(refused(&sqlite, StoreErrorKind::NewerSchema).message.contains("99"));
}

#[test]
fn another_programs_database_is_left_alone() {
    let sqlite = Sqlite::new();
    drop(sqlite.store());
    patch(&sqlite, APPLICATION_ID, &7_u32.to_be_bytes());
    refused(&sqlite, StoreErrorKind::Misuse);
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let sqlite = Sqlite::new();
    File::create(sqlite.path()).unwrap().write_all(&[b'x'; 4096]).unwrap();
    refused(&sqlite, StoreErrorKind::Corrupt);
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let sqlite = Sqlite::new();
    let options = chimera_store_sqlite::SqliteOptions::new(
        sqlite.path().join("no").join("such.db"),
        chimera_testkit::conformance::StoreFactory::clock(&sqlite),
    );
    assert_eq!(options.open().unwrap_err().kind, StoreErrorKind::Unavailable);
}

#[test]
fn a_ledger_behind_the_signers_memory_does_not_open() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    block_on(store.append(vec![draft("one"), draft("two")])).unwrap();
    let signed = block_on(store.head()).unwrap();
    block_on(store.append(vec![draft("three")])).unwrap();
    let ahead = block_on(store.head()).unwrap();
    drop(store);

    let open = |head| sqlite.options().signed_head(Some(head)).open();
    assert!(open(signed).is_ok(), "a ledger that extends the signed head opens");
    assert!(open(ahead).is_ok());
    let later = Head { size: ahead.size + 1, root: ahead.root };
    assert_eq!(open(later).unwrap_err().kind, StoreErrorKind::Corrupt, "a restored copy");
    let other = Head { size: signed.size, root: Digest::of(b"other") };
    assert_eq!(open(other).unwrap_err().kind, StoreErrorKind::Corrupt, "another history");
}

/// A rolling upgrade: the process of the earlier version goes on, and writes nothing more.
#[test]
fn a_database_that_was_migrated_while_open_is_not_written() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    let scope = BudgetScope { namespace: Namespace::default(), owner: BudgetOwner::Tenant };
    let set = |micros| block_on(store.set_limit(&scope, Money::usd_micros(micros)));
    let limit = || block_on(store.balance(&scope)).unwrap().unwrap().limit;
    set(1).unwrap();
    let connection = rusqlite::Connection::open(sqlite.path()).unwrap();
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    connection.execute_batch(&format!("PRAGMA user_version = {}", version + 1)).unwrap();
    assert_eq!(set(2).unwrap_err().kind, StoreErrorKind::NewerSchema);
    assert_eq!(limit(), Money::usd_micros(1), "what was there is read");
    connection.execute_batch(&format!("PRAGMA user_version = {version}")).unwrap();
    set(2).unwrap();
    assert_eq!(limit(), Money::usd_micros(2));
}

#[test]
fn a_reader_reads_and_writes_nothing() {
    let sqlite = Sqlite::new();
    let writer = sqlite.store();
    block_on(writer.append(vec![draft("one")])).unwrap();
    let reader = sqlite.options().read_only(true).open().unwrap();
    assert_eq!(block_on(reader.head()).unwrap().size, 1);
    assert!(block_on(reader.append(vec![draft("two")])).is_err());
    block_on(writer.append(vec![draft("three")])).unwrap();
    assert_eq!(block_on(reader.head()).unwrap().size, 2);
}

#[test]
fn a_reader_does_not_make_a_database() {
    let sqlite = Sqlite::new();
    assert!(sqlite.options().read_only(true).open().is_err());
    assert!(!sqlite.path().exists());
}

#[test]
fn several_openers_append_to_one_ledger() {
    let sqlite = Sqlite::new();
    let (one, two) = (sqlite.store(), sqlite.store());
    for number in 0..20 {
        let store = if number % 2 == 0 { &one } else { &two };
        block_on(store.append(vec![draft(&number.to_string())])).unwrap();
    }
    assert_eq!(block_on(one.head()).unwrap(), block_on(two.head()).unwrap());
    assert_eq!(block_on(one.head()).unwrap().size, 20);
}

#[test]
fn first_openers_at_the_same_moment_all_get_in() {
    let _guard = guard("eight first openers at once");
    for _ in 0..8 {
        let sqlite = Sqlite::new();
        std::thread::scope(|scope| {
            let openers: Vec<_> = (0..8).map(|_| scope.spawn(|| sqlite.options().open())).collect();
            for opener in openers {
                opener.join().unwrap().unwrap();
            }
        });
    }
}

#[test]
fn a_link_leads_to_the_same_openers() {
    let sqlite = Sqlite::new();
    let store = sqlite.store();
    let link = sqlite.path().with_file_name("link.db");
    std::os::unix::fs::symlink(sqlite.path(), &link).unwrap();
    let clock = chimera_testkit::conformance::StoreFactory::clock(&sqlite);
    let other = chimera_store_sqlite::SqliteOptions::new(&link, clock).open().unwrap();
    let folder = sqlite.path().with_file_name("store.db-instances");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2, "both stand beside the one database");
    assert!(!sqlite.path().with_file_name("link.db-instances").exists());
    drop((store, other));
}
