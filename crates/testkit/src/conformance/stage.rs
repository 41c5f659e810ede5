//! What the conformance functions have in common: an open store with a scene on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chimera_audit::{Draft, Entry, EventType, Head, LedgerQuery, Page, Statement};
use chimera_contracts::{Clock, ErrorCode, EventId, Money, Namespace, PlatformName, derive_uuid};
use chimera_effect::{
    Admission, Admit, Advance, Advanced, Effect, EffectKind, EffectRecord, EffectV1, LeaseGrant, LeaseScope,
    Pending, Refused, RequestView, Step, UnknownOutcome,
};
use chimera_governance::{Approved, Balance, Standing};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::ports::{GivesApprovals, GivesBudget, GivesEvidence, GivesJournal, LeavesEvidence};
use super::{StoreFactory, Stores};
use crate::clock::TestClock;
use crate::scene::{self, PRICE, Scene, WINDOW, admit_request, new_effect, sample_effect};

/// More than any case holds.
pub(super) const PLENTY: Money = Money::usd_micros(1_000_000);

/// How often a head is looked at until it is taken to lag for ever.
const LOOKS: usize = 100_000;

/// How many pages a listing may have until it is taken to have no end.
pub(super) const PAGES: usize = 10_000;

/// One opener of the store with one scene on it. `P` is what the opener gives.
pub(super) struct Stage<'a, P = Stores> {
    pub(super) factory: &'a dyn StoreFactory<P>,
    pub(super) scene: Scene,
    pub(super) stores: P,
    pub(super) clock: Arc<TestClock>,
}

/// All that an admission or a step may change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Snapshot {
    view: Option<RequestView>,
    balance: Option<Balance>,
    standing: Vec<Option<Standing>>,
    trace: Vec<String>,
}

impl<'a, P> Stage<'a, P> {
    pub(super) async fn open(factory: &'a dyn StoreFactory<P>, name: &str) -> Self {
        Self { factory, scene: Scene::named(name), stores: factory.open().await, clock: factory.clock() }
    }

    /// The same scene after the opener crashed.
    pub(super) async fn crashed(self) -> Self {
        let stores = self.factory.crash_and_reopen(self.stores).await;
        Self { stores, ..self }
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::<TestClock>::clone(&self.clock)
    }

    /// One post on each of the first `count` platforms.
    pub(super) fn effects(&self, count: usize) -> Vec<Effect> {
        let platforms = PlatformName::ALL.iter().take(count);
        platforms.map(|platform| sample_effect(&self.scene, *platform, "a text")).collect()
    }

    /// An event of this scene, outside its trace.
    pub(super) fn draft(&self, kind: &'static str, number: u64) -> Draft {
        draft(&self.scene, kind, number)
    }
}

impl Stage<'_> {
    /// Records the decision, sets the limit, passes the gate.
    pub(super) async fn set_up(&self, limit: Money, effects: &[Effect]) -> Vec<Approved<Effect>> {
        let Stores { approvals, budget, .. } = &self.stores;
        scene::set_up(approvals, budget.as_ref(), &self.clock(), &self.scene, limit, effects).await
    }

    /// Passes the gate under another key of the same scene.
    pub(super) async fn approve_for(&self, scene: &Scene, effects: &[Effect]) -> Vec<Approved<Effect>> {
        scene::approve(&self.stores.approvals, &self.clock(), scene, effects).await
    }
}

