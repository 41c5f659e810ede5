//! The suites of storage ports are run over ports that break a sentence each: one deviation over the store in memory.
//!
//! Each table names the cases that find a deviation, and fails where a case of its suite finds none. What a deviation keeps is the
//! opener's: another opener, and the one after a crash, begins with nothing of it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chimera_audit::{
    Appended, AttachmentEraser, AuditLedger, ChangePage, ChangeQuery, Changes, Cursor, Draft, Entry, Erasure,
    Head, Kept, LedgerError, LedgerErrorKind, LedgerQuery, LedgerReader, Page, Token, What,
};
use chimera_contracts::{DecisionId, Digest, EffectId, Money, Namespace, ReviewId, StoreError};
use chimera_effect::{EffectKind, Pause, PauseCause, PauseKey, PauseOrder, Paused, Pauses};
use chimera_governance::review::{
    Enqueued, NewReview, Review, ReviewDenial, ReviewPage, ReviewQuery, ReviewQueue, ReviewStep, Stepped,
};
use chimera_governance::{
    ApprovalStore, Balance, Budget, BudgetScope, Decision, Denial, Recorded, Standing, Use,
};
use chimera_platform::limits::{Permit, RateKey, RateLimit, RateLimits};
use chimera_skill_propose::{AdmitProposal, ProposalAdmission, ProposalJournal, ProposalKey, StoredProposal};
use chimera_testkit::conformance::{self, ErasableEvidence, Evidence, FollowedLedger, StoreFactory};
use chimera_testkit::{MemoryStore, TestClock};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::InMemory;
use crate::failing::{Variant, each_case_fails, fails};

/// Opens what a test makes of the store in memory.
struct Made<P> {
    name: String,
    store: InMemory,
    make: Box<dyn Fn(Arc<MemoryStore>) -> P + Send + Sync>,
}

impl<P> fmt::Debug for Made<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Made").field(&self.name).finish()
    }
}

#[async_trait]
impl<P: Send + Sync + 'static> StoreFactory<P> for Made<P> {
    async fn open(&self) -> P {
        (self.make)(Arc::new(self.store.memory.open()))
    }

    async fn crash_and_reopen(&self, dead: P) -> P {
        drop(dead);
        self.open().await
    }

    fn clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.store.clock)
    }
}

/// A factory of what is made of the store in memory.
pub(crate) fn made<P, M>(breach: impl fmt::Debug, make: M) -> Box<dyn StoreFactory<P>>
where
    P: Send + Sync + 'static,
    M: Fn(Arc<MemoryStore>) -> P + Send + Sync + 'static,
{
    Box::new(Made { name: format!("{breach:?}"), store: InMemory::new(), make: Box::new(make) })
}

