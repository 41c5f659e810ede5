//! What a server is doing, and the one place where that changes.
//!
//! INVARIANT: at most one process of a server runs. A start begins only when the life before it has ended, callers
//! that come meanwhile wait for the same start, and nothing starts after the end was decided.
//!
//! The lock is held for a look and a change, never across an await. A start is a task of its own, so a caller whose
//! time is over does not take it back: a slow server gets ready for the next one. A caller that finds a server which died
//! waits until it may be started again, where its own time allows.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chimera_contracts::Clock;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::AbortHandle,
    time::{Instant, sleep},
};

#[cfg(feature = "http")]
use crate::http::HttpEndpoint;
use crate::{
    backoff::Backoff, command::ServerCommand, inbox::Inbox, known::KnownSecrets, late::LateAnswers,
    listing::Listing, replies::Replies, run::Run, start::start, unready::Unready,
};

/// What a start came to.
type Outcome = Result<Arc<Run>, Unready>;

/// Where a server comes from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A process of our own.
    Process(Box<ServerCommand>),
    /// A server behind an address.
    #[cfg(feature = "http")]
    Http(Arc<HttpEndpoint>),
}

/// What holds for every server, wherever it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) name: String,
    pub(crate) grace: Duration,
    pub(crate) stop_on_timeout: bool,
    pub(crate) answer_limit: usize,
}

impl Origin {
    fn terms(&self) -> Terms {
        match self {
            Self::Process(command) => Terms {
                name: command.name.clone(),
                grace: command.grace,
                stop_on_timeout: command.stop_on_timeout,
                answer_limit: command.answer_limit,
            },
            #[cfg(feature = "http")]
            Self::Http(endpoint) => Terms {
                name: endpoint.name.clone(),
                grace: endpoint.grace,
                // There is nothing to stop.
                stop_on_timeout: false,
                answer_limit: endpoint.answer_limit,
            },
        }
    }

    fn secrets(&self) -> KnownSecrets {
        match self {
            Self::Process(command) => KnownSecrets::new(command.secrets()),
            #[cfg(feature = "http")]
            Self::Http(endpoint) => endpoint.secrets(),
        }
    }

    async fn start(&self, shared: &Arc<Shared>, serial: u64) -> Outcome {
        match self {
            Self::Process(command) => start(shared, command, serial).await,
            #[cfg(feature = "http")]
            Self::Http(endpoint) => crate::http::open(shared, endpoint, serial).await,
        }
    }
}

/// What the tasks of a server share.
pub(crate) struct Shared {
    pub(crate) terms: Terms,
    origin: Origin,
    pub(crate) clock: Arc<dyn Clock>,
    /// The credentials that the server is given.
    pub(crate) secrets: Arc<KnownSecrets>,
    /// Kept across the server's lives.
    pub(crate) late: Arc<LateAnswers>,
    /// Which life is the present one: it changes with each start, and where a server that names no session may have become
    /// another one.
    life: Arc<AtomicU64>,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    backoff: Backoff,
    /// Why it died, or did not start, last; and whether that lasts.
    last: Unready,
    /// Whether it was ready once.
    was_ready: bool,
    /// The last life, which may still be ending.
    previous: Option<Arc<Run>>,
    serial: u64,
}

enum Phase {
    Resting,
    Starting { outcome: watch::Receiver<Option<Outcome>>, task: AbortHandle },
    Running(Arc<Run>),
    Closed,
}

/// What a caller finds.
enum Reached {
    /// For so long.
    Resting(Duration),
    Running(Arc<Run>),
    Starting(watch::Receiver<Option<Outcome>>),
}

