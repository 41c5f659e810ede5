//! The events that steps leave in the ledger (PUB-16). Ids derive from what an event tells, so a replay adds nothing.

use chimera_audit::{Atom, Attachment, Draft, EventType, Statement, Subject};
use chimera_contracts::{
    AgentId, CampaignId, CorrelationId, DecisionId, Digest, ErrorCode, EventId, Money, SkillName, TaskId,
    derive_uuid,
};
use chimera_governance::Authority;
use chrono::{DateTime, Utc};

use crate::claims::AcceptedClaims;
use crate::effect::{EffectKind, EffectV1, Media};
use crate::journal::{Admit, HandSettlement, Refused};
use crate::outcome::Said;
use crate::record::{EffectRecord, Progress, RequestKey, RequestRecord, TakenBack};
use crate::step::Tally;

/// What an event tells.
#[derive(Clone, Copy)]
pub(super) enum Verb {
    Start,
    Attempt,
    Success,
    Failure,
    Unknown,
    Processing,
    Complete,
    Refused,
    Observed,
    Incident,
    Corrected,
    SettledByHand,
    Overrun,
    ClaimsAccepted,
    TakenBack,
}

fn kind(skill: SkillName, verb: Verb) -> EventType {
    macro_rules! kinds {
        ($prefix:literal) => {
            match verb {
                Verb::Start => concat!($prefix, ".start"),
                Verb::Attempt => concat!($prefix, ".attempt"),
                Verb::Success => concat!($prefix, ".success"),
                Verb::Failure => concat!($prefix, ".failure"),
                Verb::Unknown => concat!($prefix, ".unknown"),
                Verb::Processing => concat!($prefix, ".processing"),
                Verb::Complete => concat!($prefix, ".complete"),
                Verb::Refused => concat!($prefix, ".refused"),
                Verb::Observed => concat!($prefix, ".observed"),
                Verb::Incident => concat!($prefix, ".incident"),
                Verb::Corrected => concat!($prefix, ".corrected"),
                Verb::SettledByHand => concat!($prefix, ".settled_by_hand"),
                Verb::Overrun => concat!($prefix, ".overrun"),
                Verb::ClaimsAccepted => concat!($prefix, ".claims_accepted"),
                Verb::TakenBack => concat!($prefix, ".taken_back"),
            }
        };
    }
    EventType::of(match skill {
        SkillName::Publish => kinds!("skill.publish_content"),
        SkillName::Engage => kinds!("skill.engagement_manage"),
        SkillName::Propose => kinds!("skill.engagement_manager"),
    })
}

fn event_id(subject: &[u8], what: &str, number: u64) -> EventId {
    EventId::from_uuid(derive_uuid("chimera/event/v1", &[subject, what.as_bytes(), &number.to_be_bytes()]))
}

/// The id of the event that says how an effect ended, for answers that point to it.
#[must_use]
pub fn outcome_event(record: &EffectRecord) -> EventId {
    event_id(record.id.as_uuid().as_bytes(), "outcome", record.progress.version)
}

pub(super) fn start(request: &RequestRecord, admit: &Admit) -> Draft {
    let platforms = admit
        .effects
        .iter()
        .map(|effect| Atom::word(effect.approved.get().content().platform.as_str()))
        .collect();
    let mut statement = Statement::new()
        .id("request_id", *request.id.as_uuid())
        .id("agent_id", *request.agent.as_uuid())
        .id("campaign_id", *request.campaign.as_uuid())
        .digest("idempotency_key", Digest::of(request.key.key.as_bytes()))
        .digest("artifact", Digest::of(request.artifact.as_bytes()))
        .list("platforms", platforms);
    if let Some(task) = request.task {
        statement = statement.id("task_id", *task.as_uuid());
    }
    whole(request, Verb::Start, event_id(request.id.as_uuid().as_bytes(), "start", 0), statement)
}

