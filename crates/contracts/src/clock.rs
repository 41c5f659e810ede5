//! Time as a port: core crates know no runtime, and a test clock drives them.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// Wall-clock time, and waiting for it.
///
/// # Contract
/// - `now` may be behind an earlier `now` (clocks are set back); nobody relies on it rising.
/// - `sleep_until` returns once `now() >= deadline`; at once when that is so already.
/// - Dropping the future of `sleep_until` cancels the wait and has no other effect.
#[async_trait]
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time now, in UTC.
    fn now(&self) -> DateTime<Utc>;

    /// Waits until `deadline`.
    async fn sleep_until(&self, deadline: DateTime<Utc>);
}
