//! What the conformance functions have in common: an open store with a scene on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chimera_audit::{Draft, Entry, EventType, Head, LedgerQuery, Page, Statement};
use chimera_contracts::{Clock, ErrorCode, EventId, Money, Namespace, PlatformName, derive_uuid};
use chimera_effect::{
    Admission, Admit, Advance, Advanced, Effect, EffectRecord, LeaseGrant, LeaseScope, Pending, Refused,
    RequestView, Step, UnknownOutcome,
};
use chimera_governance::{Approved, Balance, Standing};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::ports::{GivesApprovals, GivesBudget, GivesEvidence, LeavesEvidence};
use super::{StoreFactory, Stores};
use crate::clock::TestClock;
use crate::scene::{self, Scene, WINDOW, admit_request, new_effect, sample_effect};

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
#[derive(Clone, Debug, PartialEq)]
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

    pub(super) async fn admit(&self, admit: Admit) -> Admission {
        self.stores.journal.admit(admit).await.expect("the journal admits or says why not")
    }

    /// A request for `count` effects, admitted; their first attempts begin where `begin` says so.
    pub(super) async fn admitted(&self, count: usize, begin: bool) -> RequestView {
        let approved = self.set_up(PLENTY, &self.effects(count)).await;
        fresh(self.admit(request(&self.scene, &approved, begin)).await)
    }

    /// One effect whose first attempt began.
    pub(super) async fn begun(&self) -> EffectRecord {
        self.admitted(1, true).await.effects.remove(0)
    }

    pub(super) async fn advance(&self, advance: Advance) -> Advanced {
        self.stores.journal.advance(advance).await.expect("the journal moves the effect or says why not")
    }

    /// Takes a step, which must apply.
    pub(super) async fn apply(&self, record: &EffectRecord, step: Step) -> EffectRecord {
        applied(self.advance(advance(record, step)).await)
    }

    pub(super) async fn lease(&self, scope: LeaseScope, limit: usize) -> Vec<LeaseGrant> {
        self.stores.journal.lease(scope, limit, WINDOW.lease).await.expect("the journal leases")
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
        self.stores.journal.request(&self.scene.key).await.expect("the journal is read")
    }

    pub(super) async fn snapshot(&self) -> Snapshot {
        let mut standing = Vec::new();
        for effect in self.effects(PlatformName::ALL.len()) {
            standing.push(self.standing(&effect).await);
        }
        Snapshot {
            view: self.view().await,
            balance: self.balance().await,
            standing,
            trace: self.trace().await,
        }
    }
}

impl<P: GivesBudget> Stage<'_, P> {
    pub(super) async fn balance(&self) -> Option<Balance> {
        self.stores.budget().balance(&self.scene.scope()).await.expect("the budget is read")
    }
}

impl<P: GivesApprovals> Stage<'_, P> {
    pub(super) async fn standing(&self, effect: &Effect) -> Option<Standing> {
        let Scene { namespace, decision, .. } = &self.scene;
        self.stores
            .approvals()
            .decision(namespace, *decision, &effect.digest())
            .await
            .expect("decisions are read")
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
