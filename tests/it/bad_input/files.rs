//! Databases that cannot be opened, or not be written.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chimera::contracts::publish::PublishStatus;
use chimera::contracts::{Applied, Clock, ErrorCode, StoreError, StoreErrorKind};
use chimera::store_sqlite::{SqliteOptions, SqliteStore};
use chimera_testkit::{Rules, StrictPlatform, TestClock, block_on};
use chimera_tests::stage::{approve, context, database, host, input, open_store};

use super::{KEY, ask, json};

/// What stands in the header of our files: "CHIM".
const OURS: u32 = 0x4348_494D;

/// A whole SQLite database without tables (<https://www.sqlite.org/fileformat2.html>, 1.3): one page.
fn empty_database(user_version: u32, application_id: u32) -> Vec<u8> {
    let mut page = vec![0_u8; 4096];
    let mut put = |at: usize, bytes: &[u8]| page[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"SQLite format 3\0");
    put(16, &4096_u16.to_be_bytes());
    // Rollback journal; no reserved space; the payload fractions that are prescribed.
    put(18, &[1, 1, 0, 64, 32, 32]);
    // Change counter and size in pages; schema format, UTF-8.
    put(24, &1_u32.to_be_bytes());
    put(28, &1_u32.to_be_bytes());
    put(44, &4_u32.to_be_bytes());
    put(56, &1_u32.to_be_bytes());
    put(60, &user_version.to_be_bytes());
    put(68, &application_id.to_be_bytes());
    put(92, &1_u32.to_be_bytes());
    put(96, &3_051_003_u32.to_be_bytes());
    // An empty leaf, whose content begins at the end of the page.
    put(100, &[13, 0, 0, 0, 0, 0x10, 0]);
    page
}

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
    SqliteOptions::new(path, clock).open()
}

/// The file is refused for this reason, in these words.
fn check(bytes: &[u8], kind: StoreErrorKind, says: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    fs::write(&path, bytes).unwrap();
    for read_only in [false, true] {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
        let options = SqliteOptions::new(&path, clock).read_only(read_only);
        let error = options.open().unwrap_err();
        assert_eq!((error.kind, error.applied), (kind, Applied::NotApplied), "{error}");
        for words in says {
            assert!(error.to_string().contains(words), "`{words}` is not in: {error}");
        }
    }
}

/// The file is as it was, to the byte, after it was refused.
fn check_untouched(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    fs::write(&path, bytes).unwrap();
    open(&path).unwrap_err();
    let after = fs::read(&path).unwrap();
    let changed: Vec<usize> = (0..bytes.len()).filter(|at| after.get(*at) != bytes.get(*at)).collect();
    assert_eq!((after.len(), changed), (bytes.len(), Vec::new()), "the length and the bytes that changed");
}

#[test]
fn a_database_of_newer_software() {
    check(&empty_database(99, OURS), StoreErrorKind::NewerSchema, &["schema 99", "use the newer software"]);
}

#[test]
fn a_database_of_another_program() {
    let says = ["another program's database", "another path"];
    check(&empty_database(1, 0x4750_4B47), StoreErrorKind::Misuse, &says);
    check(&empty_database(7, 0), StoreErrorKind::Misuse, &says);
}

#[test]
fn a_file_that_is_no_database() {
    check(&b"no database at all ".repeat(500), StoreErrorKind::Corrupt, &["no sound database"]);
}

#[test]
fn a_refused_file_of_newer_software_is_left_as_it_was() {
    check_untouched(&empty_database(99, OURS));
}

#[test]
fn a_refused_file_of_another_program_is_left_as_it_was() {
    check_untouched(&empty_database(1, 0x4750_4B47));
}

#[test]
fn a_path_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("no/such/folder/chimera.db")] {
        let error = open(&path).unwrap_err();
        assert_eq!(
            (error.kind, error.applied),
            (StoreErrorKind::Unavailable, Applied::NotApplied),
            "{error}"
        );
        assert!(error.to_string().contains("cannot be opened"), "{error}");
    }
}

#[test]
fn a_database_that_is_open_for_reading_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
    let platform = StrictPlatform::everywhere(Arc::clone(&clock), Rules::default());
    let store = open_store(&path, &clock);
    let mut request = input(KEY);
    let full = host(&store, Arc::new(platform.clone()), &clock);
    block_on(approve(&store, &full, &mut request, clock.as_ref()));
    drop((store, full));

    let options = SqliteOptions::new(&path, Arc::clone(&clock)).read_only(true);
    let store = Arc::new(options.open().unwrap());
    let reader = host(&store, Arc::new(platform.clone()), &clock);
    let answer = ask(&reader, &context(), &json(&request));
    assert_eq!(
        (answer.status, answer.error_code),
        (PublishStatus::Failure, Some(ErrorCode::StorageUnavailable))
    );
    assert!(answer.error_message.as_ref().unwrap().contains("opened for reading only"), "{answer:?}");
    // Before it is opened otherwise, asking again does not help.
    assert_eq!(answer.retry_eligible, Some(false));
    assert_eq!(platform.performed(), []);
    assert_eq!(block_on(reader.publish().status(&context(), KEY)).unwrap(), None);

    // The same request goes through once the database can be written: nothing of it was lost or begun.
    drop((store, reader));
    let store = open_store(&path, &clock);
    let full = host(&store, Arc::new(platform.clone()), &clock);
    let answer = ask(&full, &context(), &json(&request));
    assert_eq!(answer.error_code, None);
    assert_eq!(platform.posts().len(), 3);
    assert_eq!(platform.violations(), [""; 0]);
}
