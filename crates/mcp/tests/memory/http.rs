//! The same over HTTP, from a server inside the process whose answers are made beforehand.

use std::{
    io,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chimera_mcp::{HttpAddress, HttpConnection, HttpConnector, HttpEndpoint, HttpServer, TokioClock};
use chimera_platform::Called;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::{ALLOCATED, ALONE, BESIDE, LIMIT, block_on, call, posts, text};

/// Answers calls with this result; every hundredth call ends with its connection, every thousandth with its session.
#[derive(Debug)]
struct Server {
    result: Arc<str>,
    as_events: bool,
    /// Whether answers to calls are never finished.
    stalls: bool,
    calls: AtomicUsize,
}

/// What connects to it.
#[derive(Debug)]
struct Connector(Arc<Server>);

#[async_trait]
impl HttpConnector for Connector {
    async fn connect(&self, _: &HttpAddress) -> io::Result<Box<dyn HttpConnection>> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let server = Arc::clone(&self.0);
        tokio::spawn(async move {
            // It fails where the client does not read to the end.
            let _ = server.serve(theirs).await;
        });
        Ok(Box::new(ours))
    }
}

impl Server {
    async fn serve(&self, mut stream: DuplexStream) -> io::Result<()> {
        let request = request(&mut stream).await?;
        let id = &request["id"];
        let json = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n";
        match request["method"].as_str() {
            Some("initialize") => {
                let ready = json!({
                    "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": { "name": "s", "version": "0" },
                });
                let head = format!("{json}mcp-session-id: session\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                let ready = json!({ "jsonrpc": "2.0", "id": id, "result": ready });
                stream.write_all(ready.to_string().as_bytes()).await
            }
            Some("tools/call") => {
                let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
                if number.is_multiple_of(1_000) {
                    return stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
                }
                if number.is_multiple_of(100) {
                    return Ok(());
                }
                let (head, end) = if self.as_events {
                    ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ".to_owned(), "\n\n")
                } else {
                    (format!("{json}\r\n"), "")
                };
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"#).as_bytes()).await?;
                stream.write_all(self.result.as_bytes()).await?;
                if self.stalls {
                    std::future::pending::<()>().await;
                }
                stream.write_all(format!("}}{end}").as_bytes()).await
            }
            Some("ping") => {
                let pong = json!({ "jsonrpc": "2.0", "id": id, "result": {} });
                stream.write_all(format!("{json}\r\n{pong}").as_bytes()).await
            }
            _ => stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await,
        }
    }
}

async fn request(stream: &mut DuplexStream) -> io::Result<Value> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).map_or("0", |rest| rest.lines().next().unwrap());
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await?;
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

fn server(result: &str, as_events: bool) -> HttpServer {
    served(Server { result: result.into(), as_events, stalls: false, calls: AtomicUsize::new(0) })
}

fn served(server: Server) -> HttpServer {
    let endpoint = HttpEndpoint::new("remote", "http://remote.example/mcp").unwrap().answer_limit(LIMIT);
    let connector = Arc::new(Connector(Arc::new(server)));
    HttpServer::new(endpoint.connector(connector), Arc::new(TokioClock))
}

#[test]
fn an_answer_over_http_takes_at_most_five_times_its_bytes() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (what, result) in [
        ("a plain text", text(&"x".repeat(LIMIT - 1_000))),
        ("a text of line ends", text(&"\n".repeat(LIMIT / 2 - 1_000))),
        ("a list of posts", posts(4_000)),
    ] {
        for as_events in [false, true] {
            let (peak, called) = block_on(async {
                let server = server(&result, as_events);
                let before = ALLOCATED.current_usage();
                ALLOCATED.reset_peak_usage();
                let called = call(&server, "post").await;
                (ALLOCATED.peak_usage().saturating_sub(before), called)
            });
            println!("{what}, as events {as_events}: {} bytes, {peak} bytes at most", result.len());
            assert!(matches!(called, Called::Answered(_)), "{what}: {called:?}");
            assert!(peak <= 5 * result.len() + BESIDE, "{what}: {peak} bytes for {}", result.len());
        }
    }
}

/// A server that begins 64 large answers and finishes none: eight of them are read, the others wait.
#[test]
fn large_answers_are_read_a_few_at_a_time() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    const CALLS: usize = 64;
    const BYTES: usize = 1024 * 1024;
    for as_events in [false, true] {
        let result = format!(r#"{{"content":[{{"type":"text","text":"{}"#, "x".repeat(BYTES));
        let server = Server { result: result.into(), as_events, stalls: true, calls: AtomicUsize::new(0) };
        let peak = block_on(async {
            // Time goes on when nothing can be read any more, and then the deadlines come.
            tokio::time::pause();
            let server = served(server);
            let before = ALLOCATED.current_usage();
            ALLOCATED.reset_peak_usage();
            let calls = (0..CALLS).map(|_| async {
                let called = call(&server, "post").await;
                assert!(matches!(called, Called::Lost { .. }), "{called:?}");
            });
            futures_util::future::join_all(calls).await;
            ALLOCATED.peak_usage().saturating_sub(before)
        });
        println!("{CALLS} answers of {BYTES} bytes at once, as events {as_events}: {peak} bytes at most");
        // Their text alone is as much; the buffers of pipes and heads, some 12 MB, are in the figure.
        assert!(peak <= CALLS * BYTES * 3 / 4, "{peak}");
    }
}

/// What is allocated after a tenth of so many calls, and at the end.
fn churn(calls: usize) -> (usize, usize) {
    block_on(async {
        let server = server(&text("posted"), true);
        let mut early = 0;
        for number in 1..=calls {
            let called = call(&server, "post").await;
            let expected = match called {
                Called::Answered(_) => number % 100 != 0,
                Called::Lost { .. } => number % 100 == 0,
                Called::Failed { .. } => number % 1_000 == 0,
                Called::NotSent { .. } => false,
            };
            assert!(expected, "{number}: {called:?}");
            if number.is_multiple_of(1_000) {
                // Past the wait for the next session, which grows with each end.
                tokio::time::pause();
                tokio::time::advance(Duration::from_secs(60)).await;
                tokio::time::resume();
            }
            if number == calls / 10 {
                early = ALLOCATED.current_usage();
            }
        }
        let end = ALLOCATED.current_usage();
        println!("{calls} calls over HTTP: {early} bytes after a tenth, {end} at the end");
        (early, end)
    })
}

#[test]
fn calls_and_ends_of_a_session_leave_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (early, end) = churn(3_000);
    assert!(end <= early + 64 * 1024, "{early} bytes grew to {end}");
}

/// `cargo test -p chimera-mcp --all-features --test memory -- --ignored --nocapture`
#[test]
#[ignore = "a minute: the same with 100,000 calls"]
fn a_hundred_thousand_calls_and_a_thousand_broken_connections_leave_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (early, end) = churn(100_000);
    assert!(end <= early + 64 * 1024, "{early} bytes grew to {end}");
}
