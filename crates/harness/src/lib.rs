#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "test support fails loudly, and says what it skipped"
)]

mod guard;
mod process;
mod published;
mod tries;
mod watchdog;
mod within;

pub use guard::{Guard, guard, guard_for};
pub use process::{TestProcess, finished};
pub use published::{Case, Judged, Kind, Published, has};
pub use tries::{Tries, tries};
pub use within::{Within, within, within_seconds};
