//! What an admission writes.

use std::collections::BTreeSet;

use chimera_audit::Draft;
use chimera_contracts::{AgentId, CampaignId, Digest, EffectId, ErrorCode, InstanceId, Money};
use chimera_governance::review::{Review, ReviewState};
use chimera_governance::{ApproverRole, Authority, Balance, BudgetOwner, Denial, Standing, Use, use_of};
use chrono::{DateTime, Utc};

use super::after;
use super::begin::{begun, first_equal, too_late};
use super::change::Owner;
use super::evidence;
use super::pause::stops;
use super::turn::{Turn, too_early, turn};
use super::undo::{Rule, Undo};
use crate::effect::{Effect, EffectKind};
use crate::journal::{Admission, Admit, NewEffect, Refused};
use crate::outcome::FoundBy;
use crate::pause::Pause;
use crate::record::{CallKey, EffectRecord, Lease, Progress, RequestRecord, RequestView, effect_id};
use crate::state::EffectState;
use crate::undo::UNDO_KEYS;

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
    /// What each budget of the request holds for them; `None` when they cost nothing.
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

/// What is stored around a request that is to be admitted.
#[derive(Clone, Copy, Debug)]
pub struct AdmitContext<'a> {
    /// The decisions of its effects, in their order: each towards the digest that it lists, which for an undo by the rule of its
    /// post's decision is the post's.
    pub standings: &'a [Option<Standing>],
    /// The budgets of [`Admit::budgets`], where they are set.
    pub balances: &'a [(BudgetOwner, Option<Balance>)],
    /// Effects of the same accounts that are being attempted or unknown: what would show the same is waited for.
    pub open: &'a [EffectRecord],
    /// The switches that stop effects of these accounts and the tenant.
    pub pauses: &'a [Pause],
    /// The effect that an undo takes back ([`NewEffect::undoes`]), with its request.
    pub undone: Option<Owner<'a>>,
    /// The effects that own the target of an undo that names no post of ours; `None` where they were not asked for.
    pub owners: Option<&'a [EffectRecord]>,
    /// The opener that admits it.
    pub instance: InstanceId,
    /// The store's clock.
    pub now: DateTime<Utc>,
}

/// Computes an admission.
///
/// # Errors
/// With the first reason why the request may not be.
pub fn admit(admit: &Admit, context: &AdmitContext<'_>) -> Result<Admitted, Refused> {
    let &AdmitContext { balances, now, .. } = context;
    let mut request = RequestRecord {
        v: 1,
        id: admit.key.request_id(),
        key: admit.key.clone(),
        campaign: admit.campaign,
        agent: admit.agent,
        correlation: admit.correlation,
        task: admit.task,
        artifact: admit.artifact.clone(),
        asked_by: admit.asked_by.clone(),
        plan: admit.plan,
        further_budgets: Vec::new(),
        admitted_at: now,
    };
    check_shape(admit, now)?;
    check_undo(admit, context)?;
    // Each is a hash, and needed more than once.
    let ids: Vec<EffectId> =
        admit.effects.iter().map(|new| effect_id(request.id, &new.approved.digest())).collect();
    let uses = uses(admit, &ids, context)?;
    let hold = hold(admit, balances)?;
    if hold.is_some() {
        let set = balances.iter().filter(|(_, balance)| balance.is_some()).map(|(owner, _)| owner.clone());
        request.further_budgets =
            set.filter(|owner| *owner != BudgetOwner::Campaign(admit.campaign)).collect();
    }
    let mut drafts = vec![evidence::start(&request, admit)];
    let mut effects: Vec<EffectRecord> = Vec::with_capacity(admit.effects.len());
    for ((position, new), id) in (0_u32..).zip(&admit.effects).zip(ids) {
        let record = new_record(&request, (position, id), new, &effects, context);
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
        if let Some(refused) = too_late(content, now) {
            return Err(refused);
        }
    }
    Ok(())
}

/// What a caller may not have put together about undos: one beside other effects, under another key than its post gives, of a
/// post that it does not name; a key of undos for something else.
fn check_undo(admit: &Admit, &AdmitContext { undone, .. }: &AdmitContext<'_>) -> Result<(), Refused> {
    let refuse = |platform, message: &str| {
        Err(Refused { code: ErrorCode::ValidationError, platform, message: message.to_owned() })
    };
    let takes_back = admit.effects.iter().any(|new| new.undoes.is_some());
    // Nobody stands in the way of an undo by asking for something else under its key.
    if !takes_back && admit.key.key.starts_with(UNDO_KEYS) {
        return refuse(None, "the key belongs to the undo of a post");
    }
    for new in &admit.effects {
        let content = new.approved.get().content();
        let platform = Some(content.platform);
        let is_undo = content.kind == EffectKind::Undo;
        if is_undo && (content.target.is_none() || !content.text.is_empty() || !content.media.is_empty()) {
            return refuse(platform, "an undo names a post and says nothing");
        }
        let Some(undoes) = new.undoes else {
            continue;
        };
        if !is_undo || admit.effects.len() != 1 || !admit.former_keys.is_empty() {
            return refuse(platform, "an undo is the only effect of its request");
        }
        let key =
            |post: Owner<'_>| undoes.key(&post.request.key, new.approved.decision(), new.approved.get());
        if undone.is_some_and(|post| key(post) != admit.key) {
            return refuse(platform, "the undo of a post is requested under the key that the post gives");
        }
    }
    Ok(())
}

