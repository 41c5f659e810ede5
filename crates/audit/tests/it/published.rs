//! How published cases write hashes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_contracts::Digest;
use serde_json::Value;

/// A digest in base64; `None` when it is empty, which our types refuse.
///
/// Some cases have made-up text where a root stands. The digest of the text stands for it: as unlike every hash of a tree,
/// and equal where the texts are.
pub(crate) fn digest(value: &Value) -> Option<Digest> {
    let bytes = STANDARD.decode(value.as_str()?).ok()?;
    match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(digest) => Some(Digest::from_bytes(digest)),
        Err(_) => Some(Digest::of(&bytes)).filter(|_| !bytes.is_empty()),
    }
}

/// A list of digests; a missing list is an empty one.
pub(crate) fn digests(value: &Value) -> Option<Vec<Digest>> {
    value.as_array().map_or(Some(Vec::new()), |items| items.iter().map(digest).collect())
}
