//! One line of an export, taken apart and checked for itself.
//!
//! A line counts in one spelling alone: its members in the order of the format, no space, numbers as plain decimals, hex in
//! lower case, base64 with its padding and only for bytes that are not UTF-8, and in a string no escape but the shortest
//! one of a character that has to be escaped (RFC 8785 §3.2.2.2). So one log has one export, and two readers that compare
//! files compare logs. A line in another spelling is read, to tell it from a damaged one, printed in that form and compared.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use chimera_contracts::{Digest, Json, JsonError};
use sha2::{Digest as _, Sha256};

use super::leaf::{self, ToldErasure};
use crate::merkle::leaf_hash;

/// What an editor may set before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads base64 also without padding and with set bits behind the last byte, to name the spelling and not a damage.
const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A line, by what it is.
pub(super) enum Line {
    Entry(EntryLine),
    Checkpoint(String),
}

pub(super) struct EntryLine {
    pub(super) index: u64,
    hash: Digest,
    leaf: String,
    kept: Kept,
}

enum Kept {
    Nothing,
    Present { salt: [u8; 32], bytes: Vec<u8> },
    Erased,
}

/// What a checked entry adds to the picture.
pub(super) struct Checked {
    pub(super) hash: Digest,
    pub(super) id: u128,
    pub(super) attachment: Attachment,
    /// Of which erasure the entry tells.
    pub(super) tells: Option<ToldErasure>,
}

/// How the attachment of a checked entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attachment {
    /// The entry never had one.
    None,
    Present,
    Erased,
}

/// Why a line is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is no line of an export.
    Damaged,
    /// It says what a line of an export says, in another spelling.
    NotCanonical(String),
}

/// What is wrong with an entry by itself.
pub(super) enum Wrong {
    Hash,
    Form(String),
    Attachment(&'static str),
}

/// Takes a line apart, without its line feed.
pub(super) fn parse(bytes: &[u8]) -> Result<Line, Unread> {
    let line = read(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes))?;
    let canonical = line.canonical();
    if canonical.as_bytes() == bytes {
        return Ok(line);
    }
    let same = canonical.bytes().zip(bytes).take_while(|(ours, theirs)| ours == *theirs).count();
    Err(Unread::NotCanonical(format!("it differs from byte {same} on")))
}

/// Reads a line in any spelling.
fn read(bytes: &[u8]) -> Result<Line, Unread> {
    let mut members = match Json::parse(bytes) {
        Ok(Json::Object(members)) => members,
        Err(JsonError::DuplicateKeys(names)) => {
            return Err(Unread::NotCanonical(format!("`{}` stands twice", names.join("`, `"))));
        }
        _ => return Err(Unread::Damaged),
    };
    match members.remove("checkpoint") {
        Some(Json::String(note)) if members.is_empty() => return Ok(Line::Checkpoint(note)),
        Some(_) => return Err(Unread::Damaged),
        None => {}
    }
    if let Some(Json::Double(_)) = members.get("index") {
        return Err(Unread::NotCanonical("its index is no plain decimal".to_owned()));
    }
    let names = ["index", "hash", "leaf", "salt", "attachment", "attachment_base64", "erased"];
    let values = names.map(|name| members.remove(name));
    if !members.is_empty() {
        return Err(Unread::Damaged);
    }
    entry(values).map(Line::Entry).ok_or(Unread::Damaged)
}

fn entry(values: [Option<Json>; 7]) -> Option<EntryLine> {
    let [Some(Json::Integer(index)), Some(Json::String(hash)), Some(Json::String(leaf)), kept @ ..] = values
    else {
        return None;
    };
    let kept = match kept {
        [None, None, None, None] => Kept::Nothing,
        [None, None, None, Some(Json::Bool(true))] => Kept::Erased,
        [Some(Json::String(salt)), Some(Json::String(text)), None, None] => {
            Kept::Present { salt: *digits(&salt)?.as_bytes(), bytes: text.into_bytes() }
        }
        [Some(Json::String(salt)), None, Some(Json::String(encoded)), None] => {
            Kept::Present { salt: *digits(&salt)?.as_bytes(), bytes: LENIENT_BASE64.decode(encoded).ok()? }
        }
        _ => return None,
    };
    Some(EntryLine { index: u64::try_from(index).ok()?, hash: digits(&hash)?, leaf, kept })
}

/// 32 bytes in hex of either case.
fn digits(text: &str) -> Option<Digest> {
    text.to_ascii_lowercase().parse().ok()
}

impl Line {
    /// The one spelling of the line, without its line feed.
    fn canonical(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Checkpoint(note) => {
                out.push_str("{\"checkpoint\":");
                push_string(&mut out, note);
            }
            Self::Entry(entry) => entry.push_members(&mut out),
        }
        out.push('}');
        out
    }
}

/// Appends a string as RFC 8785 §3.2.2.2 has it.
fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' => {
                out.push_str("\\u");
                out.push_str(&hex::encode(u32::from(letter).to_be_bytes()).split_off(4));
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

impl EntryLine {
    fn push_members(&self, out: &mut String) {
        let (index, hash) = (self.index.to_string(), self.hash.to_string());
        for part in ["{\"index\":", &index, ",\"hash\":\"", &hash, "\",\"leaf\":"] {
            out.push_str(part);
        }
        push_string(out, &self.leaf);
        match &self.kept {
            Kept::Nothing => {}
            Kept::Erased => out.push_str(",\"erased\":true"),
            Kept::Present { salt, bytes } => {
                for part in [",\"salt\":\"", &hex::encode(salt), "\""] {
                    out.push_str(part);
                }
                match str::from_utf8(bytes) {
                    Ok(text) => {
                        out.push_str(",\"attachment\":");
                        push_string(out, text);
                    }
                    Err(_) => {
                        for part in [",\"attachment_base64\":\"", &STANDARD.encode(bytes), "\""] {
                            out.push_str(part);
                        }
                    }
                }
            }
        }
    }

    /// Checks the entry against its own hash, form and commitment.
    pub(super) fn check(&self) -> Result<Checked, Wrong> {
        let hash = leaf_hash(self.leaf.as_bytes());
        if hash != self.hash {
            return Err(Wrong::Hash);
        }
        let form = leaf::read(&self.leaf).map_err(Wrong::Form)?;
        let attachment = match (&self.kept, form.attachment) {
            (Kept::Nothing, None) => Attachment::None,
            (Kept::Erased, Some(_)) => Attachment::Erased,
            (Kept::Present { salt, bytes }, Some(commitment)) if commit(salt, bytes) == commitment => {
                Attachment::Present
            }
            (Kept::Present { .. }, Some(_)) => {
                return Err(Wrong::Attachment("is not the one that was logged"));
            }
            (Kept::Nothing, Some(_)) => return Err(Wrong::Attachment("is missing and not marked as erased")),
            (_, None) => return Err(Wrong::Attachment("was never logged")),
        };
        Ok(Checked { hash, id: form.id, attachment, tells: form.erasure })
    }
}

fn commit(salt: &[u8; 32], bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::new().chain_update(salt).chain_update(bytes).finalize().into())
}
