//! The two pipes, with three habits of real servers that the protocol library is too polite for.
//!
//! A lost answer is a request that is never answered: the library has no such thing, so the handler returns an
//! error with a private code and this module swallows it. A cancellation is not heard, because the servers that
//! make ghost posts do not hear it either. And the end of the input is told to calls that wait, so that the
//! process does not outlive its client by a slow call.

use std::sync::Arc;

use rmcp::{
    RoleServer,
    model::{ClientNotification, ErrorCode, ErrorData, JsonRpcMessage},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::{Transport, async_rw::AsyncRwTransport},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

/// Outside of the codes of JSON-RPC and the protocol; never seen on the wire.
const SILENCE: ErrorCode = ErrorCode(-1);

/// The error that is never sent.
pub(crate) fn silence() -> ErrorData {
    ErrorData::new(SILENCE, "never sent", None)
}

/// Tells when the input has ended.
#[derive(Debug, Clone)]
pub(crate) struct Closing(watch::Receiver<bool>);

impl Closing {
    /// Waits so long; `false` when the input ended first.
    pub(crate) async fn outlasts(&self, milliseconds: u64) -> bool {
        let mut closed = self.0.clone();
        let ended = closed.wait_for(|closed| *closed);
        let wait = std::time::Duration::from_millis(milliseconds);
        milliseconds == 0 || tokio::time::timeout(wait, ended).await.is_err()
    }
}

/// JSON-RPC, one message a line.
pub(crate) struct Pipes<R: AsyncRead, W: AsyncWrite> {
    lines: AsyncRwTransport<RoleServer, R, W>,
    closing: Arc<watch::Sender<bool>>,
}

impl<R, W> Pipes<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    /// Speaks over a reader and a writer.
    pub(crate) fn new(read: R, write: W) -> (Self, Closing) {
        let (sender, receiver) = watch::channel(false);
        let pipes = Self { lines: AsyncRwTransport::new_server(read, write), closing: Arc::new(sender) };
        (pipes, Closing(receiver))
    }
}

impl<R, W> Transport<RoleServer> for Pipes<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = std::io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let swallowed = matches!(&item, JsonRpcMessage::Error(error) if error.error.code == SILENCE);
        let sent = (!swallowed).then(|| self.lines.send(item));
        async move {
            match sent {
                Some(sent) => sent.await,
                None => Ok(()),
            }
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let message = self.lines.receive().await;
            match message {
                Some(message) if is_cancellation(&message) => {}
                Some(message) => return Some(message),
                None => {
                    self.closing.send_replace(true);
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.lines.close().await
    }
}

fn is_cancellation(message: &RxJsonRpcMessage<RoleServer>) -> bool {
    matches!(
        message,
        JsonRpcMessage::Notification(notification)
            if matches!(notification.notification, ClientNotification::CancelledNotification(_))
    )
}
