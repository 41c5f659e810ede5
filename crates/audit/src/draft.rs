//! An event as its author hands it in, and the exact bytes that go into the log.
//!
//! A [`Draft`] has no time and no place: the ledger adds both at the first append, so that a replay of the same draft is
//! the same event, told once. What makes two drafts the same is [`Draft::sameness`].

use std::borrow::Cow;
use std::fmt;

use chimera_contracts::canonical::{CanonicalError, to_statement};
use chimera_contracts::{CorrelationId, Digest, EventId, Namespace};
use chrono::{DateTime, Datelike as _, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::merkle;
use crate::redact::redact_bytes;
use crate::statement::{Statement, TokenError, cleaned, is_token, print_time};
use crate::subject::Subject;

/// Domain of [`Draft::sameness`].
const SAMENESS: &str = "chimera.audit.draft.v1";

/// Bytes that most events fit into.
const EVENT: usize = 960;

/// How many lists may lie within each other, so that a reader may bound what it follows.
const MAX_DEPTH: usize = 8;

/// What kind of thing happened, such as `skill.publish_content.start`; a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(Cow<'static, str>);

impl EventType {
    /// An event type written in the program; cleaned as [`Token::word`](crate::Token::word).
    #[must_use]
    pub fn of(text: &'static str) -> Self {
        Self(cleaned(text))
    }

    /// An event type that came from outside: a query, a stored row.
    ///
    /// # Errors
    /// When the text is no token.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if is_token(text) { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(TokenError) }
    }

    /// The event type as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Content, or what a platform said: bytes beside the log, which can be erased.
///
/// The log holds [`Attachment::commitment`] only. Once bytes and salt are gone it tells nothing about them, not even to
/// someone who guesses the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment(Vec<u8>);

impl Attachment {
    /// Takes text or JSON, without what looks like a credential (see [`redact`](crate::redact())).
    #[must_use]
    pub fn redacted(bytes: impl AsRef<[u8]>) -> Self {
        Self(redact_bytes(bytes.as_ref()))
    }

    /// Takes bytes as they are: content of ours that is public anyway, or words that were redacted where they came in. An id
    /// that a pattern takes for a credential stays an id.
    #[must_use]
    pub fn exact(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes to keep.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What the log holds for these bytes: SHA-256 of `salt || bytes`.
    #[must_use]
    pub fn commitment(&self, salt: &[u8; 32]) -> Digest {
        Digest::from_bytes(Sha256::new().chain_update(salt).chain_update(&self.0).finalize().into())
    }
}

impl fmt::Debug for Attachment {
    // The bytes may be a person's; logs outlive an erasure.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({} bytes)", self.0.len())
    }
}

/// An event to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Derived from what the event tells, so that a replay has the same id.
    pub id: EventId,
    /// What kind of thing happened.
    pub kind: EventType,
    /// The tenant it happened to.
    pub namespace: Namespace,
    /// The trace it belongs to.
    pub correlation: Option<CorrelationId>,
    /// What it is about. Every draft of ours has one; a host's own has one where the host gives it.
    pub subject: Option<Subject>,
    /// What happened.
    pub statement: Statement,
    /// What is kept beside the log.
    pub attachment: Option<Attachment>,
}

/// The exact bytes of one entry of the log: restricted canonical JSON (RFC 8785 without fractions), all ASCII.
///
/// `{"attachment":"<commitment>","correlation":"<uuid>","id":"<uuid>","namespace":"…","statement":{…},"subject":"…",
/// "time":"…","type":"…","v":1}`, without the members that the event does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The bytes that are stored, hashed and exported, never rendered again.
    pub bytes: Vec<u8>,
}

impl Leaf {
    /// The hash of the entry in the tree (RFC 9162 §2.1.1).
    #[must_use]
    pub fn hash(&self) -> Digest {
        merkle::leaf_hash(&self.bytes)
    }
}

