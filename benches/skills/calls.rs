//! What is called: a publish, a like, a like under a limit, a proposal, and the same proposal again; and the floors of
//! publish.

use std::path::Path;
use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::engage::{EngageInput, EngageStatus};
use chimera::contracts::propose::ProposeInput;
use chimera::contracts::{Skill as _, SkillOutput as _};
use chimera_benches::campaigns::Campaign;
use chimera_benches::disk::CHECKPOINT;
use chimera_benches::floor::{Floor, Keys};
use chimera_benches::judges::{ROOMY, engage_context, like};
use chimera_benches::launch::launch;
use chimera_benches::load::{Cost, Load};
use chimera_benches::place::Place;
use chimera_benches::stage::{approved_requests, context};
use tokio::runtime::Runtime;

/// Publishes texts that were approved beforehand.
pub(crate) fn publish(runtime: &Runtime, folder: &Path, load: Load) -> Vec<Cost> {
    let place = Place::new(runtime, folder, None);
    let (store, clock) = (place.store.as_ref(), place.clock.as_ref());
    let requests = place.prepare(approved_requests(store, &place.host, clock, 0..load.calls));
    vec![place.publish(load.callers, requests)]
}

/// Writes the rows of as many posts by hand.
pub(crate) fn lean(runtime: &Runtime, folder: &Path, load: Load) -> Vec<Cost> {
    vec![floor("floor, lean", runtime, folder, Keys::One, load)]
}

/// The same with a second random index.
pub(crate) fn keyed(runtime: &Runtime, folder: &Path, load: Load) -> Vec<Cost> {
    vec![floor("floor, keyed", runtime, folder, Keys::Two, load)]
}

fn floor(name: &'static str, runtime: &Runtime, folder: &Path, keys: Keys, load: Load) -> Cost {
    Floor::new(name, folder, keys, CHECKPOINT).measure(runtime, load.callers, load.calls as u64)
}

/// Likes posts, each of which the policy allows by itself.
pub(crate) fn engage(runtime: &Runtime, folder: &Path, load: Load) -> Vec<Cost> {
    vec![like_all("engage", &Place::new(runtime, folder, None), load)]
}

/// The same, with a permit for each.
pub(crate) fn engage_limited(runtime: &Runtime, folder: &Path, load: Load) -> Vec<Cost> {
    vec![like_all("engage, limited", &Place::new(runtime, folder, Some(ROOMY)), load)]
}

fn like_all(name: &'static str, place: &Place<'_>, load: Load) -> Cost {
    async fn call(host: Arc<Chimera>, (campaign, request): (Campaign, EngageInput)) {
        let skill = host.engage().expect("the host may engage");
        let answer = skill.call(&engage_context(campaign), request).await.expect("the context is complete");
        assert_eq!(answer.status, EngageStatus::Success, "{answer:?}");
    }
    let likes = (0..load.calls).map(|number| (Campaign::of(number), like(number))).collect();
    let cost = place.measure(name, load.callers, likes, call);
    assert_eq!(place.platform.posts(), load.calls as u64, "every like was made once");
    cost
}

/// Proposes launches, and then asks for each of them again.
pub(crate) fn propose(runtime: &Runtime, folder: &Path, load: Load) -> Vec<Cost> {
    async fn call(host: Arc<Chimera>, request: ProposeInput) {
        let answer = host.propose().call(&context(), request).await.expect("the context is complete");
        assert!(!answer.is_error(), "{answer:?}");
    }
    let place = Place::new(runtime, folder, None);
    let requests: Vec<_> = (0..load.calls).map(|number| launch(&format!("launch-{number}"))).collect();
    let fresh = place.measure("propose", load.callers, requests.clone(), call);
    let again = place.measure("propose again", load.callers, requests, call);
    assert_eq!(place.platform.posts(), 0, "a proposal does nothing");
    vec![fresh, again]
}
