//! Engagements that a server has and the contract of engage has no platform for: the same kernel and the same tools, without
//! the skill.

use std::sync::Arc;

use chimera::contracts::Clock;
use chimera::effect::{
    AccountRef, Effect, EffectJournal, EffectKind, EffectRecord, EffectState, EffectV1, Kernel, LeaseScope,
    Purpose,
};
use chimera::governance::{ApprovalStore, Gate};
use chimera::mcp::TokioClock;
use chimera_testkit::{PRICE, Scene, admit_request, sample_effect, set_up, tries};
use chrono::TimeDelta;
use tokio::time::{Duration, sleep};

use crate::lane::{ACCOUNT, LOOKS, Lane, kernel_options};
use crate::told::Told;

/// An engagement that was admitted, and how it goes on.
pub(crate) struct Engagement {
    kernel: Kernel,
    record: EffectRecord,
    scene: Scene,
}

impl Engagement {
    /// Has it approved, admits it and attempts it.
    pub(crate) async fn begin(lane: &Lane, kind: EffectKind, target: &str, text: &str) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TokioClock);
        let approvals: Arc<dyn ApprovalStore> = Arc::clone(&lane.store) as _;
        let journal: Arc<dyn EffectJournal> = Arc::clone(&lane.store) as _;
        let gate = Gate::new(Arc::clone(&approvals), Arc::clone(&clock));
        let tools = Arc::clone(&lane.tools);
        let kernel = Kernel::new(journal, tools, gate, Arc::clone(&clock), kernel_options());
        let scene = Scene::named(&format!("{} {target} {text}", lane.name));
        let sample = sample_effect(&scene, lane.platform, text).content().clone();
        let target = Some(target.to_owned());
        let content = EffectV1 { kind, account: ACCOUNT.to_owned(), target, ..sample };
        let effect = Effect::new(content).expect("it has a canonical form");
        let approved =
            set_up(&approvals, lane.store.as_ref(), &clock, &scene, PRICE, &[effect]).await.remove(0);
        let account = AccountRef::new(lane.platform, ACCOUNT);
        let service = kernel.service(account, kind).expect("it is served");
        let new = kernel.new_effect(approved.clone(), &service, false);
        let admitted = kernel.admit(admit_request(&scene, vec![new])).await.expect("the store works");
        let (admission, mut leased) = admitted.into_parts();
        let leased = leased.pop().unwrap_or_else(|| panic!("it is fresh, with one effect: {admission:?}"));
        let record = kernel.drive_fresh(leased, approved, until(&clock)).await.expect("the store works");
        Self { kernel, record, scene }
    }

    /// What is told in the end; a refusal that may be asked again is asked again.
    pub(crate) async fn settled(mut self) -> Told {
        let clock: Arc<dyn Clock> = Arc::new(TokioClock);
        for tries in tries(700, "a case ends") {
            let progress = &self.record.progress;
            let refused = progress
                .refusal
                .as_ref()
                .map(|refusal| format!("{} {}", refusal.code.as_str(), refusal.message));
            match progress.state {
                EffectState::Published => {
                    return Told::Done(
                        progress.post.as_ref().map(|post| post.id.clone()).unwrap_or_default(),
                    );
                }
                EffectState::Failed => return Told::NotDone(refused.unwrap_or_default()),
                EffectState::NotDone if tries >= 3 => return Told::NotDone(refused.unwrap_or_default()),
                EffectState::Unknown if progress.looks >= LOOKS || progress.due_at.is_none() => {
                    return Told::Person(self.record.open_words().unwrap_or_default());
                }
                _ => {}
            }
            sleep(Duration::from_millis(300)).await;
            let scope = LeaseScope::Of(vec![self.record.id]);
            let leased = self.kernel.lease(scope, 1).await.expect("the store works");
            self.record = match leased.into_iter().next() {
                Some(leased) => {
                    let driven = self.kernel.drive(leased, Purpose::Asked, until(&clock)).await;
                    driven.expect("the store works")
                }
                // The background worker has it.
                None => {
                    let view = self.kernel.request(&self.scene.key).await.expect("the store works");
                    view.and_then(|view| view.effects.into_iter().next()).expect("it is known")
                }
            };
        }
        unreachable!("a case ends")
    }
}

fn until(clock: &Arc<dyn Clock>) -> chrono::DateTime<chrono::Utc> {
    clock.now() + TimeDelta::seconds(10)
}
