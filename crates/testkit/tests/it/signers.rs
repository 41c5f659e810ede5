//! The local signer is held to the contract of its port, and signers that break it are found out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_audit::{CheckpointSigner, Head, LocalSigner, SignedCheckpoint, SignerError, SignerErrorKind};
use chimera_contracts::{Digest, SystemEntropy};
use chimera_testkit::block_on;
use chimera_testkit::conformance::signer::{self, SignerHarness};

use crate::failing::{Variant, each_case_fails, once_later};

/// One folder for each log.
#[derive(Debug)]
struct Local(tempfile::TempDir);

impl Local {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn folder(&self, log: &str) -> PathBuf {
        self.0.path().join(log)
    }

    fn signer(&self, log: &str) -> Result<LocalSigner, SignerError> {
        LocalSigner::open(self.folder(log), "example.com/audit", &SystemEntropy)
    }
}

#[async_trait]
impl SignerHarness for Local {
    async fn open(&self, log: &str) -> Result<Arc<dyn CheckpointSigner>, SignerError> {
        Ok(Arc::new(self.signer(log)?))
    }

    async fn crash_and_reopen(
        &self,
        log: &str,
        dead: Arc<dyn CheckpointSigner>,
    ) -> Result<Arc<dyn CheckpointSigner>, SignerError> {
        drop(dead);
        self.open(log).await
    }

    async fn lose_memory(&self, log: &str) {
        std::fs::remove_file(self.folder(log).join("last")).unwrap();
    }
}

#[test]
fn the_local_signer_keeps_its_contract() {
    block_on(signer::all(&Local::new()));
}

/// How a signer breaks its contract.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It keeps the last head in memory, for each opener.
    Forgets,
    /// It adds a line after the root.
    Talks,
    /// It presumes that a log without entries was signed.
    Presumes,
    /// It tells the head before the last one.
    Lags,
    /// It signs no further from a log of five entries on.
    Ends,
    /// The same head again gives another note.
    Varies,
    /// What a call that was dropped had offered is not taken again.
    Sticks,
}

/// Local signers with a fault each.
#[derive(Debug)]
struct Wrong {
    local: Local,
    fault: Fault,
    opened: Mutex<BTreeMap<String, u32>>,
}

/// A signer that signs in a new folder, or does what its fault is.
#[derive(Debug)]
struct WrongSigner {
    inner: LocalSigner,
    fault: Fault,
    /// The heads that this opener signed.
    signed: Mutex<Vec<Head>>,
    /// The head that is being signed.
    offered: Mutex<Option<Head>>,
}

#[async_trait]
impl CheckpointSigner for WrongSigner {
    fn verifier_key(&self) -> &str {
        self.inner.verifier_key()
    }

    async fn last(&self) -> Result<Option<Head>, SignerError> {
        let last = self.inner.last().await?;
        Ok(match self.fault {
            Fault::Presumes => last.or_else(|| Some(Head::empty())),
            Fault::Lags => self.signed.lock().unwrap().iter().rev().nth(1).copied().or(last),
            _ => last,
        })
    }

    async fn sign(&self, head: Head, consistency: &[Digest]) -> Result<SignedCheckpoint, SignerError> {
        let signed = self.inner.last().await?;
        if matches!(self.fault, Fault::Ends)
            && signed.is_some_and(|signed| signed.size == 5 && head != signed)
        {
            let kind = SignerErrorKind::NotAnExtension { signed: signed.unwrap(), offered: head };
            return Err(SignerError::new(kind, "five entries are enough"));
        }
        if matches!(self.fault, Fault::Sticks) {
            if *self.offered.lock().unwrap() == Some(head) {
                return Err(SignerError::new(SignerErrorKind::Unavailable, "it is being signed"));
            }
            *self.offered.lock().unwrap() = Some(head);
            once_later().await;
        }
        let signed = self.inner.sign(head, consistency).await;
        *self.offered.lock().unwrap() = None;
        let mut signed = signed?;
        let again = self.signed.lock().unwrap().last() == Some(&head);
        if matches!(self.fault, Fault::Talks) || (matches!(self.fault, Fault::Varies) && again) {
            signed.note.push_str("\u{2014} example.com/other AAAAAAAA\n");
        }
        self.signed.lock().unwrap().push(head);
        Ok(signed)
    }
}

impl Wrong {
    fn new(fault: Fault) -> Self {
        Self { local: Local::new(), fault, opened: Mutex::default() }
    }
}

