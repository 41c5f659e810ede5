//! The task that owns a server's process from its start to its end.
//!
//! Aborting the task ends everything: what it owns kills the process group, the SDK's loop and the reader of the
//! standard error when it is dropped. So no process and no task outlives the [`StdioServer`](crate::StdioServer).

use std::{io, pin::pin, process::ExitStatus, time::Duration};

use rmcp::{RoleClient, service::RunningService};
use tokio::{process::ChildStdin, sync::watch, task::JoinHandle, time::timeout};

use crate::{group::Group, listing::Listener, pipes::Input};

/// How long what a process wrote before its end may take to be read. Only a process that left its group and took
/// the pipes with it needs more.
const READ_OUT: Duration = Duration::from_secs(1);

/// A task that ends with its owner.
#[derive(Debug)]
pub(crate) struct Owned(pub(crate) JoinHandle<()>);

impl Owned {
    /// Waits until the task is through, or should have been.
    pub(crate) async fn finish(&mut self) {
        let _ = timeout(READ_OUT, &mut self.0).await;
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is kept.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) group: Group,
    pub(crate) service: RunningService<RoleClient, Listener>,
    pub(crate) input: Input<ChildStdin>,
    pub(crate) stderr: Owned,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Keeper {
    /// Runs until the process is gone, its last answers are read, and all calls in flight know. Says how it ended.
    pub(crate) async fn keep(mut self) -> String {
        let loop_token = self.service.cancellation_token();
        let mut serving = pin!(self.service.waiting());
        let mut served = false;
        let how = tokio::select! {
            biased;
            status = self.group.wait() => format!("it ended by itself ({})", shown(&status)),
            _ = &mut serving => {
                served = true;
                let status = self.group.end(&self.input).await;
                format!("it closed its output and was ended ({})", shown(&status))
            }
            () = stopped(&mut self.stop) => {
                // The loop goes on meanwhile, so that a late answer is still read.
                let status = self.group.end(&self.input).await;
                format!("it was stopped ({})", shown(&status))
            }
        };
        if !served && timeout(READ_OUT, &mut serving).await.is_err() {
            loop_token.cancel();
            let _ = serving.await;
        }
        self.stderr.finish().await;
        how
    }
}

/// Waits until somebody asks for the end, or nobody is left who could use the server.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// An exit status for people.
pub(crate) fn shown(status: &io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("exit status unknown: {error}"),
    }
}
