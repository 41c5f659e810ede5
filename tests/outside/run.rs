//! One run: from a scenario to a report.

mod callers;
mod compare;
mod person;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use chimera::contracts::Clock;
use chimera::contracts::publish::PublishInput;
use chimera::effect::{EffectJournal, EffectKind, EffectQuery, EffectRecord, EffectState, Page};
use chimera_testkit::outside::{
    BreachKind, Event, EventKind, Oracle, Person, Scenario, Trace, World, key_of,
};
use chimera_testkit::{Memory, TestClock, TestEntropy, block_on};
use chrono::TimeDelta;

use super::executor::Executor;
use super::host::{Host, Outside, Wrap, publish_input};
use super::report::Report;
use crate::engage_stage::fund;
use crate::stage::{approve, context};

/// How a run is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether its lines are written down.
    pub trace: bool,
    /// What stands between the host and the server.
    pub wrap: Option<Wrap>,
}

/// How often a host goes through its rounds after the last event, in seconds of pause: a worker that runs all the time
/// looks whenever something is due; these are the moments at which it may be.
fn pauses() -> impl Iterator<Item = i64> {
    let doubling = (0..9).map(|power| 1_i64 << power);
    let minutes = std::iter::repeat_n(300, 12);
    let hours = std::iter::repeat_n(3_600, 11);
    let days = std::iter::repeat_n(43_200, 8);
    doubling.chain(minutes).chain(hours).chain(days)
}

/// How many moments a run may have: far more than the longest has.
const MOMENTS: usize = 100_000;

/// Everything of a run that its futures share.
struct Stage {
    outside: Outside,
    oracle: RefCell<Oracle>,
    inputs: BTreeMap<usize, PublishInput>,
    scenario: Scenario,
}

/// A run under way.
struct Run<'a> {
    stage: &'a Stage,
    executor: Executor<'a>,
    /// The process that does what happens now, and its number.
    host: Arc<Host>,
    number: usize,
    /// Processes that stand still, and until when.
    paused: Vec<(usize, i64, Arc<Host>)>,
    stuck: Option<String>,
}

/// Plays a scenario.
#[must_use]
pub fn run(scenario: &Scenario, options: Options) -> Report {
    let clock = Arc::new(TestClock::manual());
    let trace = if options.trace { Trace::on() } else { Trace::default() };
    let world = World::new(scenario.clone(), trace);
    let oracle = RefCell::new(Oracle::new(&world));
    let outside = Outside::new(Arc::clone(&clock), world, options.wrap);
    let entropy = Arc::new(TestEntropy::seeded(scenario.seed));
    let host = outside.start(Memory::new(clock, entropy).open());
    let inputs = block_on(prepare(scenario, &host, outside.clock.as_ref()));
    let stage = Stage { outside, oracle, inputs, scenario: scenario.clone() };
    let mut run = Run {
        stage: &stage,
        executor: Executor::default(),
        host,
        number: 0,
        paused: Vec::new(),
        stuck: None,
    };
    run.events();
    run.settle();
    run.ask_again();
    let at_a_person = run.at_a_person();
    if !at_a_person.is_empty() {
        run.person_settles();
        run.at_a_person();
    }
    run.report(at_a_person)
}

/// Has everything approved and funded.
async fn prepare(scenario: &Scenario, host: &Arc<Host>, clock: &TestClock) -> BTreeMap<usize, PublishInput> {
    let mut inputs = BTreeMap::new();
    fund(host.store.as_ref()).await;
    for (wish, asked) in scenario.wishes.iter().enumerate() {
        if asked.kind == EffectKind::Publish {
            let mut input = publish_input(scenario, wish);
            approve(&host.store, &host.chimera, &mut input, clock).await;
            inputs.insert(wish, input);
        }
    }
    inputs
}

impl<'a> Run<'a> {
    /// What the scenario says, in order of time.
    fn events(&mut self) {
        let mut events = self.stage.scenario.events.clone();
        events.sort_by_key(|event| event.at_ms);
        let mut left = events.into_iter().peekable();
        while self.moment(left.peek().map(|event| event.at_ms)) {
            let now_ms = self.now_ms();
            while let Some(event) = left.next_if(|event| event.at_ms <= now_ms) {
                self.happens(event);
            }
        }
    }

    /// Lets everything go on, and moves the clock to the next moment. `false` when nothing is left.
    fn moment(&mut self, next_event: Option<i64>) -> bool {
        for _ in 0..MOMENTS {
            let paused: Vec<usize> = self.paused.iter().map(|(number, ..)| *number).collect();
            if !self.executor.go_on(|host| paused.contains(&host)) {
                self.stuck = Some("a future goes on for ever without waiting".to_owned());
                return false;
            }
            let now_ms = self.now_ms();
            if next_event.is_some_and(|at_ms| at_ms <= now_ms) {
                return true;
            }
            if self.executor.is_idle() && next_event.is_none() {
                return false;
            }
            let sleeper = self.stage.outside.clock.next_deadline().filter(|_| !self.executor.is_idle());
            let wakes = self.paused.iter().map(|(_, until_ms, _)| *until_ms).min();
            let known = [wakes, next_event].into_iter().flatten().map(World::time);
            let Some(next) = known.chain(sleeper).min() else {
                self.stuck = Some("a future waits for nothing that comes".to_owned());
                return false;
            };
            let now = self.stage.outside.clock.now();
            self.stage.outside.clock.set(next.max(now));
            self.paused.retain(|(_, until_ms, _)| World::time(*until_ms) > next);
        }
        self.stuck = Some("the run does not come to an end".to_owned());
        false
    }