impl<P: GivesJournal> Stage<'_, P> {
    /// An act of the scene on this platform: a post. Of a journal that stands alone a reply, which a policy may decide about: no
    /// other decision comes with an admission.
    pub(super) fn act(&self, platform: PlatformName, text: &str) -> Effect {
        self.as_act(sample_effect(&self.scene, platform, text).content().clone())
    }

    /// One act on each of the first `count` platforms.
    pub(super) fn acts(&self, count: usize) -> Vec<Effect> {
        PlatformName::ALL.iter().take(count).map(|platform| self.act(*platform, "a text")).collect()
    }

    /// This content as an act: a journal that stands alone replies with it where it would be posted.
    pub(super) fn as_act(&self, content: EffectV1) -> Effect {
        let posts = self.stores.whole().is_some() || content.kind != EffectKind::Publish;
        let content = if posts {
            content
        } else {
            let target = Some(format!("a post for {}", self.scene.name));
            EffectV1 { kind: EffectKind::Reply, target, ..content }
        };
        Effect::new(content).expect("an effect has a canonical form")
    }

    /// A request of this scene for these effects, which is allowed: in a whole store by the recorded decision of a reviewer, at a
    /// price that a budget covers; of a journal that stands alone by the decision of a policy, which the request brings, and free.
    pub(super) async fn asking(&self, scene: &Scene, effects: &[Effect], begin: bool) -> Admit {
        let clock = self.clock();
        match self.stores.whole() {
            Some(Stores { approvals, budget, .. }) => {
                let approved =
                    scene::set_up(approvals, budget.as_ref(), &clock, scene, PLENTY, effects).await;
                request(scene, &approved, begin)
            }
            None => scene::decided_request(&clock, scene, effects, begin),
        }
    }

    pub(super) async fn admit(&self, admit: Admit) -> Admission {
        self.stores.journal().admit(admit).await.expect("the journal admits or says why not")
    }

    /// A request for `count` effects, admitted; their first attempts begin where `begin` says so.
    pub(super) async fn admitted(&self, count: usize, begin: bool) -> RequestView {
        self.admitted_acts(&self.acts(count), begin).await
    }

    /// The scene's request for these effects, admitted.
    pub(super) async fn admitted_acts(&self, effects: &[Effect], begin: bool) -> RequestView {
        fresh(self.admit(self.asking(&self.scene, effects, begin).await).await)
    }

    /// One effect whose first attempt began.
    pub(super) async fn begun(&self) -> EffectRecord {
        self.admitted(1, true).await.effects.remove(0)
    }

    pub(super) async fn advance(&self, advance: Advance) -> Advanced {
        self.stores.journal().advance(advance).await.expect("the journal moves the effect or says why not")
    }

    /// Takes a step, which must apply.
    pub(super) async fn apply(&self, record: &EffectRecord, step: Step) -> EffectRecord {
        applied(self.advance(advance(record, step)).await)
    }

    pub(super) async fn lease(&self, scope: LeaseScope, limit: usize) -> Vec<LeaseGrant> {
        self.stores.journal().lease(scope, limit, WINDOW.lease).await.expect("the journal leases")
    }

    /// Leases one effect by its id, if it is free.
    pub(super) async fn lease_one(&self, record: &EffectRecord) -> Option<EffectRecord> {
        self.lease(LeaseScope::Of(vec![record.id]), 1).await.pop().map(|leased| leased.record)
    }

    /// Leases what is due and keeps what is this scene's.
    pub(super) async fn lease_due(&self) -> Vec<EffectRecord> {
        let request = self.scene.key.request_id();
        let leased = self.lease(LeaseScope::Due, 10_000).await.into_iter().map(|leased| leased.record);
        leased.filter(|record| record.request == request).collect()
    }

    pub(super) async fn view(&self) -> Option<RequestView> {
        self.stores.journal().request(&self.scene.key).await.expect("the journal is read")
    }

    /// All that an admission or a step may change, as far as it can be asked for.
    pub(super) async fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot { view: self.view().await, ..Snapshot::default() };
        if let Some(stores) = self.stores.whole() {
            for effect in self.effects(PlatformName::ALL.len()) {
                snapshot.standing.push(standing_of(stores, &self.scene, &effect).await);
            }
            snapshot.balance = balance_of(stores, &self.scene).await;
            snapshot.trace = trace_of(stores, &self.scene).await;
        }
        snapshot
    }

    /// What is spent and what is held, in prices; `None` where the journal stands alone, and all is free.
    pub(super) async fn money(&self) -> Option<(u64, u64)> {
        let balance = balance_of(self.stores.whole()?, &self.scene).await.expect("a budget is set");
        Some((balance.spent.micros / PRICE.micros, balance.committed.micros / PRICE.micros))
    }

    /// Asserts what is spent and what is held, in prices, where that can be asked for.
    pub(super) async fn pays(&self, spent: u64, held: u64) {
        if let Some(money) = self.money().await {
            assert_eq!(money, (spent, held), "spent and held");
        }
    }

    /// The types of the events of the scene's trace, in order; `None` where the journal stands alone.
    pub(super) async fn trace_if_whole(&self) -> Option<Vec<String>> {
        Some(trace_of(self.stores.whole()?, &self.scene).await)
    }

    /// Asserts how many events of the scene's trace have this verb, where that can be asked for.
    pub(super) async fn tells_of(&self, verb: &str, times: usize) {
        if let Some(trace) = self.trace_if_whole().await {
            let end = format!(".{verb}");
            let found = trace.iter().filter(|kind| kind.ends_with(&end)).count();
            assert_eq!(found, times, "`{verb}` in {trace:?}");
        }
    }
}

