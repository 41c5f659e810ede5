//! The two pipes to a server: JSON-RPC, one message a line.
//!
//! Not the SDK's own writer, for one reason: between "handed to the SDK" and "written" a request can wait as long as
//! the server does not read, and nothing may go on the wire after its time. So a request that carries a [`Ticket`]
//! takes it here, with the pipe in hand and immediately before the first byte. And not its reader: see
//! [`Lines`](crate::lines::Lines) and [`Inbox`].

use std::{io, sync::Arc};

use rmcp::{
    RoleClient,
    model::{ClientRequest, JsonRpcMessage},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::{Mutex, mpsc},
};

use crate::{inbox::Inbox, keeper::Owned, lines::Lines, ticket::Ticket};

/// The server's standard input.
///
/// The mutex is Tokio's and is held while one message is written, so that messages do not mix; the SDK's writer does
/// the same.
#[derive(Debug)]
pub(crate) struct Input<W>(Arc<Mutex<Option<W>>>);

impl<W> Clone for Input<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: AsyncWrite + Unpin> Input<W> {
    async fn write(self, line: Vec<u8>, ticket: Option<Arc<Ticket>>) -> io::Result<()> {
        let mut input = self.0.lock().await;
        let pipe = input.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
        if let Some(ticket) = ticket {
            ticket.take()?;
        }
        pipe.write_all(&line).await?;
        pipe.flush().await
    }

    /// Closes the pipe, which asks a well-behaved server to end. `false` while a message is stuck in it: then it closes
    /// with the service.
    pub(crate) fn close(&self) -> bool {
        self.0.try_lock().map(|mut input| drop(input.take())).is_ok()
    }
}

/// Both pipes, as the SDK wants them.
pub(crate) struct Pipes<R, W> {
    output: Lines<R>,
    inbox: Inbox,
    input: Input<W>,
    /// Writes our replies, so that reading never waits for a server that does not read.
    _replying: Owned,
}

impl<R, W> Pipes<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    /// The server's standard output and input; messages of at most so many bytes; what we reply to its requests.
    pub(crate) fn new(
        (output, input): (R, W),
        inbox: Inbox,
        replies: mpsc::Receiver<Vec<u8>>,
        answer_limit: usize,
    ) -> (Self, Input<W>) {
        let input = Input(Arc::new(Mutex::new(Some(input))));
        let output = Lines::new(output, answer_limit);
        let _replying = Owned(tokio::spawn(reply(input.clone(), replies)));
        (Self { output, inbox, input: input.clone(), _replying }, input)
    }
}

async fn reply<W: AsyncWrite + Unpin>(input: Input<W>, mut replies: mpsc::Receiver<Vec<u8>>) {
    while let Some(mut line) = replies.recv().await {
        line.push(b'\n');
        if input.clone().write(line, None).await.is_err() {
            return;
        }
    }
}

impl<R, W> Transport<RoleClient> for Pipes<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inbox.note(&item);
        let ticket = ticket(&item);
        let input = self.input.clone();
        async move {
            let mut line = serde_json::to_vec(&item)?;
            line.push(b'\n');
            input.write(line, ticket).await
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            match self.output.next().await {
                Ok(Some(line)) => {
                    if let Some(message) = self.inbox.read(line) {
                        return Some(message);
                    }
                }
                Ok(None) => return None,
                Err(error) => {
                    tracing::debug!("the output of a server cannot be read any more: {error}");
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        // When a message is stuck in the pipe, the last owner of the pipe closes it.
        self.input.close();
        Ok(())
    }
}

fn ticket(message: &TxJsonRpcMessage<RoleClient>) -> Option<Arc<Ticket>> {
    match message {
        JsonRpcMessage::Request(request) => match &request.request {
            ClientRequest::CallToolRequest(call) => call.extensions.get::<Arc<Ticket>>().cloned(),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::{clock::TokioClock, listing::Listing, replies::Replies};

    fn ticket() -> Arc<Ticket> {
        let soon = Utc::now() + TimeDelta::hours(1);
        Arc::new(Ticket::new("call".to_owned(), Arc::new(TokioClock), soon, None))
    }

    fn input<W: AsyncWrite + Send + Unpin + 'static>(pipe: W) -> Input<W> {
        let (replies, replied) = Replies::new();
        let inbox =
            Inbox::new("server".to_owned(), Arc::default(), Arc::default(), Listing::default(), replies);
        Pipes::new((tokio::io::empty(), pipe), inbox, replied, 64).1
    }

    #[tokio::test]
    async fn what_waits_for_a_server_that_does_not_read_can_be_taken_back() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let input = input(ours);
        let (first, second) = (ticket(), ticket());
        let writing = tokio::spawn(input.clone().write(b"first\n".to_vec(), Some(first.clone())));
        let mut read = [0; 4];
        theirs.read_exact(&mut read).await.unwrap();
        assert!(!first.revoke(), "a part of it is on the wire");

        // The rest of the first message is read only below, and until then the second one waits for the pipe.
        let waiting = tokio::spawn(input.clone().write(b"second\n".to_vec(), Some(second.clone())));
        assert!(second.revoke());
        let mut rest = [0; 2];
        theirs.read_exact(&mut rest).await.unwrap();
        writing.await.unwrap().unwrap();
        assert!(waiting.await.unwrap().is_err());
        assert!(input.close());
        drop(input);
        let mut nothing = Vec::new();
        theirs.read_to_end(&mut nothing).await.unwrap();
        assert!(nothing.is_empty(), "the second message was written");
    }

    #[tokio::test]
    async fn nothing_is_written_into_a_closed_pipe() {
        let (ours, _theirs) = tokio::io::duplex(64);
        let input = input(ours);
        assert!(input.close());
        let ticket = ticket();
        assert!(input.write(b"late\n".to_vec(), Some(ticket.clone())).await.is_err());
        assert!(ticket.revoke());
    }
}
