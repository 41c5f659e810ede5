//! The way of evidence: append, sign, export, verify.

use chimera_audit::verify::{Anchor, CheckpointFault, VerifyError, verify};
use chimera_audit::{
    Appended, Attachment, AuditLedger, CheckpointSigner, Draft, EventType, LedgerErrorKind, LedgerReader,
    LocalSigner, Statement, export, sign_head,
};
use chimera_contracts::{EventId, Namespace, SystemEntropy, derive_uuid};
use futures_util::FutureExt as _;
use tempfile::TempDir;

use crate::memory::Memory;

pub(crate) fn draft(number: u64) -> Draft {
    let id = EventId::from_uuid(derive_uuid("test", &[&number.to_be_bytes()]));
    let statement = Statement::new().word("status", "published").micros("number", number);
    Draft::new(id, EventType::of("skill.publish_content.outcome"), Namespace::default(), statement)
}

/// A log of `size` entries, every third with an attachment, and its signer.
pub(crate) struct Log {
    pub(crate) ledger: Memory,
    pub(crate) signer: LocalSigner,
    _folder: TempDir,
}

impl Log {
    pub(crate) fn of(size: u64) -> Self {
        let log = Self::empty(Memory::default());
        log.grow(0, size);
        log
    }

    /// A log of one entry for each of these attachments, with salts that are `ab` in hex.
    pub(crate) fn with<const N: usize>(attachments: [&[u8]; N]) -> Self {
        let log = Self::empty(Memory::salted(0xab));
        let drafts = (0..).zip(attachments);
        let drafts = drafts.map(|(number, bytes)| draft(number).with_attachment(Attachment::exact(bytes)));
        log.ledger.append(drafts.collect()).now_or_never().unwrap().unwrap();
        log
    }

    fn empty(ledger: Memory) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let signer = LocalSigner::open(folder.path(), "example.com/audit", &SystemEntropy).unwrap();
        Self { ledger, signer, _folder: folder }
    }

    pub(crate) fn grow(&self, from: u64, to: u64) {
        let with = |number: u64| match number % 6 {
            0 | 3 => draft(number).with_attachment(Attachment::redacted(format!("said \"{number}\"\n"))),
            4 => draft(number).with_attachment(Attachment::redacted([0xff, 0, 1])),
            _ => draft(number),
        };
        self.ledger.append((from..to).map(with).collect()).now_or_never().unwrap().unwrap();
    }

    pub(crate) fn export(&self) -> Vec<u8> {
        let mut out = Vec::new();
        export(&self.ledger, &self.signer, &mut out).now_or_never().unwrap().unwrap();
        out
    }

    pub(crate) fn checkpoint(&self) -> String {
        sign_head(&self.ledger, &self.signer).now_or_never().unwrap().unwrap().note
    }
}

#[test]
fn an_export_is_consistent_and_says_what_it_is_tied_to() {
    for size in [0, 1, 2, 7, 8, 300] {
        let log = Log::of(size);
        let verdict = verify(log.export().as_slice(), log.signer.verifier_key(), None).unwrap();
        assert_eq!((verdict.events, verdict.anchored), (size, Anchor::NotAnchored));
        assert_eq!(verdict.root, log.ledger.head().now_or_never().unwrap().unwrap().root);
        assert!(verdict.to_string().starts_with("consistent, not anchored"), "{verdict}");
    }
}

#[test]
fn a_trusted_checkpoint_anchors() {
    let log = Log::of(5);
    let trusted = log.checkpoint();
    log.grow(5, 11);
    let verdict = verify(log.export().as_slice(), log.signer.verifier_key(), Some(&trusted)).unwrap();
    assert_eq!(verdict.anchored, Anchor::TrustedCheckpoint { size: 5 });
    assert!(
        verdict.to_string().starts_with("consistent, extends the trusted checkpoint of size 5"),
        "{verdict}"
    );
}

#[test]
fn an_empty_checkpoint_anchors_nothing() {
    let log = Log::of(0);
    let trusted = log.checkpoint();
    log.grow(0, 3);
    let verdict = verify(log.export().as_slice(), log.signer.verifier_key(), Some(&trusted)).unwrap();
    assert_eq!(verdict.anchored, Anchor::NotAnchored);
}

/// The key's holder rewrites his log and signs it anew: only the earlier checkpoint shows it.
#[test]
fn a_rewrite_or_rewind_by_the_key_holder_shows_against_a_trusted_checkpoint() {
    let log = Log::of(5);
    let trusted = log.checkpoint();
    let forger = |from: u64, to: u64| {
        let forged = Log::of(0);
        forged.grow(from, to);
        forged
    };
    // Another key is not believed at all.
    let error = verify(Log::of(5).export().as_slice(), log.signer.verifier_key(), None).unwrap_err();
    assert!(matches!(error, VerifyError::Checkpoint(CheckpointFault::Note(_))), "{error}");
    // The same key, without its memory.
    for (forged, rewound) in [(forger(1, 7), false), (forger(0, 3), true)] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(log._folder.path().join("key"), folder.path().join("key")).unwrap();
        std::fs::write(folder.path().join("last"), "").unwrap();
        let signer = LocalSigner::open(folder.path(), "example.com/audit", &SystemEntropy).unwrap();
        let forged = Log { signer, _folder: folder, ledger: forged.ledger };
        let export = forged.export();
        let key = log.signer.verifier_key();
        assert_eq!(verify(export.as_slice(), key, None).unwrap().anchored, Anchor::NotAnchored);
        let error = verify(export.as_slice(), key, Some(&trusted)).unwrap_err();
        match rewound {
            true => assert!(matches!(error, VerifyError::Rewound { trusted: 5, found: 3 }), "{error}"),
            false => assert!(matches!(error, VerifyError::Rewritten { size: 5, .. }), "{error}"),
        }
    }
}

#[test]
fn a_grown_log_is_signed_again_and_the_same_head_gives_the_same_note() {
    let log = Log::of(3);
    let first = log.checkpoint();
    assert_eq!(log.checkpoint(), first);
    for size in 4..20 {
        log.grow(size - 1, size);
        assert_ne!(log.checkpoint(), first);
    }
}

#[test]
fn a_log_behind_its_signer_is_not_exported() {
    let log = Log::of(5);
    log.checkpoint();
    let restored = Log { ledger: Log::of(3).ledger, ..log };
    let refused = export(&restored.ledger, &restored.signer, &mut Vec::new()).now_or_never().unwrap();
    assert!(refused.is_err());
}

#[test]
fn appends_are_idempotent_and_conflicts_apply_nothing() {
    let ledger = Memory::default();
    let append = |drafts: Vec<Draft>| ledger.append(drafts).now_or_never().unwrap();
    assert_eq!(
        append(vec![draft(1), draft(1)]).unwrap(),
        [Appended::New { index: 0 }, Appended::Already { index: 0 }]
    );
    let other = Draft { id: draft(1).id, ..draft(2) };
    let error = append(vec![draft(3), other]).unwrap_err();
    assert!(matches!(error.kind(), LedgerErrorKind::Conflict { .. }), "{error}");
    assert_eq!(ledger.head().now_or_never().unwrap().unwrap().size, 1);
}
