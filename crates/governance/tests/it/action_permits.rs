//! A proposed action from the review queue to the permit to execute it, and everything in between that says no (PRO-11,
//! PRO-13).

use std::sync::Arc;

use chimera_audit::AuditLedger;
use chimera_contracts::propose::{AlwaysTrue, ProposeOutput, ProposedAction, action_digest};
use chimera_contracts::publish::ApprovedBy;
use chimera_contracts::{
    AgentId, Clock, Confidence, CorrelationId, DecisionId, Digest, EffectId, ErrorCode, ErrorId, Namespace,
    SkillName, derive_uuid,
};
use chimera_governance::review::{Enqueued, ReviewQueue, ReviewState};
use chimera_governance::{
    ActionDocument, ActionPermit, ActionPermits, ActionReview, ApprovalStore, ApproverRole, Decision, Denial,
    GateError, PermitDenial, PermitDenied, PermitRequest, Recorded, Use, Verdict, new_action_review,
};
use chimera_testkit::{Action, Cut, block_on};
use chrono::TimeDelta;

use crate::world::{LEASE, World, in_role, person};

const GRANTED: &str = "governance.permit.granted";
const REFUSED: &str = "governance.permit.refused";

fn action(id: &str, action_type: &str) -> ProposedAction {
    ProposedAction {
        action_id: id.to_owned(),
        action_type: action_type.to_owned(),
        target: "twitter".to_owned(),
        scheduled_time: Some("2026-02-10T08:00:00Z".parse().unwrap()),
        estimated_impact: [("reach".to_owned(), 1200.5.try_into().unwrap())].into(),
        approval_required: AlwaysTrue,
    }
}

fn proposal() -> ProposeOutput {
    ProposeOutput {
        proposal_id: "p-1".to_owned(),
        request_id: "r-1".to_owned(),
        artifact_id: "bundle-1".to_owned(),
        proposed_actions: vec![action("a-1", "schedule"), action("a-2", "publish"), action("a-3", "promote")],
        provenance: vec!["strategy:s@1".to_owned()],
        spec_version: "1.0.0".to_owned(),
    }
}

fn digest_of(proposal: &ProposeOutput, position: usize) -> Digest {
    let ProposeOutput { proposal_id, artifact_id, spec_version, proposed_actions, .. } = proposal;
    let action = &proposed_actions[position];
    action_digest(&Namespace::default(), proposal_id, artifact_id, spec_version, action)
}

/// A decision that approves action `a-1` for an hour.
fn good(world: &World) -> Decision {
    Decision {
        id: DecisionId::from_uuid(derive_uuid("test", &[b"decision"])),
        namespace: Namespace::default(),
        artifact: "bundle-1".to_owned(),
        verdict: Verdict::Approve,
        approver: person("ann"),
        requested_by: Some("planner".to_owned()),
        agent: None,
        decided_at: world.clock.now(),
        expires_at: Some(world.clock.now() + TimeDelta::hours(1)),
        revoked_at: None,
        effects: [digest_of(&proposal(), 0)].into(),
        confidence: None,
        spec_version: Some("1.0.0".to_owned()),
        takes_back: false,
    }
}

impl World {
    fn permits(&self) -> ActionPermits {
        ActionPermits::new(self.store.clone(), self.store.clone(), self.clock.clone())
    }

    /// Asks for action `a-1` under the decision, as it is recorded now.
    fn ask(&self, decision: Decision) -> Result<ActionPermit, PermitDenied> {
        let id = decision.id;
        assert_eq!(block_on(self.store.record(decision)), Ok(Recorded::New));
        self.ask_for(&proposal(), "a-1", id)
    }

    fn ask_for(
        &self,
        proposal: &ProposeOutput,
        action: &str,
        reference: DecisionId,
    ) -> Result<ActionPermit, PermitDenied> {
        let namespace = Namespace::default();
        let ask = PermitRequest::new(&namespace, proposal, action, reference, "worker-7");
        block_on(self.permits().permit(&ask))
    }
}

