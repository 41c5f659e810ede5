//! The kernel: admits requests and drives their effects to rest. Recovery is the normal path run again.

use std::sync::Arc;

use chimera_contracts::{AgentId, Applied, Clock, EffectId, StoreError};
use chimera_governance::{Approved, Claim, Decided, Decision, Denial, Gate, GateError};
use chrono::TimeDelta;

use crate::account::AccountRef;
use crate::effect::{Effect, EffectKind, EffectV1};
use crate::journal::{Admit, Advance, Advanced, EffectJournal, LeaseScope, NewEffect, Step, Window};
use crate::leased::{Admitted, Leased};
use crate::observe::LateQueue;
use crate::platform::{NotReady, Platform, Service, Unfit};
use crate::record::{EffectRecord, RequestKey, RequestView};

/// For whom an effect is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A caller asked, so what is known not to have happened may be attempted again (PUB-05).
    Asked,
    /// Nobody asked: finish what was begun and find out what is unknown; refused effects wait for their caller, unless the plan
    /// of their request says otherwise (PUB-10).
    Background,
}

/// How the kernel works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelOptions {
    /// How long a lease outlasts the moment at which a look makes sense.
    pub lease: TimeDelta,
    /// How long one upload may take, with its lease renewed; then it is given up as failed.
    pub longest_upload: TimeDelta,
    /// How long one look may take, with its lease renewed; then it is given up, and another one follows.
    pub longest_look: TimeDelta,
    /// Attempts of one effect within one drive, lost ones included; a refusal always ends the drive.
    pub attempts_per_drive: u32,
    /// How often a step is given to the journal again when its error leaves open whether it was applied.
    pub journal_tries: u32,
    /// How long and how often a lost answer is looked for.
    pub looks: LookPolicy,
}

/// How a lost answer is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookPolicy {
    /// The pause after the first look; each one after it is twice as long.
    pub first_pause: TimeDelta,
    /// The longest pause.
    pub longest_pause: TimeDelta,
    /// For how long after settling it is looked for; then only a person can settle it.
    pub within: TimeDelta,
    /// How soon after settling absence has to be seen first. Later a post may have landed and been removed.
    pub absence_within: TimeDelta,
    /// After how many looks that saw too little a person is asked beside them.
    pub patience: u32,
}

impl Default for LookPolicy {
    fn default() -> Self {
        Self {
            first_pause: TimeDelta::seconds(2),
            longest_pause: TimeDelta::minutes(5),
            within: TimeDelta::hours(48),
            absence_within: TimeDelta::hours(1),
            patience: 8,
        }
    }
}

impl LookPolicy {
    /// The pause after `looks` looks: doubling, with a jitter of an eighth either way that `chance` (any number) decides, so
    /// that what was lost together is not looked for together.
    #[must_use]
    pub fn pause(&self, looks: u32, chance: u32) -> TimeDelta {
        let doubled = 1_i32.checked_shl(looks.min(30)).and_then(|times| self.first_pause.checked_mul(times));
        let pause = doubled.unwrap_or(self.longest_pause).min(self.longest_pause);
        let eighth = pause.num_milliseconds() / 8;
        let jitter = i64::from(chance % 257).saturating_sub(128).saturating_mul(eighth) / 128;
        pause.checked_add(&TimeDelta::milliseconds(jitter)).unwrap_or(pause)
    }
}

impl Default for KernelOptions {
    fn default() -> Self {
        Self {
            lease: TimeDelta::seconds(10),
            longest_upload: TimeDelta::minutes(30),
            longest_look: TimeDelta::minutes(2),
            attempts_per_drive: 3,
            journal_tries: 3,
            looks: LookPolicy::default(),
        }
    }
}

/// Admits requests and drives their effects.
///
/// Cloning is cheap and gives the same kernel. It spawns nothing: every method works within the caller's future, and
/// dropping that future withdraws nothing that is recorded.
#[derive(Clone, Debug)]
pub struct Kernel {
    pub(crate) journal: Arc<dyn EffectJournal>,
    pub(crate) platform: Arc<dyn Platform>,
    pub(crate) gate: Gate,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: KernelOptions,
    pub(crate) late: Arc<LateQueue>,
}

impl Kernel {
    /// A kernel over these ports.
    #[must_use]
    pub fn new(
        journal: Arc<dyn EffectJournal>,
        platform: Arc<dyn Platform>,
        gate: Gate,
        clock: Arc<dyn Clock>,
        options: KernelOptions,
    ) -> Self {
        Self { journal, platform, gate, clock, options, late: Arc::default() }
    }

