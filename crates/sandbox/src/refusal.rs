//! How each platform says no. The words and codes are the platforms' own where they publish them, because callers
//! are to classify what they will meet outside.

use serde_json::{Map, Value, json};

use crate::platform::Platform;

/// An answer with `isError: true`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    status: u16,
    /// A number on X and Instagram, a word on `LinkedIn` and for what only the sandbox says.
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

    pub(crate) fn rate_limit(platform: Platform, retry_after_seconds: u64) -> Self {
        let refusal = match platform {
            Platform::Twitter => Self::new(429, 88, "Rate limit exceeded"),
            Platform::Instagram => Self::new(429, 4, "(#4) Application request limit reached"),
            Platform::LinkedIn => Self::new(
                429,
                "TOO_MANY_REQUESTS",
                "Resource level throttle limit for calls to this resource is reached.",
            ),
        };
        Self { retry_after_seconds: Some(retry_after_seconds), ..refusal }
    }

    pub(crate) fn server_error(platform: Platform, status: u16) -> Self {
        match platform {
            Platform::Twitter if status == 503 => Self::new(status, 130, "Over capacity"),
            Platform::Twitter => Self::new(status, 131, "Internal error"),
            Platform::Instagram => {
                Self::new(status, 2, "An unexpected error has occurred. Please retry your request later.")
            }
            Platform::LinkedIn => {
                Self::new(status, "INTERNAL_SERVER_ERROR", "An unexpected error has occurred.")
            }
        }
    }

    pub(crate) fn auth(platform: Platform) -> Self {
        match platform {
            Platform::Twitter => Self::new(401, 89, "Invalid or expired token."),
            Platform::Instagram => Self::new(401, 190, "Error validating access token: Session has expired."),
            Platform::LinkedIn => {
                Self::new(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired")
            }
        }
    }

    pub(crate) fn policy(platform: Platform) -> Self {
        match platform {
            Platform::Twitter => {
                Self::new(403, "content_policy_violation", "This Tweet violates the content policy.")
            }
            Platform::Instagram => Self::new(
                403,
                368,
                "The action attempted has been deemed abusive or is otherwise disallowed: content policy violation.",
            ),
            Platform::LinkedIn => Self::new(
                403,
                "CONTENT_POLICY_VIOLATION",
                "The content violates the content policy of the professional community.",
            ),
        }
    }

    pub(crate) fn too_long(platform: Platform) -> Self {
        let limit = platform.text_limit();
        match platform {
            Platform::Twitter => Self::new(
                400,
                186,
                format!("Tweet needs to be a bit shorter: the limit is {limit} characters."),
            ),
            Platform::Instagram => {
                Self::new(400, 36_004, format!("The caption was too long: the limit is {limit} characters."))
            }
            Platform::LinkedIn => Self::new(
                422,
                "FIELD_LENGTH_TOO_LONG",
                format!("The commentary was too long: the limit is {limit} characters."),
            ),
        }
    }

    /// X's words; the other platforms do not refuse doubles here.
    pub(crate) fn duplicate() -> Self {
        Self::new(403, 187, "You are not allowed to create a Tweet with duplicate content.")
    }

    pub(crate) fn key_conflict() -> Self {
        Self::new(409, "idempotency_key_reused", "The idempotency key was used with other content.")
    }

    pub(crate) fn unknown_media(platform: Platform, media_id: &str) -> Self {
        let message = format!("The validation of media ids failed: `{media_id}` is not known.");
        match platform {
            Platform::Twitter => Self::new(400, 324, message),
            Platform::Instagram => Self::new(400, 9_007, message),
            Platform::LinkedIn => Self::new(400, "INVALID_MEDIA", message),
        }
    }

    pub(crate) fn media_too_large(limit: usize) -> Self {
        Self::new(413, "media_too_large", format!("The media is larger than {limit} bytes."))
    }

    pub(crate) fn checksum_mismatch(actual: &str) -> Self {
        Self::new(400, "checksum_mismatch", format!("The sha256 of the media that arrived is {actual}."))
    }

    pub(crate) fn not_found(platform: Platform) -> Self {
        match platform {
            Platform::Twitter => Self::new(404, 144, "No status found with that ID."),
            Platform::Instagram => {
                Self::new(404, 100, "Unsupported get request. Object with this ID does not exist.")
            }
            Platform::LinkedIn => {
                Self::new(404, "RESOURCE_NOT_FOUND", "Could not find entity with that urn.")
            }
        }
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
