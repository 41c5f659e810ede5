//! Ends a server whose host is gone, also by SIGKILL.
//!
//! A host that is killed runs no code, and a server that does not heed the end of its input lives on and acts. The system's
//! own signal (`PR_SET_PDEATHSIG`) exists on Linux alone, fires when the *thread* ends that started the child, and has to
//! be set between `fork` and `exec`, which is `unsafe`. So a shell of a few kilobytes leads the server's process group and
//! holds the read end of a pipe whose write end only the host has. When that end closes, the shell kills its group. The
//! group exists before the server does, so there is no moment in which a server runs unwatched, and its number cannot
//! become another's as long as the shell is not reaped.

/// A process that waits for the end of the host.
#[derive(Debug)]
pub(crate) struct Watch {
    #[cfg(unix)]
    group: i32,
    /// Killed and reaped when it is dropped, and the pipe closed.
    #[cfg(unix)]
    _shell: tokio::process::Child,
}

#[cfg(unix)]
impl Watch {
    /// Reads what never comes. The signals that ask its group to end are for the server.
    const SCRIPT: &str = "trap '' TERM INT HUP QUIT; read -r never; kill -9 0";

    /// `None` where there is no `/bin/sh`: the server is started all the same, with a warning.
    pub(crate) fn start() -> Option<Self> {
        use std::process::Stdio;

        let mut shell = tokio::process::Command::new("/bin/sh");
        shell.args(["-c", Self::SCRIPT, "chimera-mcp-watch"]).env_clear().current_dir("/").process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        match shell.spawn() {
            Ok(shell) => {
                let group = shell.id().and_then(|id| i32::try_from(id).ok())?;
                Some(Self { group, _shell: shell })
            }
            Err(error) => {
                tracing::warn!(
                    "no `/bin/sh` watches over a server, which may outlive a host that is killed: {error}"
                );
                None
            }
        }
    }

    /// The process group that it leads.
    pub(crate) fn group(&self) -> i32 {
        self.group
    }
}

#[cfg(not(unix))]
impl Watch {
    pub(crate) fn start() -> Option<Self> {
        None
    }

    pub(crate) fn group(&self) -> i32 {
        0
    }
}
