//! The answer: from what the journal and the queue keep to what the contract says.
//!
//! Everything observed (ids, times) comes from there, so every caller of a key gets the same answer.

use chimera_contracts::engage::{EngageError, EngageOutput, EngageStatus};
use chimera_contracts::{AgentId, CampaignId, CorrelationId, EffectId, ErrorCode, PlatformName, ReviewId};
use chimera_effect::{Carry, EffectKind, EffectRecord, EffectState, RequestKey, RequestView, Told};
use chimera_governance::review::Review;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::ask::{Ask, engagement_id, review_id};
use crate::document::EngagementDocument;
use crate::refuse::Refusal;
use crate::skill::EngageSkill;

/// Whose engagement it is.
#[derive(Clone, Debug)]
pub(crate) struct Engagement {
    pub(crate) key: RequestKey,
    pub(crate) former_keys: Vec<RequestKey>,
    pub(crate) asked_by: Option<String>,
    pub(crate) agent: AgentId,
    pub(crate) campaign: CampaignId,
    pub(crate) correlation: CorrelationId,
}

impl Engagement {
    pub(crate) fn of_ask(ask: &Ask<'_>) -> Self {
        Self {
            key: ask.key.clone(),
            former_keys: ask.former_keys.clone(),
            asked_by: Some(ask.context.actor.clone()),
            agent: ask.agent,
            campaign: ask.campaign,
            correlation: ask.correlation,
        }
    }

    pub(crate) fn of_document(document: &EngagementDocument) -> Self {
        Self {
            key: document.key.clone(),
            former_keys: Vec::new(),
            asked_by: None,
            agent: document.agent,
            campaign: document.campaign,
            correlation: document.correlation,
        }
    }

    pub(crate) fn of_view(view: &RequestView) -> Self {
        let request = &view.request;
        Self {
            key: request.key.clone(),
            former_keys: Vec::new(),
            asked_by: request.asked_by.clone(),
            agent: request.agent,
            campaign: request.campaign,
            correlation: request.correlation,
        }
    }

    pub(crate) fn id(&self) -> String {
        engagement_id(self.key.request_id())
    }

    pub(crate) fn review_id(&self) -> ReviewId {
        review_id(self.key.request_id())
    }
}

impl EngageSkill {
    /// Goes on with what is admitted and answers.
    pub(crate) async fn carry_on(
        &self,
        engagement: &Engagement,
        deadline: Option<DateTime<Utc>>,
        view: RequestView,
    ) -> EngageOutput {
        let ids = view.effects.iter().map(|record| record.id).collect();
        let carry = self.carry(engagement, ids, deadline);
        let told = self.ports.kernel.carry_on(&carry, view).await;
        self.answer(engagement, self.persist(&carry, told).await)
    }

    pub(crate) fn carry(
        &self,
        engagement: &Engagement,
        effects: Vec<EffectId>,
        deadline: Option<DateTime<Utc>>,
    ) -> Carry {
        let ours = self.after(self.options.answer_within);
        Carry {
            key: engagement.key.clone(),
            effects,
            within: self.options.answer_within,
            until: deadline.map_or(ours, |theirs| theirs.min(ours)),
            poll: self.options.poll,
        }
    }

    /// How a request stands, without doing anything about it.
    pub(crate) fn told(&self, engagement: &Engagement, view: RequestView) -> EngageOutput {
        let now = self.ports.clock.now();
        self.answer(engagement, view.effects.into_iter().map(|record| Told::known(record, now)).collect())
    }

    pub(crate) fn answer(&self, engagement: &Engagement, told: Vec<Told>) -> EngageOutput {
        let now = self.ports.clock.now();
        match told.into_iter().next() {
            Some(told) => of_effect(engagement.id(), &told, now),
            None => under_way(engagement.id()),
        }
    }
}

/// The answer about the effect of an engagement.
pub(crate) fn of_effect(engagement_id: String, told: &Told, now: DateTime<Utc>) -> EngageOutput {
    match told.state() {
        EffectState::Published => EngageOutput {
            status: EngageStatus::Success,
            engagement_id: Some(engagement_id),
            platform_response: Some(response(&told.record)),
            error: None,
        },
        EffectState::Unknown => {
            EngageOutput::unknown(engagement_id, about(&told.record, ErrorCode::OutcomeUnknown, open(told)))
        }
        EffectState::NotDone | EffectState::Failed | EffectState::Cancelled | EffectState::RolledBack => {
            EngageOutput::failed(refused(told, now))
        }
        EffectState::Admitted
        | EffectState::Attempting
        | EffectState::Scheduled
        | EffectState::Processing => match told.record.open_words() {
            Some(words) => pending(engagement_id, &format!("Engagement is under way: {words}"), false, None),
            None => under_way(engagement_id),
        },
    }
}

fn under_way(engagement_id: String) -> EngageOutput {
    pending(engagement_id, "Engagement is under way", false, None)
}

/// The answer about a review that waits, or was approved and not handed over yet.
pub(crate) fn waiting(review: &Review) -> EngageOutput {
    if review.state.open() {
        let confidence = review.confidence.map(f64::from);
        pending(review.artifact.clone(), "Engagement queued for approval", true, confidence)
    } else {
        under_way(review.artifact.clone())
    }
}

