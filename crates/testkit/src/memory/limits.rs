//! [`RateLimits`] in memory.

use async_trait::async_trait;
use chimera_contracts::StoreError;
use chimera_platform::limits::{self, Permit, RateKey, RateLimit, RateLimits};
use uuid::Uuid;

use super::MemoryStore;

#[async_trait]
impl RateLimits for MemoryStore {
    async fn take(&self, key: &RateKey, limit: RateLimit, by: Uuid) -> Result<Permit, StoreError> {
        let mut state = self.state()?;
        let taken = state.permits.get(key).map(Vec::as_slice).unwrap_or_default();
        let (permit, log) = limits::take(taken, limit, by, self.clock.now());
        state.permits.insert(key.clone(), log);
        Ok(permit)
    }

    async fn give_back(&self, key: &RateKey, by: Uuid) -> Result<(), StoreError> {
        if let Some(log) = self.state()?.permits.get_mut(key) {
            log.retain(|permit| permit.by != by);
        }
        Ok(())
    }
}
