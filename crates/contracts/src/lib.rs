#![doc = include_str!("../README.md")]

pub mod canonical;
mod clock;
mod confidence;
mod context;
mod digest;
pub mod engage;
mod entropy;
mod error;
mod fault;
mod host;
mod id;
mod json;
mod money;
pub mod parse;
mod platform;
pub mod propose;
pub mod publish;
pub mod schema;
mod skill;
mod store;

pub use clock::Clock;
pub use confidence::{Confidence, ConfidenceError};
pub use context::{CallContext, CallerRole};
pub use digest::{Digest, ParseDigestError};
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use error::{ErrorCode, Known, SkillName, errors_markdown};
pub use fault::{Fault, Faults};
pub use host::{ContextFault, HostError};
pub use id::{
    AgentId, CampaignId, CorrelationId, DecisionId, EffectId, ErrorId, EventId, InstanceId, Namespace,
    ParseNamespaceError, RequestId, ReviewId, TaskId, derive_uuid, fresh_uuid,
};
pub use json::{Json, JsonError};
pub use money::{Currency, Money, ParseCurrencyError};
pub use platform::{ParsePlatformError, PlatformName};
pub use skill::{DynSkill, JsonAnswer, RetryAfter, Skill, SkillDescriptor, SkillOutput};
pub use store::{Applied, StoreError, StoreErrorKind};
