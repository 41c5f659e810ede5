//! A bound on a loop that ends when something has changed.

use std::panic::Location;

/// Numbers from 0, with an end that fails; made by [`tries`].
#[derive(Debug)]
pub struct Tries {
    what: &'static str,
    place: &'static Location<'static>,
    limit: usize,
    next: usize,
}

/// Counts from 0, and panics when the loop asks for more than `limit` numbers: what it waited for did not come.
///
/// `what` completes the sentence *gave up after 40 tries: …*.
#[must_use]
#[track_caller]
pub const fn tries(limit: usize, what: &'static str) -> Tries {
    Tries { what, place: Location::caller(), limit, next: 0 }
}

impl Iterator for Tries {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let number = self.next;
        assert!(number < self.limit, "gave up after {} tries: {}, at {}", self.limit, self.what, self.place);
        self.next += 1;
        Some(number)
    }
}
