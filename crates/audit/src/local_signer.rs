//! A [`CheckpointSigner`] whose key and memory are files in one folder.
//!
//! Four files: `key` (secret, mode 0600), `last` (the last note signed; empty before the first), `log.pub` (the
//! verifier's key, to give away) and `lock`. The folder belongs on another disk than the database, or at least outside
//! its backups: a memory that is restored together with the database notices no rewind.
//!
//! INVARIANT: `last` exists wherever `key` does. It is made first, so that a missing `last` beside a key always means
//! that the memory was lost, and never a first start.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_contracts::{Digest, Entropy};
use ed25519_dalek::SigningKey;

use crate::checkpoint::{Origin, SignedCheckpoint};
use crate::ledger::Head;
use crate::signer::{CheckpointSigner, SignerError, SignerErrorKind, check_extends};

const KEY: &str = "key";
const LAST: &str = "last";
const PUBLIC: &str = "log.pub";
const LOCK: &str = "lock";

/// Signs with an Ed25519 key in a file.
///
/// Several processes may open one folder: each signature is made under a lock of the operating system and after reading
/// the memory anew. Signing writes two files' worth of flushes and blocks the calling thread meanwhile; a host with a
/// runtime calls it where blocking is allowed.
pub struct LocalSigner {
    folder: PathBuf,
    origin: Origin,
    key: SigningKey,
    verifier_key: String,
}

impl LocalSigner {
    /// Opens the signer in a folder; the first time it makes folder, key and memory.
    ///
    /// `origin` names the log, such as `example.com/audit`: no spaces, no `+`.
    ///
    /// # Errors
    /// When the origin cannot be a name, the key is another origin's or damaged, the memory is lost, or files cannot be
    /// read or written.
    pub fn open(folder: impl AsRef<Path>, origin: &str, entropy: &dyn Entropy) -> Result<Self, SignerError> {
        let folder = folder.as_ref().to_owned();
        let origin = Origin::parse(origin).ok_or_else(|| {
            let message = format!("`{origin}` cannot name a log: no spaces, no `+`, not empty");
            SignerError::new(SignerErrorKind::Key, message)
        })?;
        fs::create_dir_all(&folder).map_err(|error| unavailable("make the folder", error))?;
        let _lock = lock(&folder)?;
        let key = match (read(&folder, KEY)?, read(&folder, LAST)?) {
            (Some(text), Some(_)) => known_key(&origin, &text)?,
            (Some(_), None) => return Err(memory_lost("is missing")),
            (None, Some(note)) if !note.is_empty() => {
                let message = "the key is missing beside the memory of what it signed";
                return Err(SignerError::new(SignerErrorKind::Key, message));
            }
            (None, _) => new_key(&folder, &origin, entropy)?,
        };
        let verifier_key = origin.verifier_key(&key);
        let signer = Self { folder, origin, key, verifier_key };
        signer.remembered()?;
        signer.publish_key()?;
        Ok(signer)
    }

    fn publish_key(&self) -> Result<(), SignerError> {
        let text = format!("{}\n", self.verifier_key);
        if read(&self.folder, PUBLIC)?.as_ref() == Some(&text) {
            return Ok(());
        }
        write(&self.folder, PUBLIC, &text)
    }

    /// The last note, checked by making it again: signatures are deterministic.
    fn remembered(&self) -> Result<Option<SignedCheckpoint>, SignerError> {
        let note = read(&self.folder, LAST)?.ok_or_else(|| memory_lost("is missing"))?;
        if note.is_empty() {
            return Ok(None);
        }
        let head = head_of(&note).ok_or_else(|| memory_lost("cannot be read"))?;
        let checkpoint = self.origin.sign(&self.key, head);
        if checkpoint.note == note {
            Ok(Some(checkpoint))
        } else {
            Err(memory_lost("was not made by this key"))
        }
    }

    fn sign_next(&self, head: Head, consistency: &[Digest]) -> Result<SignedCheckpoint, SignerError> {
        let _lock = lock(&self.folder)?;
        let last = self.remembered()?;
        if let Some(same) = last.as_ref().filter(|last| last.head == head) {
            return Ok(same.clone());
        }
        check_extends(last.map(|last| last.head), head, consistency)?;
        let checkpoint = self.origin.sign(&self.key, head);
        write(&self.folder, LAST, &checkpoint.note)?;
        Ok(checkpoint)
    }
}

#[async_trait]
impl CheckpointSigner for LocalSigner {
    fn verifier_key(&self) -> &str {
        &self.verifier_key
    }

    async fn last(&self) -> Result<Option<Head>, SignerError> {
        Ok(self.remembered()?.map(|checkpoint| checkpoint.head))
    }

    async fn sign(&self, head: Head, consistency: &[Digest]) -> Result<SignedCheckpoint, SignerError> {
        self.sign_next(head, consistency)
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSigner")
            .field("folder", &self.folder)
            .field("verifier_key", &self.verifier_key)
            .finish_non_exhaustive()
    }
}

/// The head in a note of ours.
fn head_of(note: &str) -> Option<Head> {
    let mut lines = note.lines().skip(1);
    let size = lines.next()?.parse().ok()?;
    let root: [u8; 32] = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
    Some(Head { size, root: Digest::from_bytes(root) })
}

fn known_key(origin: &Origin, text: &str) -> Result<SigningKey, SignerError> {
    origin.parse_signer_key(text).ok_or_else(|| {
        let message = format!("the key file holds no Ed25519 key of the origin `{}`", origin.as_str());
        SignerError::new(SignerErrorKind::Key, message)
    })
}

