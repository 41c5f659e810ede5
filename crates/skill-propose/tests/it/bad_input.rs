//! Every bad field is named by its pointer, all at once, and nothing is proposed (PRO-01, PRO-02, PRO-12).

use chimera_contracts::propose::CONTRACT_VERSION;
use chimera_contracts::{CallContext, CallerRole, DynSkill, ErrorCode, Skill};
use chimera_testkit::block_on;
use serde_json::{Value, json};

use crate::bench::{
    Bench, call, context, error, input, pointers, propose, reason, refuse, request, request_with,
};

/// Sends bytes; everything in `expected` has to be named, and nothing else.
fn check(sent: &str, expected: &[&str]) {
    let bench = Bench::new();
    let error = error(&block_on(bench.skill().call_json(&context(), sent.as_bytes())).unwrap());
    assert_eq!(error.error_code, ErrorCode::ValidationError, "{sent}");
    assert_eq!(pointers(&error), expected, "{sent}");
    assert_eq!(reason(&error), "invalid_input", "{sent}");
    assert_eq!(error.spec_version, CONTRACT_VERSION);
    assert_eq!((bench.proposed().len(), bench.refused().len()), (0, 1), "{sent}: refused, and audited");
    assert!(error.related_event_id.is_some(), "{sent}");
}

/// The good input with one change.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut request = request();
    change(&mut request);
    request.to_string()
}

const REQUIRED: [&str; 5] = ["request_id", "artifact_id", "actor_id", "spec_version", "approval_reference"];

#[test]
fn an_approval_reference_is_refused_by_name() {
    for claimed in [json!("d-1"), json!(""), json!(false), json!({}), json!([null])] {
        check(&changed(|request| request["approval_reference"] = claimed), &["/approval_reference"]);
    }
}

#[test]
fn missing_members_are_named() {
    for key in REQUIRED {
        let sent = changed(|request| {
            request.as_object_mut().unwrap().remove(key);
        });
        check(&sent, &[&format!("/{key}")]);
    }
    check("{}", &["/actor_id", "/approval_reference", "/artifact_id", "/request_id", "/spec_version"]);
}

#[test]
fn wrong_types_are_named() {
    for key in ["request_id", "artifact_id", "actor_id", "spec_version"] {
        for wrong in
            [json!(null), json!(1), json!(true), json!([]), json!({}), json!(""), json!("x".repeat(256))]
        {
            check(&changed(|request| request[key] = wrong), &[&format!("/{key}")]);
        }
    }
    for wrong in [json!("twitter"), json!([]), json!(1)] {
        check(&changed(|request| request["candidate_context"] = wrong), &["/candidate_context"]);
    }
    for key in ["target_platforms", "audience_constraints"] {
        let place = format!("/candidate_context/{key}");
        for wrong in [json!(null), json!(1), json!("twitter")] {
            check(&changed(|request| request["candidate_context"][key] = wrong), &[&place]);
        }
    }
    let places =
        ["/candidate_context/audience_constraints/timezone", "/candidate_context/target_platforms/1"];
    let sent = changed(|request| {
        request["candidate_context"]["target_platforms"][1] = json!(7);
        request["candidate_context"]["audience_constraints"]["timezone"] = json!(["UTC"]);
    });
    check(&sent, &places);
}

#[test]
fn unknown_members_are_named_at_every_level() {
    check(&changed(|request| request["priority"] = json!(1)), &["/priority"]);
    let sent = changed(|request| request["candidate_context"]["platforms"] = json!([]));
    check(&sent, &["/candidate_context/platforms"]);
    let sent = changed(|request| request["candidate_context"]["audience_constraints"]["a/b"] = json!("c"));
    check(&sent, &["/candidate_context/audience_constraints/a~1b"]);
}

