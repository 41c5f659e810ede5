//! What is called: a publish, a like, a like under a limit, a proposal, and the same proposal again.

use std::path::PathBuf;
use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::engage::{EngageInput, EngageStatus};
use chimera::contracts::propose::ProposeInput;
use chimera::contracts::publish::{PublishInput, PublishStatus};
use chimera::contracts::{Money, Skill as _, SkillOutput as _};
use chimera::governance::Budget as _;
use chimera_benches::judges::{ROOMY, engage_context, engage_scope, like};
use chimera_benches::launch::launch;
use chimera_benches::stage::{approved_requests, context};
use tokio::runtime::Runtime;

use crate::load::{Cost, Load, Place};

/// Publishes texts that were approved beforehand.
pub(crate) fn publish(runtime: &Runtime, folder: PathBuf, load: Load) -> Vec<Cost> {
    async fn call(host: Arc<Chimera>, request: PublishInput) {
        let answer = host.publish().call(&context(), request).await.expect("the context is complete");
        assert_eq!(answer.status, PublishStatus::Success, "{answer:?}");
    }
    let place = Place::new(runtime, folder, None);
    let (store, clock) = (place.store.as_ref(), place.clock.as_ref());
    let requests = place.prepare(approved_requests(store, &place.host, clock, load.calls));
    let cost = place.measure("publish", load, requests, call);
    assert_eq!(place.platform.posts(), load.calls as u64, "every request was posted once");
    vec![cost]
}

/// Likes posts, each of which the policy allows by itself.
pub(crate) fn engage(runtime: &Runtime, folder: PathBuf, load: Load) -> Vec<Cost> {
    vec![like_all("engage", &Place::new(runtime, folder, None), load)]
}

/// The same, with a permit for each.
pub(crate) fn engage_limited(runtime: &Runtime, folder: PathBuf, load: Load) -> Vec<Cost> {
    vec![like_all("engage, limited", &Place::new(runtime, folder, Some(ROOMY)), load)]
}

fn like_all(skill: &'static str, place: &Place<'_>, load: Load) -> Cost {
    async fn call(host: Arc<Chimera>, request: EngageInput) {
        let skill = host.engage().expect("the host may engage");
        let answer = skill.call(&engage_context(), request).await.expect("the context is complete");
        assert_eq!(answer.status, EngageStatus::Success, "{answer:?}");
    }
    let funds = Money::usd_micros(1_000_000_000);
    place.prepare(place.store.set_limit(&engage_scope(), funds)).expect("a limit can be set");
    let cost = place.measure(skill, load, (0..load.calls).map(like).collect(), call);
    assert_eq!(place.platform.posts(), load.calls as u64, "every like was made once");
    cost
}

/// Proposes launches, and then asks for each of them again.
pub(crate) fn propose(runtime: &Runtime, folder: PathBuf, load: Load) -> Vec<Cost> {
    async fn call(host: Arc<Chimera>, request: ProposeInput) {
        let answer = host.propose().call(&context(), request).await.expect("the context is complete");
        assert!(!answer.is_error(), "{answer:?}");
    }
    let place = Place::new(runtime, folder, None);
    let requests: Vec<_> = (0..load.calls).map(|number| launch(&format!("launch-{number}"))).collect();
    let fresh = place.measure("propose", load, requests.clone(), call);
    let again = place.measure("propose again", load, requests, call);
    assert_eq!(place.platform.posts(), 0, "a proposal does nothing");
    vec![fresh, again]
}
