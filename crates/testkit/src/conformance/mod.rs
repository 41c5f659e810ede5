//! The contracts of the storage ports as functions, one for each sentence.
//!
//! A store hands in a [`StoreFactory`] and runs [`all`], or each of [`CASES`] as a test of its own. Every case acts out a
//! scene of its own name, so that all of them can share one state; no case runs twice on the same state. Nothing is
//! asserted about durations, and nothing is read from memory that a crash would have taken: cases reopen the store.

mod accounts;
mod admit;
mod approvals;
mod approved;
mod budget;
mod by_hand;
mod desk;
mod direct;
mod equal;
mod erasure;
mod forgets;
mod leases;
mod ledger;
mod limits;
mod listing;
mod observed;
mod one_claim;
mod proposals;
mod queueing;
mod reviews;
mod stage;
mod steps;
mod told;

pub use accounts::*;
pub use admit::*;
pub use approvals::*;
pub use approved::*;
pub use budget::*;
pub use by_hand::*;
pub use direct::*;
pub use equal::*;
pub use erasure::*;
pub use forgets::*;
pub use leases::*;
pub use ledger::*;
pub use limits::*;
pub use listing::*;
pub use observed::*;
pub use one_claim::*;
pub use proposals::*;
pub use queueing::*;
pub use reviews::*;
pub use steps::*;
pub use told::*;

use std::any::Any;
use std::fmt::Debug;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use chimera_audit::{AttachmentEraser, AuditLedger, LedgerReader};
use chimera_effect::EffectJournal;
use chimera_governance::review::ReviewQueue;
use chimera_governance::{ApprovalStore, Budget};
use chimera_platform::limits::RateLimits;
use chimera_skill_propose::ProposalJournal;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::clock::TestClock;

/// All ports of one opener of a store.
#[derive(Debug)]
pub struct Stores {
    /// Requests and effects.
    pub journal: Arc<dyn EffectJournal>,
    /// Decisions.
    pub approvals: Arc<dyn ApprovalStore>,
    /// Budgets.
    pub budget: Arc<dyn Budget>,
    /// Proposals.
    pub proposals: Arc<dyn ProposalJournal>,
    /// Reviews.
    pub reviews: Arc<dyn ReviewQueue>,
    /// Permits under rate limits.
    pub limits: Arc<dyn RateLimits>,
    /// Evidence, to append.
    pub ledger: Arc<dyn AuditLedger>,
    /// Evidence, to read.
    pub reader: Arc<dyn LedgerReader>,
    /// Evidence, to take attachments out of.
    pub eraser: Arc<dyn AttachmentEraser>,
}

impl Stores {
    /// The ports of a store that implements all of them.
    #[must_use]
    pub fn of<S>(store: Arc<S>) -> Self
    where
        S: EffectJournal
            + ApprovalStore
            + Budget
            + ProposalJournal
            + ReviewQueue
            + RateLimits
            + AuditLedger
            + LedgerReader
            + AttachmentEraser,
    {
        Self {
            journal: Arc::<S>::clone(&store),
            approvals: Arc::<S>::clone(&store),
            budget: Arc::<S>::clone(&store),
            proposals: Arc::<S>::clone(&store),
            reviews: Arc::<S>::clone(&store),
            limits: Arc::<S>::clone(&store),
            ledger: Arc::<S>::clone(&store),
            reader: Arc::<S>::clone(&store),
            eraser: store,
        }
    }
}

/// How a conformance function opens the store that it looks at.
#[async_trait]
pub trait StoreFactory: Debug + Send + Sync {
    /// Another opener of the same state, while earlier ones live; with an instance id of its own.
    async fn open(&self) -> Stores;

    /// Ends an opener as `kill -9` would, then opens the same state again. No clone of the ports is left when it is called.
    async fn crash_and_reopen(&self, dead: Stores) -> Stores;

    /// The clock that the store goes by.
    fn clock(&self) -> Arc<TestClock>;
}

/// One sentence of a contract.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The name of the function.
    pub name: &'static str,
    run: fn(&dyn StoreFactory) -> BoxFuture<'_, ()>,
}

impl Case {
    /// Runs the function.
    pub async fn run(&self, factory: &dyn StoreFactory) {
        (self.run)(factory).await;
    }
}

macro_rules! cases {
    ($($name:ident)*) => {
        /// Every conformance function, in the order of the contracts.
        pub const CASES: &[Case] = &[$(Case { name: stringify!($name), run: |factory| Box::pin($name(factory)) }),*];
    };
}

