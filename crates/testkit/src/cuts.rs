//! Faults in pairs: a run is cut at any port call, before the call is made or after its answer was lost.
//!
//! Wrap the ports of a run with one [`Cut`], run it once uncut and read [`Cut::count`]; then run it again for each number
//! below that with [`Cut::at`], restart, and look at what is stored and what is public.

mod ports;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use chimera_audit::AuditLedger;
use chimera_effect::{EffectJournal, Platform};
use chimera_governance::ApprovalStore;
use chimera_governance::review::ReviewQueue;
use chimera_harness::{Within, within};
use chimera_platform::limits::RateLimits;
use chimera_skill_propose::ProposalJournal;

/// What happens at the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The process dies: this call and every later one never return, and [`run_until_cut`] gives up.
    Stop,
    /// The call fails: before it nothing was applied, after it something may have been. The run goes on.
    Fail,
    /// This very process aborts, for tests that watch it from another one.
    Abort,
}

/// A counter of cut points that several wrapped ports share. A clone is the same counter.
#[derive(Clone, Debug)]
pub struct Cut(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    at: Option<(usize, Action)>,
    count: usize,
    stopped: bool,
    waiting: Vec<Waker>,
}

/// A port that is cut; made by [`Cut::journal`], [`Cut::platform`], [`Cut::approvals`], [`Cut::proposals`],
/// [`Cut::reviews`], [`Cut::limits`] and [`Cut::ledger`].
#[derive(Debug)]
pub struct Cutting<P: ?Sized> {
    inner: Arc<P>,
    cut: Cut,
}

impl Cut {
    /// Counts and cuts nothing.
    #[must_use]
    pub fn never() -> Self {
        Self::with(None)
    }

    /// Cuts at point `number`, from 0. Every call of a wrapped port has two: before it, and after it.
    #[must_use]
    pub fn at(number: usize, action: Action) -> Self {
        Self::with(Some((number, action)))
    }

    /// How many points were passed so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().count
    }

    /// Whether the point was reached.
    #[must_use]
    pub fn was_reached(&self) -> bool {
        let state = self.lock();
        state.at.is_some_and(|(number, _)| number < state.count)
    }

    /// The journal, cut.
    #[must_use]
    pub fn journal(&self, inner: Arc<dyn EffectJournal>) -> Arc<dyn EffectJournal> {
        Arc::new(Cutting { inner, cut: self.clone() })
    }

    /// The platform, cut.
    #[must_use]
    pub fn platform(&self, inner: Arc<dyn Platform>) -> Arc<dyn Platform> {
        Arc::new(Cutting { inner, cut: self.clone() })
    }

    /// The approval authority, cut.
    #[must_use]
    pub fn approvals(&self, inner: Arc<dyn ApprovalStore>) -> Arc<dyn ApprovalStore> {
        Arc::new(Cutting { inner, cut: self.clone() })
    }

    /// The journal of proposals, cut.
    #[must_use]
    pub fn proposals(&self, inner: Arc<dyn ProposalJournal>) -> Arc<dyn ProposalJournal> {
        Arc::new(Cutting { inner, cut: self.clone() })
    }

    /// The review queue, cut.
    #[must_use]
    pub fn reviews(&self, inner: Arc<dyn ReviewQueue>) -> Arc<dyn ReviewQueue> {
        Arc::new(Cutting { inner, cut: self.clone() })
    }

    /// The rate limits, cut.
    #[must_use]
    pub fn limits(&self, inner: Arc<dyn RateLimits>) -> Arc<dyn RateLimits> {
        Arc::new(Cutting { inner, cut: self.clone() })
    }

    /// The ledger, cut.
    #[must_use]
    pub fn ledger(&self, inner: Arc<dyn AuditLedger>) -> Arc<dyn AuditLedger> {
        Arc::new(Cutting { inner, cut: self.clone() })
    }

    fn with(at: Option<(usize, Action)>) -> Self {
        Self(Arc::new(Mutex::new(State { at, count: 0, stopped: false, waiting: Vec::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes one point: `true` where the call is to fail.
    async fn fails(&self) -> bool {
        let reached = {
            let mut state = self.lock();
            let number = state.count;
            state.count += 1;
            state.at.filter(|(at, _)| *at == number).map(|(_, action)| action)
        };
        match reached {
            Some(Action::Abort) => std::process::abort(),
            Some(Action::Stop) => self.stop(),
            Some(Action::Fail) => return true,
            None => {}
        }
        // A process that died makes no further calls.
        poll_fn(|_| if self.is_stopped() { Poll::Pending } else { Poll::Ready(()) }).await;
        false
    }

    fn stop(&self) {
        let waiting = {
            let mut state = self.lock();
            state.stopped = true;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    fn is_stopped(&self) -> bool {
        self.lock().stopped
    }
}

/// Runs a future to its end, or until a cut stops the run; then the future is dropped, as a process that died drops all.
///
/// What neither ends nor is cut within 60 seconds of real time panics, see [`within`].
#[track_caller]
pub fn run_until_cut<F: Future>(future: F, cut: &Cut) -> Within<impl Future<Output = Option<F::Output>>> {
    within("a run to end or to be cut", async {
        let mut future = pin!(future);
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            let mut state = cut.lock();
            if state.stopped {
                return Poll::Ready(None);
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await
    })
}
