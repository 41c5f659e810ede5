//! Media as files: what a server is given is what was approved, whole, and nobody else's to read.

use std::sync::Arc;

use chimera_contracts::Digest;
use chimera_mcp::MediaDirectory;
use chimera_platform::media::MediaFiles;

/// A server that strips EXIF in place, a crash between `rename` and the disk, another program: the file is there, and is
/// another one.
#[tokio::test]
async fn a_file_that_was_changed_is_not_handed_over_as_what_was_approved() {
    let folder = tempfile::tempdir().unwrap();
    let directory = MediaDirectory::new(folder.path());
    let approved = b"approved".to_vec();
    let path = directory.keep(Digest::of(&approved), "a.png", approved.clone()).await.unwrap();
    for other in [b"another picture".as_slice(), b"", b"approv"] {
        std::fs::write(&path, other).unwrap();
        let again = directory.keep(Digest::of(&approved), "a.png", approved.clone()).await.unwrap();
        assert_eq!(std::fs::read(again).unwrap(), approved, "instead of {other:?}");
    }
}

/// One picture for two platforms at once.
#[tokio::test]
async fn a_file_is_whole_as_soon_as_its_path_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let mut halves = 0;
    for round in 0..60_u32 {
        let mut bytes = vec![7_u8; 8 << 20];
        bytes[..4].copy_from_slice(&round.to_le_bytes());
        let bytes = Arc::new(bytes);
        let digest = Digest::of(&bytes);
        let directory = MediaDirectory::new(folder.path());
        let calls = (0..3).map(|_| {
            let (directory, bytes) = (directory.clone(), Arc::clone(&bytes));
            tokio::spawn(async move {
                let kept = directory.keep(digest, "a.mp4", bytes.to_vec()).await;
                kept.map(|path| std::fs::read(path).is_ok_and(|read| read == *bytes))
            })
        });
        for call in calls.collect::<Vec<_>>() {
            match call.await.unwrap() {
                Ok(true) => {}
                Ok(false) => halves += 1,
                Err(error) => panic!("{error}"),
            }
        }
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
    assert_eq!(halves, 0, "of 180 reads");
}

/// `Only this user can read them`, also in a folder that was there.
#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_a_file_in_a_folder_that_was_there() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let directory = MediaDirectory::new(folder.path());
    let path = directory.keep(Digest::of(b"x"), "a.png", b"x".to_vec()).await.unwrap();
    let file = std::fs::metadata(&path).unwrap().permissions().mode() & 0o077;
    let folder = std::fs::metadata(folder.path()).unwrap().permissions().mode() & 0o077;
    assert!(file & 0o044 == 0 || folder == 0, "file {file:o}, folder {folder:o}");
}
