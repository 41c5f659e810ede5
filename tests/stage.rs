//! A publish skill over a SQLite file, a platform and media that are always there, with everything approved and funded.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chimera::contracts::publish::{
    ApprovalRecord, ApprovedBy, ContentBundle, ContentVariant, PublishInput, PublishOutput, PublishStrategy,
};
use chimera::contracts::{CallContext, Clock, Digest, Money, PlatformName, Skill, derive_uuid};
use chimera::effect::Platform;
use chimera::governance::{
    ApprovalStore, Approver, ApproverRole, Budget, BudgetScope, Decision, Recorded, Verdict,
};
use chimera::platform::Accounts;
use chimera::platform::media::{MediaError, MediaProbe, MediaUrl, Probed};
use chimera::store_sqlite::{SqliteOptions, SqliteStore};
use chimera::{Builder, Chimera, Store, StorePorts};
use chimera_testkit::{Cut, Within, within};
use chrono::{DateTime, Utc};

/// The three platforms of the tests.
pub const PLATFORMS: [PlatformName; 3] =
    [PlatformName::Twitter, PlatformName::Instagram, PlatformName::LinkedIn];

/// The account in which every agent of the tests acts.
pub const ACCOUNT: &str = "chimera_agent";

/// Who reviews in tests.
pub const REVIEWER: &str = "reviewer@example.com";

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

/// Opens the store at `path` as a new opener.
pub fn open_store(path: &Path, clock: &Arc<dyn Clock>) -> Arc<SqliteStore> {
    Arc::new(SqliteOptions::new(path, Arc::clone(clock)).open().expect("the store opens"))
}

/// A builder with everything but the storage ports and the platform.
pub fn builder(clock: &Arc<dyn Clock>) -> Builder {
    let accounts =
        PLATFORMS.iter().fold(Accounts::new(), |accounts, platform| accounts.shared(*platform, ACCOUNT));
    Builder::new().clock(Arc::clone(clock)).media(Arc::new(EchoMedia)).accounts(accounts)
}

/// A skill over a store and a platform.
pub fn host<S: Store>(store: &Arc<S>, platform: Arc<dyn Platform>, clock: &Arc<dyn Clock>) -> Chimera {
    builder(clock).store(store).platform(platform).build().expect("every port is there")
}

/// A skill over views of a store that are cut, all of them and the platform.
pub fn cut_host<S: Store>(
    cut: &Cut,
    store: &Arc<S>,
    platform: Arc<dyn Platform>,
    clock: &Arc<dyn Clock>,
) -> Chimera {
    builder(clock)
        .wrapped_store(cut_ports(cut, store))
        .platform(cut.platform(platform))
        .build()
        .expect("every port is there")
}

/// Every storage port of a store, cut.
pub fn cut_ports<S: Store>(cut: &Cut, store: &Arc<S>) -> StorePorts {
    let StorePorts { journal, approvals, ledger, reviews, limits, pauses, proposals } = StorePorts::of(store);
    StorePorts {
        journal: cut.journal(journal),
        approvals: cut.approvals(approvals),
        ledger: cut.ledger(ledger),
        reviews: cut.reviews(reviews),
        limits: cut.limits(limits),
        // Only people throw them.
        pauses,
        proposals: cut.proposals(proposals),
    }
}

/// A worker's call.
pub fn context() -> CallContext {
    CallContext::worker("test/worker")
}

/// A request for all three platforms; twitter and instagram with one medium. Without an approval record.
pub fn input(key: &str) -> PublishInput {
    let id = |what: &str| derive_uuid("chimera-tests", &[what.as_bytes()]);
    let variant = |platform: PlatformName| ContentVariant {
        platform,
        text_content: format!("Hello {platform}, says {key}"),
        media_refs: match platform {
            PlatformName::LinkedIn => Vec::new(),
            _ => vec!["https://media.example.com/a.png".to_owned()],
        },
        hashtags: vec!["#Test".to_owned()],
        disclosure_label: "AI-generated content".to_owned(),
    };
    PublishInput {
        correlation_id: chimera::contracts::CorrelationId::from_uuid(id("correlation")),
        task_id: chimera::contracts::TaskId::from_uuid(id("task")),
        agent_id: chimera::contracts::AgentId::from_uuid(id("agent")),
        campaign_id: chimera::contracts::CampaignId::from_uuid(id("campaign")),
        content_bundle: ContentBundle {
            bundle_id: format!("bundle-{key}"),
            variants: PLATFORMS.iter().map(|platform| variant(*platform)).collect(),
            approval_record: None,
        },
        target_platforms: PLATFORMS.to_vec(),
        idempotency_key: key.to_owned(),
        publish_strategy: PublishStrategy::Sequential,
        partial_success_allowed: true,
        schedule_time: None,
        dry_run: false,
    }
}

