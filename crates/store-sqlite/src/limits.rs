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

fn take(
    connection: &Connection,
    key: &RateKey,
    limit: RateLimit,
    by: Uuid,
    now: DateTime<Utc>,
) -> StepResult<Permit> {
    let names = (key.namespace.as_str(), key.platform.as_str(), key.account.as_str(), key.kind.as_str());
    let stored: Option<String> = connection
        .prepare_cached(
            "SELECT taken FROM rate_permit WHERE namespace = ?1 AND platform = ?2 AND account = ?3 AND kind = ?4",
        )?
        .query_row(names, |row| row.get(0))
        .optional()?;
    let taken: Vec<TakenPermit> = match &stored {
        Some(log) => serde_json::from_str(log).map_err(|error| StepError::corrupt(error.to_string()))?,
        None => Vec::new(),
    };
    let (permit, log) = limits::take(&taken, limit, by, now);
    if log != taken {
        connection
            .prepare_cached(
                "INSERT INTO rate_permit (namespace, platform, account, kind, taken) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (namespace, platform, account, kind) DO UPDATE SET taken = excluded.taken",
            )?
            .execute((names.0, names.1, names.2, names.3, rows::json(&log)?))?;
    }
    Ok(permit)
}

#[async_trait]
impl RateLimits for SqliteStore {
    async fn take(&self, key: &RateKey, limit: RateLimit, by: Uuid) -> Result<Permit, StoreError> {
        let clock = self.clock();
        let key = key.clone();
        let step = move |connection: &Connection| take(connection, &key, limit, by, clock.now());
        self.write(step).await.map_err(StepError::into_store)
    }
}
