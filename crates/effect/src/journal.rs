//! The journal: the port that carries once-ness.

use std::collections::BTreeSet;
use std::fmt::Debug;

use async_trait::async_trait;
use chimera_audit::Draft;
use chimera_contracts::{
    AgentId, CampaignId, CorrelationId, EffectId, ErrorCode, InstanceId, Money, Namespace, PlatformName,
    RequestId, ReviewId, StoreError, TaskId,
};
use chimera_governance::{Approved, Approver, BudgetOwner, Decided};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{self, BoxFuture};
use serde::{Deserialize, Serialize, Serializer};

use crate::claims::{AcceptedClaims, SafetyClaims};
use crate::effect::{Effect, EffectKind, EffectV1};
use crate::look::LookReport;
use crate::outcome::{Evidence, FoundBy, Outcome, Pending, Refusal, UnknownOutcome};
use crate::plan::ExecutionPlan;
use crate::platform::Uploaded;
use crate::record::{EffectRecord, RequestKey, RequestRecord, RequestView};
use crate::state::EffectState;
use crate::undo::Undoes;

/// How long the parts of an attempt may take. The store adds them to its own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Window {
    /// From recording an attempt to the last moment at which something of it may go on the wire.
    #[serde(serialize_with = "micros")]
    pub send: TimeDelta,
    /// From then until absence means something.
    #[serde(serialize_with = "micros")]
    pub settle: TimeDelta,
    /// How long the lease outlasts that, for looking.
    #[serde(serialize_with = "micros")]
    pub lease: TimeDelta,
    /// What its profile claims, which the attempt is made under.
    pub claims: SafetyClaims,
}

/// An effect to be admitted.
#[derive(Clone, Debug)]
pub struct NewEffect {
    /// What is approved.
    pub approved: Approved<Effect>,
    /// What to hold for it.
    pub price: Money,
    /// Whether to record its first attempt in the same step; its window.
    pub begin: Option<Window>,
    /// How long its lease lasts, where no attempt begins.
    pub lease: TimeDelta,
    /// The post that it takes back, where it is the undo of a post of ours ([`Admit::undo`]).
    pub undoes: Option<Undoes>,
}

/// A request to be admitted.
#[derive(Clone, Debug)]
pub struct Admit {
    /// The key.
    pub key: RequestKey,
    /// Keys under which an earlier version of a skill derived the same request: known under one of them it is known.
    pub former_keys: Vec<RequestKey>,
    /// The campaign that pays.
    pub campaign: CampaignId,
    /// The agent in whose name it happens.
    pub agent: AgentId,
    /// Who asks, as the host names its callers.
    pub asked_by: Option<String>,
    /// The trace.
    pub correlation: CorrelationId,
    /// The planner's task.
    pub task: Option<TaskId>,
    /// The approved artifact.
    pub artifact: String,
    /// The review of this request, where one may have been queued: it must not stand in the way.
    pub review: Option<ReviewId>,
    /// How it is to be executed.
    pub plan: ExecutionPlan,
    /// Budgets of the host that hold for it too, by name. What costs anything is refused where one of them is not set.
    pub named_budgets: Vec<String>,
    /// Decisions that a policy makes about its effects with it: recorded in the same step, where none with their id is.
    pub decisions: Vec<Decided>,
    /// Why it may be, told to the ledger before it; events that their author may tell again.
    pub reasons: Vec<Draft>,
    /// The effects, in order; not empty, no digest twice.
    pub effects: Vec<NewEffect>,
}

impl Admit {
    /// Whose budgets hold for it, where they are set: the campaign's, the tenant's, the agent's, and those that are named.
    #[must_use]
    pub fn budgets(&self) -> BTreeSet<BudgetOwner> {
        let named = self.named_budgets.iter().cloned().map(BudgetOwner::Named);
        named
            .chain([
                BudgetOwner::Tenant,
                BudgetOwner::Agent(self.agent),
                BudgetOwner::Campaign(self.campaign),
            ])
            .collect()
    }
}

/// Why a request is not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The code on the wire.
    pub code: ErrorCode,
    /// The platform whose effect it is about; `None` for the whole request.
    pub platform: Option<PlatformName>,
    /// What was the matter, for people.
    pub message: String,
}

/// What came of an admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Recorded now; the effects are leased to this journal's instance.
    Fresh(RequestView),
    /// The key is known and this is the same request, or a part of it; nothing changed.
    Known(RequestView),
    /// The key is known for another request; nothing changed.
    Conflict {
        /// What differs, for people.
        message: String,
    },
    /// It may not be; nothing changed.
    Refused(Refused),
}

