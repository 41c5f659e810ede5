//! What the engage skill answers over a platform that does what the test says, and what reviewers make of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageOutput};
use chimera::contracts::{CallContext, CallerRole, Clock, ErrorCode, PlatformName};
use chimera::effect::EffectKind;
use chimera::governance::review::Review;
use chimera::governance::{ApprovalStore, Policies, Terms};
use chimera::platform::limits::RateLimit;
use chimera_testkit::{Action, Cut, Fault, MemoryStore, Rules, StrictPlatform, TestClock};
use chimera_tests::engage_stage::{
    Judges, Score, ToldTargets, cut_engage_host, engage, engage_as, engage_context, engage_host, engagement,
    fund, reviewer, skill,
};
use chrono::TimeDelta;
use futures_util::FutureExt as _;

use super::{Row, Told, memory};

pub(super) const ROWS: &[Row] = &[
    (ErrorCode::ValidationError, || asked(|input| input.target.clear()).boxed_local()),
    (ErrorCode::AuthzFailure, || asked_by_a_planner().boxed_local()),
    (ErrorCode::UnsupportedAction, || asked(|input| input.platform = PlatformName::TikTok).boxed_local()),
    (ErrorCode::InvalidTarget, || asked(|input| input.target.insert(0, 'x')).boxed_local()),
    (ErrorCode::MissingContent, || asked(|input| input.content = None).boxed_local()),
    (ErrorCode::LowConfidence, || scored(Score::Is(0.5)).boxed_local()),
    (ErrorCode::ScorerUnavailable, || scored(Score::Fails).boxed_local()),
    (ErrorCode::PolicyMissing, || asked_without_policy().boxed_local()),
    (ErrorCode::PersonaViolation, || asked(|input| words(input, "Not our problem!")).boxed_local()),
    (ErrorCode::NeverAnswered, || about(ToldTargets::thread("[harassment]")).boxed_local()),
    (ErrorCode::ReviewExpired, || nobody_decides().boxed_local()),
    (ErrorCode::ReviewRejected, || rejected().boxed_local()),
    (ErrorCode::Cancelled, || taken_back().boxed_local()),
    (ErrorCode::RateLimitExceeded, || asked_too_often().boxed_local()),
    (ErrorCode::ContentTooLong, || asked(|input| words(input, &"x".repeat(600))).boxed_local()),
    (ErrorCode::ContentUnsafe, || asked(|input| words(input, "a\u{200b}b\u{202e}")).boxed_local()),
    (ErrorCode::ApprovalExpired, || approved_and_lapsed().boxed_local()),
    (ErrorCode::ApprovalRevoked, || approved_and_revoked().boxed_local()),
    (ErrorCode::IdempotencyConflict, || asked_for_two_things_under_one_key().boxed_local()),
    (ErrorCode::BudgetExceeded, || asked_without_funds().boxed_local()),
    (ErrorCode::PlatformTransientError, || about(ToldTargets::dark()).boxed_local()),
    (ErrorCode::PlatformAuthInvalid, || refused(ErrorCode::PlatformAuthInvalid).boxed_local()),
    (ErrorCode::ContentPolicyViolation, || refused(ErrorCode::ContentPolicyViolation).boxed_local()),
    (ErrorCode::Timeout, || lost_and_looked_up().boxed_local()),
    (ErrorCode::OutcomeUnknown, || lost().boxed_local()),
    (ErrorCode::StorageUnavailable, || asked_of_a_store_that_fails().boxed_local()),
];
