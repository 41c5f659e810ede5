//! `skill_engagement_manage` (seed 001): what it takes and what it answers.
//!
//! What the contract leaves out (agent, campaign, trace, key) comes from the host beside it, typed (ENG-02): see
//! [`CallContext`](crate::CallContext). The confidence is never the caller's to say (ENG-05).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ErrorCode;
use crate::fault::{Fault, Faults};
use crate::parse::{Length, Parser, ParserError};
use crate::platform::PlatformName;
use crate::skill::{RetryAfter, SkillOutput};

/// The contract id on the wire (seed 001, head).
pub const CONTRACT_ID: &str = "skill_engagement_manage";

/// The version of the contract (seed 001, head).
pub const CONTRACT_VERSION: &str = "1.0.0";

/// The platforms that this contract names (ENG-01).
pub const PLATFORMS: &[PlatformName] =
    &[PlatformName::Twitter, PlatformName::Instagram, PlatformName::TikTok, PlatformName::Threads];

// Bounds of an input; a platform takes far less.
const MAX_TARGET: usize = 500;
const MAX_CONTENT: usize = 100_000;
const MAX_PERSONAS: usize = 50;
const MAX_PERSONA: usize = 200;

/// One engagement that is asked for (ENG-01).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngageInput {
    /// What to do.
    pub action: EngageAction,
    /// Where.
    #[schemars(schema_with = "platforms")]
    pub platform: PlatformName,
    /// The platform's id of the post, comment or account. 1 to 500 characters.
    #[schemars(length(min = 1, max = MAX_TARGET))]
    pub target: String,
    /// The text of a reply or comment, or the words that go with a share. Where a composer is configured it may be left
    /// out; else a reply or comment without it is answered with `MISSING_CONTENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_CONTENT))]
    pub content: Option<String>,
    /// The personas whose rules the text keeps, such as `professional` (ENG-09).
    #[serde(default)]
    #[schemars(length(max = MAX_PERSONAS), inner(length(min = 1, max = MAX_PERSONA)))]
    pub persona_constraints: Vec<String>,
}

fn platforms(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<_> = PLATFORMS.iter().map(|platform| platform.as_str()).collect();
    json_schema!({ "type": "string", "enum": names })
}

impl EngageInput {
    /// A parser of this input.
    ///
    /// # Errors
    /// When the schema does not compile.
    pub fn parser() -> Result<Parser, ParserError> {
        Parser::new::<Self>()
    }

    /// Checks what the types cannot hold, for inputs that were built and not parsed: bounds, and the platform.
    ///
    /// An input that [`EngageInput::parser`] returned has passed.
    ///
    /// # Errors
    /// With all faults.
    pub fn check(&self) -> Result<(), Faults> {
        let personas = &self.persona_constraints;
        let content = self.content.as_deref().unwrap_or_default();
        let mut faults = vec![
            Length::characters("/target", &self.target).within(1, MAX_TARGET),
            Length::characters("/content", content).within(0, MAX_CONTENT),
            Length::of("/persona_constraints", personas).within(0, MAX_PERSONAS),
        ];
        faults.extend(personas.iter().enumerate().map(|(index, persona)| {
            Length::characters(format_args!("/persona_constraints/{index}"), persona).within(1, MAX_PERSONA)
        }));
        if !PLATFORMS.contains(&self.platform) {
            let names: Vec<_> = PLATFORMS.iter().map(|platform| format!("`{platform}`")).collect();
            let expected = format!("one of {}", names.join(", "));
            faults.push(Some(Fault::new("/platform", expected, format!("\"{}\"", self.platform))));
        }
        Faults::check(faults.into_iter().flatten().collect())
    }
}

/// What to do (seed 001, input contract).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngageAction {
    /// Answer a post or a comment.
    Reply,
    /// Like a post or a comment.
    Like,
    /// Follow an account.
    Follow,
    /// Comment on a post.
    Comment,
    /// Share a post, with words of one's own where the platform takes them.
    Share,
}

impl EngageAction {
    /// Every action, in the order of the seed.
    pub const ALL: &'static [Self] = &[Self::Reply, Self::Like, Self::Follow, Self::Comment, Self::Share];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Like => "like",
            Self::Follow => "follow",
            Self::Comment => "comment",
            Self::Share => "share",
        }
    }

    /// Whether it cannot be done without a text (ENG-01).
    #[must_use]
    pub const fn needs_content(self) -> bool {
        matches!(self, Self::Reply | Self::Comment)
    }
}