impl Shared {
    pub(crate) fn new(origin: Origin, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            phase: Phase::Resting,
            backoff: Backoff::default(),
            last: Unready::passes(""),
            was_ready: false,
            previous: None,
            serial: 0,
        };
        let (terms, secrets) = (origin.terms(), Arc::new(origin.secrets()));
        Self {
            terms,
            origin,
            clock,
            secrets,
            late: Arc::default(),
            life: Arc::default(),
            state: Mutex::new(state),
        }
    }

    /// The tools of a new life.
    pub(crate) fn listing(&self) -> Listing {
        Listing::new(Arc::clone(&self.secrets), self.terms.answer_limit)
    }

    /// Where the messages of a new life arrive, and what we reply to them.
    pub(crate) fn inbox(&self, listing: &Listing) -> (Inbox, mpsc::Receiver<Vec<u8>>) {
        let (replies, replied) = Replies::new();
        let (secrets, late) = (Arc::clone(&self.secrets), Arc::clone(&self.late));
        (Inbox::new(self.terms.name.clone(), secrets, late, listing.clone(), replies), replied)
    }

    /// Which life is the present one.
    pub(crate) fn life(&self) -> u64 {
        self.life.load(Ordering::SeqCst)
    }

    /// What tells the lives apart.
    #[cfg(feature = "http")]
    pub(crate) fn lives(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.life)
    }

    /// Begins another life where the server was quiet for so long that it may be another one.
    fn doubt(&self, run: &Run) {
        if run.was_quiet() {
            self.life.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Whether it was ready once.
    pub(crate) fn was_ready(&self) -> bool {
        self.lock().was_ready
    }

    /// A server that can be called; started where needed. Waits until it may be started, unless it is not before `by`.
    pub(crate) async fn ready(self: &Arc<Self>, by: Instant) -> Outcome {
        loop {
            match self.reach()? {
                Reached::Running(run) => {
                    self.doubt(&run);
                    return Ok(run);
                }
                Reached::Resting(wait) if wait < by.saturating_duration_since(Instant::now()) => {
                    sleep(wait).await;
                }
                Reached::Resting(wait) => return Err(self.resting(wait)),
                Reached::Starting(mut outcome) => {
                    let settled =
                        outcome.wait_for(Option::is_some).await.ok().and_then(|settled| settled.clone());
                    return settled.unwrap_or_else(|| Err(Unready::passes("its start was broken off")));
                }
            }
        }
    }

    fn resting(&self, wait: Duration) -> Unready {
        let last = &self.lock().last.reason;
        let reason = format!("it is started again in {} ms; before, {last}", wait.as_millis());
        Unready { reason, retry_after: Some(wait) }
    }

    fn reach(self: &Arc<Self>) -> Result<Reached, Unready> {
        let now = Instant::now();
        let mut state = self.lock();
        state.notice(now);
        match &state.phase {
            Phase::Closed => return Err(Unready::lasts("it was closed")),
            Phase::Running(run) => return Ok(Reached::Running(Arc::clone(run))),
            Phase::Starting { outcome, .. } => return Ok(Reached::Starting(outcome.clone())),
            Phase::Resting => {}
        }
        if let Some(wait) = state.backoff.wait(now) {
            // A lasting fault is reported without a wait.
            let lasts = state.last.retry_after.is_none();
            return if lasts { Err(state.last.clone()) } else { Ok(Reached::Resting(wait)) };
        }
        let runtime =
            Handle::try_current().map_err(|_| Unready::lasts("there is no Tokio runtime to start it on"))?;
        state.serial = state.serial.wrapping_add(1);
        self.life.fetch_add(1, Ordering::SeqCst);
        let (sender, outcome) = watch::channel(None);
        let starting = Arc::clone(self).begin(state.serial, state.previous.clone(), sender);
        let task = runtime.spawn(starting).abort_handle();
        state.phase = Phase::Starting { outcome: outcome.clone(), task };
        Ok(Reached::Starting(outcome))
    }

    async fn begin(
        self: Arc<Self>,
        serial: u64,
        previous: Option<Arc<Run>>,
        settled: watch::Sender<Option<Outcome>>,
    ) {
        if let Some(previous) = previous {
            previous.ended().await;
        }
        let outcome = self.origin.start(&self, serial).await;
        settled.send_replace(Some(self.settle(outcome)));
    }

    fn settle(&self, outcome: Outcome) -> Outcome {
        let now = Instant::now();
        let mut state = self.lock();
        match (&state.phase, outcome) {
            (Phase::Starting { .. }, Ok(run)) => {
                state.previous = None;
                state.was_ready = true;
                state.phase = Phase::Running(Arc::clone(&run));
                Ok(run)
            }
            (Phase::Starting { .. }, Err(unready)) => {
                let mut unready = unready;
                state.rest(now, Duration::ZERO, unready.clone());
                if unready.retry_after.is_some() {
                    unready.retry_after = state.backoff.wait(now);
                }
                Err(unready)
            }
            // It was closed while it started.
            (_, outcome) => outcome.and_then(|run| {
                run.abandon();
                Err(Unready::lasts("it was closed"))
            }),
        }
    }

    /// The process of this life is gone, and how.
    pub(crate) fn retire(&self, serial: u64, how: &str) {
        let now = Instant::now();
        let mut state = self.lock();
        if matches!(&state.phase, Phase::Running(run) if run.serial == serial) {
            state.notice_end(now);
        }
        if state.previous.as_ref().is_some_and(|run| run.serial == serial) {
            state.last = Unready::passes(how);
        }
    }

    /// Ends it in order, for good.
    pub(crate) async fn close(&self) {
        let (phase, previous) = self.finish();
        match phase {
            Phase::Running(run) => {
                run.stop();
                run.ended().await;
            }
            Phase::Starting { mut outcome, task } => {
                task.abort();
                // The sender goes when the task is gone, and with it the process.
                while outcome.changed().await.is_ok() {}
            }
            Phase::Resting | Phase::Closed => {}
        }
        if let Some(previous) = previous {
            previous.ended().await;
        }
    }

    /// Ends it at once, for good.
    pub(crate) fn abandon(&self) {
        let (phase, previous) = self.finish();
        match phase {
            Phase::Running(run) => run.abandon(),
            Phase::Starting { task, .. } => task.abort(),
            Phase::Resting | Phase::Closed => {}
        }
        if let Some(previous) = previous {
            previous.abandon();
        }
    }

    fn finish(&self) -> (Phase, Option<Arc<Run>>) {
        let mut state = self.lock();
        let phase = std::mem::replace(&mut state.phase, Phase::Closed);
        (phase, state.previous.take())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is one assignment, so what a panic leaves is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sees what happened since somebody looked last.
    fn notice(&mut self, now: Instant) {
        match &self.phase {
            Phase::Running(run) if run.is_over() => self.notice_end(now),
            // The task ended without an outcome.
            Phase::Starting { outcome, .. }
                if outcome.has_changed().is_err() && outcome.borrow().is_none() =>
            {
                self.rest(now, Duration::ZERO, Unready::passes("its start was broken off"));
            }
            _ => {}
        }
    }

    fn notice_end(&mut self, now: Instant) {
        if let Phase::Running(run) = &self.phase {
            let run = Arc::clone(run);
            if run.is_outlived() {
                run.stop();
            }
            let served = now.saturating_duration_since(run.since);
            self.rest(now, served, Unready::passes("it went away"));
            self.previous = Some(run);
        }
    }

    fn rest(&mut self, now: Instant, served: Duration, last: Unready) {
        self.backoff.died(now, served);
        self.last = last;
        self.phase = Phase::Resting;
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.lock().phase {
            Phase::Resting => "resting",
            Phase::Starting { .. } => "starting",
            Phase::Running(_) => "running",
            Phase::Closed => "closed",
        };
        formatter.debug_struct("Shared").field("origin", &self.origin).field("phase", &phase).finish()
    }
}