#[test]
fn an_approved_action_gets_its_permit_and_the_ledger_knows() {
    let world = World::new();
    let decision = Decision { confidence: Some(Confidence::try_from(0.87).unwrap()), ..good(&world) };
    let permit = world.ask(decision.clone()).unwrap();
    assert_eq!(permit.action(), &proposal().proposed_actions[0]);
    assert_eq!((permit.digest(), permit.decision()), (digest_of(&proposal(), 0), decision.id));
    assert_eq!((permit.approver(), permit.expires_at()), (&decision.approver, decision.expires_at));
    assert_eq!(permit.not_before(), proposal().proposed_actions[0].scheduled_time);
    let record = permit.approval_record();
    assert_eq!((record.approved_by, record.approved_at), (ApprovedBy::HitlReviewer, decision.decided_at));
    assert_eq!((record.decision_id, record.confidence_score), (Some(decision.id), decision.confidence));

    // The same answer again is the same event; another actor's is another.
    assert_eq!(world.ask_for(&proposal(), "a-1", decision.id).unwrap().event(), permit.event());
    let told = world.told(GRANTED);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].contains(&permit.event().to_string()) && told[0].contains("\"action_type\":\"schedule\"")
    );
    for word in ["worker-7", "bundle-1", "ann", "p-1", "a-1\""] {
        assert!(!told[0].contains(word), "`{word}` is the caller's and stands as a digest: {}", told[0]);
    }
    let (namespace, proposal) = (Namespace::default(), proposal());
    let ask = PermitRequest::new(&namespace, &proposal, "a-1", decision.id, "worker-8");
    let traced = CorrelationId::from_uuid(derive_uuid("test", &[b"trace"]));
    for other in [ask.clone(), PermitRequest { correlation: Some(traced), ..ask }] {
        assert_ne!(block_on(world.permits().permit(&other)).unwrap().event(), permit.event());
    }
    assert_eq!((world.told(GRANTED).len(), world.told(REFUSED).len()), (3, 0));
}

#[test]
fn each_fault_of_a_decision_has_its_own_reason_and_is_told() {
    let check = |change: &dyn Fn(&World, Decision) -> Decision, expected: Denial| {
        let world = World::new();
        let decision = change(&world, good(&world));
        let denied = world.ask(decision).unwrap_err();
        assert!(matches!(&denied.why, PermitDenial::Denied(found) if *found == expected), "{denied:?}");
        assert_eq!(denied.code(), ErrorCode::AuthzFailure);
        let error_id = ErrorId::from_uuid(derive_uuid("test", &[b"error"]));
        let error = denied.error_object(error_id, world.clock.now(), "1.0.0");
        assert_eq!(error.details.unwrap().reason.as_deref(), Some(expected.code().as_str()));
        assert_eq!((error.error_code, error.related_event_id), (ErrorCode::AuthzFailure, denied.event));
        let told = world.told(REFUSED);
        assert_eq!((told.len(), world.told(GRANTED).len()), (1, 0));
        assert!(told[0].contains(&denied.event.unwrap().to_string()), "{}", told[0]);
        assert!(told[0].contains(&format!("\"reason\":\"{}\"", expected.code())), "{}", told[0]);
    };
    type Change = fn(&World, Decision) -> Decision;
    let table: [(Change, Denial); 13] = [
        (|_, good| Decision { namespace: "other".parse().unwrap(), ..good }, Denial::Unknown),
        (|_, good| Decision { artifact: "bundle-2".to_owned(), ..good }, Denial::OtherArtifact),
        (|_, good| Decision { effects: [digest_of(&proposal(), 1)].into(), ..good }, Denial::ContentMismatch),
        (|_, good| Decision { effects: [].into(), ..good }, Denial::ContentMismatch),
        (|_, good| Decision { verdict: Verdict::Reject, ..good }, Denial::NotGranted),
        (|_, good| Decision { verdict: Verdict::Escalate, ..good }, Denial::NotGranted),
        (|world, good| Decision { expires_at: Some(world.clock.now()), ..good }, Denial::Expired),
        (|world, good| Decision { revoked_at: Some(world.clock.now()), ..good }, Denial::Revoked),
        (|_, good| Decision { requested_by: Some("ann".to_owned()), ..good }, Denial::SelfApproval),
        (|_, good| Decision { spec_version: Some("1.0.1".to_owned()), ..good }, Denial::SpecVersion),
        (|_, good| Decision { spec_version: None, ..good }, Denial::SpecVersion),
        (|_, good| Decision { approver: in_role("ann", ApproverRole::Judge), ..good }, Denial::WrongRole),
        (|_, good| Decision { approver: in_role("seed@1", ApproverRole::Policy), ..good }, Denial::WrongRole),
    ];
    for (change, expected) in table {
        check(&change, expected);
    }
}

