//! The suite of `ToolClient` over a client that keeps it, and over clients that break a sentence each. The clients that are shipped
//! are held to it in `chimera-mcp`, over real servers.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_contracts::Clock;
use chimera_platform::ToolClient;
use chimera_testkit::conformance::tools::{self, Does, Reached, ToolHarness, ToolServer};
use chimera_testkit::{TestClock, block_on};
use chrono::{DateTime, TimeDelta, Utc};

use crate::failing::{Variant, each_case_fails};
use crate::fake_server::{FakeServer, Fault, SECRET};

/// Gives servers whose clients have this fault.
#[derive(Debug)]
struct Fakes(Fault);

#[async_trait]
impl ToolHarness for Fakes {
    fn secret(&self) -> String {
        SECRET.to_owned()
    }

    async fn server(&self, tools: &[(&str, Does)]) -> Box<dyn ToolServer> {
        let clock = Arc::new(TestClock::manual());
        let server = FakeServer::new(Arc::clone(&clock), tools, self.0);
        Box::new(Fake { clock, server })
    }
}

#[derive(Debug)]
struct Fake {
    clock: Arc<TestClock>,
    server: FakeServer,
}

#[async_trait]
impl ToolServer for Fake {
    fn client(&self) -> Arc<dyn ToolClient> {
        Arc::new(self.server.clone())
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.clock)
    }

    fn patience(&self) -> TimeDelta {
        TimeDelta::seconds(5)
    }

    async fn pass(&self, time: DateTime<Utc>) {
        self.clock.set(time);
    }

    async fn reached(&self, _: usize) -> Vec<Reached> {
        self.server.reached()
    }

    async fn let_go(&self) {
        self.server.let_go();
    }
}

#[test]
fn a_faithful_client_keeps_its_contract() {
    block_on(tools::all(&Fakes(Fault::Faithful)));
}

#[test]
fn each_case_finds_a_client_that_breaks_its_sentence() {
    let with = |fault| -> Box<dyn ToolHarness> { Box::new(Fakes(fault)) };
    let variants: Vec<Variant<dyn ToolHarness>> = vec![
        (with(Fault::AddsArguments), &["a_call_is_put_once_as_it_was_given"]),
        (with(Fault::MixesAnswers), &["calls_at_one_time_are_each_put_once"]),
        (with(Fault::SendsAgain), &["a_call_that_nobody_answers_is_lost_and_not_sent_again"]),
        (
            with(Fault::SendsLate),
            &["nothing_is_sent_at_or_after_send_before", "nothing_is_sent_when_nobody_waits_any_more"],
        ),
        (with(Fault::AnyLife), &["a_call_goes_to_the_life_that_it_names"]),
        (
            with(Fault::DeniesSending),
            &[
                "a_call_that_nobody_answers_is_lost_and_not_sent_again",
                "calls_in_flight_are_lost_with_their_server",
                "a_late_answer_is_given_out_once",
                "late_answers_name_their_calls",
            ],
        ),
        (with(Fault::AsksAgain), &["what_a_server_asks_for_is_an_answer"]),
        (with(Fault::RepeatsFailures), &["an_error_of_the_protocol_is_no_answer"]),
        (
            with(Fault::RepeatsDeaths),
            &["a_call_goes_to_the_life_that_it_names", "a_server_that_died_is_started_by_a_later_call"],
        ),
        (with(Fault::ListsNoDead), &["a_server_that_died_is_started_by_a_later_list"]),
        (with(Fault::ListsOnce), &["tools_are_those_that_the_server_offers"]),
        (
            with(Fault::ForgetsCalls),
            &[
                "dropping_a_call_does_not_take_it_back",
                "a_late_answer_is_given_out_once",
                "late_answers_name_their_calls",
            ],
        ),
        (with(Fault::RepeatsLate), &["a_late_answer_is_given_out_once"]),
        (with(Fault::RedactsAnswers), &["answers_come_back_as_they_were"]),
        (with(Fault::TellsSecrets), &["reasons_repeat_no_secret"]),
    ];
    each_case_fails(tools::CASES, variants);
}
