//! The same question gets the same bytes (PRO-04), and the first answer wins (PRO-05, PRO-06).

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use chimera_contracts::{CallContext, CallerRole, DynSkill, ErrorCode, JsonAnswer, Skill, StoreError};
use chimera_skill_propose::{
    AdmitProposal, CampaignStrategy, ProposalAdmission, ProposalJournal, ProposalKey, ProposePorts,
    StoredProposal,
};
use chimera_testkit::block_on;
use chrono::TimeDelta;
use futures_util::future::join_all;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bench::{
    Bench, Figures, call, context, error, input, pointers, propose, reason, refuse, request, skill,
};
use crate::strategies::{Other, action};

/// The members of an object, written in this order.
fn written(members: &[(String, String)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(key, value)| format!("{}:{value}", Value::from(&**key))).collect();
    format!("{{{}}}", members.join(","))
}

fn members(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value).to_string())).collect()
}

prop_compose! {
    /// The good input with its members in some order at every level, asked by somebody.
    fn shuffled()(
        constraints in Just(members(&[
            ("timezone", "Europe/Berlin"), ("not_before", "2026-02-10T09:00:00"), ("quiet_hours", "22:00-07:00"),
        ])).prop_shuffle(),
        context in Just(["target_platforms", "audience_constraints"]).prop_shuffle(),
        whole in Just(members(&[
            ("request_id", "req-1"), ("artifact_id", "artifact-42"), ("spec_version", "1.0.0"),
            ("actor_id", ""), ("approval_reference", ""), ("candidate_context", ""),
        ])).prop_shuffle(),
        actor in "[a-z0-9 ]{1,20}",
    ) -> String {
        let context = context.map(|key| {
            let value = match key {
                "target_platforms" => r#"["twitter","instagram"]"#.to_owned(),
                _ => written(&constraints),
            };
            (key.to_owned(), value)
        });
        let whole: Vec<_> = whole.into_iter().map(|(key, value)| {
            let value = match key.as_str() {
                "actor_id" => Value::from(actor.as_str()).to_string(),
                "approval_reference" => "null".to_owned(),
                "candidate_context" => written(&context),
                _ => value,
            };
            (key, value)
        }).collect();
        written(&whole)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// In another process (a store of its own), in another order, for another actor, on another day.
    #[test]
    fn the_same_question_gets_the_same_bytes(
        sent in shuffled(),
        caller in "[a-z]{1,9}",
        planner in any::<bool>(),
        days in 0_i64..2_000,
    ) {
        let bench = Bench::new();
        bench.clock.advance(TimeDelta::days(days));
        let role = if planner { CallerRole::Planner } else { CallerRole::Worker };
        let context = CallContext { role, ..CallContext::worker(caller) };
        let answer = block_on(bench.skill().call_json(&context, sent.as_bytes())).unwrap();
        prop_assert!(!answer.is_error, "{}", answer.json);
        prop_assert_eq!(&answer.json, &call(&Bench::new().skill(), &request()).json);
        // And again, where it is known already.
        prop_assert_eq!(&answer.json, &call(&bench.skill(), &request()).json);
        prop_assert_eq!(bench.proposed().len(), 1);
    }

    #[test]
    fn any_other_question_has_other_ids(
        field in proptest::sample::select(&["request_id", "artifact_id", "spec_version"][..]),
        value in "[a-z]{1,9}",
    ) {
        let first = propose(&Bench::new().skill(), &request());
        let mut other = request();
        other[field] = value.into();
        let other = propose(&Bench::new().skill(), &other);
        prop_assert_ne!(&first.proposal_id, &other.proposal_id);
        prop_assert_ne!(&first.provenance[0], &other.provenance[0]);
        for (one, another) in first.proposed_actions.iter().zip(&other.proposed_actions) {
            prop_assert_ne!(&one.action_id, &another.action_id);
        }
    }
}

/// A journal whose readers all read before anybody goes on.
#[derive(Debug)]
struct Slow(Arc<dyn ProposalJournal>);

#[async_trait]
impl ProposalJournal for Slow {
    async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError> {
        self.0.admit(admit).await
    }

    async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError> {
        let known = self.0.recall(key).await;
        let mut others_ran = false;
        poll_fn(|context| {
            if std::mem::replace(&mut others_ran, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        known
    }
}

/// What sixteen callers get at once, all of whom find the request unknown; every second one by another strategy.
fn sixteen(bench: &Bench, request: impl Fn(usize) -> Value) -> Vec<JsonAnswer> {
    let slow = || ProposePorts { journal: Arc::new(Slow(bench.ports().journal)), ..bench.ports() };
    let other = Other { name: "other", plan: |brief| Ok(vec![action(brief)]) };
    let skills = [skill(slow()), skill(ProposePorts { strategy: Arc::new(other), ..slow() })];
    let calls = (0..16).map(|number| {
        let (skill, context) = (&skills[number % 2], CallContext::worker(format!("worker-{number}")));
        let request = request(number).to_string();
        async move { skill.call_json(&context, request.as_bytes()).await.unwrap() }
    });
    block_on(join_all(calls))
}

#[test]
fn sixteen_at_once_get_one_answer() {
    let bench = Bench::new();
    let answers = sixteen(&bench, |_| request());
    assert!(answers.iter().all(|answer| !answer.is_error && *answer == answers[0]), "{answers:?}");
    assert_eq!(call(&bench.skill(), &request()), answers[0]);
    assert_eq!((bench.proposed().len(), bench.refused().len()), (1, 0));
}

#[test]
fn of_two_questions_at_once_one_has_the_request_id() {
    let bench = Bench::new();
    let answers = sixteen(&bench, |number| {
        let mut request = request();
        request["artifact_id"] = format!("artifact-{}", number % 2).into();
        request
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| !answer.is_error);
    assert_eq!((won.len(), lost.len()), (8, 8), "{answers:?}");
    assert!(won.iter().all(|answer| *answer == won[0]), "{won:?}");
    assert!(lost.iter().all(|answer| reason(&error(answer)) == "request_id_reused"), "{lost:?}");
    assert_eq!(bench.proposed().len(), 1);
}

#[test]
fn the_first_answer_wins_over_later_strategies_and_figures() {
    let bench = Bench::new();
    let first = call(&bench.skill(), &request());
    let known = json!({ "v": 1, "id": "s", "platforms": { "twitter": { "reach": 1 } } });
    let later = [
        bench.with_strategy(Other { name: "other", plan: |brief| Ok(vec![action(brief)]) }),
        bench.with_strategy(CampaignStrategy::new().on([])),
        bench.with_insights(Figures::of(&known)),
        bench.with_insights(Figures(Err(chimera_skill_propose::InsightsError("gone".to_owned())))),
    ];
    for skill in later {
        assert_eq!(call(&skill, &request()), first);
    }
    assert_eq!(bench.proposed().len(), 1);
    // In another tenant it is another question.
    let context = CallContext { namespace: "another".parse().unwrap(), ..context() };
    let other = block_on(bench.skill().call_json(&context, request().to_string().as_bytes())).unwrap();
    assert!(!other.is_error && other != first, "{}", other.json);
}

#[test]
fn a_typed_call_and_a_json_call_are_one() {
    let bench = Bench::new();
    let typed = block_on(bench.skill().call(&context(), input(&request()))).unwrap().into_result().unwrap();
    assert_eq!(serde_json::to_string(&typed).unwrap(), call(&bench.skill(), &request()).json);
}

#[test]
fn a_request_id_stands_for_one_question() {
    let bench = Bench::new();
    let first = call(&bench.skill(), &request());
    let mut artifact = request();
    artifact["artifact_id"] = "artifact-43".into();
    let mut version = request();
    version["spec_version"] = "1.0.1".into();
    let mut platforms = request();
    platforms["candidate_context"]["target_platforms"] = json!(["instagram", "twitter"]);
    let mut constraints = request();
    constraints["candidate_context"]["audience_constraints"]["quiet_hours"] = "22:00-08:00".into();
    let mut context = request();
    context.as_object_mut().unwrap().remove("candidate_context");
    for other in [artifact, version, platforms, constraints, context] {
        let error = refuse(&bench.skill(), &other);
        assert_eq!(error.error_code, ErrorCode::ValidationError, "{other}");
        assert_eq!((reason(&error), pointers(&error)), ("request_id_reused", vec!["/request_id"]), "{other}");
        assert!(error.related_event_id.is_some());
    }
    assert_eq!(call(&bench.skill(), &request()), first, "nothing of it changed the first answer");
    assert_eq!((bench.proposed().len(), bench.refused().len()), (1, 5));
}

#[test]
fn another_question_that_is_wrong_is_told_what_is_wrong() {
    let bench = Bench::new();
    propose(&bench.skill(), &request());
    let mut other = request();
    other["candidate_context"]["target_platforms"] = json!(["mastodon"]);
    let error = refuse(&bench.skill(), &other);
    assert_eq!(pointers(&error), ["/candidate_context/target_platforms/0"]);
    assert_eq!(reason(&error), "invalid_input");
}
