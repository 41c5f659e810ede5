//! Drives a future without a runtime, and not for ever.

use chimera_harness::within_seconds;

/// How long all that a test runs at once may take, in seconds.
const SECONDS: u32 = 300;

/// Drives a future on this thread until it is done, for at most 300 seconds of real time.
///
/// # Panics
/// Past that; see [`within`](chimera_harness::within).
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    futures_executor::block_on(within_seconds(SECONDS, "what this test runs", future))
}
