//! Chance as a port, so that every test repeats.

use std::fmt::Debug;

/// Randomness could not be had; nothing was done with half of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed: {0}")]
pub struct EntropyError(pub String);

/// A source of unpredictable bytes.
///
/// # Contract
/// - `fill` fills the whole buffer or fails; a failed call's buffer is not used.
/// - Outside tests the bytes are fit for salts and keys (a CSPRNG).
/// - Safe to call from many threads at once; never blocks for long.
pub trait Entropy: Debug + Send + Sync + 'static {
    /// Fills `buffer`.
    ///
    /// # Errors
    /// When the source fails.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(buffer).map_err(|error| EntropyError(error.to_string()))
    }
}
