//! The root of a tree that is seen once, leaf by leaf: one hash for each full subtree, at most 64.

use chimera_contracts::Digest;

use crate::merkle::{empty_root, node_hash};

/// The right edge of a growing tree.
#[derive(Debug, Default)]
pub(super) struct Edge {
    /// INVARIANT: full subtrees from left to right, each smaller than the one before; the number is log2 of the leaves.
    subtrees: Vec<(u32, Digest)>,
    size: u64,
}

impl Edge {
    pub(super) fn push(&mut self, leaf: Digest) {
        let (mut height, mut hash) = (0, leaf);
        while let Some((_, left)) = self.subtrees.pop_if(|(left, _)| *left == height) {
            hash = node_hash(&left, &hash);
            height += 1;
        }
        self.subtrees.push((height, hash));
        self.size += 1;
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn root(&self) -> Digest {
        let mut rightmost_first = self.subtrees.iter().rev().map(|(_, hash)| *hash);
        let last = rightmost_first.next().unwrap_or_else(empty_root);
        rightmost_first.fold(last, |right, left| node_hash(&left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn agrees_with_the_stored_tree_at_every_size() {
        let mut edge = Edge::default();
        let mut stored: Vec<Vec<Digest>> = Vec::new();
        let read = |stored: &[Vec<Digest>], node: crate::merkle::Node| {
            let (leaf, position) = node.stored_at();
            Ok::<_, Infallible>(stored[usize::try_from(leaf).unwrap()][usize::from(position)])
        };
        for size in 0..70_u64 {
            assert_eq!(edge.root(), crate::merkle::root(size, |node| read(&stored, node)).unwrap(), "{size}");
            let leaf = Digest::of(&size.to_be_bytes());
            edge.push(leaf);
            let hashes = crate::merkle::completed(size, leaf, |node| read(&stored, node)).unwrap();
            stored.push(hashes);
        }
        assert_eq!(edge.size(), 70);
    }
}
