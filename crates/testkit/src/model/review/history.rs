//! What can happen to a review queue, and chance histories of it.

use proptest::option;
use proptest::prelude::{Just, Strategy, prop_oneof};

/// One operation of a history. Numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Something is queued.
    Enqueue {
        /// By which process.
        opener: usize,
        /// As which review.
        place: usize,
        /// With which content.
        content: u8,
        /// Whether it is only listed.
        refused: bool,
    },
    /// A review takes a step.
    Step {
        /// In which process.
        opener: usize,
        /// Which review.
        place: usize,
        /// What is done.
        act: Act,
        /// How the caller sees the review.
        view: View,
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
}

/// What is done to a review, and by which reviewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is taken.
    Claim {
        /// By whom.
        by: usize,
        /// For how long.
        seconds: u8,
    },
    /// It is put back.
    Release {
        /// By whom.
        by: usize,
    },
    /// It is handed to someone with more authority.
    Escalate {
        /// By whom.
        by: usize,
    },
    /// It is put off.
    Defer {
        /// By whom.
        by: usize,
        /// For how long.
        seconds: u8,
    },
    /// It is decided.
    Decide {
        /// By whom.
        by: usize,
        /// How.
        say: Say,
        /// How long that holds; for good where nothing is said.
        holds: Option<u8>,
    },
    /// Its time is over.
    Expire,
    /// It is cancelled.
    Cancel,
    /// What was approved is handed over.
    Execute,
}

/// What a reviewer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// Yes.
    Approve,
    /// Yes to something else.
    Edit,
    /// No.
    Reject,
    /// Nothing that decides.
    Nothing,
    /// Yes to another artifact.
    Elsewhere,
}

/// How the caller of a step sees the review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// As it is.
    Current,
    /// As it was before its latest step; ahead where there was none.
    Before,
    /// As nobody has seen it yet.
    Ahead,
}

fn act() -> impl Strategy<Value = Act> {
    // Mostly the same person, so that steps follow one another.
    let by = || prop_oneof![1 => Just(0_usize), 6 => Just(1_usize), 1 => Just(2_usize)];
    let say = prop_oneof![
        4 => Just(Say::Approve),
        2 => Just(Say::Edit),
        3 => Just(Say::Reject),
        1 => Just(Say::Nothing),
        1 => Just(Say::Elsewhere),
    ];
    prop_oneof![
        8 => (by(), 1..40_u8).prop_map(|(by, seconds)| Act::Claim { by, seconds }),
        3 => by().prop_map(|by| Act::Release { by }),
        3 => by().prop_map(|by| Act::Escalate { by }),
        4 => (by(), 1..90_u8).prop_map(|(by, seconds)| Act::Defer { by, seconds }),
        6 => (by(), say, option::of(1..40_u8)).prop_map(|(by, say, holds)| Act::Decide { by, say, holds }),
        3 => Just(Act::Expire),
        1 => Just(Act::Cancel),
        3 => Just(Act::Execute),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let opener = 0..2_usize;
    // Mostly the same review, for the same reason.
    let place = prop_oneof![4 => Just(0_usize), 1 => Just(1_usize), 1 => Just(2_usize)];
    let view = prop_oneof![10 => Just(View::Current), 2 => Just(View::Before), 1 => Just(View::Ahead)];
    let content = prop_oneof![6 => Just(0_u8), 1 => Just(1_u8)];
    prop_oneof![
        4 => (opener.clone(), place.clone(), content, proptest::bool::weighted(0.1))
            .prop_map(|(opener, place, content, refused)| Op::Enqueue { opener, place, content, refused }),
        16 => (opener.clone(), place, act(), view)
            .prop_map(|(opener, place, act, view)| Op::Step { opener, place, act, view }),
        4 => prop_oneof![3 => 1..15_u8, 1 => 15..61_u8].prop_map(|seconds| Op::Tick { seconds }),
        1 => opener.prop_map(|opener| Op::Crash { opener }),
    ]
}

/// Histories of up to sixty operations, the first of which queues something.
pub fn history() -> impl Strategy<Value = Vec<Op>> {
    let first = (0..2_usize, 0..3_usize).prop_map(|(opener, place)| Op::Enqueue {
        opener,
        place,
        content: 0,
        refused: false,
    });
    (first, proptest::collection::vec(op(), 0..60)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}
