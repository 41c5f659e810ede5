//! What can stop a sandbox. What a *platform* refuses is no error here: it is an answer to the caller.

use std::path::PathBuf;

/// Why a sandbox could not start, go on, or be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The configuration cannot mean anything: an unknown field, a fault that could never strike.
    #[error("the sandbox configuration cannot be used: {reason}")]
    Config {
        /// What to change.
        reason: String,
    },
    /// The world cannot be read, or says something that cannot be.
    #[error("the world `{}` cannot be used: {reason}", path.display())]
    World {
        /// The file.
        path: PathBuf,
        /// What to change, every fault of the content with its JSON pointer.
        reason: String,
    },
    /// The operating system refused to read, lock or write the record.
    #[error("cannot {action} the record `{}`", path.display())]
    Io {
        /// What was tried: `open`, `lock`, `read`, `write`.
        action: &'static str,
        /// The record.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file holds something else. It is left as it is, so a wrong path costs nobody a file.
    #[error("`{}` is not a sandbox record: line {line} {reason}", path.display())]
    NotARecord {
        /// The file.
        path: PathBuf,
        /// The first line that does not fit, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The Model Context Protocol session failed before its end.
    #[error("the session with the client failed: {reason}")]
    Session {
        /// What the protocol library said.
        reason: String,
    },
}

impl SandboxError {
    /// A configuration fault, told in one sentence.
    pub(crate) fn config(reason: impl Into<String>) -> Self {
        Self::Config { reason: reason.into() }
    }

    /// A session fault, told in the words of whoever noticed.
    pub(crate) fn session(reason: &impl ToString) -> Self {
        Self::Session { reason: reason.to_string() }
    }
}
