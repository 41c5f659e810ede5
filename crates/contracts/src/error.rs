//! One table of error codes (ERR-01); the three error shapes of the contracts are views of it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known about the outside world when an error is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// Nothing happened in public.
    NothingHappened,
    /// It may have happened.
    MayHaveHappened,
    /// It happened.
    Happened,
}

impl Known {
    /// In words, for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingHappened => "nothing happened",
            Self::MayHaveHappened => "it may have happened",
            Self::Happened => "it happened",
        }
    }
}

/// One of the three skills; scopes idempotency keys and names events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkillName {
    /// `skill_engagement_manager`
    Propose,
    /// `skill_engagement_manage`
    Engage,
    /// `skill_publish_content`
    Publish,
}

impl SkillName {
    /// The skill in a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Propose => "propose",
            Self::Engage => "engage",
            Self::Publish => "publish",
        }
    }

    /// Every skill, in the order of the seeds.
    pub const ALL: &'static [Self] = &[Self::Propose, Self::Engage, Self::Publish];

    /// The contract id on the wire.
    #[must_use]
    pub const fn contract_id(self) -> &'static str {
        match self {
            Self::Propose => crate::propose::CONTRACT_ID,
            Self::Engage => crate::engage::CONTRACT_ID,
            Self::Publish => crate::publish::CONTRACT_ID,
        }
    }

    /// The version of the contract.
    #[must_use]
    pub const fn contract_version(self) -> &'static str {
        match self {
            Self::Propose => crate::propose::CONTRACT_VERSION,
            Self::Engage => crate::engage::CONTRACT_VERSION,
            Self::Publish => crate::publish::CONTRACT_VERSION,
        }
    }
}

macro_rules! codes {
    ($($name:ident $text:literal [$($skill:ident),+] $retryable:literal $known:ident $next:literal;)*) => {
        /// An error code, as it stands on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(
                #[doc = concat!("`", $text, "`: ", $next)]
                #[serde(rename = $text)]
                $name,
            )*
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as it stands on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whether asking again with the same key may succeed without anything being changed first.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)* }
            }

            /// What is known about the outside world.
            #[must_use]
            pub const fn known(self) -> Known {
                match self { $(Self::$name => Known::$known,)* }
            }

            /// What to do next.
            #[must_use]
            pub const fn next_step(self) -> &'static str {
                match self { $(Self::$name => $next,)* }
            }

            /// Which skills report it.
            #[must_use]
            pub const fn skills(self) -> &'static [SkillName] {
                match self { $(Self::$name => &[$(SkillName::$skill),+],)* }
            }
        }
    };
}

