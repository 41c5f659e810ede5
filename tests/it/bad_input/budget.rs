//! Budgets that do not cover a request.

use chimera::contracts::{ErrorCode, Money};
use chimera::governance::{ApprovalStore, Budget};
use chimera_testkit::{PRICE, block_on};
use chimera_tests::stage::{context, scope};

use super::{Bench, Expected, json};

fn check(limit: Option<Money>, says: &[&str]) {
    let other = Bench::new();
    let mut input = other.good();
    // A bench on which the same decision is recorded and the budget is not.
    let bench = Bench::new();
    let id = input.content_bundle.approval_record.as_mut().unwrap().decision_id.unwrap();
    let previews = block_on(other.host.publish().preview(&context(), &input)).unwrap();
    let standing = block_on(other.store.decision(&context().namespace, id, &previews[0].digest));
    block_on(bench.store.record(standing.unwrap().unwrap().decision)).unwrap();
    if let Some(limit) = limit {
        block_on(bench.store.set_limit(&scope(&input), limit)).unwrap();
    }
    let code = ErrorCode::BudgetExceeded;
    let expected = Expected { code, pointers: &[], says, recorded: true };
    bench.check(&format!("{limit:?}"), &context(), &json(&input), &expected);
}

#[test]
fn a_campaign_without_budget() {
    check(None, &["no budget is set"]);
}

#[test]
fn a_budget_that_covers_less_than_the_whole_request() {
    let all = 3 * PRICE.micros;
    check(Some(Money::usd_micros(0)), &["does not cover"]);
    check(Some(Money::usd_micros(all - 1)), &["does not cover"]);
}
