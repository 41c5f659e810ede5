#![doc = include_str!("../README.md")]

mod builder;
mod outcomes;
mod registry;
mod worker;

pub use builder::{BuildError, Builder, Chimera, Engaging, Proposing, Store, StorePorts};
pub use outcomes::{Outcomes, UnknownEffect};
pub use registry::Registry;
pub use worker::{Worker, WorkerOptions};

pub use chimera_audit as audit;
pub use chimera_contracts as contracts;
pub use chimera_effect as effect;
pub use chimera_governance as governance;
#[cfg(feature = "mcp")]
pub use chimera_mcp as mcp;
pub use chimera_platform as platform;
pub use chimera_skill_engage as skill_engage;
pub use chimera_skill_propose as skill_propose;
pub use chimera_skill_publish as skill_publish;
#[cfg(feature = "sqlite")]
pub use chimera_store_sqlite as store_sqlite;

/// The host program of the project's README, so that it compiles.
#[cfg(all(doctest, feature = "mcp", feature = "sqlite"))]
#[doc = include_str!("../../../README.md")]
struct ProjectReadme;