/// A draft cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeafError {
    /// The statement's lists lie too deep.
    #[error("the statement of `{0}` has more than {MAX_DEPTH} lists within each other")]
    TooDeep(EventId),
    /// The ledger's clock is not in the years 0 to 9999, which is what RFC 3339 can print.
    #[error("the time `{0}` has no RFC 3339 form")]
    Time(DateTime<Utc>),
    /// The draft has no canonical form, which its types rule out.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<CorrelationId>,
    id: EventId,
    namespace: &'a Namespace,
    statement: &'a Statement,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(rename = "type")]
    kind: &'a str,
    v: u8,
}

impl Told<'_> {
    /// The canonical bytes in the restricted form.
    ///
    /// The members above stand in order and a statement's are kept in order, its words need no escape and its numbers are
    /// small integers: written down as it stands, the document is canonical already, at a tenth of the work. Names beyond
    /// ASCII, which sort differently in UTF-16, go the long way.
    fn bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        let mut bytes = Vec::with_capacity(EVENT);
        match serde_json::to_writer(&mut bytes, self) {
            Ok(()) if bytes.is_ascii() => Ok(bytes),
            _ => to_statement(self),
        }
    }
}

impl Draft {
    /// A draft without correlation, subject and attachment.
    #[must_use]
    pub const fn new(id: EventId, kind: EventType, namespace: Namespace, statement: Statement) -> Self {
        Self { id, kind, namespace, correlation: None, subject: None, statement, attachment: None }
    }

    /// The draft as one that is about something.
    #[must_use]
    pub const fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The draft as part of a trace.
    #[must_use]
    pub const fn with_correlation(mut self, correlation: Option<CorrelationId>) -> Self {
        self.correlation = correlation;
        self
    }

    /// The draft with something to keep beside the log.
    #[must_use]
    pub fn with_attachment(mut self, attachment: Attachment) -> Self {
        self.attachment = Some(attachment);
        self
    }

    /// What makes two drafts with one id the same event: id, type, namespace, correlation and statement.
    ///
    /// Not the time and not the attachment: both are fixed by the first append, and a replay may have seen others. Not the
    /// subject either: it follows from the rest, and a replay of what an earlier version appended has one that the entry lacks.
    #[must_use]
    pub fn sameness(&self) -> Digest {
        // The types leave no statement without canonical form. Were there one, it would have no leaf either, so that
        // this digest of the reason would never be compared with anything.
        let told = Told { subject: None, ..self.told(None, None) };
        let bytes = told.bytes().unwrap_or_else(|error| error.to_string().into_bytes());
        Digest::tagged(SAMENESS, &bytes)
    }

    /// The entry of the log for this draft, at the time that the ledger gives. `salt` is 32 fresh random bytes, kept
    /// beside the attachment; without an attachment it is not used.
    ///
    /// # Errors
    /// When the statement has more than eight lists within each other or the time is beyond the year 9999.
    pub fn leaf(&self, at: DateTime<Utc>, salt: [u8; 32]) -> Result<Leaf, LeafError> {
        if self.statement.depth() > MAX_DEPTH {
            return Err(LeafError::TooDeep(self.id));
        }
        if !(0..=9999).contains(&at.year()) {
            return Err(LeafError::Time(at));
        }
        let commitment = self.attachment.as_ref().map(|attachment| attachment.commitment(&salt));
        let bytes = self.told(Some(print_time(at)), commitment).bytes()?;
        Ok(Leaf { bytes })
    }

    /// The draft with the bytes of its entry, apart from the time: what a store's writer need not compute. `salt` as for
    /// [`leaf`](Self::leaf).
    ///
    /// # Errors
    /// When the statement has more than eight lists within each other.
    pub fn seal(self, salt: [u8; 32]) -> Result<SealedDraft, LeafError> {
        let bytes = self.leaf(DateTime::UNIX_EPOCH, salt)?.bytes;
        // The members after the time are the type, which is a token, and the version.
        let rest = r#"","type":"","v":1}"#.len().saturating_add(self.kind.as_str().len());
        let slot = bytes.len().saturating_sub(rest).saturating_sub(TIME);
        Ok(SealedDraft { draft: self, salt, bytes, slot })
    }

