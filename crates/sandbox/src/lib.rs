#![doc = include_str!("../README.md")]

mod act;
mod call;
mod config;
mod decide;
mod engagement;
mod entry;
mod error;
mod fault;
mod journal;
mod keys;
mod platform;
mod post;
mod record;
mod refusal;
mod request;
mod server;
mod state;
mod tools;
mod transport;
mod world;

pub use act::{Act, ActKind};
pub use call::{Call, Outcome};
pub use config::SandboxConfig;
pub use engagement::{Engagement, EngagementKind, TargetKind};
pub use error::SandboxError;
pub use fault::{Fault, FaultRule};
pub use keys::Keys;
pub use platform::Platform;
pub use post::Post;
pub use record::Record;
pub use server::{DEATH_CODE, serve_stdio};
pub use tools::ToolName;
pub use world::{Thing, World};
