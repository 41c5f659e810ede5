#![doc = include_str!("../README.md")]

mod call;
mod config;
mod decide;
mod entry;
mod error;
mod fault;
mod journal;
mod platform;
mod post;
mod record;
mod refusal;
mod request;
mod server;
mod state;
mod tools;
mod transport;

pub use call::{Call, Outcome};
pub use config::SandboxConfig;
pub use error::SandboxError;
pub use fault::{Fault, FaultRule};
pub use platform::Platform;
pub use post::Post;
pub use record::Record;
pub use server::{DEATH_CODE, serve_stdio};
pub use tools::ToolName;
