//! A small sequential model of the journal, and histories to compare a journal with it.
//!
//! The model is written from the contract and PUB-05, PUB-06, PUB-15 and PUB-21, not from
//! [`chimera_effect::step`], so that a mistake there shows. It knows two processes, three keys, four contents on two
//! platforms, one decision and one budget that does not cover everything.

mod effect;
mod history;
pub mod limits;
pub mod review;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chimera_audit::{EventType, LedgerQuery, Page};
use chimera_contracts::{Clock, ErrorCode, InstanceId, Money, PlatformName};
use chimera_effect::{Admission, Advance, Advanced, Effect, EffectState, LeaseScope};
use chimera_governance::{Approved, Balance};
use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::TestClock;
use crate::conformance::{StoreFactory, Stores};
use crate::scene::{PRICE, Scene, WINDOW, admit_request, approve, new_effect, sample_effect, set_up};
use effect::Modelled;
pub use history::{Move, Op, View, history};

/// How many contents there are; two on each platform.
const CONTENTS: usize = 4;
/// How many request keys there are.
const KEYS: usize = 3;
/// How many processes there are.
const OPENERS: usize = 2;
/// How many effects the budget covers.
const COVERED: u64 = 3;

/// What the journal should hold.
#[derive(Debug)]
struct Model {
    now: DateTime<Utc>,
    revoked: bool,
    spent: u64,
    committed: u64,
    /// The keys that are claimed.
    claimed: BTreeSet<usize>,
    effects: Vec<Modelled>,
    dead: BTreeSet<InstanceId>,
}

/// What an admission should come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Fresh,
    Known,
    Conflict,
    Refused(ErrorCode),
}

impl Model {
    fn admit(
        &mut self,
        scene: &Scene,
        key: usize,
        contents: &[Effect],
        places: &[usize],
        begin: bool,
        holder: InstanceId,
    ) -> Answer {
        if self.claimed.contains(&key) {
            let known =
                |place: &usize| self.effects.iter().any(|one| (one.key, one.content) == (key, *place));
            return if places.iter().all(known) { Answer::Known } else { Answer::Conflict };
        }
        if self.revoked {
            return Answer::Refused(ErrorCode::ApprovalRevoked);
        }
        if places.iter().any(|place| self.effects.iter().any(|one| one.content == *place)) {
            return Answer::Refused(ErrorCode::ApprovalUsed);
        }
        let wanted = places.len() as u64;
        if self.spent + self.committed + wanted > COVERED {
            return Answer::Refused(ErrorCode::BudgetExceeded);
        }
        self.committed += wanted;
        self.claimed.insert(key);
        for place in places {
            let effect = &contents[*place];
            let id = scene.key.effect_id(&effect.digest());
            let platform = effect.content().platform;
            self.effects.push(Modelled::admitted(id, key, *place, platform, begin, holder, self.now));
        }
        Answer::Fresh
    }

    /// What a step should come to; `None` where it is illegal.
    fn advance(
        &mut self,
        place: usize,
        step: Move,
        advance: &Advance,
        holder: InstanceId,
    ) -> Option<&'static str> {
        let one = &self.effects[place];
        if advance.epoch != one.epoch {
            return Some("fenced");
        }
        if advance.version != one.version {
            let repeated = one.last.as_ref().is_some_and(|(_, last)| last == advance);
            return Some(if repeated && advance.version + 1 == one.version { "already" } else { "fenced" });
        }
        if step == Move::Begin && self.revoked {
            return Some("refused");
        }
        let next = one.follows(step, self.now)?;
        if let (Move::Late(post), Some(known)) = (step, one.post)
            && post == known
        {
            return Some("already");
        }
        if let Some((post, direct)) = step.claims() {
            let claim = (one.platform, Some(post));
            let owns = |other: &Modelled| (other.platform, other.post) == claim;
            let owner = (0..self.effects.len()).find(|other| *other != place && owns(&self.effects[*other]));
            match owner {
                // The answer of an effect's own call beats a look.
                Some(owner) if direct && self.effects[owner].found_by_look => {
                    self.effects[owner].disown(self.now);
                    self.spent -= 1;
                    self.committed += 1;
                }
                Some(_) => return Some("taken"),
                None => {}
            }
        }
        let one = &mut self.effects[place];
        let before = one.state;
        one.step(step, next, advance, holder, self.now);
        if one.held && matches!(next, EffectState::Published | EffectState::Failed) {
            one.held = false;
            self.committed -= 1;
            self.spent += u64::from(next == EffectState::Published);
        } else if before == EffectState::Failed && next == EffectState::Published {
            // It happened after its hold was let go.
            self.spent += 1;
        }
        Some("applied")
    }

    /// Whether nobody who lives holds an effect.
    fn free(&self, one: &Modelled) -> bool {
        one.lease.is_none_or(|(holder, until)| until <= self.now || self.dead.contains(&holder))
    }

    /// The effects that `Due` gives: free, due, and waiting for somebody to go on with them.
    fn due(&self) -> BTreeSet<usize> {
        let due = |one: &Modelled| self.free(one) && one.due.is_some_and(|due| due <= self.now);
        self.effects.iter().enumerate().filter(|(_, one)| due(one)).map(|(place, _)| place).collect()
    }
}

