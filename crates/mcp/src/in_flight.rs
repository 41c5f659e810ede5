//! The requests of one life of a server that it has not answered, by the number they carry.
//!
//! The SDK knows them as well, but forgets a request when it is cancelled, and a server that does not hear a
//! cancellation still posts and answers. Kept here, that answer can be told whose it is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use crate::ticket::Ticket;

/// The most requests that are kept: twice the calls that can be waited for at once.
const MAX: usize = 512;

/// What was asked.
#[derive(Debug)]
pub(crate) enum Request {
    /// `initialize`.
    Initialize,
    /// `server/discover`.
    Discover,
    /// A page of `tools/list`.
    List,
    /// `ping`.
    Ping,
    /// `tools/call`, with the ticket that tells whether it was written, as long as its attempt lasts.
    Call { call: String, ticket: Weak<Ticket> },
    /// A `tools/call` of which the SDK knows nothing any more: it was cancelled, or answered with an error (`failed`).
    GivenUp { call: String, failed: bool },
}

/// What may still come for a request.
#[cfg(feature = "http")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    Nothing,
    /// Its answer.
    Answer,
    /// An answer after an error.
    Correction,
}

impl Request {
    pub(crate) fn call(ticket: &Arc<Ticket>) -> Self {
        Self::Call { call: ticket.call().to_owned(), ticket: Arc::downgrade(ticket) }
    }

    /// Whether an answer is still waited for.
    fn is_waited_for(&self) -> bool {
        match self {
            Self::Initialize | Self::Discover | Self::List | Self::Ping => true,
            Self::Call { ticket, .. } => ticket.strong_count() > 0,
            Self::GivenUp { .. } => false,
        }
    }
}

/// The requests, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    requests: BTreeMap<i64, Request>,
}

impl InFlight {
    /// One more, about to be written.
    pub(crate) fn sent(&mut self, id: i64, request: Request) {
        self.requests.insert(id, request);
        if self.requests.len() > MAX {
            let given_up = self.requests.iter().find(|(_, request)| !request.is_waited_for());
            let oldest = given_up.or_else(|| self.requests.first_key_value()).map(|(id, _)| *id);
            oldest.map(|id| self.requests.remove(&id));
        }
    }

    /// One is being cancelled. A call may be answered all the same; nothing else is worth it.
    pub(crate) fn cancelled(&mut self, id: i64) {
        match self.requests.remove(&id) {
            Some(Request::Call { call, .. }) => self.give_up(id, call, false),
            Some(Request::GivenUp { call, failed }) => self.give_up(id, call, failed),
            _ => {}
        }
    }

    /// A call was answered with an error, which proves nothing: gateways report a timeout of their own, and pass on what
    /// the server behind them answers afterwards.
    pub(crate) fn failed(&mut self, id: i64, call: String) {
        self.give_up(id, call, true);
    }

    fn give_up(&mut self, id: i64, call: String, failed: bool) {
        self.requests.insert(id, Request::GivenUp { call, failed });
    }

    /// One is answered. `None` when there is no such request, or it was answered already.
    pub(crate) fn answered(&mut self, id: i64) -> Option<Request> {
        // An answer before the first byte of the question is none: a server that counts along, or answers a number
        // twice. The request stays.
        if let Some(Request::Call { ticket, .. }) = self.requests.get(&id)
            && ticket.upgrade().is_some_and(|ticket| !ticket.is_used())
        {
            return None;
        }
        self.requests.remove(&id)
    }

    /// What may still come for a request.
    #[cfg(feature = "http")]
    pub(crate) fn awaited(&self, id: i64) -> Awaited {
        match self.requests.get(&id) {
            None => Awaited::Nothing,
            Some(Request::GivenUp { failed: true, .. }) => Awaited::Correction,
            Some(_) => Awaited::Answer,
        }
    }

    /// No answer to this request can come any more.
    #[cfg(feature = "http")]
    pub(crate) fn forget(&mut self, id: i64) {
        self.requests.remove(&id);
    }

    /// Whether what the server is asked first is not answered yet.
    pub(crate) fn is_starting(&self) -> bool {
        self.requests.values().any(|request| matches!(request, Request::Initialize | Request::Discover))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::*;
    use crate::clock::TokioClock;

    fn ticket(call: &str) -> Arc<Ticket> {
        let soon = Utc::now() + TimeDelta::hours(1);
        Arc::new(Ticket::new(call.to_owned(), Arc::new(TokioClock), soon, None))
    }

    fn written(call: &str) -> Arc<Ticket> {
        let ticket = ticket(call);
        ticket.take().unwrap();
        ticket
    }

    #[test]
    fn a_request_is_answered_once() {
        let mut requests = InFlight::default();
        let ticket = written("a");
        requests.sent(0, Request::Initialize);
        requests.sent(1, Request::call(&ticket));
        assert!(requests.is_starting());
        assert!(matches!(requests.answered(0), Some(Request::Initialize)));
        assert!(!requests.is_starting());
        assert!(matches!(requests.answered(1), Some(Request::Call { call, .. }) if call == "a"));
        assert!(requests.answered(1).is_none() && requests.answered(2).is_none());
    }

    #[test]
    fn what_was_not_written_is_not_answered() {
        let mut requests = InFlight::default();
        let ticket = ticket("a");
        requests.sent(1, Request::call(&ticket));
        assert!(requests.answered(1).is_none());
        ticket.take().unwrap();
        assert!(requests.answered(1).is_some());
    }

    #[test]
    fn a_cancelled_call_is_remembered_and_a_cancelled_list_is_not() {
        let mut requests = InFlight::default();
        let ticket = written("a");
        requests.sent(1, Request::call(&ticket));
        requests.sent(2, Request::List);
        [1, 2, 3].into_iter().for_each(|id| requests.cancelled(id));
        assert!(matches!(requests.answered(1), Some(Request::GivenUp { call, .. }) if call == "a"));
        assert!(requests.answered(2).is_none());
    }

    #[test]
    fn a_call_that_failed_is_remembered_and_a_cancellation_does_not_change_that() {
        let mut requests = InFlight::default();
        requests.sent(1, Request::call(&written("a")));
        assert!(matches!(requests.answered(1), Some(Request::Call { .. })));
        requests.failed(1, "a".to_owned());
        requests.cancelled(1);
        assert!(matches!(requests.answered(1), Some(Request::GivenUp { failed: true, .. })));
        assert!(requests.answered(1).is_none());
    }

    #[test]
    fn what_is_waited_for_is_forgotten_last() {
        let mut requests = InFlight::default();
        let ticket = written("a");
        requests.sent(0, Request::call(&ticket));
        for id in 1..=2_000 {
            requests.sent(id, Request::GivenUp { call: id.to_string(), failed: false });
        }
        assert_eq!(requests.requests.len(), MAX);
        assert!(matches!(requests.answered(0), Some(Request::Call { .. })));
        assert!(requests.answered(1).is_none(), "the oldest went first");
        assert!(requests.answered(2_000).is_some());
    }
}
