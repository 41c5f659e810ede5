//! The secrets that a server was given, also those that it is given later: a bearer token is a new one every hour.
//!
//! The port hands out a reference that lasts as long as the client, so secrets are only added. Bounded, because a
//! provider may make a new token for each request.
#![cfg_attr(
    not(any(test, feature = "http")),
    expect(dead_code, reason = "a process is given its secrets once")
)]

use std::{fmt, sync::OnceLock};

use chimera_audit::Secrets;

/// The most secrets that are learned; and how many of them are known at a time, the older ones being worth nothing.
const MOST: usize = 4_096;
const LATEST: usize = 8;

/// Secrets that grow.
#[derive(Default)]
pub(crate) struct KnownSecrets {
    node: Node,
}

#[derive(Default)]
struct Node {
    /// What the host gave at the beginning, and the latest that were learned.
    all: Secrets,
    fixed: Vec<String>,
    learned: Vec<String>,
    next: OnceLock<Box<Node>>,
}

impl KnownSecrets {
    /// These, and nothing will be learned.
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self { node: Node { all: secrets, ..Node::default() } }
    }

    /// These at the beginning.
    pub(crate) fn growing(fixed: Vec<String>) -> Self {
        Self { node: Node { all: Secrets::new(fixed.clone()), fixed, ..Node::default() } }
    }

    /// All that are known now.
    pub(crate) fn now(&self) -> &Secrets {
        &self.last().0.all
    }

    /// One more.
    pub(crate) fn learn(&self, secret: &str) {
        // A concurrent caller may take the place; then the next one is free.
        loop {
            let (last, count) = self.last();
            if last.learned.iter().any(|known| known == secret) {
                return;
            }
            if count >= MOST {
                tracing::warn!(
                    "too many secrets were given to a server; one more may be shown in what it says"
                );
                return;
            }
            let older = last.learned.len().saturating_sub(LATEST - 1);
            let learned: Vec<_> =
                last.learned.iter().skip(older).cloned().chain([secret.to_owned()]).collect();
            let all = Secrets::new(last.fixed.iter().chain(&learned).cloned());
            let node = Node { all, fixed: last.fixed.clone(), learned, next: OnceLock::new() };
            if last.next.set(Box::new(node)).is_ok() {
                return;
            }
        }
    }

    fn last(&self) -> (&Node, usize) {
        let mut last = (&self.node, 0_usize);
        while let Some(next) = last.0.next.get() {
            last = (next, last.1.saturating_add(1));
        }
        last
    }
}

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.now().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_is_known_and_references_last() {
        let known = KnownSecrets::growing(vec!["swordfish".to_owned()]);
        let first = known.now();
        known.learn("opensesame");
        known.learn("opensesame");
        assert!(known.now().are_in("opensesame") && known.now().are_in("swordfish"));
        assert!(first.are_in("swordfish") && !first.are_in("opensesame"));
        assert_eq!(known.last().1, 1);
        for number in 0..2 * MOST {
            known.learn(&format!("token-{number}"));
        }
        assert_eq!(known.last().1, MOST, "it is bounded");
        assert!(known.now().are_in("swordfish") && !known.now().are_in("opensesame"));
    }

    #[test]
    fn what_was_given_is_known() {
        assert!(KnownSecrets::new(Secrets::new(["swordfish".to_owned()])).now().are_in("swordfish"));
    }
}
