//! `CheckpointSigner`: no fork, a memory, the same note again.
//!
//! A signer signs the heads of one log, and only ever on. So every case has a log of its own name, with a key and a memory that
//! nothing signed with before; a harness may keep them all in one place.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::verify::{Checkpoint, Note, VerifierKey};
use chimera_audit::{CheckpointSigner, Head, SignedCheckpoint, SignerError, SignerErrorKind, merkle};
use chimera_contracts::Digest;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::case::harness_suite;

/// How a case opens the signers that it looks at.
#[async_trait]
pub trait SignerHarness: Debug + Send + Sync {
    /// Another opener of the signer of the log of this name, while earlier ones live. Whoever is first makes key and memory.
    ///
    /// # Errors
    /// What the signer says where it cannot be opened.
    async fn open(&self, log: &str) -> Result<Arc<dyn CheckpointSigner>, SignerError>;

    /// Ends an opener as `kill -9` would, then opens the signer again. No clone is left when it is called.
    ///
    /// # Errors
    /// What the signer says where it cannot be opened.
    async fn crash_and_reopen(
        &self,
        log: &str,
        dead: Arc<dyn CheckpointSigner>,
    ) -> Result<Arc<dyn CheckpointSigner>, SignerError>;

    /// Takes the memory of the last head away and leaves the key, as a disk that is lost would. No opener is left.
    async fn lose_memory(&self, log: &str);
}

harness_suite! {
    SignerHarness:
    a_signer_that_signed_nothing_has_no_last_head
    what_is_signed_is_the_last_head
    a_note_is_of_the_key_and_nothing_else
    a_log_without_entries_is_signed
    what_extends_the_last_head_is_signed
    what_does_not_extend_the_last_head_is_refused
    the_last_head_gives_the_same_note_again
    the_last_head_survives_a_crash
    a_signer_without_its_memory_signs_nothing
    openers_are_as_one_signer
    of_heads_at_one_moment_one_is_signed
    a_call_that_was_dropped_is_made_again
}

/// A log that grows, and its trees.
#[derive(Clone)]
struct Log(Vec<Digest>);

impl Log {
    /// A log of so many entries; another `branch` has other entries.
    fn of(branch: &str, size: u64) -> Self {
        Self((0..size).map(|index| merkle::leaf_hash(format!("{branch} {index}").as_bytes())).collect())
    }

    /// The same log with other entries from here on.
    fn forked(&self, from: usize) -> Self {
        let mut leaves = self.0.clone();
        leaves.iter_mut().skip(from).for_each(|leaf| *leaf = merkle::leaf_hash(leaf.as_bytes()));
        Self(leaves)
    }

    fn node(&self, node: merkle::Node) -> Result<Digest, usize> {
        let width = 1_usize << node.level;
        let first = usize::try_from(node.index).expect("a short log") * width;
        let leaves = self.0.get(first..first + width).ok_or(first)?;
        let mut level = leaves.to_vec();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| merkle::node_hash(&pair[0], &pair[1])).collect();
        }
        Ok(level[0])
    }

    fn head(&self, size: u64) -> Head {
        let root = merkle::root(size, |node| self.node(node)).expect("the leaves are there");
        Head { size, root }
    }

    fn proof(&self, from: u64, to: u64) -> Vec<Digest> {
        merkle::consistency_proof(from, to, |node| self.node(node)).expect("there is such a proof")
    }
}

async fn open(harness: &dyn SignerHarness, log: &str) -> Arc<dyn CheckpointSigner> {
    harness.open(log).await.expect("the signer opens")
}

async fn last(signer: &dyn CheckpointSigner) -> Option<Head> {
    signer.last().await.expect("the memory is read")
}

/// Signs a head, which must follow.
async fn sign(signer: &dyn CheckpointSigner, head: Head, proof: &[Digest]) -> SignedCheckpoint {
    let checkpoint = signer.sign(head, proof).await.expect("the head follows");
    assert_eq!(checkpoint.head, head);
    checkpoint
}

/// *No fork*: names both heads, signs nothing, and forgets nothing.
async fn refuses(signer: &dyn CheckpointSigner, offered: Head, proof: &[Digest], why: &str) {
    let before = last(signer).await;
    let error = match signer.sign(offered, proof).await {
        Err(error) => error,
        Ok(checkpoint) => panic!("{why}: signed {}", checkpoint.head),
    };
    let signed = before.unwrap_or_else(Head::empty);
    assert_eq!(error.kind(), SignerErrorKind::NotAnExtension { signed, offered }, "{why}");
    assert_eq!(last(signer).await, before, "{why}");
}

/// `last` is `None` until a head was signed.
pub async fn a_signer_that_signed_nothing_has_no_last_head(harness: &dyn SignerHarness) {
    let name = "a signer that signed nothing has no last head";
    let signer = open(harness, name).await;
    assert_eq!(last(signer.as_ref()).await, None);
    let signer = harness.crash_and_reopen(name, signer).await.expect("the signer opens");
    assert_eq!(last(signer.as_ref()).await, None);
}

