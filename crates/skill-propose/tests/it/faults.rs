//! Stores, ledgers, insights and chance that fail, before and after they did what was asked.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_audit::LedgerReader;
use chimera_contracts::{
    Applied, CallContext, Clock, DynSkill, Entropy, EntropyError, ErrorCode, StoreError, StoreErrorKind,
};
use chimera_skill_propose::{
    AdmitProposal, Insights, InsightsError, InsightsQuery, InsightsSnapshot, ProposalAdmission,
    ProposalJournal, ProposalKey, ProposePorts, StoredProposal,
};
use chimera_testkit::{Action, Cut, block_on, run_until_cut};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::bench::{Bench, Figures, call, context, error, propose, reason, refuse, request, skill};

/// Ports of which each call is a point to cut at.
fn cut_ports(bench: &Bench, cut: &Cut) -> ProposePorts {
    let ports = bench.ports();
    ProposePorts { journal: cut.proposals(ports.journal), ledger: cut.ledger(ports.ledger), ..ports }
}

/// Cuts a good request everywhere: whatever happened to it, the next call gets the one answer, and one event tells it.
#[test]
fn a_cut_anywhere_leaves_one_answer() {
    let expected = call(&Bench::new().skill(), &request());
    let uncut = Cut::never();
    call(&skill(cut_ports(&Bench::new(), &uncut)), &request());
    assert_eq!(uncut.count(), 4, "recall and admit, before and after each");
    for action in [Action::Stop, Action::Fail] {
        for number in 0..uncut.count() {
            let bench = Bench::new();
            let cut = Cut::at(number, action);
            let skill = skill(cut_ports(&bench, &cut));
            let sent = request().to_string();
            let context = context();
            let first = block_on(run_until_cut(skill.call_json(&context, sent.as_bytes()), &cut));
            assert!(cut.was_reached());
            match first.map(Result::unwrap) {
                // A recall that fails is told; an admission that fails is given to the journal again.
                Some(answer) if number < 2 => {
                    let error = error(&answer);
                    assert_eq!(error.error_code, ErrorCode::StorageUnavailable);
                    assert_eq!(error.details.unwrap().retry_after_seconds, Some(5));
                }
                Some(answer) => assert_eq!(answer, expected, "{action:?} at {number}"),
                None => assert_eq!(action, Action::Stop),
            }
            assert_eq!(call(&bench.skill(), &request()), expected, "{action:?} at {number}");
            assert_eq!(bench.proposed().len(), 1, "{action:?} at {number}");
        }
    }
}

/// Refusals are answered whatever the ledger does; an event that may not be there is not named.
#[test]
fn a_ledger_that_fails_does_not_change_a_refusal() {
    let mut bad = request();
    bad["approval_reference"] = "d-1".into();
    for number in 0..2 {
        let bench = Bench::new();
        let error = refuse(&skill(cut_ports(&bench, &Cut::at(number, Action::Fail))), &bad);
        assert_eq!((error.error_code, error.related_event_id), (ErrorCode::ValidationError, None));
    }
}

/// A journal whose admissions all fail so, after doing what was asked or without it.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn ProposalJournal>,
    error: StoreError,
    does_it: bool,
    tries: Mutex<u32>,
}

#[async_trait]
impl ProposalJournal for Failing {
    async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError> {
        *self.tries.lock().unwrap() += 1;
        if self.does_it {
            self.inner.admit(admit).await?;
        }
        Err(self.error.clone())
    }

    async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError> {
        self.inner.recall(key).await
    }
}

#[test]
fn a_store_that_fails_is_told_by_what_helps() {
    use StoreErrorKind as Kind;
    for (kind, tries, expected) in [
        (Kind::Unavailable, 3, None),
        (Kind::Full, 3, None),
        (Kind::ReadOnly, 1, Some("store_read_only")),
        (Kind::NewerSchema, 1, Some("store_newer_schema")),
        (Kind::Corrupt, 1, Some("store_corrupt")),
        (Kind::Misuse, 1, Some("store_misuse")),
        (Kind::Closed, 1, Some("store_closed")),
    ] {
        let bench = Bench::new();
        let journal = Arc::new(Failing {
            inner: bench.ports().journal,
            error: StoreError::not_applied(kind, "no"),
            does_it: false,
            tries: Mutex::new(0),
        });
        let skill = skill(ProposePorts { journal: Arc::<Failing>::clone(&journal), ..bench.ports() });
        let error = refuse(&skill, &request());
        assert_eq!(error.error_code, ErrorCode::StorageUnavailable, "{kind:?}");
        let details = error.details.unwrap();
        assert_eq!(details.reason.as_deref(), expected, "{kind:?}");
        assert_eq!(details.retry_after_seconds, expected.is_none().then_some(5), "{kind:?}");
        assert_eq!(*journal.tries.lock().unwrap(), tries, "{kind:?}");
        assert_eq!((bench.proposed().len(), bench.refused().len()), (0, 1), "{kind:?}");
    }
}

