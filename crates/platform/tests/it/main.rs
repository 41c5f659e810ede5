//! Cases that others published, through the public interface. The files are no part of the repository: where they are
//! missing a test says so and ends.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests may fail loudly and say that they were skipped"
)]

mod media;
mod text;

use std::path::PathBuf;

/// A file of published cases; `None`, said aloud, where it is missing.
fn published(path: &str) -> Option<String> {
    let folder = std::env::var_os("CHIMERA_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let file = folder.join(path);
    if !file.exists() {
        println!("skipped: published cases not found at {}", file.display());
        return None;
    }
    Some(std::fs::read_to_string(file).unwrap())
}