#[test]
fn keys_that_are_given_twice_are_named() {
    let good = request().to_string();
    let twice = good.replacen('{', r#"{"request_id":"another","#, 1);
    check(&twice, &["/request_id"]);
    let twice = good.replace(r#""audience_constraints":{"#, r#""audience_constraints":{"timezone":"UTC","#);
    check(&twice, &["/candidate_context/audience_constraints/timezone"]);
    let twice = good.replacen('{', r#"{"approval_reference":"d-1","#, 1);
    check(&twice, &["/approval_reference"]);
}

#[test]
fn what_is_no_json_is_refused_as_a_whole() {
    for bad in ["", "{", "propose!", "[1,]", "{\"request_id\":\"\\ud800\"}"] {
        check(bad, &[""]);
    }
}

#[test]
fn platforms_are_the_contracts_each_once() {
    let sent = request_with(&["twitter", "mastodon", "Twitter", "twitter", ""], &[]).to_string();
    // An empty name is a fault of the form, which is told before names are looked at.
    check(&sent, &["/candidate_context/target_platforms/4"]);
    let sent = request_with(&["twitter", "mastodon", "Twitter", "twitter"], &[]).to_string();
    check(
        &sent,
        &["1", "2", "3"]
            .map(|at| format!("/candidate_context/target_platforms/{at}"))
            .each_ref()
            .map(|at| &**at),
    );
}

#[test]
fn constraints_that_cannot_be_read_are_named_at_once() {
    let bad = [
        ("timezone", "Berlin"),
        ("not_before", "2026-02-30T09:00:00Z"),
        ("quiet_hours", "22-7"),
        ("active_hours", "25:00-26:00"),
        ("locale", "not a locale"),
        ("weather", "sunny"),
    ];
    let sent = request_with(&["myspace"], &bad).to_string();
    let expected = ["active_hours", "locale", "not_before", "quiet_hours", "timezone", "weather"]
        .map(|name| format!("/candidate_context/audience_constraints/{name}"));
    let mut expected: Vec<&str> = expected.iter().map(|pointer| &**pointer).collect();
    expected.push("/candidate_context/target_platforms/0");
    check(&sent, &expected);
    let local = request_with(&["twitter"], &[("not_before", "2026-02-10T09:00:00")]).to_string();
    check(&local, &["/candidate_context/audience_constraints/not_before"]);
}

#[test]
fn an_input_that_was_built_is_held_to_the_same_bounds() {
    let mut built = input(&request());
    built.request_id.clear();
    built.actor_id = "x".repeat(256);
    let bench = Bench::new();
    let error = block_on(bench.skill().call(&context(), built)).unwrap().into_result().unwrap_err();
    assert_eq!(pointers(&error), ["/actor_id", "/request_id"]);
    assert_eq!(bench.refused().len(), 1);
}

#[test]
fn nothing_optional_has_to_be_given() {
    let mut minimal = request();
    minimal.as_object_mut().unwrap().remove("candidate_context");
    let proposal = propose(&Bench::new().skill(), &minimal);
    assert!(proposal.proposed_actions.iter().all(|action| action.scheduled_time.is_none()));
    assert!(proposal.proposed_actions.iter().all(|action| action.estimated_impact.is_empty()));
}

#[test]
fn only_workers_and_planners_ask() {
    for (role, may) in [
        (CallerRole::Worker, true),
        (CallerRole::Planner, true),
        (CallerRole::Judge, false),
        (CallerRole::Reviewer, false),
    ] {
        let bench = Bench::new();
        let context = CallContext { role, ..context() };
        let answer = block_on(bench.skill().call_json(&context, request().to_string().as_bytes())).unwrap();
        assert_eq!(!answer.is_error, may, "{role:?}: {}", answer.json);
        if !may {
            let error = error(&answer);
            assert_eq!((error.error_code, reason(&error)), (ErrorCode::AuthzFailure, "role_may_not_propose"));
            assert_eq!((bench.proposed().len(), bench.refused().len()), (0, 1));
        }
    }
}

#[test]
fn a_day_that_is_all_quiet_has_no_proposal() {
    let error = refuse(&Bench::new().skill(), &request_with(&["twitter"], &[("quiet_hours", "00:00-24:00")]));
    assert_eq!((error.error_code, reason(&error)), (ErrorCode::ProposalGenerationError, "no_open_hours"));
}

#[test]
fn a_refusal_does_not_take_the_request_id() {
    let bench = Bench::new();
    refuse(&bench.skill(), &request_with(&["myspace"], &[]));
    assert!(!call(&bench.skill(), &request()).is_error);
}
