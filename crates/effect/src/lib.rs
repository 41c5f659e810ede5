#![doc = include_str!("../README.md")]

mod account;
mod alike;
mod attempt;
mod cancel;
mod carry;
mod claims;
mod drive;
mod effect;
mod halt;
mod journal;
mod kernel;
mod leased;
mod look;
mod observe;
mod outcome;
mod pause;
mod perform;
mod plan;
mod platform;
mod record;
mod resolve;
mod settle;
mod state;
pub mod step;
mod undo;
mod wait;
mod words;

pub use account::AccountRef;
pub use alike::{are_alike, are_equal};
pub use attempt::Attempt;
pub use cancel::Cancelled;
pub use carry::{Carry, Told};
pub use claims::{AcceptedClaims, SafetyClaims};
pub use effect::{Disclosure, DisclosurePlacement, Effect, EffectKind, EffectV1, Media, MediaIdentity};
pub use halt::Halt;
pub use journal::{
    AccountKey, Admission, Admit, Advance, Advanced, EffectJournal, EffectQuery, HandSettlement, HandVerdict,
    LeaseGrant, LeaseScope, NewEffect, OPEN_EFFECTS, Page, Refused, Step, Watch, Window,
};
pub use kernel::{Kernel, KernelOptions, LookPolicy, Purpose};
pub use leased::{Admitted, Leased};
pub use look::{DoubtfulItem, Finding, LookReport, LookUp, OwnedPost, PostOwners, SHOWN_ITEMS};
pub use outcome::{
    Candidate, Evidence, ExternalPost, FoundBy, Outcome, Pending, Refusal, Said, UnknownOutcome,
};
pub use pause::{Pause, PauseCause, PauseKey, PauseOrder, PauseScope, Paused, Pauses};
pub use plan::{ExecutionOrder, ExecutionPlan, RetryPolicy};
pub use platform::{
    ContentPart, Keys, LateOutcome, NotReady, Platform, Service, Trace, Unfit, Upload, Uploaded,
};
pub use record::{
    CallKey, EffectRecord, Incident, LatestLook, Lease, Progress, RequestKey, RequestRecord, RequestView,
    TakenBack,
};
pub use settle::Settled;
pub use state::{EffectEvent, EffectState, IllegalTransition, transition};
pub use undo::{UNDO_KEYS, Undoes};