pub(super) fn attempt(request: &RequestRecord, record: &EffectRecord) -> Draft {
    let number = record.progress.attempts;
    let statement = about(record)
        .id("decision_id", *record.decision.as_uuid())
        .word("approved_by", record.approver.role.as_str())
        .digest("approver", Digest::of(record.approver.id.as_bytes()))
        .digest("idempotency_key", Digest::of(request.key.key.as_bytes()))
        .digest("call_key", Digest::of(record.call_key.as_str().as_bytes()))
        .micros("held_micros", record.price.micros);
    // A decision that lists the effect needs no word for it.
    let statement = match record.authority {
        Authority::Listed => statement,
        authority => statement.word("authority", authority.as_str()),
    };
    let id = event_id(record.id.as_uuid().as_bytes(), "attempt", number.into());
    let draft = draft(request, record, Verb::Attempt, id, statement);
    // The content is the same for every attempt; it is kept once.
    if number == 1 { draft.with_attachment(content(record)) } else { draft }
}

/// What is sent, as it was approved: a word of ours that a pattern takes for a credential is still our word. Only the
/// addresses of media, which may be signed ones, lose their credentials.
fn content(record: &EffectRecord) -> Attachment {
    let content = record.effect.content();
    let media: Vec<_> = content
        .media
        .iter()
        .map(|medium| Media { url: chimera_audit::redact(&medium.url).into_owned(), ..medium.clone() })
        .collect();
    if media == content.media {
        return Attachment::exact(record.effect.bytes());
    }
    match chimera_contracts::canonical::to_statement(&EffectV1 { media, ..content.clone() }) {
        Ok(bytes) => Attachment::exact(bytes),
        Err(_) => Attachment::redacted(record.effect.bytes()),
    }
}

pub(super) fn success(request: &RequestRecord, record: &EffectRecord, said: &Said) -> Draft {
    let post = record.progress.post.as_ref();
    let spent = record.progress.spent.unwrap_or(record.price);
    let mut statement = about(record).micros("spent_micros", spent.micros);
    if !record.progress.found_by.is_answer() {
        statement = statement.word("found_by", record.progress.found_by.as_str());
    }
    if let Some(post) = post {
        statement = statement.digest("external_id", Digest::of(post.id.as_bytes()));
        if let Some(at) = post.published_at {
            statement = statement.time("published_at", at);
        }
    }
    let words = serde_json::json!({
        "external_id": post.map(|post| &post.id),
        "external_url": post.and_then(|post| post.url.as_ref()),
        "said": said,
    });
    // The post's id and URL are evidence, whatever a pattern takes them for; what the platform said came redacted.
    draft(request, record, Verb::Success, outcome_event(record), statement)
        .with_attachment(Attachment::exact(words.to_string()))
}

pub(super) fn failure(request: &RequestRecord, record: &EffectRecord, said: &Said) -> Draft {
    let (code, message) = match &record.progress.refusal {
        Some(refusal) => (refusal.code, refusal.message.as_str()),
        None => (ErrorCode::Timeout, ""),
    };
    let statement = about(record).word("error_code", code.as_str());
    let words = serde_json::json!({ "error_message": message, "said": said });
    draft(request, record, Verb::Failure, outcome_event(record), statement)
        .with_attachment(Attachment::redacted(words.to_string()))
}

pub(super) fn unknown(request: &RequestRecord, record: &EffectRecord, reason: &str, said: &Said) -> Draft {
    let needs_human = if record.progress.needs_human { "yes" } else { "no" };
    let statement = about(record).word("needs_human", needs_human);
    let words = serde_json::json!({ "reason": reason, "said": said });
    draft(request, record, Verb::Unknown, outcome_event(record), statement)
        .with_attachment(Attachment::redacted(words.to_string()))
}

pub(super) fn processing(request: &RequestRecord, record: &EffectRecord, said: &Said) -> Draft {
    let words = serde_json::json!({ "pending_id": record.progress.pending_id, "said": said });
    draft(request, record, Verb::Processing, outcome_event(record), about(record))
        .with_attachment(Attachment::redacted(words.to_string()))
}

