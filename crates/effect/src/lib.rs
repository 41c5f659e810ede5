#![doc = include_str!("../README.md")]

mod attempt;
mod cancel;
mod carry;
mod drive;
mod effect;
mod journal;
mod kernel;
mod perform;
mod platform;
mod record;
mod resolve;
mod state;
pub mod step;

pub use attempt::Attempt;
pub use cancel::Cancelled;
pub use carry::{Carry, Order, Told};
pub use effect::{Disclosure, DisclosurePlacement, Effect, EffectKind, EffectV1, Media, MediaIdentity};
pub use journal::{
    Admission, Admit, Advance, Advanced, EffectJournal, EffectQuery, LeaseScope, Leased, NewEffect, Page,
    Refused, Step, Window,
};
pub use kernel::{Kernel, KernelOptions, Purpose};
pub use platform::{
    Evidence, ExternalPost, Finding, Keys, LookUp, Lost, NotReady, Outcome, Pending, Platform, Refusal, Said,
    Service, Trace, Upload, Uploaded,
};
pub use record::{CallKey, EffectRecord, Lease, Progress, RequestKey, RequestRecord, RequestView};
pub use state::{EffectEvent, EffectState, IllegalTransition, transition};