#[test]
fn an_approval_of_one_proposal_is_none_of_another() {
    let world = World::new();
    let decision = good(&world);
    let granted = world.ask(decision.clone()).unwrap();
    let retimed = ProposedAction { scheduled_time: None, ..action("a-1", "schedule") };
    let changed = [
        (ProposeOutput { spec_version: "2.0.0".to_owned(), ..proposal() }, Denial::SpecVersion),
        (ProposeOutput { proposal_id: "p-2".to_owned(), ..proposal() }, Denial::ContentMismatch),
        (ProposeOutput { artifact_id: "bundle-2".to_owned(), ..proposal() }, Denial::OtherArtifact),
        (ProposeOutput { proposed_actions: vec![retimed], ..proposal() }, Denial::ContentMismatch),
    ];
    for (other, expected) in changed {
        let denied = world.ask_for(&other, "a-1", decision.id).unwrap_err();
        assert!(matches!(denied.why, PermitDenial::Denied(found) if found == expected), "{denied:?}");
    }
    let denied = world.ask_for(&proposal(), "a-2", decision.id).unwrap_err();
    assert!(matches!(denied.why, PermitDenial::Denied(Denial::ContentMismatch)), "{denied:?}");
    // A permit does not outlive its approval.
    block_on(world.store.revoke(&Namespace::default(), decision.id, world.clock.now())).unwrap();
    let denied = world.ask_for(&proposal(), "a-1", decision.id).unwrap_err();
    assert!(matches!(denied.why, PermitDenial::Denied(Denial::Revoked)), "{denied:?}");
    assert_ne!(denied.event, Some(granted.event()));
    assert_eq!((world.told(GRANTED).len(), world.told(REFUSED).len()), (1, 6));
}

#[test]
fn the_role_is_what_the_host_requires() {
    let judge = ApproverRole::Judge;
    for (required, made_by, expected) in [
        (judge, judge, Some(ApprovedBy::Judge)),
        (judge, ApproverRole::HitlReviewer, None),
        (ApproverRole::HitlReviewer, judge, None),
        (ApproverRole::Policy, ApproverRole::Policy, None),
    ] {
        let world = World::new();
        let decision = Decision { approver: in_role("x", made_by), ..good(&world) };
        block_on(world.store.record(decision.clone())).unwrap();
        let (namespace, proposal) = (Namespace::default(), proposal());
        let ask = PermitRequest::new(&namespace, &proposal, "a-1", decision.id, "worker-7");
        let ask = PermitRequest { required_role: required, ..ask };
        let found = block_on(world.permits().permit(&ask)).ok().map(|p| p.approval_record().approved_by);
        assert_eq!(found, expected, "required {required}, made by {made_by}");
    }
}

#[test]
fn what_nobody_executes_gets_no_permit_however_approved() {
    let world = World::new();
    let all = (0..3).map(|position| digest_of(&proposal(), position)).collect();
    let decision = Decision { effects: all, ..good(&world) };
    let id = decision.id;
    assert!(world.ask(decision).is_ok());
    assert!(world.ask_for(&proposal(), "a-2", id).is_ok(), "`publish` can be executed");
    for (action, code, reason) in [
        ("a-3", ErrorCode::UnsupportedAction, "unsupported_action_type"),
        ("a-4", ErrorCode::ValidationError, "unknown_action"),
        ("", ErrorCode::ValidationError, "unknown_action"),
    ] {
        let denied = world.ask_for(&proposal(), action, id).unwrap_err();
        assert_eq!((denied.code(), denied.why.reason()), (code, reason));
        assert!(world.told(REFUSED).iter().any(|leaf| leaf.contains(&denied.event.unwrap().to_string())));
    }
}

