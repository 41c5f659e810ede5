//! The ports, cut before and after every call.

use std::future::Future;

use async_trait::async_trait;
use chimera_audit::{Appended, AuditLedger, Draft, LedgerError, LedgerVerdict};
use chimera_contracts::{
    DecisionId, Digest, EffectId, ErrorCode, InstanceId, Namespace, ReviewId, StoreError, StoreErrorKind,
};
use chimera_effect::{
    AccountKey, AccountRef, Admission, Admit, Advance, Advanced, Attempt, EffectJournal, EffectKind,
    EffectQuery, EffectRecord, EffectV1, Finding, LateOutcome, LeaseGrant, LeaseScope, LookReport, LookUp,
    NotReady, Outcome, Page, Platform, PostOwners, Refusal, RequestKey, RequestView, Service, Unfit,
    UnknownOutcome, Upload, Uploaded, Watch,
};
use chimera_governance::review::{
    Enqueued, NewReview, Review, ReviewPage, ReviewQuery, ReviewQueue, ReviewStep, Stepped,
};
use chimera_governance::{ApprovalStore, Decision, Recorded, Standing, Use};
use chimera_platform::limits::{Permit, RateKey, RateLimit, RateLimits};
use chimera_skill_propose::{AdmitProposal, ProposalAdmission, ProposalJournal, ProposalKey, StoredProposal};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Cut, Cutting};

impl Cut {
    /// Makes a call between its two points; `before` and `after` are what it comes to where it is made to fail.
    async fn around<T>(
        &self,
        call: impl Future<Output = T> + Send,
        before: impl Fn() -> T,
        after: impl Fn() -> T,
    ) -> T {
        if self.fails().await {
            return before();
        }
        let answer = call.await;
        if self.fails().await { after() } else { answer }
    }

    async fn store<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.around(
            call,
            || Err(StoreError::not_applied(StoreErrorKind::Unavailable, "cut before the call")),
            || Err(StoreError::maybe_applied(StoreErrorKind::Unavailable, "cut after the call")),
        )
        .await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl EffectJournal for Cutting<dyn EffectJournal> {
    fn instance(&self) -> InstanceId {
        self.inner.instance()
    }

    async fn admit(&self, admit: Admit) -> Result<Admission, StoreError> {
        self.cut.store(self.inner.admit(admit)).await
    }

    async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError> {
        self.cut.store(self.inner.advance(advance)).await
    }

    async fn lease(
        &self,
        scope: LeaseScope,
        limit: usize,
        ttl: TimeDelta,
    ) -> Result<Vec<LeaseGrant>, StoreError> {
        self.cut.store(self.inner.lease(scope, limit, ttl)).await
    }

    async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError> {
        self.cut.store(self.inner.request(key)).await
    }

    async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError> {
        self.cut.store(self.inner.effects(query, page)).await
    }

    async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError> {
        self.cut.store(self.inner.open_effects(account)).await
    }

    async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError> {
        self.cut.store(self.inner.owners(account, ids)).await
    }

    fn watch(&self, key: &RequestKey) -> Watch {
        self.inner.watch(key)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Platform for Cutting<dyn Platform> {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.inner.service(account, kind)
    }

    fn unfit(&self, content: &EffectV1, media_types: &[String]) -> Vec<Unfit> {
        self.inner.unfit(content, media_types)
    }

    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        let not_ready = || {
            let code = ErrorCode::PlatformUnavailable;
            wanted
                .iter()
                .map(|account| NotReady { platform: account.platform, code, message: "cut".to_owned() })
                .collect()
        };
        self.cut.around(self.inner.ready(wanted, kind), not_ready, not_ready).await
    }

    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        let failed = || {
            let message = "cut".to_owned();
            Err(Refusal { code: ErrorCode::MediaUploadFailed, message, retry_at: None, said: None })
        };
        self.cut.around(self.inner.upload(upload), failed, failed).await
    }

    async fn perform(&self, attempt: &Attempt) -> Outcome {
        // Before the call nothing was sent, and still nobody may say so: the wrapper stands for a broken line.
        let lost = || Outcome::Unknown(UnknownOutcome::because("no answer came: cut"));
        self.cut.around(self.inner.perform(attempt), lost, lost).await
    }

    async fn find(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        let failed = || Finding::Open(LookReport::missing("", "cut"));
        self.cut.around(self.inner.find(look, owners), failed, failed).await
    }

    fn late(&self) -> Vec<LateOutcome> {
        self.inner.late()
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ApprovalStore for Cutting<dyn ApprovalStore> {
    async fn record(&self, decision: Decision) -> Result<Recorded, StoreError> {
        self.cut.store(self.inner.record(decision)).await
    }

    async fn revoke(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.cut.store(self.inner.revoke(namespace, id, at)).await
    }

    async fn decision(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
    ) -> Result<Option<Standing>, StoreError> {
        self.cut.store(self.inner.decision(namespace, id, digest)).await
    }

    async fn about_effect(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Vec<Standing>, StoreError> {
        self.cut.store(self.inner.about_effect(namespace, digest)).await
    }

    async fn knows_artifact(&self, namespace: &Namespace, artifact: &str) -> Result<bool, StoreError> {
        self.cut.store(self.inner.knows_artifact(namespace, artifact)).await
    }

    async fn use_approval(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
        effect: EffectId,
    ) -> Result<Use, StoreError> {
        self.cut.store(self.inner.use_approval(namespace, id, digest, effect)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ProposalJournal for Cutting<dyn ProposalJournal> {
    async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError> {
        self.cut.store(self.inner.admit(admit)).await
    }

    async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError> {
        self.cut.store(self.inner.recall(key)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl AuditLedger for Cutting<dyn AuditLedger> {
    async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, LedgerError> {
        let cut = |verdict| move || Err(LedgerError::unavailable(verdict, "cut"));
        let (before, after) = (cut(LedgerVerdict::NotApplied), cut(LedgerVerdict::MaybeApplied));
        self.cut.around(self.inner.append(drafts), before, after).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ReviewQueue for Cutting<dyn ReviewQueue> {
    async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError> {
        self.cut.store(self.inner.enqueue(new)).await
    }

    async fn step(&self, step: ReviewStep) -> Result<Stepped, StoreError> {
        self.cut.store(self.inner.step(step)).await
    }

    async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError> {
        self.cut.store(self.inner.review(namespace, id)).await
    }

    async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        self.cut.store(self.inner.list(query, page)).await
    }

    async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        self.cut.store(self.inner.unsettled(page)).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl RateLimits for Cutting<dyn RateLimits> {
    async fn take(&self, key: &RateKey, limit: RateLimit, by: Uuid) -> Result<Permit, StoreError> {
        self.cut.store(self.inner.take(key, limit, by)).await
    }

    async fn give_back(&self, key: &RateKey, by: Uuid) -> Result<(), StoreError> {
        self.cut.store(self.inner.give_back(key, by)).await
    }
}
