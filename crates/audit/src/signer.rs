//! The port that signs heads.
//!
//! Signing stands outside the ledger's commit: a key in another house (a KMS) may be slow or away, and evidence must not
//! wait for it. What keeps the log honest is the signer's memory: it signs no head that does not extend the last one,
//! so a ledger that was rewound or forked gets no second checkpoint.

use std::error::Error;
use std::fmt::{self, Debug};

use async_trait::async_trait;
use chimera_contracts::Digest;

use crate::checkpoint::SignedCheckpoint;
use crate::ledger::Head;
use crate::merkle::{empty_root, verify_consistency};

/// Signs the heads of one log.
///
/// # Contract
/// - **No fork.** `sign` refuses a head that is not shown to extend the last one signed: smaller, of the same size with
///   another root, or larger without a valid consistency proof (see [`check_extends`]). Calls from many tasks and
///   processes with one key are as if one after the other.
/// - **Memory.** The head is durable, outside the database that it is about, *before* the signature is answered. A
///   signer that lost its memory refuses to sign instead of beginning anew.
/// - **Repeatable.** The head last signed gives the same note again, so that a lost answer is asked for again.
/// - **Cancellation.** Dropping the future withdraws nothing: the head may count as signed.
/// - The note verifies strictly under `verifier_key`, and its origin is that key's name. It has no lines after the root and
///   one signature, this key's: the verifier takes no other note at the end of an export.
#[async_trait]
pub trait CheckpointSigner: Debug + Send + Sync + 'static {
    /// The key that checks the notes, as text: `name+hash+base64` (C2SP `signed-note`).
    fn verifier_key(&self) -> &str;

    /// The last head signed.
    ///
    /// # Errors
    /// When the memory cannot be read.
    async fn last(&self) -> Result<Option<Head>, SignerError>;

    /// Signs a head. `consistency` proves that it extends [`last`](CheckpointSigner::last); empty where there is none,
    /// or where that is of size 0.
    ///
    /// # Errors
    /// When the head does not extend the last one, or key or memory cannot be used.
    async fn sign(&self, head: Head, consistency: &[Digest]) -> Result<SignedCheckpoint, SignerError>;
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignerErrorKind {
    /// The head offered is not shown to extend the last one signed; nothing was signed.
    NotAnExtension {
        /// The last head signed; of size 0 where there is none.
        signed: Head,
        /// The head offered.
        offered: Head,
    },
    /// The key is missing, damaged or another log's.
    Key,
    /// The memory of the last head is missing or damaged.
    Memory,
    /// Files could not be read or written, or the signer could not be reached. The head may count as signed; asking
    /// again is safe.
    Unavailable,
}

/// A signer's failure.
#[derive(Debug)]
pub struct SignerError {
    // Boxed: it holds two heads, and every `Result` of a signer would carry their space.
    kind: Box<SignerErrorKind>,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SignerError {
    /// An error of a kind, with what happened in words.
    #[must_use]
    pub fn new(kind: SignerErrorKind, message: impl Into<String>) -> Self {
        Self { kind: Box::new(kind), message: message.into(), source: None }
    }

    /// The error with its cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> SignerErrorKind {
        *self.kind
    }
}

impl fmt::Display for SignerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = match *self.kind {
            SignerErrorKind::NotAnExtension { .. } => {
                "the log was rewound, restored or rewritten: compare it with the last checkpoint before acting"
            }
            SignerErrorKind::Key | SignerErrorKind::Memory => {
                "restore it, or begin a new log under another origin"
            }
            SignerErrorKind::Unavailable => "try again",
        };
        write!(f, "{}; {next}", self.message)
    }
}

impl Error for SignerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// The rule that every signer keeps: whether `offered` may follow `signed`.
///
/// # Errors
/// [`SignerErrorKind::NotAnExtension`] when it may not.
pub fn check_extends(signed: Option<Head>, offered: Head, consistency: &[Digest]) -> Result<(), SignerError> {
    let signed = signed.unwrap_or_else(Head::empty);
    let refused = |why: &str| {
        let kind = SignerErrorKind::NotAnExtension { signed, offered };
        Err(SignerError::new(kind, format!("the head of {offered} does not follow that of {signed}: {why}")))
    };
    match (signed.size, offered.size) {
        (_, 0) if offered.root != empty_root() => refused("a log without entries has another root"),
        (last, now) if now < last => refused("it is smaller"),
        // Every log extends the empty one.
        (0, _) => Ok(()),
        (last, now) => verify_consistency(last, now, consistency, &signed.root, &offered.root)
            .or_else(|refuted| refused(&refuted.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_extends_is_signed() {
        let head = |size, root: &[u8]| Head { size, root: Digest::of(root) };
        for (signed, offered, expected) in [
            (None, Head::empty(), true),
            (None, head(5, b"a"), true),
            (Some(Head::empty()), head(5, b"a"), true),
            (None, head(0, b"a"), false),
            (Some(head(5, b"a")), head(5, b"a"), true),
            (Some(head(5, b"a")), head(5, b"b"), false),
            (Some(head(5, b"a")), head(4, b"a"), false),
            (Some(head(5, b"a")), Head::empty(), false),
            (Some(head(5, b"a")), head(6, b"c"), false),
        ] {
            assert_eq!(check_extends(signed, offered, &[]).is_ok(), expected, "{signed:?} -> {offered:?}");
        }
    }
}
