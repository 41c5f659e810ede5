//! A head as signed text: C2SP `tlog-checkpoint` inside C2SP `signed-note`.
//!
//! Only writing is here. Reading belongs to the [verifier](crate::verify), which shares no code with this side.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};

use crate::ledger::Head;

/// The signature type of Ed25519 in signed notes.
const ED25519: u8 = 0x01;

/// A head that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// The head.
    pub head: Head,
    /// The signed note, as it is published: origin, size, root, an empty line, the signature line.
    pub note: String,
}

/// The name of a log: its checkpoints begin with it and its key is named after it. A domain and path without scheme,
/// such as `example.com/audit`, keeps it unique (C2SP `tlog-checkpoint`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// Takes what a key may be called: not empty, no space or control character, no `+`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
        fits.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// `name+hash+key`: what a verifier is given.
    pub(crate) fn verifier_key(&self, key: &SigningKey) -> String {
        let public = key.verifying_key();
        self.key_text(key, public.as_bytes())
    }

    /// `PRIVATE+KEY+name+hash+key`, the form in which Go's `note` package keeps a signer.
    pub(crate) fn signer_key(&self, key: &SigningKey) -> String {
        format!("PRIVATE+KEY+{}", self.key_text(key, &key.to_bytes()))
    }

    /// The seed in a key file of this origin.
    pub(crate) fn parse_signer_key(&self, text: &str) -> Option<SigningKey> {
        let rest =
            text.trim_end().strip_prefix("PRIVATE+KEY+")?.strip_prefix(self.as_str())?.strip_prefix('+')?;
        let (_, encoded) = rest.split_once('+')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (&algorithm, seed) = bytes.split_first()?;
        let key = SigningKey::from_bytes(&seed.try_into().ok()?);
        (algorithm == ED25519 && self.signer_key(&key) == text.trim_end()).then_some(key)
    }

    /// The signed note for a head. Ed25519 is deterministic: the same head gives the same text.
    pub(crate) fn sign(&self, key: &SigningKey, head: Head) -> SignedCheckpoint {
        let body = format!("{}\n{}\n{}\n", self.0, head.size, STANDARD.encode(head.root.as_bytes()));
        let mut blob = self.key_hash(key).to_vec();
        blob.extend_from_slice(&key.sign(body.as_bytes()).to_bytes());
        let note = format!("{body}\n\u{2014} {} {}\n", self.0, STANDARD.encode(blob));
        SignedCheckpoint { head, note }
    }

    fn key_text(&self, key: &SigningKey, bytes: &[u8]) -> String {
        let mut typed = vec![ED25519];
        typed.extend_from_slice(bytes);
        format!("{}+{}+{}", self.0, hex::encode(self.key_hash(key)), STANDARD.encode(typed))
    }

    /// The first four bytes of SHA-256(name || 0x0A || type || public key).
    fn key_hash(&self, key: &SigningKey) -> [u8; 4] {
        let hasher = Sha256::new().chain_update(self.0.as_bytes()).chain_update([b'\n', ED25519]);
        let digest: [u8; 32] = hasher.chain_update(key.verifying_key().as_bytes()).finalize().into();
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_break_a_note_are_refused() {
        assert!(Origin::parse("example.com/audit").is_some());
        for bad in ["", "a b", "a+b", "a\nb", "a\u{a0}b", "a\u{7}"] {
            assert!(Origin::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_key_file_is_read_back_and_is_of_its_origin_only() {
        let key = SigningKey::from_bytes(&[9; 32]);
        let origin = Origin::parse("example.com/audit").unwrap();
        let text = origin.signer_key(&key);
        assert_eq!(origin.parse_signer_key(&text), Some(key));
        assert_eq!(Origin::parse("example.com/other").unwrap().parse_signer_key(&text), None);
        assert_eq!(origin.parse_signer_key(&text.replace("PRIVATE", "PUBLIC")), None);
    }
}
