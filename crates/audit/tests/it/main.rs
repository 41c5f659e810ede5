//! Integration tests, one binary.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may fail loudly, in their helpers too"
)]

mod canonical;
mod erasure;
mod evidence;
mod memory;
mod oracle;
mod published;
mod published_merkle;
mod published_notes;
mod tamper;
