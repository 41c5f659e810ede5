//! Strategies that a host might write, the broken ones included.

use std::collections::BTreeMap;

use chimera_contracts::{ErrorCode, Fault, Faults};
use chimera_skill_propose::{ActionType, Brief, PlannedAction, ProposalStrategy, StrategyError, constraint};
use chrono::TimeDelta;

use crate::bench::{Bench, pointers, propose, reason, refuse, request, request_with};

/// A strategy that is a function.
#[derive(Clone)]
pub(crate) struct Other {
    pub(crate) name: &'static str,
    pub(crate) plan: fn(&Brief) -> Result<Vec<PlannedAction>, StrategyError>,
}

impl std::fmt::Debug for Other {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl ProposalStrategy for Other {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> &'static str {
        "9"
    }

    fn constraints(&self) -> &[&'static str] {
        &["tone"]
    }

    fn propose(&self, brief: &Brief) -> Result<Vec<PlannedAction>, StrategyError> {
        (self.plan)(brief)
    }
}

pub(crate) fn action(brief: &Brief) -> PlannedAction {
    PlannedAction {
        action_type: ActionType::of("pin"),
        target: "somewhere".to_owned(),
        scheduled_time: brief.audience.not_before,
        estimated_impact: BTreeMap::new(),
    }
}

fn at(brief: &Brief, hours: i64) -> Result<Vec<PlannedAction>, StrategyError> {
    let time = brief.audience.not_before.map(|start| start + TimeDelta::hours(hours));
    Ok(vec![PlannedAction { scheduled_time: time, ..action(brief) }])
}

fn with_tone(brief: &Brief) -> Result<Vec<PlannedAction>, StrategyError> {
    match brief.constraints.get("tone").map(String::as_str) {
        Some("calm") | None => Ok(vec![action(brief)]),
        Some(other) => {
            let pointer = "/candidate_context/audience_constraints/tone";
            Err(Faults::from(Fault::new(pointer, "`calm`", other)).into())
        }
    }
}

#[test]
fn a_strategy_has_constraints_and_actions_of_its_own() {
    let skill = Bench::new().with_strategy(Other { name: "other", plan: with_tone });
    let proposal = propose(&skill, &request_with(&[], &[("tone", "calm")]));
    assert_eq!(proposal.proposed_actions[0].action_type, "pin");
    assert_eq!(proposal.provenance[1..], ["strategy:other@9"]);

    let mut shouting = request_with(&[], &[("tone", "loud"), (constraint::LOCALE, "de")]);
    shouting["request_id"] = "req-2".into();
    let error = refuse(&skill, &shouting);
    assert_eq!(error.error_code, ErrorCode::ValidationError);
    assert_eq!(pointers(&error), ["/candidate_context/audience_constraints/tone"]);
}

#[test]
fn a_plan_that_breaks_a_constraint_or_a_bound_is_no_proposal() {
    // The request's day begins at 09:00 in Berlin and is quiet from 22:00.
    let plans: [(&str, Other); 6] = [
        ("plan_breaks_constraints", Other { name: "too-early", plan: |brief| at(brief, -1) }),
        ("plan_breaks_constraints", Other { name: "quiet", plan: |brief| at(brief, 14) }),
        ("plan_out_of_bounds", Other { name: "nothing", plan: |_| Ok(Vec::new()) }),
        ("plan_out_of_bounds", Other { name: "much", plan: |brief| Ok(vec![action(brief); 201]) }),
        (
            "plan_out_of_bounds",
            Other {
                name: "long",
                plan: |brief| Ok(vec![PlannedAction { target: "t".repeat(256), ..action(brief) }]),
            },
        ),
        (
            "plan_out_of_bounds",
            Other {
                name: "wordless",
                plan: |brief| Ok(vec![PlannedAction { action_type: ActionType::of(""), ..action(brief) }]),
            },
        ),
    ];
    for (expected, strategy) in plans {
        let bench = Bench::new();
        let name = strategy.name;
        let error = refuse(&bench.with_strategy(strategy), &request());
        assert_eq!(error.error_code, ErrorCode::ProposalGenerationError, "{name}");
        assert_eq!(reason(&error), expected, "{name}");
        assert_eq!(bench.proposed().len(), 0, "{name}");
        // Nothing was kept: a better strategy answers the same request.
        propose(&bench.skill(), &request());
    }
}

#[test]
fn what_a_plan_may_hold_is_kept_as_it_is() {
    let plan = |brief: &Brief| Ok(vec![action(brief); 200]);
    let proposal = propose(&Bench::new().with_strategy(Other { name: "much", plan }), &request());
    assert_eq!(proposal.proposed_actions.len(), 200);
    let mut ids: Vec<_> = proposal.proposed_actions.into_iter().map(|action| action.action_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 200, "actions that are alike have ids of their own");
}