/// An answer that came late and settles nothing while a later attempt is under way.
pub(super) fn observed(request: &RequestRecord, record: &EffectRecord, what: &str) -> Draft {
    let words = serde_json::json!({ "reason": what });
    let id = event_id(record.id.as_uuid().as_bytes(), "observed", record.progress.version);
    draft(request, record, Verb::Observed, id, about(record))
        .with_attachment(Attachment::redacted(words.to_string()))
}

/// A post that should not be there, or of an undo one that should: the latest incident of the effect.
pub(super) fn incident(request: &RequestRecord, record: &EffectRecord) -> Draft {
    let latest = record.progress.incidents.last();
    let mut statement = about(record);
    if let Some(incident) = latest {
        statement = statement
            .integer("of_attempt", incident.attempt)
            .digest("external_id", Digest::of(incident.post.id.as_bytes()));
        tracing::error!(
            effect = %record.id,
            platform = %record.effect.content().platform,
            what = incident.what,
            "an incident: only a person can put it right"
        );
    }
    let words = serde_json::json!({
        "external_id": latest.map(|incident| &incident.post.id),
        "external_url": latest.and_then(|incident| incident.post.url.as_ref()),
        "what": latest.map(|incident| &incident.what),
    });
    let id = event_id(record.id.as_uuid().as_bytes(), "incident", record.progress.version);
    draft(request, record, Verb::Incident, id, statement)
        .with_attachment(Attachment::exact(words.to_string()))
}

/// A look had given the effect a post that another effect's own answer names: what was told is corrected. `next` is the
/// effect after the correction, with the post that it loses.
pub(super) fn corrected(request: &RequestRecord, record: &EffectRecord, next: &Progress) -> Draft {
    let mut statement = about(record);
    if let Some(post) = &next.post {
        statement = statement.digest("external_id", Digest::of(post.id.as_bytes()));
    }
    let words = serde_json::json!({ "reason": next.open_reason });
    let id = event_id(record.id.as_uuid().as_bytes(), "corrected", next.version);
    draft(request, record, Verb::Corrected, id, statement)
        .with_attachment(Attachment::redacted(words.to_string()))
}

/// An undo is known to be done: the post that it took back is public no more. `record` is the effect of that post afterwards.
pub(super) fn taken_back(request: &RequestRecord, record: &EffectRecord) -> Draft {
    let latest = record.progress.taken_back.last();
    let mut statement = about(record);
    if let Some(TakenBack { post, undo, authority, .. }) = latest {
        statement = statement
            .digest("external_id", Digest::of(post.id.as_bytes()))
            .id("undo", *undo.as_uuid())
            .word("authority", authority.as_str());
    }
    let words = serde_json::json!({
        "external_id": latest.map(|taken| &taken.post.id),
        "external_url": latest.and_then(|taken| taken.post.url.as_ref()),
    });
    let id = event_id(record.id.as_uuid().as_bytes(), "taken_back", record.progress.version);
    draft(request, record, Verb::TakenBack, id, statement)
        .with_attachment(Attachment::exact(words.to_string()))
}

/// What is so when an effect of this kind did not happen, for people.
pub(super) const fn did_not_happen(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Undo => "the post is still public",
        _ => "nothing was posted",
    }
}

/// A person settled it, or could not tell.
pub(super) fn by_hand(request: &RequestRecord, record: &EffectRecord, hand: &HandSettlement) -> Draft {
    let mut statement = about(record)
        .word("verdict", hand.verdict.as_str())
        .word("principal_role", hand.principal.role.as_str())
        .digest("principal", Digest::of(hand.principal.id.as_bytes()));
    if let Some(post) = &record.progress.post {
        statement = statement.digest("external_id", Digest::of(post.id.as_bytes()));
    }
    let words = serde_json::json!({ "principal": hand.principal.id, "note": hand.note });
    let id = event_id(record.id.as_uuid().as_bytes(), "settled_by_hand", record.progress.version);
    draft(request, record, Verb::SettledByHand, id, statement)
        .with_attachment(Attachment::redacted(words.to_string()))
}