/// The same request for one of its platforms alone.
pub fn only(mut input: PublishInput, platform: PlatformName) -> PublishInput {
    input.target_platforms.retain(|target| *target == platform);
    input.content_bundle.variants.retain(|variant| variant.platform == platform);
    input
}

/// The scope of the tests' budget.
pub fn scope(input: &PublishInput) -> BudgetScope {
    BudgetScope::campaign(context().namespace, input.campaign_id)
}

/// Shows the request to the reviewer, who approves it, and puts the claim into it; sets a budget of ten dollars.
pub async fn approve(
    store: &Arc<impl ApprovalStore + Budget>,
    host: &Chimera,
    input: &mut PublishInput,
    clock: &dyn Clock,
) -> Decision {
    let previews = host.publish().preview(&context(), input).await.expect("the input can be planned");
    let digests: BTreeSet<Digest> = previews.iter().map(|preview| preview.digest).collect();
    let decision = Decision {
        id: chimera::contracts::DecisionId::from_uuid(derive_uuid(
            "chimera-tests/decision",
            &[input.idempotency_key.as_bytes()],
        )),
        namespace: context().namespace,
        artifact: input.content_bundle.bundle_id.clone(),
        verdict: Verdict::Approve,
        approver: Approver { id: REVIEWER.to_owned(), role: ApproverRole::HitlReviewer },
        requested_by: Some(input.agent_id.to_string()),
        agent: None,
        decided_at: clock.now(),
        expires_at: None,
        revoked_at: None,
        effects: digests,
        confidence: None,
        spec_version: None,
        takes_back: false,
    };
    assert_ne!(store.record(decision.clone()).await.expect("the store works"), Recorded::Conflict);
    store.set_limit(&scope(input), Money::usd_micros(10_000_000)).await.expect("the store works");
    claim(input, &decision);
    decision
}

/// Puts the claim of a decision into a request.
pub fn claim(input: &mut PublishInput, decision: &Decision) {
    input.content_bundle.approval_record = Some(ApprovalRecord {
        approved_by: match decision.approver.role {
            ApproverRole::Judge => ApprovedBy::Judge,
            ApproverRole::HitlReviewer => ApprovedBy::HitlReviewer,
            ApproverRole::Policy => unreachable!("no claim names a policy"),
        },
        approved_at: decision.decided_at,
        confidence_score: None,
        decision_id: Some(decision.id),
        attestation: None,
    });
}

/// The request for all three platforms, with the claim that a reviewer approved it and without the decision's id: for
/// processes that were not there when it was decided.
pub fn claimed(key: &str, clock: &dyn Clock) -> PublishInput {
    let mut input = input(key);
    input.content_bundle.approval_record = Some(ApprovalRecord {
        approved_by: ApprovedBy::HitlReviewer,
        approved_at: clock.now(),
        confidence_score: None,
        decision_id: None,
        attestation: None,
    });
    input
}

/// Calls the skill; success and failure have one shape.
#[track_caller]
pub fn publish(host: &Chimera, input: &PublishInput) -> Within<impl Future<Output = PublishOutput>> {
    within("the answer to a publish", async {
        host.publish().call(&context(), input.clone()).await.expect("the context is complete")
    })
}

/// Lets the worker make one pass; gives how much it worked on.
#[track_caller]
pub fn work(host: &Chimera) -> Within<impl Future<Output = usize>> {
    within("a pass of the worker", async { host.worker().run_once().await.expect("the store works") })
}

/// A database in a folder of its own, which outlives every store that opens it.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("chimera.db")
}