/// A number that no other opener has.
fn opener() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// How a port breaks its contract; `Not` where it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breach {
    /// It keeps its contract.
    Not,
    /// A limit of a budget is never lowered.
    Raises,
    /// A limit in another currency is not refused.
    Converts,
    /// Budgets of all tenants are one.
    OnePurse,
    /// A limit of nothing gives one permit.
    GivesOne,
    /// A permit counts for another window.
    Doubles,
    /// Each opener has permits of its own.
    Apart,
    /// Every call takes a permit.
    Counts,
    /// All kinds of actions are one.
    OneKind,
    /// What is given back is kept.
    Keeps,
    /// What comes later is told as the first answer.
    TellsLast,
    /// Another question gets the answer to the first one.
    TakesAny,
    /// What is not text is lost.
    Text,
    /// All tenants are one.
    OneTenant,
    /// What is known already is told as new.
    AlwaysNew,
    /// What contradicts is told as known.
    Agrees,
    /// What nobody knows is revoked.
    RevokesAny,
    /// The latest comes first.
    LatestFirst,
    /// Tenants know the artifacts of others.
    KnowsAll,
    /// A second effect may use an approval as well.
    UsedTwice,
    /// An approval that ended is granted.
    GrantsEnded,
    /// An approval is told as used by its user's opener alone.
    ForgetsUse,
    /// An entry that was appended again lost its attachment.
    LosesReplayed,
    /// What contradicts is refused without a word of what.
    RefusesBarely,
    /// The drafts of a call are appended one by one.
    OneByOne,
    /// The drafts of a call stand in the other order.
    Backwards,
    /// Heads have a root of their own.
    OtherRoot,
    /// Attachments are not shown.
    Hides,
    /// A page of nothing has an entry.
    AtLeastOne,
    /// The end of a span of time does not matter.
    NoEnd,
    /// What cannot be proven needs no proof.
    Proves,
    /// Of which skill it is does not matter.
    AnySkill,
    /// When something can be decided does not matter.
    NoTime,
    /// That something has not expired is told as that nobody holds it.
    NeverExpires,
    /// Nothing is erased, and told as erased.
    Pretends,
    /// What was erased before is erased again.
    ErasesAgain,
    /// What cannot be erased was erased before.
    NeverRefuses,
    /// What was never thrown is ended.
    EndsNothing,
    /// Switches are those of their opener.
    OwnSwitches,
    /// One cause of an account ends with the other.
    EndsBoth,
    /// Whoever has no name is given one.
    Names,
    /// The next page begins with the last change of this one.
    Repeats,
    /// What was asked for does not bound a page of nothing.
    JumpsAhead,
    /// An opener shows what came after it was opened.
    BeginsAnew,
    /// What is not known is left out where it is about something.
    KnownOnly,
    /// Whose changes they are does not matter.
    AllTenants,
    /// Beyond the ledger there is nothing.
    Future,
    /// Whoever waited at a cursor before finds nothing there.
    WaitsOnce,
    /// A wait always ends with an entry.
    Hopes,
}

/// A port with a deviation.
#[derive(Debug)]
struct Wrong {
    inner: Arc<MemoryStore>,
    breach: Breach,
    opener: u64,
    thrown: Mutex<BTreeSet<PauseKey>>,
    used: Mutex<BTreeSet<Digest>>,
    began: Mutex<Option<Cursor>>,
    waited: Mutex<BTreeSet<Cursor>>,
    replayed: Mutex<BTreeSet<u64>>,
}

impl Wrong {
    fn new(inner: Arc<MemoryStore>, breach: Breach) -> Self {
        Self {
            inner,
            breach,
            opener: opener(),
            thrown: Mutex::default(),
            used: Mutex::default(),
            began: Mutex::default(),
            waited: Mutex::default(),
            replayed: Mutex::default(),
        }
    }