/// A person lets what looks show be read by the rules of the profile now. It tells what the effect rests on from then on.
pub(super) fn claims_accepted(
    request: &RequestRecord,
    record: &EffectRecord,
    accepted: &AcceptedClaims,
) -> Draft {
    let AcceptedClaims { claims, principal, note } = accepted;
    let claims = record.progress.claims.unwrap_or(*claims);
    let statement = about(record)
        .word("principal_role", principal.role.as_str())
        .digest("principal", Digest::of(principal.id.as_bytes()))
        .word("sets_state", if claims.sets_state { "yes" } else { "no" })
        .micros("keys_for_s", claims.keys_for_s.unwrap_or(0).into());
    let words = serde_json::json!({ "principal": principal.id, "note": note, "claims": claims });
    let id = event_id(record.id.as_uuid().as_bytes(), "claims_accepted", record.progress.version);
    draft(request, record, Verb::ClaimsAccepted, id, statement)
        .with_attachment(Attachment::redacted(words.to_string()))
}

/// It cost more than was held for it, or was paid in another currency: the budgets may be past their limits.
pub(super) fn overrun(request: &RequestRecord, record: &EffectRecord, held: Money, spent: Money) -> Draft {
    let currency = if held.currency == spent.currency { "same" } else { "other" };
    let statement = about(record)
        .micros("held_micros", held.micros)
        .micros("cost_micros", spent.micros)
        .word("currency", currency);
    let words = serde_json::json!({ "held": held, "cost": spent });
    let id = event_id(record.id.as_uuid().as_bytes(), "overrun", record.progress.version);
    draft(request, record, Verb::Overrun, id, statement).with_attachment(Attachment::exact(words.to_string()))
}

/// The end of an invocation: no holder acts on any effect of the request. It comes again when that changes what is known.
pub(super) fn complete(request: &RequestRecord, effects: &[&EffectRecord], now: DateTime<Utc>) -> Draft {
    let tally: Tally = effects.iter().map(|record| record.progress.state).collect();
    let round = effects.iter().fold(0_u64, |sum, record| sum.saturating_add(record.progress.version));
    let duration = now.signed_duration_since(request.admitted_at).num_milliseconds().max(0);
    let statement = Statement::new()
        .id("request_id", *request.id.as_uuid())
        .word("status", tally.whole().as_str())
        .list("successful_platforms", platforms(effects, |one| one.published == 1))
        .list("failed_platforms", platforms(effects, |one| one.failed == 1))
        .list("unknown_platforms", platforms(effects, |one| one.unknown == 1))
        .list("pending_platforms", platforms(effects, |one| one.pending == 1))
        .micros("duration_ms", duration.unsigned_abs());
    whole(request, Verb::Complete, event_id(request.id.as_uuid().as_bytes(), "complete", round), statement)
}

/// The platforms of those effects that count as `wanted` says.
fn platforms(effects: &[&EffectRecord], wanted: impl Fn(Tally) -> bool) -> Vec<Atom> {
    let counted = |record: &&&EffectRecord| wanted([record.progress.state].into_iter().collect());
    let mut found: Vec<_> = effects.iter().filter(counted).copied().collect();
    found.sort_by_key(|record| record.position);
    found.iter().map(|record| Atom::word(record.effect.content().platform.as_str())).collect()
}

fn about(record: &EffectRecord) -> Statement {
    let content = record.effect.content();
    let statement = Statement::new()
        .id("request_id", *record.request.as_uuid())
        .id("effect_id", *record.id.as_uuid())
        .word("platform", content.platform.as_str())
        .word("kind", content.kind.as_str())
        .digest("effect", record.effect.digest())
        .digest("account", Digest::of(content.account.as_bytes()))
        .integer("attempt", record.progress.attempts);
    match record.undoes {
        Some(undoes) => statement.id("undoes", *undoes.effect.as_uuid()),
        None => statement,
    }
}

