//! Published cases of signed notes, verifier keys and checkpoints.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_audit::verify::{Checkpoint, Note, NoteError, VerifierKey};
use serde_json::Value;

use crate::published::{find, read};

/// The type byte of a key; we take Ed25519 (1) alone.
fn is_ed25519(vkey: &str) -> bool {
    let encoded = vkey.splitn(3, '+').nth(2).unwrap_or_default();
    STANDARD.decode(encoded).is_ok_and(|bytes| bytes.first() == Some(&1))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

#[test]
fn published_signed_notes_verifier_keys() {
    let Some(path) = find("signed-notes/vkeys.json") else { return };
    for case in read(&path).as_array().unwrap() {
        let vkey = case["vkey"].as_str().unwrap();
        let expected = case["valid"].as_bool().unwrap() && is_ed25519(vkey);
        let parsed = VerifierKey::parse(vkey);
        assert_eq!(parsed.is_ok(), expected, "{case}");
        if let Ok(parsed) = parsed {
            assert_eq!(parsed.to_string(), vkey);
        }
    }
}

#[test]
fn published_signed_notes_verdicts() {
    let Some(path) = find("signed-notes/notes.json") else { return };
    let mut checked = 0;
    for case in read(&path).as_array().unwrap() {
        let vkeys = texts(&case["vkeys"]);
        // Other kinds of keys and signatures are not ours to judge; bytes that are no UTF-8 cannot be passed at all.
        if !vkeys.iter().all(|vkey| is_ed25519(vkey)) {
            continue;
        }
        let Some(note) = case["note"].as_str() else { continue };
        let keys: Vec<_> = vkeys.iter().map(|vkey| VerifierKey::parse(vkey).unwrap()).collect();
        let found = match Note::open(note, &keys) {
            Ok(_) => "ok",
            Err(NoteError::Unsigned) => "unverified",
            Err(NoteError::FalseSignature(_)) => "invalid-signature",
            Err(NoteError::Malformed) => "malformed",
            Err(_) => "ambiguous-key",
        };
        assert_eq!(found, case["expect"].as_str().unwrap(), "{}", case["id"]);
        checked += 1;
    }
    println!("{checked} cases");
}

#[test]
fn published_signed_notes_checkpoints() {
    let Some(path) = find("signed-notes/checkpoints.json") else { return };
    for case in read(&path).as_array().unwrap() {
        let key = VerifierKey::parse(case["log_vkey"].as_str().unwrap()).unwrap();
        let note = Note::open(case["note"].as_str().unwrap(), &[key]);
        let checkpoint = note.ok().and_then(|note| Checkpoint::parse(note.text).ok());
        let counts =
            checkpoint.as_ref().is_some_and(|found| Some(found.origin.as_str()) == case["origin"].as_str());
        let short =
            |root: &Value| root.as_str().is_some_and(|root| STANDARD.decode(root).unwrap().len() != 32);
        let expected = !case["want_err"].as_bool().unwrap() && !short(&case["root_base64"]);
        assert_eq!(counts, expected, "{}", case["id"]);
        if let Some(checkpoint) = checkpoint.filter(|_| counts) {
            assert_eq!(Some(checkpoint.size), case["size"].as_u64());
            assert_eq!(
                Some(STANDARD.encode(checkpoint.root.as_bytes()).as_str()),
                case["root_base64"].as_str()
            );
        }
    }
}

#[test]
fn published_signed_notes_checkpoint_bodies() {
    let Some(path) = find("signed-notes/checkpoint_bodies.json") else { return };
    for case in read(&path).as_array().unwrap() {
        let Some(refused) = case["want_err"].as_bool() else { continue };
        let root = case["hash_base64"].as_str().map(|root| STANDARD.decode(root).unwrap());
        let short = root.is_some_and(|root| root.len() != 32);
        let found = Checkpoint::parse(case["body"].as_str().unwrap());
        assert_eq!(found.is_ok(), !refused && !short, "{case}");
    }
}

#[test]
fn published_signed_notes_of_test_logs() {
    for log in ["tessera", "serverless-log"] {
        let Some(folder) = find(&format!("signed-notes/logs/{log}")) else { return };
        let vkey = std::fs::read_to_string(folder.join("vkey.txt")).unwrap();
        let key = VerifierKey::parse(&vkey).unwrap();
        for size in [0, 1, 3, 5, 6, 8, 10, 11, 13, 15_u64] {
            let note = std::fs::read_to_string(folder.join(format!("checkpoint.{size}"))).unwrap();
            let note = Note::open(&note, std::slice::from_ref(&key)).unwrap();
            assert_eq!(Checkpoint::parse(note.text).unwrap().size, size, "{log}");
        }
    }
}

/// Signatures that differ from the one a signer makes, or are not its own, are refused.
#[test]
fn published_signed_notes_wycheproof_ed25519() {
    let Some(path) = find("signed-notes/wycheproof/ed25519_test.json") else { return };
    for group in read(&path)["testGroups"].as_array().unwrap() {
        let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
        let key = bytes(&group["publicKey"]["pk"]).try_into().unwrap();
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).unwrap();
        for case in group["tests"].as_array().unwrap() {
            let signature = ed25519_dalek::Signature::from_slice(&bytes(&case["sig"]));
            let shown =
                signature.is_ok_and(|signature| key.verify_strict(&bytes(&case["msg"]), &signature).is_ok());
            assert_eq!(shown, case["result"] == "valid", "{case}");
        }
    }
}
