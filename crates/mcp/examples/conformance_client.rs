//! A client for the conformance scenarios of the Model Context Protocol: lists the tools of the server at a URL, calls each
//! once and ends the session.
//!
//! ```sh
//! cargo build -p chimera-mcp --features http --example conformance_client
//! npx @modelcontextprotocol/conformance client --scenario tools_call \
//!     --command target/debug/examples/conformance_client
//! ```

use std::{collections::BTreeMap, error::Error, io::Write, sync::Arc};

use chimera_contracts::Clock;
use chimera_mcp::{HttpEndpoint, HttpServer, TokioClock};
use chimera_platform::{Called, ToolCall, ToolClient, ToolInfo};
use chrono::TimeDelta;
use serde_json::{Map, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().next_back().ok_or("use: conformance_client URL")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&url))
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let server = HttpServer::new(HttpEndpoint::new("conformance", url)?, Arc::new(TokioClock));
    let deadline = TokioClock.now() + TimeDelta::seconds(20);
    for tool in server.tools(deadline).await? {
        let call = ToolCall {
            id: tool.name.clone(),
            arguments: arguments(&tool),
            tool: tool.name,
            meta: BTreeMap::new(),
            send_before: deadline,
            deadline,
            life: None,
        };
        match server.call(call).await {
            Called::Answered(answer) => writeln!(std::io::stdout(), "{answer:?}")?,
            other => return Err(format!("no answer: {other:?}").into()),
        }
    }
    server.close().await;
    Ok(())
}

/// A value of the right type for each required argument.
fn arguments(tool: &ToolInfo) -> Map<String, Value> {
    let required = tool.input_schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let value = |name: &str| match tool.input_schema.pointer(&format!("/properties/{name}/type")) {
        Some(kind) if kind == "number" || kind == "integer" => Value::from(3),
        Some(kind) if kind == "boolean" => Value::from(true),
        _ => Value::from("text"),
    };
    required.filter_map(Value::as_str).map(|name| (name.to_owned(), value(name))).collect()
}
