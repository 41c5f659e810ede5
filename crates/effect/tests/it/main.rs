//! Tests of the kernel that need no store; those over stores stand in the stores and in the workspace's `tests`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly, their helpers too")]

mod digest;
mod sealed;
