//! One session with a server: what every exchange of it shares, and one exchange from its first byte to its answer.
//!
//! INVARIANT: a `tools/call` is sent once. Other requests are sent a second time after 401, with another token. After a
//! stream broke, GET asks for the rest of the answer.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http_body_util::Full;
use hyper::{Method, Request, StatusCode, body::Bytes, header};
use rmcp::{
    RoleClient,
    model::{ClientRequest, JsonRpcMessage, RequestId, ServerResult},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::{Instant, sleep, timeout},
};

use super::{HttpEndpoint, HttpError, read::Reading, wire};
use crate::{
    answer::sentence, in_flight::Awaited, inbox::Inbox, known::KnownSecrets, pulse::Pulse, ticket::Ticket,
};

/// The most exchanges at once: 256 calls in flight, as many given up whose answer is still read, and other requests.
const EXCHANGES: usize = 768;
/// The most answers of more than [`LARGE`](super::read::LARGE) that are read at once.
const LARGE_AT_ONCE: usize = 8;
/// The longest name of a session.
const SESSION_ID: usize = 1024;
/// How long ending a session may take.
const END: Duration = Duration::from_secs(2);

/// What the exchanges of a session share.
pub(crate) struct Session {
    pub(super) endpoint: Arc<HttpEndpoint>,
    pub(super) secrets: Arc<KnownSecrets>,
    pub(super) inbox: Mutex<Inbox>,
    pub(super) heard: mpsc::Sender<RxJsonRpcMessage<RoleClient>>,
    pub(super) large: Semaphore,
    exchanges: Semaphore,
    named: Mutex<Named>,
    pulse: Arc<Pulse>,
    /// Which life of the server this is.
    life: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
}

/// What the server named.
#[derive(Default)]
struct Named {
    session: Option<String>,
    /// The token with which the session began.
    token: Option<String>,
    version: Option<String>,
    /// The token that it refused last.
    refused: Option<String>,
    /// Why the session is over.
    over: Option<String>,
}

/// A message to send.
struct Asked {
    /// Of a request that is waited for.
    id: Option<i64>,
    begins: bool,
    /// `ping` or `tools/list`: what a session that exists does not refuse as a bad request.
    probes: bool,
    pings: bool,
    body: Bytes,
    ticket: Option<Arc<Ticket>>,
}

impl Asked {
    fn of(item: &TxJsonRpcMessage<RoleClient>) -> Result<Self, HttpError> {
        let body = serde_json::to_vec(item);
        let body = body.map_err(|error| HttpError::broken(format!("it could not be written: {error}")))?;
        let mut asked =
            Self { id: None, begins: false, probes: false, pings: false, body: body.into(), ticket: None };
        if let JsonRpcMessage::Request(request) = item {
            asked.id = match &request.id {
                RequestId::Number(id) => Some(*id),
                RequestId::String(_) => None,
            };
            asked.begins = matches!(request.request, ClientRequest::InitializeRequest(_));
            asked.pings = matches!(request.request, ClientRequest::PingRequest(_));
            asked.probes = asked.pings || matches!(request.request, ClientRequest::ListToolsRequest(_));
            if let ClientRequest::CallToolRequest(call) = &request.request {
                asked.ticket = call.extensions.get::<Arc<Ticket>>().cloned();
            }
        }
        Ok(asked)
    }
}

impl Session {
    pub(super) fn new(
        (endpoint, secrets, life): (Arc<HttpEndpoint>, Arc<KnownSecrets>, Arc<AtomicU64>),
        inbox: Inbox,
        heard: mpsc::Sender<RxJsonRpcMessage<RoleClient>>,
        stop: watch::Sender<bool>,
    ) -> Self {
        Self {
            endpoint,
            secrets,
            inbox: Mutex::new(inbox),
            heard,
            large: Semaphore::new(LARGE_AT_ONCE),
            exchanges: Semaphore::new(EXCHANGES),
            named: Mutex::default(),
            pulse: Arc::default(),
            life,
            stop,
        }
    }

    /// When the server answered last.
    pub(super) fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Whether the server named the session.
    pub(super) fn is_named(&self) -> bool {
        self.named().session.is_some()
    }

