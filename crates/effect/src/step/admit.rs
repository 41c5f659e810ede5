//! What an admission writes.

use std::collections::BTreeSet;

use chimera_audit::Draft;
use chimera_contracts::{AgentId, CampaignId, Digest, EffectId, ErrorCode, InstanceId, Money};
use chimera_governance::review::{Review, ReviewState};
use chimera_governance::{Balance, Standing, Use, use_of};
use chrono::{DateTime, Utc};

use super::after;
use super::begin::{begun, first_equal, outside_window};
use super::evidence;
use crate::effect::Effect;
use crate::journal::{Admission, Admit, NewEffect, Refused};
use crate::outcome::FoundBy;
use crate::record::{CallKey, EffectRecord, Lease, Progress, RequestRecord, RequestView, effect_id};
use crate::state::EffectState;

/// An approval that the admission uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewApproval {
    /// The place of the effect that uses it.
    pub position: usize,
}

/// Everything that an admission writes.
#[derive(Debug)]
pub struct Admitted {
    /// The request and its effects.
    pub view: RequestView,
    /// The effects whose use of their approval is new; all but those that used it before.
    pub uses: Vec<NewApproval>,
    /// What the budget holds for them; `None` when they cost nothing.
    pub hold: Option<Money>,
    /// The evidence, in order.
    pub drafts: Vec<Draft>,
}

/// Whether a request for these effects is the one that `view` shows, or a part of it (PUB-05).
///
/// # Errors
/// With what differs, in words.
pub fn same_effects<'a>(
    view: &RequestView,
    campaign: CampaignId,
    agent: AgentId,
    effects: impl IntoIterator<Item = &'a Effect>,
) -> Result<(), String> {
    let known: BTreeSet<Digest> = view.effects.iter().map(|record| record.effect.digest()).collect();
    let strange = effects.into_iter().find(|effect| !known.contains(&effect.digest()));
    if view.request.campaign != campaign {
        Err("the key belongs to a request of another campaign".to_owned())
    } else if view.request.agent != agent {
        Err("the key belongs to a request of another agent".to_owned())
    } else if let Some(effect) = strange {
        let platform = effect.content().platform;
        Err(format!("the key belongs to a request with other content, or none, for `{platform}`"))
    } else {
        Ok(())
    }
}

/// Whether a request to be admitted is the one that `view` shows, or a part of it.
///
/// # Errors
/// With what differs, in words.
pub fn same_request(view: &RequestView, admit: &Admit) -> Result<(), String> {
    let effects = admit.effects.iter().map(|new| new.approved.get());
    same_effects(view, admit.campaign, admit.agent, effects)
}

/// What an admission comes to whose key, or a former form of it, is known. Under a former form the words of the same request
/// may differ in their bytes, so that its effects are not compared.
#[must_use]
pub fn known(view: RequestView, admit: &Admit) -> Admission {
    let same = if view.request.key == admit.key {
        same_request(&view, admit)
    } else {
        same_effects(&view, admit.campaign, admit.agent, [])
    };
    match same {
        Ok(()) => Admission::Known(view),
        Err(message) => Admission::Conflict { message },
    }
}

/// Whether the review that an admission names lets it in: there is none, or it was approved by the decision that is used.
///
/// # Errors
/// With where the review stands.
pub fn check_review(admit: &Admit, review: Option<&Review>) -> Result<(), Refused> {
    let Some(review) = review else { return Ok(()) };
    let decided =
        |new: &NewEffect| review.decision.as_ref().is_some_and(|by| by.id == new.approved.decision());
    let code = match review.state {
        ReviewState::Approved | ReviewState::Executed if admit.effects.iter().all(decided) => return Ok(()),
        ReviewState::Rejected => ErrorCode::ReviewRejected,
        ReviewState::Expired => ErrorCode::ReviewExpired,
        ReviewState::Cancelled => ErrorCode::Cancelled,
        _ => ErrorCode::IdempotencyConflict,
    };
    let message = format!("a review of the request stands in the way: it is {}", review.state.as_str());
    Err(Refused { code, platform: None, message })
}

/// Computes an admission. `standings` are the decisions of the effects, in order; `balance` is the campaign's budget;
/// `open` are the effects of the same accounts that are being attempted or unknown: what would show the same is waited for.
///
/// # Errors
/// With the first reason why the request may not be.
pub fn admit(
    admit: &Admit,
    standings: &[Option<Standing>],
    balance: Option<Balance>,
    open: &[EffectRecord],
    instance: InstanceId,
    now: DateTime<Utc>,
) -> Result<Admitted, Refused> {
    let request = RequestRecord {
        v: 1,
        id: admit.key.request_id(),
        key: admit.key.clone(),
        campaign: admit.campaign,
        agent: admit.agent,
        correlation: admit.correlation,
        task: admit.task,
        artifact: admit.artifact.clone(),
        asked_by: admit.asked_by.clone(),
        admitted_at: now,
    };
    check_shape(admit, now)?;
    // Each is a hash, and needed more than once.
    let ids: Vec<EffectId> =
        admit.effects.iter().map(|new| effect_id(request.id, &new.approved.digest())).collect();
    let uses = uses(admit, &ids, standings, now)?;
    let hold = hold(admit, balance)?;
    let mut drafts = vec![evidence::start(&request, admit)];
    let mut effects = Vec::with_capacity(admit.effects.len());
    for ((position, new), id) in (0_u32..).zip(&admit.effects).zip(ids) {
        let record = new_record(&request, (position, id), new, open, instance, now);
        if record.progress.state == EffectState::Attempting {
            drafts.push(evidence::attempt(&request, &record));
        }
        effects.push(record);
    }
    Ok(Admitted { view: RequestView { request, effects }, uses, hold, drafts })
}