    fn happens(&mut self, event: Event) {
        self.line(|| format!("{:?}", event.what));
        match event.what {
            EventKind::Ask { wish } => self.ask(wish, None),
            EventKind::Hurry { wish, within_ms } => self.ask(wish, Some(within_ms)),
            EventKind::Status { wish } => {
                let (stage, host) = (self.stage, Arc::clone(&self.host));
                self.executor.start(self.number, async move {
                    stage.status(&host, wish).await;
                });
            }
            EventKind::Round => self.round(),
            EventKind::Crash => {
                self.executor.kill(self.number);
                self.number += 1;
                self.host = self.stage.outside.start(self.host.store.backend().reopen());
            }
            EventKind::Pause { for_ms } => {
                let until_ms = self.now_ms() + for_ms;
                let second = self.stage.outside.start(self.host.store.backend().memory().open());
                let first = std::mem::replace(&mut self.host, second);
                self.paused.push((self.number, until_ms, first));
                self.number += 1;
            }
        }
    }

    fn ask(&mut self, wish: usize, within_ms: Option<i64>) {
        let (stage, host) = (self.stage, Arc::clone(&self.host));
        self.executor.start(self.number, async move { stage.ask(&host, wish, within_ms).await });
    }

    fn round(&mut self) {
        let host = Arc::clone(&self.host);
        self.executor.start(self.number, async move {
            host.chimera.worker().run_once().await.expect("the store works");
        });
    }

    /// Rounds of the worker until nothing is open, or everything that is open waits for a person.
    fn settle(&mut self) {
        for pause in pauses() {
            if self.stuck.is_some() || self.is_settled() {
                return;
            }
            self.clear_accounts();
            self.stage.outside.clock.advance(TimeDelta::seconds(pause));
            self.round();
            while self.moment(None) {}
        }
    }

    fn is_settled(&self) -> bool {
        let soon = self.stage.scenario.person == Person::Soon;
        let settled = |record: &EffectRecord| match record.progress.state {
            // A person is asked beside the looks, which go on.
            EffectState::Unknown => record.progress.needs_human && (soon || record.progress.due_at.is_none()),
            EffectState::Admitted => waits_for_person(record),
            state => state.at_rest(),
        };
        let (world, now_ms) = self.stage.outside.world();
        let due = world.next_due().is_some_and(|at_ms| at_ms < now_ms + 600_000);
        !due && self.records().iter().all(settled)
    }

    /// Callers ask again with their keys, as callers do that were told to, until nothing changes by it.
    fn ask_again(&mut self) {
        for pause in [1, 1_000, 4_000, 20_000, 60_000] {
            self.stage.outside.clock.advance(TimeDelta::seconds(pause));
            for wish in 0..self.stage.scenario.wishes.len() {
                self.clear_accounts();
                self.ask(wish, None);
                while self.moment(None) {}
            }
            self.settle();
            let retryable = |record: &EffectRecord| record.progress.state == EffectState::NotDone;
            if self.stuck.is_some() || !self.records().iter().any(retryable) {
                return;
            }
        }
    }

    fn records(&self) -> Vec<EffectRecord> {
        let page = Page { after: None, limit: 100 };
        let query = EffectQuery { namespace: context().namespace, ..EffectQuery::default() };
        block_on(self.host.store.effects(&query, page)).expect("the store works")
    }

    fn wish_of(&self, record: &EffectRecord) -> Option<usize> {
        (0..self.stage.scenario.wishes.len()).find(|wish| {
            let skill = match self.stage.scenario.wishes[*wish].kind {
                EffectKind::Publish => chimera::contracts::SkillName::Publish,
                _ => chimera::contracts::SkillName::Engage,
            };
            let key =
                chimera::effect::RequestKey { namespace: context().namespace, skill, key: key_of(*wish) };
            key.request_id() == record.request
        })
    }

    fn breach(&self, wish: usize, kind: BreachKind, words: String) {
        let now_ms = self.now_ms();
        self.stage.oracle.borrow_mut().found(now_ms, wish, kind, words);
    }

    fn now_ms(&self) -> i64 {
        World::ms(self.stage.outside.clock.now())
    }

    fn line(&self, what: impl FnOnce() -> String) {
        let (mut world, now_ms) = self.stage.outside.world();
        world.trace().line(now_ms, "host", what);
    }
}

/// Whether an effect has not begun because a person has to settle another one first.
fn waits_for_person(record: &EffectRecord) -> bool {
    let progress = &record.progress;
    progress.state == EffectState::Admitted && progress.waits_for.is_some() && progress.needs_human
}