/// An event about one effect.
fn draft(
    request: &RequestRecord,
    record: &EffectRecord,
    verb: Verb,
    id: EventId,
    statement: Statement,
) -> Draft {
    let subject = Subject::Effect { request: record.request, effect: record.id };
    Draft { subject: Some(subject), ..whole(request, verb, id, statement) }
}

/// An event about the request as a whole.
fn whole(request: &RequestRecord, verb: Verb, id: EventId, statement: Statement) -> Draft {
    Draft::new(id, kind(request.key.skill, verb), request.key.namespace.clone(), statement)
        .about(Subject::Request(request.id))
        .with_correlation(Some(request.correlation))
}

/// A request that was refused before anything of it was recorded in the journal.
#[derive(Clone, Copy, Debug)]
pub struct RefusedRequest<'a> {
    /// The key.
    pub key: &'a RequestKey,
    /// The trace.
    pub correlation: Option<CorrelationId>,
    /// Who asked; kept as a digest.
    pub actor: &'a str,
    /// In whose name, where known.
    pub agent: Option<AgentId>,
    /// The campaign, where known.
    pub campaign: Option<CampaignId>,
    /// The task, where known.
    pub task: Option<TaskId>,
    /// The decision that was claimed.
    pub decision: Option<DecisionId>,
    /// The digests of the effects that were asked for, as far as they could be made.
    pub effects: &'a [Digest],
    /// Why.
    pub why: &'a Refused,
}

/// The event of a refusal. The same refusal of the same request is the same event, so asking a hundred times adds one.
#[must_use]
pub fn refusal_draft(refused: &RefusedRequest<'_>) -> Draft {
    let request = refused.key.request_id();
    let mut parts: Vec<&[u8]> = vec![
        request.as_uuid().as_bytes(),
        refused.why.code.as_str().as_bytes(),
        refused.why.message.as_bytes(),
        refused.actor.as_bytes(),
    ];
    parts.extend(refused.effects.iter().map(|digest| digest.as_bytes().as_slice()));
    if let Some(decision) = &refused.decision {
        parts.push(decision.as_uuid().as_bytes());
    }
    // Whatever the statement tells is in the id, so that two refusals with one id are the same event.
    let told = [
        refused.correlation.as_ref().map(|id| id.as_uuid()),
        refused.agent.as_ref().map(|id| id.as_uuid()),
        refused.campaign.as_ref().map(|id| id.as_uuid()),
        refused.task.as_ref().map(|id| id.as_uuid()),
    ];
    parts.extend(told.into_iter().map(|id| id.map_or([].as_slice(), |id| id.as_bytes().as_slice())));
    let id = EventId::from_uuid(derive_uuid("chimera/refusal/v1", &parts));
    let ids = [
        ("agent_id", refused.agent.map(|id| *id.as_uuid())),
        ("campaign_id", refused.campaign.map(|id| *id.as_uuid())),
        ("task_id", refused.task.map(|id| *id.as_uuid())),
        ("decision_id", refused.decision.map(|id| *id.as_uuid())),
    ];
    let statement = Statement::new()
        .id("request_id", *request.as_uuid())
        .word("error_code", refused.why.code.as_str())
        .digest("idempotency_key", Digest::of(refused.key.key.as_bytes()))
        .digest("actor", Digest::of(refused.actor.as_bytes()))
        .list("effects", refused.effects.iter().map(|digest| Atom::from(*digest)).collect());
    let statement = ids
        .into_iter()
        .filter_map(|(name, id)| id.map(|id| (name, id)))
        .fold(statement, |statement, (name, id)| statement.id(name, id));
    let words = serde_json::json!({
        "error_message": refused.why.message,
        "platform": refused.why.platform.map(chimera_contracts::PlatformName::as_str),
    });
    Draft::new(id, kind(refused.key.skill, Verb::Refused), refused.key.namespace.clone(), statement)
        .about(Subject::Request(request))
        .with_correlation(refused.correlation)
        .with_attachment(Attachment::redacted(words.to_string()))
}
