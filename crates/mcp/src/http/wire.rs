//! One request on a connection of its own.
//!
//! Not a client with a pool: such clients send a request again when a kept connection turns out to be closed, some of
//! them also a POST, and where they do not, each close that crosses a call is a lost call. A connection costs a round
//! trip or two, a lost call costs a look and maybe a person.
//!
//! INVARIANT: the ticket of a call is taken immediately before its first byte goes to the open connection: a failure before
//! that means not sent.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use http_body_util::Full;
use hyper::{Request, Response, body::Bytes, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{HttpConnection, HttpEndpoint, HttpError};
use crate::{keeper::Owned, ticket::Ticket};

/// The most that the head of an answer may take.
const HEAD: usize = 64 * 1024;
/// The most headers of an answer.
const HEADERS: usize = 100;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: Response<Incoming>,
    /// Closes the connection when it is dropped.
    _connection: Owned,
}

/// A connection whose first byte needs a ticket.
struct Guarded {
    stream: Box<dyn HttpConnection>,
    ticket: Option<Arc<Ticket>>,
}

/// Connects. Nothing of a request is written.
pub(crate) async fn connect(endpoint: &HttpEndpoint) -> Result<Box<dyn HttpConnection>, HttpError> {
    endpoint.connector.connect(&endpoint.address).await.map_err(|error| HttpError::unreached(&error))
}

/// Sends a request once and waits for the head of its answer.
pub(crate) async fn exchange(
    stream: Box<dyn HttpConnection>,
    request: Request<Full<Bytes>>,
    ticket: Option<Arc<Ticket>>,
) -> Result<Answer, HttpError> {
    // A weak reference: as long as the ticket exists, the call counts as attended.
    let unused = ticket.as_ref().map(Arc::downgrade);
    let broke = |error: &hyper::Error| {
        let is_unused = unused.as_ref().and_then(Weak::upgrade).is_some_and(|ticket| !ticket.is_used());
        let what = if is_unused {
            "nothing of it was written: its time to be sent was over, or the connection broke before"
        } else {
            "the connection broke"
        };
        HttpError::broken(format!("{what}: {}", shown(error)))
    };
    let io = TokioIo::new(Guarded { stream, ticket });
    let mut client = http1::Builder::new();
    client.max_buf_size(HEAD).max_headers(HEADERS);
    let (mut sender, connection) = client.handshake(io).await.map_err(|error| broke(&error))?;
    let connection = Owned(tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!("a connection to a server ended: {}", shown(&error));
        }
    }));
    let response = sender.send_request(request).await.map_err(|error| broke(&error))?;
    Ok(Answer { response, _connection: connection })
}

/// With its source, which tells what happened.
pub(crate) fn shown(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(ticket) = self.ticket.take() {
            ticket.take()?;
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
