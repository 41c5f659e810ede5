//! The hash tree of RFC 6962 and RFC 9162 §2.1: which hashes to store, roots, proofs, and checking proofs.
//!
//! A perfect subtree never changes once it is full, so each of its hashes is stored once, with the leaf that filled it
//! (as Go's `sumdb/tlog` does). Appending touches no stored row, and a root or a proof reads O(log n) of them. The
//! functions take the storage as a closure: the tree knows no database, and a store decides how it reads.
//!
//! INVARIANT: no arithmetic here overflows for any size up to `u64::MAX`; sizes given by an adversary cost at most 64
//! steps.

use chimera_contracts::Digest;
use sha2::{Digest as _, Sha256};

/// The hash of an entry: SHA-256 of `0x00 || bytes`.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
}

/// The hash of an interior node: SHA-256 of `0x01 || left || right`.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let hasher = Sha256::new().chain_update([1]).chain_update(left.as_bytes()).chain_update(right.as_bytes());
    Digest::from_bytes(hasher.finalize().into())
}

/// The root of the tree without entries: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of(b"")
}

/// A perfect subtree: the `index`-th of those with 2^`level` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// Height above the leaves, which have level 0.
    pub level: u8,
    /// Place among the nodes of its level, from 0.
    pub index: u64,
}

impl Node {
    /// Where the hash of this node is stored: the index of the leaf that completes it, and the position among the hashes
    /// of that leaf (its level).
    ///
    /// A node that no tree has, because its last leaf would lie beyond `u64::MAX`, answers `u64::MAX`, which is no
    /// leaf's index.
    #[must_use]
    pub fn stored_at(self) -> (u64, u8) {
        let end = (u128::from(self.index) + 1).checked_shl(self.level.into()).filter(|_| self.level < 64);
        let leaf = end.and_then(|end| u64::try_from(end - 1).ok()).unwrap_or(u64::MAX);
        (leaf, self.level)
    }
}

/// The hashes to store with leaf `index`, level 0 first: the leaf's own and that of each subtree it completes.
///
/// # Errors
/// When `read` fails.
pub fn completed<E>(
    index: u64,
    leaf: Digest,
    mut read: impl FnMut(Node) -> Result<Digest, E>,
) -> Result<Vec<Digest>, E> {
    let mut hashes = vec![leaf];
    let mut hash = leaf;
    let mut node = Node { level: 0, index };
    while node.index & 1 == 1 {
        let left = read(Node { level: node.level, index: node.index - 1 })?;
        hash = node_hash(&left, &hash);
        hashes.push(hash);
        node = Node { level: node.level + 1, index: node.index >> 1 };
    }
    Ok(hashes)
}

/// The root of the tree over the first `size` leaves.
///
/// # Errors
/// When `read` fails.
pub fn root<E>(size: u64, mut read: impl FnMut(Node) -> Result<Digest, E>) -> Result<Digest, E> {
    range_root(0, size, &mut read)
}

