//! The verifier: recomputes an export from its bytes and names the first entry that is wrong.
//!
//! It has its own reader, its own parsers and its own tree, and shares nothing with the writing side but the two hash
//! functions of [`merkle`](crate::merkle) and the digest type: a fault in how the log is written cannot hide itself in
//! how it is checked.
//!
//! What it can and cannot show: any change inside an export is found. Whoever holds the signing key can rewrite the whole
//! log and sign it again; that shows only against something not got from him, an earlier checkpoint. Without one the
//! verdict reads `consistent, not anchored`.

mod erasures;
mod leaf;
mod line;
mod note;
mod source;
mod tree;

use std::collections::HashSet;
use std::{fmt, io};

use chimera_contracts::Digest;

pub use note::{Checkpoint, CheckpointError, Note, NoteError, VerifierKey, VerifierKeyError};
pub use source::ExportSource;

use erasures::Erasures;
use line::{EntryLine, Line, Unread, Wrong};
use tree::Edge;

/// What an export was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many entries it holds.
    pub events: u64,
    /// How many of them had their attachment erased, each told by an event of the log.
    pub erased: u64,
    /// The root over all of them, as recomputed.
    pub root: Digest,
    /// What ties it to the world outside.
    pub anchored: Anchor,
}

/// What ties an export to something that its maker cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Nothing: the holder of the key could have rewritten all of it.
    NotAnchored,
    /// It extends a checkpoint that the verifier had from elsewhere.
    TrustedCheckpoint {
        /// How many entries that checkpoint covers.
        size: u64,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.anchored {
            Anchor::NotAnchored => f.write_str("consistent, not anchored")?,
            Anchor::TrustedCheckpoint { size } => {
                write!(f, "consistent, extends the trusted checkpoint of size {size}")?;
            }
        }
        write!(f, ": {} events, {} with erased attachment, root {}", self.events, self.erased, self.root)
    }
}

/// What is wrong with an export.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The verifier's key is no key.
    #[error("the verifier key cannot be used: {0}")]
    Key(#[from] VerifierKeyError),
    /// The trusted checkpoint is not one of this log.
    #[error("the trusted checkpoint cannot be used: {0}")]
    Trusted(CheckpointFault),
    /// The export could not be read.
    #[error("the export could not be read")]
    Read(#[source] io::Error),
    /// A line is neither an entry nor a checkpoint.
    #[error("entry {entry}: the line is damaged")]
    Damaged {
        /// The entry that was due there.
        entry: u64,
    },
    /// A line says what a line of an export says, and is not byte for byte the form that an export has.
    #[error("entry {entry}: the line is not in canonical form: {why}")]
    NotCanonical {
        /// The entry that was due there.
        entry: u64,
        /// Where it differs.
        why: String,
    },
    /// The entries are not numbered one after the other.
    #[error("entry {entry}: missing or moved; entry {found} stands in its place")]
    OutOfOrder {
        /// The entry that was due.
        entry: u64,
        /// The entry that was found.
        found: u64,
    },
    /// The entry is not the one whose hash was exported with it.
    #[error("entry {entry}: changed; its bytes do not have its hash")]
    Changed {
        /// Its index.
        entry: u64,
    },
    /// The entry has a form that no log holds.
    #[error("entry {entry}: not a form that a log holds: {why}")]
    Form {
        /// Its index.
        entry: u64,
        /// What is wrong.
        why: String,
    },
    /// Two entries are the same event.
    #[error("entry {entry}: repeats the event of an earlier entry")]
    Repeated {
        /// The index of the later one.
        entry: u64,
    },
    /// The attachment does not fit the entry.
    #[error("entry {entry}: its attachment {why}")]
    Attachment {
        /// The index of the entry.
        entry: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// The entry tells of an erased attachment, and that does not hold: the entry that it names stands not before it, never had
    /// an attachment, has it still, is another event, or was told of before.
    #[error("entry {entry}: tells of an erasure that is none: {why}")]
    Erasure {
        /// The index of the entry that tells it.
        entry: u64,
        /// What is wrong.
        why: String,
    },
    /// Attachments were erased and no event of the log tells of it: someone removed them behind the ledger.
    #[error("{}: the attachment was erased, and no event tells of it", Places(.entries))]
    Untold {
        /// The indexes of the entries, ascending; never empty.
        entries: Vec<u64>,
    },
    /// The export ends before its checkpoint.
    #[error("entry {entry}: cut off; the export ends here, before its checkpoint")]
    Truncated {
        /// The first entry that may be missing.
        entry: u64,
    },
    /// Something follows the checkpoint.
    #[error("something follows the checkpoint after entry {entry}")]
    AfterEnd {
        /// How many entries stand before the checkpoint.
        entry: u64,
    },
    /// The checkpoint at the end does not count.
    #[error("the checkpoint at the end does not count: {0}")]
    Checkpoint(CheckpointFault),
    /// The checkpoint covers another number of entries.
    #[error("entry {}: {}; the checkpoint covers {signed} entries and the export holds {found}",
        .signed.min(.found), if .found < .signed { "missing" } else { "not covered" })]
    Size {
        /// How many the checkpoint covers.
        signed: u64,
        /// How many there are.
        found: u64,
    },
    /// The entries do not have the signed root, though each has its hash: one was exchanged together with its hash.
    #[error("an entry of {from}..{to} was exchanged: the root is {found}, the signed one {signed}")]
    Root {
        /// The first entry that may be the one.
        from: u64,
        /// The entry after the last that may be the one.
        to: u64,
        /// The signed root.
        signed: Digest,
        /// The root as recomputed.
        found: Digest,
    },
    /// The log ends before the trusted checkpoint: it was rewound.
    #[error("entry {found}: missing; the trusted checkpoint covers {trusted} entries, the log was rewound")]
    Rewound {
        /// How many the trusted checkpoint covers.
        trusted: u64,
        /// How many there are.
        found: u64,
    },
    /// The log does not extend the trusted checkpoint: it was rewritten.
    #[error(
        "an entry of 0..{size} was rewritten: the trusted checkpoint has the root {trusted}, these {found}"
    )]
    Rewritten {
        /// How many entries the trusted checkpoint covers.
        size: u64,
        /// Its root.
        trusted: Digest,
        /// The root as recomputed.
        found: Digest,
    },
}

