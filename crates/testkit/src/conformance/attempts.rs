//! How the cases of a platform come by an attempt, and what they ask about it.
//!
//! An [`Attempt`] is made by the kernel alone. So a kernel admits an effect over the store in memory, and the attempt is taken where
//! the kernel hands it to its platform; what the port answers ends there.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chimera_contracts::{Clock, Money, StoreError};
use chimera_effect::{
    AccountRef, Admission, Attempt, Effect, EffectKind, EffectRecord, EffectV1, Finding, Kernel,
    KernelOptions, LateOutcome, LookUp, NotReady, Outcome, OwnedPost, Platform, PostOwners, Refusal, Service,
    Trace, Unfit, Upload, Uploaded,
};
use chimera_governance::Gate;
use chimera_harness::within;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, select};

use super::Stores;
use super::platform::PlatformWorld;
use super::stage::yield_now;
use crate::entropy::TestEntropy;
use crate::scene::{Scene, admit_request, sample_effect, set_up};

/// More than anything costs here.
const PLENTY: Money = Money::usd_micros(1_000_000_000);

/// A limit that is longer than any of a question to the outside.
pub(super) const LONG: TimeDelta = TimeDelta::days(1);

/// How an attempt is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It is waited for.
    Awaited,
    /// It is waited for, and its time is over as soon as its call left or it is answered.
    Outwaited,
    /// The clock reaches `send_before` first.
    TooLate,
    /// It is dropped once its call left.
    Dropped,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub(super) struct Acted {
    pub(super) record: EffectRecord,
    pub(super) trace: Trace,
    pub(super) begun: DateTime<Utc>,
    pub(super) send_before: DateTime<Utc>,
    /// `None` where it was dropped.
    pub(super) outcome: Option<Outcome>,
}

/// Stands between the kernel and the port, and takes the attempt.
#[derive(Debug)]
struct Taking {
    inner: Arc<dyn Platform>,
    world: Arc<dyn PlatformWorld>,
    how: How,
    timeout: TimeDelta,
    came: Mutex<Option<(DateTime<Utc>, Option<Outcome>)>>,
}

impl Taking {
    async fn take(&self, attempt: &Attempt) -> Option<Outcome> {
        let clock = self.world.clock();
        let left = async {
            while self.world.acted() == 0 {
                yield_now().await;
            }
        };
        let left = Box::pin(within("the call of an attempt to leave", left));
        match self.how {
            How::Awaited => Some(self.inner.perform(attempt).await),
            How::Outwaited => {
                let until = clock.now() + self.timeout;
                match select(self.inner.perform(attempt), left).await {
                    Either::Left((outcome, _)) => {
                        clock.set(until);
                        Some(outcome)
                    }
                    Either::Right(((), answered)) => {
                        clock.set(until);
                        Some(answered.await)
                    }
                }
            }
            How::TooLate => {
                clock.set(attempt.send_before());
                Some(self.inner.perform(attempt).await)
            }
            How::Dropped => match select(self.inner.perform(attempt), left).await {
                // A port that knows at once that nobody will answer need not wait for it.
                Either::Left((outcome, _)) => Some(outcome),
                Either::Right(((), waiting)) => {
                    drop(waiting);
                    None
                }
            },
        }
    }
}

