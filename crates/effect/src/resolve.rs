//! Finding out what became of an attempt whose outcome is unknown. One function serves a timeout, a crash, a lost answer and
//! an answer that settles nothing.
//!
//! The order: what came late; the same call again where the tool enforces keys or sets a state; else a look; else a person.
//! Absence means nothing before `settled_from`, and then only in two looks, the first of them soon.

use async_trait::async_trait;
use chimera_contracts::StoreError;
use chrono::{DateTime, TimeDelta, Utc};

use crate::alike::{are_alike, are_equal, may_show_as};
use crate::drive::{Drive, Held, Next};
use crate::journal::{AccountKey, Advanced, EffectJournal, OPEN_EFFECTS, Step};
use crate::kernel::Kernel;
use crate::look::{DoubtfulItem, Finding, LookReport, LookUp, OwnedPost, PostOwners};
use crate::outcome::FoundBy;
use crate::platform::{Service, Trace};
use crate::record::{EffectRecord, Progress};
use crate::state::EffectState;

/// How long an effect is left alone about which this host can find nothing out.
pub(crate) const ELSEWHERE: TimeDelta = TimeDelta::seconds(60);

/// How long one is left alone whose profile reads looks by other rules by now.
const OTHER_RULES: TimeDelta = TimeDelta::minutes(10);

/// Whose the posts of an account are, by the journal.
#[derive(Debug)]
struct JournalOwners<'a> {
    journal: &'a dyn EffectJournal,
    account: AccountKey,
}

#[async_trait]
impl PostOwners for JournalOwners<'_> {
    async fn owners(&self, ids: &[String]) -> Result<Vec<OwnedPost>, StoreError> {
        let owners = self.journal.owners(&self.account, ids).await?;
        Ok(owners.iter().filter_map(owned_post).collect())
    }
}

fn owned_post(record: &EffectRecord) -> Option<OwnedPost> {
    let content = record.effect.content();
    Some(OwnedPost {
        external_id: record.progress.post.as_ref()?.id.clone(),
        effect: record.id,
        kind: content.kind,
        target: content.target.clone(),
        text: content.text.clone(),
        known_at: record.progress.changed_at,
    })
}

impl Kernel {
    /// Whether the call of an unknown effect may be sent again before it is known what became of the first.
    pub(crate) fn may_repeat(&self, service: &Service, record: &EffectRecord, now: DateTime<Utc>) -> bool {
        let service = service.under(record.progress.claims);
        let gone = self.options.looks.absence_within;
        !record.progress.resend_refused
            && unsettled_since(record)
                .is_some_and(|first| service.may_repeat(record.effect.content(), first, now, gone))
    }
}

/// When the first attempt began of which it is not known what became of it.
fn unsettled_since(record: &EffectRecord) -> Option<DateTime<Utc>> {
    record.progress.unsettled_since.or(record.progress.began_at)
}

/// When the platform had settled after the first of these attempts: that one may have made what is gone.
fn first_settled(progress: &Progress, service: &Service) -> Option<DateTime<Utc>> {
    let last = progress.settled_from?;
    let first = progress.unsettled_since.filter(|since| progress.began_at != Some(*since));
    let reach = service.timeout.checked_add(&service.settle);
    let first = first.zip(reach).and_then(|(first, reach)| first.checked_add_signed(reach));
    Some(first.map_or(last, |first| first.min(last)))
}

