#![doc = include_str!("../README.md")]

mod tool;

pub use tool::{Called, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo};