#[async_trait]
impl Platform for Taking {
    fn service(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<Service> {
        self.inner.service(account, kind)
    }

    fn unfit(&self, content: &EffectV1, media_types: &[String]) -> Vec<Unfit> {
        self.inner.unfit(content, media_types)
    }

    async fn ready(&self, wanted: &[AccountRef<'_>], kind: EffectKind) -> Vec<NotReady> {
        self.inner.ready(wanted, kind).await
    }

    async fn upload(&self, upload: Upload<'_>) -> Result<Uploaded, Refusal> {
        self.inner.upload(upload).await
    }

    async fn perform(&self, attempt: &Attempt) -> Outcome {
        let outcome = self.take(attempt).await;
        *self.came.lock().unwrap_or_else(PoisonError::into_inner) = Some((attempt.send_before(), outcome));
        // The kernel would go on from here, and may attempt again what is unknown: its drive is dropped instead.
        std::future::pending().await
    }

    async fn find(&self, _: &LookUp, _: &dyn PostOwners) -> Finding {
        Finding::Blind { reason: "the cases look by themselves".to_owned() }
    }

    fn late(&self) -> Vec<LateOutcome> {
        Vec::new()
    }
}

/// One effect, as the kernel has it.
pub(super) struct Staged {
    pub(super) scene: Scene,
    pub(super) effect: Effect,
}

/// A post of this text in the world's account, of a scene of its own.
pub(super) fn staged(world: &dyn PlatformWorld, text: &str) -> Staged {
    let scene = Scene::named(text);
    let (platform, account) = world.account();
    let content = sample_effect(&scene, platform, text).content().clone();
    let effect = Effect::new(EffectV1 { account, ..content }).expect("an effect has a canonical form");
    Staged { scene, effect }
}

pub(super) fn service(world: &dyn PlatformWorld) -> Service {
    let (platform, account) = world.account();
    let service = world.platform().service(AccountRef::new(platform, &account), EffectKind::Publish);
    service.expect("the account can publish")
}

/// Has a kernel attempt a post of this text, and takes the attempt.
pub(super) async fn act(world: &Arc<dyn PlatformWorld>, text: &str, how: How) -> Acted {
    let Staged { scene, effect } = staged(world.as_ref(), text);
    let service = service(world.as_ref());
    let clock: Arc<dyn Clock> = world.clock();
    let memory = crate::Memory::new(Arc::clone(&clock), Arc::new(TestEntropy::seeded(1)));
    let stores = Stores::of(Arc::new(memory.open()));
    let taking = Arc::new(Taking {
        inner: world.platform(),
        world: Arc::clone(world),
        how,
        timeout: service.timeout,
        came: Mutex::new(None),
    });
    let gate = Gate::new(Arc::clone(&stores.approvals), Arc::clone(&clock));
    let port: Arc<dyn Platform> = Arc::<Taking>::clone(&taking);
    let options = KernelOptions { attempts_per_drive: 1, ..KernelOptions::default() };
    let kernel = Kernel::new(Arc::clone(&stores.journal), port, gate, Arc::clone(&clock), options);
    let effects = [effect];
    let approved =
        set_up(&stores.approvals, stores.budget.as_ref(), &clock, &scene, PLENTY, &effects).await.remove(0);
    let begun = clock.now();
    let new = kernel.new_effect(approved.clone(), &service, false);
    let admitted = kernel.admit(admit_request(&scene, vec![new])).await.expect("it is admitted");
    let (admission, mut leased) = admitted.into_parts();
    let Admission::Fresh(view) = admission else { panic!("expected a fresh request, got {admission:?}") };
    let until = clock.now() + LONG;
    let driven = kernel.drive_fresh(leased.remove(0), approved, until);
    let came = async {
        loop {
            let came = taking.came.lock().unwrap_or_else(PoisonError::into_inner).take();
            match came {
                Some(came) => return came,
                None => yield_now().await,
            }
        }
    };
    let first = select(Box::pin(came), Box::pin(driven));
    let (send_before, outcome) = match within(format!("what comes of an attempt of `{text}`"), first).await {
        Either::Left((came, _)) => came,
        Either::Right((driven, _)) => panic!("nothing was attempted: {driven:?}"),
    };
    let record = view.effects.into_iter().next().expect("it was admitted");
    Acted { record, trace: Trace::of(&view.request), begun, send_before, outcome }
}

/// Whose posts a look is told about.
#[derive(Debug)]
struct Owners(Vec<OwnedPost>);

#[async_trait]
impl PostOwners for Owners {
    async fn owners(&self, ids: &[String]) -> Result<Vec<OwnedPost>, StoreError> {
        Ok(self.0.iter().filter(|owned| ids.contains(&owned.external_id)).cloned().collect())
    }
}

/// Looks for an attempt, after all its time is over.
pub(super) async fn look(world: &Arc<dyn PlatformWorld>, acted: &Acted, owned: Vec<OwnedPost>) -> Finding {
    let until = acted.send_before + service(world.as_ref()).settle;
    let clock = world.clock();
    clock.set(clock.now().max(until + TimeDelta::seconds(1)));
    let look = LookUp {
        effect: acted.record.effect.clone(),
        effect_id: acted.record.id,
        call_key: acted.record.call_key.clone(),
        since: acted.begun,
        until,
        candidates: Vec::new(),
        doubted: Vec::new(),
        equals: 1,
        place: 0,
        has_lookalike: false,
        trace: acted.trace.clone(),
    };
    within("a look for an attempt", world.platform().find(&look, &Owners(owned))).await
}

/// The answers that come late; there are some.
pub(super) async fn late(world: &dyn PlatformWorld) -> Vec<LateOutcome> {
    let platform = world.platform();
    let asked = async {
        loop {
            let late = platform.late();
            if !late.is_empty() {
                return late;
            }
            yield_now().await;
        }
    };
    within("an answer that comes late", asked).await
}
