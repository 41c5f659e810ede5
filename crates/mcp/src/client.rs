//! What every server is to its host, wherever it comes from: the port, over what its tasks share.

use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::Secrets;
use chimera_contracts::Clock;
use chimera_platform::{Called, LateAnswer, ServerError, ToolCall, ToolClient, ToolInfo};
use chrono::{DateTime, TimeDelta, Utc};
use rmcp::{ServiceError, model::PingRequest};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, oneshot},
    time::{Instant, timeout_at},
};

use crate::{
    answer::sentence,
    attempt::Attempt,
    clock::left,
    run::Run,
    state::{Origin, Shared},
    ticket::Ticket,
    unready::Unready,
};

/// The client of one server.
#[derive(Debug)]
pub(crate) struct Client {
    shared: Arc<Shared>,
}

impl Client {
    pub(crate) fn new(origin: Origin, clock: Arc<dyn Clock>) -> Self {
        Self { shared: Arc::new(Shared::new(origin, clock)) }
    }

    pub(crate) async fn close(&self) {
        self.shared.close().await;
    }

    /// A running server and a place among its calls, within the time there is to send.
    async fn admitted(&self, limit: DateTime<Utc>) -> Result<(Arc<Run>, OwnedSemaphorePermit), String> {
        let by = self.by(limit).map_err(|unready| unready.reason)?;
        let admitted = timeout_at(by, async {
            let run = self.awake(by).await.map_err(|unready| unready.reason)?;
            let place = run.place().await.ok_or("the server went away")?;
            Ok((run, place))
        });
        admitted.await.unwrap_or_else(|_| {
            Err("its time to be sent was over before the server was ready for it".to_owned())
        })
    }

    /// A running server that was heard a moment ago.
    async fn awake(&self, by: Instant) -> Result<Arc<Run>, Unready> {
        loop {
            let run = self.shared.ready(by).await?;
            if !run.is_silent() {
                return Ok(run);
            }
            match run.peer.send_request(PingRequest::default().into()).await {
                // It has forgotten us, or is another one, and the next life begins.
                _ if run.is_over() => {}
                // Also an error of the server is a word of it.
                Ok(_) | Err(ServiceError::McpError(_)) => return Ok(run),
                Err(error) => {
                    let reason = sentence(&error.to_string(), self.shared.secrets.now());
                    return Err(Unready::passes(reason));
                }
            }
        }
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
            match run.listing.tools(&run.peer).await {
                // It acts on nothing, and a server that died, or forgot us, is found out by it.
                Err(_) if run.is_over() => {
                    let run = self.shared.ready(by).await?;
                    run.listing.tools(&run.peer).await
                }
                listed => listed,
            }
        });
        listed.await.unwrap_or_else(|_| Err(Unready::passes("it did not list its tools by the deadline")))
    }
}

#[async_trait]
impl ToolClient for Client {
    fn server(&self) -> &str {
        &self.shared.terms.name
    }

    fn secrets(&self) -> &Secrets {
        self.shared.secrets.now()
    }

    fn life(&self) -> u64 {
        self.shared.life()
    }

    fn grace(&self) -> TimeDelta {
        TimeDelta::from_std(self.shared.terms.grace).unwrap_or(TimeDelta::MAX)
    }

    fn late(&self) -> Vec<LateAnswer> {
        self.shared.late.take()
    }

    async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        self.listed(deadline).await.map_err(|unready| unready.of(&self.shared.terms.name))
    }

    async fn call(&self, call: ToolCall) -> Called {
        let limit = call.send_before.min(call.deadline);
        let (run, place) = match self.admitted(limit).await {
            Ok(admitted) => admitted,
            Err(reason) => return Called::NotSent { reason },
        };
        if call.life.is_some_and(|life| life != self.shared.life()) {
            let reason = "the server was started anew since it was asked, or may have been";
            return Called::NotSent { reason: reason.to_owned() };
        }
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

impl Drop for Client {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}

/// A deadline beyond what the timer can count is no deadline.
fn far_future() -> Instant {
    Instant::now() + std::time::Duration::from_secs(86_400 * 365)
}
