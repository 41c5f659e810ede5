//! The log as a file: one line of JSON an entry, and the signed checkpoint as the last line.
//!
//! An entry's line is `{"index":0,"hash":"…","leaf":"…"}`, where `leaf` is the exact bytes of the entry as a JSON string
//! and `hash` their hash in the tree, so that a changed entry can be named and not only noticed. What is kept beside it
//! follows: `"salt":"<hex>"` with `"attachment":"<text>"` or, for bytes that are not UTF-8, `"attachment_base64":"…"`;
//! or `"erased":true`. The last line is `{"checkpoint":"<signed note>"}`. Every line ends with a line feed.
//!
//! INVARIANT: the same log has the same bytes, and the verifier takes no others: members in this order, no spaces, hex in
//! lower case, base64 only where bytes are not UTF-8, the escapes of RFC 8785 §3.2.2.2 in strings. `serde_json` writes it.

use std::collections::BTreeSet;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_contracts::Digest;
use serde::Serialize;

use crate::checkpoint::SignedCheckpoint;
use crate::draft::EventType;
use crate::erasure;
use crate::ledger::{Entry, Head, Kept, LedgerQuery, LedgerReader, Page};
use crate::ledger_error::LedgerError;
use crate::merkle::leaf_hash;
use crate::signer::{CheckpointSigner, SignerError, SignerErrorKind};

/// How many entries are in memory at once.
const PAGE: usize = 256;

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportSummary {
    /// How many entries.
    pub events: u64,
    /// The head that the checkpoint signs.
    pub head: Head,
}

/// An export did not come to its end; what was written is to be thrown away.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The log could not be read.
    #[error("the log could not be read")]
    Ledger(#[from] LedgerError),
    /// The head was not signed.
    #[error("the head was not signed")]
    Signer(#[from] SignerError),
    /// The output could not be written.
    #[error("the export could not be written")]
    Write(#[from] io::Error),
    /// The log misses an entry below its own head.
    #[error("the log has no entry {index}, which its head counts; verify the log")]
    Missing {
        /// The entry's place.
        index: u64,
    },
    /// An attachment was erased between the head and its entry: the export would show it as erased without the event that
    /// tells of it, which stands behind the head. Nothing is wrong with the log.
    #[error("the attachment of entry {index} was erased while the export ran; export again")]
    ErasedMeanwhile {
        /// The entry's place.
        index: u64,
    },
    /// An entry is not text, which every entry is when it is written.
    #[error("entry {index} of the log is not UTF-8; verify the log")]
    NotText {
        /// The entry's place.
        index: u64,
    },
}

#[derive(Serialize)]
struct EntryLine<'a> {
    index: u64,
    hash: Digest,
    leaf: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<bool>,
}

#[derive(Serialize)]
struct CheckpointLine<'a> {
    checkpoint: &'a str,
}

/// Writes the log up to its head, and the head signed.
///
/// The signer's key, [`CheckpointSigner::verifier_key`], goes to the reader by another way than the export (as
/// `log.pub`): a key that comes with the evidence proves nothing.
///
/// # Errors
/// When the log contradicts its head, the signer refuses the head, or reading, signing or writing fails.
pub async fn export(
    reader: &dyn LedgerReader,
    signer: &dyn CheckpointSigner,
    out: &mut (dyn Write + Send),
) -> Result<ExportSummary, ExportError> {
    let SignedCheckpoint { head, note } = sign_head(reader, signer).await?;
    let (mut next, mut untold) = (0, BTreeSet::new());
    while next < head.size {
        let wanted = usize::try_from(head.size - next).unwrap_or(PAGE).min(PAGE);
        let entries = reader.entries(next, wanted).await?;
        if entries.is_empty() {
            return Err(ExportError::Missing { index: next });
        }
        for entry in entries.iter().take(wanted) {
            if entry.index != next {
                return Err(ExportError::Missing { index: next });
            }
            let line = entry_line(entry)?;
            if let Some(index) = erasure::told(line.leaf) {
                untold.remove(&index);
            }
            if line.erased.is_some() {
                untold.insert(entry.index);
            }
            write_line(out, &line)?;
            next += 1;
        }
    }
    if let Some(index) = erased_behind(reader, head.size, &untold).await? {
        return Err(ExportError::ErasedMeanwhile { index });
    }
    write_line(out, &CheckpointLine { checkpoint: &note })?;
    out.flush()?;
    Ok(ExportSummary { events: head.size, head })
}

/// The first of the entries `untold` of whose erasure an event tells at or behind `from`. One that no event tells of is not for
/// the export to judge: it shows what is there, and the verifier names it.
async fn erased_behind(
    reader: &dyn LedgerReader,
    from: u64,
    untold: &BTreeSet<u64>,
) -> Result<Option<u64>, LedgerError> {
    let query = LedgerQuery { kind: Some(EventType::attachment_erased()), ..LedgerQuery::default() };
    let mut from = from;
    while !untold.is_empty() {
        let events = reader.find(&query, Page { from, limit: PAGE }).await?;
        let told = events.iter().filter_map(|event| erasure::told(str::from_utf8(&event.leaf).ok()?));
        if let Some(index) = told.filter(|index| untold.contains(index)).min() {
            return Ok(Some(index));
        }
        match events.last() {
            Some(last) => from = last.index.saturating_add(1),
            None => break,
        }
    }
    Ok(None)
}

/// Signs the head of a log, with the proof that it extends the one signed last.
///
/// Others may sign at the same time: a proof that begins at a head no longer the last is refused, so a refusal counts
/// only when the last head signed has not moved meanwhile.
///
/// # Errors
/// When the log cannot be read or the signer refuses.
pub async fn sign_head(
    reader: &dyn LedgerReader,
    signer: &dyn CheckpointSigner,
) -> Result<SignedCheckpoint, ExportError> {
    loop {
        let last = signer.last().await?;
        let head = reader.head().await?;
        let proof = match last {
            Some(last) if last.size > 0 && last.size < head.size => {
                reader.consistency(last.size, head.size).await?
            }
            _ => Vec::new(),
        };
        match signer.sign(head, &proof).await {
            Err(error) if is_refusal(&error) && signer.last().await? != last => {}
            answer => return Ok(answer?),
        }
    }
}

fn is_refusal(error: &SignerError) -> bool {
    matches!(error.kind(), SignerErrorKind::NotAnExtension { .. })
}

fn entry_line(entry: &Entry) -> Result<EntryLine<'_>, ExportError> {
    let index = entry.index;
    let leaf = str::from_utf8(&entry.leaf).map_err(|_| ExportError::NotText { index })?;
    let bare = EntryLine {
        index,
        hash: leaf_hash(&entry.leaf),
        leaf,
        salt: None,
        attachment: None,
        attachment_base64: None,
        erased: None,
    };
    Ok(match &entry.attachment {
        Kept::None => bare,
        Kept::Erased => EntryLine { erased: Some(true), ..bare },
        Kept::Present { salt, bytes } => {
            let text = str::from_utf8(bytes).ok();
            let encoded = if text.is_none() { Some(STANDARD.encode(bytes)) } else { None };
            EntryLine { salt: Some(hex::encode(salt)), attachment: text, attachment_base64: encoded, ..bare }
        }
    })
}

fn write_line(out: &mut (dyn Write + Send), line: &impl Serialize) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    out.write_all(&bytes)
}
