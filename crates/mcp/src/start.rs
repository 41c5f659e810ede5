//! From a command to a server that answered `initialize`.

use std::{
    io::{self, ErrorKind},
    process::ExitStatus,
    sync::Arc,
    time::Duration,
};

use chimera_audit::Secrets;
use rmcp::{
    RoleClient,
    model::{ErrorCode, ProtocolVersion},
    service::{ClientInitializeError, ClientLifecycleMode, RunningService, serve_client_with_lifecycle},
};
use tokio::{
    process::ChildStdin,
    sync::watch,
    time::{Instant, timeout},
};

use crate::{
    answer::{json_rpc_reason, sentence},
    command::ServerCommand,
    group::Group,
    keeper::{Keeper, Owned, shown},
    last_words::LastWords,
    listing::{Listener, Listing, WITHOUT_WORD},
    pipes::{Input, Pipes},
    run::Run,
    state::Shared,
    unready::Unready,
};

/// How soon the end of a process follows the end of its output.
const FOLLOWS: Duration = Duration::from_secs(1);

/// Starts the server and sets a keeper over it. One that does not know `initialize`, which is gone from the protocol since
/// 2026-07-28, is started once more and asked `server/discover`: what a process does after a request that it refused is its own
/// affair.
///
/// # Errors
/// Why it did not start, and whether that passes by itself. Whatever was started is killed again.
pub(crate) async fn start(
    shared: &Arc<Shared>,
    command: &ServerCommand,
    serial: u64,
) -> Result<Arc<Run>, Unready> {
    match begin(shared, command, serial, ClientLifecycleMode::Initialize).await {
        Ok(run) => Ok(run),
        Err(NotReady { speaks_later: true, .. }) => {
            let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
            let discover = ClientLifecycleMode::Discover { preferred_versions };
            begin(shared, command, serial, discover).await.map_err(|not_ready| not_ready.unready)
        }
        Err(NotReady { unready, .. }) => Err(unready),
    }
}

/// Why a process did not begin.
struct NotReady {
    unready: Unready,
    /// Whether it said that it does not know `initialize`.
    speaks_later: bool,
}

impl From<Unready> for NotReady {
    fn from(unready: Unready) -> Self {
        Self { unready, speaks_later: false }
    }
}

async fn begin(
    shared: &Arc<Shared>,
    command: &ServerCommand,
    serial: u64,
    lifecycle: ClientLifecycleMode,
) -> Result<Arc<Run>, NotReady> {
    let group = Group::start(command.process()).map_err(|error| {
        let reason = sentence(&command.not_started(&error), shared.secrets.now());
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::PermissionDenied => Unready::lasts(reason),
            _ => Unready::passes(reason),
        }
    })?;
    let listing = match lifecycle {
        ClientLifecycleMode::Discover { .. } => shared.listing().for_at_most(WITHOUT_WORD),
        _ => shared.listing(),
    };
    let starting = Starting::new(shared, command, group, &listing)?;
    let ready = starting.shake_hands(shared, command.start_timeout, lifecycle).await?;

    let (stop, stopped) = watch::channel(false);
    let (end, ended) = watch::channel(None);
    let peer = ready.service.peer().clone();
    let keeper = Keeper {
        group: ready.group,
        service: ready.service,
        input: ready.input,
        stderr: ready.stderr,
        stop: stopped,
    };
    let keeping = tokio::spawn({
        let shared = Arc::clone(shared);
        async move {
            let how = keeper.keep().await;
            tracing::debug!(server = shared.terms.name, "the server is gone: {how}");
            shared.retire(serial, &how);
            end.send_replace(Some(how));
        }
    });
    tracing::debug!(server = command.name, "the server is ready");
    Ok(Arc::new(Run::new(serial, Instant::now(), (peer, listing), (stop, ended), keeping.abort_handle())))
}

/// A process that has not answered yet.
struct Starting {
    group: Group,
    pipes: Pipes<tokio::process::ChildStdout, ChildStdin>,
    input: Input<ChildStdin>,
    stderr: Owned,
    last_words: LastWords,
}

/// A process that has.
struct Ready {
    group: Group,
    service: RunningService<RoleClient, Listener>,
    input: Input<ChildStdin>,
    stderr: Owned,
}

