//! What lets an undo begin, and what it does to its post once it is known to be done.

use chimera_contracts::{AgentId, DecisionId, ErrorCode, RequestId};
use chimera_governance::{Authority, Denial, Standing, permits_undo};
use chrono::{DateTime, Utc};

use super::change::{Change, Context, Owner};
use super::evidence;
use super::told::with_complete;
use crate::effect::{Effect, EffectKind};
use crate::journal::{NewEffect, Refused, Step};
use crate::outcome::{FoundBy, Outcome};
use crate::record::{EffectRecord, Progress, TakenBack};
use crate::state::{EffectEvent, EffectState, transition};
use crate::undo::Undoes;

/// The request of the post that an undo takes back, where the step asks for it or moves it: a journal gives it to the step and
/// makes its revision a condition.
#[must_use]
pub fn undone_request(record: &EffectRecord, step: &Step) -> Option<RequestId> {
    record.undoes.filter(|_| asks_for_the_post(step)).map(|undoes| undoes.request)
}

/// The post that an undo names by its target alone, where the step asks whose it is: a journal gives the effects that own it
/// to the step, and makes it a condition that they still do.
#[must_use]
pub fn unnamed_post<'a>(record: &'a EffectRecord, step: &Step) -> Option<&'a str> {
    let names_none = record.kind() == EffectKind::Undo && record.undoes.is_none();
    record.effect.content().target.as_deref().filter(|_| names_none && asks_for_the_post(step))
}

const fn asks_for_the_post(step: &Step) -> bool {
    matches!(
        step,
        Step::Begin { .. }
            | Step::Prepare
            | Step::Done { .. }
            | Step::SettledByHand(_)
            | Step::Observed { outcome: Outcome::Done(_), .. }
    )
}

/// An undo as it is to be admitted or begun.
#[derive(Clone, Copy)]
pub(super) struct Undo<'a> {
    pub(super) effect: &'a Effect,
    pub(super) undoes: Option<Undoes>,
    pub(super) authority: Authority,
    pub(super) decision: DecisionId,
    pub(super) agent: AgentId,
}

impl<'a> Undo<'a> {
    pub(super) fn new(new: &'a NewEffect, agent: AgentId) -> Self {
        Self {
            effect: new.approved.get(),
            undoes: new.undoes,
            authority: new.approved.authority(),
            decision: new.approved.decision(),
            agent,
        }
    }

    pub(super) fn of(record: &'a EffectRecord, agent: AgentId) -> Self {
        let EffectRecord { effect, undoes, authority, decision, .. } = record;
        Self { effect, undoes: *undoes, authority: *authority, decision: *decision, agent }
    }

