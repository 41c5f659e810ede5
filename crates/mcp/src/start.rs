//! From a command to a server that answered `initialize`.

use std::{io, process::ExitStatus, sync::Arc, time::Duration};

use chimera_audit::Secrets;
use rmcp::{
    RoleClient,
    service::{ClientInitializeError, ClientLifecycleMode, RunningService, serve_client_with_lifecycle},
};
use tokio::{
    process::{Child, ChildStdin},
    sync::watch,
    time::timeout,
};

use crate::{
    answer::{json_rpc_reason, sentence},
    group::Group,
    keeper::{Keeper, Owned, shown},
    last_words::LastWords,
    listing::{Listener, Listing},
    pipes::{Input, Pipes},
    run::Run,
    state::Shared,
};

/// How soon the end of a process follows the end of its output.
const FOLLOWS: Duration = Duration::from_secs(1);

/// Starts the server and sets a keeper over it.
///
/// # Errors
/// Why it did not start, redacted. Whatever was started is killed again.
pub(crate) async fn start(shared: &Arc<Shared>, serial: u64) -> Result<Arc<Run>, String> {
    let command = &shared.command;
    let child = command.process().spawn().map_err(|error| {
        let reason = command.not_started(&error);
        sentence(&reason, &shared.secrets)
    })?;
    let listing = shared.listing();
    let ready = Starting::new(shared, child, &listing)?.shake_hands(shared).await?;

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
            tracing::debug!(server = shared.command.name, "the server is gone: {how}");
            shared.retire(serial);
            end.send_replace(Some(how));
        }
    });
    let now = shared.clock.now();
    tracing::debug!(server = command.name, "the server is ready");
    Ok(Arc::new(Run::new(serial, now, (peer, listing), (stop, ended), keeping.abort_handle())))
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
    fn new(shared: &Shared, mut child: Child, listing: &Listing) -> Result<Self, String> {
        let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let group = Group::new(child);
        let (Some(stdin), Some(stdout), Some(stderr)) = streams else {
            return Err("its standard streams could not be taken".to_owned());
        };
        let command = &shared.command;
        let (inbox, replies) = shared.inbox(listing);
        let (pipes, input) = Pipes::new((stdout, stdin), inbox, replies, command.answer_limit);
        let last_words = LastWords::new(Arc::clone(&shared.secrets));
        let stderr = Owned(tokio::spawn(last_words.clone().drain(command.name.clone(), stderr)));
        Ok(Self { group, pipes, input, stderr, last_words })
    }

    /// `initialize` with 2025-11-25. Not the SDK's `Auto`: it gives up on servers that are slow to start.
    async fn shake_hands(self, shared: &Shared) -> Result<Ready, String> {
        let Self { mut group, pipes, input, mut stderr, last_words } = self;
        let Shared { command, secrets, .. } = shared;
        let shaking = serve_client_with_lifecycle(Listener, pipes, ClientLifecycleMode::Initialize);
        let reason = tokio::select! {
            biased;
            shaken = timeout(command.start_timeout, shaking) => match shaken {
                Ok(Ok(service)) => return Ok(Ready { group, service, input, stderr }),
                // A broken pipe is seen before the end of the process that broke it.
                Ok(Err(error)) if is_broken_pipe(&error) => timeout(FOLLOWS, group.wait())
                    .await
                    .map_or_else(|_| refused(&error, secrets), |status| exited(&status)),
                Ok(Err(error)) => refused(&error, secrets),
                Err(_) => format!("it did not answer `initialize` within {:?}", command.start_timeout),
            },
            status = group.wait() => exited(&status),
        };
        // Kills what is left, so that the last words are complete.
        drop(group);
        stderr.finish().await;
        Err(with_last_words(&reason, &last_words.shown()))
    }
}

fn exited(status: &io::Result<ExitStatus>) -> String {
    format!("it exited before it was ready ({})", shown(status))
}

fn is_broken_pipe(error: &ClientInitializeError) -> bool {
    matches!(error, ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. })
}

fn refused(error: &ClientInitializeError, secrets: &Secrets) -> String {
    match error {
        ClientInitializeError::JsonRpcError(error) => {
            format!("it refused `initialize`: {}", json_rpc_reason(error, secrets))
        }
        error if is_broken_pipe(error) => "it closed its input or output before it was ready".to_owned(),
        other => format!("it does not speak the protocol: {}", sentence(&other.to_string(), secrets)),
    }
}

fn with_last_words(reason: &str, last_words: &str) -> String {
    if last_words.is_empty() {
        format!("{reason}; it wrote nothing to its standard error")
    } else {
        format!("{reason}; the end of its standard error: {last_words}")
    }
}