fn new_key(folder: &Path, origin: &Origin, entropy: &dyn Entropy) -> Result<SigningKey, SignerError> {
    let mut seed = [0; 32];
    entropy.fill(&mut seed).map_err(|error| {
        SignerError::new(SignerErrorKind::Unavailable, "no randomness for a key").caused_by(error)
    })?;
    let key = SigningKey::from_bytes(&seed);
    write(folder, LAST, "")?;
    write(folder, KEY, &format!("{}\n", origin.signer_key(&key)))?;
    Ok(key)
}

/// Waits for the folder's lock, which the operating system frees with the file, also of a killed process.
///
/// Each call opens the file anew, so that the lock keeps threads of one process apart as well.
fn lock(folder: &Path) -> Result<File, SignerError> {
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK));
    open.and_then(|file| file.lock().map(|()| file)).map_err(|error| unavailable("take the lock", error))
}

fn read(folder: &Path, name: &str) -> Result<Option<String>, SignerError> {
    match fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unavailable(&format!("read `{name}`"), error)),
    }
}

/// Replaces a file as a whole and durably: a crash leaves the old text or the new.
fn write(folder: &Path, name: &str, text: &str) -> Result<(), SignerError> {
    replace(folder, name, text).map_err(|error| unavailable(&format!("write `{name}`"), error))
}

fn replace(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let fresh = folder.join(format!("{name}.new"));
    // What a crash left there may have another mode.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if name == PUBLIC { 0o644 } else { 0o600 });
    let mut file = options.open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(name))?;
    // The new name itself lives in the folder.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn unavailable(what: &str, error: io::Error) -> SignerError {
    SignerError::new(SignerErrorKind::Unavailable, format!("could not {what}")).caused_by(error)
}

fn memory_lost(how: &str) -> SignerError {
    SignerError::new(SignerErrorKind::Memory, format!("the memory of the last head signed {how}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chimera_contracts::SystemEntropy;

    const ORIGIN: &str = "example.com/audit";

    fn head(size: u64, root: &[u8]) -> Head {
        Head { size, root: Digest::of(root) }
    }

    fn kind(result: Result<impl fmt::Debug, SignerError>) -> SignerErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn remembers_over_restarts_and_refuses_a_fork() {
        let folder = tempfile::tempdir().unwrap();
        let signer = LocalSigner::open(&folder, ORIGIN, &SystemEntropy).unwrap();
        assert!(signer.remembered().unwrap().is_none());
        let first = signer.sign_next(head(1, b"a"), &[]).unwrap();
        let again = LocalSigner::open(&folder, ORIGIN, &SystemEntropy).unwrap();
        assert_eq!(again.verifier_key(), signer.verifier_key());
        assert_eq!(again.sign_next(head(1, b"a"), &[]).unwrap(), first);
        let (signed, offered) = (head(1, b"a"), head(1, b"b"));
        assert_eq!(kind(again.sign_next(offered, &[])), SignerErrorKind::NotAnExtension { signed, offered });
        // The other opener sees what this one signed.
        let root = crate::merkle::node_hash(&head(1, b"a").root, &Digest::of(b"x"));
        again.sign_next(Head { size: 2, root }, &[Digest::of(b"x")]).unwrap();
        assert!(signer.sign_next(head(1, b"a"), &[]).is_err());
    }

    #[test]
    fn lost_or_foreign_files_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        let open = |origin| LocalSigner::open(folder.path(), origin, &SystemEntropy);
        open(ORIGIN).unwrap().sign_next(head(1, b"a"), &[]).unwrap();
        assert_eq!(kind(open("example.com/other")), SignerErrorKind::Key);
        assert_eq!(kind(open("two words")), SignerErrorKind::Key);
        let last = fs::read_to_string(path(LAST)).unwrap();
        fs::write(path(LAST), last.replacen("\n1\n", "\n0\n", 1)).unwrap();
        assert_eq!(kind(open(ORIGIN)), SignerErrorKind::Memory);
        fs::remove_file(path(LAST)).unwrap();
        assert_eq!(kind(open(ORIGIN)), SignerErrorKind::Memory);
        fs::write(path(LAST), last).unwrap();
        fs::remove_file(path(KEY)).unwrap();
        assert_eq!(kind(open(ORIGIN)), SignerErrorKind::Key);
    }

    #[test]
    fn a_crash_before_the_key_was_made_is_a_first_start() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(LAST), "").unwrap();
        fs::write(folder.path().join("key.new"), "half").unwrap();
        assert!(LocalSigner::open(&folder, ORIGIN, &SystemEntropy).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_the_owners_alone_and_is_never_shown() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let signer = LocalSigner::open(&folder, ORIGIN, &SystemEntropy).unwrap();
        let mode = fs::metadata(folder.path().join(KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let secret = hex::encode(signer.key.to_bytes());
        let encoded = STANDARD.encode(signer.key.to_bytes());
        let shown = format!("{signer:?}");
        assert!(
            !shown.contains(&secret) && !shown.contains(&encoded) && !shown.contains("PRIVATE"),
            "{shown}"
        );
    }

    #[test]
    fn of_many_signers_at_once_one_wins_each_size() {
        let _guard = chimera_harness::guard("four signers at once");
        let folder = tempfile::tempdir().unwrap();
        LocalSigner::open(&folder, ORIGIN, &SystemEntropy).unwrap();
        let won = std::thread::scope(|scope| {
            let sign = |name: u8| {
                LocalSigner::open(&folder, ORIGIN, &SystemEntropy)
                    .unwrap()
                    .sign_next(head(1, &[name]), &[])
                    .is_ok()
            };
            let threads: Vec<_> = (0..4).map(|name| scope.spawn(move || sign(name))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|won| *won).count()
        });
        assert_eq!(won, 1);
    }
}
