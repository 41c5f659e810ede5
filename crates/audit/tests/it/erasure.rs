//! Erased attachments: told by an event of the log, or named by the verifier.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chimera_audit::verify::{Verdict, VerifyError, verify};
use chimera_audit::{
    AttachmentEraser as _, AuditLedger as _, CheckpointSigner as _, Draft, Entry, Erasure, EventType,
    ExportError, Head, LedgerError, LedgerErrorKind, LedgerQuery, LedgerReader, Page, Statement, Token,
    export,
};
use chimera_contracts::{Digest, EventId, Namespace};
use futures_util::FutureExt as _;
use uuid::Uuid;

use crate::evidence::{Log, draft};
use crate::memory::Memory;

fn erase(log: &Log, index: u64, by: &str, reason: &str) -> Result<Erasure, LedgerError> {
    log.ledger.erase(index, by, &Token::parse(reason).unwrap()).now_or_never().unwrap()
}

fn verdict(log: &Log) -> Result<Verdict, VerifyError> {
    verify(log.export().as_slice(), log.signer.verifier_key(), None)
}

fn append(log: &Log, draft: Draft) {
    log.ledger.append(vec![draft]).now_or_never().unwrap().unwrap();
}

/// An event that says that the attachment of `index` was erased, whose event is `of`.
fn telling(index: u64, of: EventId) -> Draft {
    Draft::attachment_erased(Namespace::default(), index, of, "forger", &Token::word("none"))
}

/// Entries 0, 3, 4, 6, 9 and 10 of these logs have attachments.
#[test]
fn an_erasure_leaves_the_log_consistent_and_is_told() {
    let log = Log::of(4);
    assert_eq!(erase(&log, 3, "dpo@example.com", "gdpr.article_17").unwrap(), Erasure::Erased { event: 4 });
    let found = verdict(&log).unwrap();
    assert_eq!((found.events, found.erased), (5, 1));
    let text = String::from_utf8(log.export()).unwrap();
    assert!(text.contains("\"erased\":true") && !text.contains("said \\\"3"), "{text}");
    assert!(text.contains("audit.attachment_erased") && text.contains("gdpr.article_17"), "{text}");
    assert!(!text.contains("dpo@example.com"), "{text}");
}

#[test]
fn an_erasure_is_done_and_told_once() {
    let log = Log::of(4);
    erase(&log, 0, "a", "x").unwrap();
    for (by, reason) in [("a", "x"), ("b", "x"), ("a", "y")] {
        assert_eq!(erase(&log, 0, by, reason).unwrap(), Erasure::Already { event: 4 });
    }
    assert_eq!(verdict(&log).unwrap().events, 5);
}

#[test]
fn what_cannot_be_erased_is_refused() {
    let log = Log::of(4);
    let refused = |index, by| erase(&log, index, by, "x").unwrap_err().kind();
    assert_eq!(refused(1, "a"), LedgerErrorKind::Refused);
    assert_eq!(refused(4, "a"), LedgerErrorKind::Refused);
    assert_eq!(refused(0, " "), LedgerErrorKind::Refused);
    log.ledger.remove(0);
    assert_eq!(refused(0, "a"), LedgerErrorKind::Corrupt);
}

#[test]
fn every_erasure_that_no_event_tells_is_named() {
    let log = Log::of(11);
    erase(&log, 3, "a", "x").unwrap();
    for index in [9, 0, 6] {
        log.ledger.remove(index);
    }
    let error = verdict(&log).unwrap_err();
    assert!(matches!(&error, VerifyError::Untold { entries } if *entries == [0, 6, 9]), "{error}");
    assert_eq!(error.to_string(), "entries 0, 6, 9: the attachment was erased, and no event tells of it");
    let many = VerifyError::Untold { entries: (0..25).collect() }.to_string();
    assert!(many.starts_with("entries 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 15 more: "), "{many}");
    assert!(VerifyError::Untold { entries: vec![7] }.to_string().starts_with("entry 7: "));
}

