//! The tools of a running server: listed once, and again when the server says that they changed.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chimera_audit::Secrets;
use chimera_platform::ToolInfo;
use rmcp::{
    ClientHandler, Peer, RoleClient, ServiceError,
    model::{
        ClientCapabilities, ClientConfig, Implementation, ListToolsResult, PaginatedRequestParams,
        ProtocolVersion, Tool,
    },
};
use serde_json::Value;
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    answer::{json_rpc_reason, sentence},
    command::ANSWER_LIMIT,
    gather::MEMORY,
    inbox::UNREADABLE,
    known::KnownSecrets,
    unready::Unready,
    weight,
};

/// The most pages of one listing; a server that gives more is turning in circles.
const MAX_PAGES: usize = 100;
/// The most tools of one server.
const MAX_TOOLS: usize = 10_000;
/// How long a list holds where the server tells of changes on a stream of its own, which is not kept open.
pub(crate) const WITHOUT_WORD: Duration = Duration::from_secs(300);
/// The longest cursor that is sent back.
const MAX_CURSOR: usize = 4 * 1024;

/// What was listed, as long as it holds.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    secrets: Arc<KnownSecrets>,
    /// What the list may weigh, over all its pages.
    most: usize,
    /// How long it holds.
    age: Duration,
    known: Arc<Mutex<Known>>,
    /// Concurrent callers share one request.
    asking: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Known {
    /// Counts the changes the server told of: a listing that began before one must not be kept after it.
    changes: u64,
    tools: Option<(Instant, Vec<ToolInfo>)>,
}

impl Listing {
    /// Of a server that was given these secrets and whose answers are at most so long.
    pub(crate) fn new(secrets: Arc<KnownSecrets>, answer_limit: usize) -> Self {
        let most = answer_limit.saturating_mul(MEMORY);
        Self { secrets, most, age: Duration::MAX, known: Arc::default(), asking: Arc::new(Semaphore::new(1)) }
    }

    /// The same, listed again after so long.
    pub(crate) fn for_at_most(self, age: Duration) -> Self {
        Self { age, ..self }
    }

    /// The tools, from memory where they are known.
    pub(crate) async fn tools(&self, peer: &Peer<RoleClient>) -> Result<Vec<ToolInfo>, Unready> {
        let _asking = self.asking.acquire().await;
        let changes = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((listed, tools)) = &known.tools
                && listed.elapsed() <= self.age
            {
                return Ok(tools.clone());
            }
            known.changes
        };
        let tools = self.list(peer).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.changes == changes {
            known.tools = Some((Instant::now(), tools.clone()));
        }
        Ok(tools)
    }

    /// The server says that they changed.
    pub(crate) fn forget(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.changes = known.changes.wrapping_add(1);
        known.tools = None;
    }

    /// All pages.
    async fn list(&self, peer: &Peer<RoleClient>) -> Result<Vec<ToolInfo>, Unready> {
        let mut tools = Vec::new();
        let mut weight = 0_usize;
        let mut seen = BTreeSet::new();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let asked = PaginatedRequestParams::default().with_cursor(cursor);
            let page =
                peer.list_tools(Some(asked)).await.map_err(|error| unlisted(&error, self.secrets.now()))?;
            for tool in page.tools.into_iter().map(info) {
                let schema = weight::of(&tool.input_schema).saturating_add(weight::string(tool.name.len()));
                weight = weight.saturating_add(schema);
                tools.push(tool);
            }
            if tools.len() > MAX_TOOLS {
                return Err(Unready::lasts(format!("it lists more than {MAX_TOOLS} tools")));
            }
            if weight > self.most {
                let most = self.most;
                let reason =
                    format!("its list of tools takes more than {most} bytes (`answer_limit` x {MEMORY})");
                return Err(Unready::lasts(reason));
            }
            match page.next_cursor {
                None => return Ok(tools),
                Some(next) if next.len() > MAX_CURSOR => {
                    let reason = format!("a cursor of its list of tools is longer than {MAX_CURSOR} bytes");
                    return Err(Unready::lasts(reason));
                }
                Some(next) if !seen.insert(next.clone()) => break,
                next => cursor = next,
            }
        }
        Err(Unready::lasts(format!(
            "its list of tools does not end (it turns in circles, or has more than {MAX_PAGES} pages)"
        )))
    }
}

impl Default for Listing {
    fn default() -> Self {
        Self::new(Arc::default(), ANSWER_LIMIT)
    }
}

/// A page of the list, from the JSON of a result; the JSON again where it is none. Only what is used is read, so that an
/// icon or an annotation of an unknown kind does not cost the tool, nor a tool without a name the others.
pub(crate) fn page(mut result: Value) -> Result<ListToolsResult, Value> {
    let tools = result.get_mut("tools").and_then(Value::as_array_mut).map(std::mem::take);
    let Some(tools) = tools else { return Err(result) };
    let tools = tools.into_iter().filter_map(|mut tool| {
        let Value::String(name) = tool.get_mut("name")?.take() else { return None };
        let Some(Value::Object(schema)) = tool.get_mut("inputSchema").map(Value::take) else { return None };
        Some(Tool::new_with_raw(name, None, schema))
    });
    let mut page = ListToolsResult::with_all_items(tools.collect());
    // Empty: some servers say so that there is no further page.
    page.next_cursor =
        result.get("nextCursor").and_then(Value::as_str).filter(|next| !next.is_empty()).map(str::to_owned);
    Ok(page)
}

fn info(tool: Tool) -> ToolInfo {
    let input_schema = Value::Object(Arc::unwrap_or_clone(tool.input_schema));
    ToolInfo { name: tool.name.into_owned(), input_schema }
}

