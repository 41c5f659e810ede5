//! Finding rows by random ids: a narrow table holds 64 bits of each, and the row is verified.

use chimera_contracts::{Digest, Namespace};
use uuid::Uuid;

/// The 64 bits under which a row with this id is found.
pub(crate) fn of_id(id: &Uuid) -> i64 {
    first(id.as_bytes())
}

/// The same of a digest.
pub(crate) fn of_digest(digest: &Digest) -> i64 {
    first(digest.as_bytes())
}

/// The same of a tenant's word.
pub(crate) fn of_word(namespace: &Namespace, word: &str) -> i64 {
    of_words(namespace.as_str(), word)
}

pub(crate) fn of_words(namespace: &str, word: &str) -> i64 {
    let mut bytes = Vec::with_capacity(namespace.len().saturating_add(word.len()).saturating_add(1));
    bytes.extend_from_slice(namespace.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(word.as_bytes());
    first(Digest::of(&bytes).as_bytes())
}

fn first(bytes: &[u8]) -> i64 {
    bytes.first_chunk::<8>().map_or(0, |first| i64::from_be_bytes(*first))
}
