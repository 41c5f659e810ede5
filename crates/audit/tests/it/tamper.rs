//! Every kind of change inside an export is found, and named by its entry.

use chimera_audit::verify::{VerifyError, verify};
use chimera_audit::{CheckpointSigner as _, merkle};
use chimera_harness::guard;
use proptest::prelude::*;

use crate::evidence::Log;

pub(crate) type Lines = Vec<String>;
pub(crate) type Case = (&'static str, Box<dyn Fn(&mut Lines)>);

pub(crate) fn lines(export: Vec<u8>) -> Lines {
    String::from_utf8(export).unwrap().lines().map(|line| format!("{line}\n")).collect()
}

/// The error's text after a change to the lines of a log of 10 entries.
pub(crate) fn after(change: impl Fn(&mut Lines)) -> String {
    let log = Log::of(10);
    let mut lines = lines(log.export());
    change(&mut lines);
    verify(lines.concat().as_bytes(), log.signer.verifier_key(), None).unwrap_err().to_string()
}

pub(crate) fn replaced(line: usize, from: &str, to: &str) -> impl Fn(&mut Lines) {
    move |lines: &mut Lines| {
        assert!(lines[line].contains(from), "{}", lines[line]);
        lines[line] = lines[line].replacen(from, to, 1);
    }
}

/// Changes a leaf and gives it its new hash, as someone does who knows the format.
fn rehashed(line: usize, from: &str, to: &str) -> impl Fn(&mut Lines) {
    move |lines: &mut Lines| {
        let value: serde_json::Value = serde_json::from_str(&lines[line]).unwrap();
        let before = value["leaf"].as_str().unwrap();
        let after = before.replacen(from, to, 1);
        let hash = |leaf: &str| merkle::leaf_hash(leaf.as_bytes()).to_string();
        lines[line] = lines[line].replacen(from, to, 1).replacen(&hash(before), &hash(&after), 1);
    }
}

#[test]
fn every_change_is_found_and_named() {
    let cases: Vec<Case> = vec![
        ("entry 4: changed", Box::new(replaced(4, "published", "rejected_"))),
        ("entry 4: not a form that a log holds", Box::new(rehashed(4, "published", "in free text"))),
        ("an entry of 0..10 was exchanged", Box::new(rehashed(4, "published", "rejected"))),
        ("entry 6: its attachment is not the one that was logged", Box::new(replaced(6, "said", "sang"))),
        ("entry 4: its attachment is not the one that was logged", Box::new(replaced(4, "/wAB", "/wAC"))),
        (
            "entry 6: its attachment is not the one that was logged",
            Box::new(replaced(6, "salt\":\"06", "salt\":\"07")),
        ),
        ("entry 5: its attachment was never logged", Box::new(replaced(5, "}\"}", "}\",\"erased\":true}"))),
        ("entry 5: the line is damaged", Box::new(replaced(5, "}\"}", "}\",\"erased\":false}"))),
        ("entry 5: the line is damaged", Box::new(replaced(5, "}\"}", "}\",\"note\":\"x\"}"))),
        ("entry 3: missing or moved; entry 4 stands", Box::new(|lines| drop(lines.remove(3)))),
        ("entry 2: missing or moved; entry 3 stands", Box::new(|lines| lines.swap(2, 3))),
        ("entry 3: missing or moved; entry 2 stands", Box::new(|lines| lines.insert(3, lines[2].clone()))),
        (
            "entry 3: repeats the event",
            Box::new(|lines| lines.insert(3, lines[2].replacen("\"index\":2", "\"index\":3", 1))),
        ),
        ("entry 9: missing; the checkpoint covers 10", Box::new(|lines| drop(lines.remove(9)))),
        ("entry 10: cut off", Box::new(|lines| lines.truncate(10))),
        ("entry 7: cut off", Box::new(|lines| lines.truncate(7))),
        ("entry 0: cut off", Box::new(Vec::clear)),
        (
            "entry 9: cut off",
            Box::new(|lines| {
                lines.truncate(10);
                lines[9].truncate(40);
            }),
        ),
        ("something follows the checkpoint", Box::new(|lines| lines.push(lines[0].clone()))),
        (
            "the checkpoint at the end does not count: the signature",
            Box::new(replaced(10, "\\n10\\n", "\\n11\\n")),
        ),
        (
            "the checkpoint at the end does not count: not a signed note",
            Box::new(replaced(10, "\\n\\n", "\\n")),
        ),
    ];
    for (expected, change) in cases {
        let found = after(change);
        assert!(found.starts_with(expected), "expected `{expected}`, found `{found}`");
    }
}

#[test]
fn an_older_checkpoint_does_not_cover_what_came_later() {
    let log = Log::of(9);
    let older = lines(log.export()).pop().unwrap();
    log.grow(9, 10);
    let mut now = lines(log.export());
    now[10] = older;
    let error = verify(now.concat().as_bytes(), log.signer.verifier_key(), None).unwrap_err();
    assert!(matches!(error, VerifyError::Size { signed: 9, found: 10 }), "{error}");
    assert!(error.to_string().starts_with("entry 9: not covered"), "{error}");
}

/// Flips one bit in every byte of an export, one at a time.
#[test]
fn a_flipped_bit_in_any_byte_is_found() {
    let log = Log::of(5);
    let export = log.export();
    let lines = lines(export.clone());
    let mut start = 0;
    for (number, line) in lines.iter().enumerate() {
        for place in start..start + line.len() {
            let mut changed = export.clone();
            changed[place] ^= 1 << (place % 8);
            let error = verify(changed.as_slice(), log.signer.verifier_key(), None);
            let shown = error.expect_err("a flipped bit went unnoticed").to_string();
            let named = shown.starts_with(&format!("entry {number}:"));
            assert!(named || number == 5, "byte {place} in line {number}: {shown}");
        }
        start += line.len();
    }
}

proptest! {
    /// Lines moved, dropped, repeated, cut and overwritten at will: never believed, and nothing breaks.
    #[test]
    fn no_mixture_of_changes_is_believed(
        changes in prop::collection::vec((0_u8..5, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let _guard = guard("one case");
        let log = SHARED.get_or_init(|| {
            let log = Log::of(6);
            (log.export(), log.signer.verifier_key().to_owned())
        });
        let mut lines: Vec<Vec<u8>> = log.0.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        for (change, at, to, byte) in changes {
            let (from, other) = (at.index(lines.len()), to.index(lines.len()));
            match change {
                0 => lines.swap(from, other),
                1 => lines.insert(from, lines[other].clone()),
                2 if lines.len() > 1 => drop(lines.remove(from)),
                3 => { let end = to.index(lines[from].len() + 1); lines[from].truncate(end); }
                _ if !lines[from].is_empty() => { let place = to.index(lines[from].len()); lines[from][place] = byte; }
                _ => {}
            }
        }
        let changed = lines.concat();
        prop_assert_eq!(verify(changed.as_slice(), &log.1, None).is_ok(), changed == log.0);
    }

    #[test]
    fn any_bytes_are_refused_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _guard = guard("one case");
        let log = Log::of(0);
        prop_assert!(verify(bytes.as_slice(), log.signer.verifier_key(), None).is_err());
    }
}

static SHARED: std::sync::OnceLock<(Vec<u8>, String)> = std::sync::OnceLock::new();