/// A proof could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError<E> {
    /// There is no such proof: the leaf is not in the tree, or the older tree is empty or larger.
    #[error("no proof from {from} in a tree of size {size}")]
    OutOfRange {
        /// The leaf, or the older size.
        from: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A stored hash could not be read.
    #[error("a stored hash could not be read")]
    Read(#[source] E),
}

/// The proof that leaf `index` is in the tree of `size` leaves (RFC 9162 §2.1.3.1).
///
/// # Errors
/// When the leaf is not in the tree or `read` fails.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    mut read: impl FnMut(Node) -> Result<Digest, E>,
) -> Result<Vec<Digest>, ProofError<E>> {
    if index >= size {
        return Err(ProofError::OutOfRange { from: index, size });
    }
    let (mut low, mut high) = (0, size);
    let mut proof = Vec::new();
    while high - low > 1 {
        let middle = low + left_size(high - low);
        let sibling = if index < middle { (middle, high) } else { (low, middle) };
        proof.push(range_root(sibling.0, sibling.1, &mut read).map_err(ProofError::Read)?);
        (low, high) = if index < middle { (low, middle) } else { (middle, high) };
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `to` leaves extends that of `from` leaves (RFC 9162 §2.1.4.1).
///
/// # Errors
/// When `from` is 0 or above `to`, or `read` fails.
pub fn consistency_proof<E>(
    from: u64,
    to: u64,
    mut read: impl FnMut(Node) -> Result<Digest, E>,
) -> Result<Vec<Digest>, ProofError<E>> {
    if from == 0 || from > to {
        return Err(ProofError::OutOfRange { from, size: to });
    }
    let (mut low, mut high) = (0, to);
    let mut proof = Vec::new();
    while from < high {
        let middle = low + left_size(high - low);
        let sibling = if from <= middle { (middle, high) } else { (low, middle) };
        proof.push(range_root(sibling.0, sibling.1, &mut read).map_err(ProofError::Read)?);
        (low, high) = if from <= middle { (low, middle) } else { (middle, high) };
    }
    // The checker holds the older root; it is the start of the proof only where that root is itself a subtree here.
    if low > 0 {
        proof.push(range_root(low, high, &mut read).map_err(ProofError::Read)?);
    }
    proof.reverse();
    Ok(proof)
}

/// A proof does not show what it is said to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refuted {
    /// The sizes leave nothing to prove: an index outside the tree, an older tree that is empty or larger.
    #[error("the sizes do not fit each other")]
    Range,
    /// The proof has too many or too few hashes for these sizes.
    #[error("the proof has the wrong length")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Checks that a leaf is in a tree (RFC 9162 §2.1.3.2).
///
/// # Errors
/// When it is not shown.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Digest,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), Refuted> {
    if index >= size {
        return Err(Refuted::Range);
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(Refuted::Length);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            skip_lone_parents(&mut place, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    finish(last, hash == *root)
}

/// Checks that the tree with root `new` extends that with root `old` (RFC 9162 §2.1.4.2).
///
/// A proof from size 0 is refused: every tree extends the empty one, so such a proof shows nothing.
///
/// # Errors
/// When it is not shown.
pub fn verify_consistency(
    from: u64,
    to: u64,
    proof: &[Digest],
    old: &Digest,
    new: &Digest,
) -> Result<(), Refuted> {
    if from == 0 || from > to {
        return Err(Refuted::Range);
    }
    if from == to {
        let end = u64::try_from(proof.len()).unwrap_or(u64::MAX);
        return finish(end, old == new);
    }
    // An older tree that is perfect is a subtree of the newer one, and its root the start of the proof.
    let (start, rest) = match (from.is_power_of_two(), proof.split_first()) {
        (true, Some(_)) => (old, proof),
        (false, Some((start, rest))) => (start, rest),
        (_, None) => return Err(Refuted::Length),
    };
    let full = (from - 1).trailing_ones();
    let (mut place, mut last) = (shifted(from - 1, full), shifted(to - 1, full));
    let (mut old_hash, mut new_hash) = (*start, *start);
    for sibling in rest {
        if last == 0 {
            return Err(Refuted::Length);
        }
        if place & 1 == 1 || place == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            skip_lone_parents(&mut place, &mut last);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    finish(last, old_hash == *old && new_hash == *new)
}

/// The root over the leaves `low..high`, where `low` is a multiple of the largest power of two up to `high - low`.
fn range_root<E>(low: u64, high: u64, read: &mut impl FnMut(Node) -> Result<Digest, E>) -> Result<Digest, E> {
    // From the right, the perfect subtrees that the range consists of are the ones in its length.
    let mut end = high;
    let mut hash: Option<Digest> = None;
    while end > low {
        let level = (end - low).trailing_zeros();
        let start = end - (1 << level);
        // A level of a `u64` is below 64.
        let node = Node { level: u8::try_from(level).unwrap_or(u8::MAX), index: start >> level };
        let left = read(node)?;
        hash = Some(hash.map_or(left, |right| node_hash(&left, &right)));
        end = start;
    }
    Ok(hash.unwrap_or_else(empty_root))
}

/// The number of leaves left of the root's split: the largest power of two below `size`, for a size above 1.
const fn left_size(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// On the right edge a node without sibling is its own parent; such steps take no hash from a proof.
const fn skip_lone_parents(place: &mut u64, last: &mut u64) {
    while *place & 1 == 0 && *place != 0 {
        *place >>= 1;
        *last >>= 1;
    }
}

fn shifted(value: u64, by: u32) -> u64 {
    value.checked_shr(by).unwrap_or(0)
}

const fn finish(left_over: u64, equal: bool) -> Result<(), Refuted> {
    match (left_over, equal) {
        (0, true) => Ok(()),
        (0, false) => Err(Refuted::Root),
        _ => Err(Refuted::Length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn stored_places_are_those_of_the_completing_leaf() {
        for (level, index, expected) in [
            (0, 0, (0, 0)),
            (0, 5, (5, 0)),
            (1, 0, (1, 1)),
            (1, 2, (5, 1)),
            (3, 0, (7, 3)),
            (63, 0, (u64::MAX >> 1, 63)),
            (63, 2, (u64::MAX, 63)),
            (0, u64::MAX, (u64::MAX, 0)),
            (200, 1, (u64::MAX, 200)),
        ] {
            assert_eq!(Node { level, index }.stored_at(), expected, "level {level} index {index}");
        }
    }

    #[test]
    fn extreme_sizes_cost_few_reads_and_do_not_overflow() {
        let mut reads = 0;
        let mut read = |_| {
            reads += 1;
            Ok::<_, Infallible>(Digest::of(b"x"))
        };
        completed(u64::MAX, Digest::of(b"x"), &mut read).unwrap();
        root(u64::MAX, &mut read).unwrap();
        let proof = inclusion_proof(u64::MAX - 1, u64::MAX, &mut read).unwrap();
        consistency_proof(u64::MAX - 1, u64::MAX, &mut read).unwrap();
        assert!(reads < 64 * 8, "{reads}");
        let x = Digest::of(b"x");
        assert_eq!(verify_inclusion(u64::MAX - 1, u64::MAX, &x, &proof, &x), Err(Refuted::Root));
        assert_eq!(verify_inclusion(u64::MAX, u64::MAX, &x, &proof, &x), Err(Refuted::Range));
        assert_eq!(verify_consistency(1 << 63, u64::MAX, &[], &x, &x), Err(Refuted::Length));
        assert_eq!(verify_consistency(0, 0, &[], &x, &x), Err(Refuted::Range));
        assert_eq!(verify_consistency(3, 3, &[], &x, &x), Ok(()));
        assert_eq!(verify_consistency(3, 3, &[x], &x, &x), Err(Refuted::Length));
    }
}
