//! Published cases of signed notes, verifier keys, checkpoints and logs.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_audit::verify::{Checkpoint, Note, NoteError, VerifierKey};
use chimera_harness::{Case, Judged, Kind, Published, has};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;

use crate::published_merkle::LOGS;

const NOTES: &[Kind] = &[
    ("verifier keys", |case| has(&case.value, &["vkey"]) && case.value["valid"].is_boolean(), verifier_key),
    ("signed notes", is_signed_note, signed_note),
    ("checkpoints", |case| has(&case.value, &["log_vkey", "note"]) && has_verdict(case), checkpoint),
    ("bodies of checkpoints", |case| has(&case.value, &["body"]) && has_verdict(case), checkpoint_body),
    ("signatures", |case| has(&case.value, &["msg", "sig", "result"]), signature),
];

/// A checkpoint is a note, too.
fn is_signed_note(case: &Case) -> bool {
    ["note", "checkpoint"].contains(&text(case, "kind")) && has(&case.value, &["vkeys", "expect"])
}

/// Some cases leave open whether they are refused.
fn has_verdict(case: &Case) -> bool {
    case.value["want_err"].is_boolean()
}

/// The type byte of a key; we take Ed25519 (1) alone.
fn is_ed25519(vkey: &str) -> bool {
    let encoded = vkey.splitn(3, '+').nth(2).unwrap_or_default();
    STANDARD.decode(encoded).is_ok_and(|bytes| bytes.first() == Some(&1))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn text<'case>(case: &'case Case, member: &str) -> &'case str {
    case.value[member].as_str().unwrap_or_default()
}

/// Whether there is a root hash and it is not one of ours: some cases have made-up ones, as their source checks no length.
fn is_short(root: &Value) -> bool {
    root.as_str().is_some_and(|root| STANDARD.decode(root).is_ok_and(|root| root.len() != 32))
}

fn verifier_key(case: &Case) -> Judged {
    let vkey = text(case, "vkey");
    let expected = case.value["valid"] == true && is_ed25519(vkey);
    let parsed = VerifierKey::parse(vkey).ok().map(|key| key.to_string());
    Judged::equal(&parsed.as_deref(), &expected.then_some(vkey))
}

fn signed_note(case: &Case) -> Judged {
    let vkeys = texts(&case.value["vkeys"]);
    if !vkeys.iter().all(|vkey| is_ed25519(vkey)) {
        return Judged::NotCovered("keys of other kinds".to_owned());
    }
    let Some(note) = case.value["note"].as_str() else {
        return Judged::NotCovered("bytes that are no text".to_owned());
    };
    let keys: Result<Vec<_>, _> = vkeys.iter().map(|vkey| VerifierKey::parse(vkey)).collect();
    let Ok(keys) = keys else { return Judged::Failed("a key is refused".to_owned()) };
    let found = match Note::open(note, &keys) {
        Ok(_) => "ok",
        Err(NoteError::Unsigned) => "unverified",
        Err(NoteError::FalseSignature(_)) => "invalid-signature",
        Err(NoteError::Malformed) => "malformed",
        Err(_) => "ambiguous-key",
    };
    Judged::equal(&found, &text(case, "expect"))
}

fn checkpoint(case: &Case) -> Judged {
    let Ok(key) = VerifierKey::parse(text(case, "log_vkey")) else {
        return Judged::NotCovered("keys of other kinds".to_owned());
    };
    let note = Note::open(text(case, "note"), &[key]);
    let checkpoint = note.ok().and_then(|note| Checkpoint::parse(note.text).ok());
    let found = checkpoint
        .filter(|found| found.origin == text(case, "origin"))
        .map(|found| (Some(found.size), STANDARD.encode(found.root.as_bytes())));
    let expected = case.value["want_err"] == false && !is_short(&case.value["root_base64"]);
    let expected = expected.then(|| (case.value["size"].as_u64(), text(case, "root_base64").to_owned()));
    Judged::equal(&found, &expected)
}

fn checkpoint_body(case: &Case) -> Judged {
    let expected = case.value["want_err"] == false && !is_short(&case.value["hash_base64"]);
    Judged::equal(&Checkpoint::parse(text(case, "body")).is_ok(), &expected)
}

/// Signatures that differ from the one a signer makes, or are not its own, are refused.
fn signature(case: &Case) -> Judged {
    let key = &case.file["publicKey"];
    if key["curve"] != "edwards25519" {
        return Judged::NotCovered("keys of other curves".to_owned());
    }
    let expected = match text(case, "result") {
        "valid" => true,
        "invalid" => false,
        other => return Judged::NotCovered(format!("`{other}`")),
    };
    let bytes = |value: &Value| hex::decode(value.as_str().unwrap_or_default()).ok();
    let key = bytes(&key["pk"]).and_then(|key| VerifyingKey::from_bytes(&key.try_into().ok()?).ok());
    let signature = bytes(&case.value["sig"]).and_then(|sig| Signature::from_slice(&sig).ok());
    let message = bytes(&case.value["msg"]);
    let shown = key
        .zip(signature)
        .zip(message)
        .is_some_and(|((key, signature), message)| key.verify_strict(&message, &signature).is_ok());
    Judged::equal(&shown, &expected)
}

#[test]
fn published_signed_notes() {
    let Some(mut published) = Published::find("signed-notes") else { return };
    let kinds = [NOTES, LOGS].concat();
    for case in published.cases() {
        let groups = case.inner("testGroups");
        if groups.is_empty() {
            published.judge([case], &kinds);
        }
        for group in groups {
            published.judge(group.inner("tests"), &kinds);
        }
    }
    published.end();
}

/// Folders with the key of a log and the checkpoints that it signed.
#[test]
fn published_signed_notes_of_test_logs() {
    let Some(mut published) = Published::find("signed-notes/logs") else { return };
    let files = published.files("");
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    let keys: BTreeMap<_, _> = files
        .iter()
        .filter_map(|file| Some((file.parent()?, VerifierKey::parse(text(file).trim()).ok()?)))
        .collect();
    for file in &files {
        let (name, note) = (published.name(file), text(file));
        if VerifierKey::parse(note.trim()).is_ok() {
            continue;
        }
        let key = file.parent().and_then(|folder| keys.get(folder));
        // A signature begins with an em dash.
        let Some(key) = key.filter(|_| note.contains("\n\n\u{2014} ")) else {
            published.not_covered("files of a log that are no checkpoints");
            continue;
        };
        let opened = Note::open(&note, std::slice::from_ref(key));
        let size =
            opened.ok().and_then(|note| Checkpoint::parse(note.text).ok()).map(|checkpoint| checkpoint.size);
        // Where the name ends in a size, it is that of the log.
        let named = file.extension().and_then(|size| size.to_str()?.parse().ok());
        let judged = match size {
            None => Judged::Failed("it is refused".to_owned()),
            Some(size) => Judged::equal(&size, &named.unwrap_or(size)),
        };
        published.count("checkpoints of test logs", &name, judged);
    }
    published.end();
}
