#![doc = include_str!("../README.md")]

mod answer;
mod attempt;
mod backoff;
mod clock;
mod command;
mod group;
mod keeper;
mod last_words;
mod listing;
mod pipes;
mod run;
#[cfg(test)]
mod scripted;
mod server;
mod start;
mod state;
mod ticket;

pub use clock::TokioClock;
pub use command::ServerCommand;
pub use server::StdioServer;
