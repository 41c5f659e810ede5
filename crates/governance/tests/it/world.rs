//! What the tests of desk and permits have in common: a store in memory, a clock that stands still, people.

use std::sync::Arc;

use chimera_audit::{EventType, LedgerQuery, LedgerReader, Page};
use chimera_contracts::{
    AgentId, Clock, DecisionId, Digest, EffectId, Namespace, ReviewId, SkillName, derive_uuid,
};
use chimera_governance::review::{Enqueued, NewReview, Review, ReviewQueue};
use chimera_governance::{
    Approvable, ApprovalStore, Approver, ApproverRole, Claim, Gate, GateError, ReviewDesk, Terms,
};
use chimera_testkit::{Memory, MemoryStore, TestClock, TestEntropy, block_on};
use chrono::TimeDelta;

pub(crate) const LEASE: TimeDelta = TimeDelta::minutes(5);

/// One store and whoever works on it.
pub(crate) struct World {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Arc<MemoryStore>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(TestClock::manual());
        let store = Arc::new(Memory::new(clock.clone(), Arc::new(TestEntropy::seeded(7))).open());
        Self { clock, store }
    }

    pub(crate) fn desk(&self) -> ReviewDesk {
        self.desk_over(self.store.clone(), self.store.clone())
    }

    pub(crate) fn desk_over(
        &self,
        queue: Arc<dyn ReviewQueue>,
        approvals: Arc<dyn ApprovalStore>,
    ) -> ReviewDesk {
        ReviewDesk::new(queue, approvals, self.clock.clone())
    }

    pub(crate) fn enqueue(&self, new: NewReview) -> Review {
        match block_on(self.store.enqueue(new)).unwrap() {
            Enqueued::Fresh(review) => *review,
            other => panic!("expected a fresh review, got {other:?}"),
        }
    }

    /// A review that waits.
    pub(crate) fn waiting(&self, name: &str) -> Review {
        self.enqueue(sample(name))
    }

    /// A review that `by` has claimed.
    pub(crate) fn claimed(&self, name: &str, by: &Approver) -> Review {
        let review = self.waiting(name);
        block_on(self.desk().claim(&review.namespace, review.id, by, LEASE)).unwrap()
    }

    pub(crate) fn stored(&self, review: &Review) -> Review {
        block_on(self.store.review(&review.namespace, review.id)).unwrap().unwrap()
    }

    /// What the gate says about something with this digest, under the decision that is claimed.
    pub(crate) fn gate(
        &self,
        digest: Digest,
        artifact: &str,
        decision: Option<DecisionId>,
    ) -> Result<(), GateError> {
        self.asked(None, digest, artifact, decision)
    }

    /// The same for an effect of this agent.
    pub(crate) fn gate_for(
        &self,
        agent: Option<AgentId>,
        digest: Digest,
        artifact: &str,
    ) -> Result<(), GateError> {
        self.asked(agent, digest, artifact, None)
    }

    fn asked(
        &self,
        agent: Option<AgentId>,
        digest: Digest,
        artifact: &str,
        decision: Option<DecisionId>,
    ) -> Result<(), GateError> {
        let claim = Claim { artifact: artifact.to_owned(), role: ApproverRole::HitlReviewer, decision };
        let effect = EffectId::from_uuid(derive_uuid("test", &[digest.as_bytes()]));
        let thing = Thing { namespace: Namespace::default(), digest };
        let gate = Gate::new(self.store.clone(), self.clock.clone());
        block_on(gate.check(thing, effect, agent, &claim)).map(|_| ())
    }

    /// The leaves of all events of a type.
    pub(crate) fn told(&self, kind: &'static str) -> Vec<String> {
        let query = LedgerQuery { kind: Some(EventType::of(kind)), ..LedgerQuery::default() };
        let found = block_on(self.store.find(&query, Page { from: 0, limit: 1_000 })).unwrap();
        found.into_iter().map(|entry| String::from_utf8(entry.leaf).unwrap()).collect()
    }

    pub(crate) fn later(&self, span: TimeDelta) {
        self.clock.set(self.clock.now() + span);
    }
}

struct Thing {
    namespace: Namespace,
    digest: Digest,
}

impl Approvable for Thing {
    fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}

pub(crate) fn person(name: &str) -> Approver {
    Approver { id: name.to_owned(), role: ApproverRole::HitlReviewer }
}

pub(crate) fn in_role(name: &str, role: ApproverRole) -> Approver {
    Approver { role, ..person(name) }
}

pub(crate) fn terms() -> Terms {
    Terms { also: [].into(), holds: TimeDelta::hours(1), spec_version: None }
}

pub(crate) fn sample(name: &str) -> NewReview {
    NewReview {
        id: ReviewId::from_uuid(derive_uuid("test/review", &[name.as_bytes()])),
        namespace: Namespace::default(),
        skill: SkillName::Engage,
        request: None,
        correlation: None,
        campaign: None,
        artifact: name.to_owned(),
        subject: Digest::of(name.as_bytes()),
        document: format!("{{\"v\":1,\"text\":\"{name}\"}}"),
        requested_by: "planner".to_owned(),
        agent: None,
        reasons: vec!["unsure".to_owned()],
        confidence: None,
        priority: 5,
        refused: false,
        within: TimeDelta::hours(2),
    }
}