    /// Why the session is over, where the server said so.
    pub(super) fn over(&self) -> Option<String> {
        self.named().over.clone()
    }

    /// Notes what is about to be sent.
    pub(super) fn note(&self, item: &TxJsonRpcMessage<RoleClient>) {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).note(item);
    }

    /// What may still come for a request.
    pub(super) fn awaited(&self, id: i64) -> Awaited {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).awaited(id)
    }

    /// Sends what we reply to a request of the server.
    pub(super) async fn reply(&self, reply: Vec<u8>) -> Result<(), HttpError> {
        let asked =
            Asked { id: None, begins: false, probes: false, pings: false, body: reply.into(), ticket: None };
        timeout(self.endpoint.start_timeout, self.ask(&asked, None))
            .await
            .unwrap_or_else(|_| Err(HttpError::broken("it was not taken in time")))
    }

    /// Sends a message, and reads the answer where it is a request.
    pub(super) async fn exchange(&self, item: TxJsonRpcMessage<RoleClient>) -> Result<(), HttpError> {
        let _place = self.exchanges.try_acquire().map_err(|_| {
            HttpError::broken(format!("{EXCHANGES} requests are under way, most of them given up"))
        })?;
        let mut asked = Asked::of(&item)?;
        // From here on only the attempt holds the ticket: its drop shows that no caller waits.
        drop(item);
        let exchanged = self.attended(&mut asked).await;
        if exchanged.is_err() {
            // The server may be another one by now: the next call is preceded by a `ping`.
            self.pulse.stop();
            if !self.is_named() {
                // Nothing else would tell.
                self.life.fetch_add(1, Ordering::SeqCst);
            }
        }
        // Each exchange has a response of its own, so nothing comes after it.
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        asked.id.into_iter().for_each(|id| inbox.forget(id));
        exchanged
    }

    /// Asks, until the answer comes or the call was given up long enough ago.
    async fn attended(&self, asked: &mut Asked) -> Result<(), HttpError> {
        let Some(ticket) = asked.ticket.take() else {
            let time = self.endpoint.start_timeout;
            return timeout(time, self.ask(asked, None))
                .await
                .unwrap_or_else(|_| Err(HttpError::broken(format!("it did not answer within {time:?}"))));
        };
        let mut attended = ticket.attended();
        let given_up = async {
            let _ = attended.changed().await;
            // Once more the grace: a cancelled call may be answered all the same.
            sleep(self.endpoint.grace).await;
        };
        tokio::select! {
            biased;
            answered = self.ask(asked, Some(ticket)) => answered,
            // The call that failed knows of its error; only what might have corrected that did not come.
            () = given_up => match asked.id.map(|id| self.awaited(id)) {
                Some(Awaited::Correction) => Ok(()),
                _ => Err(HttpError::broken("no answer came")),
            },
        }
    }

    async fn ask(&self, asked: &Asked, mut ticket: Option<Arc<Ticket>>) -> Result<(), HttpError> {
        let acts = ticket.is_some();
        let mut again = !acts;
        loop {
            let (answer, token) = self.post(asked, ticket.take()).await?;
            if answer.response.status() == StatusCode::UNAUTHORIZED && token.is_some() {
                self.named().refused = token;
                if std::mem::take(&mut again) {
                    continue;
                }
            } else if asked.begins {
                self.named().token = token;
            }
            return self.answered(asked, answer).await;
        }
    }

    /// One POST, and the token that it carried.
    async fn post(
        &self,
        asked: &Asked,
        ticket: Option<Arc<Ticket>>,
    ) -> Result<(wire::Answer, Option<String>), HttpError> {
        let time = self.endpoint.start_timeout;
        let prepared = timeout(time, async {
            let token = self.token().await?;
            if !asked.begins {
                self.began_with(token.as_deref())?;
            }
            Ok((wire::connect(&self.endpoint).await?, token))
        });
        let (stream, token) = prepared
            .await
            .unwrap_or_else(|_| Err(HttpError::broken(format!("it could not be reached within {time:?}"))))?;
        if let Some(why) = ticket.as_ref().and_then(|_| self.over()) {
            return Err(HttpError::broken(format!("{why}; the next use begins another session")));
        }
        let request = self.request(&Method::POST, token.as_deref(), asked.body.clone(), None)?;
        let answer = self.wired(wire::exchange(stream, request, ticket).await)?;
        if !asked.begins {
            self.is_the_session_of(&answer);
        }
        Ok((answer, token))
    }

    /// Another token may stand for another account: nothing is sent with it in this session.
    fn began_with(&self, token: Option<&str>) -> Result<(), HttpError> {
        if self.named().token.as_deref() == token {
            return Ok(());
        }
        let why = "another token was given than the one with which the session began";
        self.outlived(why);
        Err(HttpError::broken(format!("{why}; the next use begins another session")))
    }

    /// A server that begins another session by itself, because it forgot this one, names it in what it answers.
    fn is_the_session_of(&self, answer: &wire::Answer) {
        let Some(other) = answer.response.headers().get("mcp-session-id") else { return };
        let is_other =
            self.named().session.as_ref().is_some_and(|session| session.as_bytes() != other.as_bytes());
        if other.is_empty() || !is_other {
            return;
        }
        if let Some(other) = other.to_str().ok().filter(|other| other.len() <= SESSION_ID) {
            self.secrets.learn(other);
        }
        self.outlived("the server answered in another session");
    }

    /// This life is over, and the next use begins another one. What is in flight is answered until then.
    fn outlived(&self, why: &str) {
        let mut named = self.named();
        if named.over.is_none() {
            named.over = Some(why.to_owned());
            self.life.fetch_add(1, Ordering::SeqCst);
            self.pulse.end();
        }
    }

    /// Asks for the rest of a stream, from this event on.
    pub(super) async fn rest(&self, last_id: &str) -> Result<wire::Answer, HttpError> {
        let token = self.token().await?;
        let stream = wire::connect(&self.endpoint).await?;
        let request = self.request(&Method::GET, token.as_deref(), Bytes::new(), Some(last_id))?;
        let answer = self.wired(wire::exchange(stream, request, None).await)?;
        self.is_the_session_of(&answer);
        Ok(answer)
    }

    /// Tells the server that the session is over.
    pub(super) async fn end(&self) {
        if !self.is_named() || self.over().is_some() {
            return;
        }
        let ended = timeout(END, async {
            let token = self.token().await?;
            let stream = wire::connect(&self.endpoint).await?;
            let request = self.request(&Method::DELETE, token.as_deref(), Bytes::new(), None)?;
            wire::exchange(stream, request, None).await.map(drop)
        });
        if !matches!(ended.await, Ok(Ok(()))) {
            tracing::debug!(server = self.endpoint.name, "the end of the session could not be told");
        }
    }

    /// The token of the next request.
    async fn token(&self) -> Result<Option<String>, HttpError> {
        let Some(tokens) = &self.endpoint.tokens else { return Ok(None) };
        let refused = self.named().refused.clone();
        let token = tokens.token(refused.as_deref()).await;
        let token = token.map_err(|error| HttpError::no_token(&self.shown(&error.to_string())))?;
        self.secrets.learn(&token);
        let mut named = self.named();
        if named.refused.as_deref() != Some(token.as_str()) {
            named.refused = None;
        }
        Ok(Some(token))
    }

    fn request(
        &self,
        method: &Method,
        token: Option<&str>,
        body: Bytes,
        last_id: Option<&str>,
    ) -> Result<Request<Full<Bytes>>, HttpError> {
        let accept =
            if *method == Method::GET { "text/event-stream" } else { "application/json, text/event-stream" };
        let mut request = Request::builder()
            .method(method)
            .uri(&self.endpoint.target)
            .header(header::HOST, &self.endpoint.authority)
            .header(header::ACCEPT, accept)
            .header(header::CONNECTION, "close");
        if *method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let named = self.named();
        let optional = [
            ("mcp-session-id", named.session.as_deref()),
            ("mcp-protocol-version", named.version.as_deref()),
            ("last-event-id", last_id),
        ];
        for (name, value) in optional {
            request = value.into_iter().fold(request, |request, value| request.header(name, value));
        }
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let headers = self.endpoint.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        // A token with a line end, most likely.
        request.body(Full::new(body)).map_err(|_| HttpError::no_token("what was given is no token"))
    }

    /// What an answer says beside its messages, and then the messages.
    async fn answered(&self, asked: &Asked, answer: wire::Answer) -> Result<(), HttpError> {
        let status = answer.response.status();
        if let Some(id) = asked.id.filter(|_| asked.pings && self.is_known(status)) {
            self.pulse.beat(Instant::now());
            self.hear(JsonRpcMessage::response(ServerResult::empty(()), RequestId::Number(id))).await;
            return Ok(());
        }
        if !status.is_success() {
            return Err(self.refused(asked, answer).await);
        }
        self.pulse.beat(Instant::now());
        if asked.begins {
            self.name(&answer)?;
        }
        match asked.id {
            Some(id) => Reading { session: self, id }.read(answer).await,
            None => Ok(()),
        }
    }

    /// Whether the status that answers a `ping` shows that session and token still hold. The body does not matter: servers
    /// that do not know `ping` answer it with an empty one (vrchat-assistant#37), or with a status that says so. Any other
    /// status may be refused to a call as well, and a call that was sent is not unsent any more.
    fn is_known(&self, status: StatusCode) -> bool {
        match status.as_u16() {
            400 | 404 | 410 => !self.is_named(),
            200..=299 | 405 | 422 | 501 => true,
            _ => false,
        }
    }

    /// Ends the session where a status shows that the server does not know it; the next use begins another one.
    ///
    /// The protocol says 404. Many servers say 400 (python-sdk#1004, affine-mcp-server#301, fastmcp#121), which may be
    /// about the arguments of a call, but not of a `ping`: the next call is preceded by one.
    fn ends(&self, asked: &Asked, status: StatusCode) -> bool {
        let forgotten = match status {
            StatusCode::NOT_FOUND => !asked.begins,
            StatusCode::BAD_REQUEST | StatusCode::GONE => asked.probes,
            _ => false,
        };
        let mut named = self.named();
        if !forgotten || named.session.is_none() {
            return false;
        }
        named.over = Some(format!("the server ended the session (HTTP {})", status.as_u16()));
        drop(named);
        self.stop.send_replace(true);
        true
    }

    /// Keeps the name of the session. Only of an answer that begins one: an error contributes nothing
    /// (typescript-sdk#2466).
    fn name(&self, answer: &wire::Answer) -> Result<(), HttpError> {
        let Some(id) = answer.response.headers().get("mcp-session-id") else { return Ok(()) };
        let id = id.to_str().ok().filter(|id| !id.is_empty() && id.len() <= SESSION_ID);
        let id = id.ok_or_else(|| HttpError::other("the name that it gave the session is none"))?;
        self.secrets.learn(id);
        self.named().session = Some(id.to_owned());
        Ok(())
    }

    /// A status for people, with where it points or what it says.
    async fn refused(&self, asked: &Asked, answer: wire::Answer) -> HttpError {
        let status = answer.response.status();
        let ended = self.ends(asked, status);
        let location = answer.response.headers().get(header::LOCATION);
        let said = match location.and_then(|location| location.to_str().ok()) {
            Some(location) if status.is_redirection() => location.to_owned(),
            _ => super::read::beginning(answer).await,
        };
        let said = self.shown(said.trim());
        if ended {
            HttpError::ended(status.as_u16(), &said)
        } else {
            HttpError::status(status.as_u16(), &said)
        }
    }

    /// Gives a message to the SDK.
    pub(super) async fn hear(&self, message: RxJsonRpcMessage<RoleClient>) {
        if let JsonRpcMessage::Response(response) = &message
            && let ServerResult::InitializeResult(ready) = &response.result
        {
            self.named().version = Some(ready.protocol_version.to_string());
        }
        // It fails when the session ends.
        let _ = self.heard.send(message).await;
    }

    fn wired<T>(&self, result: Result<T, HttpError>) -> Result<T, HttpError> {
        result.map_err(|error| error.said_as(|reason| self.shown(reason)))
    }

    /// Redacted, and not endless.
    pub(super) fn shown(&self, text: &str) -> String {
        sentence(text, self.secrets.now())
    }

    fn named(&self) -> MutexGuard<'_, Named> {
        // Never held across an await; every change is one assignment.
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