    /// Whether the post as it is stored can be taken back by this, and what the rule of its decision says where nothing else
    /// allows it: [`Rule::NotYet`] is for the caller to refuse or to wait for. `standing` is that of the undo's decision towards the post's digest then; `owners` are the effects that own the post
    /// of an undo that names none.
    pub(super) fn check(
        &self,
        post: Option<Owner<'_>>,
        owners: Option<&[EffectRecord]>,
        standing: Option<&Standing>,
        now: DateTime<Utc>,
    ) -> Result<Rule, Refused> {
        let platform = Some(self.effect.content().platform);
        let refuse = |code, message: String| Err(Refused { code, platform, message });
        let deny = |denial: Denial| refuse(denial.code(), denial.as_str().to_owned());
        let Some(undoes) = self.undoes else {
            let message = match owners {
                _ if self.effect.content().kind != EffectKind::Undo => None,
                Some([]) => None,
                Some(_) => Some("the post belongs to an effect, and the undo does not name it"),
                // A journal that does not say whose the post is gets nothing deleted.
                None => Some("the journal does not say whose the post is, and the undo names no effect"),
            };
            if let Some(message) = message {
                return refuse(ErrorCode::ValidationError, message.to_owned());
            }
            // By a derived authority nothing happens but the undo of a post of ours.
            return if self.authority.is_listed() { Ok(Rule::Holds) } else { deny(Denial::NotItsEffect) };
        };
        let its_own = |post: &Owner<'_>| post.record.id == undoes.effect && post.request.id == undoes.request;
        let Some(post) = post.filter(its_own) else {
            return refuse(
                ErrorCode::ValidationError,
                "there is no effect of that id to take back".to_owned(),
            );
        };
        let progress = &post.record.progress;
        if progress.state != EffectState::Published || progress.generation() != undoes.generation {
            let state = progress.state;
            let mut message = format!("the post to be taken back is not public: it is {state}");
            if state == EffectState::RolledBack && !progress.is_taken_down() {
                message.push_str("; revoke the decision that allowed it, so that it stays down");
            }
            return refuse(ErrorCode::ValidationError, message);
        }
        // Tenant, campaign, platform, account and the id of the post are all in the digest.
        if !is_undo_of(self.effect, post.record) {
            let message = "it is not the undo of that post, as it is stored".to_owned();
            return refuse(ErrorCode::ValidationError, message);
        }
        match self.authority {
            Authority::Listed => Ok(Rule::Holds),
            Authority::TakesBack if post.record.decision != self.decision => deny(Denial::NotItsEffect),
            Authority::TakesBack if post.request.agent != self.agent => deny(Denial::OtherAgent),
            Authority::TakesBack => {
                let Some(standing) = standing.filter(|standing| standing.decision.id == self.decision) else {
                    return deny(Denial::Unknown);
                };
                let EffectRecord { id, effect, .. } = post.record;
                let (namespace, digest) = (&effect.content().namespace, effect.digest());
                let Standing { decision, used_by } = standing;
                match permits_undo(decision, namespace, &digest, *id, Some(self.agent), *used_by) {
                    Err(denial) => deny(denial),
                    Ok(()) => match rule_of(post.siblings, now) {
                        Rule::Never => Err(self.none_failed()),
                        rule => Ok(rule),
                    },
                }
            }
        }
    }

    /// The refusal of an undo by a rule that does not hold.
    pub(super) fn none_failed(&self) -> Refused {
        Refused {
            code: ErrorCode::ApprovalNotGranted,
            platform: Some(self.effect.content().platform),
            message: "the rule takes a post back when another effect of its request failed, and none did"
                .to_owned(),
        }
    }
}

/// What the other effects of a post's request make of the rule by which it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// One of them did not happen, or a decision lists the undo and asks for none of that.
    Holds,
    /// None failed, and one may still.
    NotYet,
    /// All of them are public.
    Never,
}

fn rule_of(siblings: &[EffectRecord], now: DateTime<Utc>) -> Rule {
    if siblings.iter().any(|sibling| has_failed(sibling, now)) {
        Rule::Holds
    } else if siblings.iter().all(|sibling| sibling.progress.state == EffectState::Published) {
        Rule::Never
    } else {
        Rule::NotYet
    }
}

/// Whether an effect did not happen, and does not by itself: the case for which an approver lets what is public beside it be
/// taken back.
fn has_failed(sibling: &EffectRecord, now: DateTime<Utc>) -> bool {
    match sibling.progress.state {
        EffectState::Failed | EffectState::Cancelled => true,
        // Where it is due it is attempted again, and so it is where a holder uploads its media just now.
        EffectState::NotDone => sibling.progress.due_at.is_none() && !sibling.under_way(now),
        EffectState::RolledBack => !sibling.under_way(now),
        _ => false,
    }
}

/// Whether an undo by the rule waits: none of the other effects of its post's request failed, and one may still. What failed for
/// now may be attempted just when the undo is to begin, and the undo under this key is the only one by its rule.
pub(super) fn waits_for_a_failure(undo: &EffectRecord, context: &Context<'_>) -> bool {
    let rule = |post: Owner<'_>| rule_of(post.siblings, context.now) == Rule::NotYet;
    undo.authority == Authority::TakesBack && undo.undoes.is_some() && context.undone.is_some_and(rule)
}

/// Whether an effect is the one that takes back the post of another one as it is stored.
fn is_undo_of(undo: &Effect, post: &EffectRecord) -> bool {
    undo.content().kind == EffectKind::Undo && post.undo().is_some_and(|own| own.digest() == undo.digest())
}