/// The answer about an approved engagement that cannot run yet; it runs when it can.
pub(crate) fn held_up(review: &Review, refusal: Refusal) -> EngageOutput {
    EngageOutput {
        error: Some(about_review(review, refusal)),
        ..pending(review.artifact.clone(), "Engagement is approved and waits", false, None)
    }
}

/// The answer about a review that came to nothing.
pub(crate) fn not_to_be(review: &Review, refusal: Refusal) -> EngageOutput {
    EngageOutput::failed(about_review(review, refusal))
}

fn about_review(review: &Review, refusal: Refusal) -> EngageError {
    let document = EngagementDocument::from_json(&review.document).ok();
    EngageError {
        retryable: refusal.retryable(),
        retry_after: refusal.retry_after,
        platform: document.as_ref().map(|document| document.platform),
        target: document.map(|document| document.target),
        faults: (!refusal.faults.is_empty()).then_some(refusal.faults),
        ..EngageError::new(refusal.code, refusal.message)
    }
}

fn pending(
    engagement_id: String,
    message: &str,
    approval_required: bool,
    confidence: Option<f64>,
) -> EngageOutput {
    let members = [
        ("message", Some(Value::from(message))),
        ("approval_required", Some(Value::from(approval_required))),
        ("confidence", confidence.map(Value::from)),
    ];
    EngageOutput {
        status: EngageStatus::Pending,
        engagement_id: Some(engagement_id),
        platform_response: Some(object(members)),
        error: None,
    }
}

/// What the platform answered, in the form of the seed's examples.
fn response(record: &EffectRecord) -> Map<String, Value> {
    let content = record.effect.content();
    let post = record.progress.post.as_ref();
    let at = post.and_then(|post| post.published_at).unwrap_or(record.progress.changed_at);
    let at = Some(Value::from(at.to_rfc3339_opts(SecondsFormat::Secs, true)));
    let id = || post.map(|post| Value::from(post.id.clone()));
    let url = || post.and_then(|post| post.url.clone()).map(Value::from);
    let text = || (!content.text.is_empty()).then(|| Value::from(content.text.clone()));
    let ours = match content.kind {
        EffectKind::Like => object([("liked", Some(true.into())), ("timestamp", at)]),
        EffectKind::Follow => object([("following", Some(true.into())), ("timestamp", at)]),
        EffectKind::Undo => object([("timestamp", at)]),
        EffectKind::Share => object([
            ("id", id()),
            ("url", url()),
            ("shared", Some(true.into())),
            ("created_at", at),
            ("text", text()),
        ]),
        EffectKind::Reply | EffectKind::Comment | EffectKind::Publish => {
            object([("id", id()), ("url", url()), ("created_at", at), ("text", text())])
        }
    };
    let mut response = with_words(ours, record.progress.said.as_deref());
    // Something is public beside it that only a person can remove.
    response.extend(record.incident_words().map(|words| ("incident".to_owned(), Value::from(words))));
    response
}

/// The platform's own words beside ours (ENG-14), in a member of their own, so that nothing in them passes for ours.
fn with_words(mut ours: Map<String, Value>, said: Option<&str>) -> Map<String, Value> {
    if let Some(said) = said {
        let words = match serde_json::from_str::<Value>(said) {
            Ok(words @ Value::Object(_)) => words,
            _ => Value::from(said),
        };
        ours.insert("said".to_owned(), words);
    }
    ours
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn refused(told: &Told, now: DateTime<Utc>) -> EngageError {
    if told.state() == EffectState::RolledBack {
        return about(&told.record, ErrorCode::Cancelled, "it was public, and was taken back");
    }
    let Some(refusal) = &told.record.progress.refusal else {
        return about(&told.record, ErrorCode::Timeout, "it did not happen");
    };
    // What publish calls a platform's rate limit is, on this contract, the rate limit (ENG-13).
    let code = match refusal.code {
        ErrorCode::PlatformRateLimit => ErrorCode::RateLimitExceeded,
        code => code,
    };
    // Credentials are for a person: asking again does not mend them.
    let retryable = told.state() == EffectState::NotDone && code.retryable();
    let wait = refusal.retry_at.map(|at| at.signed_duration_since(now).max(TimeDelta::zero()));
    let seconds =
        wait.and_then(|wait| u64::try_from(wait.num_milliseconds()).ok()).map(|ms| ms.div_ceil(1_000));
    EngageError {
        retryable,
        retry_after: seconds.filter(|_| retryable),
        ..about(&told.record, code, refusal.message.clone())
    }
}

fn open(told: &Told) -> String {
    match &told.broken {
        Some(error) => format!("how it ended could not be recorded, so it will be looked up: {error}"),
        None => told.record.open_words().unwrap_or_else(|| "the outcome is not known".to_owned()),
    }
}

fn about(record: &EffectRecord, code: ErrorCode, message: impl Into<String>) -> EngageError {
    let content = record.effect.content();
    let platform: PlatformName = content.platform;
    EngageError {
        platform: Some(platform),
        target: content.target.clone(),
        ..EngageError::new(code, message)
    }
}