    fn told(&self, time: Option<String>, attachment: Option<Digest>) -> Told<'_> {
        let Self { id, kind, namespace, correlation, subject, statement, .. } = self;
        Told {
            attachment,
            correlation: *correlation,
            id: *id,
            namespace,
            statement,
            subject: *subject,
            time,
            kind: kind.as_str(),
            v: 1,
        }
    }
}

/// How many bytes a time takes in an entry: `1970-01-01T00:00:00.000000Z`.
const TIME: usize = 27;

/// A draft whose entry is written down but for the time, which the ledger gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedDraft {
    draft: Draft,
    salt: [u8; 32],
    bytes: Vec<u8>,
    /// Where the time stands in `bytes`.
    slot: usize,
}

impl SealedDraft {
    /// The draft.
    #[must_use]
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The salt of the attachment's commitment.
    #[must_use]
    pub const fn salt(&self) -> &[u8; 32] {
        &self.salt
    }

    /// The entry of the log at the time that the ledger gives; the same bytes as [`Draft::leaf`].
    ///
    /// # Errors
    /// When the time is not in the years 0 to 9999.
    pub fn leaf(&self, at: DateTime<Utc>) -> Result<Leaf, LeafError> {
        if !(0..=9999).contains(&at.year()) {
            return Err(LeafError::Time(at));
        }
        let time = print_time(at);
        let mut bytes = self.bytes.clone();
        let end = self.slot.saturating_add(TIME);
        match bytes.get_mut(self.slot..end).filter(|slot| slot.len() == time.len()) {
            Some(slot) => slot.copy_from_slice(time.as_bytes()),
            None => return self.draft.leaf(at, self.salt),
        }
        Ok(Leaf { bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_written_down_is_canonical(
            words in proptest::collection::vec(("[A-Za-z0-9_.:/+-]{1,20}", 0_u32.., 0_usize..8), 0..8),
            correlated in proptest::bool::ANY,
            about in proptest::bool::ANY,
        ) {
            let _guard = chimera_harness::guard("one case");
            const NAMES: [&str; 8] = ["b", "a", "B", "a_b", "a-b", "aa", "z", "\u{e9}"];
            let mut draft = draft().with_correlation(correlated.then(|| CorrelationId::from_uuid(Uuid::nil())));
            draft.subject = about.then_some(Subject::Request(RequestId::from_uuid(Uuid::max())));
            for (word, number, name) in words {
                let token = crate::statement::Token::parse(&word).unwrap();
                let list = vec![Atom::Token(token), Atom::Integer(number.into()), Atom::Digest(Digest::of(b"x"))];
                draft.statement = draft.statement.list(NAMES[name], list);
            }
            let told = draft.told(Some(print_time(DateTime::UNIX_EPOCH)), Some(Digest::of(b"y")));
            proptest::prop_assert_eq!(told.bytes().unwrap(), to_statement(&told).unwrap());
            let draft = draft.with_attachment(Attachment::redacted("x"));
            let sealed = draft.clone().seal([7; 32]).unwrap();
            for micros in [0, 1, 1_790_000_000_123_456, 253_402_300_799_999_999] {
                let at = DateTime::from_timestamp_micros(micros).unwrap();
                proptest::prop_assert_eq!(sealed.leaf(at), draft.leaf(at, [7; 32]));
            }
        }
    }
    use crate::statement::Atom;
    use chimera_contracts::{PlatformName, RequestId};
    use uuid::Uuid;

    fn draft() -> Draft {
        let id = EventId::from_uuid(Uuid::nil());
        Draft::new(
            id,
            EventType::of("skill.x.start"),
            Namespace::default(),
            Statement::new().word("status", "ok"),
        )
    }

    #[test]
    fn sameness_tells_what_was_said() {
        let same = draft().sameness();
        assert_eq!(draft().with_attachment(Attachment::redacted("x")).sameness(), same);
        assert_eq!(draft().about(Subject::All).sameness(), same, "an earlier version gave no subject");
        let golden = "79a022b713dc1fe21df064ae4ae9e23708f62ca390bf757dcbd939537812b51f";
        assert_eq!(same.to_string(), golden, "replays of earlier versions are the same events");
        let mut others = [draft(), draft(), draft(), draft(), draft()];
        others[0].id = EventId::from_uuid(Uuid::max());
        others[1].kind = EventType::of("skill.x.end");
        others[2].namespace = "other".parse().unwrap();
        others[3].correlation = Some(CorrelationId::from_uuid(Uuid::nil()));
        others[4].statement = Statement::new().word("status", "failed");
        for other in others {
            assert_ne!(other.sameness(), same, "{other:?}");
        }
    }

    #[test]
    fn a_leaf_is_canonical() {
        let at = DateTime::from_timestamp(0, 0).unwrap();
        let leaf = draft().leaf(at, [0; 32]).unwrap();
        let expected = r#"{"id":"00000000-0000-0000-0000-000000000000","namespace":"default","statement":{"status":"ok"},"time":"1970-01-01T00:00:00.000000Z","type":"skill.x.start","v":1}"#;
        assert_eq!(String::from_utf8(leaf.bytes).unwrap(), expected);
    }

    #[test]
    fn a_leaf_says_what_it_is_about() {
        let at = DateTime::from_timestamp(0, 0).unwrap();
        let with = draft().about(Subject::account(PlatformName::Twitter, "@us"));
        let text = String::from_utf8(with.leaf(at, [0; 32]).unwrap().bytes).unwrap();
        let expected = r#"{"id":"00000000-0000-0000-0000-000000000000","namespace":"default","statement":{"status":"ok"},"subject":"account:twitter/DIGEST","time":"1970-01-01T00:00:00.000000Z","type":"skill.x.start","v":1}"#;
        assert_eq!(text, expected.replace("DIGEST", &Digest::of(b"@us").to_string()));
    }

    #[test]
    fn a_leaf_binds_its_attachment_by_salt() {
        let at = DateTime::from_timestamp(0, 0).unwrap();
        let with = draft().with_attachment(Attachment::redacted("x"));
        let text = String::from_utf8(with.leaf(at, [7; 32]).unwrap().bytes).unwrap();
        let mut salted = vec![7; 32];
        salted.push(b'x');
        assert!(text.contains(&Digest::of(&salted).to_string()), "{text}");
        assert_ne!(with.leaf(at, [8; 32]), with.leaf(at, [7; 32]));
    }

    #[test]
    fn what_a_reader_would_not_follow_is_not_written() {
        let at = DateTime::from_timestamp(0, 0).unwrap();
        let nested = |depth| (0..depth).fold(Atom::word("x"), |inner, _| Atom::List(vec![inner]));
        for (depth, expected) in [(8, true), (9, false)] {
            let draft = Draft { statement: Statement::new().atom("deep", nested(depth)), ..draft() };
            assert_eq!(draft.leaf(at, [0; 32]).is_ok(), expected, "{depth}");
        }
        assert!(matches!(draft().leaf(DateTime::<Utc>::MAX_UTC, [0; 32]), Err(LeafError::Time(_))));
    }

    #[test]
    fn attachments_hold_no_credentials_and_show_no_bytes() {
        let attachment = Attachment::redacted("api_key=abc");
        assert_eq!(attachment.as_bytes(), b"api_key=[redacted]");
        assert_eq!(format!("{attachment:?}"), "Attachment(18 bytes)");
    }
}
