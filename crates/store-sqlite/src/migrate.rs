//! The schema and its versions. `PRAGMA user_version` is the number of migrations applied; `application_id` marks our files.

mod arrival;
mod permits;

use chimera_contracts::{StoreError, StoreErrorKind};
use rusqlite::{Connection, TransactionBehavior};

use crate::error::{StepError, StepResult, sqlite};
use crate::keys::Keys;
use crate::session::Tx;

/// "CHIM": marks the file as ours, so that no other program's database is migrated.
const APPLICATION_ID: i32 = 0x4348_494D;

/// One step from a schema to the next.
enum Migration {
    /// A script does all of it.
    Script(&'static str),
    /// A script makes tables, a function copies rows that SQL cannot compute, a script ends it.
    Copy(&'static str, fn(&Tx<'_>) -> StepResult<()>, &'static str),
}

/// Migrations, oldest first; a released one is never changed.
const MIGRATIONS: &[Migration] = &[
    Migration::Script(include_str!("migrate/0001_first.sql")),
    Migration::Script(include_str!("migrate/0002_proposals.sql")),
    Migration::Script(include_str!("migrate/0003_engage.sql")),
    Migration::Script(include_str!("migrate/0004_unknown.sql")),
    Migration::Copy(
        include_str!("migrate/0005_arrival.sql"),
        arrival::copy,
        include_str!("migrate/0005_arrival_end.sql"),
    ),
    Migration::Script(include_str!("migrate/0006_control.sql")),
    Migration::Script(include_str!("migrate/0007_subjects.sql")),
    Migration::Copy(
        include_str!("migrate/0008_permits.sql"),
        permits::copy,
        include_str!("migrate/0008_permits_end.sql"),
    ),
];

/// Brings the schema up to date.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let wanted = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| sqlite(&error))?;
    let found = check(&transaction, wanted)?;
    if found == wanted {
        return Ok(());
    }
    let done = usize::try_from(found).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        match migration {
            Migration::Script(script) => transaction.execute_batch(script).map_err(|error| sqlite(&error))?,
            Migration::Copy(begin, copy, end) => {
                transaction.execute_batch(begin).map_err(|error| sqlite(&error))?;
                let keys = Keys::default();
                let copied = Tx::of(&transaction, &keys, None).and_then(|rows| copy(&rows));
                copied.map_err(StepError::into_store)?;
                transaction.execute_batch(end).map_err(|error| sqlite(&error))?;
            }
        }
    }
    transaction.pragma_update(None, "user_version", wanted).map_err(|error| sqlite(&error))?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(|error| sqlite(&error))?;
    transaction.commit().map_err(|error| sqlite(&error))
}

/// Checks, within a transaction, that no newer software has migrated the database since it was opened: rules that this one does
/// not know, such as a switch, would not hold for what it writes.
pub(crate) fn check_still_ours(connection: &Connection) -> StepResult<()> {
    let found: i64 = connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?;
    if usize::try_from(found).is_ok_and(|found| found == MIGRATIONS.len()) {
        return Ok(());
    }
    let message = format!(
        "the database was migrated to schema {found} while it was open, this software writes {}: end this process and start \
         the newer software",
        MIGRATIONS.len()
    );
    Err(StepError::Store(StoreError::not_applied(StoreErrorKind::NewerSchema, message)))
}

/// Checks, without writing, that the database is ours and not newer than this software.
pub(crate) fn check_ours(connection: &Connection) -> Result<(), StoreError> {
    // In one snapshot: another opener may be making the schema right now.
    let snapshot = connection.unchecked_transaction().map_err(|error| sqlite(&error))?;
    check(&snapshot, i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)).map(|_| ())
}

/// Checks, without writing, that this software can read the database.
pub(crate) fn check_readable(connection: &Connection) -> Result<(), StoreError> {
    let wanted = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    match check(connection, wanted)? {
        found if found == wanted => Ok(()),
        found => Err(StoreError::not_applied(
            StoreErrorKind::Misuse,
            format!(
                "the database has schema {found}, this software reads {wanted}: open it for writing once to migrate it"
            ),
        )),
    }
}

fn check(connection: &Connection, wanted: i64) -> Result<i64, StoreError> {
    let pragma =
        |name| connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|error| sqlite(&error));
    let found: i64 = pragma("user_version")?;
    let application: i64 = pragma("application_id")?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| sqlite(&error))?;
    let ours = application == i64::from(APPLICATION_ID) || (application == 0 && found == 0 && tables == 0);
    if !ours {
        let message = "the file is another program's database: give another path";
        return Err(StoreError::not_applied(StoreErrorKind::Misuse, message));
    }
    if found > wanted {
        let message = format!(
            "the database has schema {found}, this software knows {wanted}: use the newer software that wrote it"
        );
        return Err(StoreError::not_applied(StoreErrorKind::NewerSchema, message));
    }
    Ok(found)
}
