//! Published cases of RFC 6962 trees.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chimera_audit::merkle::{
    Node, empty_root, leaf_hash, node_hash, root, verify_consistency, verify_inclusion,
};
use chimera_contracts::Digest;
use chimera_harness::{Case, Judged, Kind, Published, has};
use serde_json::Value;

use crate::oracle::Stored;
use crate::published::{digest, digests};

const TREES: &[Kind] = &[
    (
        "inclusion proofs",
        |case| is_proof(&case.value, &["leafIdx", "treeSize", "leafHash", "root"]),
        |case| expect(&case.value, shows_inclusion(&case.value)),
    ),
    (
        "consistency proofs",
        |case| is_proof(&case.value, &["size1", "size2", "root1", "root2"]),
        |case| expect(&case.value, shows_consistency(&case.value)),
    ),
    (
        "hashes of a reference tree",
        |case| has(&case.file, &["leaf_inputs_hex"]) && has(&case.value, &["kind", "want"]),
        hash_of_tree,
    ),
];

/// Proofs out of logs with millions of entries; the other kinds of these files are in `published_notes`.
pub(crate) const LOGS: &[Kind] = &[
    (
        "entries of the log of Go modules",
        |case| case.value["kind"] == "inclusion" && has(&case.value, &["leaf_data", "leaf_index", "want"]),
        |case| {
            let leaf = case.value["leaf_data"].as_str().map(|data| leaf_hash(data.as_bytes()));
            let shown = leaf.is_some_and(|leaf| is_included(&case.value, &leaf));
            Judged::equal(&Some(shown), &case.value["want"].as_bool())
        },
    ),
    (
        "entries of Sigstore's logs",
        |case| has(&case.value, &["leaf_data_base64", "leaf_index", "inclusion_valid"]),
        |case| {
            let data = case.value["leaf_data_base64"].as_str().and_then(|data| STANDARD.decode(data).ok());
            let shown = data.is_some_and(|data| is_included(&case.value, &leaf_hash(&data)));
            Judged::equal(&Some(shown), &case.value["inclusion_valid"].as_bool())
        },
    ),
];

/// A proof about a whole tree: one about a part of it says where the part begins.
fn is_proof(case: &Value, members: &[&str]) -> bool {
    has(case, members) && case["wantErr"].is_boolean() && !has(case, &["start"]) && !has(case, &["end"])
}

fn expect(case: &Value, shown: Option<bool>) -> Judged {
    // What cannot be read at all is refused.
    Judged::equal(&Some(!shown.unwrap_or(false)), &case["wantErr"].as_bool())
}

fn shows_inclusion(case: &Value) -> Option<bool> {
    let (index, size) = (case["leafIdx"].as_u64()?, case["treeSize"].as_u64()?);
    let (leaf, root) = (digest(&case["leafHash"])?, digest(&case["root"])?);
    Some(verify_inclusion(index, size, &leaf, &digests(&case["proof"])?, &root).is_ok())
}

fn shows_consistency(case: &Value) -> Option<bool> {
    let (from, to) = (case["size1"].as_u64()?, case["size2"].as_u64()?);
    let (old, new) = (digest(&case["root1"])?, digest(&case["root2"])?);
    Some(verify_consistency(from, to, &digests(&case["proof"])?, &old, &new).is_ok())
}

fn is_included(case: &Value, leaf: &Digest) -> bool {
    let numbers = case["leaf_index"].as_u64().zip(case["tree_size"].as_u64());
    let hashes = digests(&case["proof"]).zip(digest(&case["root"]));
    let Some(((index, size), (proof, root))) = numbers.zip(hashes) else { return false };
    verify_inclusion(index, size, leaf, &proof, &root).is_ok()
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?).ok()
}

/// A hash that the case names, of the tree that stands in its file.
fn hash_of_tree(case: &Case) -> Judged {
    let uncovered = |why: &str| Judged::NotCovered(why.to_owned());
    let inputs: Option<Vec<_>> = case.file["leaf_inputs_hex"]
        .as_array()
        .map(|leaves| leaves.iter().map(bytes).collect())
        .unwrap_or_default();
    let Some(inputs) = inputs else { return uncovered("a tree of what is no hex") };
    let (count, stored) = (inputs.len() as u64, Stored::of(inputs.iter().map(|leaf| leaf_hash(leaf))));
    let value = &case.value;
    let found = match (value["kind"].as_str(), value["op"].as_str()) {
        (Some("root"), _) => {
            let size = value["tree_size"].as_u64().filter(|size| *size <= count);
            size.map(|size| root(size, |node| stored.read(node)).unwrap())
        }
        (Some("node"), _) => {
            let level = value["level"].as_u64().and_then(|level| u8::try_from(level).ok());
            let complete = |(level, index): &(u8, u64)| {
                (index + 1).checked_shl((*level).into()).is_some_and(|end| end <= count)
            };
            let node = level.zip(value["index"].as_u64()).filter(complete);
            node.map(|(level, index)| stored.read(Node { level, index }).unwrap())
        }
        (Some("hasher"), Some("empty_root")) => Some(empty_root()),
        (Some("hasher"), Some("leaf")) => bytes(&value["data_hex"]).map(|data| leaf_hash(&data)),
        (Some("hasher"), Some("node")) => {
            let side = |name| bytes(&value[name])?.try_into().ok().map(Digest::from_bytes);
            side("left_hex").zip(side("right_hex")).map(|(left, right)| node_hash(&left, &right))
        }
        _ => return uncovered("another kind of hash"),
    };
    // Sides that are no digests, and nodes that are not complete, cannot be asked for here at all.
    let Some(found) = found else { return uncovered("a hash of what is none") };
    Judged::equal(&Some(found.to_string().as_str()), &value["want"].as_str())
}

#[test]
fn published_merkle_trees() {
    let Some(published) = Published::find("merkle") else { return };
    published.judge_all(TREES);
}