/// What a caller may not have put together: effects of another payer or tenant, one effect twice, none, one out of its time.
fn check_shape(admit: &Admit, now: DateTime<Utc>) -> Result<(), Refused> {
    let refuse = |platform, message: &str| Refused {
        code: ErrorCode::ValidationError,
        platform,
        message: message.to_owned(),
    };
    if admit.effects.is_empty() {
        return Err(refuse(None, "the request has no effects"));
    }
    let mut seen = BTreeSet::new();
    for new in &admit.effects {
        let content = new.approved.get().content();
        let platform = Some(content.platform);
        if content.campaign != admit.campaign || content.namespace != admit.key.namespace {
            return Err(refuse(platform, "the effect was approved for another campaign or tenant"));
        }
        if !seen.insert(new.approved.digest()) {
            return Err(refuse(platform, "the request names one effect twice"));
        }
        if let Some(refused) = outside_window(content, now) {
            return Err(refused);
        }
    }
    Ok(())
}

fn uses(
    admit: &Admit,
    ids: &[EffectId],
    standings: &[Option<Standing>],
    now: DateTime<Utc>,
) -> Result<Vec<NewApproval>, Refused> {
    let mut uses = Vec::new();
    for ((position, new), effect) in admit.effects.iter().enumerate().zip(ids) {
        let refuse = |denial: chimera_governance::Denial| Refused {
            code: denial.code(),
            platform: Some(new.approved.get().content().platform),
            message: denial.as_str().to_owned(),
        };
        let Some(Some(standing)) = standings.get(position) else {
            return Err(refuse(chimera_governance::Denial::Unknown));
        };
        let digest = new.approved.digest();
        let agent = Some(admit.agent);
        match use_of(&standing.decision, &admit.key.namespace, &digest, *effect, agent, standing.used_by, now)
        {
            Use::Granted => uses.push(NewApproval { position }),
            Use::Already => {}
            Use::Refused(denial) => return Err(refuse(denial)),
        }
    }
    Ok(uses)
}

/// What the budget has to hold, which it can.
fn hold(admit: &Admit, balance: Option<Balance>) -> Result<Option<Money>, Refused> {
    let refuse = |message| Refused { code: ErrorCode::BudgetExceeded, platform: None, message };
    let priced: Vec<Money> =
        admit.effects.iter().map(|effect| effect.price).filter(|price| price.micros > 0).collect();
    let Some(first) = priced.first() else { return Ok(None) };
    let Some(balance) = balance else {
        return Err(refuse("no budget is set for the campaign, and its posts are not free".to_owned()));
    };
    priced
        .iter()
        .try_fold(balance, |balance, price| balance.hold(*price))
        .map_err(|denial| refuse(denial.to_string()))?;
    // Each of them fits beside the others, so the sum is no overflow and of one currency.
    let micros = priced.iter().fold(0_u64, |sum, price| sum.saturating_add(price.micros));
    Ok(Some(Money { micros, ..*first }))
}

fn new_record(
    request: &RequestRecord,
    (position, id): (u32, EffectId),
    new: &NewEffect,
    open: &[EffectRecord],
    instance: InstanceId,
    now: DateTime<Utc>,
) -> EffectRecord {
    let effect = new.approved.get().clone();
    let equal = first_equal(id, effect.content(), open);
    let waiting = Progress {
        v: 1,
        state: EffectState::Admitted,
        epoch: 1,
        version: 1,
        attempts: 0,
        began_at: None,
        send_before: None,
        settled_from: None,
        unsettled_since: None,
        resend_refused: false,
        absent_looks: 0,
        needs_human: equal.is_some_and(|other| other.progress.needs_human),
        due_at: Some(now),
        lease: Some(Lease { holder: instance, until: after(now, new.lease) }),
        uploads: Vec::new(),
        post: None,
        refusal: None,
        spent: None,
        held: true,
        changed_at: now,
        last_step: None,
        pending_id: None,
        said: None,
        found_by: FoundBy::Answer,
        open_reason: None,
        candidates: Vec::new(),
        looks: 0,
        latest_look: None,
        waits_for: equal.map(|other| other.id),
        incidents: Vec::new(),
    };
    let progress = match new.begin {
        Some(window) if waiting.waits_for.is_none() => {
            begun(waiting, EffectState::Attempting, window, instance, now)
        }
        _ => waiting,
    };
    EffectRecord {
        id,
        request: request.id,
        position,
        call_key: CallKey::within(request.id, &effect),
        decision: new.approved.decision(),
        approver: new.approved.approver().clone(),
        price: new.price,
        effect,
        progress,
    }
}
