//! What can happen to a journal, and chance histories of it.

use chimera_contracts::ErrorCode;
use chimera_effect::{FoundBy, HandSettlement, HandVerdict, Outcome, Pending, Step, UnknownOutcome};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use crate::scene::{WINDOW, cannot_tell, done, looked, published, refused, reviewer};

/// One operation of a history. Numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A request is admitted.
    Admit {
        /// By which process.
        opener: usize,
        /// Under which key.
        key: usize,
        /// With which contents, one a bit; none is no operation.
        contents: u8,
        /// Whether the first attempts begin at once.
        begin: bool,
    },
    /// An effect takes a step.
    Advance {
        /// By which process.
        opener: usize,
        /// Which effect.
        target: usize,
        /// What happened to it.
        step: Move,
        /// How the caller sees the effect.
        view: View,
        /// Whether the lease is kept.
        keep: bool,
    },
    /// What is due is leased.
    LeaseDue {
        /// By which process.
        opener: usize,
        /// How many at most.
        limit: usize,
    },
    /// One effect is leased.
    LeaseOf {
        /// By which process.
        opener: usize,
        /// Which effect.
        target: usize,
    },
    /// Time passes.
    Tick {
        /// How much.
        seconds: u8,
    },
    /// A process crashes and is started again.
    Crash {
        /// Which one.
        opener: usize,
    },
    /// The decision is revoked.
    Revoke,
}

/// What happens to an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// An attempt begins.
    Begin,
    /// It is public, as the post of this number.
    Done(u8),
    /// A look takes the post of this number for it.
    Found(u8),
    /// The answer to its latest attempt comes late, and names the post of this number.
    Late(u8),
    /// A person saw it, as the post of this number.
    SeenByHand(u8),
    /// A person saw that it is not there.
    AbsentByHand,
    /// A person cannot tell either.
    UnknownByHand,
    /// It is accepted.
    Accepted,
    /// It is refused for now.
    RateLimited,
    /// It is refused for good.
    Refused,
    /// The answer is lost.
    Lost,
    /// A look does not find it.
    Looked,
    /// A look cannot tell.
    CannotTell,
    /// It is absent for good.
    AbsentForGood,
    /// Nothing happens.
    Yield,
}

/// How the caller of a step sees the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// As it is.
    Current,
    /// Under another epoch.
    OtherEpoch,
    /// At another version.
    OtherVersion,
    /// As it was before its latest step, which is given in again; as it is where there was none.
    Repeated,
}

impl Move {
    /// The step for the journal.
    pub(super) fn step(self, now: DateTime<Utc>, attempts: u32) -> Step {
        let by_hand = |verdict| {
            let note = "looked at the account".to_owned();
            Step::SettledByHand(HandSettlement { verdict, principal: reviewer("ann"), note })
        };
        match self {
            Self::Begin => Step::Begin { window: WINDOW, uploads: Vec::new() },
            Self::Done(post) => published(&external_id(post)),
            Self::Found(post) => Step::Done { evidence: done(&external_id(post)), found_by: FoundBy::Look },
            Self::Late(post) => {
                Step::Observed { attempt: attempts, outcome: Outcome::Done(done(&external_id(post))) }
            }
            Self::SeenByHand(post) => by_hand(HandVerdict::There { id: Some(external_id(post)), url: None }),
            Self::AbsentByHand => by_hand(HandVerdict::NotThere),
            Self::UnknownByHand => by_hand(HandVerdict::StillUnknown),
            Self::Accepted => Step::Accepted(Pending { pending_id: "pending".to_owned(), said: None }),
            Self::RateLimited => Step::NotDone(refused(ErrorCode::PlatformRateLimit)),
            Self::Refused => Step::NotDone(refused(ErrorCode::ContentPolicyViolation)),
            Self::Lost => Step::Unknown(UnknownOutcome::because("lost")),
            Self::Looked => looked(true, look_again(now)),
            Self::CannotTell => cannot_tell("it is hidden"),
            Self::AbsentForGood => Step::AbsentForGood,
            Self::Yield => Step::Yield,
        }
    }
}

/// The platform's id of the post of this number.
pub(super) fn external_id(post: u8) -> String {
    format!("post {post}")
}

impl Move {
    /// The post that it says is the effect's, and whether it is a direct answer.
    pub(super) const fn claims(self) -> Option<(u8, bool)> {
        match self {
            Self::Done(post) | Self::Late(post) => Some((post, true)),
            Self::Found(post) | Self::SeenByHand(post) => Some((post, false)),
            _ => None,
        }
    }
}

/// When a look is repeated.
pub(super) fn look_again(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::seconds(3)
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => Just(Move::Begin),
        3 => (0..3_u8).prop_map(Move::Done),
        2 => (0..3_u8).prop_map(Move::Found),
        2 => (0..3_u8).prop_map(Move::Late),
        1 => (0..3_u8).prop_map(Move::SeenByHand),
        1 => Just(Move::AbsentByHand),
        1 => Just(Move::UnknownByHand),
        1 => Just(Move::Accepted),
        2 => Just(Move::RateLimited),
        1 => Just(Move::Refused),
        4 => Just(Move::Lost),
        2 => Just(Move::Looked),
        1 => Just(Move::CannotTell),
        1 => Just(Move::AbsentForGood),
        1 => Just(Move::Yield),
    ]
}

fn views() -> impl Strategy<Value = View> {
    prop_oneof![
        8 => Just(View::Current),
        1 => Just(View::OtherEpoch),
        1 => Just(View::OtherVersion),
        2 => Just(View::Repeated),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let opener = 0..2_usize;
    let target = 0..4_usize;
    prop_oneof![
        4 => (opener.clone(), 0..3_usize, 1..16_u8, any::<bool>())
            .prop_map(|(opener, key, contents, begin)| Op::Admit { opener, key, contents, begin }),
        12 => (opener.clone(), target.clone(), moves(), views(), any::<bool>())
            .prop_map(|(opener, target, step, view, keep)| Op::Advance { opener, target, step, view, keep }),
        2 => (opener.clone(), 0..4_usize).prop_map(|(opener, limit)| Op::LeaseDue { opener, limit }),
        3 => (opener.clone(), target).prop_map(|(opener, target)| Op::LeaseOf { opener, target }),
        3 => (1..20_u8).prop_map(|seconds| Op::Tick { seconds }),
        1 => opener.prop_map(|opener| Op::Crash { opener }),
        // Rare, because nothing begins any more after it.
        1 => proptest::bool::weighted(0.3)
            .prop_map(|revoke| if revoke { Op::Revoke } else { Op::Tick { seconds: 1 } }),
    ]
}

/// Histories of up to sixty operations, the first of which admits something.
pub fn history() -> impl Strategy<Value = Vec<Op>> {
    let first = (0..2_usize, 1..16_u8, any::<bool>()).prop_map(|(opener, contents, begin)| Op::Admit {
        opener,
        key: 0,
        contents,
        begin,
    });
    (first, proptest::collection::vec(op(), 0..60)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}