impl Starting {
    fn new(
        shared: &Shared,
        command: &ServerCommand,
        mut group: Group,
        listing: &Listing,
    ) -> Result<Self, Unready> {
        let (Some(stdin), Some(stdout), Some(stderr)) = group.streams() else {
            return Err(Unready::passes("its standard streams could not be taken"));
        };
        let (inbox, replies) = shared.inbox(listing);
        let (pipes, input) = Pipes::new((stdout, stdin), inbox, replies, command.answer_limit);
        let last_words = LastWords::new(Arc::clone(&shared.secrets));
        let stderr = Owned(tokio::spawn(last_words.clone().drain(command.name.clone(), stderr)));
        Ok(Self { group, pipes, input, stderr, last_words })
    }

    /// `initialize` with 2025-11-25, or `server/discover`. Not the SDK's `Auto`: it gives up on servers that are slow to start.
    ///
    /// A program that ends before it was ever ready is reported as a lasting fault: a configuration error, most often.
    async fn shake_hands(
        self,
        shared: &Shared,
        time: Duration,
        lifecycle: ClientLifecycleMode,
    ) -> Result<Ready, NotReady> {
        let Self { mut group, pipes, input, mut stderr, last_words } = self;
        let secrets = shared.secrets.now();
        let asked = asked(&lifecycle);
        let mut speaks_later = false;
        let shaking = serve_client_with_lifecycle(Listener, pipes, lifecycle);
        let unready = tokio::select! {
            biased;
            shaken = timeout(time, shaking) => match shaken {
                Ok(Ok(service)) => return Ok(Ready { group, service, input, stderr }),
                // A broken pipe is seen before the end of the process that broke it.
                Ok(Err(error)) if is_broken_pipe(&error) => timeout(FOLLOWS, group.wait())
                    .await
                    .map_or_else(|_| refused(asked, &error, secrets), |status| exited(&status, shared)),
                Ok(Err(error)) => {
                    speaks_later = asked == INITIALIZE && is_unknown(&error);
                    refused(asked, &error, secrets)
                }
                Err(_) => {
                    Unready::passes(format!(
                        "it did not answer `{asked}` within {time:?}; see that it speaks MCP over standard input and \
                         output, or give it a longer `start_timeout`"
                    ))
                }
            },
            status = group.wait() => exited(&status, shared),
        };
        // Kills what is left, so that the last words are complete.
        drop(group);
        stderr.finish().await;
        let reason = with_last_words(&unready.reason, &last_words.shown());
        Err(NotReady { unready: Unready { reason, ..unready }, speaks_later })
    }
}

fn exited(status: &io::Result<ExitStatus>, shared: &Shared) -> Unready {
    let reason = format!("it exited before it was ready ({})", shown(status));
    if shared.was_ready() { Unready::passes(reason) } else { Unready::lasts(reason) }
}

fn is_broken_pipe(error: &ClientInitializeError) -> bool {
    matches!(error, ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. })
}

/// What a server is asked first, unless it does not know that.
pub(crate) const INITIALIZE: &str = "initialize";

fn asked(lifecycle: &ClientLifecycleMode) -> &'static str {
    match lifecycle {
        ClientLifecycleMode::Discover { .. } => "server/discover",
        _ => INITIALIZE,
    }
}

/// Whether a server says that it knows no such request, or no version of the protocol that has one.
fn is_unknown(error: &ClientInitializeError) -> bool {
    let ClientInitializeError::JsonRpcError(error) = error else { return false };
    matches!(error.code, ErrorCode::METHOD_NOT_FOUND | ErrorCode::UNSUPPORTED_PROTOCOL_VERSION)
}

/// Why a server did not begin.
pub(crate) fn refused(asked: &str, error: &ClientInitializeError, secrets: &Secrets) -> Unready {
    match error {
        ClientInitializeError::JsonRpcError(error) => {
            Unready::lasts(format!("it refused `{asked}`: {}", json_rpc_reason(error, secrets)))
        }
        error if is_broken_pipe(error) => {
            Unready::passes("it closed its input or output before it was ready")
        }
        other => Unready::lasts(format!(
            "it does not speak the protocol: {}",
            sentence(&other.to_string(), secrets)
        )),
    }
}

fn with_last_words(reason: &str, last_words: &str) -> String {
    if last_words.is_empty() {
        format!("{reason}; it wrote nothing to its standard error")
    } else {
        format!("{reason}; the end of its standard error: {last_words}")
    }
}