    /// What is served for a kind of effect.
    #[must_use]
    pub fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.platform.service(account, kind)
    }

    /// What of a content the tools of its account cannot carry; `media_types` are those of its media, in their order.
    #[must_use]
    pub fn unfit(&self, content: &EffectV1, media_types: &[String]) -> Vec<Unfit> {
        self.platform.unfit(content, media_types)
    }

    /// Which of the wanted platforms cannot be used, and why.
    pub async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        self.platform.ready(wanted, kind).await
    }

    /// Passes an effect of `agent` through the gate.
    ///
    /// `id` is the id that the journal gives the effect: [`RequestKey::effect_id`] of the key under which it is to be admitted. For an
    /// undo by a decision that lists it that key is [`Undoes::key`](crate::Undoes::key); an undo by the rule of its post's decision
    /// asks [`approve_undo`](Self::approve_undo). With another id a repetition is denied, because the approval is used.
    ///
    /// # Errors
    /// When no decision permits it, or the authority cannot be asked.
    pub async fn approve(
        &self,
        effect: Effect,
        id: EffectId,
        agent: AgentId,
        claim: &Claim,
    ) -> Result<Approved<Effect>, GateError> {
        self.gate.check(effect, id, Some(agent), claim).await
    }

    /// Lets a policy decide about an effect of `agent`; the decision goes into the admission ([`Admit::decisions`]).
    ///
    /// # Errors
    /// When the decision is not a policy's, or does not permit it.
    pub fn decide(
        &self,
        effect: Effect,
        agent: AgentId,
        decision: Decision,
    ) -> Result<(Approved<Effect>, Decided), Denial> {
        self.gate.decide(effect, agent, decision)
    }

    /// An effect as it is to be admitted: with the first attempt in the same step, unless media have to be uploaded first
    /// or `wait` says that another effect goes before it.
    #[must_use]
    pub fn new_effect(&self, approved: Approved<Effect>, service: &Service, wait: bool) -> NewEffect {
        let uploads_first = service.uploads && !approved.get().content().media.is_empty();
        let window = self.window(service);
        let reach = window.send.checked_add(&window.settle).unwrap_or(window.send);
        NewEffect {
            approved,
            price: service.price,
            begin: (!wait && !uploads_first).then_some(window),
            lease: reach.checked_add(&window.lease).unwrap_or(reach),
            undoes: None,
        }
    }

    /// Admits a request, again where an error leaves open whether it was admitted: the key tells.
    ///
    /// # Errors
    /// When the store fails. The error says `MaybeApplied` when any try may have been applied.
    pub async fn admit(&self, admit: Admit) -> Result<Admitted, StoreError> {
        let mut tries = self.options.journal_tries.max(1);
        let mut open = false;
        loop {
            tries = tries.saturating_sub(1);
            let error = match self.journal.admit(admit.clone()).await {
                Ok(admission) => return Ok(Admitted::of(admission)),
                Err(error) => error,
            };
            open |= error.applied == Applied::MaybeApplied;
            if tries == 0 || !error.kind.may_pass() {
                let applied = if open { Applied::MaybeApplied } else { Applied::NotApplied };
                return Err(StoreError { applied, ..error });
            }
            tracing::warn!(%error, "an admission is given to the journal again");
        }
    }

    /// What became of a key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn request(&self, key: &RequestKey) -> Result<Option<RequestView>, StoreError> {
        self.journal.request(key).await
    }

    /// Leases what is free of `scope`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn lease(&self, scope: LeaseScope, limit: usize) -> Result<Vec<Leased>, StoreError> {
        let granted = self.journal.lease(scope, limit, self.options.lease).await?;
        Ok(granted.into_iter().map(Leased::granted).collect())
    }

    pub(crate) fn window(&self, service: &Service) -> Window {
        Window {
            send: service.timeout,
            settle: service.settle,
            lease: self.options.lease,
            claims: service.claims(),
        }
    }

    /// Takes a step, again where an error leaves open whether it was taken: a step is named by effect, epoch and version,
    /// so that its repetition is recognised.
    pub(crate) async fn advance(
        &self,
        record: &EffectRecord,
        step: Step,
        keep: bool,
    ) -> Result<Advanced, StoreError> {
        let advance = Advance {
            effect: record.id,
            epoch: record.progress.epoch,
            version: record.progress.version,
            step,
            keep: keep.then_some(self.options.lease),
        };
        let mut tries = self.options.journal_tries.max(1);
        loop {
            tries = tries.saturating_sub(1);
            match self.journal.advance(advance.clone()).await {
                Err(error) if tries > 0 && error.kind.may_pass() => {
                    tracing::warn!(effect = %record.id, %error, "a step is given to the journal again");
                }
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses of this policy, in milliseconds, for these looks and this chance.
    fn pauses(policy: LookPolicy, looks: impl IntoIterator<Item = u32>, chance: u32) -> Vec<i64> {
        looks.into_iter().map(|looks| policy.pause(looks, chance).num_milliseconds()).collect()
    }

    /// The chance of no jitter.
    const MIDDLE: u32 = 128;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = LookPolicy::default();
        let seconds = [2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
        assert_eq!(pauses(policy, 0..10, MIDDLE), seconds.map(|second| second * 1_000));
        assert_eq!(pauses(policy, [31, 32, 1_000, u32::MAX], MIDDLE), [300_000; 4]);
    }

    #[test]
    fn jitter_is_an_eighth_either_way() {
        let policy = LookPolicy::default();
        for looks in (0..12).chain([u32::MAX]) {
            let middle = policy.pause(looks, MIDDLE).num_milliseconds();
            let all = |chance| policy.pause(looks, chance).num_milliseconds();
            let (least, most) = ((0..514).map(all).min().unwrap(), (0..514).map(all).max().unwrap());
            assert_eq!((least, most), (middle - middle / 8, middle + middle / 8), "after {looks} looks");
            assert!((0..514).map(all).collect::<std::collections::BTreeSet<_>>().len() > 200, "{looks}");
            let odd = all(u32::MAX);
            assert!((least..=most).contains(&odd), "any number is a chance");
        }
    }

    #[test]
    fn a_pause_is_never_nothing() {
        for first_pause in
            [TimeDelta::milliseconds(1), TimeDelta::seconds(1), TimeDelta::hours(2), TimeDelta::MAX]
        {
            for longest_pause in [TimeDelta::milliseconds(1), TimeDelta::minutes(5), TimeDelta::MAX] {
                let policy = LookPolicy { first_pause, longest_pause, ..LookPolicy::default() };
                for looks in (0..70).chain([u32::MAX]) {
                    for chance in [0, 1, 127, 128, 256, 257, u32::MAX] {
                        let pause = policy.pause(looks, chance);
                        assert!(pause > TimeDelta::zero(), "{policy:?}, {looks}, {chance}: {pause}");
                    }
                }
            }
        }
    }
}
