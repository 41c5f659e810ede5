//! What is measured: the skills over an outside world that costs nothing, and publish requests that may pass.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chimera::contracts::publish::{
    ApprovalRecord, ApprovedBy, ContentBundle, ContentVariant, PublishInput, PublishStrategy,
};
use chimera::contracts::{
    CallContext, Clock, CorrelationId, DecisionId, Digest, Money, PlatformName, TaskId, derive_uuid,
};
use chimera::effect::{
    AccountRef, Attempt, EffectKind, Evidence, ExternalPost, Finding, Keys, LateOutcome, LookUp, NotReady,
    Outcome, Platform, PostOwners, Refusal, Service, Upload, Uploaded,
};
use chimera::governance::{Approver, ApproverRole, Decision, Recorded, Verdict};
use chimera::platform::limits::RateLimit;
use chimera::platform::media::{MediaError, MediaProbe, MediaUrl, Probed};
use chimera::skill_propose::CampaignStrategy;
use chimera::{Builder, Chimera, Proposing, Store};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join_all;

use crate::campaigns::{Campaign, accounts};
use crate::judges::engaging;
use crate::launch::Figures;

/// So many decisions wait for the store at once.
const APPROVED_TOGETHER: usize = 256;

/// A platform that has done everything at once, each under an id of its own.
#[derive(Debug, Default)]
pub struct NoOpPlatform {
    posts: AtomicU64,
}

