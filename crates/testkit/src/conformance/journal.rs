//! `EffectJournal` alone: keys, steps, leases, plans, late answers, settlements by hand.
//!
//! A journal uses approvals, holds budgets and appends evidence in its own steps, and a case cannot bring these about through
//! the journal. So where it stands alone every effect is an engagement that costs nothing (no budget holds for what is free), and
//! each request brings the decision of a policy that allows it (`Admit::decisions`): nothing but the journal has to be there.
//! The same cases run over a whole store with posts at a price that a reviewer approved, and look at money and evidence there.
//!
//! What cannot be asked of a journal alone is asked of the whole store, for it is about two ports in one step: revocation and
//! expiry of recorded decisions (`ApprovalStore`), holds and overruns (`Budget`), reviews in the way (`ReviewQueue`), switches
//! (`Pauses`), what the ledger tells, and undo, whose authority is the recorded decision of its post. So are whose a post is when a
//! look and an answer name it (*Direct*), early windows, and what an effect forgets: their cases act with prices and posts.

use chimera_contracts::Clock as _;
use chimera_effect::RequestKey;
use chimera_harness::within;
use chrono::TimeDelta;
use futures_util::future::{join, select};

use super::StoreFactory;
use super::accounts::{open_effects_are_those_of_the_account, owners_are_exactly_the_owners};
use super::admit::{
    a_former_key_of_another_payer_or_agent_is_a_conflict, a_part_of_the_effects_is_the_same_request,
    a_request_under_a_former_key_is_known, another_payer_or_agent_is_a_conflict,
    answers_of_admit_survive_a_crash, keys_are_scoped_by_tenant_and_skill, one_key_is_fresh_once,
    other_content_under_the_key_is_a_conflict,
};
use super::by_hand::{
    a_person_cannot_give_away_the_post_of_another, a_person_cannot_tell_either,
    a_person_says_that_it_is_not_there, a_person_says_that_it_is_there,
    only_what_is_unknown_is_settled_by_hand, who_asked_does_not_settle_by_hand,
};
use super::case::port_suite;
use super::claims::{a_person_accepts_what_is_claimed_now, attempts_keep_what_was_claimed};
use super::equal::{
    a_begin_waits_while_an_equal_effect_is_unknown, a_state_waits_while_it_is_being_set,
    an_admission_waits_while_an_equal_effect_is_unknown, an_unknown_effect_begins_again_beside_an_equal_one,
    what_is_taken_back_waits_for_nothing,
};
use super::leases::{
    a_dead_holders_effects_are_free, a_held_effect_is_not_leased, a_lease_ends_by_the_stores_clock,
    a_lease_gives_at_most_the_limit, a_lease_goes_to_one_holder_and_raises_the_epoch,
    an_attempted_effect_stays_attempting, leases_survive_a_crash_of_somebody_else,
    only_what_is_due_is_leased_by_itself, openers_have_instances_of_their_own,
    what_may_be_attempted_again_is_leased_by_id,
};
use super::listing::{an_unknown_key_has_no_request, effects_are_listed_as_they_came_in_pages};
use super::observed::{
    a_late_acceptance_ends_a_refusal, a_late_answer_corrects_what_a_look_found,
    a_late_answer_settles_what_is_unknown, a_late_answer_that_settles_nothing_leaves_a_candidate,
    a_late_answer_to_an_earlier_attempt, a_late_answer_to_what_was_told_as_not_done,
    a_late_answer_without_an_outcome_leaves_it_open, a_late_refusal_settles_the_only_open_attempt,
    another_post_of_a_public_effect_is_an_incident,
};
use super::plan::{
    all_or_nothing_stops_at_the_first_failure, one_after_the_other_keeps_its_order_after_a_crash,
    the_first_plan_of_a_key_stands, together_means_at_once, what_was_refused_is_due_again_as_planned,
};
use super::ports::GivesJournal;
use super::stage::Stage;
use super::steps::{
    a_past_epoch_or_version_is_fenced, a_post_belongs_to_one_effect, a_repeated_step_is_already,
    an_illegal_step_is_misuse_and_changes_nothing, answers_of_advance_survive_a_crash,
    concurrent_steps_of_one_version_apply_once, media_that_a_platform_knows_stay_known,
};
use crate::scene::published;

port_suite! {
    GivesJournal:
    answers_of_admit_survive_a_crash
    one_key_is_fresh_once
    a_part_of_the_effects_is_the_same_request
    other_content_under_the_key_is_a_conflict
    another_payer_or_agent_is_a_conflict
    keys_are_scoped_by_tenant_and_skill
    a_request_under_a_former_key_is_known
    a_former_key_of_another_payer_or_agent_is_a_conflict
    one_after_the_other_keeps_its_order_after_a_crash
    together_means_at_once
    all_or_nothing_stops_at_the_first_failure
    the_first_plan_of_a_key_stands
    what_was_refused_is_due_again_as_planned
    answers_of_advance_survive_a_crash
    a_past_epoch_or_version_is_fenced
    a_repeated_step_is_already
    concurrent_steps_of_one_version_apply_once
    an_illegal_step_is_misuse_and_changes_nothing
    a_post_belongs_to_one_effect
    media_that_a_platform_knows_stay_known
    attempts_keep_what_was_claimed
    a_person_accepts_what_is_claimed_now
    a_late_answer_settles_what_is_unknown
    a_late_answer_that_settles_nothing_leaves_a_candidate
    a_late_answer_without_an_outcome_leaves_it_open
    a_late_answer_to_an_earlier_attempt
    another_post_of_a_public_effect_is_an_incident
    a_late_answer_corrects_what_a_look_found
    a_late_answer_to_what_was_told_as_not_done
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
    open_effects_are_those_of_the_account
    owners_are_exactly_the_owners
    an_admission_waits_while_an_equal_effect_is_unknown
    a_begin_waits_while_an_equal_effect_is_unknown
    a_state_waits_while_it_is_being_set
    an_unknown_effect_begins_again_beside_an_equal_one
    what_is_taken_back_waits_for_nothing
}

/// *Watched*: a watch ends for a step of its request that comes between it and the wait, and for one that comes later.
///
/// Asked of a whole store alone: a journal that cannot tell gives watches that never end, and then the clock ends the case, so that no
/// journal fails it.
pub async fn a_watch_ends_with_a_step_of_its_request<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a watch ends with a step of its request").await;
    let record = stage.begun().await;
    let key: &RequestKey = &stage.scene.key;
    let before = stage.stores.journal().watch(key);
    let record = stage.apply(&record, published("watched")).await;
    // A store that wakes nobody gives watches that never end; then there is the clock.
    let later = stage.clock.now() + TimeDelta::hours(1);
    within("a step that was taken", select(before, stage.clock.sleep_until(later))).await;
    let after = stage.stores.journal().watch(key);
    let waiting = within("a lease", select(after, stage.clock.sleep_until(later + TimeDelta::hours(1))));
    join(waiting, stage.lease_one(&record)).await;
}