/// What a server says of its list may be another thing in a moment; what cannot be read stays so.
fn unlisted(error: &ServiceError, secrets: &Secrets) -> Unready {
    let (why, lasts) = match error {
        ServiceError::McpError(error) => (json_rpc_reason(error, secrets), error.code == UNREADABLE),
        other => (sentence(&other.to_string(), secrets), false),
    };
    let reason = format!("it did not list its tools: {why}");
    if lasts { Unready::lasts(reason) } else { Unready::passes(reason) }
}

/// Our side of the protocol. Declares no capabilities; requests and notifications of the server end in the
/// [inbox](crate::inbox).
#[derive(Debug)]
pub(crate) struct Listener;

impl ClientHandler for Listener {
    fn get_info(&self) -> ClientConfig {
        let us = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), us)
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        command::ServerCommand,
        scripted::{Scripted, result_of},
    };

    fn tool(name: &str) -> Value {
        json!({ "name": name, "inputSchema": { "type": "object" } })
    }

    #[tokio::test]
    async fn all_pages_are_listed_once() {
        let scripted = Scripted::serve(|request| match request["params"]["cursor"].as_str() {
            None => json!({ "tools": [tool("a")], "nextCursor": "2" }),
            Some(_) => json!({ "tools": [tool("b")] }),
        })
        .await;
        let listing = Listing::default();
        for _ in 0..2 {
            let tools = listing.tools(scripted.service.peer()).await.unwrap();
            let names: Vec<_> = tools.iter().map(|tool| tool.name.as_str()).collect();
            assert_eq!(names, ["a", "b"]);
            assert_eq!(tools[0].input_schema, json!({ "type": "object" }));
        }
        listing.forget();
        listing.tools(scripted.service.peer()).await.unwrap();
        let listed = scripted.heard().await.into_iter().filter(|method| method == "tools/list");
        assert_eq!(listed.count(), 4);
    }

    /// The SDK keeps what a server answered and gives it out where the same question fails later (SEP-2549).
    #[tokio::test]
    async fn a_list_of_before_stands_in_for_none() {
        let mut listed = false;
        let scripted = Scripted::speak(ServerCommand::new("scripted", "none"), move |message| {
            if std::mem::replace(&mut listed, true) {
                return format!(
                    "{{\"jsonrpc\":\"2.0\",\"id\":{},\"error\":{{\"code\":-32603,\"message\":\"down\"}}}}\n",
                    message["id"]
                );
            }
            result_of(message, &json!({ "tools": [tool("a")], "ttlMs": 3_600_000 }).to_string())
        })
        .await;
        let listing = Listing::default();
        assert_eq!(listing.tools(scripted.service.peer()).await.unwrap().len(), 1);
        listing.forget();
        let unready = listing.tools(scripted.service.peer()).await.unwrap_err();
        assert!(unready.reason.contains("down"), "{}", unready.reason);
    }

    #[test]
    fn a_page_is_read_as_far_as_it_is_used() {
        let odd = json!({ "name": "a", "inputSchema": {}, "annotations": [7], "icons": "none", "title": {} });
        let tools =
            json!([odd, { "name": 7, "inputSchema": {} }, { "name": "no schema" }, "no tool", tool("b")]);
        let read = page(json!({ "tools": tools, "nextCursor": "" })).unwrap();
        let names: Vec<_> = read.tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!((names, read.next_cursor), (vec!["a", "b"], None));
        for other in [json!(null), json!({ "content": [] }), json!({ "tools": {} })] {
            assert_eq!(page(other.clone()).unwrap_err(), other);
        }
    }

    #[tokio::test]
    async fn a_list_without_measure_is_refused() {
        let reason = refused(
            |request| json!({ "tools": vec![tool("a"); MAX_TOOLS / 10], "nextCursor": next(request) }),
        )
        .await;
        assert_eq!(reason, "it lists more than 10000 tools");
    }

    async fn refused(script: fn(&Value) -> Value) -> String {
        let scripted = Scripted::serve(script).await;
        Listing::default().tools(scripted.service.peer()).await.unwrap_err().reason
    }

    fn next(request: &Value) -> String {
        let cursor = request["params"]["cursor"].as_str().unwrap_or("0");
        (cursor.parse::<u32>().unwrap() + 1).to_string()
    }

    #[tokio::test]
    async fn a_list_that_does_not_end_is_refused() {
        let again = refused(|_| json!({ "tools": [], "nextCursor": "again" })).await;
        let further = refused(|request| json!({ "tools": [], "nextCursor": next(request) })).await;
        for reason in [again, further] {
            assert!(reason.starts_with("its list of tools does not end"), "{reason}");
        }
        let reason = refused(|_| json!({ "tools": [], "nextCursor": "x".repeat(MAX_CURSOR + 1) })).await;
        assert_eq!(reason, "a cursor of its list of tools is longer than 4096 bytes");
    }

    /// Pages within the limit of one answer that pass it together.
    #[tokio::test]
    async fn a_list_that_takes_too_much_memory_over_its_pages_is_refused() {
        let reason = refused(|request| {
            let long = json!({ "name": "a", "inputSchema": { "description": "x".repeat(ANSWER_LIMIT / 2) } });
            json!({ "tools": [long], "nextCursor": next(request) })
        })
        .await;
        assert_eq!(reason, "its list of tools takes more than 20971520 bytes (`answer_limit` x 5)");
    }

    /// 200,000 tools on one page.
    #[tokio::test]
    async fn a_page_of_too_many_tools_is_refused_while_it_is_read() {
        let reason =
            refused(|_| json!({ "tools": vec![json!({ "name": "a", "inputSchema": {} }); 200_000] })).await;
        assert!(
            reason.contains("holds more values than fit 5 times 4194304 bytes (`answer_limit`)"),
            "{reason}"
        );
    }
}