/// *Memory*: the head is the last one when its signature is answered.
pub async fn what_is_signed_is_the_last_head(harness: &dyn SignerHarness) {
    let signer = open(harness, "what is signed is the last head").await;
    let log = Log::of("a", 7);
    sign(signer.as_ref(), log.head(4), &[]).await;
    assert_eq!(last(signer.as_ref()).await, Some(log.head(4)));
    sign(signer.as_ref(), log.head(7), &log.proof(4, 7)).await;
    assert_eq!(last(signer.as_ref()).await, Some(log.head(7)));
}

/// A note verifies strictly under `verifier_key`; its origin is that key's name; it has no lines after the root, and one
/// signature.
pub async fn a_note_is_of_the_key_and_nothing_else(harness: &dyn SignerHarness) {
    let signer = open(harness, "a note is of the key and nothing else").await;
    let key = VerifierKey::parse(signer.verifier_key()).expect("the key is a verifier's");
    let log = Log::of("a", 7);
    let mut signed = vec![sign(signer.as_ref(), log.head(3), &[]).await];
    signed.push(sign(signer.as_ref(), log.head(7), &log.proof(3, 7)).await);
    for SignedCheckpoint { head, note } in signed {
        let opened = Note::open(&note, std::slice::from_ref(&key)).expect("the note verifies");
        assert_eq!(opened.signed_by, [key.name()]);
        let checkpoint = Checkpoint::parse(opened.text).expect("the text is a checkpoint");
        let expected = Checkpoint { origin: key.name().to_owned(), size: head.size, root: head.root };
        assert_eq!(checkpoint, expected);
        assert_eq!(opened.text.lines().count(), 3, "origin, size and root alone: {note}");
        let signatures = note.strip_prefix(opened.text).expect("the text stands first");
        assert_eq!(signatures.trim().lines().count(), 1, "one signature: {note}");
    }
}

/// Every log extends the empty one, which has one root: from there no proof is needed.
pub async fn a_log_without_entries_is_signed(harness: &dyn SignerHarness) {
    let signer = open(harness, "a log without entries is signed").await;
    let signer = signer.as_ref();
    let other = Head { size: 0, root: Digest::of(b"something else") };
    refuses(signer, other, &[], "a log without entries has another root").await;
    sign(signer, Head::empty(), &[]).await;
    assert_eq!(last(signer).await, Some(Head::empty()));
    refuses(signer, other, &[], "a log without entries has another root, later too").await;
    let log = Log::of("a", 4);
    sign(signer, log.head(4), &[]).await;
    refuses(signer, Head::empty(), &[], "it is smaller").await;
}

/// *No fork*: a larger head with a valid proof is signed, from every size to every larger one.
pub async fn what_extends_the_last_head_is_signed(harness: &dyn SignerHarness) {
    let log = Log::of("a", 9);
    for first in 1..=4_u64 {
        for second in first + 1..=6 {
            let name = format!("what extends the last head is signed, {first} to {second}");
            let signer = open(harness, &name).await;
            sign(signer.as_ref(), log.head(first), &[]).await;
            sign(signer.as_ref(), log.head(second), &log.proof(first, second)).await;
            sign(signer.as_ref(), log.head(9), &log.proof(second, 9)).await;
            assert_eq!(last(signer.as_ref()).await, Some(log.head(9)));
        }
    }
}

/// *No fork*: smaller, of the same size with another root, larger without a proof that is valid for just these heads.
pub async fn what_does_not_extend_the_last_head_is_refused(harness: &dyn SignerHarness) {
    let signer = open(harness, "what does not extend the last head is refused").await;
    let signer = signer.as_ref();
    let log = Log::of("a", 9);
    let fork = log.forked(4);
    sign(signer, log.head(6), &[]).await;
    refuses(signer, log.head(5), &log.proof(5, 6), "it is smaller").await;
    refuses(signer, log.head(5), &[], "it is smaller").await;
    refuses(signer, fork.head(6), &[], "it has the same size and another root").await;
    refuses(signer, fork.head(6), &fork.proof(5, 6), "it has the same size and another root").await;
    refuses(signer, log.head(9), &[], "there is no proof").await;
    refuses(signer, fork.head(9), &fork.proof(6, 9), "the proof is of another log").await;
    refuses(signer, fork.head(9), &log.proof(6, 9), "the proof is of another head").await;
    refuses(signer, log.head(9), &log.proof(5, 9), "the proof is from another size").await;
    let mut altered = log.proof(6, 9);
    altered[0] = Digest::of(b"altered");
    refuses(signer, log.head(9), &altered, "the proof was altered").await;
    let mut longer = log.proof(6, 9);
    longer.push(Digest::of(b"more"));
    refuses(signer, log.head(9), &longer, "the proof is too long").await;
    // What was refused stands in nobody's way.
    sign(signer, log.head(9), &log.proof(6, 9)).await;
}

