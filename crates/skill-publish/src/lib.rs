#![doc = include_str!("../README.md")]

mod answer;
mod approve;
mod input;
mod plan;
mod preview;
mod probe;
mod publish;
mod refuse;
mod skill;

pub use preview::Preview;
pub use skill::{PublishOptions, PublishPorts, PublishSkill};
