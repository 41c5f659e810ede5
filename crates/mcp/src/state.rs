//! What a server is doing, and the one place where that changes.
//!
//! INVARIANT: at most one process of a server runs. A start begins only when the life before it has ended, callers
//! that come meanwhile wait for the same start, and nothing starts after the end was decided.
//!
//! The lock is held for a look and a change, never across an await. A start is a task of its own, so a caller whose
//! time is over does not take it back: a slow server gets ready for the next one.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chimera_audit::Secrets;
use chimera_contracts::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::AbortHandle,
};

use crate::{
    backoff::Backoff, command::ServerCommand, inbox::Inbox, late::LateAnswers, listing::Listing,
    replies::Replies, run::Run, start::start,
};

/// What a start came to.
type Outcome = Result<Arc<Run>, String>;

/// What the tasks of a server share.
pub(crate) struct Shared {
    pub(crate) command: ServerCommand,
    pub(crate) clock: Arc<dyn Clock>,
    /// The credentials that the server is given.
    pub(crate) secrets: Arc<Secrets>,
    /// Kept across the server's lives.
    pub(crate) late: Arc<LateAnswers>,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    backoff: Backoff,
    /// Why it died last.
    last: String,
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
    Running(Arc<Run>),
    Starting(watch::Receiver<Option<Outcome>>),
}

impl Shared {
    pub(crate) fn new(command: ServerCommand, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            phase: Phase::Resting,
            backoff: Backoff::default(),
            last: String::new(),
            previous: None,
            serial: 0,
        };
        let secrets = Arc::new(command.secrets());
        Self { command, clock, secrets, late: Arc::default(), state: Mutex::new(state) }
    }

    /// The tools of a new life.
    pub(crate) fn listing(&self) -> Listing {
        Listing::new(Arc::clone(&self.secrets), self.command.answer_limit)
    }

    /// Where the messages of a new life arrive, and what we reply to them.
    pub(crate) fn inbox(&self, listing: &Listing) -> (Inbox, mpsc::Receiver<Vec<u8>>) {
        let (replies, replied) = Replies::new();
        let (secrets, late) = (Arc::clone(&self.secrets), Arc::clone(&self.late));
        (Inbox::new(self.command.name.clone(), secrets, late, listing.clone(), replies), replied)
    }

    /// A server that can be called; started where needed.
    pub(crate) async fn ready(self: &Arc<Self>) -> Outcome {
        match self.reach()? {
            Reached::Running(run) => Ok(run),
            Reached::Starting(mut outcome) => {
                let settled =
                    outcome.wait_for(Option::is_some).await.ok().and_then(|settled| settled.clone());
                settled.unwrap_or_else(|| Err("its start was broken off".to_owned()))
            }
        }
    }

    fn reach(self: &Arc<Self>) -> Result<Reached, String> {
        let now = self.clock.now();
        let mut state = self.lock();
        state.notice(now);
        match &state.phase {
            Phase::Closed => return Err("it was closed".to_owned()),
            Phase::Running(run) => return Ok(Reached::Running(Arc::clone(run))),
            Phase::Starting { outcome, .. } => return Ok(Reached::Starting(outcome.clone())),
            Phase::Resting => {}
        }
        if let Some(wait) = state.backoff.wait(now) {
            return Err(format!(
                "it may be started again in {} ms; before, {}",
                wait.as_millis(),
                state.last
            ));
        }
        let runtime =
            Handle::try_current().map_err(|_| "there is no Tokio runtime to start it on".to_owned())?;
        state.serial = state.serial.wrapping_add(1);
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
        let outcome = start(&self, serial).await;
        settled.send_replace(Some(self.settle(outcome)));
    }

    fn settle(&self, outcome: Outcome) -> Outcome {
        let now = self.clock.now();
        let mut state = self.lock();
        match (&state.phase, outcome) {
            (Phase::Starting { .. }, Ok(run)) => {
                state.previous = None;
                state.phase = Phase::Running(Arc::clone(&run));
                Ok(run)
            }
            (Phase::Starting { .. }, Err(reason)) => {
                state.rest(now, TimeDelta::zero(), reason.clone());
                Err(reason)
            }
            // It was closed while it started.
            (_, outcome) => outcome.and_then(|run| {
                run.abandon();
                Err("it was closed".to_owned())
            }),
        }
    }

    /// The process of this life is gone.
    pub(crate) fn retire(&self, serial: u64) {
        let now = self.clock.now();
        let mut state = self.lock();
        if matches!(&state.phase, Phase::Running(run) if run.serial == serial) {
            state.notice_end(now);
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
    fn notice(&mut self, now: DateTime<Utc>) {
        match &self.phase {
            Phase::Running(run) if run.is_over() => self.notice_end(now),
            // The task ended without an outcome.
            Phase::Starting { outcome, .. }
                if outcome.has_changed().is_err() && outcome.borrow().is_none() =>
            {
                self.rest(now, TimeDelta::zero(), "its start was broken off".to_owned());
            }
            _ => {}
        }
    }

    fn notice_end(&mut self, now: DateTime<Utc>) {
        if let Phase::Running(run) = &self.phase {
            let run = Arc::clone(run);
            self.rest(now, now.signed_duration_since(run.since), "it went away".to_owned());
            self.previous = Some(run);
        }
    }

    fn rest(&mut self, now: DateTime<Utc>, served: TimeDelta, last: String) {
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
        formatter.debug_struct("Shared").field("command", &self.command).field("phase", &phase).finish()
    }
}
