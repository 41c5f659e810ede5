//! Published cases, where they are laid out beside the workspace or where `CHIMERA_CONFORMANCE` says.

use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    std::env::var_os("CHIMERA_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    )
}

/// The texts of all files below a folder whose names begin and end so, by name, each with its path. Where there is none, says
/// that its test is skipped.
pub(crate) fn published(below: &str, begin: &str, end: &str) -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    collect(&folder().join(below), &mut paths);
    paths.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(begin) && name.ends_with(end)
    });
    paths.sort();
    if paths.is_empty() {
        println!("skipped: published cases `{begin}*{end}` not found in {}", folder().join(below).display());
    }
    let read = |path: PathBuf| {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}