impl Drive<'_> {
    pub(crate) async fn resolve(&mut self) -> Result<Next, StoreError> {
        if self.hear_late().await? {
            return Ok(Next::On);
        }
        let Some(service) = self.service() else {
            // Another host on this store may have the tool.
            return self.leave_for_later(ELSEWHERE, "no tool of this host serves it").await;
        };
        let now = self.kernel.clock.now();
        let repeatable = self.kernel.may_repeat(&service, &self.record, now);
        if repeatable && self.attempts_left > 0 {
            let next = self.begin().await?;
            // Under a switch nothing is sent; what may have happened is looked for as ever.
            let held = self.record.progress.state == EffectState::Unknown
                && self.record.progress.paused_by.is_some();
            if !held || self.fenced || self.barred {
                return Ok(next);
            }
        }
        let progress = &self.record.progress;
        if !service.look_up && repeatable && !self.barred {
            // The same call again is the only way to find out, and it is still open: a later drive takes it.
            let pause = service.settle.max(ELSEWHERE);
            return self.leave_for_later(pause, "it is sent again with the same key").await;
        }
        if !service.look_up {
            return self.blind("the platform offers nothing to look it up with").await;
        }
        if service.looks_otherwise(progress.claims) {
            let missing = "its profile reads looks by other rules than when it was attempted; a principal has to \
                           accept them, or settle it";
            // Another host on this store may have the profile of then.
            let look_again = now.checked_add_signed(OTHER_RULES);
            let report = LookReport { in_doubt: doubted(&self.record), ..LookReport::missing("", missing) };
            self.step(Step::Looked { absent: false, report, look_again, person: true }, false).await?;
            return Ok(Next::Stop);
        }
        let settled_from = progress.settled_from.unwrap_or(now);
        let due = progress.due_at.unwrap_or(now).max(settled_from);
        if due > now {
            if due > self.until {
                return Ok(Next::Stop);
            }
            let sleep = self.kernel.clock.sleep_until(due);
            if self.halt.or(sleep).await.is_none() {
                return Ok(Next::Stop);
            }
        }
        self.look(&service).await
    }

    /// Records what came late; whether it was about this effect, which is read again then.
    async fn hear_late(&mut self) -> Result<bool, StoreError> {
        let about = self.kernel.record_late().await?;
        if !about.contains(&self.record.id) {
            return Ok(false);
        }
        if let Some(record) = self.kernel.effect(&self.request.key.namespace, self.record.id).await?
            && record.progress.epoch == self.record.progress.epoch
        {
            let moved = record.progress.version != self.record.progress.version;
            self.record = record;
            return Ok(moved);
        }
        Ok(false)
    }

    async fn look(&mut self, service: &Service) -> Result<Next, StoreError> {
        if self.looks_left == 0 {
            return Ok(Next::Stop);
        }
        self.looks_left = self.looks_left.saturating_sub(1);
        if self.hear_late().await? {
            return Ok(Next::On);
        }
        let account = AccountKey::of(self.record.effect.content());
        let open = self.kernel.journal.open_effects(&account).await?;
        if open.len() >= OPEN_EFFECTS {
            let missing = "more effects of the account are open than can be told from one another";
            let looked_at = self.kernel.clock.now();
            let person = self.record.progress.looks >= self.kernel.options.looks.patience;
            return self.looked(false, LookReport::missing("", missing), person, looked_at, service).await;
        }
        let Some(look) = question(&self.record, &open, Trace::of(&self.request)) else {
            return self.blind("there is no attempt to look for").await;
        };
        // Read before the look: what it shows is at least as new.
        let looked_at = self.kernel.clock.now();
        if let Some(other) = alike_attempt(&self.record, &open) {
            let missing =
                format!("effect {other}, whose text is alike, is being attempted: its answer comes first");
            return self.looked(false, LookReport::missing("", missing), false, looked_at, service).await;
        }
        let (kernel, halt) = (self.kernel, self.halt.clone());
        let owners = JournalOwners { journal: kernel.journal.as_ref(), account };
        let find = halt.or(kernel.platform.find(&look, &owners));
        let longest = kernel.options.longest_look;
        let finding = match self.holding(&Step::Renew, longest, find).await? {
            Held::Done(Some(finding)) => finding,
            Held::Done(None) | Held::Gone => return Ok(Next::Stop),
            Held::Overtime => {
                let missing = format!("the look did not end within {} s", longest.num_seconds());
                let person = self.record.progress.looks >= kernel.options.looks.patience;
                return self
                    .looked(false, LookReport::missing("", missing), person, looked_at, service)
                    .await;
            }
        };
        // Whose the posts are was asked after what is open: what was settled in between owns one of those counted.
        if look.equals > 1 {
            let open =
                self.kernel.journal.open_effects(&AccountKey::of(self.record.effect.content())).await?;
            let same = question(&self.record, &open, Trace::of(&self.request))
                .is_some_and(|now| (now.equals, now.place) == (look.equals, look.place));
            if !same {
                let report =
                    LookReport::missing("", "another effect with an equal text was settled during the look");
                return self.looked(false, report, false, looked_at, service).await;
            }
        }
        let settled = look.effect_settled(&self.record, looked_at);
        match finding {
            Finding::There(evidence) => {
                let step = Step::Done { evidence, found_by: FoundBy::Look };
                match self.kernel.advance(&self.record, step, false).await? {
                    Advanced::Taken { external_id } => {
                        let missing =
                            format!("the post `{external_id}` was claimed by another effect meanwhile");
                        let report = LookReport::missing("", missing);
                        self.looked(false, report, false, looked_at, service).await
                    }
                    advanced => self.adopt(advanced).await,
                }
            }
            Finding::Absent(report) => self.absent(report, settled, looked_at, service).await,
            Finding::Open(mut report) => {
                // A look that saw nothing explains nothing of what an earlier one saw.
                if report.in_doubt.is_empty() {
                    report.in_doubt = doubted(&self.record);
                }
                let person = settled && self.record.progress.looks >= self.kernel.options.looks.patience;
                self.looked(false, report, person, looked_at, service).await
            }
            Finding::InDoubt(report) => self.looked(false, report, settled, looked_at, service).await,
            Finding::Blind { reason } => self.blind(&reason).await,
        }
    }

    /// It is not in the list: known not to have happened at the second such look after settling, if the first came soon.
    async fn absent(
        &mut self,
        mut report: LookReport,
        settled: bool,
        looked_at: DateTime<Utc>,
        service: &Service,
    ) -> Result<Next, StoreError> {
        let progress = &self.record.progress;
        if !settled {
            return self.looked(false, report, false, looked_at, service).await;
        }
        if progress.absent_looks > 0 {
            // Kept over to the next attempt, so that no failure is told that is about to be mended.
            let keep = self.may_try_again();
            return self.step(Step::AbsentForGood, keep).await;
        }
        let gone = self.kernel.options.looks.absence_within;
        let soon = first_settled(progress, service).and_then(|from| from.checked_add_signed(gone));
        let too_late = soon.is_some_and(|soon| looked_at > soon);
        if too_late {
            report.missing = Some(
                "the first look came so late that a post may have been made and removed since".to_owned(),
            );
        }
        self.looked(!too_late, report, too_late, looked_at, service).await
    }

    async fn looked(
        &mut self,
        absent: bool,
        report: LookReport,
        person: bool,
        looked_at: DateTime<Utc>,
        service: &Service,
    ) -> Result<Next, StoreError> {
        let (look_again, over) = self.look_again(looked_at, service);
        let go_on = look_again.is_some_and(|at| at <= self.until);
        let person = person || over;
        let next = self.step(Step::Looked { absent, report, look_again, person }, go_on).await?;
        Ok(if go_on { next } else { Next::Stop })
    }

    /// When to look again, and whether it has been looked for long enough.
    fn look_again(&self, looked_at: DateTime<Utc>, service: &Service) -> (Option<DateTime<Utc>>, bool) {
        let policy = self.kernel.options.looks;
        let progress = &self.record.progress;
        let chance = self.record.id.as_uuid().as_fields().0.wrapping_add(progress.looks);
        let pause = policy.pause(progress.looks, chance).max(service.look_every);
        let at = looked_at.checked_add_signed(pause).unwrap_or(looked_at);
        let at = progress.settled_from.map_or(at, |from| at.max(from));
        let end = progress.settled_from.and_then(|from| from.checked_add_signed(policy.within));
        let over = end.is_some_and(|end| looked_at >= end);
        ((!over).then_some(at), over)
    }

    /// Nothing can be found out now, and something may be later: due again after `pause`, not at once.
    async fn leave_for_later(&mut self, pause: TimeDelta, missing: &str) -> Result<Next, StoreError> {
        let now = self.kernel.clock.now();
        let look_again = now.checked_add_signed(pause);
        let report = LookReport::missing("", missing);
        self.step(Step::Looked { absent: false, report, look_again, person: false }, false).await?;
        Ok(Next::Stop)
    }

    async fn blind(&mut self, reason: &str) -> Result<Next, StoreError> {
        let progress = &self.record.progress;
        // Nothing is due any more either: what is due wakes the worker, and it would find no more than now.
        if !progress.needs_human || progress.due_at.is_some() {
            let report = LookReport { in_doubt: doubted(&self.record), ..LookReport::missing("", reason) };
            self.step(Step::Looked { absent: false, report, look_again: None, person: true }, false).await?;
        }
        Ok(Next::Stop)
    }
}

