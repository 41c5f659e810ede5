//! The contracts of the ports as functions, one for each sentence.
//!
//! **One port.** Each storage port has a module here with its cases: [`journal`], [`ledger`], [`changes`] and [`erasure`],
//! [`approvals`], [`budget`], [`pauses`], [`reviews`], [`proposals`], [`limits`]. A host that brings this port alone opens it in a
//! [`StoreFactory`] of what an opener gives, such as `StoreFactory<Arc<dyn Budget>>`, and runs `budget::all`, or each of
//! `budget::cases()` as a test of its own. A ledger is opened as [`Evidence`], one whose attachments can be erased as
//! [`ErasableEvidence`], one that is followed as [`FollowedLedger`]: these are as few ports as can be looked at by themselves. A
//! journal that stands alone acts for nothing but engagements that are free and that a policy's decision allows, which each request
//! brings ([`journal`] says why). A port whose steps leave evidence (reviews, proposals, switches) is asked for its answers where it
//! stands alone, and for the evidence too where its opener gives the ledger ([`LeavesEvidence`]).
//!
//! **A whole store.** A [`StoreFactory`] that opens [`Stores`] runs [`all`], or each of [`CASES`]. These are the cases of every
//! port, and those that need several ports at once: an admission touches approvals, budgets, reviews and evidence in one step, and
//! a switch stops it. The factory of a whole store also runs the suite of one port as it is.
//!
//! Every case acts out a scene of its own name, so that all of them can share one state; no case runs twice on the same state.
//! Nothing is asserted about durations, and nothing is read from memory that a crash would have taken: cases reopen the store.
//!
//! **What stands before the outside world.** [`platform`], [`tools`], [`targets`] and [`signer`] hold the contracts of
//! [`Platform`](chimera_effect::Platform), [`ToolClient`](chimera_platform::ToolClient), [`Targets`](chimera_platform::Targets) and
//! [`CheckpointSigner`](chimera_audit::CheckpointSigner), each with `CASES` and `all`. There is no store to open: a harness gives the
//! port, says what the outside does, and counts what reached it.

mod accounts;
mod admit;
pub mod approvals;
mod approved;
mod attempts;
pub mod budget;
mod by_hand;
mod case;
pub mod changes;
mod claims;
mod decided;
mod desk;
mod direct;
mod equal;
pub mod erasure;
mod forgets;
pub mod journal;
mod leases;
pub mod ledger;
pub mod limits;
mod listing;
mod observed;
mod one_claim;
pub mod pauses;
mod plan;
pub mod platform;
mod ports;
pub mod proposals;
mod queueing;
pub mod reviews;
pub mod signer;
mod stage;
mod steps;
pub mod targets;
mod told;
pub mod tools;
mod undo;

pub use accounts::*;
pub use admit::*;
pub use approved::*;
pub use by_hand::*;
pub use case::Case;
pub use claims::*;
pub use decided::*;
pub use direct::*;
pub use equal::*;
pub use forgets::*;
pub use leases::*;
pub use listing::*;
pub use observed::*;
pub use one_claim::*;
pub use plan::*;
pub use ports::*;
pub use steps::*;
pub use told::*;
pub use undo::*;

// Those of their cases that need several ports.
use budget::{
    a_limit_is_set_again_and_what_is_held_stays, an_overrun_is_spent_and_told,
    every_budget_of_a_request_holds_and_pays, one_budget_that_is_full_refuses,
};
use changes::{
    a_replay_about_something_is_the_same_event, an_erasure_is_about_what_its_entry_is_about,
    changes_are_the_entries_of_the_ledger, changes_say_what_happened_to_what,
    changes_tell_of_switches_by_account, entries_are_found_by_what_they_are_about,
    every_event_of_ours_is_about_something,
};
use journal::a_watch_ends_with_a_step_of_its_request;
use pauses::{
    a_switch_stops_what_has_not_begun, a_switch_stops_what_it_names_alone,
    rejected_credentials_stop_their_account, rejected_credentials_stop_their_account_however_told,
    switches_are_told_once_and_survive_a_crash, what_is_asked_for_meanwhile_waits,
};
use proposals::{
    a_proposal_whose_evidence_is_refused_is_not_kept, an_admitted_proposal_is_kept_with_its_evidence,
};
use queueing::{a_queued_review_is_kept_with_its_evidence, a_review_whose_evidence_is_refused_is_not_queued};
use reviews::{
    a_step_whose_evidence_is_refused_is_not_taken, steps_of_a_review_are_kept_with_their_evidence,
};

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::TestClock;

/// How a conformance function opens what it looks at: a whole store, or the port `P` alone.
#[async_trait]
pub trait StoreFactory<P = Stores>: Debug + Send + Sync {
    /// Another opener of the same state, while earlier ones live; with an instance id of its own.
    async fn open(&self) -> P;

    /// Ends an opener as `kill -9` would, then opens the same state again. No clone of the ports is left when it is called.
    async fn crash_and_reopen(&self, dead: P) -> P;

    /// The clock that the store goes by.
    fn clock(&self) -> Arc<TestClock>;
}

macro_rules! cases {
    ($($name:ident)*) => {
        /// The cases that need several ports at once, in the order of the contracts.
        const SPANNING: &[Case] = &[$(Case::new(stringify!($name), |factory| Box::pin($name(factory)))),*];
    };
}

