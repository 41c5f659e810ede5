//! Permits under rate limits: the rule is [`chimera_platform::limits::take`]; here it meets one transaction.

use async_trait::async_trait;
use chimera_contracts::StoreError;
use chimera_platform::limits::{self, Permit, RateKey, RateLimit, RateLimits, TakenPermit};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use crate::error::{StepError, StepResult};
use crate::rows;
use crate::store::SqliteStore;

fn read(connection: &Connection, key: &RateKey) -> StepResult<Vec<TakenPermit>> {
    let stored: Option<String> = connection
        .prepare_cached(
            "SELECT taken FROM rate_permit WHERE namespace = ?1 AND platform = ?2 AND account = ?3 AND kind = ?4",
        )?
        .query_row(names(key), |row| row.get(0))
        .optional()?;
    match stored {
        Some(log) => serde_json::from_str(&log).map_err(|error| StepError::corrupt(error.to_string())),
        None => Ok(Vec::new()),
    }
}

fn write(connection: &Connection, key: &RateKey, log: &[TakenPermit]) -> StepResult<()> {
    let (namespace, platform, account, kind) = names(key);
    connection
        .prepare_cached(
            "INSERT INTO rate_permit (namespace, platform, account, kind, taken) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (namespace, platform, account, kind) DO UPDATE SET taken = excluded.taken",
        )?
        .execute((namespace, platform, account, kind, rows::json(&log)?))?;
    Ok(())
}

fn names(key: &RateKey) -> (&str, &str, &str, &str) {
    (key.namespace.as_str(), key.platform.as_str(), key.account.as_str(), key.kind.as_str())
}

fn take(
    connection: &Connection,
    key: &RateKey,
    limit: RateLimit,
    by: Uuid,
    now: DateTime<Utc>,
) -> StepResult<Permit> {
    let taken = read(connection, key)?;
    let (permit, log) = limits::take(&taken, limit, by, now);
    if log != taken {
        write(connection, key, &log)?;
    }
    Ok(permit)
}

fn give_back(connection: &Connection, key: &RateKey, by: Uuid) -> StepResult<()> {
    let taken = read(connection, key)?;
    let rest: Vec<_> = taken.iter().filter(|permit| permit.by != by).copied().collect();
    if rest.len() < taken.len() { write(connection, key, &rest) } else { Ok(()) }
}

#[async_trait]
impl RateLimits for SqliteStore {
    async fn take(&self, key: &RateKey, limit: RateLimit, by: Uuid) -> Result<Permit, StoreError> {
        let clock = self.clock();
        let key = key.clone();
        let step = move |connection: &Connection| take(connection, &key, limit, by, clock.now());
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn give_back(&self, key: &RateKey, by: Uuid) -> Result<(), StoreError> {
        let key = key.clone();
        let step = move |connection: &Connection| give_back(connection, &key, by);
        self.write(step).await.map_err(StepError::into_store)
    }
}
