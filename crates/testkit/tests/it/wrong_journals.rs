//! The suite of the journal is run over journals that break a sentence each: one deviation over the store in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_contracts::{InstanceId, Namespace, RequestId, SkillName, StoreError, StoreErrorKind};
use chimera_effect::{
    AccountKey, Admission, Admit, Advance, Advanced, EffectJournal, EffectQuery, EffectRecord, EffectState,
    ExecutionOrder, ExecutionPlan, LeaseGrant, LeaseScope, Page, Progress, RequestKey, RequestRecord,
    RequestView, Step, Watch,
};
use chimera_testkit::MemoryStore;
use chimera_testkit::conformance::{self, StoreFactory};
use chrono::TimeDelta;

use crate::failing::{Variant, each_case_fails, fails};
use crate::wrong_ports::made;

/// How a journal breaks its contract; `Not` where it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breach {
    /// It keeps its contract.
    Not,
    /// What is known is told as fresh.
    AlwaysFresh,
    /// What contradicts is told as known.
    Agrees,
    /// Former keys are not looked at.
    NoFormerKeys,
    /// The same key of another skill is the same request.
    FindsAny,
    /// A step in another one's place is told as the one that was taken.
    NeverFenced,
    /// A step that cannot follow is told as fenced.
    NoMisuse,
    /// Whose a post is does not matter: it is told as fenced.
    NeverTaken,
    /// A step that was taken before is told as fenced.
    NeverAlready,
    /// Who may not is told as fenced.
    NeverRefused,
    /// Nothing is leased.
    NeverLeases,
    /// What is asked for is leased without end.
    LeasesMore,
    /// Effects are listed the other way round.
    LatestFirst,
    /// No effect is open.
    NoneOpen,
    /// No post is anybody's.
    NoOwners,
    /// What was uploaded is forgotten.
    NoUploads,
    /// Nothing is due by itself.
    NeverDue,
    /// What an effect waits for is not told.
    WaitsForNothing,
    /// What was claimed is not told.
    NoClaims,
    /// Second posts are not told.
    NoIncidents,
    /// Candidates are not told.
    NoCandidates,
    /// What is lost is told as not done.
    Sure,
    /// A refusal is not told.
    NoRefusal,
    /// Every opener is the same.
    OneInstance,
    /// Nothing comes of late answers.
    Deaf,
    /// Whatever the plan, effects go together.
    NoPlan,
    /// Whatever the plan, effects go one after the other.
    InTurn,
    /// An opener knows the requests that it admitted.
    KnowsOwn,
    /// A step that was taken before is told as taken now.
    AlwaysApplied,
    /// What is held is leased to whoever asks for it.
    LeasesHeld,
    /// A key that nobody used is an error.
    FailsUnknown,
    /// A second attempt is told as none.
    NeverAgain,
}

#[derive(Debug)]
struct Wrong {
    inner: Arc<MemoryStore>,
    breach: Breach,
    /// The requests that this opener admitted.
    admitted: Mutex<BTreeMap<RequestId, RequestRecord>>,
}

impl Wrong {
    fn is(&self, breach: Breach) -> bool {
        self.breach == breach
    }

    fn told(&self, record: EffectRecord) -> EffectRecord {
        let progress = record.progress.clone();
        let progress = match self.breach {
            Breach::NoUploads => Progress { uploads: Vec::new(), ..progress },
            Breach::NeverDue => Progress { due_at: None, ..progress },
            Breach::WaitsForNothing => Progress { waits_for: None, ..progress },
            Breach::NoClaims => Progress { claims: None, ..progress },
            Breach::NoIncidents => Progress { incidents: Vec::new(), ..progress },
            Breach::NoCandidates => Progress { candidates: Vec::new(), ..progress },
            Breach::NoRefusal => Progress { refusal: None, ..progress },
            Breach::NeverAgain => Progress { attempts: progress.attempts.min(1), ..progress },
            Breach::Sure if progress.state == EffectState::Unknown => {
                Progress { state: EffectState::NotDone, ..progress }
            }
            _ => progress,
        };
        EffectRecord { progress, ..record }
    }

