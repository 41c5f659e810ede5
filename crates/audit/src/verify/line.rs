//! One line of an export, taken apart and checked for itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_contracts::{Digest, Json};
use sha2::{Digest as _, Sha256};

use super::leaf;
use crate::merkle::leaf_hash;

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
    pub(super) erased: bool,
}

/// What is wrong with an entry by itself.
pub(super) enum Wrong {
    Hash,
    Form(String),
    Attachment(&'static str),
}

/// Takes a line apart; `None` when it is not of an export.
pub(super) fn parse(bytes: &[u8]) -> Option<Line> {
    let Json::Object(mut members) = Json::parse(bytes).ok()? else { return None };
    if let Some(Json::String(note)) = members.remove("checkpoint") {
        return members.is_empty().then_some(Line::Checkpoint(note));
    }
    let (Json::Integer(index), Json::String(hash), Json::String(leaf)) =
        (members.remove("index")?, members.remove("hash")?, members.remove("leaf")?)
    else {
        return None;
    };
    let optional = ["salt", "attachment", "attachment_base64", "erased"].map(|name| members.remove(name));
    let kept = match optional {
        [None, None, None, None] => Kept::Nothing,
        [None, None, None, Some(Json::Bool(true))] => Kept::Erased,
        [Some(Json::String(salt)), Some(Json::String(text)), None, None] => {
            Kept::Present { salt: salt_of(&salt)?, bytes: text.into_bytes() }
        }
        [Some(Json::String(salt)), None, Some(Json::String(encoded)), None] => {
            Kept::Present { salt: salt_of(&salt)?, bytes: STANDARD.decode(encoded).ok()? }
        }
        _ => return None,
    };
    let entry = EntryLine { index: u64::try_from(index).ok()?, hash: hash.parse().ok()?, leaf, kept };
    members.is_empty().then_some(Line::Entry(entry))
}

impl EntryLine {
    /// Checks the entry against its own hash, form and commitment.
    pub(super) fn check(&self) -> Result<Checked, Wrong> {
        let hash = leaf_hash(self.leaf.as_bytes());
        if hash != self.hash {
            return Err(Wrong::Hash);
        }
        let form = leaf::read(&self.leaf).map_err(Wrong::Form)?;
        match (&self.kept, form.attachment) {
            (Kept::Nothing, None) | (Kept::Erased, Some(_)) => {}
            (Kept::Present { salt, bytes }, Some(commitment)) if commit(salt, bytes) == commitment => {}
            (Kept::Present { .. }, Some(_)) => {
                return Err(Wrong::Attachment("is not the one that was logged"));
            }
            (Kept::Nothing, Some(_)) => return Err(Wrong::Attachment("is missing and not marked as erased")),
            (_, None) => return Err(Wrong::Attachment("was never logged")),
        }
        Ok(Checked { hash, id: form.id, erased: matches!(self.kept, Kept::Erased) })
    }
}

fn commit(salt: &[u8; 32], bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::new().chain_update(salt).chain_update(bytes).finalize().into())
}

/// 64 lower-case hex digits, as a digest is written.
fn salt_of(text: &str) -> Option<[u8; 32]> {
    text.parse::<Digest>().ok().map(|salt| *salt.as_bytes())
}
