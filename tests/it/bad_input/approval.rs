//! The approval in a request is a claim, never proof: whatever is wrong with it has its own code.

use std::collections::BTreeSet;

use chimera::contracts::publish::{ApprovedBy, PublishInput, PublishStatus};
use chimera::contracts::{
    AgentId, CallContext, CampaignId, DecisionId, Digest, ErrorCode, Money, derive_uuid,
};
use chimera::governance::{ApprovalStore, Approver, ApproverRole, Budget, Decision, Recorded, Verdict};
use chimera_testkit::block_on;
use chimera_tests::stage::{PLATFORMS, REVIEWER, claim, context, input, scope};
use chrono::TimeDelta;

use super::{Bench, Expected, KEY, holds, json};

/// A request with its budget, and an approval of exactly it that nobody has recorded yet.
fn undecided(bench: &Bench) -> (PublishInput, Decision) {
    let input = input(KEY);
    block_on(bench.store.set_limit(&scope(&input), Money::usd_micros(10_000_000))).unwrap();
    let previews = block_on(bench.host.publish().preview(&context(), &input)).unwrap();
    let decision = Decision {
        id: DecisionId::from_uuid(derive_uuid("chimera-tests/bad-input", &[b"decision"])),
        namespace: context().namespace,
        artifact: input.content_bundle.bundle_id.clone(),
        verdict: Verdict::Approve,
        approver: Approver { id: REVIEWER.to_owned(), role: ApproverRole::HitlReviewer },
        requested_by: Some(input.agent_id.to_string()),
        agent: None,
        decided_at: bench.clock.now(),
        expires_at: None,
        revoked_at: None,
        effects: previews.iter().map(|preview| preview.digest).collect(),
        confidence: None,
        spec_version: None,
        takes_back: false,
    };
    (input, decision)
}

fn record(bench: &Bench, decision: &Decision) {
    assert_eq!(block_on(bench.store.record(decision.clone())).unwrap(), Recorded::New);
}

/// Names the decision by its id, or leaves it to be found by the content.
fn name(input: &mut PublishInput, decision: &Decision, by_id: bool) {
    claim(input, decision);
    let record = input.content_bundle.approval_record.as_mut().unwrap();
    record.decision_id = by_id.then_some(decision.id);
}

fn refused(code: ErrorCode) -> Expected<'static> {
    Expected { code, pointers: &[], says: &[], recorded: true }
}

/// A decision with something wrong about it, whether the claim names it or not.
fn check(what: &str, code: ErrorCode, spoil: fn(&mut Decision)) {
    for by_id in [true, false] {
        let bench = Bench::new();
        let (mut input, mut decision) = undecided(&bench);
        spoil(&mut decision);
        record(&bench, &decision);
        name(&mut input, &decision, by_id);
        bench.check(&format!("{what}, by id: {by_id}"), &context(), &json(&input), &refused(code));
    }
}

#[test]
fn without_anything_wrong_it_is_published() {
    for by_id in [true, false] {
        let bench = Bench::new();
        let (mut input, decision) = undecided(&bench);
        record(&bench, &decision);
        name(&mut input, &decision, by_id);
        assert_eq!(bench.ask(&context(), &json(&input)).status, PublishStatus::Success);
    }
}

#[test]
fn decisions_that_permit_nothing() {
    check("expired", ErrorCode::ApprovalExpired, |decision| {
        decision.expires_at = Some(decision.decided_at);
    });
    check("revoked before", ErrorCode::ApprovalRevoked, |decision| {
        decision.revoked_at = Some(decision.decided_at);
    });
    check("self", ErrorCode::ApprovalSelf, |decision| {
        decision.requested_by = Some(decision.approver.id.clone());
    });
    check("other artifact", ErrorCode::ApprovalOtherArtifact, |decision| {
        decision.artifact.push('2');
    });
    for verdict in [Verdict::Reject, Verdict::Defer, Verdict::Escalate] {
        let spoil: fn(&mut Decision) = match verdict {
            Verdict::Reject => |decision| decision.verdict = Verdict::Reject,
            Verdict::Defer => |decision| decision.verdict = Verdict::Defer,
            _ => |decision| decision.verdict = Verdict::Escalate,
        };
        check(verdict.as_str(), ErrorCode::ApprovalNotGranted, spoil);
    }
    check("about one effect of three", ErrorCode::ApprovalContentMismatch, |decision| {
        decision.effects = decision.effects.iter().take(1).copied().collect();
    });
    check("about other effects", ErrorCode::ApprovalContentMismatch, |decision| {
        decision.effects = BTreeSet::from([Digest::of(b"something else")]);
    });
}

