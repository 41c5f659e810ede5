//! The answer to one request, from the body of its response: one document, or a stream of events that may go on
//! elsewhere.

use std::{sync::PoisonError, time::Duration};

use http_body_util::BodyExt;
use hyper::{
    body::{Bytes, Incoming},
    header,
};
use tokio::{
    sync::SemaphorePermit,
    time::{sleep, timeout},
};

use super::{
    HttpError,
    events::Events,
    session::Session,
    wire::{self, shown},
};
use crate::{
    gather::{Excess, Gathered, Gatherer},
    in_flight::Awaited,
};

/// What a message takes before it counts as large.
pub(super) const LARGE: usize = 256 * 1024;
/// How often the rest of a stream is asked for.
const RESUMES: u32 = 10;
/// The first wait before it is, where the server names none.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How much of a document that is no answer is looked at, and for how long.
const BEGINNING: usize = 4 * 1024;
const BEGINNING_TIME: Duration = Duration::from_secs(1);

/// Reads the answer to one request.
pub(super) struct Reading<'a> {
    pub(super) session: &'a Session,
    pub(super) id: i64,
}

/// How a stream ended.
enum Ended {
    Answered,
    /// Without the answer, and why.
    Without(String),
}

impl Reading<'_> {
    /// Until the answer was heard, or the body ended after an error.
    pub(super) async fn read(&self, answer: wire::Answer) -> Result<(), HttpError> {
        match kind(&answer).as_str() {
            "application/json" => self.document(answer).await,
            "text/event-stream" => self.streams(answer).await,
            "" => Err(HttpError::other(format!(
                "it answered HTTP {} without an answer to the request",
                answer.response.status().as_u16()
            ))),
            other => {
                let other = self.session.shown(other);
                Err(HttpError::other(format!("it answered with `{other}`, not with JSON; check the URL")))
            }
        }
    }

    async fn document(&self, mut answer: wire::Answer) -> Result<(), HttpError> {
        let mut document = Gatherer::new(self.session.endpoint.answer_limit);
        let mut large = None;
        while let Some(bytes) = self.next(answer.response.body_mut()).await? {
            let refused = document.add(&bytes);
            self.hear_all(refused).await;
            if self.awaited() == Awaited::Nothing {
                return Ok(());
            }
            // A document answers one request, so its id need not be read first.
            document.excess().map_or(Ok(()), |excess| Err(too_much(excess)))?;
            self.make_room(document.holds(), &mut large).await;
        }
        let whole = document.finish();
        self.hear_all(whole).await;
        match self.awaited() {
            Awaited::Nothing | Awaited::Correction => Ok(()),
            Awaited::Answer => Err(HttpError::broken("what it answered is no answer to the request")),
        }
    }

    /// One stream after the other, as long as each tells from where on the next one is asked for.
    async fn streams(&self, answer: wire::Answer) -> Result<(), HttpError> {
        let mut events = Events::new(self.session.endpoint.answer_limit);
        let mut without = match self.stream(&mut events, answer).await {
            Ended::Answered => return Ok(()),
            Ended::Without(why) => why,
        };
        for resumed in 0..RESUMES {
            let Some(last_id) = events.last_id().map(str::to_owned) else { break };
            let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(resumed)).min(Duration::from_secs(30));
            sleep(events.retry().unwrap_or(wait)).await;
            let Ok(answer) = self.session.rest(&last_id).await else { continue };
            if kind(&answer) != "text/event-stream" || !answer.response.status().is_success() {
                break;
            }
            match self.stream(&mut events, answer).await {
                Ended::Answered => return Ok(()),
                Ended::Without(why) => without = why,
            }
        }
        Err(HttpError::broken(without))
    }

    async fn stream(&self, events: &mut Events, mut answer: wire::Answer) -> Ended {
        let mut large = None;
        let why = loop {
            let bytes = match self.next(answer.response.body_mut()).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => break "the stream ended without the answer".to_owned(),
                Err(error) => break error.reason,
            };
            // A chunk may hold many events; they are read before the next chunk comes.
            let mut messages = Vec::new();
            {
                let mut inbox = self.session.inbox.lock().unwrap_or_else(PoisonError::into_inner);
                events.read(&bytes, |gathered| messages.extend(inbox.read(gathered)));
            }
            for message in messages {
                self.session.hear(message).await;
            }
            if self.awaited() == Awaited::Nothing {
                return Ended::Answered;
            }
            self.make_room(events.holds(), &mut large).await;
        };
        // Its error was heard. The rest is read as it comes, but not asked for: few errors are followed by anything.
        if self.awaited() == Awaited::Correction {
            return Ended::Answered;
        }
        let why = events.excess().map_or(why, |excess| format!("an event of it {}", excess.shown()));
        events.broke();
        Ended::Without(why)
    }

    async fn next(&self, body: &mut Incoming) -> Result<Option<Bytes>, HttpError> {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                HttpError::broken(format!("the connection broke: {}", self.session.shown(&shown(&error))))
            })?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    async fn hear_all(&self, gathered: Option<Gathered>) {
        let message = gathered.and_then(|gathered| {
            self.session.inbox.lock().unwrap_or_else(PoisonError::into_inner).read(gathered)
        });
        if let Some(message) = message {
            self.session.hear(message).await;
        }
    }

    fn awaited(&self) -> Awaited {
        self.session.awaited(self.id)
    }

    /// Few large messages at a time: the server decides how long each of hundreds takes.
    async fn make_room<'a>(&'a self, holds: usize, large: &mut Option<SemaphorePermit<'a>>) {
        if holds <= LARGE {
            *large = None;
        } else if large.is_none() {
            *large = self.session.large.acquire().await.ok();
        }
    }
}

fn too_much(excess: Excess) -> HttpError {
    HttpError::broken(format!("its answer {}", excess.shown()))
}

/// The type of a body, without its parameters.
fn kind(answer: &wire::Answer) -> String {
    let kind = answer.response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The beginning of a document, for people.
pub(super) async fn beginning(mut answer: wire::Answer) -> String {
    let mut read = Vec::new();
    let reading = async {
        while let Some(Ok(frame)) = answer.response.body_mut().frame().await {
            let bytes = frame.into_data().unwrap_or_default();
            read.extend(bytes.iter().take(BEGINNING.saturating_sub(read.len())));
            if read.len() >= BEGINNING {
                return;
            }
        }
    };
    let _ = timeout(BEGINNING_TIME, reading).await;
    String::from_utf8_lossy(&read).into_owned()
}
