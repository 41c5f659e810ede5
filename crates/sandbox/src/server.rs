//! The Model Context Protocol side: one task a call, one writer of the record.

use std::{borrow::Cow, sync::Arc};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListToolsResult, MetaObject, PaginatedRequestParams, ProtocolVersion, ServerCapabilities,
        ServerConfig,
    },
    service::{RequestContext, ServerInitializeError, serve_server},
};
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};

use crate::{
    config::SandboxConfig,
    decide::{Next, Reply, Rules, bad_arguments},
    entry::Entry,
    error::SandboxError,
    journal::Journal,
    refusal::Refusal,
    request::Request,
    state::State,
    tools::ToolName,
    transport::{Closing, Pipes, silence},
};

/// The exit code of a process that a `die_before` or `die_after` fault ended (`EX_SOFTWARE`), so that a test can
/// tell it from a crash.
pub const DEATH_CODE: i32 = 70;

/// The most calls at work at once. Further ones are refused rather than queued, so memory stays bounded.
const MAX_CALLS: usize = 256;

/// Serves one client over standard input and output until the input ends.
///
/// Answers `initialize` with 2025-11-25, or with the older version the client asked for. Calls that are answered
/// slowly are dropped when the input ends, undone; all others are finished and answered first. Uses standard output
/// for the protocol, so nothing else in the process may print, and ends the process ([`DEATH_CODE`]) when a fault
/// says so. Needs a Tokio runtime with its timer enabled.
///
/// # Errors
/// [`SandboxError::Config`] for a configuration without a record or with a fault that could never strike;
/// [`SandboxError::World`] when its world cannot be used;
/// [`SandboxError::Io`] and [`SandboxError::NotARecord`] when the record cannot be opened;
/// [`SandboxError::Session`] when the client does not speak the protocol.
pub async fn serve_stdio(config: SandboxConfig) -> Result<(), SandboxError> {
    let rules = Rules::new(&config)?;
    let journal = Journal::open(config.record()?)?;
    let (pipes, closing) = Pipes::new(tokio::io::stdin(), tokio::io::stdout());
    let sandbox = Sandbox {
        rules: Arc::new(rules),
        journal: Arc::new(Mutex::new(journal)),
        calls: Arc::new(Semaphore::new(MAX_CALLS)),
        latency_ms: config.latency_ms,
        closing,
    };
    let service = match serve_server(sandbox, pipes).await {
        Ok(service) => service,
        // A client that leaves before it said anything is no fault of ours.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(SandboxError::session(&error)),
    };
    service.waiting().await.map(drop).map_err(|error| SandboxError::session(&error))
}

/// The handler. Cheap to share: every call holds its own handles.
#[derive(Debug)]
struct Sandbox {
    rules: Arc<Rules>,
    /// One decision at a time; the lock of the file stands between processes, this one between tasks.
    journal: Arc<Mutex<Journal>>,
    calls: Arc<Semaphore>,
    latency_ms: u64,
    closing: Closing,
}

impl Sandbox {
    async fn reply(
        &self,
        tool: ToolName,
        arguments: serde_json::Map<String, Value>,
        call_meta_key: Option<String>,
    ) -> Result<Reply, SandboxError> {
        let Ok(_permit) = self.calls.try_acquire() else {
            return Ok(Reply::Refused(Refusal::busy()));
        };
        if !self.closing.outlasts(self.latency_ms).await {
            return Ok(Reply::Silence);
        }
        // Decoding and hashing megabytes would hold up the other calls.
        let noted_key = call_meta_key.clone();
        let parsed = blocking(move || Request::parse(tool, arguments, call_meta_key)).await?;
        let request = match parsed {
            Ok(request) => request,
            Err(detail) => return self.refuse_arguments(tool, noted_key, &detail).await,
        };
        let (rules, received) = (Arc::clone(&self.rules), request.clone());
        let next = self.decide(move |state, now| rules.receive(state, &received, now)).await?;
        match next {
            Next::Reply(reply) => Ok(reply),
            Next::Later(ms) if self.closing.outlasts(ms).await => {
                let rules = Arc::clone(&self.rules);
                self.decide(move |state, now| rules.carry_out(state, &request, now)).await
            }
            Next::Later(_) => Ok(Reply::Silence),
        }
    }

    async fn refuse_arguments(
        &self,
        tool: ToolName,
        call_meta_key: Option<String>,
        detail: &str,
    ) -> Result<Reply, SandboxError> {
        self.decide(move |_, now| (bad_arguments(tool, call_meta_key, now), ())).await?;
        Ok(Reply::Refused(Refusal::bad_arguments(detail)))
    }

    async fn decide<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&State, chrono::DateTime<chrono::Utc>) -> (Entry, T) + Send + 'static,
    ) -> Result<T, SandboxError> {
        let mut journal = Arc::clone(&self.journal).lock_owned().await;
        blocking(move || journal.decide(decide)).await?
    }
}

impl ServerHandler for Sandbox {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
            .with_server_info(Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")))
            .with_instructions("A stand-in for social platforms. Nothing leaves this machine.")
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(ProtocolVersion::known_up_to(&ProtocolVersion::V_2025_11_25))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = ToolName::ALL.map(|tool| self.rules.tool(tool));
        Ok(ListToolsResult::with_all_items(tools.to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = ToolName::from_name(&request.name)
            .ok_or_else(|| ErrorData::invalid_params(format!("unknown tool `{}`", request.name), None))?;
        let arguments = request.arguments.unwrap_or_default();
        let reply = self
            .reply(tool, arguments, call_key(&context.meta))
            .await
            .unwrap_or_else(|error| Reply::Refused(Refusal::record_failed(&chain(&error))));
        match reply {
            Reply::Answer(body) => Ok(answer(body).into()),
            Reply::Refused(refusal) => Ok(refused(&refusal).into()),
            Reply::Silence => Err(silence()),
            Reply::Death => std::process::exit(DEATH_CODE),
        }
    }
}

/// The caller's own name for the call, under whatever prefix it uses.
fn call_key(meta: &MetaObject) -> Option<String> {
    meta.iter()
        .find(|(name, _)| name.ends_with("/call-key"))
        .and_then(|(_, value)| value.as_str())
        .map(str::to_owned)
}

fn answer(body: Value) -> CallToolResult {
    let text = body.to_string();
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(body);
    result
}

fn refused(refusal: &Refusal) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(refusal.text())]);
    result.structured_content = Some(refusal.body());
    result
}

/// Runs work that blocks where it does not hold up other calls.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SandboxError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| SandboxError::session(&error))
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