impl NoOpPlatform {
    /// How much it has done.
    pub fn posts(&self) -> u64 {
        self.posts.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Platform for NoOpPlatform {
    fn service(&self, _: AccountRef<'_>, _: EffectKind) -> Option<Service> {
        Some(Service {
            keys: Keys::Advisory,
            sets_state: false,
            look_up: false,
            look_rules: None,
            uploads: false,
            timeout: TimeDelta::seconds(10),
            settle: TimeDelta::seconds(5),
            grace: TimeDelta::zero(),
            look_every: TimeDelta::zero(),
            // Not free, so that the budget is held and settled.
            price: Money::usd_micros(1_000),
        })
    }

    async fn ready(&self, _: &[AccountRef<'_>], _: EffectKind) -> Vec<NotReady> {
        Vec::new()
    }

    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        Ok(Uploaded { media_id: upload.call_key.to_string() })
    }

    async fn perform(&self, _: &Attempt) -> Outcome {
        let number = self.posts.fetch_add(1, Ordering::Relaxed);
        let id = number.to_string();
        let post = ExternalPost { url: Some(format!("https://x.com/i/status/{id}")), id, published_at: None };
        Outcome::Done(Evidence { post, said: None, cost: None })
    }

    async fn find(&self, _: &LookUp, _: &dyn PostOwners) -> Finding {
        Finding::Blind { reason: "it never loses an answer".to_owned() }
    }

    fn late(&self) -> Vec<LateOutcome> {
        Vec::new()
    }
}

/// Media whose bytes are their URL.
#[derive(Debug, Clone, Copy, Default)]
pub struct EchoMedia;

#[async_trait]
impl MediaProbe for EchoMedia {
    async fn probe(&self, url: &MediaUrl, _: DateTime<Utc>) -> Result<Probed, MediaError> {
        let bytes = url.as_str().as_bytes();
        Ok(Probed {
            sha256: Digest::of(bytes),
            bytes: bytes.len() as u64,
            media_type: "image/png".to_owned(),
            file_name: url.file_name().to_owned(),
        })
    }

    async fn read(&self, url: &MediaUrl, _: DateTime<Utc>) -> Result<Vec<u8>, MediaError> {
        Ok(url.as_str().as_bytes().to_vec())
    }
}

/// A host over a store and a platform; each agent acts in an account of its own, which engages within `limit`.
///
/// # Panics
/// When the host cannot be built.
pub fn host<S: Store>(
    store: &Arc<S>,
    platform: Arc<NoOpPlatform>,
    clock: &Arc<dyn Clock>,
    limit: Option<RateLimit>,
) -> Chimera {
    Builder::new()
        .clock(Arc::clone(clock))
        .media(Arc::new(EchoMedia))
        .accounts(accounts())
        .engage(engaging(limit))
        .propose(Proposing {
            strategy: Arc::new(CampaignStrategy::new()),
            insights: Some(Arc::new(Figures::of_the_launch())),
        })
        .store(store)
        .platform(platform)
        .build()
        .expect("every port is there")
}

/// A worker's call.
#[must_use]
pub fn context() -> CallContext {
    CallContext::worker("bench/worker")
}

/// A campaign's request of one text for one platform.
#[must_use]
pub fn text_request(campaign: Campaign, key: &str) -> PublishInput {
    request(campaign, key, &[PlatformName::Twitter], &[])
}

/// A campaign's request for three platforms, each with one medium.
#[must_use]
pub fn media_request(campaign: Campaign, key: &str) -> PublishInput {
    let platforms = [PlatformName::Twitter, PlatformName::Instagram, PlatformName::LinkedIn];
    request(campaign, key, &platforms, &["https://media.example.com/a.png"])
}

fn request(campaign: Campaign, key: &str, platforms: &[PlatformName], media: &[&str]) -> PublishInput {
    let variant = |platform: &PlatformName| ContentVariant {
        platform: *platform,
        text_content: format!("Our study of reefs is out; what {key} found, and where to read it."),
        media_refs: media.iter().map(|url| (*url).to_owned()).collect(),
        hashtags: vec!["#Reefs".to_owned(), "#Ocean".to_owned()],
        disclosure_label: "AI-generated content".to_owned(),
    };
    PublishInput {
        correlation_id: CorrelationId::from_uuid(derive_uuid("chimera-benches/trace", &[key.as_bytes()])),
        task_id: TaskId::from_uuid(derive_uuid("chimera-benches", &[b"task"])),
        agent_id: campaign.agent(),
        campaign_id: campaign.id(),
        content_bundle: ContentBundle {
            bundle_id: format!("bundle-{key}"),
            variants: platforms.iter().map(variant).collect(),
            approval_record: None,
        },
        target_platforms: platforms.to_vec(),
        idempotency_key: key.to_owned(),
        publish_strategy: PublishStrategy::Sequential,
        partial_success_allowed: true,
        schedule_time: None,
        dry_run: false,
    }
}

/// The text requests with these numbers, each approved by a decision of its own, which it claims.
///
/// # Panics
/// When the store refuses.
pub async fn approved_requests<S: Store>(
    store: &S,
    host: &Chimera,
    clock: &dyn Clock,
    numbers: Range<usize>,
) -> Vec<PublishInput> {
    let mut requests: Vec<PublishInput> =
        numbers.map(|number| text_request(Campaign::of(number), &format!("key-{number}"))).collect();
    for together in requests.chunks_mut(APPROVED_TOGETHER) {
        let approved = together.iter_mut().map(|request| approve(store, host, request, clock.now()));
        try_join_all(approved).await.expect("the store records decisions");
    }
    requests
}

async fn approve<S: Store>(
    store: &S,
    host: &Chimera,
    request: &mut PublishInput,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let previews =
        host.publish().preview(&context(), request).await.map_err(|refused| format!("{refused:?}"))?;
    let id =
        DecisionId::from_uuid(derive_uuid("chimera-benches/decision", &[request.idempotency_key.as_bytes()]));
    let decision = Decision {
        id,
        namespace: context().namespace,
        artifact: request.content_bundle.bundle_id.clone(),
        verdict: Verdict::Approve,
        approver: Approver { id: "reviewer@example.com".to_owned(), role: ApproverRole::HitlReviewer },
        requested_by: Some(request.agent_id.to_string()),
        agent: None,
        decided_at: now,
        expires_at: None,
        revoked_at: None,
        effects: previews.iter().map(|preview| preview.digest).collect::<BTreeSet<_>>(),
        confidence: None,
        spec_version: None,
        takes_back: false,
    };
    let recorded = store.record(decision).await.map_err(|error| error.to_string())?;
    if recorded != Recorded::New {
        return Err(format!("the decision about `{}` is {recorded:?}", request.idempotency_key));
    }
    request.content_bundle.approval_record = Some(ApprovalRecord {
        approved_by: ApprovedBy::HitlReviewer,
        approved_at: now,
        confidence_score: None,
        decision_id: Some(id),
        attestation: None,
    });
    Ok(())
}