impl LookUp {
    /// Whether absence means something for an effect at the time of a look.
    fn effect_settled(&self, record: &EffectRecord, looked_at: DateTime<Utc>) -> bool {
        record.progress.settled_from.unwrap_or(self.until) <= looked_at
    }
}

/// The question that an unsettled effect leaves open; `None` when it was never attempted.
fn question(record: &EffectRecord, open: &[EffectRecord], trace: Trace) -> Option<LookUp> {
    let content = record.effect.content();
    let equal = |other: &&EffectRecord| {
        other.id != record.id
            && other.progress.state == EffectState::Unknown
            && other.effect.content().kind == content.kind
            && are_equal(content, other.effect.content())
    };
    let mut equals: Vec<&EffectRecord> = open.iter().filter(equal).chain([record]).collect();
    equals.sort_by_key(|effect| (unsettled_since(effect), effect.id));
    Some(LookUp {
        effect: record.effect.clone(),
        effect_id: record.id,
        call_key: record.call_key.clone(),
        since: unsettled_since(record)
            .and(equals.iter().filter_map(|effect| unsettled_since(effect)).min())?,
        until: equals.iter().filter_map(|effect| effect.progress.settled_from).max()?,
        candidates: record.progress.candidates.clone(),
        doubted: doubted(record),
        place: equals.iter().position(|effect| effect.id == record.id)?,
        equals: equals.len(),
        has_lookalike: open.iter().any(|other| {
            let theirs = other.effect.content();
            // A list may hold one kind or several: whether a post counts for the other one is not known.
            let of_another_kind = theirs.kind != content.kind && are_equal(content, theirs);
            other.id != record.id
                && other.progress.state == EffectState::Unknown
                && (of_another_kind || may_show_as(theirs, content))
        }),
        trace,
    })
}

/// What the latest look that saw anything left in doubt.
fn doubted(record: &EffectRecord) -> Vec<DoubtfulItem> {
    record.progress.latest_look.as_ref().map(|latest| latest.report.in_doubt.clone()).unwrap_or_default()
}

/// Another effect of the account that is being attempted and whose text a look could take for this one's.
fn alike_attempt(record: &EffectRecord, open: &[EffectRecord]) -> Option<chimera_contracts::EffectId> {
    let content = record.effect.content();
    open.iter()
        .filter(|other| other.id != record.id && other.progress.state == EffectState::Attempting)
        .find(|other| are_alike(content, other.effect.content()))
        .map(|other| other.id)
}
