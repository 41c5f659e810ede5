//! How a server is started, and what is promised to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use chimera_audit::Secrets;

use crate::credentials::secrets;

/// The longest answer of a server that is read, unless the host says otherwise.
pub(crate) const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// A server as a program that speaks over its standard input and output.
///
/// INVARIANT: the child's environment is exactly [`env`](Self::env). Nothing of the host is inherited, so a credential
/// reaches a server only when it is named here, and `Debug` prints names without values.
///
/// Credentials among the values are known and taken out of whatever is kept or shown: those of variables whose name
/// tells so (`token`, `secret`, `password`, `key`, `auth`, `cookie`, `session` and their like as a part of it), passwords
/// inside URLs, and those that [`secret_env`](Self::secret_env) names. Values of fewer than 6 bytes are left out.
///
/// ```
/// use std::time::Duration;
/// use chimera_mcp::ServerCommand;
///
/// let command = ServerCommand::new("x", "/opt/x-mcp/server")
///     .arg("--stdio")
///     .env("X_API_KEY", "hunter2")
///     .start_timeout(Duration::from_secs(30));
/// assert!(!format!("{command:?}").contains("hunter2"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerCommand {
    /// The server's name in the configuration, as errors show it.
    pub name: String,
    /// The program. A bare name is looked up in the `PATH` of [`env`](Self::env), not in the host's.
    pub program: PathBuf,
    /// Its arguments. Other processes on the machine can see them: no place for secrets.
    pub args: Vec<OsString>,
    /// The child's whole environment.
    pub env: BTreeMap<OsString, OsString>,
    /// Variables whose values are secret whatever their names say.
    secret: BTreeSet<OsString>,
    /// Where it starts; the host's working directory unless given.
    pub cwd: Option<PathBuf>,
    /// How long it may take from its start to its answer to `initialize`. 20 s unless given.
    pub start_timeout: Duration,
    /// How long a call whose deadline has passed may still be answered (`ToolClient::late`). 60 s unless given.
    /// After it the server is told that the call is cancelled.
    pub grace: Duration,
    /// Whether a call that is not answered by its deadline ends the server (input closed, 3 s, SIGTERM, 3 s, SIGKILL).
    /// For servers that would still carry the call out later; calls in flight beside it are lost.
    pub stop_on_timeout: bool,
    /// The longest message that is read, in bytes: one answer, one page of tools. 4 MiB unless given. A longer one, and
    /// one that would take more than five times as much memory, is dropped while it comes, and its call is lost.
    pub answer_limit: usize,
}

impl ServerCommand {
    /// A server without arguments, with an empty environment.
    #[must_use]
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            secret: BTreeSet::new(),
            cwd: None,
            start_timeout: Duration::from_secs(20),
            grace: Duration::from_secs(60),
            stop_on_timeout: false,
            answer_limit: ANSWER_LIMIT,
        }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// One variable of the child's environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// One variable whose value is a secret, whatever its name says.
    #[must_use]
    pub fn secret_env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let name = name.into();
        self.secret.insert(name.clone());
        self.env(name, value)
    }

    /// Copies variables of the host, where they are set: `PATH` and `HOME` are what most launchers need,
    /// `SystemRoot` on Windows.
    #[must_use]
    pub fn inherit<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let set = names.into_iter().filter_map(|name| Some((name.into(), std::env::var_os(name)?)));
        self.env.extend(set);
        self
    }

    /// Where it starts.
    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// How long its start may take.
    #[must_use]
    pub fn start_timeout(mut self, start_timeout: Duration) -> Self {
        self.start_timeout = start_timeout;
        self
    }

    /// How long late answers are waited for.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Whether an unanswered call ends the server.
    #[must_use]
    pub fn stop_on_timeout(mut self, stop_on_timeout: bool) -> Self {
        self.stop_on_timeout = stop_on_timeout;
        self
    }

    /// How long an answer may be, in bytes.
    #[must_use]
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// The credentials among the values of its environment.
    pub(crate) fn secrets(&self) -> Secrets {
        secrets(&self.env, &self.secret)
    }

    /// The process, not started yet: all three streams piped, the environment as given.
    pub(crate) fn process(&self) -> tokio::process::Command {
        let mut process = tokio::process::Command::new(&self.program);
        process.args(&self.args).env_clear().envs(&self.env);
        process
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .kill_on_drop(true);
        if let Some(cwd) = &self.cwd {
            process.current_dir(cwd);
        }
        process
    }

    /// Why it could not be started, and what to do.
    pub(crate) fn not_started(&self, error: &std::io::Error) -> String {
        let program = self.program.display();
        match &self.cwd {
            Some(cwd) if !cwd.is_dir() => {
                format!("its working directory `{}` does not exist", cwd.display())
            }
            _ if error.kind() == std::io::ErrorKind::NotFound => format!(
                "the program `{program}` was not found; give its full path{}",
                if is_bare(&self.program) { ", or a `PATH` in its environment" } else { "" }
            ),
            _ => format!("the program `{program}` could not be started: {error}"),
        }
    }
}

fn is_bare(program: &Path) -> bool {
    program.components().count() == 1 && program.is_relative()
}

impl fmt::Debug for ServerCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.secrets();
        let args: Vec<String> =
            self.args.iter().map(|arg| secrets.redact(&arg.to_string_lossy()).into_owned()).collect();
        formatter
            .debug_struct("ServerCommand")
            .field("name", &self.name)
            .field("program", &self.program)
            .field("args", &args)
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("cwd", &self.cwd)
            .field("start_timeout", &self.start_timeout)
            .field("grace", &self.grace)
            .field("stop_on_timeout", &self.stop_on_timeout)
            .field("answer_limit", &self.answer_limit)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_names_and_no_values() {
        let command = ServerCommand::new("x", "server")
            .arg("--api-key=abcdef")
            .arg("--as=swordfish")
            .env("X_SECRET", "hunter2")
            .secret_env("PLAIN", "swordfish");
        let shown = format!("{command:?}");
        assert!(shown.contains("X_SECRET") && shown.contains("PLAIN"), "{shown}");
        for secret in ["hunter2", "abcdef", "swordfish"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(command.secrets().are_in("swordfish") && command.secrets().are_in("hunter2"));
    }

    #[test]
    fn only_variables_that_are_set_are_inherited() {
        let command = ServerCommand::new("x", "server").inherit(["PATH", "CHIMERA_MCP_IS_NOT_SET"]);
        let names: Vec<_> = command.env.keys().collect();
        assert_eq!(names, ["PATH"]);
    }

    #[test]
    fn a_failed_start_says_what_to_do() {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let here = ServerCommand::new("x", "server");
        for (command, error, expected) in [
            (&here, &missing, "was not found; give its full path, or a `PATH` in its environment"),
            (
                &ServerCommand::new("x", "/no/server"),
                &missing,
                "`/no/server` was not found; give its full path",
            ),
            (&here.clone().cwd("/no/such/folder"), &missing, "working directory `/no/such/folder` does not"),
            (&here, &denied, "could not be started: permission denied"),
        ] {
            let reason = command.not_started(error);
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
