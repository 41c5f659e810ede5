//! Steps whose conditions fail: somebody else was faster, or a backend says so.

mod siblings;
mod stale;
mod unsteady;
