//! What the propose skill answers.

use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::propose::{AlwaysNull, CandidateContext, ProposeInput};
use chimera::contracts::{CallContext, CallerRole, Clock, ErrorCode, Skill};
use chimera_testkit::{Action, Cut, Rules, StrictPlatform, TestClock};
use chimera_tests::stage::{context, cut_host, host};
use futures_util::FutureExt as _;

use super::{Row, Told, memory};

pub(super) const ROWS: &[Row] = &[
    (ErrorCode::ValidationError, || asked(|input| input.request_id.clear()).boxed_local()),
    (ErrorCode::AuthzFailure, || asked_by_a_judge().boxed_local()),
    (ErrorCode::ProposalGenerationError, || asked(never_open).boxed_local()),
    (ErrorCode::StorageUnavailable, || asked_of_a_store_that_fails().boxed_local()),
];

/// A question that is answered as it is.
fn input() -> ProposeInput {
    ProposeInput {
        request_id: "req-1".to_owned(),
        artifact_id: "artifact-1".to_owned(),
        candidate_context: Some(CandidateContext {
            target_platforms: vec!["twitter".to_owned()],
            ..CandidateContext::default()
        }),
        actor_id: "agent-1".to_owned(),
        spec_version: "1.0.0".to_owned(),
        approval_reference: AlwaysNull,
    }
}

/// Hours in which people may be asked and may not.
fn never_open(input: &mut ProposeInput) {
    let constraints = [
        ("timezone", "Europe/Berlin"),
        ("not_before", "2026-02-10T09:00:00"),
        ("active_hours", "09:00-10:00"),
        ("quiet_hours", "08:00-12:00"),
    ];
    let context = input.candidate_context.get_or_insert_default();
    context.audience_constraints =
        constraints.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
}

fn ports() -> (Arc<dyn Clock>, Arc<StrictPlatform>) {
    let clock: Arc<dyn Clock> = Arc::new(TestClock::new());
    let platform = StrictPlatform::everywhere(Arc::clone(&clock), Rules::default());
    (clock, Arc::new(platform))
}

async fn ask(host: &Chimera, context: &CallContext, input: ProposeInput) -> Told {
    match host.propose().call(context, input).await.unwrap().into_result() {
        Ok(output) => panic!("it was answered: {output:?}"),
        Err(error) => Told::proposed(&error),
    }
}

async fn asked(edit: fn(&mut ProposeInput)) -> Told {
    let (clock, platform) = ports();
    let mut input = input();
    edit(&mut input);
    ask(&host(&memory(&clock), platform, &clock), &context(), input).await
}

async fn asked_by_a_judge() -> Told {
    let (clock, platform) = ports();
    let judge = CallContext { role: CallerRole::Judge, ..context() };
    ask(&host(&memory(&clock), platform, &clock), &judge, input()).await
}

async fn asked_of_a_store_that_fails() -> Told {
    let (clock, platform) = ports();
    let cut = Cut::at(0, Action::Fail);
    ask(&cut_host(&cut, &memory(&clock), platform, &clock), &context(), input()).await
}
