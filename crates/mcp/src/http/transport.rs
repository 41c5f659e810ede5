//! A session, as the SDK wants its transport.
//!
//! Not the SDK's own, which has no bound on a document, replays a request when a session has ended, and does not tell
//! whether one was written (decision 0018).

use std::sync::{Arc, atomic::AtomicU64};

use rmcp::{
    RoleClient,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use tokio::sync::{mpsc, watch};

use super::{HttpEndpoint, HttpError, session::Session};
use crate::{inbox::Inbox, keeper::Owned, known::KnownSecrets};

/// The most messages that wait for the SDK.
const HEARD: usize = 16;

/// The two directions of a session.
pub(crate) struct HttpTransport {
    session: Arc<Session>,
    heard: mpsc::Receiver<RxJsonRpcMessage<RoleClient>>,
    /// Sends our replies.
    _replying: Owned,
}

impl HttpTransport {
    pub(super) fn new(
        shared: (Arc<HttpEndpoint>, Arc<KnownSecrets>, Arc<AtomicU64>),
        inbox: Inbox,
        replies: mpsc::Receiver<Vec<u8>>,
        stop: watch::Sender<bool>,
    ) -> (Self, Arc<Session>) {
        let (hears, heard) = mpsc::channel(HEARD);
        let session = Arc::new(Session::new(shared, inbox, hears, stop));
        let _replying = Owned(tokio::spawn(reply(Arc::clone(&session), replies)));
        (Self { session: Arc::clone(&session), heard, _replying }, session)
    }
}

async fn reply(session: Arc<Session>, mut replies: mpsc::Receiver<Vec<u8>>) {
    while let Some(reply) = replies.recv().await {
        if let Err(error) = session.reply(reply).await {
            tracing::debug!("a reply to a server was not sent: {error}");
        }
    }
}

impl Transport<RoleClient> for HttpTransport {
    type Error = HttpError;

    /// Ends with the exchange: the SDK owns it, and hears of its failure.
    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.session.note(&item);
        let session = Arc::clone(&self.session);
        async move { session.exchange(item).await }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        self.heard.recv().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.session.end().await;
        Ok(())
    }
}