/// What happened to an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// An attempt begins.
    Begin {
        /// Its window.
        window: Window,
        /// Media that the platform knows by now.
        uploads: Vec<Uploaded>,
    },
    /// It is made ready: its media are uploaded before its attempt. Waits, and is refused, where a `Begin` would be.
    Prepare,
    /// Its holder is still at work on it; the lease is kept.
    Renew,
    /// Media are with the platform before any attempt began; keeps them for later attempts (PUB-12).
    Uploaded(Vec<Uploaded>),
    /// It is public: an answer said so, or a look found it.
    Done {
        /// The post.
        evidence: Evidence,
        /// How it became known.
        found_by: FoundBy,
    },
    /// It was accepted for later.
    Accepted(Pending),
    /// It provably did not happen. While an earlier attempt is unsettled this says nothing about that one.
    NotDone(Refusal),
    /// The answer was lost or settles nothing, or the holder died.
    Unknown(UnknownOutcome),
    /// A look did not settle it.
    Looked {
        /// Whether the look saw the whole list without it, and every newcomer explained.
        absent: bool,
        /// What it asked, saw and missed.
        report: LookReport,
        /// When to look again; `None` when no further look would see more.
        look_again: Option<DateTime<Utc>>,
        /// Whether a person has to settle it, unless a later look does.
        person: bool,
    },
    /// It is not there, for good; it may be attempted again. Legal only for an unknown effect, once absence means something
    /// and an earlier look did not find it either.
    AbsentForGood,
    /// An answer to one of its attempts that came when its outcome had been told already. Legal in every state that an
    /// attempt leads to; takes no lease.
    Observed {
        /// Which attempt.
        attempt: u32,
        /// What the answer says.
        outcome: Outcome,
    },
    /// A person settles it. Legal only for an unknown effect; takes no lease.
    SettledByHand(HandSettlement),
    /// A person lets what looks show of an unknown effect be read by the rules of its profile now. Takes no lease.
    ClaimsAccepted(AcceptedClaims),
    /// Its holder cannot attempt it: due again then, or when its caller asks. Legal before an attempt and after a refusal.
    PutOff(Option<DateTime<Utc>>),
    /// Nothing happened; the lease is let go.
    Yield,
}

/// What a person found out about an unknown effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandSettlement {
    /// What is public.
    pub verdict: HandVerdict,
    /// The person: authenticated by the host, and not the one who asked for the effect.
    pub principal: Approver,
    /// How the person knows; kept as an attachment of the evidence.
    pub note: String,
}

/// What a person says about an unknown effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HandVerdict {
    /// It is public. Of an undo: it happened, the post is gone. That one names neither id nor URL: who names a post may mean that
    /// it is still there.
    There {
        /// The platform's id of the post, where the person knows it.
        id: Option<String>,
        /// Its URL.
        url: Option<String>,
    },
    /// It is not public; of an undo: the post is still public. It may be attempted again, when its caller asks, under the same
    /// approval.
    NotThere,
    /// The person cannot tell either.
    StillUnknown,
}

impl HandVerdict {
    /// The word in evidence.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::There { .. } => "there",
            Self::NotThere => "not_there",
            Self::StillUnknown => "still_unknown",
        }
    }
}

fn micros<S: Serializer>(span: &TimeDelta, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(span.num_microseconds().unwrap_or(i64::MAX))
}

/// A step of one effect, as a compare-and-set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The effect.
    pub effect: EffectId,
    /// The epoch under which the caller holds it.
    pub epoch: u64,
    /// The version that the caller saw.
    pub version: u64,
    /// What happened.
    pub step: Step,
    /// Keep the lease for this long after the step becomes due, because the caller goes on; else it is let go.
    pub keep: Option<TimeDelta>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// Applied now.
    Applied(Box<EffectRecord>),
    /// This very step was applied before.
    Already(Box<EffectRecord>),
    /// Somebody else holds the effect or moved it; nothing changed.
    Fenced,
    /// The post belongs to another effect, or was this one's and was taken back; nothing changed.
    Taken {
        /// The platform's id of that post.
        external_id: String,
    },
    /// The approval does not hold any more; nothing changed.
    Refused(Refused),
}

/// How many open effects of one account and target are looked at. Where there are as many none begins that is not unknown
/// itself: one that is not seen may be equal.
pub const OPEN_EFFECTS: usize = 1_000;

/// Which effects to lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseScope {
    /// Those that are due by themselves: looks, polls, schedules, and what a holder left unfinished. An attempt that nobody
    /// finished is due once its platform has settled.
    Due,
    /// These, where they are free; also those that may be attempted again.
    Of(Vec<EffectId>),
}

/// An effect that a journal leases to its caller. Only a [`Kernel`](crate::Kernel) makes a [`Leased`](crate::Leased) of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseGrant {
    /// Its request.
    pub request: RequestRecord,
    /// The effect, with the new epoch.
    pub record: EffectRecord,
}

