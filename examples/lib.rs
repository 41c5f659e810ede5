//! What the examples share: the ground that their hosts stand on, and how they talk to whoever started them.
//!
//! The examples themselves stand in folders of their own, each with its host in `host.rs`.

pub mod evidence;
pub mod ground;
pub mod media;
pub mod options;
pub mod publish;
pub mod role;
pub mod sandbox;
pub mod screen;
pub mod tools;

/// What ends a program early; the text is for the person who started it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
