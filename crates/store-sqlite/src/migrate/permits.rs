//! From the seventh schema to the eighth: the lists of permits become rows.

use chimera_platform::limits::TakenPermit;

use crate::error::StepResult;
use crate::parse;
use crate::permits::append;
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
        let taken: Vec<TakenPermit> = parse(&taken)?;
        append(tx, log, 0, &taken)?;
    }
    Ok(())
}