impl std::fmt::Display for EngageAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of an engagement (ENG-03); also the error shape, with `status: "failed"` and `error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EngageOutput {
    /// What became of it.
    pub status: EngageStatus,
    /// The engagement's id, to ask for its status; on success, pending and unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement_id: Option<String>,
    /// The platform's own words, without secrets; or, for `pending`, what is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_response: Option<Map<String, Value>>,
    /// Why it failed, or that its outcome is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<EngageError>,
}

impl EngageOutput {
    /// It failed, and nothing more will happen.
    #[must_use]
    pub const fn failed(error: EngageError) -> Self {
        Self {
            status: EngageStatus::Failed,
            engagement_id: None,
            platform_response: None,
            error: Some(error),
        }
    }

    /// It may have happened; it is neither failed nor sent again blindly (ENG-19).
    #[must_use]
    pub fn unknown(engagement_id: impl Into<String>, error: EngageError) -> Self {
        let response = [("outcome", Value::from("unknown")), ("approval_required", Value::from(false))];
        Self {
            status: EngageStatus::Pending,
            engagement_id: Some(engagement_id.into()),
            platform_response: Some(
                response.map(|(key, value)| (key.to_owned(), value)).into_iter().collect(),
            ),
            error: Some(EngageError { code: ErrorCode::OutcomeUnknown, retryable: false, ..error }),
        }
    }
}

impl SkillOutput for EngageOutput {
    fn is_error(&self) -> bool {
        self.status == EngageStatus::Failed
    }

    fn code(&self) -> Option<ErrorCode> {
        self.error.as_ref().map(|error| error.code)
    }

    fn retryable(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.retryable)
    }

    fn retry_after(&self) -> Option<RetryAfter> {
        let error = self.error.as_ref().filter(|error| error.retryable);
        error.and_then(|error| error.retry_after).map(RetryAfter::Seconds)
    }
}

/// What became of an engagement (seed 001, output contract).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngageStatus {
    /// It happened.
    Success,
    /// A person must decide first, it is under way, or its outcome is not known yet.
    Pending,
    /// It did not happen.
    Failed,
}

impl EngageStatus {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Pending => "pending",
            Self::Failed => "failed",
        }
    }
}

/// Why an engagement failed (ENG-03).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EngageError {
    /// What kind of error.
    pub code: ErrorCode,
    /// The same in words, with the next step.
    pub message: String,
    /// Whether asking again with the same key may succeed and cannot act twice.
    pub retryable: bool,
    /// After how many seconds to ask again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The platform that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformName>,
    /// The target that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// With `VALIDATION_ERROR`: everything that is wrong with the input (additive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<Vec<Fault>>,
}

impl EngageError {
    /// An error of this code, retryable as the code says, with nothing optional.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retryable: code.retryable(),
            retry_after: None,
            platform: None,
            target: None,
            faults: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_inputs_keep_the_bounds_of_the_schema() {
        let mut input = EngageInput {
            action: EngageAction::Reply,
            platform: PlatformName::Threads,
            target: "t".into(),
            content: None,
            persona_constraints: Vec::new(),
        };
        assert_eq!(input.check(), Ok(()));
        input.platform = PlatformName::LinkedIn;
        input.target.clear();
        input.persona_constraints = vec!["p".repeat(201)];
        let parsed =
            EngageInput::parser().unwrap().parse::<EngageInput>(&serde_json::to_vec(&input).unwrap());
        let pointers =
            |faults: Faults| faults.as_slice().iter().map(|f| f.pointer.clone()).collect::<Vec<_>>();
        let expected = ["/persona_constraints/0", "/platform", "/target"];
        assert_eq!(pointers(input.check().unwrap_err()), expected);
        assert_eq!(pointers(parsed.unwrap_err()), expected);
    }

    #[test]
    fn an_answer_says_whether_and_when_to_ask_again() {
        let limited =
            EngageError { retry_after: Some(30), ..EngageError::new(ErrorCode::RateLimitExceeded, "later") };
        let low = EngageError::new(ErrorCode::LowConfidence, "no");
        // What will not be retried has no time, whatever stands beside it.
        let final_one = EngageError { retry_after: Some(30), ..low.clone() };
        let open = EngageError::new(ErrorCode::Timeout, "no answer");
        for (answer, is_error, code, retryable, after) in [
            (EngageOutput::failed(limited), true, "RATE_LIMIT_EXCEEDED", true, Some(RetryAfter::Seconds(30))),
            (EngageOutput::failed(low), true, "LOW_CONFIDENCE", false, None),
            (EngageOutput::failed(final_one), true, "LOW_CONFIDENCE", false, None),
            (EngageOutput::unknown("eng_1", open), false, "OUTCOME_UNKNOWN", false, None),
        ] {
            let told = (answer.is_error(), answer.code().unwrap().as_str(), answer.retryable());
            assert_eq!((told, answer.retry_after()), ((is_error, code, retryable), after));
        }
    }

    #[test]
    fn an_unknown_outcome_is_pending_and_not_retryable() {
        let error = EngageError::new(ErrorCode::Timeout, "no answer");
        let answer = serde_json::to_value(EngageOutput::unknown("eng_1", error)).unwrap();
        let expected = serde_json::json!({
            "status": "pending",
            "engagement_id": "eng_1",
            "platform_response": {"outcome": "unknown", "approval_required": false},
            "error": {"code": "OUTCOME_UNKNOWN", "message": "no answer", "retryable": false},
        });
        assert_eq!(answer, expected);
    }
}
