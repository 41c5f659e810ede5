//! Published cases of RFC 6962 trees.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_audit::merkle::{Node, leaf_hash, root, verify_consistency, verify_inclusion};
use chimera_contracts::Digest;
use serde_json::Value;

use crate::oracle::Stored;
use crate::published::{cases, digest, digests, find, read};

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn published_merkle_reference_tree() {
    let Some(path) = find("merkle/rfc6962_reference_tree.json") else { return };
    let file = read(&path);
    let leaves = file["leaf_inputs_hex"].as_array().unwrap().iter().map(|leaf| leaf_hash(&bytes(leaf)));
    let stored = Stored::of(leaves);
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let found = match (case["kind"].as_str().unwrap(), case["op"].as_str()) {
            ("root", _) => root(number(&case["tree_size"]), |node| stored.read(node)).unwrap(),
            ("node", _) => {
                let level = u8::try_from(number(&case["level"])).unwrap();
                stored.read(Node { level, index: number(&case["index"]) }).unwrap()
            }
            ("hasher", Some("empty_root")) => chimera_audit::merkle::empty_root(),
            ("hasher", Some("leaf")) => leaf_hash(&bytes(&case["data_hex"])),
            ("hasher", Some("node")) => {
                let side = |name: &str| {
                    let bytes = bytes(&case[name]);
                    bytes.try_into().map(Digest::from_bytes)
                };
                match (side("left_hex"), side("right_hex")) {
                    (Ok(left), Ok(right)) => chimera_audit::merkle::node_hash(&left, &right),
                    // Sides that are no digests cannot be hashed here at all.
                    _ => continue,
                }
            }
            other => panic!("unknown kind {other:?}"),
        };
        assert_eq!(found.to_string(), case["want"].as_str().unwrap(), "{case}");
    }
    println!("{} cases", cases.len());
}

#[test]
fn published_merkle_inclusion() {
    let Some(folder) = find("merkle/inclusion") else { return };
    let cases = cases(&folder);
    assert!(!cases.is_empty());
    for (path, case) in &cases {
        let (index, size) = (number(&case["leafIdx"]), number(&case["treeSize"]));
        let parts = (digest(&case["leafHash"]), digests(&case["proof"]), digest(&case["root"]));
        let shown = match parts {
            (Some(leaf), Some(proof), Some(root)) => {
                verify_inclusion(index, size, &leaf, &proof, &root).is_ok()
            }
            _ => false,
        };
        assert_eq!(shown, !case["wantErr"].as_bool().unwrap(), "{}", path.display());
    }
    println!("{} cases", cases.len());
}

#[test]
fn published_merkle_consistency() {
    let Some(folder) = find("merkle/consistency") else { return };
    let cases = cases(&folder);
    assert!(!cases.is_empty());
    for (path, case) in &cases {
        let (from, to) = (number(&case["size1"]), number(&case["size2"]));
        let parts = (digest(&case["root1"]), digests(&case["proof"]), digest(&case["root2"]));
        let shown = match parts {
            (Some(old), Some(proof), Some(new)) => verify_consistency(from, to, &proof, &old, &new).is_ok(),
            _ => false,
        };
        assert_eq!(shown, !case["wantErr"].as_bool().unwrap(), "{}", path.display());
    }
    println!("{} cases", cases.len());
}

/// Proofs out of logs with millions of entries.
#[test]
fn published_merkle_real_logs() {
    let Some(path) = find("signed-notes/sumdb_real_proofs.json") else { return };
    for case in read(&path).as_array().unwrap() {
        let leaf = leaf_hash(case["leaf_data"].as_str().unwrap().as_bytes());
        let (index, size) = (number(&case["leaf_index"]), number(&case["tree_size"]));
        let (proof, root) = (digests(&case["proof"]).unwrap(), digest(&case["root"]).unwrap());
        let shown = verify_inclusion(index, size, &leaf, &proof, &root).is_ok();
        assert_eq!(shown, case["want"].as_bool().unwrap(), "{}", case["id"]);
    }
}

/// Entries of Sigstore's public logs.
#[test]
fn published_merkle_rekor_inclusion() {
    let Some(path) = find("signed-notes/rekor_inclusion.json") else { return };
    let file = read(&path);
    let cases = file.as_array().unwrap();
    for case in cases {
        let leaf = leaf_hash(&STANDARD.decode(case["leaf_data_base64"].as_str().unwrap()).unwrap());
        let (index, size) = (case["leaf_index"].as_u64().unwrap(), case["tree_size"].as_u64().unwrap());
        let (proof, root) = (digests(&case["proof"]).unwrap(), digest(&case["root"]).unwrap());
        let shown = verify_inclusion(index, size, &leaf, &proof, &root).is_ok();
        assert_eq!(shown, case["inclusion_valid"].as_bool().unwrap(), "{} {}", case["bundle"], case["entry"]);
    }
    println!("{} cases", cases.len());
}
