//! The record as examples and tests read it: what became public, and what was asked for.

use std::{collections::BTreeSet, path::Path};

use crate::{
    act::Act,
    call::Call,
    engagement::{Engagement, EngagementKind},
    error::SandboxError,
    journal,
    post::Post,
    state::State,
};

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

    /// All comments and replies, oldest first.
    #[must_use]
    pub fn comments(&self) -> Vec<Engagement> {
        self.public(EngagementKind::is_comment)
    }

    /// All likes, oldest first; one for an account and what it likes, however often it was asked for.
    #[must_use]
    pub fn likes(&self) -> Vec<Engagement> {
        self.public(|kind| kind == EngagementKind::Like)
    }

    /// All follows, oldest first; one for an account and whom it follows, however often it was asked for.
    #[must_use]
    pub fn follows(&self) -> Vec<Engagement> {
        self.public(|kind| kind == EngagementKind::Follow)
    }

    /// All shares, oldest first.
    #[must_use]
    pub fn shares(&self) -> Vec<Engagement> {
        self.public(|kind| kind == EngagementKind::Share)
    }

    /// How many things are public beyond the posts: comments, likes, follows, shares.
    #[must_use]
    pub fn engagements(&self) -> usize {
        self.state.engagements.iter().filter(|engagement| !engagement.again).count()
    }

    /// All calls of tools that write, in the order they were handled. A call that was still on its way
    /// ([`latency_ms`](crate::SandboxConfig::latency_ms)) when its server ended is not among them.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.clone()
    }

    /// The acts that should not have been, posts before engagements: all beyond the first of the same kind with the
    /// same platform, account, target and text. A like that was repeated is among them, although there is one like.
    /// What a platform answered from a key is not: it was not done again.
    #[must_use]
    pub fn duplicates(&self) -> Vec<Act> {
        let posts = self.state.posts.iter().map(Act::from);
        let acts: Vec<Act> = posts.chain(self.state.engagements.iter().map(Act::from)).collect();
        let mut seen = BTreeSet::new();
        acts.iter().filter(|act| !seen.insert(act.marks())).cloned().collect()
    }

    fn public(&self, wanted: impl Fn(EngagementKind) -> bool) -> Vec<Engagement> {
        let engagements = self.state.engagements.iter();
        engagements.filter(|engagement| !engagement.again && wanted(engagement.kind)).cloned().collect()
    }
}