impl<P: GivesBudget> Stage<'_, P> {
    pub(super) async fn balance(&self) -> Option<Balance> {
        balance_of(&self.stores, &self.scene).await
    }
}

impl<P: GivesApprovals> Stage<'_, P> {
    pub(super) async fn standing(&self, effect: &Effect) -> Option<Standing> {
        standing_of(&self.stores, &self.scene, effect).await
    }

    pub(super) async fn revoke(&self) {
        let Scene { namespace, decision, .. } = &self.scene;
        let revoked = self.stores.approvals().revoke(namespace, *decision, self.clock.now()).await;
        assert!(revoked.expect("a decision can be revoked"), "the decision is known");
    }
}

impl<P: GivesEvidence> Stage<'_, P> {
    /// The types of the events of the scene's trace, in order.
    pub(super) async fn trace(&self) -> Vec<String> {
        trace_of(&self.stores, &self.scene).await
    }

    /// All entries that a query asks for, the latest included.
    pub(super) async fn find(&self, query: &LedgerQuery) -> Vec<Entry> {
        find(&self.stores, &self.scene, query).await
    }

    /// The head once it covers everything that was appended before; a head may lag behind.
    pub(super) async fn caught_up(&self) -> Head {
        caught_up(&self.stores, &self.scene).await
    }
}

impl<P: LeavesEvidence> Stage<'_, P> {
    /// The same as `trace`, where the opener gives the ledger beside the port.
    pub(super) async fn trace_if_told(&self) -> Option<Vec<String>> {
        Some(trace_of(self.stores.evidence()?, &self.scene).await)
    }

    /// Asserts the types of the events of the scene's trace, where the opener gives the ledger beside the port.
    pub(super) async fn tells(&self, kinds: &[&str]) {
        if let Some(trace) = self.trace_if_told().await {
            assert_eq!(trace, kinds);
        }
    }
}

async fn balance_of(stores: &impl GivesBudget, scene: &Scene) -> Option<Balance> {
    stores.budget().balance(&scene.scope()).await.expect("the budget is read")
}

async fn standing_of(stores: &impl GivesApprovals, scene: &Scene, effect: &Effect) -> Option<Standing> {
    let Scene { namespace, decision, .. } = scene;
    stores.approvals().decision(namespace, *decision, &effect.digest()).await.expect("decisions are read")
}

async fn trace_of(evidence: &dyn GivesEvidence, scene: &Scene) -> Vec<String> {
    let query = LedgerQuery { correlation: Some(scene.correlation), ..LedgerQuery::default() };
    find(evidence, scene, &query).await.iter().map(kind_of).collect()
}

