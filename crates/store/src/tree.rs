//! The right edge of the ledger's tree: what the next entry completes, without reading stored hashes.

use chimera_audit::merkle::{self, Node};
use chimera_contracts::Digest;

/// The roots of the perfect subtrees of a log, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    peaks: Vec<Digest>,
}

impl Tree {
    /// The nodes whose hashes make the tree of `size` entries, in the order that [`of`](Self::of) takes them.
    #[must_use]
    pub fn nodes(size: u64) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut begin = 0_u64;
        for level in (0..64_u8).rev() {
            let width = 1_u64 << level;
            if size & width != 0 {
                nodes.push(Node { level, index: begin >> level });
                begin = begin.saturating_add(width);
            }
        }
        nodes
    }

    /// The tree of `size` entries with the hashes of [`nodes`](Self::nodes).
    #[must_use]
    pub const fn of(size: u64, peaks: Vec<Digest>) -> Self {
        Self { size, peaks }
    }

    /// How many entries there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends an entry; gives the hashes to store with it, level 0 first: its own and that of each subtree it completes.
    pub fn append(&mut self, leaf: Digest) -> Vec<Digest> {
        let mut hashes = vec![leaf];
        let mut hash = leaf;
        let mut index = self.size;
        while index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = merkle::node_hash(&left, &hash);
            hashes.push(hash);
            index >>= 1;
        }
        self.peaks.push(hash);
        self.size = self.size.saturating_add(1);
        hashes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_completes_what_the_tree_completes() {
        let mut stored: BTreeMap<(u8, u64), Digest> = BTreeMap::new();
        let mut tree = Tree::default();
        for index in 0..200_u64 {
            let leaf = merkle::leaf_hash(&index.to_be_bytes());
            let expected = merkle::completed(index, leaf, |node| {
                stored.get(&(node.level, node.index)).copied().ok_or(())
            })
            .unwrap();
            let hashes = tree.append(leaf);
            assert_eq!(hashes, expected, "entry {index}");
            for (level, hash) in (0_u8..).zip(hashes) {
                stored.insert((level, index >> level), hash);
            }
            let peaks = Tree::nodes(index + 1).iter().map(|node| stored[&(node.level, node.index)]).collect();
            assert_eq!(Tree::of(index + 1, peaks), tree, "after entry {index}");
        }
    }
}