#[test]
fn an_event_that_tells_of_no_erasure_is_named() {
    let check = |expected: &str, removed: Option<usize>, events: &[Draft]| {
        let log = Log::of(6);
        removed.into_iter().for_each(|index| log.ledger.remove(index));
        events.iter().for_each(|event| append(&log, event.clone()));
        let error = verdict(&log).unwrap_err();
        assert!(matches!(error, VerifyError::Erasure { .. }), "{error}");
        assert_eq!(error.to_string(), expected);
    };
    let none = "tells of an erasure that is none";
    check(&format!("entry 6: {none}: entry 3 has its attachment still"), None, &[telling(3, draft(3).id)]);
    check(&format!("entry 6: {none}: entry 1 never had an attachment"), None, &[telling(1, draft(1).id)]);
    // Itself, and an entry that comes later.
    let own = EventId::from_uuid(Uuid::nil());
    check(&format!("entry 6: {none}: entry 6 does not stand before it"), None, &[telling(6, own)]);
    check(
        &format!("entry 6: {none}: entry 7 does not stand before it"),
        None,
        &[telling(7, draft(9).id), draft(9)],
    );
    check(
        &format!("entry 6: {none}: entry 3 is another event than it names"),
        Some(3),
        &[telling(3, draft(4).id)],
    );
    check(
        &format!("entry 7: {none}: an earlier event told of entry 3"),
        Some(3),
        &[telling(3, draft(3).id), Draft { id: own, ..telling(3, draft(3).id) }],
    );
}

#[test]
fn an_event_in_another_form_tells_nothing() {
    let log = Log::of(6);
    log.ledger.remove(3);
    let statement = Statement::new().integer("index", 3_u32).digest("principal", Digest::of(b"a"));
    let id = EventId::from_uuid(Uuid::nil());
    append(&log, Draft::new(id, EventType::attachment_erased(), Namespace::default(), statement));
    let error = verdict(&log).unwrap_err();
    assert!(matches!(error, VerifyError::Form { entry: 6, .. }), "{error}");
}

/// A ledger in which an attachment goes between the head and the entries.
#[derive(Debug)]
struct Erasing {
    ledger: Memory,
    told: bool,
    done: AtomicBool,
}

#[async_trait]
impl LedgerReader for Erasing {
    async fn head(&self) -> Result<Head, LedgerError> {
        self.ledger.head().await
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        if !self.done.swap(true, Ordering::SeqCst) {
            if self.told {
                self.ledger.erase(3, "a", &Token::word("x")).await?;
            } else {
                self.ledger.remove(3);
            }
        }
        self.ledger.entries(from, limit).await
    }

    async fn find(&self, query: &LedgerQuery, page: Page) -> Result<Vec<Entry>, LedgerError> {
        assert_eq!(query.kind, Some(EventType::attachment_erased()));
        self.ledger.find(query, page).await
    }

    async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Digest>, LedgerError> {
        self.ledger.consistency(from, to).await
    }
}

/// The event stands behind the head that the export signed: the file would accuse a log with which nothing is wrong.
#[test]
fn an_erasure_during_an_export_is_told_to_the_exporter() {
    let run = |told: bool| {
        let Log { ledger, signer, .. } = &Log::of(6);
        let reader = Erasing { ledger: ledger.copy(), told, done: AtomicBool::new(false) };
        let once = || {
            let mut out = Vec::new();
            let ended = export(&reader, signer, &mut out).now_or_never().unwrap();
            ended.map(|_| verify(out.as_slice(), signer.verifier_key(), None))
        };
        (once(), once())
    };
    let (first, second) = run(true);
    assert!(matches!(first, Err(ExportError::ErasedMeanwhile { index: 3 })), "{first:?}");
    assert_eq!(second.unwrap().unwrap().erased, 1);
    // Removed without an event: the export shows it, and the verifier names it.
    let (first, second) = run(false);
    for ended in [first, second] {
        let error = ended.unwrap().unwrap_err();
        assert!(matches!(&error, VerifyError::Untold { entries } if *entries == [3]), "{error}");
    }
}