cases! {
    admission_records_everything_at_once
    refused_admission_changes_nothing
    uncovered_admission_changes_nothing
    a_known_key_stays_known_when_its_approval_ends
    an_approval_is_used_by_one_effect
    every_digest_of_a_decision_is_used_by_itself
    admission_checks_revocation_again
    admission_checks_expiry_by_the_stores_clock
    every_begin_checks_revocation_again
    every_begin_checks_expiry_by_the_stores_clock
    holds_never_pass_the_limit
    nothing_with_a_price_is_admitted_without_a_budget
    what_is_free_needs_no_budget
    a_hold_is_spent_released_or_kept_with_its_effect
    steps_move_effect_budget_and_evidence_together
    evidence_tells_the_whole_story_in_order
    what_is_said_of_an_engagement_is_kept
    what_is_settled_is_open_no_more
    a_later_attempt_begins_anew
    a_public_post_has_a_time_that_can_be
    what_stays_open_is_told_as_unknown_and_once
    events_say_what_they_are_about
    the_ledger_tells_how_a_post_became_known
    the_end_of_an_invocation_names_its_platforms
    what_is_sent_is_kept_with_the_first_attempt
    a_direct_answer_takes_a_post_that_a_look_gave_away
    a_direct_answer_takes_a_post_from_the_same_request
    a_late_answer_takes_a_post_that_a_look_gave_away
    a_post_that_is_proven_stays
    what_happened_after_all_is_paid
    an_early_window_waits
    what_is_not_in_turn_stands_in_nobodys_way
    a_switch_stops_what_has_not_begun
    what_is_asked_for_meanwhile_waits
    a_switch_stops_what_it_names_alone
    switches_are_told_once_and_survive_a_crash
    rejected_credentials_stop_their_account
    rejected_credentials_stop_their_account_however_told
    effects_are_listed_by_campaign_platform_and_kind
    a_limit_is_set_again_and_what_is_held_stays
    every_budget_of_a_request_holds_and_pays
    one_budget_that_is_full_refuses
    an_overrun_is_spent_and_told
    an_admitted_proposal_is_kept_with_its_evidence
    a_proposal_whose_evidence_is_refused_is_not_kept
    a_queued_review_is_kept_with_its_evidence
    a_review_whose_evidence_is_refused_is_not_queued
    steps_of_a_review_are_kept_with_their_evidence
    a_step_whose_evidence_is_refused_is_not_taken
    an_admitted_request_is_queued_no_more
    the_review_of_an_admitted_request_is_only_executed
    a_review_in_the_way_refuses_the_admission
    an_approved_review_lets_its_request_in
    an_admission_records_the_decision_it_brings
    what_a_refused_admission_brings_is_not_recorded
    a_brought_decision_that_ran_out_permits_nothing
    a_recorded_decision_counts_before_one_that_is_brought
    a_policy_decides_about_engagements_alone
    an_undo_that_ended_is_asked_for_by_another_decision
    an_undo_moves_its_post_in_the_same_step
    however_an_undo_is_known_to_be_done
    an_undo_that_is_not_known_to_be_done_leaves_its_post
    a_lost_undo_is_settled_by_a_look_after_a_crash
    a_post_is_undone_once
    a_strange_post_is_not_undone
    without_the_rule_nothing_is_undone
    the_rule_outlives_expiry_and_revocation
    an_undo_is_checked_again_before_its_attempt
    the_rule_holds_where_another_effect_failed
    an_unnamed_post_is_asked_for_by_each_begin
    an_undo_of_another_effects_post_is_an_incident
    a_second_undo_that_is_done_changes_nothing
    what_was_taken_back_is_attempted_again_under_the_next_key
    a_post_that_was_taken_back_comes_back_by_no_answer
    what_was_taken_back_holds_its_price_again
    what_a_decision_took_down_stays_down
    changes_are_the_entries_of_the_ledger
    changes_say_what_happened_to_what
    changes_tell_of_switches_by_account
    a_watch_ends_with_a_step_of_its_request
    entries_are_found_by_what_they_are_about
    a_replay_about_something_is_the_same_event
    an_erasure_is_about_what_its_entry_is_about
    every_event_of_ours_is_about_something
}

/// What a whole store is asked for: what needs several of its ports, then port by port.
const SUITES: [&[Case]; 11] = [
    SPANNING,
    journal::cases(),
    approvals::cases(),
    budget::cases(),
    pauses::cases(),
    proposals::cases(),
    reviews::cases(),
    limits::cases(),
    ledger::cases(),
    erasure::cases(),
    changes::cases(),
];

/// Every conformance function of a whole store: those that need several ports at once, then those of each port.
pub const CASES: &[Case] = &joined();

const COUNT: usize = {
    let (mut count, mut suite) = (0, 0);
    while suite < SUITES.len() {
        count += SUITES[suite].len();
        suite += 1;
    }
    count
};

const fn joined() -> [Case; COUNT] {
    let mut all = [SPANNING[0]; COUNT];
    let (mut place, mut suite) = (0, 0);
    while suite < SUITES.len() {
        let mut case = 0;
        while case < SUITES[suite].len() {
            all[place] = SUITES[suite][case];
            place += 1;
            case += 1;
        }
        suite += 1;
    }
    all
}

/// Runs every case and names the one that fails.
///
/// # Panics
/// When a case fails.
pub async fn all(factory: &(dyn StoreFactory + 'static)) {
    case::run_all(CASES, factory).await;
}
