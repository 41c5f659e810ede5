//! An HTTP server of a few lines inside the test, over pipes in memory, so that the clock can be paused.

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{Arc, Mutex, atomic::AtomicUsize, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use chimera_harness::{Guard, guard};
use chimera_mcp::{HttpAddress, HttpConnection, HttpConnector, HttpEndpoint, HttpServer};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::watch,
};

use crate::place::TestClock;

/// A request that it heard.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// `POST tools/call`, `GET`, `DELETE`.
    pub(crate) what: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// What it does on a connection after it heard a request; then it closes the connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Say(Vec<u8>),
    Wait(Duration),
    /// Says this again and again.
    Forever(Vec<u8>),
    /// Keeps the connection and says nothing.
    Hang,
}

type Script = Box<dyn FnMut(&Heard) -> Option<Vec<Step>> + Send>;

/// The server, and what connects to it.
pub(crate) struct Scripted {
    heard: Mutex<Vec<Heard>>,
    script: Mutex<Script>,
    /// Which of the next connections are closed at their first byte, from 0; those before count down.
    pub(crate) drops: AtomicUsize,
    /// How long connecting takes.
    pub(crate) slow: Mutex<Duration>,
    pub(crate) down: Mutex<bool>,
    /// How many connections it has served to their end.
    pub(crate) ended: watch::Sender<usize>,
}

/// Never.
const NEVER: usize = usize::MAX;

impl Scripted {
    /// A server that asks the script what to do, and where it does not say, does what servers do.
    pub(crate) fn new(script: impl FnMut(&Heard) -> Option<Vec<Step>> + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            heard: Mutex::default(),
            script: Mutex::new(Box::new(script)),
            drops: AtomicUsize::new(NEVER),
            slow: Mutex::default(),
            down: Mutex::default(),
            ended: watch::Sender::new(0),
        })
    }

    /// One that answers calls so.
    pub(crate) fn answering(steps: impl Fn(&Heard) -> Vec<Step> + Send + 'static) -> Arc<Self> {
        Self::new(move |heard| (heard.what == "POST tools/call").then(|| steps(heard)))
    }

    pub(crate) fn endpoint(self: &Arc<Self>) -> HttpEndpoint {
        let connector: Arc<dyn HttpConnector> = Arc::new(Connector(Arc::clone(self)));
        HttpEndpoint::new("remote", "http://remote.example/mcp").unwrap().connector(connector)
    }

    /// A client of it whose waits are bounded as long as the guard is kept.
    pub(crate) fn client(self: &Arc<Self>, clock: &Arc<TestClock>) -> (HttpServer, Guard) {
        client(self.endpoint(), clock)
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// What was heard, in order.
    pub(crate) fn whats(&self) -> Vec<String> {
        self.heard().into_iter().map(|heard| heard.what).collect()
    }

    /// How often a tool was called.
    pub(crate) fn calls(&self) -> usize {
        self.whats().iter().filter(|what| *what == "POST tools/call").count()
    }

    /// Serves one connection.
    pub(crate) async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin) {
        self.connection(stream).await;
        self.ended.send_modify(|ended| *ended += 1);
    }

    async fn connection(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        if self.drops.load(Ordering::SeqCst) != NEVER && self.drops.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.drops.store(NEVER, Ordering::SeqCst);
            let _ = stream.read_u8().await;
            return;
        }
        let Some(heard) = request(&mut stream).await else { return };
        self.heard.lock().unwrap().push(heard.clone());
        let scripted = (self.script.lock().unwrap())(&heard);
        for step in scripted.unwrap_or_else(|| usual(&heard)) {
            match step {
                Step::Say(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Step::Wait(time) => tokio::time::sleep(time).await,
                Step::Forever(bytes) => while stream.write_all(&bytes).await.is_ok() {},
                Step::Hang => std::future::pending().await,
            }
        }
        let _ = stream.shutdown().await;
    }
}

pub(crate) fn client(endpoint: HttpEndpoint, clock: &Arc<TestClock>) -> (HttpServer, Guard) {
    let guard = guard("the end of what a test does with a server over HTTP");
    (HttpServer::new(endpoint, Arc::<TestClock>::clone(clock)), guard)
}

struct Connector(Arc<Scripted>);

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector")
    }
}

#[async_trait]
impl HttpConnector for Connector {
    async fn connect(&self, address: &HttpAddress) -> io::Result<Box<dyn HttpConnection>> {
        assert_eq!((address.host.as_str(), address.port), ("remote.example", 80));
        let slow = *self.0.slow.lock().unwrap();
        tokio::time::sleep(slow).await;
        if *self.0.down.lock().unwrap() {
            return Err(io::Error::from(io::ErrorKind::ConnectionRefused));
        }
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(Arc::clone(&self.0).serve(theirs));
        Ok(Box::new(ours))
    }
}

/// Reads one request. `None` where the connection was closed before its end.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Heard> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let method = lines.next().unwrap().split(' ').next().unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let what = format!("{method} {}", body["method"].as_str().unwrap_or_default());
    Some(Heard { what: what.trim_end().to_owned(), headers, body })
}

/// What servers do: a session, one tool, an answer to each call.
fn usual(heard: &Heard) -> Vec<Step> {
    match heard.what.as_str() {
        "POST initialize" => initialized(heard, "session-1"),
        "POST tools/list" => vec![Step::Say(result(
            heard,
            &json!({ "tools": [{ "name": "post", "inputSchema": { "type": "object" } }] }),
        ))],
        "POST ping" => vec![Step::Say(result(heard, &json!({})))],
        "POST tools/call" => vec![Step::Say(result(heard, &posted()))],
        "GET" => vec![Step::Say(status("405 Method Not Allowed", &[], ""))],
        _ => vec![Step::Say(status("202 Accepted", &[], ""))],
    }
}

/// The answer that begins a session.
pub(crate) fn initialized(heard: &Heard, session: &str) -> Vec<Step> {
    let ready = json!({
        "protocolVersion": heard.body["params"]["protocolVersion"],
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "remote", "version": "0" },
    });
    let headers = [("content-type", "application/json"), ("mcp-session-id", session)];
    vec![Step::Say(status("200 OK", &headers, &message(heard, &ready)))]
}

pub(crate) fn posted() -> Value {
    json!({ "structuredContent": { "id": "7" } })
}

/// The JSON of an answer to this request.
pub(crate) fn message(heard: &Heard, result: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": heard.body["id"], "result": result }).to_string()
}

/// A response of one document.
pub(crate) fn result(heard: &Heard, result: &Value) -> Vec<u8> {
    status("200 OK", &[("content-type", "application/json; charset=utf-8")], &message(heard, result))
}

pub(crate) fn status(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The beginning of a stream of events, with what of it comes first; it ends with the connection.
pub(crate) fn stream(events: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{events}").into_bytes()
}
