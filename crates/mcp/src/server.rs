//! A server on the two pipes of a child process.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::Secrets;
use chimera_contracts::Clock;
use chimera_platform::{Called, LateAnswer, ServerError, ToolCall, ToolClient, ToolInfo};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, oneshot},
    time::{Instant, timeout_at},
};

use crate::{
    attempt::Attempt, clock::left, command::ServerCommand, run::Run, state::Shared, ticket::Ticket,
    unready::Unready,
};

/// An MCP server as a child process.
///
/// Nothing runs until it is used first. It needs a Tokio runtime with I/O and time enabled; deadlines are taken from the
/// given clock when a call begins and measured by Tokio's.
///
/// - A call is written at most once, and not at or after its `send_before`; the clock is asked again immediately before
///   the first byte, after every start and every queue.
/// - A server that died, or was ended, is started by the next use, 100 ms after its death at the earliest; the wait
///   doubles with each death in a row up to 30 s and starts anew after a life of 10 s. A use within the wait waits as
///   well where its own time allows, and is refused at once where it does not, with the time that is left. A server
///   that cannot start until somebody changes something is told as that.
/// - An answer that comes after its call was given up is kept for `late`, and so are answers that come after the server
///   was told that the call is cancelled, as long as it lives: 256 of them, and 32 MiB, at most; the oldest goes first.
/// - At most 256 calls are in flight; further ones wait and may run out of time, unsent.
/// - Dropping it kills the process and all it started. [`close`](Self::close) ends it in order.
#[derive(Debug)]
pub struct StdioServer {
    shared: Arc<Shared>,
}

impl StdioServer {
    /// A server that is started when it is used first.
    #[must_use]
    pub fn new(command: ServerCommand, clock: Arc<dyn Clock>) -> Self {
        Self { shared: Arc::new(Shared::new(command, clock)) }
    }

    /// Ends the server in order: closes its input, waits 3 s, sends SIGTERM, waits 3 s, kills. Calls in flight become
    /// [`Called::Lost`] unless they are answered meanwhile. It is not started again.
    pub async fn close(&self) {
        self.shared.close().await;
    }

    /// A running server and a place among its calls, within the time there is to send.
    async fn admitted(&self, limit: DateTime<Utc>) -> Result<(Arc<Run>, OwnedSemaphorePermit), String> {
        let by = self.by(limit).map_err(|unready| unready.reason)?;
        let admitted = timeout_at(by, async {
            let run = self.shared.ready(by).await.map_err(|unready| unready.reason)?;
            let place = run.place().await.ok_or("the server went away")?;
            Ok((run, place))
        });
        admitted.await.unwrap_or_else(|_| {
            Err("its time to be sent was over before the server was ready for it".to_owned())
        })
    }

    /// When a deadline is, by the timer.
    fn by(&self, deadline: DateTime<Utc>) -> Result<Instant, Unready> {
        Handle::try_current().map_err(|_| Unready::lasts("there is no Tokio runtime"))?;
        let within = left(&*self.shared.clock, deadline)
            .ok_or_else(|| Unready::passes("its time was over before it began"))?;
        Ok(Instant::now().checked_add(within).unwrap_or_else(far_future))
    }

    async fn listed(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, Unready> {
        let by = self.by(deadline)?;
        let listed = timeout_at(by, async {
            let run = self.shared.ready(by).await?;
            run.listing.tools(&run.peer).await
        });
        listed.await.unwrap_or_else(|_| Err(Unready::passes("it did not list its tools by the deadline")))
    }
}

#[async_trait]
impl ToolClient for StdioServer {
    fn server(&self) -> &str {
        &self.shared.command.name
    }

    fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }

    fn grace(&self) -> TimeDelta {
        TimeDelta::from_std(self.shared.command.grace).unwrap_or(TimeDelta::MAX)
    }

    fn late(&self) -> Vec<LateAnswer> {
        self.shared.late.take()
    }

    async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        self.listed(deadline).await.map_err(|unready| unready.of(&self.shared.command.name))
    }

    async fn call(&self, call: ToolCall) -> Called {
        let limit = call.send_before.min(call.deadline);
        let (run, place) = match self.admitted(limit).await {
            Ok(admitted) => admitted,
            Err(reason) => return Called::NotSent { reason },
        };
        let clock = &self.shared.clock;
        let Some(within) = left(&**clock, call.deadline) else {
            return Called::NotSent {
                reason: "the deadline had passed before the server was ready".to_owned(),
            };
        };
        let attempt = Attempt {
            shared: Arc::clone(&self.shared),
            run,
            ticket: Arc::new(Ticket::new(call.id.clone(), Arc::clone(clock), limit, Some(place))),
            deadline: Instant::now().checked_add(within).unwrap_or_else(far_future),
        };
        let ticket = Arc::clone(&attempt.ticket);
        let (told, called) = oneshot::channel();
        // It ends with the run it calls, or after the grace.
        tokio::spawn(attempt.attend(call, told));
        called.await.unwrap_or_else(|_| {
            crate::answer::unwritten_or_lost(&ticket, "the runtime was shut down".to_owned())
        })
    }
}

impl Drop for StdioServer {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}

/// A deadline beyond what the timer can count is no deadline.
fn far_future() -> Instant {
    Instant::now() + std::time::Duration::from_secs(86_400 * 365)
}
