//! The server of both sides, as cheap as can be: its answers are made beforehand and written at once.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};

/// How many posts make 1 MiB.
const MANY: usize = 1_324;

/// What the tools answer.
pub(crate) struct Answers {
    small: String,
    large: String,
}

impl Answers {
    pub(crate) fn new() -> Self {
        Self { small: posts(1).to_string(), large: posts(MANY).to_string() }
    }

    /// What a tool answers.
    pub(crate) fn of(&self, tool: &str) -> &str {
        if tool == "large" { &self.large } else { &self.small }
    }

    /// The message that answers a request; `None` where none is due.
    fn message(&self, request: &Value) -> Option<String> {
        let id = request.get("id")?;
        let text = |pointer| request.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let ready = || {
            json!({
                "protocolVersion": text("/params/protocolVersion"),
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "calls", "version": "0" },
            })
            .to_string()
        };
        Some(match text("/method") {
            "initialize" => message(id, &ready()),
            "tools/call" => message(id, self.of(text("/params/name"))),
            _ => message(id, "{}"),
        })
    }
}

fn message(id: &Value, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

/// A list of posts as servers give it: in `structuredContent`, and again as text.
fn posts(count: usize) -> Value {
    let post = json!({
        "id": "1999999999999999999", "text": "x".repeat(200), "created_at": "2026-11-29T10:00:00Z", "likes": 12,
        "url": "https://social.example/posts/1999999999999999999", "author": { "id": "7", "handle": "chimera" },
    });
    let posts = json!({ "posts": vec![post; count] });
    json!({ "content": [{ "type": "text", "text": posts.to_string() }], "structuredContent": posts })
}

/// Serves over standard input and output until the input ends.
pub(crate) fn over_pipes() -> io::Result<()> {
    let answers = Answers::new();
    for line in io::stdin().lines() {
        let Some(mut answer) = answers.message(&serde_json::from_str(&line?)?) else { continue };
        answer.push('\n');
        let mut output = io::stdout().lock();
        output.write_all(answer.as_bytes())?;
        output.flush()?;
    }
    Ok(())
}

/// Serves streamable HTTP from a thread of its own as long as the process lives, and gives the address. One request a
/// connection: neither client keeps one.
pub(crate) fn over_http() -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    let answers = Answers::new();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // It fails where a client gives up; that client says so itself.
            let _ = stream.and_then(|stream| connection(&answers, stream));
        }
    });
    Ok(url)
}

fn connection(answers: &Answers, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(&stream);
    let mut method = None;
    let mut length = 0;
    for line in reader.by_ref().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        method.get_or_insert(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let answer = if method.is_some_and(|method| method.starts_with("post ")) {
        match answers.message(&serde_json::from_slice(&body)?) {
            Some(answer) => {
                let length = answer.len();
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nmcp-session-id: session\r\n\
                     content-length: {length}\r\nconnection: close\r\n\r\n{answer}"
                )
            }
            None => empty("202 Accepted"),
        }
    } else {
        empty("405 Method Not Allowed")
    };
    stream.write_all(answer.as_bytes())
}

fn empty(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}
