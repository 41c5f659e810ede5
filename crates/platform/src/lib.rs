#![doc = include_str!("../README.md")]

mod accounts;
mod border;
mod check;
mod classify;
pub mod doctor;
mod extract;
mod find;
pub mod limits;
pub mod media;
mod near;
mod normalise;
#[cfg(test)]
mod peers;
mod profile;
mod select;
mod signs;
mod targets;
pub mod text;
mod tool;
mod tool_platform;
mod wire;

pub use accounts::Accounts;
pub use profile::{Deletion, PlatformProfile, Profile, ProfileError};
pub use targets::{CachedTargets, TargetFault, TargetFinding, TargetKind, TargetQuery, TargetView, Targets};
pub use tool::{Called, LateAnswer, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo};
pub use tool_platform::{Binding, ToolPlatform};
pub use wire::META_PREFIX;
