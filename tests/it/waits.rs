//! No test waits without a bound: what waits by itself is not written into a test, the harness has a form of it with one.
//!
//! A list of words is no proof; it is what keeps a gate that once stopped the whole suite from being written again.

use std::fs;
use std::path::{Path, PathBuf};

/// What waits for as long as it likes, and what stands in its place.
const BARE: [(&str, &str); 9] = [
    ("in 0.. {", "`tries`"),
    ("in 1.. {", "`tries`"),
    (".read_line(", "`TestProcess::next_line`"),
    (".recv()", "`within`, or `recv_timeout`"),
    (".wait()", "`TestProcess::end`"),
    (".output()", "`finished`"),
    (".spawn()", "`TestProcess::start`"),
    ("futures_executor::", "`chimera_testkit::block_on`"),
    ("spawn_blocking", "a thread and a channel: the runtime waits for its blocking threads when it ends"),
];

/// Files that have a reason.
const EXCEPT: [(&str, &str); 4] = [
    ("crates/testkit/src/block_on.rs", "gives the bound"),
    ("tests/bin/caller.rs", "a child process: its input ends with the test that started it"),
    ("tests/bin/renaming.rs", "a child process: its server ends with the input that the test closes"),
    ("tests/it/waits.rs", "the list itself"),
];

/// Every source file of tests and of what they share, the harness aside.
fn test_sources(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("tests"), root.join("crates/testkit/src")];
    for entry in fs::read_dir(root.join("crates")).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("harness") {
            folders.push(path.join("tests"));
        }
    }
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn tests_wait_through_the_harness() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let sources = test_sources(root);
    assert!(sources.len() > 100, "only {} files were found", sources.len());
    let mut bare = Vec::new();
    for path in sources {
        let name = path.strip_prefix(root).unwrap().display().to_string();
        if EXCEPT.iter().any(|(except, _)| *except == name) {
            continue;
        }
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let found = BARE.iter().filter(|(words, _)| line.contains(words));
            bare.extend(
                found.map(|(words, instead)| format!("{name}:{}: `{words}`: use {instead}", number + 1)),
            );
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}
