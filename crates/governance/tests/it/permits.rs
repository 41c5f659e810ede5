//! Every reason why a decision does not let an effect happen, one at a time.

use std::collections::BTreeSet;

use chimera_contracts::{AgentId, DecisionId, Digest, EffectId, ErrorCode, Namespace, derive_uuid};
use chimera_governance::{
    Approver, ApproverRole, Decision, Denial, Use, Verdict, permits, permits_undo, use_of,
};
use chrono::{DateTime, TimeDelta, Utc};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_770_000_000, 0).unwrap()
}

fn listed() -> Digest {
    Digest::of(b"listed")
}

fn good() -> Decision {
    Decision {
        id: DecisionId::from_uuid(derive_uuid("test", &[b"decision"])),
        namespace: Namespace::default(),
        artifact: "bundle".to_owned(),
        verdict: Verdict::Approve,
        approver: Approver { id: "reviewer".to_owned(), role: ApproverRole::HitlReviewer },
        requested_by: Some("agent".to_owned()),
        agent: None,
        decided_at: now(),
        expires_at: Some(now() + TimeDelta::seconds(1)),
        revoked_at: None,
        effects: BTreeSet::from([listed()]),
        confidence: None,
        spec_version: None,
        takes_back: false,
    }
}

#[test]
fn each_fault_of_a_decision_has_its_own_denial() {
    let check = |decision: Decision, expected: Result<(), Denial>| {
        assert_eq!(
            permits(&decision, &Namespace::default(), &listed(), None, now()),
            expected,
            "{decision:?}"
        );
    };
    check(good(), Ok(()));
    check(Decision { verdict: Verdict::ApproveWithEdit, ..good() }, Ok(()));
    check(Decision { expires_at: None, requested_by: None, ..good() }, Ok(()));
    for verdict in [Verdict::Reject, Verdict::Defer, Verdict::Escalate] {
        check(Decision { verdict, ..good() }, Err(Denial::NotGranted));
    }
    check(Decision { namespace: "other".parse().unwrap(), ..good() }, Err(Denial::Unknown));
    check(
        Decision { effects: BTreeSet::from([Digest::of(b"another")]), ..good() },
        Err(Denial::ContentMismatch),
    );
    check(Decision { effects: BTreeSet::new(), ..good() }, Err(Denial::ContentMismatch));
    check(Decision { requested_by: Some("reviewer".to_owned()), ..good() }, Err(Denial::SelfApproval));
    check(Decision { revoked_at: Some(now()), ..good() }, Err(Denial::Revoked));
    // Expiry never approves: the last moment is already too late.
    check(Decision { expires_at: Some(now()), ..good() }, Err(Denial::Expired));
}

#[test]
fn a_decision_that_is_bound_to_an_agent_permits_nothing_of_another() {
    let [bound, other] = [b"a", b"b"].map(|name| AgentId::from_uuid(derive_uuid("test", &[name])));
    let effect = EffectId::from_uuid(derive_uuid("test", &[b"effect"]));
    let check = |decision: &Decision, acts: Option<AgentId>, expected: Result<(), Denial>| {
        let namespace = Namespace::default();
        assert_eq!(permits(decision, &namespace, &listed(), acts, now()), expected, "{acts:?}");
        let used = use_of(decision, &namespace, &listed(), effect, acts, None, now());
        assert_eq!(used, expected.map_or_else(Use::Refused, |()| Use::Granted), "{acts:?}");
    };
    let decision = Decision { agent: Some(bound), ..good() };
    check(&decision, Some(bound), Ok(()));
    check(&decision, Some(other), Err(Denial::OtherAgent));
    check(&decision, None, Err(Denial::OtherAgent));
    for acts in [Some(bound), Some(other), None] {
        check(&good(), acts, Ok(()));
    }
    assert_eq!(Denial::OtherAgent.code(), ErrorCode::AuthzFailure);
    // An agent approves nothing of its own, in no form of its id, whoever asked.
    let approver = Approver { id: bound.as_uuid().urn().to_string(), role: ApproverRole::Judge };
    let own = Decision { approver, ..good() };
    check(&own, Some(bound), Err(Denial::SelfApproval));
    check(&own, Some(other), Ok(()));
}

#[test]
fn an_undo_needs_the_rule_and_the_use_and_no_time() {
    let id = |name: &str| derive_uuid("test", &[name.as_bytes()]);
    let effect = EffectId::from_uuid(id("effect"));
    let other = EffectId::from_uuid(id("another effect"));
    let agent = AgentId::from_uuid(id("agent"));
    let check = |decision: Decision, used_by: Option<EffectId>, expected: Result<(), Denial>| {
        let namespace = Namespace::default();
        let found = permits_undo(&decision, &namespace, &listed(), effect, Some(agent), used_by);
        assert_eq!(found, expected, "{decision:?} {used_by:?}");
    };
    let rule = || Decision { takes_back: true, ..good() };
    check(rule(), Some(effect), Ok(()));
    check(rule(), Some(other), Err(Denial::NotItsEffect));
    check(rule(), None, Err(Denial::NotItsEffect));
    check(good(), Some(effect), Err(Denial::NoUndoRule));
    // Neither says that the post should stay public.
    check(Decision { revoked_at: Some(now()), ..rule() }, Some(effect), Ok(()));
    check(Decision { expires_at: Some(now() - TimeDelta::days(1)), ..rule() }, Some(effect), Ok(()));
    // A clock that was set back since the decision was used does not make it one from the future.
    check(Decision { decided_at: now() + TimeDelta::days(1), ..rule() }, Some(effect), Ok(()));
    let nobody = Approver { id: " ".to_owned(), role: ApproverRole::HitlReviewer };
    for (decision, denial) in [
        (Decision { verdict: Verdict::Reject, ..rule() }, Denial::NotGranted),
        (Decision { namespace: "other".parse().unwrap(), ..rule() }, Denial::Unknown),
        (Decision { effects: BTreeSet::new(), ..rule() }, Denial::ContentMismatch),
        (Decision { approver: nobody, ..rule() }, Denial::Unnamed),
        (Decision { requested_by: Some("reviewer".to_owned()), ..rule() }, Denial::SelfApproval),
        (Decision { agent: Some(AgentId::from_uuid(id("another"))), ..rule() }, Denial::OtherAgent),
    ] {
        check(decision, Some(effect), Err(denial));
    }
}

