//! Where the published cases lie.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_contracts::Digest;
use serde_json::Value;

/// A file or folder of published cases, or `None` (and a line that says so) where they are not there.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = std::env::var_os("CHIMERA_CONFORMANCE").map_or(default, PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: published cases not found at {}", path.display());
    None
}

pub(crate) fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Every JSON file below a folder.
pub(crate) fn cases(folder: &Path) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(cases(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let case = read(&path);
            found.push((path, case));
        }
    }
    found
}

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
