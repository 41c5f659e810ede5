//! A skill: one contract, called with types or with JSON.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::CallContext;
use crate::error::ErrorCode;
use crate::fault::Faults;
use crate::host::HostError;
use crate::parse::Parser;

/// What a runtime needs to know to offer a skill.
#[derive(Clone, Debug)]
pub struct SkillDescriptor {
    /// The contract id on the wire, such as `skill_publish_content`.
    pub id: &'static str,
    /// One sentence for a person or a model that chooses among skills.
    pub summary: &'static str,
    /// The version of the contract.
    pub version: &'static str,
    /// JSON Schema 2020-12 of the input.
    pub input_schema: serde_json::Value,
    /// JSON Schema 2020-12 of the output, errors included.
    pub output_schema: serde_json::Value,
    /// Reads and checks inputs.
    pub parser: Arc<Parser>,
}

/// An answer of a skill. Success and failure have one type: the answer itself says which it is.
pub trait SkillOutput: Serialize + Send {
    /// Whether it is the contract's error shape: nothing of what was asked for is done or under way.
    fn is_error(&self) -> bool;

    /// The code of the answer: why something failed, is not known, or waits; `None` where nothing is wrong.
    fn code(&self) -> Option<ErrorCode>;

    /// Whether asking again with the same key may succeed and cannot act twice.
    fn retryable(&self) -> bool;

    /// Before when asking again does not help; `None` where it may at any time, and where it is not [`retryable`](Self::retryable).
    fn retry_after(&self) -> Option<RetryAfter>;
}

/// From when on asking again may succeed, as the contract says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// So many seconds after the answer.
    Seconds(u64),
    /// From this time on.
    At(DateTime<Utc>),
}

/// A skill called with types.
///
/// # Contract
/// - Every call that the host makes rightly ends with an answer of the contract's own shape; none is lost, and nothing half-done is hidden.
/// - Dropping the future withdraws nothing that is recorded; asking again with the same key tells what became of it.
/// - Safe to call concurrently, also with the same key.
#[async_trait]
pub trait Skill: Debug + Send + Sync + 'static {
    /// The input of the contract.
    type Input: DeserializeOwned + Send;
    /// The answer of the contract, failures included.
    type Output: SkillOutput;

    /// The skill's contract.
    fn descriptor(&self) -> &SkillDescriptor;

    /// Does what the input asks for, and answers how it ended.
    ///
    /// # Errors
    /// When the host called wrongly: nothing was done, and there is nothing to tell a model.
    async fn call(&self, context: &CallContext, input: Self::Input) -> Result<Self::Output, HostError>;

    /// The contract's answer to an input that could not be read; recorded where the contract asks for it.
    ///
    /// # Errors
    /// As [`Skill::call`].
    async fn refuse(&self, context: &CallContext, faults: Faults) -> Result<Self::Output, HostError>;
}

/// The answer to a JSON call, with what a host decides by, so that it need not read the JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonAnswer {
    /// The output or the error, as the contract shapes it.
    pub json: String,
    /// Whether it is the error shape, as [`SkillOutput::is_error`] says.
    pub is_error: bool,
    /// The code of the answer, as [`SkillOutput::code`] says.
    pub code: Option<ErrorCode>,
    /// Whether asking again with the same key may succeed and cannot act twice.
    pub retryable: bool,
    /// From when on, where it may only later.
    pub retry_after: Option<RetryAfter>,
}

/// A skill called with JSON, for registries and for callers in other languages.
///
/// # Contract
/// As [`Skill`]; an input that is not the contract's gets every fault named in one answer, and nothing is done.
#[async_trait]
pub trait DynSkill: Debug + Send + Sync + 'static {
    /// The skill's contract.
    fn descriptor(&self) -> &SkillDescriptor;

    /// Does what the JSON input asks for.
    ///
    /// # Errors
    /// When the host called wrongly, as [`Skill::call`]; when the answer cannot be written.
    async fn call_json(&self, context: &CallContext, input: &[u8]) -> Result<JsonAnswer, HostError>;
}

#[async_trait]
impl<S: Skill> DynSkill for S {
    fn descriptor(&self) -> &SkillDescriptor {
        Skill::descriptor(self)
    }

    async fn call_json(&self, context: &CallContext, input: &[u8]) -> Result<JsonAnswer, HostError> {
        let descriptor = Skill::descriptor(self);
        let output = match descriptor.parser.parse(input) {
            Ok(input) => self.call(context, input).await?,
            Err(faults) => self.refuse(context, faults).await?,
        };
        json_answer(descriptor.id, &output)
    }
}

fn json_answer<T: SkillOutput>(skill: &'static str, output: &T) -> Result<JsonAnswer, HostError> {
    let json = serde_json::to_string(output)
        .map_err(|error| HostError::Unwritable { skill, reason: error.to_string() })?;
    Ok(JsonAnswer {
        json,
        is_error: output.is_error(),
        code: output.code(),
        retryable: output.retryable(),
        retry_after: output.retry_after(),
    })
}