/// Which effects to list.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct EffectQuery {
    /// Of this tenant.
    pub namespace: Namespace,
    /// Only those of this request.
    pub request: Option<RequestId>,
    /// Only those in one of these states; all when empty.
    pub states: Vec<EffectState>,
    /// Only those of this campaign.
    pub campaign: Option<CampaignId>,
    /// Only those on this platform.
    pub platform: Option<PlatformName>,
    /// Only those of one of these kinds; all when empty.
    pub kinds: Vec<EffectKind>,
    /// Only these; all when empty.
    pub ids: Vec<EffectId>,
}

/// An account on a platform: what lists, posts, credentials and once-ness belong to; the same for all tenants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountKey {
    /// The platform.
    pub platform: PlatformName,
    /// The account.
    pub account: String,
}

impl AccountKey {
    /// The account of an effect.
    #[must_use]
    pub fn of(content: &EffectV1) -> Self {
        Self { platform: content.platform, account: content.account.clone() }
    }
}

/// A part of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Begin after this effect.
    pub after: Option<EffectId>,
    /// At most so many.
    pub limit: usize,
}

/// Ends once what it watches may have changed since it was made. Dropping it leaves nothing behind.
pub type Watch = BoxFuture<'static, ()>;

/// Where requests and effects are kept.
///
/// # Contract
/// - **Atomic.** Each method is one step: all of it happens or nothing. `admit` claims the key, inserts the effects, holds
///   the budget, uses the approvals, appends the evidence and marks the first attempts. `advance` moves one effect, its
///   budget and its evidence together. What both write is what [`crate::step`] computes.
/// - **Durable.** What was answered survives a crash of the process and of the machine.
/// - **Once.** For one key exactly one `admit` is `Fresh`, whatever the number of callers and processes; all the others get
///   the same request back. A part of its effects is the same request; anything else is `Conflict`. A request that was
///   admitted under one of `former_keys` is `Known`, in whatever bytes its words are given now, unless it is of another
///   campaign or agent (`Conflict`).
/// - **Reviewed.** An admission that names a review is refused while that review stands in the way: it is there and was not
///   approved by the decision that is used ([`check_review`](crate::step::check_review)).
/// - **Decided.** The decisions and reasons that an admission brings are recorded in its step, or not at all. Where a decision with
///   that id is recorded already, it is the one that counts.
/// - **Approved.** An approval is used by at most one effect for each digest it lists; expiry and revocation are checked
///   again within `admit` and within every `Begin`, by the store's clock.
/// - **Planned.** The plan of a request is that of its first admission. A lease finds an effect due in its turn
///   ([`turn`](crate::step::turn)): one after the other, the next one is due in the step by which the one before it comes to
///   rest, and by the clock when nothing of that one's attempt may be sent any more. What was refused for now is due again where the plan says when.
/// - **In time.** What was approved or planned for later is `scheduled`, and due at its time; a `Begin` before it is applied
///   as waiting, under no lease. What was approved for earlier is refused.
/// - **Covered.** `spent + committed` never passes the limit of a budget by a hold. Every budget of a request
///   ([`Admit::budgets`]) holds all of it, or it is refused; what an effect comes to is settled in each of those that held.
/// - **Paid.** What its platform says that an effect cost is spent, whatever was held; where that is more, the ledger has an
///   overrun beside the success.
/// - **Fenced.** `advance` changes nothing unless epoch and version are the current ones; repeating the very step that was
///   applied last is `Already`, another step in its place is `Fenced`. No two effects of a platform's account own one
///   external id (`Taken`).
/// - **Direct.** The answer of an effect's own call (`Done` by `FoundBy::Answer`, `Observed`) takes a post away from the effect
///   that a look gave it to, in the same step: that one is unknown again under a raised epoch, its spend is held again, and
///   the ledger has the correction and the end of its invocation anew. A post that an answer or a person named is never
///   taken away, and nothing else takes one from a look (`Taken`).
/// - **Paused.** While a switch stops an effect ([`Pauses`](crate::Pauses)) no attempt of it begins, at `admit` and at `Begin`:
///   the step is applied and records what stops it.
/// - **Equal.** While an effect is unknown no attempt begins of another one that would show the same
///   ([`are_equal`](crate::are_equal)) in the same account, at `admit` and at `Begin`: the step is applied and records what it
///   waits for. What is unknown itself waits for nothing. Of two equal states (a like, a follow, a share without words) one
///   waits while the other is being attempted, too.
/// - **Taken back.** An undo is a request of its own with one effect, under the key that its post, the post's generation, the
///   decision and the undo give ([`Undoes::key`]): the same undo by the same decision is one request. It is admitted, and each attempt of it begins,
///   only while that post is stored as public under the id that the undo names, in the same tenant, campaign, platform and
///   account; by the rule of a decision ([`Decision::takes_back`](chimera_governance::Decision::takes_back)) only where the
///   post used that decision and another effect of its request did not happen, is not due and under no lease (`failed`,
///   `cancelled`, `not_done`, `rolled_back`); a `Begin` while one may still fail is applied as waiting. The rule outlives the decision's expiry and revocation. An undo that names no effect is
///   admitted, and begins, only while its post is no effect's.
/// - **Rolled back.** The step by which an undo is known to be done, however that is known, moves its post from `published`
///   to `rolled_back` in the same step, under a raised epoch: what was taken back is kept, the post's id is free, its spend
///   stays, its next call key is in force, and the ledger tells it. While the undo is refused, unknown or under way the post
///   stays `published`. A post that is not public under that id any more is left alone; where it was taken back by no other
///   undo, and where the post of an undo that names no effect is an effect's by then, the undo has an incident.
/// - **Again.** What was rolled back by the rule of its own approval may be attempted again by the same key; its price is held
///   again in every budget of its request by the step that begins the attempt, or that step is refused and changes nothing.
///   What a decision of its own took down stays down, and so does that whose approval was revoked. No answer and no look gives an effect a post that was taken back from
///   it, and a late answer of an attempt before says nothing about the attempts after.
/// - **Observed.** A late answer is recorded in every state, under no lease: it settles what is unknown; beside an attempt
///   that is under way it is kept, or publishes; a second post is an incident, and so is one that had been told as not done,
///   which is published and paid. What says nothing new is `Already`.
/// - **By hand.** A person settles an unknown effect, and nothing else; absence only from `settled_from` on. Never the agent,
///   who asked, or who requested the decision, however they are spelled (`Refused`). Of an undo *there* says that the post is
///   gone, and is refused where it names one.
/// - **Claimed.** An effect keeps what its profile claimed when its open attempts began ([`SafetyClaims`]): of several what all
///   of them claim. A person replaces the rules of looks for an unknown effect
///   (`ClaimsAccepted`), under the same rules as *By hand*.
/// - **Leased.** What can be leased is [`leasable`](crate::step::leasable)'s to say. `lease` gives an effect to one holder at a time and raises its epoch; it is free when its lease ended by
///   the store's clock, or its holder is known to be dead. An effect that is being attempted stays `attempting`: the new
///   holder finds out what became of it.
/// - **Watched.** A `watch` of a journal that can tell ends for every step of its request that is applied after it was made,
///   through this opener of the store at least; it may end for less. So whoever makes it, reads, and waits misses nothing of
///   this process. A journal that cannot tell gives one that never ends, and whoever waits looks by the clock as well.
/// - **Cancellation.** Dropping a future may or may not prevent its step; asking again tells.
/// - **Retries** are the caller's: every error says whether the step may have been applied.
#[async_trait]
pub trait EffectJournal: Debug + Send + Sync + 'static {
    /// The opener: in whose name this journal leases.
    fn instance(&self) -> InstanceId;

    /// Admits a request.
    ///
    /// # Errors
    /// When the store fails.
    async fn admit(&self, admit: Admit) -> Result<Admission, StoreError>;

    /// Moves one effect.
    ///
    /// # Errors
    /// When the store fails, or the step cannot follow the state (`Misuse`).
    async fn advance(&self, advance: Advance) -> Result<Advanced, StoreError>;

    /// Leases up to `limit` effects for `ttl`.
    ///
    /// # Errors
    /// When the store fails.
    async fn lease(
        &self,
        scope: LeaseScope,
        limit: usize,
        ttl: TimeDelta,
    ) -> Result<Vec<LeaseGrant>, StoreError>;

    /// What became of a key.
    ///
    /// # Errors
    /// When the store fails.
    async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError>;

    /// Lists effects, in the order in which their requests were admitted, then by position.
    ///
    /// # Errors
    /// When the store fails.
    async fn effects(&self, query: &EffectQuery, page: Page) -> Result<Vec<EffectRecord>, StoreError>;

    /// The effects of an account that are being attempted or unknown, of every tenant, and no others; at most
    /// [`OPEN_EFFECTS`].
    ///
    /// # Errors
    /// When the store fails.
    async fn open_effects(&self, account: &AccountKey) -> Result<Vec<EffectRecord>, StoreError>;

    /// The effects that own these posts of an account, of every tenant, and no others; in no order.
    ///
    /// # Errors
    /// When the store fails.
    async fn owners(&self, account: &AccountKey, ids: &[String]) -> Result<Vec<EffectRecord>, StoreError>;

    /// A watch over the request of a key. A journal that cannot tell gives one that never ends, and whoever waits looks by the
    /// clock alone.
    fn watch(&self, key: &RequestKey) -> Watch {
        let _ = key;
        Box::pin(future::pending())
    }
}
