//! What the ledger holds (PRO-02, PRO-05, PRO-10): proposals before they are answered, refusals once.

use chimera_audit::Kept;
use chimera_contracts::{CallContext, Digest, DynSkill};
use chimera_testkit::block_on;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::bench::{Bench, Figures, call, context, error, leaf, propose, refuse, request};

fn digest(text: &str) -> Value {
    json!(Digest::of(text.as_bytes()))
}

#[test]
fn a_proposal_is_told_by_ids_and_digests() {
    let bench = Bench::new();
    let known = json!({ "v": 1, "id": "week-6", "platforms": {} });
    let skill = bench.with_insights(Figures::of(&known));
    let correlation = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
    let context = CallContext { correlation: Some(correlation), ..context() };
    let answer = block_on(skill.call_json(&context, request().to_string().as_bytes())).unwrap();
    let proposal: Value = serde_json::from_str(&answer.json).unwrap();

    let events = bench.proposed();
    assert_eq!(events.len(), 1);
    let told = leaf(&events[0]);
    assert_eq!(proposal["provenance"], json!([told["id"], "insights:week-6", "strategy:campaign@1"]));
    assert_eq!(told["correlation"], json!(correlation));
    let statement = &told["statement"];
    for (name, expected) in [
        ("proposal_id", proposal["proposal_id"].clone()),
        ("proposal", digest(&answer.json)),
        ("request", digest("req-1")),
        ("artifact", digest("artifact-42")),
        ("spec_version", digest("1.0.0")),
        ("actor", digest("worker-7")),
        ("claimed_actor", digest("agent-1")),
        ("insights_id", digest("week-6")),
        ("strategy", json!("campaign")),
        ("strategy_version", json!("1")),
        ("actions", json!(2)),
    ] {
        assert_eq!(statement[name], expected, "{name}");
    }
    let Kept::Present { bytes, .. } = &events[0].attachment else {
        panic!("the proposal is kept beside the log")
    };
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), answer.json);
}

#[test]
fn the_words_of_a_caller_are_in_no_statement() {
    let bench = Bench::new();
    let mut named = request();
    for key in ["request_id", "artifact_id", "actor_id", "spec_version"] {
        named[key] = "anna@example.com".into();
    }
    propose(&bench.skill(), &named);
    named["artifact_id"] = "another".into();
    refuse(&bench.skill(), &named);
    for entry in bench.proposed().iter().chain(&bench.refused()) {
        let leaf = String::from_utf8(entry.leaf.clone()).unwrap();
        assert!(!leaf.contains("anna"), "{leaf}");
    }
}

#[test]
fn a_refusal_is_one_event_however_often_it_is_asked() {
    let bench = Bench::new();
    let mut bad = request();
    bad["candidate_context"]["target_platforms"] = json!(["mastodon"]);
    let first = refuse(&bench.skill(), &bad);
    bench.clock.advance(TimeDelta::days(3));
    let again = refuse(&bench.skill(), &bad);
    assert_eq!(first.related_event_id, again.related_event_id);
    assert_ne!((first.error_id, first.timestamp), (again.error_id, again.timestamp));
    assert_eq!(bench.refused().len(), 1);
    let told = leaf(&bench.refused()[0]);
    assert_eq!(told["id"], json!(first.related_event_id));
    assert_eq!(told["statement"]["error_code"], "VALIDATION_ERROR");
    assert_eq!(told["statement"]["request"], digest("req-1"));

    // Whatever differs in what is told is another event: who asks, in which trace, what was wrong.
    let correlation = Some("550e8400-e29b-41d4-a716-446655440000".parse().unwrap());
    let sent = bad.to_string();
    for context in [CallContext::worker("another"), CallContext { correlation, ..context() }] {
        error(&block_on(bench.skill().call_json(&context, sent.as_bytes())).unwrap());
    }
    bad["candidate_context"]["target_platforms"] = json!(["mastodon", "myspace"]);
    refuse(&bench.skill(), &bad);
    assert_eq!(bench.refused().len(), 4);
}

#[test]
fn what_could_not_be_read_is_one_event_by_its_faults() {
    let bench = Bench::new();
    for (sent, events) in [("{", 1), ("{", 1), ("{}", 2), ("[]", 3), ("{}", 3)] {
        error(&block_on(bench.skill().call_json(&context(), sent.as_bytes())).unwrap());
        assert_eq!(bench.refused().len(), events, "{sent}");
    }
}

#[test]
fn a_repeat_leaves_no_event() {
    let bench = Bench::new();
    for _ in 0..3 {
        call(&bench.skill(), &request());
    }
    assert_eq!((bench.proposed().len(), bench.refused().len()), (1, 0));
}
