//! How each platform says no. The words and codes are the platforms' own where they publish them, because callers
//! are to classify what they will meet outside.

use super::Refusal;
use crate::platform::Platform;

impl Refusal {
    pub(crate) fn rate_limit(platform: Platform, retry_after_seconds: u64) -> Self {
        let refusal = match platform {
            Platform::Twitter => Self::new(429, 88, "Rate limit exceeded"),
            Platform::Instagram | Platform::Threads => {
                Self::new(429, 4, "(#4) Application request limit reached")
            }
            Platform::LinkedIn => Self::new(
                429,
                "TOO_MANY_REQUESTS",
                "Resource level throttle limit for calls to this resource is reached.",
            ),
            Platform::TikTok => Self::new(429, "rate_limit_exceeded", "The API rate limit was exceeded."),
            Platform::YouTube => Self::new(
                429,
                "rateLimitExceeded",
                "The request cannot be completed because too many requests were sent.",
            ),
        };
        Self { retry_after_seconds: Some(retry_after_seconds), ..refusal }
    }

    pub(crate) fn server_error(platform: Platform, status: u16) -> Self {
        match platform {
            Platform::Twitter if status == 503 => Self::new(status, 130, "Over capacity"),
            Platform::Twitter => Self::new(status, 131, "Internal error"),
            Platform::Instagram | Platform::Threads => {
                Self::new(status, 2, "An unexpected error has occurred. Please retry your request later.")
            }
            Platform::LinkedIn => {
                Self::new(status, "INTERNAL_SERVER_ERROR", "An unexpected error has occurred.")
            }
            Platform::TikTok => Self::new(status, "internal_error", "An internal error has occurred."),
            Platform::YouTube => Self::new(status, "backendError", "Backend Error"),
        }
    }

    pub(crate) fn auth(platform: Platform) -> Self {
        match platform {
            Platform::Twitter => Self::new(401, 89, "Invalid or expired token."),
            Platform::Instagram | Platform::Threads => {
                Self::new(401, 190, "Error validating access token: Session has expired.")
            }
            Platform::LinkedIn => {
                Self::new(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired")
            }
            Platform::TikTok => Self::new(
                401,
                "access_token_invalid",
                "The access token is invalid or not found in the request.",
            ),
            Platform::YouTube => Self::new(401, "authError", "Invalid Credentials"),
        }
    }

    pub(crate) fn policy(platform: Platform) -> Self {
        match platform {
            Platform::Twitter => {
                Self::new(403, "content_policy_violation", "This Tweet violates the content policy.")
            }
            Platform::Instagram | Platform::Threads => Self::new(
                403,
                368,
                "The action attempted has been deemed abusive or is otherwise disallowed: content policy violation.",
            ),
            Platform::LinkedIn => Self::new(
                403,
                "CONTENT_POLICY_VIOLATION",
                "The content violates the content policy of the professional community.",
            ),
            Platform::TikTok => {
                Self::new(403, "spam_risk_text", "The text violates the community guidelines.")
            }
            Platform::YouTube => {
                Self::new(403, "content_policy_violation", "The video violates the Community Guidelines.")
            }
        }
    }

    /// `what` is the platform's word for the text: a caption, a comment.
    pub(crate) fn too_long(platform: Platform, what: &str, limit: usize) -> Self {
        match platform {
            Platform::Twitter => Self::new(
                400,
                186,
                format!("Tweet needs to be a bit shorter: the limit is {limit} characters."),
            ),
            Platform::Instagram => {
                Self::new(400, 36_004, format!("The {what} was too long: the limit is {limit} characters."))
            }
            Platform::LinkedIn => Self::new(
                422,
                "FIELD_LENGTH_TOO_LONG",
                format!("The commentary was too long: the limit is {limit} characters."),
            ),
            Platform::TikTok => {
                Self::new(400, "invalid_params", format!("The {what} is longer than {limit} characters."))
            }
            Platform::YouTube => Self::new(
                400,
                "invalidDescription",
                format!("The description is longer than {limit} characters."),
            ),
            Platform::Threads => {
                Self::new(400, 100, format!("Param text must be at most {limit} characters long."))
            }
        }
    }

    /// X's words; the other platforms do not refuse doubles here.
    pub(crate) fn duplicate() -> Self {
        Self::new(403, 187, "You are not allowed to create a Tweet with duplicate content.")
    }

    pub(crate) fn unknown_media(platform: Platform, media_id: &str) -> Self {
        let message = format!("The validation of media ids failed: `{media_id}` is not known.");
        match platform {
            Platform::Twitter => Self::new(400, 324, message),
            Platform::Instagram | Platform::Threads => Self::new(400, 9_007, message),
            Platform::LinkedIn => Self::new(400, "INVALID_MEDIA", message),
            Platform::TikTok => Self::new(400, "invalid_params", message),
            Platform::YouTube => Self::new(400, "invalid_media", message),
        }
    }

    /// A post that was looked up.
    pub(crate) fn not_found(platform: Platform) -> Self {
        match platform {
            Platform::Twitter => Self::new(404, 144, "No status found with that ID."),
            Platform::Instagram | Platform::Threads => {
                Self::new(404, 100, "Unsupported get request. Object with this ID does not exist.")
            }
            Platform::LinkedIn => {
                Self::new(404, "RESOURCE_NOT_FOUND", "Could not find entity with that urn.")
            }
            Platform::TikTok => Self::new(404, "resource_not_found", "The video does not exist."),
            Platform::YouTube => {
                Self::new(404, "videoNotFound", "The video that you are trying to retrieve cannot be found.")
            }
        }
    }
}
