//! Every reason why a decision does not let an effect happen, one at a time.

use std::collections::BTreeSet;

use chimera_contracts::{DecisionId, Digest, EffectId, Namespace, derive_uuid};
use chimera_governance::{Approver, ApproverRole, Decision, Denial, Use, Verdict, permits, use_of};
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
        decided_at: now(),
        expires_at: Some(now() + TimeDelta::seconds(1)),
        revoked_at: None,
        effects: BTreeSet::from([listed()]),
        confidence: None,
        spec_version: None,
    }
}

#[test]
fn each_fault_of_a_decision_has_its_own_denial() {
    let check = |decision: Decision, expected: Result<(), Denial>| {
        assert_eq!(permits(&decision, &Namespace::default(), &listed(), now()), expected, "{decision:?}");
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
fn an_approval_is_used_by_one_effect() {
    let effect = |name: &[u8]| EffectId::from_uuid(derive_uuid("test", &[name]));
    let check = |decision: &Decision, used_by, expected| {
        let namespace = Namespace::default();
        assert_eq!(use_of(decision, &namespace, &listed(), effect(b"one"), used_by, now()), expected);
    };
    check(&good(), None, Use::Granted);
    check(&good(), Some(effect(b"one")), Use::Already);
    check(&good(), Some(effect(b"two")), Use::Refused(Denial::Used));
    let revoked = Decision { revoked_at: Some(now()), ..good() };
    check(&revoked, Some(effect(b"one")), Use::Refused(Denial::Revoked));
}
