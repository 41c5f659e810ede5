//! A server whose tools change while it runs.
//!
//! ```text
//! chimera-test-renaming FLAG TOOL,TOOL -- COMMAND ARGS…
//! ```
//!
//! Passes the lines of the server `COMMAND` on. While the file `FLAG` is there, the server's lists of tools give the named tools other
//! names; when it comes and when it goes, the client is told that the tools changed (MCP, `notifications/tools/list_changed`).

#![expect(clippy::expect_used, reason = "test support fails loudly")]

use std::io::{BufRead as _, BufReader, Write as _, copy, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How often the file is looked for.
const PAUSE: Duration = Duration::from_millis(20);

fn main() {
    let mut args = std::env::args().skip(1);
    let flag = PathBuf::from(args.next().expect("a file"));
    let tools: Vec<String> = args.next().expect("tools").split(',').map(str::to_owned).collect();
    let program = args.nth(1).expect("a command behind `--`");
    let mut server = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut input = server.stdin.take().expect("it is a pipe");
    let output = server.stdout.take().expect("it is a pipe");

    // It ends with the process, when the client closes our input and the server its output.
    thread::spawn(move || copy(&mut stdin(), &mut input));
    let (stop, stopped) = channel::<()>();
    let watched = flag.clone();
    let watching = thread::spawn(move || tell_of_changes(&watched, &stopped));
    for line in BufReader::new(output).lines() {
        let line = line.expect("the server writes lines");
        write(&renamed(&line, &tools, flag.exists()).unwrap_or(line));
    }
    server.wait().expect("the server ends");
    drop(stop);
    watching.join().expect("it only watches");
}

/// The line with other names, where it lists tools.
fn renamed(line: &str, tools: &[String], changed: bool) -> Option<String> {
    if !changed {
        return None;
    }
    let mut message: Value = serde_json::from_str(line).ok()?;
    for tool in message.pointer_mut("/result/tools")?.as_array_mut()? {
        let name =
            tool.get("name").and_then(Value::as_str).filter(|name| tools.iter().any(|tool| tool == name));
        if let Some(name) = name.map(|name| format!("{name}_v2")) {
            tool["name"] = name.into();
        }
    }
    Some(message.to_string())
}

/// Until the other end is gone.
fn tell_of_changes(flag: &Path, stopped: &Receiver<()>) {
    let mut before = flag.exists();
    while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        let now = flag.exists();
        if now != before {
            write(&json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" }).to_string());
        }
        before = now;
    }
}

/// A client that is gone reads nothing more.
fn write(line: &str) {
    let mut out = stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}
