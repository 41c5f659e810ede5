//! One run: from a scenario to a report.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use chimera::contracts::publish::PublishInput;
use chimera::contracts::{CallContext, Clock, ErrorCode, Skill};
use chimera::effect::{
    EffectJournal, EffectKind, EffectQuery, EffectRecord, EffectState, HandSettlement, HandVerdict, Page,
    Settled,
};
use chimera::governance::{Approver, ApproverRole, Budget, BudgetScope};
use chimera_testkit::outside::{
    BreachKind, Claim, Event, EventKind, GRACE_MS, Oracle, PRICE_MICROS, Person, Scenario, Trace, World,
    key_of,
};
use chimera_testkit::{MemoryStore, TestClock, TestEntropy, block_on};
use chrono::TimeDelta;

use super::executor::Executor;
use super::host::{Host, Outside, Wrap, context_of, engage_input, publish_input};
use super::report::Report;
use super::told::Told;
use crate::engage_stage::{engage_scope, fund, skill};
use crate::stage::{approve, context, scope};

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
    let host = outside.start(MemoryStore::new(clock, entropy));
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
                self.host = self.stage.outside.start(self.host.store.reopen());
            }
            EventKind::Pause { for_ms } => {
                let until_ms = self.now_ms() + for_ms;
                let second = self.stage.outside.start(self.host.store.open_again());
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
            host.chimera.worker().round().await.expect("the store works");
        });
    }

    /// Rounds of the worker until nothing is open, or everything that is open waits for a person.
    fn settle(&mut self) {
        for pause in pauses() {
            if self.stuck.is_some() || self.is_settled() {
                return;
            }
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

    /// What ended at a person, with the reason that the status shows.
    fn at_a_person(&mut self) -> Vec<String> {
        let mut reasons = Vec::new();
        for record in self.records() {
            let unknown = record.progress.state == EffectState::Unknown;
            let waits = (unknown && record.progress.needs_human) || waits_for_person(&record);
            let open = unknown || !record.progress.state.at_rest();
            let Some(wish) = self.wish_of(&record) else { continue };
            let told = block_on(self.stage.status(&self.host, wish));
            let words = told.map(|told| told.words).unwrap_or_default();
            if waits && !words.is_empty() {
                reasons.push(words);
            } else if open {
                let words =
                    format!("in the end it is {} and no person is asked: {words}", record.progress.state);
                self.breach(wish, BreachKind::Unresolved, words);
            }
        }
        reasons
    }

    /// A person who sees what is public settles what waits; then callers ask again.
    fn person_settles(&mut self) {
        let asked = self.calls();
        let mut not_there = Vec::new();
        // Nothing is said before the server can no longer answer.
        self.stage.outside.clock.advance(TimeDelta::milliseconds(GRACE_MS));
        for record in self.records() {
            if record.progress.state == EffectState::Unknown
                && let Some(wish) = self.wish_of(&record)
                && self.settle_by_hand(wish, &record) == Some(HandVerdict::NotThere)
            {
                not_there.push(wish);
            }
        }
        self.ask_again();
        let calls = self.calls();
        for wish in not_there {
            if calls[wish] == asked[wish] && !self.has_to_wait(wish) {
                let words =
                    "a person said that it is not there; asked for again, it was not attempted".to_owned();
                self.breach(wish, BreachKind::Unresolved, words);
            }
        }
    }

    /// Whether an effect may not be attempted now, for a reason that is told: its approval has expired meanwhile, or its
    /// platform said when to come back.
    fn has_to_wait(&self, wish: usize) -> bool {
        let Some(record) = self.records().into_iter().find(|record| self.wish_of(record) == Some(wish))
        else {
            return false;
        };
        // Another effect with the same text became unknown meanwhile.
        let behind = record.progress.waits_for.is_some();
        behind
            || record.progress.refusal.is_some_and(|refusal| {
                let later = refusal.retry_at.is_some_and(|at| at > self.stage.outside.clock.now());
                later || refusal.code == ErrorCode::ApprovalExpired
            })
    }

    fn settle_by_hand(&mut self, wish: usize, record: &EffectRecord) -> Option<HandVerdict> {
        let mut verdicts = {
            let (world, now_ms) = self.stage.outside.world();
            self.stage.oracle.borrow().verdicts(&world, now_ms, wish)
        };
        verdicts.push(None);
        for verdict in verdicts {
            let verdict = match verdict {
                Some(id) => HandVerdict::There { id, url: None },
                None => HandVerdict::NotThere,
            };
            self.line(|| format!("a person settles wish {wish}: {verdict:?}"));
            let settlement = HandSettlement {
                verdict: verdict.clone(),
                principal: Approver {
                    id: "settler@example.com".to_owned(),
                    role: ApproverRole::HitlReviewer,
                },
                note: "looked at the account".to_owned(),
            };
            let mut settled = self.settled(record, &settlement);
            if let Settled::TooEarly { from } = settled {
                self.stage.outside.clock.set(from);
                settled = self.settled(record, &settlement);
            }
            match settled {
                Settled::Recorded(_) => return Some(verdict),
                // A late answer settled it in this moment.
                Settled::NotUnknown(_) => return None,
                // Another effect with the same text has it; the person names the next one.
                Settled::Taken { .. } => {}
                other => {
                    let words = format!("a person could not settle it: {other:?}");
                    self.breach(wish, BreachKind::Unresolved, words);
                    return None;
                }
            }
        }
        None
    }

    fn settled(&self, record: &EffectRecord, settlement: &HandSettlement) -> Settled {
        let outcomes = self.host.chimera.outcomes();
        let settled = block_on(outcomes.settle_by_hand(&context().namespace, record.id, settlement));
        settled.expect("the store works")
    }

    /// How many acting calls each wish had.
    fn calls(&self) -> Vec<usize> {
        let (world, _) = self.stage.outside.world();
        let count = |wish| world.calls().iter().filter(|call| call.wish == wish).count();
        (0..self.stage.scenario.wishes.len()).map(count).collect()
    }

    fn report(mut self, at_a_person: Vec<String>) -> Report {
        self.compare_journal();
        self.check_doubles();
        if let Some(words) = self.stuck.take() {
            self.breach(0, BreachKind::Stuck, words);
        }
        let (mut world, now_ms) = self.stage.outside.world();
        let mut oracle = self.stage.oracle.borrow_mut();
        oracle.count(&world, now_ms);
        let breaches = oracle.breaches().to_vec();
        for breach in &breaches {
            let words = format!("{:?} wish {}: {}", breach.kind, breach.wish, breach.words);
            world.trace().line(breach.at_ms, "WRONG", || words);
        }
        let is_window = world.is_window();
        let (breaches, window) = if is_window { (Vec::new(), breaches) } else { (breaches, Vec::new()) };
        Report {
            breaches,
            effects: self.stage.scenario.wishes.len(),
            posts: world.acts().iter().filter(|act| !act.double).count(),
            at_a_person,
            window,
            is_window,
            doubles: world.doubles().count(),
            twins: oracle.twins(),
            trace: world.trace().to_string(),
        }
    }

    /// Second posts of the server that a late answer named have to be told: as the effect's post, or as an incident.
    fn check_doubles(&mut self) {
        let records = self.records();
        let named: Vec<(usize, String)> = {
            let (world, _) = self.stage.outside.world();
            let named = world.doubles().filter(|(_, named)| *named);
            named.map(|(act, _)| (act.wish, world.items()[act.item].id.clone())).collect()
        };
        for (wish, id) in named {
            let record = records.iter().find(|record| self.wish_of(record) == Some(wish));
            let told = record.is_some_and(|record| {
                let post = record.progress.post.as_ref().map(|post| post.id.as_str());
                post == Some(id.as_str()) || !record.progress.incidents.is_empty()
            });
            if !told {
                let words = format!("a late answer named `{id}`, a second post, and nothing tells of it");
                self.breach(wish, BreachKind::Untold, words);
            }
        }
    }

    /// What the journal holds in the end, and the books, against the world.
    fn compare_journal(&mut self) {
        let records = self.records();
        for record in &records {
            let Some(wish) = self.wish_of(record) else { continue };
            let told = Told::of_record(record);
            self.stage.note(wish, "journal", &told);
        }
        let publish = self.stage.inputs.values().next().map(scope);
        let scopes = [(publish, true), (Some(engage_scope()), false)];
        for (scope, publishes) in scopes {
            if let Some(scope) = scope {
                self.compare_books(
                    &scope,
                    records.iter().filter(|record| (record.kind() == EffectKind::Publish) == publishes),
                );
            }
        }
    }

    fn compare_books<'r>(&mut self, scope: &BudgetScope, records: impl Iterator<Item = &'r EffectRecord>) {
        let (mut spent, mut held, mut wish) = (0, 0, 0);
        for record in records {
            wish = self.wish_of(record).unwrap_or_default();
            spent += u64::from(record.progress.state == EffectState::Published) * PRICE_MICROS;
            held += u64::from(record.progress.held) * PRICE_MICROS;
        }
        let balance = block_on(Budget::balance(self.host.store.as_ref(), scope)).expect("the store works");
        let Some(balance) = balance else { return };
        if (balance.spent.micros, balance.committed.micros) != (spent, held) {
            let words = format!(
                "spent {} and holds {}; by its effects it is {spent} and {held}",
                balance.spent.micros, balance.committed.micros
            );
            self.breach(wish, BreachKind::Books, words);
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

impl Stage {
    /// A caller asks for a wish, and is told something.
    async fn ask(&self, host: &Host, wish: usize, within_ms: Option<i64>) {
        let deadline = within_ms.map(|within| self.outside.clock.now() + TimeDelta::milliseconds(within));
        let told = if let Some(input) = self.inputs.get(&wish) {
            let context = CallContext { deadline, ..context() };
            let answer = host.chimera.publish().call(&context, input.clone()).await;
            Told::of_publish(&answer.unwrap_or_else(|failed| failed))
        } else {
            let target = self.outside.world().0.target(wish).unwrap_or_default();
            let input = engage_input(&self.scenario, wish, target);
            let context = CallContext { deadline, ..context_of(wish) };
            let answer = skill(&host.chimera).call(&context, input).await;
            Told::of_engage(&answer.unwrap_or_else(|failed| failed))
        };
        self.note(wish, "caller", &told);
    }

    /// What the status of a wish says; `None` when it was never asked for.
    async fn status(&self, host: &Host, wish: usize) -> Option<Told> {
        let told = if self.inputs.contains_key(&wish) {
            let status = host.chimera.publish().status(&context(), &key_of(wish)).await;
            status.expect("the store works").map(|output| Told::of_publish(&output))
        } else {
            let namespace = context_of(wish).namespace;
            let status = skill(&host.chimera).status_of_key(&namespace, &key_of(wish)).await;
            status.expect("the store works").map(|output| Told::of_engage(&output))
        };
        if let Some(told) = &told {
            self.note(wish, "status", told);
        }
        told
    }

    /// Compares what was told with the world at this moment.
    fn note(&self, wish: usize, who: &'static str, told: &Told) {
        let (mut world, now_ms) = self.outside.world();
        world.trace().line(now_ms, who, || {
            let id = match &told.claim {
                Claim::Published(Some(id)) => format!(" as {id}"),
                _ => String::new(),
            };
            format!("is told of wish {wish}: {}{id}", told.words)
        });
        self.oracle.borrow_mut().told(&world, now_ms, wish, &told.claim);
    }
}