#[async_trait]
impl SignerHarness for Wrong {
    async fn open(&self, log: &str) -> Result<Arc<dyn CheckpointSigner>, SignerError> {
        let mut opened = self.opened.lock().unwrap();
        let number = opened.entry(log.to_owned()).or_insert(0);
        if matches!(self.fault, Fault::Forgets) {
            *number += 1;
        }
        // A key that comes back without what it signed.
        let folder = format!("{log} {number}");
        if *number > 1 {
            std::fs::create_dir_all(self.local.folder(&folder)).unwrap();
            let key = self.local.folder(&format!("{log} 1")).join("key");
            std::fs::copy(key, self.local.folder(&folder).join("key")).unwrap();
            std::fs::write(self.local.folder(&folder).join("last"), "").unwrap();
        }
        Ok(Arc::new(WrongSigner {
            inner: self.local.signer(&folder)?,
            fault: self.fault,
            signed: Mutex::default(),
            offered: Mutex::default(),
        }))
    }

    async fn crash_and_reopen(
        &self,
        log: &str,
        dead: Arc<dyn CheckpointSigner>,
    ) -> Result<Arc<dyn CheckpointSigner>, SignerError> {
        drop(dead);
        self.open(log).await
    }

    async fn lose_memory(&self, log: &str) {
        let number = self.opened.lock().unwrap()[log];
        let last = self.local.folder(&format!("{log} {number}")).join("last");
        std::fs::remove_file(last).unwrap();
    }
}

/// A signer that signs whatever it is offered.
#[derive(Debug)]
struct Willing(LocalSigner, Mutex<Option<Head>>);

#[async_trait]
impl CheckpointSigner for Willing {
    fn verifier_key(&self) -> &str {
        self.0.verifier_key()
    }

    async fn last(&self) -> Result<Option<Head>, SignerError> {
        Ok(*self.1.lock().unwrap())
    }

    async fn sign(&self, head: Head, _: &[Digest]) -> Result<SignedCheckpoint, SignerError> {
        *self.1.lock().unwrap() = Some(head);
        Ok(SignedCheckpoint { head, note: String::new() })
    }
}

/// Gives the willing one, each log the same for all its openers.
#[derive(Debug)]
struct AllWilling(Local, Mutex<BTreeMap<String, Arc<Willing>>>);

#[async_trait]
impl SignerHarness for AllWilling {
    async fn open(&self, log: &str) -> Result<Arc<dyn CheckpointSigner>, SignerError> {
        let mut all = self.1.lock().unwrap();
        if !all.contains_key(log) {
            all.insert(log.to_owned(), Arc::new(Willing(self.0.signer(log)?, Mutex::default())));
        }
        let signer: Arc<Willing> = all
            .get(log)
            .cloned()
            .ok_or_else(|| SignerError::new(SignerErrorKind::Unavailable, "it was not opened"))?;
        Ok(signer)
    }

    async fn crash_and_reopen(
        &self,
        log: &str,
        _: Arc<dyn CheckpointSigner>,
    ) -> Result<Arc<dyn CheckpointSigner>, SignerError> {
        self.open(log).await
    }

    async fn lose_memory(&self, _: &str) {}
}

#[test]
fn each_case_finds_a_signer_that_breaks_its_sentence() {
    let with = |fault| -> Box<dyn SignerHarness> { Box::new(Wrong::new(fault)) };
    let variants: Vec<Variant<dyn SignerHarness>> = vec![
        (with(Fault::Presumes), &["a_signer_that_signed_nothing_has_no_last_head"]),
        (
            with(Fault::Lags),
            &[
                "what_is_signed_is_the_last_head",
                "a_log_without_entries_is_signed",
                "what_extends_the_last_head_is_signed",
            ],
        ),
        (with(Fault::Talks), &["a_note_is_of_the_key_and_nothing_else"]),
        (
            Box::new(AllWilling(Local::new(), Mutex::default())),
            &[
                "a_note_is_of_the_key_and_nothing_else",
                "a_log_without_entries_is_signed",
                "what_does_not_extend_the_last_head_is_refused",
                "the_last_head_survives_a_crash",
                "a_signer_without_its_memory_signs_nothing",
                "openers_are_as_one_signer",
                "of_heads_at_one_moment_one_is_signed",
            ],
        ),
        (with(Fault::Ends), &["what_extends_the_last_head_is_signed"]),
        (with(Fault::Varies), &["the_last_head_gives_the_same_note_again"]),
        (
            with(Fault::Forgets),
            &[
                "the_last_head_survives_a_crash",
                "a_signer_without_its_memory_signs_nothing",
                "openers_are_as_one_signer",
                "of_heads_at_one_moment_one_is_signed",
            ],
        ),
        (with(Fault::Sticks), &["a_call_that_was_dropped_is_made_again"]),
    ];
    each_case_fails(signer::CASES, variants);
}
