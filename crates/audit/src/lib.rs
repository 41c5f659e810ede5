#![doc = include_str!("../README.md")]

mod change;
mod changes;
mod checkpoint;
mod draft;
mod erasure;
mod export;
mod ledger;
mod ledger_error;
mod local_signer;
pub mod merkle;
mod redact;
mod secrets;
mod signer;
mod statement;
mod subject;
pub mod verify;

pub use change::{
    Change, EffectChange, EffectStep, ProposalChange, RequestChange, ReviewChange, SwitchChange, What,
};
pub use changes::{ChangePage, ChangeQuery, Changes, Cursor};
pub use checkpoint::SignedCheckpoint;
pub use draft::{Attachment, Draft, EventType, Leaf, LeafError, SealedDraft};
pub use erasure::{AttachmentEraser, Erasure};
pub use export::{ExportError, ExportSummary, export, sign_head};
pub use ledger::{Appended, AuditLedger, Entry, Head, Kept, LedgerQuery, LedgerReader, Page};
pub use ledger_error::{LedgerError, LedgerErrorKind, LedgerVerdict};
pub use local_signer::LocalSigner;
pub use redact::redact;
pub use secrets::Secrets;
pub use signer::{CheckpointSigner, SignerError, SignerErrorKind, check_extends};
pub use statement::{Atom, Integer, IntegerError, Statement, Token, TokenError};
pub use subject::{ParseSubjectError, Subject};
