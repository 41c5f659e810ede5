//! Tests of the kernel that need no store; those over stores stand in the stores and in the workspace's `tests`.

mod digest;
mod sealed;
