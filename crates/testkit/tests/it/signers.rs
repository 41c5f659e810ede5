//! The local signer is held to the contract of its port, and signers that break it are found out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_audit::{CheckpointSigner, Head, LocalSigner, SignedCheckpoint, SignerError, SignerErrorKind};
use chimera_contracts::{Digest, SystemEntropy};
use chimera_testkit::block_on;
use chimera_testkit::conformance::signer::{self, SignerHarness};

use crate::failing::fails;

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
}

/// Local signers with a fault each.
#[derive(Debug)]
struct Wrong {
    local: Local,
    fault: Fault,
    opened: Mutex<BTreeMap<String, u32>>,
}

/// A signer that signs in a new folder, or says more than it should.
#[derive(Debug)]
struct WrongSigner {
    inner: LocalSigner,
    fault: Fault,
}

#[async_trait]
impl CheckpointSigner for WrongSigner {
    fn verifier_key(&self) -> &str {
        self.inner.verifier_key()
    }

    async fn last(&self) -> Result<Option<Head>, SignerError> {
        self.inner.last().await
    }

    async fn sign(&self, head: Head, consistency: &[Digest]) -> Result<SignedCheckpoint, SignerError> {
        let mut signed = self.inner.sign(head, consistency).await?;
        if matches!(self.fault, Fault::Talks) {
            signed.note.push_str("\u{2014} example.com/other AAAAAAAA\n");
        }
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
        Ok(Arc::new(WrongSigner { inner: self.local.signer(&folder)?, fault: self.fault }))
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

#[test]
fn a_signer_that_forgets_is_found_out() {
    fails(
        signer::CASES,
        &Wrong::new(Fault::Forgets),
        &[
            "the_last_head_survives_a_crash",
            "a_signer_without_its_memory_signs_nothing",
            "openers_are_as_one_signer",
            "of_heads_at_one_moment_one_is_signed",
        ],
    );
}

#[test]
fn a_note_that_says_more_is_found_out() {
    fails(signer::CASES, &Wrong::new(Fault::Talks), &["a_note_is_of_the_key_and_nothing_else"]);
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
fn a_signer_that_signs_a_fork_is_found_out() {
    fails(
        signer::CASES,
        &AllWilling(Local::new(), Mutex::default()),
        &[
            "a_note_is_of_the_key_and_nothing_else",
            "a_log_without_entries_is_signed",
            "what_does_not_extend_the_last_head_is_refused",
            "the_last_head_survives_a_crash",
            "a_signer_without_its_memory_signs_nothing",
            "openers_are_as_one_signer",
            "of_heads_at_one_moment_one_is_signed",
        ],
    );
}