codes! {
    ValidationError "VALIDATION_ERROR" [Propose, Engage, Publish] false NothingHappened "mend every field that is named, then ask again";
    AuthzFailure "AUTHZ_FAILURE" [Propose, Engage, Publish] false NothingHappened "let a principal with the required role ask";
    ProposalGenerationError "PROPOSAL_GENERATION_ERROR" [Propose] false NothingHappened "read `details.reason`; the strategy could not propose";
    UnsupportedAction "UNSUPPORTED_ACTION" [Propose, Engage] false NothingHappened "choose an action that the platform's profile serves";
    InvalidTarget "INVALID_TARGET" [Engage] false NothingHappened "choose a target that exists and can be reached";
    MissingContent "MISSING_CONTENT" [Engage] false NothingHappened "give `content`, or configure a composer";
    LowConfidence "LOW_CONFIDENCE" [Engage] false NothingHappened "do not engage; a reviewer may look at it";
    ScorerUnavailable "SCORER_UNAVAILABLE" [Engage] true NothingHappened "see to the confidence scorer, then ask again";
    PolicyMissing "POLICY_MISSING" [Engage] false NothingHappened "configure a policy for the campaign";
    PersonaViolation "PERSONA_VIOLATION" [Engage] false NothingHappened "mend the text so that it keeps the rule that is named";
    NeverAnswered "NEVER_ANSWERED" [Engage] false NothingHappened "leave it to a human; this kind of message gets no automated answer";
    ReviewExpired "REVIEW_EXPIRED" [Engage] false NothingHappened "ask again if it still matters";
    ReviewRejected "REVIEW_REJECTED" [Engage] false NothingHappened "do not ask again with the same content";
    Cancelled "CANCELLED" [Engage] false NothingHappened "ask again under a new key if it still matters";
    RateLimitExceeded "RATE_LIMIT_EXCEEDED" [Engage] true NothingHappened "ask again after `retry_after` seconds";
    ContentTooLong "CONTENT_TOO_LONG" [Engage, Publish] false NothingHappened "shorten the text; the platform's count and limit are named";
    ContentUnsafe "CONTENT_UNSAFE" [Engage, Publish] false NothingHappened "remove the characters that are named, then have it approved again";
    NoApprovalRecord "NO_APPROVAL_RECORD" [Publish] false NothingHappened "have the bundle approved; do not retry";
    ApprovalUnknown "APPROVAL_UNKNOWN" [Engage, Publish] false NothingHappened "record the decision with the approval authority";
    ApprovalContentMismatch "APPROVAL_CONTENT_MISMATCH" [Engage, Publish] false NothingHappened "have the content as it is now approved";
    ApprovalExpired "APPROVAL_EXPIRED" [Engage, Publish] false NothingHappened "ask for a new approval";
    ApprovalRevoked "APPROVAL_REVOKED" [Engage, Publish] false NothingHappened "ask for a new approval";
    ApprovalOtherArtifact "APPROVAL_OTHER_ARTIFACT" [Engage, Publish] false NothingHappened "name the decision that was made for this artifact";
    ApprovalWrongRole "APPROVAL_WRONG_ROLE" [Engage, Publish] false NothingHappened "let a judge or a reviewer decide";
    ApprovalSelf "APPROVAL_SELF" [Engage, Publish] false NothingHappened "let somebody else than the requester decide";
    ApprovalUsed "APPROVAL_USED" [Engage, Publish] false NothingHappened "ask with the key that used it, or ask for a new approval";
    ApprovalSpecVersion "APPROVAL_SPEC_VERSION" [Propose] false NothingHappened "have it approved under the current spec version";
    ApprovalNotGranted "APPROVAL_NOT_GRANTED" [Engage, Publish] false NothingHappened "the decision was not an approval; do not ask again with the same content";
    IdempotencyConflict "IDEMPOTENCY_CONFLICT" [Engage, Publish] false NothingHappened "use a new key for new content";
    BudgetExceeded "BUDGET_EXCEEDED" [Engage, Publish] false NothingHappened "raise the budget or wait for holds to be settled";
    PlatformNotConfigured "PLATFORM_NOT_CONFIGURED" [Engage, Publish] false NothingHappened "configure a profile and a server that offers its tools";
    PlatformRateLimit "PLATFORM_RATE_LIMIT" [Publish] true NothingHappened "ask again with the same key after the time that is named";
    PlatformTransientError "PLATFORM_TRANSIENT_ERROR" [Engage, Publish] true NothingHappened "ask again with the same key in a few seconds";
    PlatformAuthInvalid "PLATFORM_AUTH_INVALID" [Engage, Publish] false NothingHappened "renew the account's credentials; escalate";
    PlatformUnavailable "PLATFORM_UNAVAILABLE" [Engage, Publish] false NothingHappened "wait for the platform to recover; escalate";
    ContentPolicyViolation "CONTENT_POLICY_VIOLATION" [Engage, Publish] false NothingHappened "let a human look at it; do not retry";
    MediaNotAccessible "MEDIA_NOT_ACCESSIBLE" [Publish] false NothingHappened "mend the media storage, then ask again";
    MediaUploadFailed "MEDIA_UPLOAD_FAILED" [Publish] true NothingHappened "ask again with the same key; only the upload is repeated";
    Timeout "TIMEOUT" [Engage, Publish] true NothingHappened "a look-up found that nothing was posted; ask again with the same key";
    OutcomeUnknown "OUTCOME_UNKNOWN" [Engage, Publish] false MayHaveHappened "ask for the status with the same key; never post it again by other means";
    StorageUnavailable "STORAGE_UNAVAILABLE" [Propose, Engage, Publish] true NothingHappened "see to the store (space, permissions), then ask again with the same key";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The table of all codes as Markdown; stored as `specs/errors.md` and compared with it.
#[must_use]
pub fn errors_markdown() -> String {
    let mut page = String::from(
        "# Errors\n\n\
        Generated from the one table in `chimera-contracts` (ERR-01); do not edit by hand.\n\n\
        *Retryable* says whether asking again with the same key may succeed without anything being changed first. An answer\n\
        says no where it knows better: a store that is read-only, closed, corrupt, of a newer schema or misused does not come\n\
        back by itself.\n\
        *What is known* is about the outside world at the time of the answer.\n\n\
        | code | skill | retryable | what is known | next step |\n\
        | --- | --- | --- | --- | --- |\n",
    );
    for code in ErrorCode::ALL {
        let skills: Vec<_> = code.skills().iter().map(|skill| skill.as_str()).collect();
        let retryable = if code.retryable() { "yes" } else { "no" };
        let cells =
            [&format!("`{code}`"), &*skills.join(", "), retryable, code.known().as_str(), code.next_step()];
        page.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    page.push_str(OF_THE_HOST);
    page
}

/// Which mistakes have no code, and which codes a host can bring about all the same.
const OF_THE_HOST: &str = "
## Mistakes of the host

A code is for the caller: a model, or the program that sent the input. What only the host can mend, and what is known before
anything is read or written, is a `HostError` of the Rust call (`Skill::call`, `DynSkill::call_json`, `Registry::call_json`). It
is no JSON, nothing happened, and nothing is recorded.

| what the host did | what it gets |
| --- | --- |
| it built a Chimera without a store, a platform, a media probe or a clock | `BuildError::Missing`, from `Builder::build` |
| it named a skill that it did not configure | `HostError::NoSuchSkill` |
| it called without an actor; it called engage without an agent or a campaign, or with a control character in the key | `HostError::Context`, with every fault |
| it called a skill of its own whose answer has no JSON form | `HostError::Unwritable`; the skill has run, and the key tells what became of it |

These codes stay in the answer although a host may have to act:

| code | why it is an answer |
| --- | --- |
| `AUTHZ_FAILURE` | the role is the caller's, and the ledger keeps who tried |
| `PLATFORM_NOT_CONFIGURED`, `UNSUPPORTED_ACTION`, `MISSING_CONTENT` | the input chose the platform, the agent, the action or no text: another input passes |
| `POLICY_MISSING`, `SCORER_UNAVAILABLE`, `PROPOSAL_GENERATION_ERROR` | without a policy, a score or a plan the decision is *no*; the refusal is evidence, and a known key is answered all the same |
| `STORAGE_UNAVAILABLE`, `OUTCOME_UNKNOWN` | a store can fail after a step; the answer says what is known then, and whether the key may be asked again |
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_did_not_happen_is_retryable() {
        for code in ErrorCode::ALL {
            assert!(!code.retryable() || code.known() == Known::NothingHappened, "{code}");
        }
    }

    #[test]
    fn one_spelling_of_a_code() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
