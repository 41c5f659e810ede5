//! Following the ledger, and waiting for more of it.

use async_trait::async_trait;
use chimera_audit::{Change, ChangePage, ChangeQuery, Changes, Cursor, LedgerError, LedgerQuery};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, pending, select};

use crate::backend::{Backend, Read};
use crate::ledger::{entries, ledger};
use crate::scan::Scan;
use crate::store::Store;
use crate::watchers::{Watch, Watched};

/// At most so many changes in a page; a backend gives as many in a scan.
const LARGEST_PAGE: usize = 1_000;

/// How long a wait goes on before it looks by itself, at first; the pause doubles up to [`LONGEST_PAUSE`]. What another
/// process commits is seen by that alone.
const FIRST_PAUSE: TimeDelta = TimeDelta::milliseconds(50);

/// How long a wait goes on at most before it looks by itself.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(1);

impl<B: Backend> Store<B> {
    /// A watch that rings for what is committed in this process from now on; one that never rings where the backend does not
    /// tell.
    pub(crate) fn watch(&self, watched: Watched) -> impl Future<Output = ()> + Send + Unpin + use<B> {
        match self.backend.watchers() {
            Some(watchers) => Either::Left(watchers.watch(watched)),
            None => Either::<Watch, _>::Right(pending()),
        }
    }

    /// How many entries there are, which a cursor must not pass.
    async fn size(&self, from: Cursor) -> Result<u64, LedgerError> {
        let size = self.read(|loaded| loaded.size()).await.map_err(ledger)?;
        reached(from, size)
    }
}

fn reached(from: Cursor, size: u64) -> Result<u64, LedgerError> {
    if from.position() <= size {
        return Ok(size);
    }
    Err(LedgerError::refused(format!(
        "the ledger has {size} entries and does not reach the cursor {from}: it is an older copy, or another one"
    )))
}

#[async_trait]
impl<B: Backend> Changes for Store<B> {
    async fn changes(
        &self,
        query: &ChangeQuery,
        from: Cursor,
        limit: usize,
    ) -> Result<ChangePage, LedgerError> {
        let limit = limit.min(LARGEST_PAGE);
        let query = LedgerQuery { namespace: query.namespace.clone(), ..LedgerQuery::default() };
        let scan = Scan::Entries { query, from: from.position(), limit, attachments: false };
        let found = self.read(|loaded| {
            // In one snapshot: a short page is at its end.
            loaded.require(vec![Read::Rows(scan.clone()), Read::Size])?;
            Ok((entries(&scan, loaded)?, loaded.size()?))
        });
        let (entries, size) = found.await.map_err(ledger)?;
        let size = reached(from, size)?;
        let next = match entries.last() {
            Some(last) if entries.len() >= limit => Cursor::behind(last.index),
            None if limit == 0 => from,
            _ => Cursor::before(size),
        };
        let changes = entries.iter().map(Change::read).collect::<Result<_, _>>()?;
        Ok(ChangePage { changes, next })
    }

    async fn latest(&self) -> Result<Cursor, LedgerError> {
        self.size(Cursor::START).await.map(Cursor::before)
    }

    async fn wait(&self, from: Cursor, until: DateTime<Utc>) -> Result<bool, LedgerError> {
        let mut pause = FIRST_PAUSE;
        loop {
            // Before it looks, so that nothing falls between.
            let watch = self.watch(Watched::Ledger);
            if self.size(from).await? > from.position() {
                return Ok(true);
            }
            let now = self.backend.now();
            if now >= until {
                return Ok(false);
            }
            let next = now.checked_add_signed(pause).map_or(until, |next| next.min(until));
            select(watch, self.backend.clock().sleep_until(next)).await;
            pause = pause.checked_mul(2).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
        }
    }
}