    fn view(&self, view: RequestView) -> RequestView {
        let effects = view.effects.into_iter().map(|record| self.told(record)).collect();
        RequestView { effects, ..view }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl EffectJournal for Wrong {
    fn instance(&self) -> InstanceId {
        if self.is(Breach::OneInstance) {
            return InstanceId::from_uuid(uuid::Uuid::nil());
        }
        self.inner.instance()
    }

    async fn admit(&self, mut admit: Admit) -> Result<Admission, StoreError> {
        let key = admit.key.clone();
        if self.is(Breach::NoFormerKeys) {
            admit.former_keys.clear();
        }
        if self.is(Breach::NoPlan) {
            admit.plan = ExecutionPlan::default();
        }
        if self.is(Breach::InTurn) {
            admit.plan.order = ExecutionOrder::Sequential;
        }
        Ok(match (self.breach, self.inner.admit(admit).await?) {
            (Breach::AlwaysFresh, Admission::Known(view)) => Admission::Fresh(view),
            (Breach::Agrees, Admission::Conflict { message }) => {
                self.inner.request(&key).await?.map_or(Admission::Conflict { message }, Admission::Known)
            }
            (_, Admission::Fresh(view)) => {
                self.admitted.lock().unwrap().insert(view.request.id, view.request.clone());
                Admission::Fresh(self.view(view))
            }
            (_, Admission::Known(view)) => Admission::Known(self.view(view)),
            (_, other) => other,
        })
    }

    async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError> {
        let (effect, late) = (advance.effect, matches!(advance.step, Step::Observed { .. }));
        if self.is(Breach::Deaf) && late {
            return Ok(Advanced::Fenced);
        }
        let advanced = match self.inner.advance(advance).await {
            Err(error) if self.is(Breach::NoMisuse) && error.kind == StoreErrorKind::Misuse => {
                return Ok(Advanced::Fenced);
            }
            advanced => advanced?,
        };
        Ok(match (self.breach, advanced) {
            (Breach::NeverFenced, Advanced::Fenced) => {
                let namespace = Namespace::default();
                let query = EffectQuery { namespace, ids: vec![effect], ..EffectQuery::default() };
                let page = Page { after: None, limit: 1 };
                match self.inner.effects(&query, page).await?.pop() {
                    Some(record) => Advanced::Already(Box::new(record)),
                    None => Advanced::Fenced,
                }
            }
            (Breach::NeverTaken, Advanced::Taken { .. })
            | (Breach::NeverAlready, Advanced::Already(_))
            | (Breach::NeverRefused, Advanced::Refused(_)) => Advanced::Fenced,
            (Breach::AlwaysApplied, Advanced::Already(record)) => Advanced::Applied(record),
            (_, Advanced::Applied(record)) => Advanced::Applied(Box::new(self.told(*record))),
            (_, Advanced::Already(record)) => Advanced::Already(Box::new(self.told(*record))),
            (_, other) => other,
        })
    }

    async fn lease(
        &self,
        scope: LeaseScope,
        limit: usize,
        ttl: TimeDelta,
    ) -> Result<Vec<LeaseGrant>, StoreError> {
        if self.is(Breach::NeverLeases) {
            return Ok(Vec::new());
        }
        let limit = if self.is(Breach::LeasesMore) { limit.saturating_add(1) } else { limit };
        let mut leased = self.inner.lease(scope.clone(), limit, ttl).await?;
        if let LeaseScope::Of(ids) = scope
            && self.is(Breach::LeasesHeld)
            && leased.is_empty()
        {
            let query = EffectQuery { ids, ..EffectQuery::default() };
            for record in self.inner.effects(&query, Page { after: None, limit }).await? {
                let request = self.admitted.lock().unwrap().get(&record.request).cloned();
                leased.extend(request.map(|request| LeaseGrant { request, record }));
            }
        }
        let leased = leased.into_iter();
        Ok(leased.map(|grant| LeaseGrant { record: self.told(grant.record), ..grant }).collect())
    }

    async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError> {
        let found = self.inner.request(key).await?.map(|view| self.view(view));
        if found.is_none() && self.is(Breach::FindsAny) {
            let other =
                RequestKey { skill: SkillName::Publish, namespace: Namespace::default(), ..key.clone() };
            return self.inner.request(&other).await;
        }
        if found.is_none() && self.is(Breach::FailsUnknown) {
            return Err(StoreError::not_applied(StoreErrorKind::Misuse, "there is no such request"));
        }
        let own = self.admitted.lock().unwrap().contains_key(&key.request_id());
        Ok(found.filter(|_| own || !self.is(Breach::KnowsOwn)))
    }

    async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError> {
        let mut listed: Vec<_> =
            self.inner.effects(query, page).await?.into_iter().map(|record| self.told(record)).collect();
        if self.is(Breach::LatestFirst) {
            listed.reverse();
        }
        Ok(listed)
    }

    async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError> {
        if self.is(Breach::NoneOpen) {
            return Ok(Vec::new());
        }
        let open = self.inner.open_effects(account).await?.into_iter();
        Ok(open.map(|record| self.told(record)).collect())
    }

    async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError> {
        if self.is(Breach::NoOwners) {
            return Ok(Vec::new());
        }
        let owners = self.inner.owners(account, ids).await?.into_iter();
        Ok(owners.map(|record| self.told(record)).collect())
    }

    fn watch(&self, key: &RequestKey) -> Watch {
        self.inner.watch(key)
    }
}

#[test]
fn each_case_of_journals_finds_one_that_breaks_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<Arc<dyn EffectJournal>>> {
        made(breach, move |inner| -> Arc<dyn EffectJournal> {
            Arc::new(Wrong { inner, breach, admitted: Mutex::default() })
        })
    };
    fails(conformance::journal::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (
            with(Breach::AlwaysFresh),
            &[
                "one_key_is_fresh_once",
                "a_part_of_the_effects_is_the_same_request",
                "a_request_under_a_former_key_is_known",
                "the_first_plan_of_a_key_stands",
            ],
        ),
        (
            with(Breach::Agrees),
            &["other_content_under_the_key_is_a_conflict", "another_payer_or_agent_is_a_conflict"],
        ),
        (
            with(Breach::NoFormerKeys),
            &[
                "a_request_under_a_former_key_is_known",
                "a_former_key_of_another_payer_or_agent_is_a_conflict",
            ],
        ),
        (with(Breach::FindsAny), &["keys_are_scoped_by_tenant_and_skill"]),
        (
            with(Breach::NeverFenced),
            &[
                "a_past_epoch_or_version_is_fenced",
                "a_late_answer_to_an_earlier_attempt",
                "a_lease_goes_to_one_holder_and_raises_the_epoch",
                "a_lease_ends_by_the_stores_clock",
                "a_dead_holders_effects_are_free",
            ],
        ),
        (
            with(Breach::NoMisuse),
            &[
                "an_illegal_step_is_misuse_and_changes_nothing",
                "a_person_accepts_what_is_claimed_now",
                "a_late_answer_to_what_was_told_as_not_done",
                "a_person_says_that_it_is_not_there",
                "only_what_is_unknown_is_settled_by_hand",
            ],
        ),
        (
            with(Breach::NeverTaken),
            &["a_post_belongs_to_one_effect", "a_person_cannot_give_away_the_post_of_another"],
        ),
        (
            with(Breach::NeverAlready),
            &[
                "a_repeated_step_is_already",
                "a_late_answer_settles_what_is_unknown",
                "another_post_of_a_public_effect_is_an_incident",
                "a_late_answer_to_what_was_told_as_not_done",
            ],
        ),
        (
            with(Breach::NeverRefused),
            &[
                "all_or_nothing_stops_at_the_first_failure",
                "a_person_accepts_what_is_claimed_now",
                "who_asked_does_not_settle_by_hand",
            ],
        ),
        (
            with(Breach::NeverLeases),
            &[
                "one_after_the_other_keeps_its_order_after_a_crash",
                "what_was_refused_is_due_again_as_planned",
                "a_past_epoch_or_version_is_fenced",
                "attempts_keep_what_was_claimed",
                "a_person_says_that_it_is_not_there",
                "a_lease_goes_to_one_holder_and_raises_the_epoch",
                "a_lease_ends_by_the_stores_clock",
                "a_dead_holders_effects_are_free",
                "an_attempted_effect_stays_attempting",
                "only_what_is_due_is_leased_by_itself",
                "what_may_be_attempted_again_is_leased_by_id",
                "a_lease_gives_at_most_the_limit",
                "leases_survive_a_crash_of_somebody_else",
            ],
        ),
        (with(Breach::LeasesMore), &["a_lease_gives_at_most_the_limit"]),
        (with(Breach::LatestFirst), &["effects_are_listed_as_they_came_in_pages"]),
        (with(Breach::NoneOpen), &["open_effects_are_those_of_the_account"]),
        (
            with(Breach::NoOwners),
            &[
                "a_late_answer_corrects_what_a_look_found",
                "a_person_says_that_it_is_there",
                "owners_are_exactly_the_owners",
            ],
        ),
        (with(Breach::NoUploads), &["media_that_a_platform_knows_stay_known"]),
        (
            with(Breach::NeverDue),
            &[
                "one_after_the_other_keeps_its_order_after_a_crash",
                "all_or_nothing_stops_at_the_first_failure",
                "what_was_refused_is_due_again_as_planned",
                "a_person_accepts_what_is_claimed_now",
                "only_what_is_due_is_leased_by_itself",
                "an_admission_waits_while_an_equal_effect_is_unknown",
                "a_begin_waits_while_an_equal_effect_is_unknown",
            ],
        ),
        (
            with(Breach::WaitsForNothing),
            &[
                "an_admission_waits_while_an_equal_effect_is_unknown",
                "a_begin_waits_while_an_equal_effect_is_unknown",
                "a_state_waits_while_it_is_being_set",
                "what_is_taken_back_waits_for_nothing",
            ],
        ),
        (with(Breach::NoClaims), &["attempts_keep_what_was_claimed"]),
        (
            with(Breach::NoIncidents),
            &[
                "a_late_answer_to_an_earlier_attempt",
                "another_post_of_a_public_effect_is_an_incident",
                "a_late_answer_corrects_what_a_look_found",
                "a_late_answer_to_what_was_told_as_not_done",
                "a_person_says_that_it_is_there",
            ],
        ),
        (
            with(Breach::NoCandidates),
            &["a_late_answer_that_settles_nothing_leaves_a_candidate", "a_late_answer_to_an_earlier_attempt"],
        ),
        (
            with(Breach::Sure),
            &[
                "a_repeated_step_is_already",
                "a_person_accepts_what_is_claimed_now",
                "a_late_answer_that_settles_nothing_leaves_a_candidate",
                "a_late_answer_without_an_outcome_leaves_it_open",
                "a_late_refusal_settles_the_only_open_attempt",
                "a_person_cannot_tell_either",
            ],
        ),
        (
            with(Breach::NoRefusal),
            &[
                "a_late_refusal_settles_the_only_open_attempt",
                "a_late_acceptance_ends_a_refusal",
                "a_person_says_that_it_is_not_there",
            ],
        ),
        (
            with(Breach::OneInstance),
            &[
                "a_lease_goes_to_one_holder_and_raises_the_epoch",
                "a_lease_ends_by_the_stores_clock",
                "openers_have_instances_of_their_own",
            ],
        ),
        (
            with(Breach::Deaf),
            &[
                "a_late_answer_settles_what_is_unknown",
                "a_late_answer_that_settles_nothing_leaves_a_candidate",
                "a_late_answer_without_an_outcome_leaves_it_open",
                "a_late_answer_to_an_earlier_attempt",
                "another_post_of_a_public_effect_is_an_incident",
                "a_late_answer_corrects_what_a_look_found",
                "a_late_answer_to_what_was_told_as_not_done",
                "a_late_refusal_settles_the_only_open_attempt",
                "a_late_acceptance_ends_a_refusal",
                "a_person_says_that_it_is_there",
            ],
        ),
        (
            with(Breach::NoPlan),
            &[
                "one_after_the_other_keeps_its_order_after_a_crash",
                "all_or_nothing_stops_at_the_first_failure",
                "what_was_refused_is_due_again_as_planned",
            ],
        ),
        (
            with(Breach::InTurn),
            &[
                "together_means_at_once",
                "answers_of_advance_survive_a_crash",
                "a_repeated_step_is_already",
                "a_post_belongs_to_one_effect",
                "a_late_refusal_settles_the_only_open_attempt",
                "a_person_cannot_give_away_the_post_of_another",
                "only_what_is_unknown_is_settled_by_hand",
                "a_dead_holders_effects_are_free",
                "only_what_is_due_is_leased_by_itself",
                "open_effects_are_those_of_the_account",
                "owners_are_exactly_the_owners",
            ],
        ),
        (
            with(Breach::KnowsOwn),
            &[
                "answers_of_admit_survive_a_crash",
                "one_key_is_fresh_once",
                "answers_of_advance_survive_a_crash",
                "a_post_belongs_to_one_effect",
                "media_that_a_platform_knows_stay_known",
                "another_post_of_a_public_effect_is_an_incident",
                "a_person_says_that_it_is_there",
                "leases_survive_a_crash_of_somebody_else",
            ],
        ),
        (
            with(Breach::AlwaysApplied),
            &[
                "a_repeated_step_is_already",
                "concurrent_steps_of_one_version_apply_once",
                "a_late_answer_settles_what_is_unknown",
                "another_post_of_a_public_effect_is_an_incident",
                "a_late_answer_to_what_was_told_as_not_done",
            ],
        ),
        (with(Breach::LeasesHeld), &["a_held_effect_is_not_leased"]),
        (
            with(Breach::FailsUnknown),
            &[
                "keys_are_scoped_by_tenant_and_skill",
                "a_request_under_a_former_key_is_known",
                "an_unknown_key_has_no_request",
            ],
        ),
        (
            with(Breach::NeverAgain),
            &[
                "a_person_says_that_it_is_not_there",
                "what_may_be_attempted_again_is_leased_by_id",
                "an_unknown_effect_begins_again_beside_an_equal_one",
            ],
        ),
    ];
    each_case_fails(conformance::journal::cases(), variants);
}
