//! Media as files, for servers on this machine that take a path.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use chimera_contracts::Digest;
use chimera_platform::media::{MediaError, MediaFiles};
use tokio::task::spawn_blocking;

/// How long a file stays that nothing asked for again.
const KEPT: Duration = Duration::from_secs(6 * 60 * 60);

/// How many files are kept at once; further media are refused until old ones are gone.
const MOST: usize = 1_000;

/// Tells the parts apart that are written at once.
static PART: AtomicU64 = AtomicU64::new(0);

/// A folder of media, each under its SHA-256 and the ending of its name.
///
/// It needs a Tokio runtime. Files are written whole or not at all and stay six hours after they were last asked for: servers
/// read them during the call, and some after it was given up. At most 1,000 files are kept. Only this user can read them.
///
/// ```
/// use std::sync::Arc;
/// use chimera_mcp::MediaDirectory;
/// # use chimera_platform::ToolPlatform;
/// # fn example(platform: ToolPlatform) -> ToolPlatform {
/// platform.with_media_files(Arc::new(MediaDirectory::new("/var/lib/agent/media")))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MediaDirectory {
    folder: Arc<Path>,
}

impl MediaDirectory {
    /// A folder; made when it is used first. Nothing else may be kept in it.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into().into() }
    }
}

#[async_trait]
impl MediaFiles for MediaDirectory {
    async fn keep(&self, sha256: Digest, file_name: &str, bytes: Vec<u8>) -> Result<String, MediaError> {
        let folder = Arc::clone(&self.folder);
        let name = format!("{sha256}{}", ending(file_name));
        let kept = spawn_blocking(move || keep(&folder, &name, &bytes)).await;
        let failed = |why: String| MediaError::new(&format!("the medium could not be kept as a file: {why}"));
        kept.map_err(|error| failed(error.to_string()))?.map_err(failed)
    }
}

/// What tells a server the kind of a file: at most eight letters and digits after the last dot.
fn ending(file_name: &str) -> String {
    let ending = file_name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let plain = (1..=8).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { format!(".{}", ending.to_ascii_lowercase()) } else { String::new() }
}

fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<String, String> {
    let words = |error: std::io::Error| error.to_string();
    make_folder(folder).map_err(words)?;
    let folder = folder.canonicalize().map_err(words)?;
    let left = sweep(&folder, SystemTime::now()).map_err(words)?;
    let path = folder.join(name);
    // What stands there may have been changed by a server, or cut by a crash: only the same bytes are handed over again.
    if std::fs::read(&path).is_ok_and(|kept| kept == bytes) {
        let file = std::fs::File::options().write(true).open(&path).map_err(words)?;
        file.set_modified(SystemTime::now()).map_err(words)?;
    } else {
        if left >= MOST {
            return Err(format!("{MOST} files are kept already"));
        }
        // Beside it under a name of its own and then in its place: nobody finds half of it.
        let part = folder.join(format!(
            "{name}.{}-{}.part",
            std::process::id(),
            PART.fetch_add(1, Ordering::Relaxed)
        ));
        let written = write(&part, bytes).and_then(|()| std::fs::rename(&part, &path));
        if let Err(error) = written {
            drop(std::fs::remove_file(&part));
            return Err(words(error));
        }
    }
    path.into_os_string().into_string().map_err(|_| "its path is not UTF-8".to_owned())
}

/// Writes a new file that only this user can read, down to the disk.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// Media of posts that are not public yet are for nobody else.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Removes what is old; gives how many files are left.
fn sweep(folder: &Path, now: SystemTime) -> std::io::Result<usize> {
    let mut left = 0_usize;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| now.duration_since(modified).ok());
        if age.is_some_and(|age| age > KEPT) {
            // Another process may have removed it meanwhile.
            drop(std::fs::remove_file(entry.path()));
        } else {
            left = left.saturating_add(1);
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn kept(directory: &MediaDirectory, name: &str, bytes: &[u8]) -> String {
        directory.keep(Digest::of(bytes), name, bytes.to_vec()).await.unwrap()
    }

    #[tokio::test]
    async fn the_same_bytes_are_one_file_and_a_name_is_only_an_ending() {
        let folder = tempfile::tempdir().unwrap();
        let directory = MediaDirectory::new(folder.path().join("made"));
        let cat = kept(&directory, "cat.PNG", b"cat").await;
        assert_eq!(std::fs::read(&cat).unwrap(), b"cat");
        assert!(cat.ends_with(".png") && Path::new(&cat).is_absolute());
        assert_eq!(kept(&directory, "../../etc/other.png", b"cat").await, cat);
        for name in ["cat", "cat.", "cat.a/b", "cat.../x", "cat.0123456789"] {
            let path = kept(&directory, name, b"dog").await;
            assert!(path.ends_with(&Digest::of(b"dog").to_string()), "{name}: {path}");
        }
    }

    #[tokio::test]
    async fn old_files_go_when_a_new_one_comes() {
        let folder = tempfile::tempdir().unwrap();
        let directory = MediaDirectory::new(folder.path());
        let [old, used] = [b"old".as_slice(), b"used"].map(<[u8]>::to_vec);
        let (old, used) = (kept(&directory, "a.png", &old).await, kept(&directory, "b.png", &used).await);
        let before = SystemTime::now() - KEPT - Duration::from_secs(60);
        for path in [&old, &used] {
            std::fs::File::options().write(true).open(path).unwrap().set_modified(before).unwrap();
        }
        // What is asked for again is written again.
        assert_eq!(kept(&directory, "b.png", b"used").await, used);
        assert!(!Path::new(&old).exists() && Path::new(&used).exists());
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let directory = MediaDirectory::new(file.path().join("below"));
        let failed = directory.keep(Digest::of(b"x"), "x.png", b"x".to_vec()).await.unwrap_err();
        assert!(failed.message.contains("could not be kept"), "{failed}");
    }
}