    fn is(&self, breach: Breach) -> bool {
        self.breach == breach
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Budget for Wrong {
    async fn set_limit(&self, scope: &BudgetScope, limit: Money) -> Result<(), StoreError> {
        let scope = self.purse(scope);
        if let Some(known) = self.inner.balance(&scope).await? {
            let other = known.limit.currency != limit.currency;
            let lowers = !other && known.limit.micros > limit.micros;
            if (self.is(Breach::Converts) && other) || (self.is(Breach::Raises) && lowers) {
                return Ok(());
            }
        }
        self.inner.set_limit(&scope, limit).await
    }

    async fn balance(&self, scope: &BudgetScope) -> Result<Option<Balance>, StoreError> {
        self.inner.balance(&self.purse(scope)).await
    }
}

impl Wrong {
    fn purse(&self, scope: &BudgetScope) -> BudgetScope {
        let namespace =
            if self.is(Breach::OnePurse) { Namespace::default() } else { scope.namespace.clone() };
        BudgetScope { namespace, ..scope.clone() }
    }
}

#[test]
fn each_case_of_budgets_finds_one_that_breaks_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<Arc<dyn Budget>>> {
        made(breach, move |store| -> Arc<dyn Budget> { Arc::new(Wrong::new(store, breach)) })
    };
    fails(conformance::budget::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (with(Breach::Raises), &["a_limit_is_set_and_changed"]),
        (with(Breach::Converts), &["a_limit_in_another_currency_is_misuse"]),
        (with(Breach::OnePurse), &["budgets_are_separate_and_durable"]),
    ];
    each_case_fails(conformance::budget::cases(), variants);
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl RateLimits for Wrong {
    async fn take(&self, key: &RateKey, limit: RateLimit, by: Uuid) -> Result<Permit, StoreError> {
        let limit = match self.breach {
            Breach::GivesOne => RateLimit { count: limit.count.max(1), ..limit },
            Breach::Doubles => RateLimit { window: limit.window * 2, ..limit },
            _ => limit,
        };
        let by = if self.is(Breach::Counts) { Uuid::from_u64_pair(1, opener()) } else { by };
        self.inner.take(&self.rate_key(key), limit, by).await
    }

    async fn give_back(&self, key: &RateKey, by: Uuid) -> Result<(), StoreError> {
        if self.is(Breach::Keeps) {
            return Ok(());
        }
        self.inner.give_back(&self.rate_key(key), by).await
    }
}

impl Wrong {
    fn rate_key(&self, key: &RateKey) -> RateKey {
        match self.breach {
            Breach::Apart => RateKey { account: format!("{} {}", self.opener, key.account), ..key.clone() },
            Breach::OneKind => RateKey { kind: EffectKind::Like, ..key.clone() },
            _ => key.clone(),
        }
    }
}

#[test]
fn each_case_of_limits_finds_one_that_breaks_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<Arc<dyn RateLimits>>> {
        made(breach, move |store| -> Arc<dyn RateLimits> { Arc::new(Wrong::new(store, breach)) })
    };
    fails(conformance::limits::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (with(Breach::GivesOne), &["a_limit_gives_its_count_and_says_when_to_ask_again"]),
        (
            with(Breach::Doubles),
            &[
                "a_limit_gives_its_count_and_says_when_to_ask_again",
                "permits_end_by_themselves",
                "what_is_taken_is_what_the_rule_computes",
                "openers_share_permits",
                "the_same_id_takes_one_permit",
            ],
        ),
        (
            with(Breach::Apart),
            &[
                "what_is_taken_is_what_the_rule_computes",
                "openers_share_permits",
                "the_same_id_takes_one_permit",
                "permits_survive_a_crash",
                "what_is_given_back_is_free",
            ],
        ),
        (
            with(Breach::Counts),
            &[
                "what_is_taken_is_what_the_rule_computes",
                "the_same_id_takes_one_permit",
                "permits_survive_a_crash",
                "what_is_given_back_is_free",
            ],
        ),
        (
            with(Breach::OneKind),
            &[
                "a_limit_gives_its_count_and_says_when_to_ask_again",
                "permits_are_of_one_account_and_action",
                "what_is_given_back_is_free",
            ],
        ),
        (with(Breach::Keeps), &["what_is_given_back_is_free"]),
    ];
    each_case_fails(conformance::limits::cases(), variants);
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ProposalJournal for Wrong {
    async fn admit(&self, admit: AdmitProposal) -> Result<ProposalAdmission, StoreError> {
        let ours = admit.proposal.clone();
        let proposal = match self.breach {
            Breach::Text => String::from_utf8_lossy(&ours).into_owned().into_bytes(),
            _ => ours.clone(),
        };
        let key = self.question(&admit.key);
        let answer = self.inner.admit(AdmitProposal { key, proposal, ..admit }).await?;
        Ok(match (self.breach, answer) {
            (Breach::TellsLast, ProposalAdmission::Existing(_)) => ProposalAdmission::Existing(ours),
            (Breach::TakesAny, ProposalAdmission::Reused) => ProposalAdmission::Existing(ours),
            (_, answer) => answer,
        })
    }

    async fn recall(&self, key: &ProposalKey) -> Result<Option<StoredProposal>, StoreError> {
        self.inner.recall(&self.question(key)).await
    }
}

impl Wrong {
    fn question(&self, key: &ProposalKey) -> ProposalKey {
        match self.breach {
            Breach::OneTenant => ProposalKey { namespace: Namespace::default(), ..key.clone() },
            Breach::Apart => {
                ProposalKey { request_id: format!("{} {}", self.opener, key.request_id), ..key.clone() }
            }
            _ => key.clone(),
        }
    }
}

#[test]
fn each_case_of_proposals_finds_a_journal_that_breaks_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<Arc<dyn ProposalJournal>>> {
        made(breach, move |store| -> Arc<dyn ProposalJournal> { Arc::new(Wrong::new(store, breach)) })
    };
    fails(conformance::proposals::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (
            with(Breach::TellsLast),
            &[
                "one_request_is_answered_once",
                "a_later_proposal_gets_the_first_one_back",
                "proposals_survive_a_crash",
            ],
        ),
        (with(Breach::TakesAny), &["another_question_under_the_request_id_is_reused"]),
        (with(Breach::Text), &["proposals_come_back_to_the_byte"]),
        (with(Breach::OneTenant), &["proposals_are_scoped_by_tenant"]),
        (with(Breach::Apart), &["one_request_is_answered_once", "proposals_survive_a_crash"]),
    ];
    each_case_fails(conformance::proposals::cases(), variants);
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ApprovalStore for Wrong {
    async fn record(&self, decision: Decision) -> Result<Recorded, StoreError> {
        Ok(match (self.breach, self.inner.record(decision).await?) {
            (Breach::AlwaysNew, Recorded::Already) => Recorded::New,
            (Breach::Agrees, Recorded::Conflict) => Recorded::Already,
            (_, recorded) => recorded,
        })
    }

    async fn revoke(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(self.inner.revoke(namespace, id, at).await? || self.is(Breach::RevokesAny))
    }

    async fn decision(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
    ) -> Result<Option<Standing>, StoreError> {
        let standing = self.inner.decision(namespace, id, digest).await?;
        let forgets = self.is(Breach::ForgetsUse) && !self.used.lock().unwrap().contains(digest);
        Ok(standing.map(|standing| Standing { used_by: standing.used_by.filter(|_| !forgets), ..standing }))
    }

    async fn about_effect(
        &self,
        namespace: &Namespace,
        digest: &Digest,
    ) -> Result<Vec<Standing>, StoreError> {
        let mut found = self.inner.about_effect(namespace, digest).await?;
        if self.is(Breach::LatestFirst) {
            found.reverse();
        }
        Ok(found)
    }

    async fn knows_artifact(&self, namespace: &Namespace, artifact: &str) -> Result<bool, StoreError> {
        let default = Namespace::default();
        let of = if self.is(Breach::KnowsAll) { &default } else { namespace };
        self.inner.knows_artifact(of, artifact).await
    }

    async fn use_approval(
        &self,
        namespace: &Namespace,
        id: DecisionId,
        digest: &Digest,
        effect: EffectId,
    ) -> Result<Use, StoreError> {
        let used = self.inner.use_approval(namespace, id, digest, effect).await?;
        self.used.lock().unwrap().insert(*digest);
        Ok(match (self.breach, used) {
            (Breach::UsedTwice, Use::Refused(Denial::Used))
            | (Breach::GrantsEnded, Use::Refused(Denial::Expired)) => Use::Granted,
            (_, used) => used,
        })
    }
}

#[test]
fn each_case_of_approvals_finds_a_store_that_breaks_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<Arc<dyn ApprovalStore>>> {
        made(breach, move |store| -> Arc<dyn ApprovalStore> { Arc::new(Wrong::new(store, breach)) })
    };
    fails(conformance::approvals::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (
            with(Breach::AlwaysNew),
            &[
                "a_decision_is_recorded_once",
                "a_decision_is_revoked_once_for_good",
                "decisions_and_uses_survive_a_crash",
            ],
        ),
        (with(Breach::Agrees), &["another_decision_under_the_id_is_a_conflict"]),
        (with(Breach::RevokesAny), &["a_decision_is_revoked_once_for_good"]),
        (with(Breach::LatestFirst), &["decisions_are_found_by_digest_oldest_first"]),
        (with(Breach::KnowsAll), &["artifacts_are_known_by_tenant"]),
        (with(Breach::UsedTwice), &["use_approval_grants_one_effect", "decisions_and_uses_survive_a_crash"]),
        (with(Breach::GrantsEnded), &["use_approval_refuses_what_is_not_permitted"]),
        (with(Breach::ForgetsUse), &["decisions_and_uses_survive_a_crash"]),
    ];
    each_case_fails(conformance::approvals::cases(), variants);
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl AuditLedger for Wrong {
    async fn append(&self, mut drafts: Vec<Draft>) -> Result<Vec<Appended>, LedgerError> {
        if self.is(Breach::OneByOne) {
            let mut appended = Vec::new();
            for draft in drafts {
                appended.extend(self.inner.append(vec![draft]).await?);
            }
            return Ok(appended);
        }
        if self.is(Breach::Backwards) {
            drafts.reverse();
        }
        let mut appended = match self.inner.append(drafts).await {
            Err(_) if self.is(Breach::RefusesBarely) => return Err(LedgerError::refused("it cannot be")),
            appended => appended?,
        };
        if self.is(Breach::Backwards) {
            appended.reverse();
        }
        for one in &mut appended {
            let index = one.index();
            if matches!(one, Appended::Already { .. }) {
                self.replayed.lock().unwrap().insert(index);
                if self.is(Breach::AlwaysNew) {
                    *one = Appended::New { index };
                }
            }
        }
        Ok(appended)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl LedgerReader for Wrong {
    async fn head(&self) -> Result<Head, LedgerError> {
        let head = self.inner.head().await?;
        let root = if self.is(Breach::OtherRoot) { Digest::of(b"another root") } else { head.root };
        Ok(Head { root, ..head })
    }

    async fn entries(&self, from: u64, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let limit = if self.is(Breach::AtLeastOne) { limit.max(1) } else { limit };
        Ok(self.shown(self.inner.entries(from, limit).await?))
    }

    async fn find(&self, query: &LedgerQuery, page: Page) -> Result<Vec<Entry>, LedgerError> {
        let mut query = query.clone();
        match self.breach {
            Breach::AllTenants => query.namespace = None,
            Breach::NoEnd => query.until = None,
            _ => {}
        }
        Ok(self.shown(self.inner.find(&query, page).await?))
    }

    async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Digest>, LedgerError> {
        match self.inner.consistency(from, to).await {
            Err(_) if self.is(Breach::Proves) => Ok(Vec::new()),
            proof => proof,
        }
    }
}

impl Wrong {
    fn shown(&self, mut entries: Vec<Entry>) -> Vec<Entry> {
        let replayed = self.replayed.lock().unwrap();
        for entry in &mut entries {
            let lost = self.is(Breach::LosesReplayed) && replayed.contains(&entry.index);
            if lost || self.is(Breach::Hides) {
                entry.attachment = Kept::None;
            }
        }
        entries
    }
}

#[test]
fn each_case_of_ledgers_finds_one_that_breaks_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<Evidence>> {
        made(breach, move |store| {
            let wrong = Arc::new(Wrong::new(store, breach));
            Evidence { ledger: Arc::<Wrong>::clone(&wrong), reader: wrong }
        })
    };
    fails(conformance::ledger::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (
            with(Breach::AlwaysNew),
            &[
                "an_append_is_idempotent_by_id",
                "a_replay_keeps_the_first_attachment",
                "concurrent_appends_lose_nothing",
                "the_log_survives_a_crash",
            ],
        ),
        (with(Breach::LosesReplayed), &["a_replay_keeps_the_first_attachment"]),
        (with(Breach::RefusesBarely), &["an_id_with_other_words_is_a_conflict"]),
        (
            with(Breach::OneByOne),
            &["an_id_with_other_words_is_a_conflict", "a_failed_append_adds_none_of_its_drafts"],
        ),
        (
            with(Breach::Backwards),
            &[
                "an_append_is_idempotent_by_id",
                "an_id_with_other_words_is_a_conflict",
                "drafts_stand_in_order_without_gaps",
                "concurrent_appends_lose_nothing",
                "attachments_open_their_commitments",
                "entries_are_found_by_what_they_say",
            ],
        ),
        (with(Breach::OtherRoot), &["the_heads_root_follows_from_the_entries", "heads_only_grow"]),
        (with(Breach::Hides), &["attachments_open_their_commitments"]),
        (with(Breach::AtLeastOne), &["entries_come_in_pages"]),
        (with(Breach::AllTenants), &["entries_are_found_by_what_they_say"]),
        (with(Breach::NoEnd), &["entries_are_found_by_the_ledgers_time"]),
        (with(Breach::Proves), &["impossible_proofs_are_refused"]),
    ];
    each_case_fails(conformance::ledger::cases(), variants);
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl AttachmentEraser for Wrong {
    async fn erase(&self, index: u64, by: &str, reason: &Token) -> Result<Erasure, LedgerError> {
        if self.is(Breach::Pretends) {
            return Ok(Erasure::Erased { event: index });
        }
        match (self.breach, self.inner.erase(index, by, reason).await) {
            (Breach::ErasesAgain, Ok(Erasure::Already { event })) => Ok(Erasure::Erased { event }),
            (Breach::NeverRefuses, Err(_)) => Ok(Erasure::Already { event: index }),
            (_, answer) => answer,
        }
    }
}

#[test]
fn each_case_of_erasures_finds_an_eraser_that_breaks_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<ErasableEvidence>> {
        made(breach, move |store: Arc<MemoryStore>| {
            let ledger = Arc::<MemoryStore>::clone(&store);
            let evidence = Evidence { ledger, reader: Arc::<MemoryStore>::clone(&store) };
            ErasableEvidence { evidence, eraser: Arc::new(Wrong::new(store, breach)) }
        })
    };
    fails(conformance::erasure::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (
            with(Breach::Pretends),
            &[
                "an_erased_attachment_is_gone_and_told",
                "an_erasure_is_told_once",
                "what_cannot_be_erased_is_refused",
            ],
        ),
        (with(Breach::ErasesAgain), &["an_erasure_is_told_once"]),
        (with(Breach::NeverRefuses), &["what_cannot_be_erased_is_refused"]),
    ];
    each_case_fails(conformance::erasure::cases(), variants);
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Pauses for Wrong {
    async fn pause(&self, order: PauseOrder) -> Result<Paused, StoreError> {
        self.thrown.lock().unwrap().insert(order.key.clone());
        self.inner.pause(self.named(order)).await
    }

    async fn resume(&self, order: PauseOrder) -> Result<Paused, StoreError> {
        if self.is(Breach::EndsBoth) {
            let key = PauseKey { cause: PauseCause::Credentials, ..order.key.clone() };
            self.inner.resume(PauseOrder { key, ..order.clone() }).await?;
        }
        let order = self.named(order);
        let answer = self.inner.resume(order.clone()).await?;
        if self.is(Breach::EndsNothing) && answer == Paused::Already(None) {
            self.inner.pause(order.clone()).await?;
            return self.inner.resume(order).await;
        }
        Ok(answer)
    }

    async fn pauses(&self, limit: usize) -> Result<Vec<Pause>, StoreError> {
        let mut listed = self.inner.pauses(limit).await?;
        if self.is(Breach::LatestFirst) {
            listed.reverse();
        }
        if self.is(Breach::OwnSwitches) {
            let thrown = self.thrown.lock().unwrap();
            listed.retain(|pause| thrown.contains(&pause.key));
        }
        Ok(listed)
    }
}

impl Wrong {
    fn named(&self, mut order: PauseOrder) -> PauseOrder {
        if self.is(Breach::Names) && !order.by.id.contains('@') {
            order.by.id = "somebody".to_owned();
        }
        order
    }
}

#[test]
fn each_case_of_switches_finds_some_that_break_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<Arc<dyn Pauses>>> {
        made(breach, move |store| -> Arc<dyn Pauses> { Arc::new(Wrong::new(store, breach)) })
    };
    fails(conformance::pauses::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (with(Breach::EndsNothing), &["a_switch_is_thrown_and_ended_once"]),
        (
            with(Breach::OwnSwitches),
            &["switches_survive_a_crash", "switches_are_listed_as_they_were_changed"],
        ),
        (with(Breach::EndsBoth), &["each_switch_is_one_of_its_own"]),
        (with(Breach::LatestFirst), &["switches_are_listed_as_they_were_changed"]),
        (with(Breach::Names), &["nobody_throws_no_switch"]),
    ];
    each_case_fails(conformance::pauses::cases(), variants);
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Changes for Wrong {
    async fn changes(
        &self,
        query: &ChangeQuery,
        from: Cursor,
        limit: usize,
    ) -> Result<ChangePage, LedgerError> {
        let began = self.began().await?;
        let query = if self.is(Breach::AllTenants) { &ChangeQuery::default() } else { query };
        let mut page = match self.inner.changes(query, from, limit).await {
            Err(error) if self.is(Breach::Future) && error.kind() == LedgerErrorKind::Refused => {
                return Ok(ChangePage { changes: Vec::new(), next: from });
            }
            page => page?,
        };
        match self.breach {
            Breach::BeginsAnew => page.changes.retain(|change| change.position >= began.position()),
            Breach::KnownOnly => {
                page.changes.retain(|change| change.what != What::Other || change.subject.is_none());
            }
            Breach::JumpsAhead if limit == 0 => page.next = self.inner.latest().await?,
            Breach::Repeats => {
                if let [_, .., last] = page.changes.as_slice() {
                    page.next = Cursor::before(last.position);
                }
            }
            _ => {}
        }
        Ok(page)
    }

    async fn latest(&self) -> Result<Cursor, LedgerError> {
        self.began().await?;
        self.inner.latest().await
    }

    async fn wait(&self, from: Cursor, until: DateTime<Utc>) -> Result<bool, LedgerError> {
        let first = self.waited.lock().unwrap().insert(from);
        if self.is(Breach::WaitsOnce) && !first {
            return Ok(false);
        }
        let waited = self.inner.wait(from, until).await?;
        Ok(waited || self.is(Breach::Hopes))
    }
}

impl Wrong {
    /// Where the ledger ended when this opener was asked first.
    async fn began(&self) -> Result<Cursor, LedgerError> {
        let latest = self.inner.latest().await?;
        Ok(*self.began.lock().unwrap().get_or_insert(latest))
    }
}

#[test]
fn each_case_of_changes_finds_some_that_break_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<FollowedLedger>> {
        made(breach, move |store: Arc<MemoryStore>| {
            let ledger: Arc<dyn AuditLedger> = Arc::<MemoryStore>::clone(&store);
            FollowedLedger { ledger, changes: Arc::new(Wrong::new(store, breach)) }
        })
    };
    fails(conformance::changes::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (
            with(Breach::Repeats),
            &[
                "changes_come_once_and_in_order",
                "a_page_has_at_most_what_was_asked_for",
                "a_stored_cursor_goes_on_after_a_crash",
                "changes_are_those_of_the_tenant",
                "many_writers_are_followed_without_gaps",
            ],
        ),
        (with(Breach::JumpsAhead), &["a_page_has_at_most_what_was_asked_for"]),
        (with(Breach::BeginsAnew), &["a_stored_cursor_goes_on_after_a_crash"]),
        (with(Breach::KnownOnly), &["what_is_not_known_is_told_all_the_same"]),
        (with(Breach::AllTenants), &["changes_are_those_of_the_tenant"]),
        (with(Breach::Future), &["a_cursor_beyond_the_ledger_is_refused"]),
        (with(Breach::WaitsOnce), &["a_wait_ends_with_an_entry"]),
        (with(Breach::Hopes), &["a_wait_ends_at_its_time"]),
    ];
    each_case_fails(conformance::changes::cases(), variants);
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ReviewQueue for Wrong {
    async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError> {
        Ok(match (self.breach, self.inner.enqueue(new).await?) {
            (Breach::AlwaysNew, Enqueued::Known(review)) => Enqueued::Fresh(review),
            (Breach::Agrees, Enqueued::Conflict(review)) => Enqueued::Known(review),
            (_, enqueued) => enqueued,
        })
    }

    async fn step(&self, step: ReviewStep) -> Result<Stepped, StoreError> {
        Ok(match (self.breach, self.inner.step(step).await?) {
            (Breach::RefusesBarely, Stepped::Stale(_) | Stepped::Denied(_)) => {
                Stepped::Denied(ReviewDenial::NotExpired)
            }
            (Breach::NeverRefuses, Stepped::Missing) => Stepped::Denied(ReviewDenial::NotHeld),
            (Breach::NeverExpires, Stepped::Denied(ReviewDenial::NotExpired)) => {
                Stepped::Denied(ReviewDenial::NotHeld)
            }
            (_, stepped) => stepped,
        })
    }

    async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError> {
        let default = Namespace::default();
        let of = if self.is(Breach::OneTenant) { &default } else { namespace };
        self.inner.review(of, id).await
    }

    async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let mut query = query.clone();
        match self.breach {
            Breach::AnySkill => query.skill = None,
            Breach::NoTime => query.ready_at = None,
            _ => {}
        }
        let mut listed = self.inner.list(&query, page).await?;
        match self.breach {
            Breach::LatestFirst => listed.reverse(),
            Breach::Hides => listed.retain(|review| review.state.open()),
            _ => {}
        }
        Ok(listed)
    }

    async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let mut unsettled = self.inner.unsettled(page).await?;
        if self.is(Breach::Hides) {
            unsettled.clear();
        }
        Ok(unsettled)
    }
}

#[test]
fn each_case_of_reviews_finds_a_queue_that_breaks_its_sentence() {
    let with = |breach| -> Box<dyn StoreFactory<Arc<dyn ReviewQueue>>> {
        made(breach, move |store| -> Arc<dyn ReviewQueue> { Arc::new(Wrong::new(store, breach)) })
    };
    fails(conformance::reviews::cases(), with(Breach::Not).as_ref(), &[]);
    let variants: Vec<Variant<_>> = vec![
        (
            with(Breach::AlwaysNew),
            &[
                "one_review_is_queued_once",
                "something_else_under_the_review_id_is_a_conflict",
                "reviews_survive_a_crash",
            ],
        ),
        (with(Breach::Agrees), &["something_else_under_the_review_id_is_a_conflict"]),
        (with(Breach::OneTenant), &["reviews_are_scoped_by_tenant"]),
        (
            with(Breach::Hides),
            &[
                "a_refused_review_is_only_listed",
                "a_time_without_states_lists_what_is_open",
                "what_is_approved_or_expired_is_unsettled",
            ],
        ),
        (
            with(Breach::LatestFirst),
            &["reviews_are_listed_by_priority_then_age", "reviews_are_listed_by_what_they_are"],
        ),
        (with(Breach::AnySkill), &["reviews_are_listed_by_what_they_are"]),
        (
            with(Breach::NoTime),
            &["reviews_are_listed_when_they_can_be_decided", "a_time_without_states_lists_what_is_open"],
        ),
        (
            with(Breach::RefusesBarely),
            &[
                "a_past_version_is_stale_and_tells_how_it_stands",
                "of_reviewers_at_one_moment_one_is_first",
                "of_decisions_at_one_moment_one_counts",
                "a_step_that_may_not_be_changes_nothing",
                "claims_lapse_by_the_queues_clock",
                "an_expired_review_takes_no_step_but_expire",
                "reviews_survive_a_crash",
            ],
        ),
        (with(Breach::NeverRefuses), &["there_is_no_step_without_a_review"]),
        (
            with(Breach::NeverExpires),
            &[
                "a_step_that_may_not_be_changes_nothing",
                "an_expired_review_takes_no_step_but_expire",
                "an_approval_that_lapsed_expires",
            ],
        ),
    ];
    each_case_fails(conformance::reviews::cases(), variants);
}