cases! {
    admission_records_everything_at_once
    refused_admission_changes_nothing
    uncovered_admission_changes_nothing
    answers_of_admit_survive_a_crash
    one_key_is_fresh_once
    a_part_of_the_effects_is_the_same_request
    other_content_under_the_key_is_a_conflict
    another_payer_or_agent_is_a_conflict
    keys_are_scoped_by_tenant_and_skill
    a_known_key_stays_known_when_its_approval_ends
    a_request_under_a_former_key_is_known
    a_former_key_of_another_payer_or_agent_is_a_conflict
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
    answers_of_advance_survive_a_crash
    a_past_epoch_or_version_is_fenced
    a_repeated_step_is_already
    concurrent_steps_of_one_version_apply_once
    an_illegal_step_is_misuse_and_changes_nothing
    a_post_belongs_to_one_effect
    evidence_tells_the_whole_story_in_order
    media_that_a_platform_knows_stay_known
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
    an_admission_waits_while_an_equal_effect_is_unknown
    a_begin_waits_while_an_equal_effect_is_unknown
    a_state_waits_while_it_is_being_set
    an_unknown_effect_begins_again_beside_an_equal_one
    what_is_taken_back_waits_for_nothing
    a_late_answer_settles_what_is_unknown
    a_late_answer_that_settles_nothing_leaves_a_candidate
    a_late_answer_without_an_outcome_leaves_it_open
    a_late_answer_to_an_earlier_attempt
    another_post_of_a_public_effect_is_an_incident
    a_late_answer_corrects_what_a_look_found
    a_late_answer_to_what_was_told_as_not_done
    what_happened_after_all_is_paid
    a_late_refusal_settles_the_only_open_attempt
    a_late_acceptance_ends_a_refusal
    a_person_says_that_it_is_there
    a_person_cannot_give_away_the_post_of_another
    a_person_says_that_it_is_not_there
    a_person_cannot_tell_either
    only_what_is_unknown_is_settled_by_hand
    who_asked_does_not_settle_by_hand
    a_lease_goes_to_one_holder_and_raises_the_epoch
    a_held_effect_is_not_leased
    a_lease_ends_by_the_stores_clock
    a_dead_holders_effects_are_free
    an_attempted_effect_stays_attempting
    only_what_is_due_is_leased_by_itself
    what_may_be_attempted_again_is_leased_by_id
    a_lease_gives_at_most_the_limit
    leases_survive_a_crash_of_somebody_else
    openers_have_instances_of_their_own
    an_unknown_key_has_no_request
    effects_are_listed_as_they_came_in_pages
    effects_are_listed_by_campaign_platform_and_kind
    open_effects_are_those_of_the_account
    owners_are_exactly_the_owners
    a_decision_is_recorded_once
    another_decision_under_the_id_is_a_conflict
    a_decision_is_revoked_once_for_good
    decisions_are_found_by_digest_oldest_first
    artifacts_are_known_by_tenant
    use_approval_grants_one_effect
    use_approval_refuses_what_is_not_permitted
    decisions_and_uses_survive_a_crash
    a_limit_is_set_again_and_what_is_held_stays
    a_limit_in_another_currency_is_misuse
    budgets_are_separate_and_durable
    an_admitted_proposal_is_kept_with_its_evidence
    a_proposal_whose_evidence_is_refused_is_not_kept
    one_request_is_answered_once
    a_later_proposal_gets_the_first_one_back
    another_question_under_the_request_id_is_reused
    proposals_come_back_to_the_byte
    proposals_are_scoped_by_tenant
    proposals_survive_a_crash
    a_queued_review_is_kept_with_its_evidence
    a_review_whose_evidence_is_refused_is_not_queued
    one_review_is_queued_once
    something_else_under_the_review_id_is_a_conflict
    reviews_are_scoped_by_tenant
    a_refused_review_is_only_listed
    reviews_are_listed_by_priority_then_age
    reviews_are_listed_by_what_they_are
    reviews_are_listed_when_they_can_be_decided
    what_is_approved_or_expired_is_unsettled
    steps_of_a_review_are_kept_with_their_evidence
    a_step_whose_evidence_is_refused_is_not_taken
    a_past_version_is_stale_and_tells_how_it_stands
    of_reviewers_at_one_moment_one_is_first
    of_decisions_at_one_moment_one_counts
    a_step_that_may_not_be_changes_nothing
    there_is_no_step_without_a_review
    claims_lapse_by_the_queues_clock
    an_expired_review_takes_no_step_but_expire
    an_approval_that_lapsed_expires
    reviews_survive_a_crash
    a_limit_gives_its_count_and_says_when_to_ask_again
    permits_end_by_themselves
    what_is_taken_is_what_the_rule_computes
    openers_share_permits
    the_same_id_takes_one_permit
    permits_are_of_one_account_and_action
    permits_survive_a_crash
    an_admitted_request_is_queued_no_more
    the_review_of_an_admitted_request_is_only_executed
    a_review_in_the_way_refuses_the_admission
    an_approved_review_lets_its_request_in
    an_append_is_idempotent_by_id
    a_replay_keeps_the_first_attachment
    an_id_with_other_words_is_a_conflict
    a_failed_append_adds_none_of_its_drafts
    drafts_stand_in_order_without_gaps
    concurrent_appends_lose_nothing
    the_log_survives_a_crash
    the_heads_root_follows_from_the_entries
    heads_only_grow
    attachments_open_their_commitments
    entries_come_in_pages
    entries_are_found_by_what_they_say
    entries_are_found_by_the_ledgers_time
    impossible_proofs_are_refused
    an_erased_attachment_is_gone_and_told
    an_erasure_is_told_once
    what_cannot_be_erased_is_refused
}

/// Runs every case and names the one that fails.
///
/// # Panics
/// When a case fails.
pub async fn all(factory: &dyn StoreFactory) {
    for case in CASES {
        if let Err(cause) = AssertUnwindSafe(case.run(factory)).catch_unwind().await {
            panic!("`{}` does not hold: {}", case.name, said(cause.as_ref()));
        }
    }
}

fn said(cause: &(dyn Any + Send)) -> &str {
    let text = cause.downcast_ref::<&str>().copied();
    text.or_else(|| cause.downcast_ref::<String>().map(String::as_str)).unwrap_or("it panicked")
}