#[test]
fn decisions_of_nobody_from_the_future_and_for_another_agent() {
    for nobody in ["", " \u{200b}"] {
        let spoil: fn(&mut Decision) = match nobody {
            "" => |decision| decision.approver.id.clear(),
            _ => |decision| decision.approver.id = " \u{200b}".to_owned(),
        };
        check("nobody", ErrorCode::AuthzFailure, spoil);
    }
    check("from the future", ErrorCode::ApprovalNotGranted, |decision| {
        decision.decided_at += TimeDelta::hours(1);
    });
    check("for another agent", ErrorCode::AuthzFailure, |decision| {
        decision.agent = Some(AgentId::from_uuid(derive_uuid("other", &[])));
    });
    for spelled in ["upper case", "urn"] {
        let spoil: fn(&mut Decision) = match spelled {
            "urn" => |decision| {
                let asked = decision.requested_by.as_ref().unwrap();
                decision.approver.id = format!("urn:uuid:{asked}");
            },
            _ => |decision| {
                decision.approver.id = decision.requested_by.as_ref().unwrap().to_uppercase();
            },
        };
        check(spelled, ErrorCode::ApprovalSelf, spoil);
    }
}

#[test]
fn a_decision_for_the_agent_that_acts_is_published() {
    let bench = Bench::new();
    let (mut input, decision) = undecided(&bench);
    let decision = Decision { agent: Some(input.agent_id), ..decision };
    record(&bench, &decision);
    claim(&mut input, &decision);
    assert_eq!(bench.ask(&context(), &json(&input)).status, PublishStatus::Success);
}

/// The input is a model's: it chooses neither who acts nor who pays (GOV-09).
#[test]
fn an_agent_or_a_campaign_that_the_host_does_not_name() {
    let bench = Bench::new();
    let (mut input, decision) = undecided(&bench);
    record(&bench, &decision);
    claim(&mut input, &decision);
    let (agent, campaign) = (
        Some(AgentId::from_uuid(derive_uuid("other", &[]))),
        Some(CampaignId::from_uuid(derive_uuid("other", &[]))),
    );
    for (what, other) in [
        ("agent_id", CallContext { agent, ..context() }),
        ("campaign_id", CallContext { campaign, ..context() }),
    ] {
        let expected = Expected { says: &[what], ..refused(ErrorCode::AuthzFailure) };
        bench.check(what, &other, &json(&input), &expected);
        assert!(block_on(bench.host.publish().preview(&other, &input)).is_err(), "{what}");
    }
    let same = CallContext { agent: Some(input.agent_id), campaign: Some(input.campaign_id), ..context() };
    assert_eq!(bench.ask(&same, &json(&input)).status, PublishStatus::Success);
}

#[test]
fn an_approval_that_expires_or_is_revoked_later() {
    let bench = Bench::new();
    let (mut input, mut decision) = undecided(&bench);
    decision.expires_at = Some(bench.clock.now() + TimeDelta::seconds(1));
    record(&bench, &decision);
    claim(&mut input, &decision);
    block_on(bench.clock.sleep_until(bench.clock.now() + TimeDelta::seconds(1)));
    bench.check("expired", &context(), &json(&input), &refused(ErrorCode::ApprovalExpired));

    let bench = Bench::new();
    let (mut input, decision) = undecided(&bench);
    record(&bench, &decision);
    claim(&mut input, &decision);
    let namespace = context().namespace;
    assert!(block_on(bench.store.revoke(&namespace, decision.id, bench.clock.now())).unwrap());
    bench.check("revoked", &context(), &json(&input), &refused(ErrorCode::ApprovalRevoked));
}