/// A decision of an earlier version has no such member.
#[test]
fn a_decision_without_an_agent_is_written_and_read_as_before() {
    let json = serde_json::to_value(good()).unwrap();
    assert!(json.get("agent").is_none() && json.get("takes_back").is_none(), "{json}");
    assert_eq!(serde_json::from_value::<Decision>(json).unwrap(), good());
}

/// The spellings of one person, in each of which nobody approves their own request (GOV-05).
#[test]
fn no_spelling_makes_another_approver_of_who_asked() {
    let agent = "0192d3b4-5a6b-7c8d-9e0f-a1b2c3d4e5f6";
    let check = |asked: &str, approver: &str, expected| {
        let approver = Approver { id: approver.to_owned(), role: ApproverRole::HitlReviewer };
        let decision = Decision { approver, requested_by: Some(asked.to_owned()), ..good() };
        assert_eq!(
            permits(&decision, &Namespace::default(), &listed(), None, now()),
            expected,
            "{decision:?}"
        );
    };
    for (asked, approver) in [
        (agent, agent),
        (agent, "0192D3B4-5A6B-7C8D-9E0F-A1B2C3D4E5F6"),
        (agent, "urn:uuid:0192d3b4-5a6b-7c8d-9e0f-a1b2c3d4e5f6"),
        (agent, "{0192d3b4-5a6b-7c8d-9e0f-a1b2c3d4e5f6}"),
        (agent, "0192d3b45a6b7c8d9e0fa1b2c3d4e5f6"),
        ("ann@example.com", "Ann@Example.COM"),
        ("ann@example.com", "ann@example.com "),
        ("ann@example.com", "\u{430}nn@example.com"),
        ("ann@example.com", "an\u{200b}n@example.com"),
        ("ann\u{200d}@example.com", "\u{ff41}nn@example.com"),
    ] {
        check(asked, approver, Err(Denial::SelfApproval));
        check(approver, asked, Err(Denial::SelfApproval));
    }
    for (asked, approver) in [
        (agent, "0192d3b4-5a6b-7c8d-9e0f-a1b2c3d4e5f7"),
        ("ann@example.com", "anna@example.com"),
        ("ann@example.com", "ann+1@example.com"),
        ("ann@example.com", "ben@example.com"),
        ("https://id.example.com/ann", "https://id.example.com/ben"),
    ] {
        check(asked, approver, Ok(()));
    }
}

#[test]
fn an_approver_has_a_name() {
    for id in ["", " ", "\u{200b}", "\u{feff}\n"] {
        for requested_by in [None, Some("agent".to_owned()), Some(String::new())] {
            let approver = Approver { id: id.to_owned(), role: ApproverRole::Judge };
            let decision = Decision { approver, requested_by, ..good() };
            let denied = permits(&decision, &Namespace::default(), &listed(), None, now());
            assert_eq!(denied, Err(Denial::Unnamed), "{decision:?}");
        }
    }
}

#[test]
fn a_decision_from_the_future_permits_nothing_yet() {
    let decided_at = now() + TimeDelta::microseconds(1);
    let decision = Decision { decided_at, expires_at: None, ..good() };
    let at = |now| permits(&decision, &Namespace::default(), &listed(), None, now);
    assert_eq!(at(now()), Err(Denial::NotYet));
    assert_eq!(at(decided_at), Ok(()));
}

#[test]
fn a_clock_that_is_set_back_takes_no_approval_from_who_used_it() {
    let [one, two] = [b"1", b"2"].map(|name| EffectId::from_uuid(derive_uuid("test", &[name])));
    let back = now() - TimeDelta::hours(1);
    let check = |decision: &Decision, used_by, expected| {
        let used = use_of(decision, &Namespace::default(), &listed(), one, None, used_by, back);
        assert_eq!(used, expected, "{used_by:?}: {decision:?}");
    };
    check(&good(), Some(one), Use::Already);
    check(&good(), Some(two), Use::Refused(Denial::NotYet));
    check(&good(), None, Use::Refused(Denial::NotYet));
    let revoked = Decision { revoked_at: Some(now()), ..good() };
    check(&revoked, Some(one), Use::Refused(Denial::Revoked));
    let expired = Decision { expires_at: Some(back), ..good() };
    check(&expired, Some(one), Use::Refused(Denial::Expired));
}

#[test]
fn an_approval_is_used_by_one_effect() {
    let effect = |name: &[u8]| EffectId::from_uuid(derive_uuid("test", &[name]));
    let check = |decision: &Decision, used_by, expected| {
        let namespace = Namespace::default();
        assert_eq!(use_of(decision, &namespace, &listed(), effect(b"one"), None, used_by, now()), expected);
    };
    check(&good(), None, Use::Granted);
    check(&good(), Some(effect(b"one")), Use::Already);
    check(&good(), Some(effect(b"two")), Use::Refused(Denial::Used));
    let revoked = Decision { revoked_at: Some(now()), ..good() };
    check(&revoked, Some(effect(b"one")), Use::Refused(Denial::Revoked));
}
