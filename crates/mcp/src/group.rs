//! A child and everything it started.
//!
//! INVARIANT: when the child has ended, or this is dropped, or its host is gone, no process of its group is left.
//! Launchers such as `npx` start the real server as a child of their own, and ending only the launcher would leave a
//! server that still posts. The last case is the [watch](crate::watch)'s.

use std::{io, process::ExitStatus, time::Duration};

use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::{pipes::Input, watch::Watch};

/// How long a server may take to follow each request to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// A signal to the whole group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Term,
    Kill,
}

/// A running child with its process group.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    /// The group; `None` once the child is reaped and its group swept, because the number may then be another's.
    id: Option<u32>,
    /// Leads the group, where there is one.
    _watch: Option<Watch>,
}

impl Group {
    /// Starts a command as the first of a group.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(mut command: Command) -> io::Result<Self> {
        let watch = Watch::start();
        #[cfg(unix)]
        command.process_group(watch.as_ref().map_or(0, Watch::group));
        let child = command.spawn()?;
        let id = watch.as_ref().and_then(|watch| u32::try_from(watch.group()).ok()).or_else(|| child.id());
        Ok(Self { child, id, _watch: watch })
    }

    /// Its standard streams, once.
    pub(crate) fn streams(&mut self) -> (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take())
    }

    /// Waits for the child to end by itself and sweeps up what it leaves. Can be dropped and asked again.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.sweep();
        status
    }

    /// Ends it: closes its input, waits, asks (SIGTERM), waits, kills.
    pub(crate) async fn end<W>(&mut self, input: &Input<W>) -> io::Result<ExitStatus>
    where
        W: tokio::io::AsyncWrite + Unpin,
    {
        input.close();
        for signal in [Signal::Term, Signal::Kill] {
            if let Ok(status) = tokio::time::timeout(PATIENCE, self.wait()).await {
                return status;
            }
            self.signal(signal);
        }
        self.wait().await
    }

    fn sweep(&mut self) {
        self.signal(Signal::Kill);
        self.id = None;
    }

    #[cfg(unix)]
    fn signal(&self, signal: Signal) {
        let id = self.id.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        let signal = match signal {
            Signal::Term => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
        };
        // The only failure is that there is nobody left, which is what is wanted.
        let _ = id.map(|id| rustix::process::kill_process_group(id, signal));
    }

    /// Without process groups and without a gentle signal there is only the child itself to kill.
    #[cfg(not(unix))]
    fn signal(&mut self, signal: Signal) {
        if self.id.is_some() && signal == Signal::Kill {
            let _ = self.child.start_kill();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The child itself is reaped by Tokio (`kill_on_drop`).
        self.sweep();
    }
}
