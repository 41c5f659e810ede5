//! Roots and proofs agree with another implementation of RFC 6962.

use std::convert::Infallible;

use chimera_audit::merkle::{
    Node, completed, consistency_proof, inclusion_proof, leaf_hash, root, verify_consistency,
    verify_inclusion,
};
use chimera_contracts::Digest;
use chimera_harness::guard;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

pub(crate) struct Stored(Vec<Vec<Digest>>);

impl Stored {
    pub(crate) fn of(leaves: impl IntoIterator<Item = Digest>) -> Self {
        let mut stored = Self(Vec::new());
        for (index, leaf) in leaves.into_iter().enumerate() {
            let hashes = completed(index as u64, leaf, |node| stored.read(node)).unwrap();
            stored.0.push(hashes);
        }
        stored
    }

    #[expect(clippy::unnecessary_wraps, reason = "the shape that the tree reads through")]
    pub(crate) fn read(&self, node: Node) -> Result<Digest, Infallible> {
        let (leaf, position) = node.stored_at();
        Ok(self.0[usize::try_from(leaf).unwrap()][usize::from(position)])
    }
}

fn concatenated(proof: &[Digest]) -> Vec<u8> {
    proof.iter().flat_map(|digest| *digest.as_bytes()).collect()
}

proptest! {
    #[test]
    fn agrees_with_ct_merkle(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 1..130), at in any::<prop::sample::Index>()) {
        let _guard = guard("one case");
        let index = at.index(leaves.len());
        let (size, older) = (leaves.len() as u64, index as u64 + 1);
        let stored = Stored::of(leaves.iter().map(|leaf| leaf_hash(leaf)));
        let read = |node| stored.read(node);
        let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        let mut their_older_root = [0; 32];
        for (place, leaf) in leaves.iter().enumerate() {
            theirs.push(leaf.clone());
            if place == index {
                their_older_root = theirs.root().as_bytes()[..].try_into().unwrap();
            }
        }
        let (old, new) = (root(older, read).unwrap(), root(size, read).unwrap());
        prop_assert_eq!(new.as_bytes().to_vec(), theirs.root().as_bytes().to_vec());
        prop_assert_eq!(old.as_bytes(), &their_older_root);

        let proof = inclusion_proof(index as u64, size, read).unwrap();
        prop_assert_eq!(concatenated(&proof), theirs.prove_inclusion(index).as_bytes().to_vec());
        let leaf = leaf_hash(&leaves[index]);
        prop_assert_eq!(verify_inclusion(index as u64, size, &leaf, &proof, &new), Ok(()));

        let proof = consistency_proof(older, size, read).unwrap();
        if older < size {
            let additions = usize::try_from(size - older).unwrap();
            prop_assert_eq!(concatenated(&proof), theirs.prove_consistency(additions).as_bytes().to_vec());
        }
        prop_assert_eq!(verify_consistency(older, size, &proof, &old, &new), Ok(()));
    }

    #[test]
    fn a_changed_proof_shows_nothing(size in 2_u64..80, at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>()) {
        let _guard = guard("one case");
        let stored = Stored::of((0..size).map(|number| leaf_hash(&number.to_be_bytes())));
        let read = |node| stored.read(node);
        let index = at.index(usize::try_from(size).unwrap()) as u64;
        let new = root(size, read).unwrap();
        let mut proof = inclusion_proof(index, size, read).unwrap();
        let changed = which.index(proof.len());
        proof[changed] = Digest::of(b"another");
        prop_assert!(verify_inclusion(index, size, &leaf_hash(&index.to_be_bytes()), &proof, &new).is_err());
        let older = index.max(1);
        let mut proof = consistency_proof(older, size, read).unwrap();
        let old = root(older, read).unwrap();
        let changed = which.index(proof.len());
        proof[changed] = Digest::of(b"another");
        prop_assert!(verify_consistency(older, size, &proof, &old, &new).is_err());
    }
}
