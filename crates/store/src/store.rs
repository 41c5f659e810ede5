//! The store: every storage port over one backend.

use std::sync::{Arc, Mutex, PoisonError};

use chimera_audit::{Draft, LeafError};
use chimera_contracts::{Applied as Trace, Entropy, InstanceId, StoreError, StoreErrorKind};

use crate::backend::{Applied, Backend, Commit, Compute, Computed, endless};
use crate::loaded::{Loaded, Stop};
use crate::recent::Recent;
use crate::transaction::{Event, Transaction};

/// How often a step is computed by its caller before it is computed inside the backend's transaction: each round fails only
/// when somebody else moved one of its rows meanwhile.
const ROUNDS: u32 = 3;

/// How often a step may ask for more rows.
const LOADS: u32 = 64;

/// Every storage port over one backend.
///
/// Cloning is cheap and gives the same store.
#[derive(Debug)]
pub struct Store<B> {
    pub(crate) backend: Arc<B>,
    pub(crate) planner: Planner,
    pub(crate) recent: Arc<Recent>,
}

/// What steps are computed with, apart from what is loaded. A step holds no backend: the last one that does would end the
/// backend's threads from within.
#[derive(Clone, Debug)]
pub(crate) struct Planner {
    /// The opener in whose name steps are taken.
    pub(crate) instance: InstanceId,
    entropy: Arc<dyn Entropy>,
}

impl<B> Clone for Store<B> {
    fn clone(&self) -> Self {
        let Self { backend, planner, recent } = self;
        Self { backend: Arc::clone(backend), planner: planner.clone(), recent: Arc::clone(recent) }
    }
}

/// What a step comes to.
pub(crate) enum Outcome<T> {
    /// An answer, and nothing to write.
    Answer(T),
    /// Something to write, and the answer once it is written.
    Write(Box<Transaction>, T),
}

pub(crate) type Planned<T> = Result<Outcome<T>, Stop>;

/// A step with the answer of its latest computation.
struct Kept<T, F> {
    step: F,
    answer: Arc<Mutex<Option<T>>>,
}

impl<T: Send, F: FnMut(&Loaded) -> Planned<T> + Send> Compute for Kept<T, F> {
    fn compute(&mut self, loaded: &Loaded) -> Result<Computed, StoreError> {
        let (computed, answer) = match (self.step)(loaded) {
            Ok(Outcome::Answer(answer)) => (Computed::Nothing, answer),
            Ok(Outcome::Write(transaction, answer)) => (Computed::Writes(*transaction), answer),
            Err(Stop::Needs(reads)) => return Ok(Computed::Needs(reads)),
            Err(Stop::Failed(error)) => return Err(error),
        };
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        Ok(computed)
    }
}

impl<B: Backend> Store<B> {
    /// The ports over a backend. `entropy` makes the salts of attachments.
    #[must_use]
    pub fn new(backend: B, entropy: Arc<dyn Entropy>) -> Self {
        let planner = Planner { instance: backend.instance(), entropy };
        Self { backend: Arc::new(backend), planner, recent: Arc::default() }
    }

    /// The backend.
    #[must_use]
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// Runs a step that many are not after at once: computed by its caller, applied under its conditions.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        mut loaded: Loaded,
        mut step: impl FnMut(&Loaded) -> Planned<T> + Send + 'static,
    ) -> Result<(T, Option<Applied>), StoreError> {
        for _ in 0..ROUNDS {
            let (transaction, answer) = match self.compute(&mut loaded, &mut step).await? {
                Outcome::Answer(answer) => return Ok((answer, None)),
                Outcome::Write(transaction, answer) => (transaction, answer),
            };
            match self.backend.apply(*transaction).await? {
                Commit::Applied(applied) => return Ok((answer, Some(applied))),
                Commit::Stale(stale) => loaded.refresh(*stale),
            }
        }
        self.transact(step).await
    }

    /// Runs a step inside the backend's transaction.
    pub(crate) async fn transact<T: Send + 'static>(
        &self,
        step: impl FnMut(&Loaded) -> Planned<T> + Send + 'static,
    ) -> Result<(T, Option<Applied>), StoreError> {
        let answer = Arc::new(Mutex::new(None));
        let kept = Kept { step, answer: Arc::clone(&answer) };
        let applied = self.backend.transact(Box::new(kept)).await?;
        let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        answer.map(|answer| (answer, applied)).ok_or_else(|| {
            let message = "the backend did not run the step";
            StoreError {
                kind: StoreErrorKind::Corrupt,
                applied: Trace::MaybeApplied,
                message: message.into(),
            }
        })
    }

    /// Answers what needs no write.
    pub(crate) async fn read<T>(
        &self,
        mut read: impl FnMut(&Loaded) -> Result<T, Stop>,
    ) -> Result<T, StoreError> {
        let mut loaded = Loaded::at(self.backend.now());
        for _ in 0..LOADS {
            match read(&loaded) {
                Ok(answer) => return Ok(answer),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Needs(reads)) => self.load(&mut loaded, reads).await?,
            }
        }
        Err(endless())
    }

    /// Computes a step, loading what it asks for. What was assumed, or read at different times, carries no answer and no
    /// error: a row that moved between two reads would be told as a contradiction. All of it is read in one snapshot then.
    async fn compute<T>(
        &self,
        loaded: &mut Loaded,
        step: &mut (impl FnMut(&Loaded) -> Planned<T> + Send),
    ) -> Result<Outcome<T>, StoreError> {
        for _ in 0..LOADS {
            match step(loaded) {
                Ok(Outcome::Write(transaction, answer)) => return Ok(Outcome::Write(transaction, answer)),
                Err(Stop::Needs(reads)) => self.load(loaded, reads).await?,
                Ok(Outcome::Answer(_)) | Err(Stop::Failed(_)) if loaded.is_mixed() => {
                    let reads = loaded.reads();
                    *loaded = Loaded::at(self.backend.now());
                    self.load(loaded, reads).await?;
                }
                Ok(answer) => return Ok(answer),
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        Err(endless())
    }

    async fn load(&self, loaded: &mut Loaded, reads: Vec<crate::backend::Read>) -> Result<(), StoreError> {
        let found = self.backend.load(reads.clone()).await?;
        loaded.add_all(reads.into_iter().zip(found));
        Ok(())
    }
}

impl Planner {
    /// Writes down events of a step that is once by its rows' revisions.
    pub(crate) fn events(&self, drafts: impl IntoIterator<Item = Draft>) -> Result<Vec<Event>, StoreError> {
        drafts.into_iter().map(|draft| self.event(draft, false)).collect()
    }

    /// Writes down one event; `again` where its author may append it again.
    pub(crate) fn event(&self, draft: Draft, again: bool) -> Result<Event, StoreError> {
        let mut salt = [0; 32];
        if draft.attachment.is_some() {
            self.entropy
                .fill(&mut salt)
                .map_err(|error| StoreError::not_applied(StoreErrorKind::Unavailable, error.to_string()))?;
        }
        let sameness = again.then(|| draft.sameness());
        let unwritable =
            |error: LeafError| StoreError::not_applied(StoreErrorKind::Misuse, error.to_string());
        Ok(Event { sealed: draft.seal(salt).map_err(unwritable)?, sameness })
    }
}
