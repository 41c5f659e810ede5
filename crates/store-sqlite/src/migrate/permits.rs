//! From the seventh schema to the eighth: the lists of permits become rows.

use chimera_platform::limits::TakenPermit;

use crate::error::StepResult;
use crate::parse;
use crate::permits::{append, append_unreadable};
use crate::session::Tx;

/// Copies the permits of each account and action, in their order.
pub(super) fn copy(tx: &Tx<'_>) -> StepResult<()> {
    tx.prepare_cached(
        "INSERT INTO rate_log (namespace, platform, account, kind, revision)
         SELECT namespace, platform, account, kind, revision FROM old_rate_permit",
    )?
    .execute([])?;
    let mut lists = tx.prepare_cached(
        "SELECT number, taken FROM old_rate_permit JOIN rate_log USING (namespace, platform, account, kind)",
    )?;
    let mut lists = lists.query([])?;
    while let Some(row) = lists.next()? {
        let (log, taken): (i64, String) = (row.get(0)?, row.get(1)?);
        match parse::<Vec<TakenPermit>>(&taken) {
            Ok(taken) => append(tx, log, 0, &taken)?,
            // What was taken is not known any more: its account and action give no permit, and the rest of the database opens.
            Err(_) => append_unreadable(tx, log)?,
        }
    }
    Ok(())
}