/// How many places a message names.
const SHOWN_PLACES: usize = 10;

/// Places of entries in a message: the first of many, and how many more there are.
struct Places<'a>(&'a [u64]);

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.len() == 1 { "entry " } else { "entries " })?;
        for (number, place) in self.0.iter().take(SHOWN_PLACES).enumerate() {
            write!(f, "{}{place}", if number == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(SHOWN_PLACES) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Why a checkpoint does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// The note or its signature.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text inside.
    #[error(transparent)]
    Text(#[from] CheckpointError),
    /// It has more than an export's checkpoint has: lines after the root, or more than the log's own signature.
    ///
    /// Of the checkpoint in an export only: a trusted one may carry what C2SP allows.
    #[error("not in canonical form: expected origin, size, root, an empty line and one signature, the log's")]
    NotCanonical,
    /// It is of another log.
    #[error("it is of the log `{found}`, the key of `{expected}`")]
    Origin {
        /// The key's name.
        expected: String,
        /// The origin in the checkpoint.
        found: String,
    },
}

/// Verifies an export with a key got by another way, and against an earlier checkpoint where there is one.
///
/// Memory grows by 17 bytes an entry (to notice a repeated event, and to know of which attachments an erasure may be told) and
/// one line; time by one pass.
///
/// # Errors
/// Names the first thing that is wrong, with the entry where it can be told.
pub fn verify(
    mut source: impl ExportSource,
    vkey: &str,
    trusted: Option<&str>,
) -> Result<Verdict, VerifyError> {
    let key = VerifierKey::parse(vkey)?;
    let trusted = trusted.map(|note| open(note, &key)).transpose().map_err(VerifyError::Trusted)?;
    // Everything extends the empty log, so its checkpoint ties nothing.
    let mut pass = Pass { trusted: trusted.filter(|trusted| trusted.size > 0), ..Pass::default() };
    loop {
        match pass.next(&mut source)? {
            Line::Entry(entry) => pass.entry(&entry)?,
            Line::Checkpoint(note) => {
                let signed = open(&note, &key).and_then(|signed| canonical(signed, &note));
                let signed = signed.map_err(VerifyError::Checkpoint)?;
                return match source.next_line() {
                    Ok(None) => pass.finish(&signed),
                    _ => Err(VerifyError::AfterEnd { entry: pass.edge.size() }),
                };
            }
        }
    }
}

fn open(note: &str, key: &VerifierKey) -> Result<Checkpoint, CheckpointFault> {
    let checkpoint = Checkpoint::parse(Note::open(note, std::slice::from_ref(key))?.text)?;
    if checkpoint.origin == key.name() {
        return Ok(checkpoint);
    }
    Err(CheckpointFault::Origin { expected: key.name().to_owned(), found: checkpoint.origin })
}

/// The checkpoint, if its note is spelled as in an export. What [`open`] leaves free are lines after the root and further
/// signatures, of keys that the verifier does not know: base64, numbers and spaces have one spelling in a note that opens.
fn canonical(signed: Checkpoint, note: &str) -> Result<Checkpoint, CheckpointFault> {
    let signature = note.strip_prefix(&signed.text()).and_then(|rest| rest.strip_prefix('\n'));
    match signature.and_then(|line| line.strip_suffix('\n')) {
        Some(line) if !line.contains('\n') => Ok(signed),
        _ => Err(CheckpointFault::NotCanonical),
    }
}

/// One pass over an export.
#[derive(Default)]
struct Pass {
    edge: Edge,
    ids: HashSet<u128>,
    erasures: Erasures,
    trusted: Option<Checkpoint>,
}

impl Pass {
    fn next(&self, source: &mut impl ExportSource) -> Result<Line, VerifyError> {
        let entry = self.edge.size();
        match source.next_line() {
            Ok(Some(bytes)) => line::parse(&bytes).map_err(|unread| match unread {
                Unread::Damaged => VerifyError::Damaged { entry },
                Unread::NotCanonical(why) => VerifyError::NotCanonical { entry, why },
            }),
            Ok(None) => Err(VerifyError::Truncated { entry }),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(VerifyError::Truncated { entry })
            }
            Err(error) => Err(VerifyError::Read(error)),
        }
    }

    fn entry(&mut self, line: &EntryLine) -> Result<(), VerifyError> {
        let entry = self.edge.size();
        if line.index != entry {
            return Err(VerifyError::OutOfOrder { entry, found: line.index });
        }
        let checked = line.check().map_err(|wrong| match wrong {
            Wrong::Hash => VerifyError::Changed { entry },
            Wrong::Form(why) => VerifyError::Form { entry, why },
            Wrong::Attachment(why) => VerifyError::Attachment { entry, why },
        })?;
        if !self.ids.insert(checked.id) {
            return Err(VerifyError::Repeated { entry });
        }
        self.erasures.take(entry, &checked).map_err(|why| VerifyError::Erasure { entry, why })?;
        self.edge.push(checked.hash);
        self.compare_with_trusted()
    }

    fn compare_with_trusted(&self) -> Result<(), VerifyError> {
        let Some(trusted) = self.trusted.as_ref().filter(|trusted| trusted.size == self.edge.size()) else {
            return Ok(());
        };
        let found = self.edge.root();
        if trusted.root == found {
            return Ok(());
        }
        Err(VerifyError::Rewritten { size: trusted.size, trusted: trusted.root, found })
    }

    fn finish(self, signed: &Checkpoint) -> Result<Verdict, VerifyError> {
        let (events, root) = (self.edge.size(), self.edge.root());
        if signed.size != events {
            return Err(VerifyError::Size { signed: signed.size, found: events });
        }
        let trusted = self.trusted.map(|trusted| trusted.size);
        if let Some(trusted) = trusted.filter(|trusted| *trusted > events) {
            return Err(VerifyError::Rewound { trusted, found: events });
        }
        if signed.root != root {
            let from = trusted.unwrap_or(0);
            return Err(VerifyError::Root { from, to: events, signed: signed.root, found: root });
        }
        // Last: of an export whose entries are not those that were signed it would tell nothing.
        let entries = self.erasures.untold();
        if !entries.is_empty() {
            return Err(VerifyError::Untold { entries });
        }
        let anchored = trusted.map_or(Anchor::NotAnchored, |size| Anchor::TrustedCheckpoint { size });
        Ok(Verdict { events, erased: self.erasures.erased(), root, anchored })
    }
}