/// A journal beside its model.
struct Check<'a> {
    factory: &'a dyn StoreFactory,
    clock: Arc<TestClock>,
    scenes: Vec<Scene>,
    contents: Vec<Effect>,
    approved: BTreeMap<(usize, usize), Approved<Effect>>,
    openers: Vec<Option<Stores>>,
    model: Model,
}

/// Plays a history on a fresh state of the store, and compares it with the model after every operation.
///
/// # Panics
/// When the journal is not as the model says.
pub async fn check_history(factory: &dyn StoreFactory, history: &[Op]) {
    let mut check = Check::open(factory).await;
    for (number, op) in history.iter().enumerate() {
        check.play(*op, &format!("operation {number}, {op:?}")).await;
        check.compare(&format!("after operation {number}, {op:?}")).await;
    }
    check.count_attempts().await;
}

impl<'a> Check<'a> {
    async fn open(factory: &'a dyn StoreFactory) -> Self {
        let clock = factory.clock();
        let dyn_clock: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let scene = Scene::named("model");
        let scenes: Vec<_> = (0..KEYS).map(|key| scene.under_key(&key.to_string())).collect();
        let content = |place: usize| {
            let platform =
                if place.is_multiple_of(2) { PlatformName::Twitter } else { PlatformName::Threads };
            sample_effect(&scene, platform, &format!("text {place}"))
        };
        let contents: Vec<_> = (0..CONTENTS).map(content).collect();
        let mut openers = Vec::new();
        for _ in 0..OPENERS {
            openers.push(Some(factory.open().await));
        }
        let mut approved = BTreeMap::new();
        {
            let stores = openers[0].as_ref().expect("it is open");
            let limit = Money::usd_micros(COVERED * PRICE.micros);
            set_up(&stores.approvals, stores.budget.as_ref(), &dyn_clock, &scene, limit, &contents).await;
            for (key, scene) in scenes.iter().enumerate() {
                let passed = approve(&stores.approvals, &dyn_clock, scene, &contents).await;
                approved.extend(passed.into_iter().enumerate().map(|(place, one)| ((key, place), one)));
            }
        }
        let model = Model {
            now: clock.now(),
            revoked: false,
            spent: 0,
            committed: 0,
            claimed: BTreeSet::new(),
            effects: Vec::new(),
            dead: BTreeSet::new(),
        };
        Self { factory, clock, scenes, contents, approved, openers, model }
    }

    fn stores(&self, opener: usize) -> &Stores {
        self.openers[opener % OPENERS].as_ref().expect("it is open")
    }

    async fn play(&mut self, op: Op, said: &str) {
        match op {
            Op::Admit { opener, key, contents, begin } => {
                self.admit(opener, key % KEYS, contents, begin, said).await;
            }
            Op::Advance { opener, target, step, view, keep } => {
                if !self.model.effects.is_empty() {
                    let place = target % self.model.effects.len();
                    self.advance(opener, place, step, view, keep, said).await;
                }
            }
            Op::LeaseDue { opener, limit } => self.lease_due(opener, limit, said).await,
            Op::LeaseOf { opener, target } => {
                if !self.model.effects.is_empty() {
                    self.lease_of(opener, target % self.model.effects.len(), said).await;
                }
            }
            Op::Tick { seconds } => {
                self.clock.advance(TimeDelta::seconds(seconds.into()));
                self.model.now = self.clock.now();
            }
            Op::Crash { opener } => self.crash(opener % OPENERS).await,
            Op::Revoke => {
                let Scene { namespace, decision, .. } = &self.scenes[0];
                let revoked = self.stores(0).approvals.revoke(namespace, *decision, self.model.now).await;
                self.model.revoked = revoked.expect("the decision is revoked");
            }
        }
    }

    async fn admit(&mut self, opener: usize, key: usize, contents: u8, begin: bool, said: &str) {
        let places: Vec<usize> = (0..CONTENTS).filter(|place| contents & (1 << place) != 0).collect();
        if places.is_empty() {
            return;
        }
        let scene = self.scenes[key].clone();
        let effects =
            places.iter().map(|place| new_effect(self.approved[&(key, *place)].clone(), begin)).collect();
        let journal = &self.stores(opener).journal;
        let holder = journal.instance();
        let answer = match journal.admit(admit_request(&scene, effects)).await.expect(said) {
            Admission::Fresh(_) => Answer::Fresh,
            Admission::Known(_) => Answer::Known,
            Admission::Conflict { .. } => Answer::Conflict,
            Admission::Refused(refused) => Answer::Refused(refused.code),
        };
        assert_eq!(answer, self.model.admit(&scene, key, &self.contents, &places, begin, holder), "{said}");
    }

