//! What skills answer when real tools say no: the sandbox, or a server that does not start, over stdio.

use std::path::Path;
use std::sync::Arc;

use chimera::contracts::engage::EngageAction;
use chimera::contracts::{Clock, ErrorCode, PlatformName};
use chimera::effect::Platform;
use chimera::mcp::{ServerCommand, StdioServer, TokioClock};
use chimera::platform::{Binding, Profile, ToolClient, ToolPlatform};
use chimera_sandbox::{Fault, FaultRule, Record, SandboxConfig, ToolName};
use chimera_tests::engage_stage::{Judges, engage, engage_host, engagement, fund};
use chimera_tests::stage::{EchoMedia, approve, host, input, only, publish};
use futures_util::FutureExt as _;

use super::{Row, Told, memory};

/// Where the sandbox strikes.
const X: chimera_sandbox::Platform = chimera_sandbox::Platform::Twitter;

pub(super) const PUBLISH: &[Row] = &[
    (ErrorCode::PlatformRateLimit, || {
        struck(|| post(Fault::RateLimit { retry_after_seconds: 60 })).boxed_local()
    }),
    (ErrorCode::PlatformAuthInvalid, || struck(|| post(Fault::Auth)).boxed_local()),
    (ErrorCode::ContentPolicyViolation, || struck(|| post(Fault::Policy)).boxed_local()),
    (ErrorCode::MediaUploadFailed, || struck(|| post(Fault::Policy).on(ToolName::UploadMedia)).boxed_local()),
    (ErrorCode::PlatformUnavailable, || published_nowhere().boxed_local()),
];

pub(super) const ENGAGE: &[Row] = &[(ErrorCode::PlatformUnavailable, || engaged_nowhere().boxed_local())];

fn post(fault: Fault) -> FaultRule {
    FaultRule::new(X, fault)
}

/// The seeds' tools behind a server.
fn tools(server: &Arc<StdioServer>, clock: &Arc<dyn Clock>) -> Arc<dyn Platform> {
    let client: Arc<dyn ToolClient> = Arc::<StdioServer>::clone(server);
    let bindings = Binding::all(&Profile::seeds().unwrap(), &client);
    Arc::new(ToolPlatform::new(bindings, Arc::new(EchoMedia), Arc::clone(clock)))
}

fn sandbox(record: &Path, fault: FaultRule) -> ServerCommand {
    let config = SandboxConfig { faults: vec![fault], ..SandboxConfig::new(record) };
    let this = env!("CARGO_BIN_EXE_chimera-test-caller");
    ServerCommand::new("sandbox", this).arg("sandbox").arg(config.to_json().unwrap())
}

fn nowhere() -> ServerCommand {
    ServerCommand::new("the-tools", "/no/such/server")
}

/// Publishes an approved text with a medium through a server.
async fn published_by(command: ServerCommand, record: &Path) -> Told {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let server = Arc::new(StdioServer::new(command, Arc::clone(&clock)));
    let store = memory(&clock);
    let host = host(&store, tools(&server, &clock), &clock);
    let mut input = only(input("codes"), PlatformName::Twitter);
    approve(&store, &host, &mut input, clock.as_ref()).await;
    let answer = publish(&host, &input).await;
    server.close().await;
    let posted = Record::open(record).is_ok_and(|record| !record.posts().is_empty());
    Told::published(&answer, posted)
}

async fn struck(fault: fn() -> FaultRule) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("posts.jsonl");
    published_by(sandbox(&record, fault()), &record).await
}

async fn published_nowhere() -> Told {
    published_by(nowhere(), Path::new("/no/such/record")).await
}

async fn engaged_nowhere() -> Told {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let server = Arc::new(StdioServer::new(nowhere(), Arc::clone(&clock)));
    let store = memory(&clock);
    fund(store.as_ref()).await;
    let host = engage_host(&Judges::seed(0.95), &store, tools(&server, &clock), &clock);
    Told::engaged(&engage(&host, &engagement(EngageAction::Like)).await, false)
}
