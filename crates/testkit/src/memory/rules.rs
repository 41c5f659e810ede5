//! [`ApprovalStore`] and [`Budget`] in memory.

use async_trait::async_trait;
use chimera_contracts::{DecisionId, Digest, EffectId, Money, Namespace, StoreError, StoreErrorKind};
use chimera_governance::{
    ApprovalStore, Balance, Budget, BudgetScope, Decision, Denial, Recorded, Standing, Use, use_of,
};
use chrono::{DateTime, Utc};

use super::MemoryStore;

#[async_trait]
impl ApprovalStore for MemoryStore {
    async fn record(&self, decision: Decision) -> Result<Recorded, StoreError> {
        let mut state = self.state()?;
        let number = state.decisions.len();
        let place = (decision.namespace.clone(), decision.id);
        let Some((_, known)) = state.decisions.get(&place) else {
            state.decisions.insert(place, (number, decision));
            return Ok(Recorded::New);
        };
        // What was revoked since is still the decision that was recorded, and stays revoked.
        let same =
            Decision { revoked_at: None, ..known.clone() } == Decision { revoked_at: None, ..decision };
        Ok(if same { Recorded::Already } else { Recorded::Conflict })
    }

    async fn revoke(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        let known = state.decisions.get_mut(&(namespace.clone(), id));
        Ok(known.map(|(_, decision)| decision.revoked_at.get_or_insert(at)).is_some())
    }

    async fn decision(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
    ) -> Result<Option<Standing>, StoreError> {
        Ok(self.state()?.standing(namespace, id, digest))
    }

    async fn about_effect(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Vec<Standing>, StoreError> {
        let state = self.state()?;
        let mut found: Vec<_> = state
            .decisions
            .values()
            .filter(|(_, decision)| decision.namespace == *namespace && decision.effects.contains(digest))
            .collect();
        found.sort_by_key(|(number, decision)| (decision.decided_at, *number));
        Ok(found
            .into_iter()
            .filter_map(|(_, decision)| state.standing(namespace, decision.id, digest))
            .collect())
    }

    async fn knows_artifact(&self, namespace: &Namespace, artifact: &str) -> Result<bool, StoreError> {
        let state = self.state()?;
        let about = |decision: &Decision| decision.namespace == *namespace && decision.artifact == artifact;
        Ok(state.decisions.values().any(|(_, decision)| about(decision)))
    }

    async fn use_approval(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
        effect: EffectId,
    ) -> Result<Use, StoreError> {
        let mut state = self.state()?;
        let Some(standing) = state.standing(namespace, id, digest) else {
            return Ok(Use::Refused(Denial::Unknown));
        };
        let now = self.clock.now();
        let used = use_of(&standing.decision, namespace, digest, effect, None, standing.used_by, now);
        if used == Use::Granted {
            state.uses.insert((namespace.clone(), id, *digest), effect);
        }
        Ok(used)
    }
}

#[async_trait]
impl Budget for MemoryStore {
    async fn set_limit(&self, scope: &BudgetScope, limit: Money) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let balance = state.balances.get(scope).copied().unwrap_or_else(|| Balance::new(limit));
        if balance.limit.currency != limit.currency {
            let message = format!("the budget is in {}", balance.limit.currency);
            return Err(StoreError::not_applied(StoreErrorKind::Misuse, message));
        }
        state.balances.insert(scope.clone(), Balance { limit, ..balance });
        Ok(())
    }

    async fn balance(&self, scope: &BudgetScope) -> Result<Option<Balance>, StoreError> {
        Ok(self.state()?.balances.get(scope).copied())
    }
}
