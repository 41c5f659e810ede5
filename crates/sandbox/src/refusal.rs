//! A no: what it is here, how each platform says it in `words`.

mod words;

use serde_json::{Map, Value, json};

use crate::engagement::TargetKind;

/// An answer with `isError: true`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    status: u16,
    /// A number on X, Instagram and Threads, a word elsewhere and for what only the sandbox says.
    code: Value,
    message: String,
    retry_after_seconds: Option<u64>,
    /// Refusals of the MCP server itself carry no HTTP status in their text: no platform was asked.
    from_platform: bool,
}

impl Refusal {
    fn new(status: u16, code: impl Into<Value>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            retry_after_seconds: None,
            from_platform: true,
        }
    }

    fn from_server(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { from_platform: false, ..Self::new(status, code, message) }
    }

    /// Arguments that do not fit the schema.
    pub(crate) fn bad_arguments(detail: &str) -> Self {
        Self::from_server(400, "bad_arguments", format!("bad arguments: {detail}"))
    }

    /// The record could not be written. Whether the work was done is not known.
    pub(crate) fn record_failed(detail: &str) -> Self {
        Self::from_server(500, "record_failed", detail)
    }

    /// Too many calls at once. Nothing was done.
    pub(crate) fn busy() -> Self {
        Self::from_server(503, "busy", "too many calls at once; nothing was done")
    }

    /// A known key with other content.
    pub(crate) fn key_conflict() -> Self {
        Self::new(409, "idempotency_key_reused", "The idempotency key was used with other content.")
    }

    pub(crate) fn media_too_large(limit: usize) -> Self {
        Self::new(413, "media_too_large", format!("The media is larger than {limit} bytes."))
    }

    pub(crate) fn checksum_mismatch(actual: &str) -> Self {
        Self::new(400, "checksum_mismatch", format!("The sha256 of the media that arrived is {actual}."))
    }

    /// Nothing there to engage with. The same words everywhere, so that whoever asks before acting can tell.
    pub(crate) fn no_such(kind: TargetKind) -> Self {
        Self::new(404, "not_found", format!("no such {}", kind.name()))
    }

    /// The sentence in the text block.
    pub(crate) fn text(&self) -> String {
        let said = if self.from_platform {
            format!("HTTP {} {}: {}", self.status, reason(self.status), self.message)
        } else {
            self.message.clone()
        };
        match self.retry_after_seconds {
            Some(seconds) => format!("{said} (retry after {seconds} seconds)"),
            None => said,
        }
    }

    /// The structured content.
    pub(crate) fn body(&self) -> Value {
        let mut error = Map::new();
        error.insert("status".to_owned(), json!(self.status));
        error.insert("code".to_owned(), self.code.clone());
        error.insert("message".to_owned(), json!(self.message));
        if let Some(seconds) = self.retry_after_seconds {
            error.insert("retry_after_seconds".to_owned(), json!(seconds));
        }
        json!({ "error": error })
    }
}

/// The reason phrase of RFC 9110.
fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Server Error",
    }
}