#[test]
fn where_a_store_fails_there_is_no_permit() {
    let world = World::new();
    let decision = good(&world);
    block_on(world.store.record(decision.clone())).unwrap();
    let (namespace, proposal) = (Namespace::default(), proposal());
    let ask = PermitRequest::new(&namespace, &proposal, "a-1", decision.id, "worker-7");
    let ask_cut = |cut: &Cut| {
        let approvals = cut.approvals(world.store.clone());
        let ledger: Arc<dyn AuditLedger> = cut.ledger(world.store.clone());
        block_on(ActionPermits::new(approvals, ledger, world.clock.clone()).permit(&ask))
    };
    let uncut = Cut::never();
    assert!(ask_cut(&uncut).is_ok());
    assert_eq!(uncut.count(), 4, "the decision is read, then the permit is told");
    for (number, reason, told) in [
        (0, "approvals_unavailable", true),
        (1, "approvals_unavailable", true),
        (2, "ledger_unavailable", false),
        (3, "ledger_unavailable", false),
    ] {
        let denied = ask_cut(&Cut::at(number, Action::Fail)).unwrap_err();
        assert_eq!((denied.code(), denied.why.reason()), (ErrorCode::StorageUnavailable, reason), "{number}");
        assert_eq!(denied.event.is_some(), told, "{number}");
    }
    assert_eq!(world.told(GRANTED).len(), 1, "however often it was asked");

    // A refusal stands, told or not.
    let unknown = DecisionId::from_uuid(derive_uuid("test", &[b"unknown"]));
    let refused = PermitRequest { approval_reference: unknown, ..ask.clone() };
    let cut = Cut::at(2, Action::Fail);
    let ledger: Arc<dyn AuditLedger> = cut.ledger(world.store.clone());
    let permits = ActionPermits::new(cut.approvals(world.store.clone()), ledger, world.clock.clone());
    let denied = block_on(permits.permit(&refused)).unwrap_err();
    assert!(matches!(denied.why, PermitDenial::Denied(Denial::Unknown)), "{denied:?}");
    assert_eq!(denied.event, None);
}

#[test]
fn a_proposed_action_goes_through_the_queue_to_its_permit() {
    let world = World::new();
    let (namespace, proposal) = (Namespace::default(), proposal());
    let ask = ActionReview {
        namespace: &namespace,
        proposal: &proposal,
        action: &proposal.proposed_actions[0],
        requested_by: "planner",
        agent: None,
        correlation: None,
        campaign: None,
        shown: [("texts".to_owned(), vec!["what will be read"].into())].into_iter().collect(),
        priority: 4,
        within: TimeDelta::hours(2),
    };
    let new = new_action_review(ask.clone()).unwrap();
    assert_eq!((new.skill, new.artifact.as_str(), new.refused), (SkillName::Propose, "bundle-1", false));
    assert_eq!(new.subject, digest_of(&proposal, 0));
    let review = world.enqueue(new.clone());
    assert!(
        matches!(block_on(world.store.enqueue(new)).unwrap(), Enqueued::Known(_)),
        "asked twice, one review"
    );
    let other = ActionReview { action: &proposal.proposed_actions[1], ..ask.clone() };
    assert_ne!(new_action_review(other).unwrap().id, review.id);
    let changed = ProposedAction { target: "threads".to_owned(), ..proposal.proposed_actions[0].clone() };
    let changed = new_action_review(ActionReview { action: &changed, ..ask }).unwrap();
    assert!(matches!(block_on(world.store.enqueue(changed)).unwrap(), Enqueued::Conflict(_)));

    let document = ActionDocument::from_json(&review.document).unwrap();
    assert_eq!(document.to_json().unwrap(), review.document);
    assert_eq!(document.action, proposal.proposed_actions[0], "to the last digit of an estimate");
    assert_eq!(document.digest(&namespace), review.subject);
    assert_eq!(document.shown["texts"][0], "what will be read");

    // A yes under the terms of the document approves the action and what the bundle becomes in public.
    let (desk, ann, effect) = (world.desk(), person("ann"), Digest::of(b"an effect of the bundle"));
    block_on(desk.claim(&namespace, review.id, &ann, LEASE)).unwrap();
    let terms = document.terms([effect].into(), TimeDelta::hours(1));
    let decided = block_on(desk.approve(&namespace, review.id, &ann, terms)).unwrap();
    let reference = decided.decision.unwrap().id;
    let permit = world.ask_for(&proposal, "a-1", reference).unwrap();
    let record = permit.approval_record();
    assert_eq!(record.approved_by, ApprovedBy::HitlReviewer);
    assert_eq!(world.gate(effect, &proposal.artifact_id, record.decision_id), Ok(()));
    assert_eq!(decided.state, ReviewState::Approved);
}