    async fn advance(&mut self, opener: usize, place: usize, step: Move, view: View, keep: bool, said: &str) {
        let one = &self.model.effects[place];
        let keep = keep.then_some(WINDOW.lease);
        let now = Advance {
            effect: one.id,
            epoch: one.epoch,
            version: one.version,
            step: step.step(self.model.now, one.attempts),
            keep,
        };
        let (step, advance) = match (view, &one.last) {
            (View::Repeated, Some((step, last))) => (*step, last.clone()),
            (View::Current | View::Repeated, _) => (step, now),
            (View::OtherEpoch, _) => (step, Advance { epoch: now.epoch + 1, ..now }),
            (View::OtherVersion, _) => (step, Advance { version: now.version + 1, ..now }),
        };
        let journal = Arc::clone(&self.stores(opener).journal);
        let answer = match journal.advance(advance.clone()).await {
            Ok(Advanced::Applied(_)) => Some("applied"),
            Ok(Advanced::Already(_)) => Some("already"),
            Ok(Advanced::Fenced) => Some("fenced"),
            Ok(Advanced::Taken { .. }) => Some("taken"),
            Ok(Advanced::Refused(_)) => Some("refused"),
            Err(_) => None,
        };
        assert_eq!(answer, self.model.advance(place, step, &advance, journal.instance()), "{said}");
    }

    async fn lease(&mut self, opener: usize, scope: LeaseScope, limit: usize, said: &str) -> BTreeSet<usize> {
        let journal = &self.stores(opener).journal;
        let holder = journal.instance();
        let leased = journal.lease(scope, limit, WINDOW.lease).await.expect(said);
        let mut places = BTreeSet::new();
        for one in leased {
            let place = self.model.effects.iter().position(|effect| effect.id == one.record.id).expect(said);
            assert!(places.insert(place), "given twice by {said}");
        }
        for place in &places {
            self.model.effects[*place].leased(holder, self.model.now);
        }
        places
    }

    async fn lease_due(&mut self, opener: usize, limit: usize, said: &str) {
        let due = self.model.due();
        let got = self.lease(opener, LeaseScope::Due, limit, said).await;
        assert!(
            got.len() == limit.min(due.len()) && got.is_subset(&due),
            "{said}: got {got:?}, due are {due:?}"
        );
    }

    async fn lease_of(&mut self, opener: usize, place: usize, said: &str) {
        let one = &self.model.effects[place];
        // What came to its end needs nobody.
        let ended = matches!(one.state, EffectState::Published | EffectState::Failed);
        let given = self.model.free(one) && !ended;
        let scope = LeaseScope::Of(vec![one.id]);
        let got = self.lease(opener, scope, 1, said).await;
        assert_eq!(got, given.then_some(place).into_iter().collect(), "{said}");
    }

    async fn crash(&mut self, opener: usize) {
        let dead = self.openers[opener].take().expect("it is open");
        self.model.dead.insert(dead.journal.instance());
        self.openers[opener] = Some(self.factory.crash_and_reopen(dead).await);
    }

    async fn compare(&self, said: &str) {
        let stores = self.stores(1);
        for (key, scene) in self.scenes.iter().enumerate() {
            let view = stores.journal.request(&scene.key).await.expect(said);
            let stored: Vec<_> = view.iter().flat_map(|view| &view.effects).map(Modelled::seen).collect();
            let ours = self.model.effects.iter().filter(|one| one.key == key);
            let expected: Vec<_> = ours.map(Modelled::expected).collect();
            assert_eq!(stored, expected, "{said}, key {key}");
            assert_eq!(view.is_some(), self.model.claimed.contains(&key), "{said}, key {key}");
        }
        let money = |count: u64| Money::usd_micros(count * PRICE.micros);
        let expected = Balance {
            limit: money(COVERED),
            spent: money(self.model.spent),
            committed: money(self.model.committed),
        };
        let balance = stores.budget.balance(&self.scenes[0].scope()).await.expect(said);
        assert_eq!(balance, Some(expected), "{said}");
    }

    /// Every attempt left one event.
    async fn count_attempts(&self) {
        let kind = Some(EventType::of("skill.publish_content.attempt"));
        let query = LedgerQuery { kind, ..LedgerQuery::default() };
        let found = self.stores(0).reader.find(&query, Page { from: 0, limit: 100_000 }).await;
        let attempts: u32 = self.model.effects.iter().map(|one| one.attempts).sum();
        assert_eq!(found.expect("the ledger is read").len(), usize::try_from(attempts).expect("a count"));
    }
}
