//! Why an exchange over HTTP failed, as it goes through the SDK and comes back.

use std::{fmt, io};

use crate::unready::Unready;

/// Why an exchange failed. The reason is redacted.
#[derive(Debug)]
pub(crate) struct HttpError {
    pub(crate) reason: String,
    pub(crate) kind: Kind,
    /// Whether it fails again until the operator changes something.
    lasts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The server answered, with a status or a document that is no answer of MCP.
    Refused,
    /// No answer can be read.
    Broken,
}

impl HttpError {
    /// No answer came, or none that can be read.
    pub(crate) fn broken(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), kind: Kind::Broken, lasts: false }
    }

    /// Connecting failed.
    pub(crate) fn unreached(error: &io::Error) -> Self {
        let lasts = error.kind() == io::ErrorKind::Unsupported;
        Self { reason: format!("it could not be reached: {error}"), kind: Kind::Broken, lasts }
    }

    /// There is no token.
    pub(crate) fn no_token(reason: &str) -> Self {
        Self { reason: format!("there is no token for it: {reason}"), kind: Kind::Broken, lasts: false }
    }

    /// It answered with this status, and with this in its body or its `Location`.
    pub(crate) fn status(status: u16, said: &str) -> Self {
        let (lasts, what_to_do) = match status {
            300..=399 => (true, "redirects are not followed; configure the URL that it names"),
            401 => (true, "check the token"),
            403 => (true, "check the rights of the token"),
            404 | 405 | 406 | 410 | 415 => (true, "check the URL"),
            // Servers that look at `Host` refuse every request under a name that they were not told (python-sdk#1798).
            421 => (true, "check the URL, and which hosts the server allows"),
            _ => (false, ""),
        };
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let what_to_do = if lasts { format!(" ({what_to_do})") } else { String::new() };
        Self { reason: format!("it answered HTTP {status}{what_to_do}{said}"), kind: Kind::Refused, lasts }
    }

    /// It answered with this status because the session is over.
    pub(crate) fn ended(status: u16, said: &str) -> Self {
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let reason = format!(
            "it answered HTTP {status}, the session is over, and the next use begins another one{said}"
        );
        Self { reason, kind: Kind::Refused, lasts: false }
    }

    /// It answered with something else than MCP.
    pub(crate) fn other(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), kind: Kind::Refused, lasts: true }
    }

    /// The same in other words.
    pub(crate) fn said_as(self, shown: impl FnOnce(&str) -> String) -> Self {
        Self { reason: shown(&self.reason), ..self }
    }

    /// Why the server cannot be used.
    pub(crate) fn unready(&self) -> Unready {
        if self.lasts { Unready::lasts(self.reason.as_str()) } else { Unready::passes(self.reason.as_str()) }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

impl std::error::Error for HttpError {}
