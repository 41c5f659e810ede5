//! The record as examples and tests read it: what became public, and what was asked for.

use std::{collections::BTreeSet, path::Path};

use crate::{call::Call, error::SandboxError, journal, post::Post, state::State};

/// Everything a record said at the moment it was opened. Open it again to see what came later.
#[derive(Debug, Clone)]
pub struct Record {
    state: State,
}

impl Record {
    /// Reads a record, also while servers write to it, and also when the last of them was killed.
    ///
    /// # Errors
    /// [`SandboxError::Io`] when the file cannot be read, and so when it does not exist: a count of nothing in the
    /// wrong place would prove nothing. [`SandboxError::NotARecord`] when it holds something else.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SandboxError> {
        let state = journal::read(path.as_ref())?;
        Ok(Self { state })
    }

    /// All posts, oldest first.
    #[must_use]
    pub fn posts(&self) -> Vec<Post> {
        self.state.posts.clone()
    }

    /// All calls of tools that write, in the order they were handled. A call that was still on its way
    /// ([`latency_ms`](crate::SandboxConfig::latency_ms)) when its server ended is not among them.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.clone()
    }

    /// The posts that should not be there: all beyond the first with the same platform, account and text.
    #[must_use]
    pub fn duplicates(&self) -> Vec<Post> {
        let mut seen = BTreeSet::new();
        self.state
            .posts
            .iter()
            .filter(|post| !seen.insert((post.platform, &post.account, &post.text)))
            .cloned()
            .collect()
    }
}