fn uses(
    admit: &Admit,
    ids: &[EffectId],
    &AdmitContext { standings, undone, owners, now, .. }: &AdmitContext<'_>,
) -> Result<Vec<NewApproval>, Refused> {
    let mut uses = Vec::new();
    for ((position, new), effect) in admit.effects.iter().enumerate().zip(ids) {
        let refuse = |denial: Denial| Refused {
            code: denial.code(),
            platform: Some(new.approved.get().content().platform),
            message: denial.as_str().to_owned(),
        };
        let Some(Some(standing)) = standings.get(position) else {
            return Err(refuse(Denial::Unknown));
        };
        // A policy lets engagements happen (ENG-05). What is published or taken down, a person or a judge decided.
        let kind = new.approved.get().content().kind;
        let by_policy = standing.decision.approver.role == ApproverRole::Policy;
        if by_policy && matches!(kind, EffectKind::Publish | EffectKind::Undo) {
            return Err(refuse(Denial::WrongRole));
        }
        let undo = Undo::new(new, admit.agent);
        if undo.check(undone, owners, Some(standing), now)? != Rule::Holds {
            return Err(undo.none_failed());
        }
        // What the rule of a decision allows uses none of the digests that the decision lists.
        if new.approved.authority() == Authority::TakesBack {
            continue;
        }
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

/// What each of the budgets has to hold, which they all can.
fn hold(admit: &Admit, balances: &[(BudgetOwner, Option<Balance>)]) -> Result<Option<Money>, Refused> {
    let refuse = |message| Refused { code: ErrorCode::BudgetExceeded, platform: None, message };
    let priced: Vec<Money> =
        admit.effects.iter().map(|effect| effect.price).filter(|price| price.micros > 0).collect();
    let Some(first) = priced.first() else { return Ok(None) };
    for owner in admit.budgets() {
        let balance = balances.iter().find(|(known, _)| *known == owner).and_then(|(_, balance)| *balance);
        let Some(balance) = balance else {
            match owner {
                BudgetOwner::Tenant | BudgetOwner::Agent(_) => continue,
                BudgetOwner::Campaign(_) | BudgetOwner::Named(_) => {
                    let message = format!("no budget is set for {owner}, and its posts are not free");
                    return Err(refuse(message));
                }
            }
        };
        priced
            .iter()
            .try_fold(balance, |balance, price| balance.hold(*price))
            .map_err(|denial| refuse(format!("of {owner}: {denial}")))?;
    }
    // Each of them fits beside the others, so the sum is no overflow and of one currency.
    let micros = priced.iter().fold(0_u64, |sum, price| sum.saturating_add(price.micros));
    Ok(Some(Money { micros, ..*first }))
}

/// An effect of a request; `before` are the effects before it.
fn new_record(
    request: &RequestRecord,
    (position, id): (u32, EffectId),
    new: &NewEffect,
    before: &[EffectRecord],
    &AdmitContext { open, pauses, instance, now, .. }: &AdmitContext<'_>,
) -> EffectRecord {
    let effect = new.approved.get().clone();
    let equal = first_equal(id, effect.content(), open);
    let opens = too_early(&request.plan, effect.content(), now);
    let turn = turn(&request.plan, position, before, now);
    let later = matches!(turn, Turn::Later { .. });
    let lease = Lease { holder: instance, until: after(now, new.lease) };
    let waiting = Progress {
        v: 1,
        state: if opens.is_some() { EffectState::Scheduled } else { EffectState::Admitted },
        epoch: 1,
        version: 1,
        attempts: 0,
        began_at: None,
        send_before: None,
        settled_from: None,
        unsettled_since: None,
        claims: None,
        resend_refused: false,
        absent_looks: 0,
        needs_human: equal.is_some_and(|other| other.progress.needs_human),
        // Its turn makes it due, where others go before it.
        due_at: match turn {
            Turn::Later { until: None } => None,
            Turn::Later { until } => opens.max(until),
            Turn::Now | Turn::Never => Some(opens.unwrap_or(now)),
        },
        // Its caller does not wait for its time.
        lease: Some(lease).filter(|_| opens.is_none()),
        uploads: Vec::new(),
        post: None,
        refusal: None,
        cost: None,
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
        paused_by: None,
        incidents: Vec::new(),
        taken_back: Vec::new(),
    };
    let stop = stops(effect.content(), pauses).filter(|_| opens.is_none());
    let progress = match new.begin {
        _ if stop.is_some() => Progress { paused_by: stop.map(|stop| stop.key.clone()), ..waiting },
        Some(window) if waiting.waits_for.is_none() && opens.is_none() && !later => {
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
        authority: new.approved.authority(),
        undoes: new.undoes,
        price: new.price,
        effect,
        progress,
    }
}