/// *Repeatable*: the head last signed gives the same note, whatever proof comes with it.
pub async fn the_last_head_gives_the_same_note_again(harness: &dyn SignerHarness) {
    let name = "the last head gives the same note again";
    let signer = open(harness, name).await;
    let log = Log::of("a", 5);
    sign(signer.as_ref(), log.head(2), &[]).await;
    let proof = log.proof(2, 5);
    let first = sign(signer.as_ref(), log.head(5), &proof).await;
    assert_eq!(sign(signer.as_ref(), log.head(5), &proof).await, first);
    assert_eq!(sign(signer.as_ref(), log.head(5), &[]).await, first);
    let signer = harness.crash_and_reopen(name, signer).await.expect("the signer opens");
    assert_eq!(sign(signer.as_ref(), log.head(5), &proof).await, first);
}

/// *Memory*: the head is durable before the signature is answered, and the key stays the same.
pub async fn the_last_head_survives_a_crash(harness: &dyn SignerHarness) {
    let name = "the last head survives a crash";
    let signer = open(harness, name).await;
    let key = signer.verifier_key().to_owned();
    let log = Log::of("a", 6);
    sign(signer.as_ref(), log.head(3), &[]).await;
    let signer = harness.crash_and_reopen(name, signer).await.expect("the signer opens");
    assert_eq!(signer.verifier_key(), key);
    assert_eq!(last(signer.as_ref()).await, Some(log.head(3)));
    refuses(signer.as_ref(), log.head(2), &[], "it was rewound").await;
    refuses(signer.as_ref(), log.forked(1).head(6), &[], "it was rewritten").await;
    sign(signer.as_ref(), log.head(6), &log.proof(3, 6)).await;
}

/// *Memory*: a signer that lost its memory does not begin anew; it says so when it is opened or asked.
pub async fn a_signer_without_its_memory_signs_nothing(harness: &dyn SignerHarness) {
    let name = "a signer without its memory signs nothing";
    let signer = open(harness, name).await;
    let log = Log::of("a", 5);
    sign(signer.as_ref(), log.head(3), &[]).await;
    drop(signer);
    harness.lose_memory(name).await;
    for (size, proof) in [(3, Vec::new()), (5, log.proof(3, 5)), (2, Vec::new())] {
        let said = match harness.open(name).await {
            Err(error) => error,
            Ok(signer) => match signer.sign(log.head(size), &proof).await {
                Err(error) => error,
                Ok(checkpoint) => panic!("it began anew with {}", checkpoint.head),
            },
        };
        assert_eq!(said.kind(), SignerErrorKind::Memory, "{said}");
    }
}

/// *No fork*: what one opener signs, the others follow.
pub async fn openers_are_as_one_signer(harness: &dyn SignerHarness) {
    let name = "openers are as one signer";
    let (one, other) = (open(harness, name).await, open(harness, name).await);
    assert_eq!(one.verifier_key(), other.verifier_key());
    let log = Log::of("a", 6);
    let note = sign(one.as_ref(), log.head(2), &[]).await;
    assert_eq!(last(other.as_ref()).await, Some(log.head(2)));
    assert_eq!(sign(other.as_ref(), log.head(2), &[]).await, note);
    sign(other.as_ref(), log.head(6), &log.proof(2, 6)).await;
    refuses(one.as_ref(), log.head(5), &log.proof(2, 5), "the other one is further").await;
}

/// *No fork*: of different heads of one size that are offered at once, one is signed and the others are refused.
pub async fn of_heads_at_one_moment_one_is_signed(harness: &dyn SignerHarness) {
    let name = "of heads at one moment one is signed";
    let openers = join_all((0..3).map(|_| open(harness, name))).await;
    let logs: Vec<Log> = (0..12).map(|branch| Log::of(&branch.to_string(), 3)).collect();
    let calls = logs.iter().enumerate();
    let calls = calls.map(async |(number, log)| openers[number % 3].sign(log.head(3), &[]).await);
    let mut signed = Vec::new();
    for answer in join_all(calls).await {
        match answer {
            Ok(checkpoint) => signed.push(checkpoint.head),
            Err(error) => {
                assert!(matches!(error.kind(), SignerErrorKind::NotAnExtension { .. }), "{error}");
            }
        }
    }
    let [one] = signed.as_slice() else { panic!("one of them is signed, not {}", signed.len()) };
    assert_eq!(last(openers[0].as_ref()).await, Some(*one));
}

/// *Cancellation*: the head of a call that was dropped may count as signed, so it is the one to ask for again.
pub async fn a_call_that_was_dropped_is_made_again(harness: &dyn SignerHarness) {
    let signer = open(harness, "a call that was dropped is made again").await;
    let signer = signer.as_ref();
    let log = Log::of("a", 4);
    sign(signer, log.head(1), &[]).await;
    let proof = log.proof(1, 4);
    // Polled once, then dropped, wherever it was by then.
    let _: Option<_> = signer.sign(log.head(4), &proof).now_or_never();
    sign(signer, log.head(4), &proof).await;
    assert_eq!(last(signer).await, Some(log.head(4)));
}