/// Why the post that an undo took back may be one that it was not to touch: it was another effect's when the undo was known to
/// be done. What another undo of it took back before is gone already.
pub(super) fn strayed(undo: &EffectRecord, context: &Context<'_>) -> Option<&'static str> {
    let target = undo.effect.content().target.as_deref()?;
    match (undo.undoes, context.undone) {
        (None, _) if context.owners.is_some_and(<[EffectRecord]>::is_empty) => None,
        (None, _) => Some("an effect published the post meanwhile that this undo took back"),
        (Some(_), Some(post)) => {
            let progress = &post.record.progress;
            let its_own = is_undo_of(&undo.effect, post.record)
                || progress.taken_back.iter().any(|taken| taken.post.id == target);
            (!its_own).then_some("the post that this undo took back was not that effect's any more")
        }
        (Some(_), None) => Some("the effect whose post this undo took back is gone"),
    }
}

/// What happens to the post of an undo that is known to be done: it is public no more, and its id is free. `None` where it
/// is not public under that id any more.
pub(super) fn taken_back(undo: &EffectRecord, post: &Owner<'_>, now: DateTime<Utc>) -> Option<Change> {
    let undoes = undo.undoes.filter(|undoes| undoes.effect == post.record.id)?;
    let progress = &post.record.progress;
    if progress.generation() != undoes.generation || !is_undo_of(&undo.effect, post.record) {
        return None;
    }
    let state = transition(progress.state, EffectEvent::TakeBack).ok()?;
    let mut taken_back = progress.taken_back.clone();
    taken_back.push(TakenBack {
        post: progress.post.clone()?,
        undo: undo.id,
        authority: undo.authority,
        at: now,
        attempts: progress.attempts,
        spent: progress.spent,
    });
    let next = Progress {
        state,
        // Nobody works on what is public; should a stale holder come by, it is fenced.
        epoch: progress.epoch.saturating_add(1),
        version: progress.version.saturating_add(1),
        unsettled_since: None,
        due_at: None,
        lease: None,
        // Another call key uploads anew: the platform may have deleted the media with their post.
        uploads: Vec::new(),
        post: None,
        changed_at: now,
        last_step: None,
        said: None,
        found_by: FoundBy::Answer,
        taken_back,
        ..progress.clone()
    };
    let call_key = post.record.call_key.next_generation();
    let record = EffectRecord { progress: next, call_key, ..post.record.clone() };
    let drafts = vec![evidence::taken_back(post.request, &record)];
    let drafts = with_complete(drafts, &record, post.request, post.siblings, now);
    Some(Change { record, budget: None, drafts, released: Vec::new(), disowned: None, taken_back: None })
}

#[cfg(test)]
mod tests {
    use chimera_contracts::{
        CampaignId, CorrelationId, EffectId, Money, Namespace, PlatformName, SkillName, derive_uuid,
    };
    use chimera_governance::{Approver, ApproverRole, Decision, Reversible as _, Verdict};

    use super::*;
    use crate::effect::EffectV1;
    use crate::outcome::ExternalPost;
    use crate::plan::ExecutionPlan;
    use crate::record::{CallKey, RequestKey, RequestRecord, effect_id};

    macro_rules! id {
        ($kind:ident, $what:literal) => {
            $kind::from_uuid(derive_uuid("test", &[$what.as_bytes()]))
        };
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap()
    }

    fn request() -> RequestRecord {
        let key =
            RequestKey { namespace: Namespace::default(), skill: SkillName::Publish, key: "k".to_owned() };
        RequestRecord {
            v: 1,
            id: key.request_id(),
            key,
            campaign: id!(CampaignId, "campaign"),
            agent: id!(AgentId, "agent"),
            correlation: id!(CorrelationId, "correlation"),
            task: None,
            artifact: "bundle".to_owned(),
            asked_by: None,
            plan: ExecutionPlan::default(),
            further_budgets: Vec::new(),
            admitted_at: now(),
        }
    }

    /// A post that is public under this id.
    fn post(external_id: &str) -> EffectRecord {
        let request = request();
        let effect = Effect::new(EffectV1 {
            namespace: request.key.namespace.clone(),
            campaign: request.campaign,
            kind: EffectKind::Publish,
            platform: PlatformName::Twitter,
            account: "us".to_owned(),
            target: None,
            text: "a text".to_owned(),
            media: Vec::new(),
            disclosure: None,
            not_before: None,
            not_after: None,
        })
        .unwrap();
        let progress = serde_json::json!({
            "v": 1, "state": "published", "epoch": 3, "version": 5, "attempts": 2, "resend_refused": false,
            "absent_looks": 0, "needs_human": false, "uploads": [{ "media_id": "m" }], "held": false,
            "changed_at": now(), "spent": Money::usd_micros(7),
            "post": ExternalPost { id: external_id.to_owned(), url: None, published_at: None },
        });
        EffectRecord {
            id: effect_id(request.id, &effect.digest()),
            request: request.id,
            position: 0,
            decision: id!(DecisionId, "decision"),
            approver: Approver { id: "ann".to_owned(), role: ApproverRole::HitlReviewer },
            authority: Authority::Listed,
            undoes: None,
            price: Money::usd_micros(7),
            call_key: CallKey::of(&request.key, &effect),
            effect,
            progress: serde_json::from_value(progress).unwrap(),
        }
    }

    /// The undo of a post by the rule of its decision, done.
    fn undo(post: &EffectRecord) -> EffectRecord {
        let progress = Progress { post: None, ..post.progress.clone() };
        let (effect, id) = (post.undo().unwrap(), id!(EffectId, "undo"));
        let (authority, undoes) = (Authority::TakesBack, Some(Undoes::of(post)));
        EffectRecord { id, effect, authority, undoes, progress, ..post.clone() }
    }

    fn standing(post: &EffectRecord) -> Standing {
        let decision = Decision {
            id: post.decision,
            namespace: post.effect.content().namespace.clone(),
            artifact: "bundle".to_owned(),
            verdict: Verdict::Approve,
            approver: post.approver.clone(),
            requested_by: None,
            decided_at: now(),
            expires_at: None,
            revoked_at: Some(now()),
            effects: [post.effect.digest()].into(),
            confidence: None,
            agent: None,
            spec_version: None,
            takes_back: true,
        };
        Standing { decision, used_by: Some(post.id) }
    }

    /// Another effect of the request, in this state.
    fn sibling(state: EffectState) -> EffectRecord {
        let post = post("18");
        let progress = Progress { state, due_at: None, ..post.progress.clone() };
        EffectRecord { id: id!(EffectId, "sibling"), progress, ..post }
    }

    /// What is said of an undo beside a sibling that failed, of which `change` alters one thing: the undo, its post or the
    /// standing.
    fn check(
        change: impl FnOnce(&mut EffectRecord, &mut EffectRecord, &mut Standing),
        expected: Option<ErrorCode>,
    ) {
        check_beside(&[sibling(EffectState::Failed)], change, expected);
    }

    fn check_beside(
        siblings: &[EffectRecord],
        change: impl FnOnce(&mut EffectRecord, &mut EffectRecord, &mut Standing),
        expected: Option<ErrorCode>,
    ) {
        let mut post = post("17");
        let (mut undo, mut standing) = (undo(&post), standing(&post));
        change(&mut undo, &mut post, &mut standing);
        let request = request();
        let owner = Owner { record: &post, request: &request, siblings };
        let undo = Undo::of(&undo, request.agent);
        let found = undo.check(Some(owner), Some(&[]), Some(&standing), now());
        let refused = match found {
            Ok(Rule::Holds) => None,
            Ok(_) => Some(undo.none_failed()),
            Err(refused) => Some(refused),
        };
        assert_eq!(refused.map(|refused| refused.code), expected);
    }

    #[test]
    fn what_refuses_an_undo() {
        use ErrorCode::{ApprovalNotGranted, ApprovalUnknown, ValidationError};
        check(|_, _, _| {}, None);
        for state in EffectState::ALL.into_iter().filter(|state| *state != EffectState::Published) {
            check(|_, post, _| post.progress.state = state, Some(ValidationError));
        }
        check(|_, post, _| post.id = id!(EffectId, "another"), Some(ValidationError));
        check(|_, post, _| post.progress.post = None, Some(ValidationError));
        check(|undo, post, _| undo.effect = post.effect.undo("18").unwrap(), Some(ValidationError));
        check(|undo, post, _| undo.effect = post.effect.clone(), Some(ValidationError));
        check(|undo, _, _| undo.undoes = None, Some(ApprovalNotGranted));
        check(|undo, _, _| undo.decision = id!(DecisionId, "another"), Some(ApprovalNotGranted));
        check(|_, _, standing| standing.decision.takes_back = false, Some(ApprovalNotGranted));
        check(|_, _, standing| standing.used_by = None, Some(ApprovalNotGranted));
        check(|_, _, standing| standing.decision.id = id!(DecisionId, "another"), Some(ApprovalUnknown));
        let generation = |undo: &mut EffectRecord| {
            let undoes = undo.undoes.unwrap();
            undo.undoes = Some(Undoes { generation: 1, ..undoes });
        };
        check(|undo, _, _| generation(undo), Some(ValidationError));
    }

    #[test]
    fn the_rule_holds_beside_what_failed() {
        use EffectState::{Cancelled, Failed, NotDone, RolledBack};
        for state in EffectState::ALL {
            let holds = matches!(state, Failed | Cancelled | NotDone | RolledBack);
            let expected = (!holds).then_some(ErrorCode::ApprovalNotGranted);
            check_beside(&[sibling(state)], |_, _, _| {}, expected);
            check_beside(&[sibling(EffectState::Published), sibling(state)], |_, _, _| {}, expected);
            // A decision that lists the undo asks for no failure.
            check_beside(&[sibling(state)], |undo, _, _| undo.authority = Authority::Listed, None);
        }
        check_beside(&[], |_, _, _| {}, Some(ErrorCode::ApprovalNotGranted));
        let mut due = sibling(NotDone);
        due.progress.due_at = Some(now());
        check_beside(&[due], |_, _, _| {}, Some(ErrorCode::ApprovalNotGranted));
        // What can never be allowed is refused at once, and waits for nothing.
        let unknown = |standing: &mut Standing| standing.decision.id = id!(DecisionId, "another");
        let undecided = [sibling(EffectState::Attempting)];
        check_beside(&undecided, |_, _, standing| unknown(standing), Some(ErrorCode::ApprovalUnknown));
        // Its caller has it attempted again, and uploads its media for minutes.
        for state in [NotDone, RolledBack] {
            let mut held = sibling(state);
            let holder = chimera_contracts::InstanceId::from_uuid(derive_uuid("test", &[b"holder"]));
            let until = now() + chrono::TimeDelta::seconds(10);
            held.progress.lease = Some(crate::record::Lease { holder, until });
            check_beside(&[held.clone()], |_, _, _| {}, Some(ErrorCode::ApprovalNotGranted));
            held.progress.lease = Some(crate::record::Lease { holder, until: now() });
            check_beside(&[held], |_, _, _| {}, None);
        }
    }

    #[test]
    fn what_an_undo_that_is_done_writes() {
        let (post, request) = (post("17"), request());
        let owner = Owner { record: &post, request: &request, siblings: &[] };
        let change = taken_back(&undo(&post), &owner, now()).unwrap();
        let next = &change.record.progress;
        assert_eq!((next.state, &next.post, next.generation()), (EffectState::RolledBack, &None, 1));
        assert_eq!((next.epoch, next.version), (4, 6));
        assert_eq!((next.spent, next.held), (Some(Money::usd_micros(7)), false));
        assert_eq!(next.uploads, [], "the next key uploads anew");
        assert_eq!(change.record.call_key, post.call_key.next_generation());
        assert_eq!((change.budget, change.drafts.len()), (None, 2));
        assert!(next.may_be_tried_again() && !next.is_taken_down());
        // Once it is done it is done: the same undo moves nothing of a later generation.
        let owner = Owner { record: &change.record, ..owner };
        assert!(taken_back(&undo(&post), &owner, now()).is_none());
        let another = self::post("18");
        let owner = Owner { record: &another, ..owner };
        assert!(taken_back(&undo(&post), &owner, now()).is_none(), "it has another post by now");
    }
}
