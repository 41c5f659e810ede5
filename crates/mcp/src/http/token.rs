//! Bearer tokens, from wherever the host keeps them.

use std::fmt::Debug;

use async_trait::async_trait;

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenError(String);

impl TokenError {
    /// In words for people; shown to them as they are.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Gives the bearer token of a server.
///
/// # Contract
/// - Asked before each request, so it keeps the token as long as it is good.
/// - `refused` is the token that the server answered with 401 last. A request that acts on nothing is sent once more with
///   what is given then; a call is not.
/// - The server may act in another account for another token, so that one begins another session and another life: a call
///   that is about to be sent then is not, nor is one that names the life before. A provider that makes a token for each
///   request gets no session at all.
/// - It may be dropped at any await; it is given up after the endpoint's `start_timeout`.
#[async_trait]
pub trait TokenProvider: Debug + Send + Sync + 'static {
    /// The token, without `Bearer`.
    ///
    /// # Errors
    /// When there is none: nothing is sent.
    async fn token(&self, refused: Option<&str>) -> Result<String, TokenError>;
}