async fn find(evidence: &dyn GivesEvidence, scene: &Scene, query: &LedgerQuery) -> Vec<Entry> {
    caught_up(evidence, scene).await;
    let page = Page { from: 0, limit: 100_000 };
    evidence.reader().find(query, page).await.expect("the ledger is read")
}

async fn caught_up(evidence: &dyn GivesEvidence, scene: &Scene) -> Head {
    let marker = draft(scene, "marker", fresh_number());
    let index = evidence.ledger().append(vec![marker]).await.expect("a marker is appended")[0].index();
    for _ in 0..LOOKS {
        let head = evidence.reader().head().await.expect("the head is read");
        if head.size > index {
            return head;
        }
        yield_now().await;
    }
    panic!("no head covers entry {index}, which was answered");
}

fn draft(scene: &Scene, kind: &'static str, number: u64) -> Draft {
    let parts: [&[u8]; 3] = [scene.name.as_bytes(), kind.as_bytes(), &number.to_be_bytes()];
    let id = EventId::from_uuid(derive_uuid("chimera/testkit/event", &parts));
    let statement = Statement::new().micros("number", number);
    Draft::new(id, EventType::of(kind), Namespace::default(), statement)
}

/// The scene's request for these effects.
pub(super) fn request(scene: &Scene, approved: &[Approved<Effect>], begin: bool) -> Admit {
    admit_request(scene, approved.iter().map(|one| new_effect(one.clone(), begin)).collect())
}

/// The step after what `record` shows, under a lease that is kept.
pub(super) fn advance(record: &EffectRecord, step: Step) -> Advance {
    let progress = &record.progress;
    Advance {
        effect: record.id,
        epoch: progress.epoch,
        version: progress.version,
        step,
        keep: Some(WINDOW.lease),
    }
}

/// The same step, after which the lease is let go.
pub(super) fn last(record: &EffectRecord, step: Step) -> Advance {
    Advance { keep: None, ..advance(record, step) }
}

pub(super) fn begin() -> Step {
    Step::Begin { window: WINDOW, uploads: Vec::new() }
}

pub(super) fn lost() -> Step {
    Step::Unknown(UnknownOutcome::because("the answer was lost"))
}

pub(super) fn accepted() -> Step {
    Step::Accepted(Pending { pending_id: "pending".to_owned(), said: None })
}

pub(super) fn not_done(code: ErrorCode) -> Step {
    Step::NotDone(scene::refused(code))
}

pub(super) fn fresh(admission: Admission) -> RequestView {
    match admission {
        Admission::Fresh(view) => view,
        other => panic!("expected a fresh admission, got {other:?}"),
    }
}

pub(super) fn admission_refused(admission: Admission) -> Refused {
    match admission {
        Admission::Refused(refused) => refused,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

pub(super) fn applied(advanced: Advanced) -> EffectRecord {
    match advanced {
        Advanced::Applied(record) => *record,
        other => panic!("expected the step to be applied, got {other:?}"),
    }
}

/// The type of an entry, from its exact bytes.
pub(super) fn kind_of(entry: &Entry) -> String {
    let leaf = std::str::from_utf8(&entry.leaf).expect("a leaf is ASCII");
    let (_, rest) = leaf.rsplit_once("\"type\":\"").expect("a leaf has a type");
    rest.split('"').next().expect("a type ends").to_owned()
}

/// Several openers that take turns, so that callers come from several processes.
pub(super) async fn openers<P>(factory: &dyn StoreFactory<P>, count: usize) -> Vec<P> {
    join_all((0..count).map(|_| factory.open())).await
}

/// Ends the lease of `record` by the store's clock.
pub(super) fn outlast(clock: &TestClock, record: &EffectRecord) {
    let until = record.progress.lease.expect("the effect is leased").until;
    clock.set(until.max(clock.now()) + TimeDelta::seconds(1));
}

fn fresh_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Lets other tasks run once.
pub(super) async fn yield_now() {
    let mut first = true;
    std::future::poll_fn(|context| {
        if std::mem::take(&mut first) {
            context.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(())
    })
    .await;
}
