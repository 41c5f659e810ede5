//! The server that the tests of this crate call: the sandbox, one that says what it is told to, one of a later protocol, and two
//! ways of failing at the start.
//!
//! - `serve RECORD CONFIG` serves.
//! - `say FOLDER` answers a call of a tool with the bytes of `TOOL.result` or `TOOL.error` in the folder, whatever they
//!   are. Where `TOOL.held` stands beside it, it answers immediately before it answers the next call; what `TOOL.before`
//!   holds is written first, and what `TOOL.stderr` holds, to standard error. Where `TOOL.dies` stands, it ends instead; where
//!   `broken` stands, it does not start. It lists the tools that `tools` holds, and adds each call to `calls`, one a line.
//! - `host PROGRAM ARGUMENTS` is no server but a host: it starts one of this program, says `started` once it is ready, and
//!   waits for the end of its input. What it starts has the environment of the host.
//! - `environment` prints what it was given to standard error and exits with 3.
//! - `stateless` speaks 2026-07-28 alone: it knows no `initialize`, and answers a call with the metadata that came with it.
//! - `silent` reads its input and never answers.

use std::{
    error::Error,
    fs,
    io::{Read, Write},
    path::Path,
    sync::Arc,
};

use chimera_contracts::Clock;
use chimera_mcp::{ServerCommand, StdioServer, TokioClock};
use chimera_platform::ToolClient;
use chimera_sandbox::{SandboxConfig, serve_stdio};
use chrono::TimeDelta;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", record, config] => serve(SandboxConfig::from_json(config)?.with_record(record)),
        ["say", folder] => say(Path::new(folder)),
        ["host", program, arguments @ ..] => host(program, arguments),
        ["environment"] => {
            for (name, value) in std::env::vars() {
                writeln!(std::io::stderr(), "{name}={value}")?;
            }
            std::process::exit(3)
        }
        ["stateless"] => stateless(),
        ["silent"] => {
            writeln!(std::io::stderr(), "thinking")?;
            std::io::stdin().read_to_end(&mut Vec::new())?;
            Ok(())
        }
        _ => {
            Err("use: serve RECORD CONFIG | say FOLDER | host PROGRAM ARGUMENTS | environment | stateless | silent"
                .into())
        }
    }
}

fn serve(config: SandboxConfig) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(serve_stdio(config));
    // A read of standard input may still be waiting; it must not keep the process.
    runtime.shutdown_background();
    Ok(served?)
}

/// Lists the tools of a server, which has to be ready for it, and keeps it.
fn host(program: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut command = ServerCommand::new("hosted", program).inherit(["PATH"]);
    for argument in arguments {
        command = command.arg(argument);
    }
    let server = StdioServer::new(command, Arc::new(TokioClock));
    runtime.block_on(server.tools(TokioClock.now() + TimeDelta::hours(1)))?;
    writeln!(std::io::stdout(), "started")?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Each request carries the version of the protocol; a first one that is another hangs the process.
fn stateless() -> Result<(), Box<dyn Error>> {
    const VERSION: &str = "2026-07-28";
    let mut hangs = false;
    for line in std::io::stdin().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let Some(id) = request.get("id").filter(|_| !hangs) else { continue };
        let meta = request.pointer("/params/_meta").cloned().unwrap_or_default();
        let version = meta.get("io.modelcontextprotocol/protocolVersion").and_then(Value::as_str);
        let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
        let tools = json!([{ "name": "post_tweet", "inputSchema": { "type": "object" } }]);
        let supported = [VERSION];
        let (member, value) = match (method, version) {
            ("server/discover", Some(VERSION)) => (
                "result",
                json!({ "resultType": "complete", "supportedVersions": supported, "capabilities": { "tools": {} },
                    "ttlMs": 0, "cacheScope": "private" }),
            ),
            ("tools/list", Some(VERSION)) => (
                "result",
                json!({ "resultType": "complete", "tools": tools, "ttlMs": 3_600_000, "cacheScope": "private" }),
            ),
            ("tools/call", Some(VERSION)) => {
                ("result", json!({ "resultType": "complete", "content": [], "structuredContent": meta }))
            }
            _ => {
                hangs = true;
                let message = "Unsupported protocol version";
                ("error", json!({ "code": -32022, "message": message, "data": { "supported": supported } }))
            }
        };
        let answer = json!({ "jsonrpc": "2.0", "id": id, member: value });
        let mut output = std::io::stdout().lock();
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

fn say(folder: &Path) -> Result<(), Box<dyn Error>> {
    if folder.join("broken").exists() {
        std::process::exit(71);
    }
    let mut held = Vec::new();
    for line in std::io::stdin().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let Some(id) = request.get("id") else { continue };
        let text = |pointer| request.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let answer = match text("/method") {
            "initialize" => json!({ "jsonrpc": "2.0", "id": id, "result": {
                "protocolVersion": text("/params/protocolVersion"),
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "say", "version": "0" },
            } })
            .to_string()
            .into_bytes(),
            "tools/call" => {
                let tool = text("/params/name");
                write_down(folder, request.get("params"))?;
                let file = |kind| fs::read(folder.join(format!("{tool}.{kind}"))).unwrap_or_default();
                std::io::stderr().write_all(&file("stderr"))?;
                if folder.join(format!("{tool}.dies")).exists() {
                    std::process::exit(70);
                }
                let answer = [file("before"), told(folder, tool, id)?].concat();
                if folder.join(format!("{tool}.held")).exists() {
                    held.extend(answer);
                    held.push(b'\n');
                    continue;
                }
                answer
            }
            "tools/list" => {
                let tools = fs::read_to_string(folder.join("tools")).unwrap_or_else(|_| "[]".to_owned());
                format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"tools":{tools}}}}}"#).into_bytes()
            }
            _ => continue,
        };
        let mut output = std::io::stdout().lock();
        output.write_all(&std::mem::take(&mut held))?;
        output.write_all(&answer)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

/// What a call was asked with, in one write: a line that ends is whole.
fn write_down(folder: &Path, params: Option<&Value>) -> Result<(), Box<dyn Error>> {
    let mut calls = fs::OpenOptions::new().create(true).append(true).open(folder.join("calls"))?;
    let line = params.map(Value::to_string).unwrap_or_default();
    calls.write_all(format!("{line}\n").as_bytes())?;
    Ok(())
}

/// The answer to a call of this tool, as its file says.
fn told(folder: &Path, tool: &str, id: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    for member in ["result", "error"] {
        let file = folder.join(format!("{tool}.{member}"));
        if file.exists() {
            let begin = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"{member}\":");
            return Ok([begin.as_bytes(), &fs::read(file)?, b"}"].concat());
        }
    }
    Err(format!("nothing is to be said to `{tool}`").into())
}
