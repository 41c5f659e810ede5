//! Erasing an attachment, and the event that tells of it.
//!
//! INVARIANT: an attachment is erased by an event of the log or not at all. Someone who holds the database file can still
//! remove bytes; without the event the [verifier](crate::verify) names each entry that misses its attachment.

use std::fmt::Debug;

use async_trait::async_trait;
use chimera_contracts::{Digest, EventId, Namespace, derive_uuid};

use crate::draft::{Draft, EventType};
use crate::ledger_error::LedgerError;
use crate::statement::{Integer, Statement, Token};

/// The type of the event that tells of an erasure.
const ATTACHMENT_ERASED: &str = "audit.attachment_erased";

/// Domain of the ids of such events.
const EVENT_DOMAIN: &str = "chimera/attachment-erased/v1";

/// How the member `type` of such an event's leaf is written; leaves have no escapes. Most leaves are told apart by it alone.
const TYPE_MEMBER: &str = r#""type":"audit.attachment_erased""#;

impl EventType {
    /// `audit.attachment_erased`: an attachment was erased. [`Draft::attachment_erased`] makes the event.
    #[must_use]
    pub fn attachment_erased() -> Self {
        Self::of(ATTACHMENT_ERASED)
    }
}

impl Draft {
    /// The event that tells of the erasure of an attachment; an [`AttachmentEraser`] appends it in the step that erases.
    ///
    /// `index` and `event` are the place and the id of the entry whose attachment is erased, `namespace` is that entry's.
    /// `by` is the principal in the host's words, of which the event holds the digest (SHA-256 of the UTF-8 bytes);
    /// `reason` is a code of the host's, such as `gdpr.article_17`.
    ///
    /// It is [`about`](Draft::about) what that entry is about, where the eraser says so.
    ///
    /// The id follows from `event` alone, so that an erasure is told once. The same erasure by another principal or for
    /// another reason is a conflict; an eraser answers [`Erasure::Already`] before it comes to one.
    #[must_use]
    pub fn attachment_erased(
        namespace: Namespace,
        index: u64,
        event: EventId,
        by: &str,
        reason: &Token,
    ) -> Self {
        let id = EventId::from_uuid(derive_uuid(EVENT_DOMAIN, &[event.as_uuid().as_bytes()]));
        let statement = Statement::new()
            .integer("index", Integer::saturating(index))
            .id("event_id", *event.as_uuid())
            .digest("principal", Digest::of(by.as_bytes()))
            .token("reason", reason);
        Self::new(id, EventType::attachment_erased(), namespace, statement)
    }
}

/// What an eraser did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// The attachment is erased now.
    Erased {
        /// The place of the event that tells of it.
        event: u64,
    },
    /// It was erased before; nothing was done.
    Already {
        /// The place of the event that told of it then.
        event: u64,
    },
}

/// Where attachments are erased. A store that has a ledger implements it beside [`AuditLedger`](crate::AuditLedger).
///
/// # Contract
/// - **One step.** The bytes and the salt of the attachment are removed and the event
///   ([`Draft::attachment_erased`]) is appended together, or neither is: there is no moment, no crash and no answer between
///   them. Nothing else of the entry changes.
/// - **Removed.** Bytes and salt are gone from the store's files, not only from its answers: they are overwritten or their
///   pages are (SQLite: `secure_delete`, and the write-ahead log is checkpointed and truncated). Backups and exports that
///   were made before are out of reach.
/// - **Read with its event.** Who reads the entry as [`Kept::Erased`](crate::Kept::Erased) finds the event with
///   [`LedgerReader::find`](crate::LedgerReader::find) from then on, and the next head counts it. Who reads a head that counts
///   the event does not read the attachment any more.
/// - **Idempotent.** An entry that was erased before answers [`Erasure::Already`] with the place of the event that told of it,
///   also for another principal and reason; nothing is appended. A caller that lost the answer asks again.
/// - **Refused** ([`LedgerErrorKind::Refused`](crate::LedgerErrorKind::Refused), nothing done): an index at or beyond the end
///   of the log, an entry that never had an attachment, a principal of no visible characters.
/// - **No erasure is told afterwards.** An attachment that is gone without an event is
///   [`LedgerErrorKind::Corrupt`](crate::LedgerErrorKind::Corrupt), and no event is appended: it would hide who removed it.
/// - **Durable.** What is answered survives the loss of power.
/// - **Concurrency.** Two erasures of one entry at one time append one event. Appends go on meanwhile.
/// - **Cancellation.** Dropping the future withdraws nothing: the attachment may or may not be erased.
#[async_trait]
pub trait AttachmentEraser: Debug + Send + Sync + 'static {
    /// Erases the attachment of the entry at `index`, from 0. `by` is the principal in the host's words, whom the host has
    /// authenticated; `reason` is a code of the host's.
    ///
    /// # Errors
    /// See the contract; [`LedgerError::verdict`] says whether the attachment may be erased.
    async fn erase(&self, index: u64, by: &str, reason: &Token) -> Result<Erasure, LedgerError>;
}

/// The index of the entry whose erasure a leaf tells of; `None` for every other leaf.
pub(crate) fn told(leaf: &str) -> Option<u64> {
    if !leaf.contains(TYPE_MEMBER) {
        return None;
    }
    let leaf: serde_json::Value = serde_json::from_str(leaf).ok()?;
    let is_told = leaf.get("type")?.as_str()? == ATTACHMENT_ERASED;
    leaf.get("statement")?.get("index")?.as_u64().filter(|_| is_told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use uuid::Uuid;

    fn draft(event: u128, by: &str, reason: &str) -> Draft {
        let event = EventId::from_uuid(Uuid::from_u128(event));
        let reason = Token::parse(reason).unwrap();
        Draft::attachment_erased(Namespace::default(), 7, event, by, &reason)
    }

    #[test]
    fn the_event_tells_of_one_entry() {
        let told_of = draft(1, "dpo@example.com", "gdpr.article_17");
        let leaf = told_of.leaf(DateTime::UNIX_EPOCH, [0; 32]).unwrap();
        let leaf = String::from_utf8(leaf.bytes).unwrap();
        let expected = format!(
            r#""statement":{{"event_id":"{}","index":7,"principal":"{}","reason":"gdpr.article_17"}}"#,
            Uuid::from_u128(1),
            Digest::of(b"dpo@example.com")
        );
        assert!(leaf.contains(&expected), "{leaf}");
        assert!(!leaf.contains("example.com"), "{leaf}");
        assert_eq!(told(&leaf), Some(7));
        assert_eq!(told(&leaf.replace("audit.attachment_erased", "audit.attachment_kept")), None);
    }

    #[test]
    fn the_id_follows_from_the_entry_alone() {
        let first = draft(1, "a", "x");
        assert_eq!(first, draft(1, "a", "x"));
        assert_ne!(first.id, draft(2, "a", "x").id);
        for other in [draft(1, "b", "x"), draft(1, "a", "y")] {
            assert_eq!(first.id, other.id);
            assert_ne!(first.sameness(), other.sameness());
        }
    }

    #[test]
    fn another_event_that_holds_the_words_tells_nothing() {
        let statement = Statement::new().word("type", ATTACHMENT_ERASED).integer("index", 7_u32);
        let id = EventId::from_uuid(Uuid::nil());
        let other = Draft::new(id, EventType::of("x"), Namespace::default(), statement);
        let leaf = other.leaf(DateTime::UNIX_EPOCH, [0; 32]).unwrap();
        assert_eq!(told(str::from_utf8(&leaf.bytes).unwrap()), None);
    }
}
