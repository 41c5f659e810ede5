//! A client for the conformance scenarios of the Model Context Protocol: lists the tools of the server at a URL, calls each
//! once and ends the session. `.ci/conformance` runs it.
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
    let tools = server.tools(deadline).await?;
    // What counts in this scenario is what is asked for while tools are listed: its server knows no calls.
    let called = if scenario() == "json-schema-ref-no-deref" { Vec::new() } else { tools.clone() };
    for tool in called {
        let call = ToolCall {
            id: tool.name.clone(),
            arguments: arguments(&tool, &tools),
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

/// The name of the scenario, as the suite gives it.
fn scenario() -> String {
    std::env::var("MCP_CONFORMANCE_SCENARIO").unwrap_or_default()
}

/// A value of the right type for each required argument. For an object that is the schema of the first tool, which one
/// scenario wants back as it was listed.
fn arguments(tool: &ToolInfo, tools: &[ToolInfo]) -> Map<String, Value> {
    let required = tool.input_schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let value = |name: &str| match tool.input_schema.pointer(&format!("/properties/{name}/type")) {
        Some(kind) if kind == "number" || kind == "integer" => Value::from(3),
        Some(kind) if kind == "boolean" => Value::from(true),
        Some(kind) if kind == "object" => {
            tools.first().map_or(Value::Null, |first| first.input_schema.clone())
        }
        _ => Value::from("text"),
    };
    required.filter_map(Value::as_str).map(|name| (name.to_owned(), value(name))).collect()
}
