//! Servers over HTTP: honest ones, and such as public reports tell of.

mod answers;
mod lives;
mod sends;
mod server;
mod sessions;
