//! Reading signed notes and checkpoints (C2SP `signed-note`, `tlog-checkpoint`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_contracts::Digest;
use ed25519_dalek::{Signature, VerifyingKey};

/// The signature type of Ed25519.
const ED25519: u8 = 0x01;

/// More signatures than a note of ours or of a witness network has; a bound for notes made to be slow.
const MAX_SIGNATURES: usize = 100;

/// Longer than any checkpoint.
const MAX_NOTE: usize = 1_000_000;

/// What begins a signature line: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// A key that checks notes: `name+hash+base64(type || key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: [u8; 4],
    key: VerifyingKey,
}

/// The text is no key that can check notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a verifier key: expected `name+hash+base64` of an Ed25519 key")]
pub struct VerifierKeyError;

impl VerifierKey {
    /// Parses a key; space around it, as in a file, is ignored.
    ///
    /// # Errors
    /// When the text has another form, the hash is not the key's, or the key is not a strong Ed25519 key.
    pub fn parse(text: &str) -> Result<Self, VerifierKeyError> {
        Self::read(text.trim()).ok_or(VerifierKeyError)
    }

    /// The key's name, which is the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn read(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (hash, encoded) = rest.split_once('+')?;
        let bytes: [u8; 33] = STANDARD.decode(encoded).ok()?.try_into().ok()?;
        let [ED25519, key @ ..] = bytes else { return None };
        let key = VerifyingKey::from_bytes(&key).ok().filter(|key| !key.is_weak())?;
        let known = Self { name: name.to_owned(), hash: key_hash(name, &bytes), key };
        (is_name(name) && hex::encode(known.hash) == hash).then_some(known)
    }

    fn is_meant(&self, signature: &SignatureLine<'_>) -> bool {
        self.name == signature.name && self.hash == signature.hash
    }

    fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex::encode(self.hash), STANDARD.encode(bytes))
    }
}

/// Why a note does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// The text is no signed note.
    #[error("not a signed note")]
    Malformed,
    /// Two of the keys given have one name and hash, so that a signature would count twice.
    #[error("two keys are called `{0}`")]
    AmbiguousKey(String),
    /// A signature under one of the keys given is false.
    #[error("the signature of `{0}` is false")]
    FalseSignature(String),
    /// No signature is under one of the keys given.
    #[error("not signed by a known key")]
    Unsigned,
}

/// A note with at least one good signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// What was signed; ends with a line feed.
    pub text: &'a str,
    /// The names of the keys that signed it, among those given.
    pub signed_by: Vec<String>,
}

impl<'a> Note<'a> {
    /// Checks a note. Signatures under keys that were not given are passed over.
    ///
    /// # Errors
    /// When it is no note, a signature under a given key is false, or there is none.
    pub fn open(note: &'a str, keys: &[VerifierKey]) -> Result<Self, NoteError> {
        let (text, signatures) = split(note).ok_or(NoteError::Malformed)?;
        let mut signed_by: Vec<&VerifierKey> = Vec::new();
        for signature in &signatures {
            let mut meant = keys.iter().filter(|key| key.is_meant(signature));
            let Some(key) = meant.next() else { continue };
            if meant.next().is_some() {
                return Err(NoteError::AmbiguousKey(key.name.clone()));
            }
            if signed_by.contains(&key) {
                continue;
            }
            if !key.verifies(text, &signature.bytes) {
                return Err(NoteError::FalseSignature(key.name.clone()));
            }
            signed_by.push(key);
        }
        if signed_by.is_empty() {
            return Err(NoteError::Unsigned);
        }
        Ok(Self { text, signed_by: signed_by.into_iter().map(|key| key.name.clone()).collect() })
    }
}

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many entries it had.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

/// The text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint: expected the lines origin, size and root, and no empty line")]
pub struct CheckpointError;

impl Checkpoint {
    /// Parses the text of a note. Extension lines after the root are allowed and passed over.
    ///
    /// # Errors
    /// When a line is missing or empty, the size is no plain decimal, or the root is not 32 bytes.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        Self::read(text).ok_or(CheckpointError)
    }

    /// The text that says this and nothing more.
    pub(super) fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let plain = size.bytes().all(|byte| byte.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        let root: [u8; 32] = STANDARD.decode(root).ok()?.try_into().ok()?;
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size.parse().ok().filter(|_| plain)?,
            root: Digest::from_bytes(root),
        };
        (!origin.is_empty() && lines.all(|line| !line.is_empty())).then_some(checkpoint)
    }
}

struct SignatureLine<'a> {
    name: &'a str,
    hash: [u8; 4],
    bytes: Vec<u8>,
}

fn split(note: &str) -> Option<(&str, Vec<SignatureLine<'_>>)> {
    if note.len() > MAX_NOTE || note.chars().any(|c| c.is_ascii_control() && c != '\n') {
        return None;
    }
    let (text, lines) = note.split_at_checked(note.rfind("\n\n")? + 1)?;
    let lines = lines.strip_prefix('\n')?.strip_suffix('\n')?;
    let signatures: Vec<_> =
        lines.split('\n').take(MAX_SIGNATURES + 1).map(signature_line).collect::<Option<_>>()?;
    (signatures.len() <= MAX_SIGNATURES).then_some((text, signatures))
}

fn signature_line(line: &str) -> Option<SignatureLine<'_>> {
    let (name, encoded) = line.strip_prefix(MARK)?.split_once(' ')?;
    let blob = STANDARD.decode(encoded).ok()?;
    let (hash, bytes) = blob.split_first_chunk()?;
    (is_name(name) && !bytes.is_empty()).then(|| SignatureLine { name, hash: *hash, bytes: bytes.to_vec() })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+')
}

/// The first four bytes of SHA-256(name || 0x0A || type || key).
fn key_hash(name: &str, typed_key: &[u8]) -> [u8; 4] {
    let digest = Digest::of(&[name.as_bytes(), b"\n", typed_key].concat());
    let [a, b, c, d, ..] = *digest.as_bytes();
    [a, b, c, d]
}