#[test]
fn a_role_that_is_not_the_deciders() {
    let bench = Bench::new();
    let mut input = bench.good();
    let record = input.content_bundle.approval_record.as_mut().unwrap();
    record.approved_by = ApprovedBy::Judge;
    bench.check("role", &context(), &json(&input), &refused(ErrorCode::ApprovalWrongRole));
}

#[test]
fn decisions_that_nobody_made() {
    let bench = Bench::new();
    let (mut input, decision) = undecided(&bench);
    for by_id in [true, false] {
        name(&mut input, &decision, by_id);
        bench.check("unknown", &context(), &json(&input), &refused(ErrorCode::ApprovalUnknown));
    }
    input.content_bundle.approval_record = None;
    bench.check("no record", &context(), &json(&input), &refused(ErrorCode::NoApprovalRecord));

    // Another tenant's decision is nobody's.
    record(&bench, &decision);
    name(&mut input, &decision, true);
    let other = CallContext { namespace: "other".parse().unwrap(), ..context() };
    bench.check("other tenant", &other, &json(&input), &refused(ErrorCode::ApprovalUnknown));
}

#[test]
fn content_that_changed_by_one_byte_after_the_approval() {
    type Edit = fn(&mut PublishInput);
    let edits: [(&str, Edit); 5] = [
        ("text", |input| {
            let text = &mut input.content_bundle.variants[1].text_content;
            *text = text.replacen('e', "a", 1);
        }),
        ("space", |input| input.content_bundle.variants[1].text_content.push(' ')),
        ("hashtag", |input| input.content_bundle.variants[1].hashtags[0].push('s')),
        ("label", |input| input.content_bundle.variants[1].disclosure_label.push('!')),
        ("media", |input| input.content_bundle.variants[1].media_refs[0].push('x')),
    ];
    for (what, edit) in edits {
        for by_id in [true, false] {
            let bench = Bench::new();
            let (mut input, decision) = undecided(&bench);
            record(&bench, &decision);
            edit(&mut input);
            name(&mut input, &decision, by_id);
            let expected = Expected { says: &["instagram"], ..refused(ErrorCode::ApprovalContentMismatch) };
            bench.check(&format!("{what}, by id: {by_id}"), &context(), &json(&input), &expected);
        }
    }
}

#[test]
fn an_approval_that_was_used_under_another_key() {
    for by_id in [true, false] {
        let bench = Bench::new();
        let (mut input, decision) = undecided(&bench);
        record(&bench, &decision);
        name(&mut input, &decision, by_id);
        assert_eq!(bench.ask(&context(), &json(&input)).status, PublishStatus::Success);

        input.idempotency_key.push_str("-again");
        bench.check("used", &context(), &json(&input), &refused(ErrorCode::ApprovalUsed));
        let status = block_on(bench.host.publish().status(&context(), &input.idempotency_key));
        assert_eq!(status.unwrap(), None);
        assert_eq!(bench.platform.posts().len(), PLATFORMS.len());
    }
}

#[test]
fn other_content_under_a_known_key() {
    let bench = Bench::new();
    let good = bench.good();
    let first = bench.ask(&context(), &json(&good));
    let mut other = good.clone();
    other.content_bundle.variants[2].text_content.push('!');
    bench.check("content", &context(), &json(&other), &refused(ErrorCode::IdempotencyConflict));

    let mut other = good.clone();
    other.campaign_id = CampaignId::from_uuid(derive_uuid("other", &[]));
    let answer = bench.ask(&context(), &json(&other));
    let expected = Expected { says: &["another campaign"], ..refused(ErrorCode::IdempotencyConflict) };
    holds("campaign", &answer, &expected);
    assert_eq!(bench.ask(&context(), &json(&good)), first, "the request itself is as it was");
}