/// The agent of a review goes into the decision, and with it to permit and gate.
#[test]
fn an_action_that_is_approved_for_an_agent_is_permitted_to_no_other() {
    let world = World::new();
    let (namespace, proposal) = (Namespace::default(), proposal());
    let [agent, other] = [b"a", b"b"].map(|name| AgentId::from_uuid(derive_uuid("test", &[name])));
    let ask = ActionReview {
        namespace: &namespace,
        proposal: &proposal,
        action: &proposal.proposed_actions[0],
        requested_by: "planner",
        agent: Some(agent),
        correlation: None,
        campaign: None,
        shown: serde_json::Map::new(),
        priority: 4,
        within: TimeDelta::hours(2),
    };
    let review = world.enqueue(new_action_review(ask).unwrap());
    assert_eq!(review.agent, Some(agent));
    let (desk, ann) = (world.desk(), person("ann"));
    block_on(desk.claim(&namespace, review.id, &ann, LEASE)).unwrap();
    let document = ActionDocument::from_json(&review.document).unwrap();
    let terms = document.terms([].into(), TimeDelta::hours(1));
    let decision = block_on(desk.approve(&namespace, review.id, &ann, terms)).unwrap().decision.unwrap();
    assert_eq!(decision.agent, Some(agent));
    let told = world.told("governance.review.approved");
    assert!(told[0].contains(&format!("\"agent_id\":\"{agent}\"")), "{}", told[0]);

    let by = |agent| {
        let ask = PermitRequest::new(&namespace, &proposal, "a-1", decision.id, "worker-7");
        block_on(world.permits().permit(&PermitRequest { agent, ..ask }))
    };
    for acts in [Some(other), None] {
        let denied = by(acts).unwrap_err();
        assert!(matches!(denied.why, PermitDenial::Denied(Denial::OtherAgent)), "{denied:?}");
        let gate = world.gate_for(acts, review.subject, "bundle-1");
        assert_eq!(gate, Err(GateError::Denied(Denial::OtherAgent)), "{acts:?}");
    }
    assert!(by(Some(agent)).is_ok());
    assert_eq!(world.gate_for(Some(agent), review.subject, "bundle-1"), Ok(()));
    // A store that is asked without an agent does not know who acts.
    let effect = EffectId::from_uuid(derive_uuid("test", &[b"effect"]));
    let used = block_on(world.store.use_approval(&namespace, decision.id, &review.subject, effect));
    assert_eq!(used, Ok(Use::Refused(Denial::OtherAgent)));
}

#[test]
fn a_decision_that_was_not_recorded_is_settled_before_it_permits() {
    let world = World::new();
    let (namespace, proposal) = (Namespace::default(), proposal());
    let ask = ActionReview {
        namespace: &namespace,
        proposal: &proposal,
        action: &proposal.proposed_actions[0],
        requested_by: "planner",
        agent: None,
        correlation: None,
        campaign: None,
        shown: serde_json::Map::new(),
        priority: 4,
        within: TimeDelta::hours(2),
    };
    let review = world.enqueue(new_action_review(ask).unwrap());
    let document = ActionDocument::from_json(&review.document).unwrap();
    let ann = person("ann");
    block_on(world.desk().claim(&namespace, review.id, &ann, LEASE)).unwrap();
    let cut = Cut::at(0, Action::Fail);
    let desk = world.desk_over(world.store.clone(), cut.approvals(world.store.clone()));
    let terms = document.terms([].into(), TimeDelta::hours(1));
    block_on(desk.approve(&namespace, review.id, &ann, terms)).unwrap_err();

    let stored = world.stored(&review);
    let reference = stored.decision.as_ref().unwrap().id;
    let denied = world.ask_for(&proposal, "a-1", reference).unwrap_err();
    assert!(matches!(denied.why, PermitDenial::Denied(Denial::Unknown)), "{denied:?}");
    block_on(world.desk().settle(&stored)).unwrap();
    assert!(world.ask_for(&proposal, "a-1", reference).is_ok());
}