/// Where the proposal may stand in the store, nothing is recorded as refused, and the next call finds it.
#[test]
fn what_may_have_been_kept_is_not_called_refused() {
    for does_it in [true, false] {
        let bench = Bench::new();
        let journal = Failing {
            inner: bench.ports().journal,
            error: StoreError::maybe_applied(StoreErrorKind::Unavailable, "the answer was lost"),
            does_it,
            tries: Mutex::new(0),
        };
        let skill = skill(ProposePorts { journal: Arc::new(journal), ..bench.ports() });
        let error = refuse(&skill, &request());
        assert_eq!((error.error_code, error.related_event_id), (ErrorCode::StorageUnavailable, None));
        assert!(error.message.contains("same request id"), "{}", error.message);
        assert_eq!((bench.proposed().len(), bench.refused().len()), (usize::from(does_it), 0));
        propose(&bench.skill(), &request());
        assert_eq!(bench.proposed().len(), 1);
    }
}

/// A stored answer that this version would write otherwise is not answered at all.
#[test]
fn an_answer_that_would_come_out_otherwise_is_not_given() {
    let good = call(&Bench::new().skill(), &request()).json;
    let longer = good.replacen('{', r#"{"newer":1,"#, 1);
    for stored in [longer.as_str(), "{}", "no JSON", ""] {
        let bench = Bench::new();
        let journal = Arc::new(Rewriting { inner: bench.ports().journal, stored: stored.to_owned() });
        let skill = skill(ProposePorts { journal, ..bench.ports() });
        propose(&skill, &request());
        let error = refuse(&skill, &request());
        assert_eq!((error.error_code, reason(&error)), (ErrorCode::StorageUnavailable, "store_corrupt"));
    }
}

/// A journal that gives other bytes back than it was given.
#[derive(Debug)]
struct Rewriting {
    inner: Arc<dyn ProposalJournal>,
    stored: String,
}

#[async_trait]
impl ProposalJournal for Rewriting {
    async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError> {
        self.inner.admit(admit).await
    }

    async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError> {
        let known = self.inner.recall(key).await?;
        Ok(known.map(|known| StoredProposal { proposal: self.stored.clone().into_bytes(), ..known }))
    }
}

/// Without the figures another proposal would be made and would stay: the caller asks again.
#[test]
fn insights_that_fail_are_waited_for() {
    let bench = Bench::new();
    let broken = InsightsError("https://u:p@figures.example is down".to_owned());
    let error = refuse(&bench.with_insights(Figures(Err(broken))), &request());
    assert_eq!(error.error_code, ErrorCode::ProposalGenerationError);
    assert!(!error.message.contains("u:p"), "{}", error.message);
    let details = error.details.unwrap();
    assert_eq!((details.retry_after_seconds, details.reason), (Some(5), None));
    assert_eq!(bench.proposed().len(), 0);
    let known = json!({ "v": 1, "id": "s", "platforms": {} });
    let proposal = propose(&bench.with_insights(Figures::of(&known)), &request());
    assert_eq!(proposal.provenance[1], "insights:s");
}

#[test]
fn a_host_that_knows_nothing_is_not_named_as_a_source() {
    let proposal = propose(&Bench::new().with_insights(Figures(Ok(None))), &request());
    assert_eq!(proposal.provenance[1..], ["strategy:campaign@1"]);
}

/// Writes down what it is asked.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<(InsightsQuery, DateTime<Utc>)>>);

#[async_trait]
impl Insights for Asked {
    async fn snapshot(
        &self,
        query: &InsightsQuery,
        deadline: DateTime<Utc>,
    ) -> Result<Option<InsightsSnapshot>, InsightsError> {
        self.0.lock().unwrap().push((query.clone(), deadline));
        Ok(None)
    }
}

#[test]
fn insights_are_asked_once_and_within_the_callers_time() {
    for (given, expected) in [(None, 5), (Some(2), 2), (Some(60), 5)] {
        let bench = Bench::new();
        let asked = Arc::new(Asked::default());
        let skill = skill(ProposePorts { insights: Some(Arc::<Asked>::clone(&asked)), ..bench.ports() });
        let now = bench.clock.now();
        let deadline = given.map(|seconds| now + TimeDelta::seconds(seconds));
        let context = CallContext { deadline, ..context() };
        for _ in 0..2 {
            block_on(skill.call_json(&context, request().to_string().as_bytes())).unwrap();
        }
        let asked = asked.0.lock().unwrap();
        assert_eq!(asked.len(), 1, "a repeat needs no figures");
        assert_eq!(asked[0].1, now + TimeDelta::seconds(expected));
        assert_eq!(asked[0].0.artifact_id, "artifact-42");
        assert_eq!(asked[0].0.platforms.len(), 2);
    }
}

#[derive(Debug)]
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError("none left".to_owned()))
    }
}

#[test]
fn an_error_has_an_id_also_without_chance() {
    let bench = Bench::new();
    let skill = skill(ProposePorts { entropy: Arc::new(NoEntropy), ..bench.ports() });
    let mut bad = request();
    bad["approval_reference"] = 1.into();
    let first = refuse(&skill, &bad);
    bench.clock.advance(TimeDelta::seconds(1));
    assert_ne!(first.error_id, refuse(&skill, &bad).error_id);
}

#[test]
fn a_closed_store_takes_no_refusal_either() {
    let bench = Bench::new();
    bench.store.backend().crash();
    let error = refuse(&bench.skill(), &request());
    assert_eq!((reason(&error), error.related_event_id), ("store_closed", None));
    let reader: &dyn LedgerReader = bench.store.as_ref();
    assert!(block_on(reader.head()).is_err());
    assert_eq!(Applied::NotApplied, block_on(bench.store.recall(&key())).unwrap_err().applied);
}

fn key() -> ProposalKey {
    ProposalKey { namespace: Default::default(), request_id: "req-1".to_owned() }
}
