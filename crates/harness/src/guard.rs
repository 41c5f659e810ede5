//! A bound on everything that happens while a value lives, for code that blocks its thread or is too much to name.

use std::panic::Location;

use crate::watchdog::{Wait, Watched};

/// How long a guard may live, in seconds: a whole test, with all that it waits for.
const SECONDS: u32 = 300;

/// Ends the process when it lives too long; made by [`guard`].
#[must_use = "it guards until it is dropped"]
#[derive(Debug)]
pub struct Guard {
    _watched: Watched,
}

/// Guards everything until it is dropped, for at most 300 seconds of real time. `what` completes the sentence *waited
/// 300 s for …*.
///
/// Nothing can make a thread unwind that spins or blocks, so past the bound the process says what it waited for and
/// aborts. A field that holds a guard stands last: what is dropped before it is guarded too.
#[track_caller]
pub fn guard(what: impl Into<String>) -> Guard {
    guard_for(SECONDS, what)
}

/// The same with another bound.
#[track_caller]
pub fn guard_for(seconds: u32, what: impl Into<String>) -> Guard {
    let wait = Wait { what: what.into(), place: Location::caller(), seconds };
    Guard { _watched: Watched::begin(wait, None) }
}
