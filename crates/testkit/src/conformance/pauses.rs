//! `Pauses`: switches that keep attempts from beginning.
//!
//! The suite of the port asks a switch for its answers. That it stops attempts is a promise of the journal's steps, and that its
//! changes are told one of the ledger beside it: a store is asked for both, a port that stands alone for neither.

use chimera_contracts::{Clock as _, ErrorCode, Namespace, PlatformName};
use chimera_effect::{
    AccountKey, EffectRecord, EffectState, LeaseScope, Outcome, Pause, PauseCause, PauseKey, PauseOrder,
    PauseScope, Paused, Step, UnknownOutcome,
};
use chimera_governance::{Approver, ApproverRole};
use chrono::TimeDelta;

use super::StoreFactory;
use super::case::port_suite;
use super::ports::GivesPauses;
use super::stage::{Stage, advance, applied, begin, last, lost, not_done};
use crate::scene::published;

port_suite! {
    GivesPauses:
    a_switch_is_thrown_and_ended_once
    switches_survive_a_crash
    each_switch_is_one_of_its_own
    switches_are_listed_as_they_were_changed
    nobody_throws_no_switch
}

fn order(scope: PauseScope, cause: PauseCause) -> PauseOrder {
    let by = Approver { id: "ann@example.com".to_owned(), role: ApproverRole::HitlReviewer };
    PauseOrder { key: PauseKey { scope, cause }, by, note: "a crisis".to_owned() }
}

fn tenant(name: &str) -> Namespace {
    name.parse().expect("it is a namespace")
}

fn changed(paused: Paused) -> Pause {
    match paused {
        Paused::Changed(pause) => pause,
        other => panic!("expected a change, not {other:?}"),
    }
}

impl<P: GivesPauses> Stage<'_, P> {
    async fn pause(&self, order: &PauseOrder) -> Paused {
        self.stores.pauses().pause(order.clone()).await.expect("the store pauses")
    }

    async fn resume(&self, order: &PauseOrder) -> Paused {
        self.stores.pauses().resume(order.clone()).await.expect("the store resumes")
    }

    /// Whether a switch stops something now.
    async fn is_active(&self, key: &PauseKey) -> bool {
        self.active(10_000).await.iter().any(|pause| pause.key == *key)
    }

    /// The switches that stop something now.
    async fn active(&self, limit: usize) -> Vec<Pause> {
        self.stores.pauses().pauses(limit).await.expect("switches are listed")
    }
}

/// The account of the scene's effect on its first platform, which no other scene has.
fn account(record: &EffectRecord) -> AccountKey {
    AccountKey::of(record.effect.content())
}

/// *At once*, *Paused*: under each scope an effect is admitted and does not begin, and neither does one that was admitted before;
/// both go on under the same key once it is resumed, by themselves and when asked. What had begun goes on to its end.
pub async fn a_switch_stops_what_has_not_begun(factory: &dyn StoreFactory) {
    for which in ["all", "namespace", "account"] {
        let stage = Stage::open(factory, &format!("a switch stops what has not begun: {which}")).await;
        let view = stage.admitted(3, false).await;
        let [begun, waiting, unknown] = view.effects.as_slice() else { panic!("three effects") };
        let begun = stage.apply(begun, begin()).await;
        let unknown = stage.apply(unknown, begin()).await;
        let unknown = stage.apply(&unknown, lost()).await;
        let scopes = match which {
            "all" => vec![PauseScope::All],
            "namespace" => vec![PauseScope::Namespace(stage.scene.namespace.clone())],
            _ => view.effects.iter().map(|record| PauseScope::Account(account(record))).collect(),
        };
        let orders: Vec<_> = scopes.into_iter().map(|scope| order(scope, PauseCause::Ordered)).collect();
        for order in &orders {
            let pause = changed(stage.pause(order).await);
            assert!(pause.active && pause.changed_by.as_ref() == Some(&order.by), "{pause:?}");
        }
        let stage = stage.crashed().await;
        let held = stage.lease_one(waiting).await.expect("its holder is dead");
        let held = applied(stage.advance(advance(&held, begin())).await);
        assert_eq!((held.progress.state, held.progress.attempts), (EffectState::Admitted, 0), "{which}");
        assert_eq!(held.progress.paused_by.as_ref(), Some(&orders[orders.len().min(2) - 1].key));
        assert!(held.progress.lease.is_none() && held.progress.held && held.open_words().is_some());
        let again = stage.lease_one(&unknown).await.expect("its holder is dead");
        let again = applied(stage.advance(advance(&again, begin())).await);
        assert_eq!(
            (again.progress.state, again.progress.attempts),
            (EffectState::Unknown, 1),
            "not sent again"
        );
        let begun = stage.lease_one(&begun).await.expect("its holder is dead");
        applied(stage.advance(last(&begun, published(which))).await);

        for order in &orders {
            assert!(!changed(stage.resume(order).await).active);
        }
        stage.clock.set(held.progress.due_at.expect("it asks again by itself"));
        let due = stage.lease_due().await;
        let held = due.iter().find(|record| record.id == held.id).expect("it goes on by itself");
        let begun = stage.apply(held, begin()).await;
        assert_eq!((begun.progress.state, begun.progress.paused_by), (EffectState::Attempting, None));
    }
}

/// *Paused*: what is asked for while it is stopped is admitted with its approval and its hold, and begins nothing.
pub async fn what_is_asked_for_meanwhile_waits(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "what is asked for meanwhile waits").await;
    let scope = PauseScope::Namespace(stage.scene.namespace.clone());
    let order = order(scope, PauseCause::Ordered);
    changed(stage.pause(&order).await);
    let view = stage.admitted(2, true).await;
    for record in &view.effects {
        assert_eq!(record.progress.state, EffectState::Admitted);
        assert_eq!(record.progress.paused_by, Some(order.key.clone()));
        assert!(record.progress.held);
    }
    assert_eq!(stage.standing(&view.effects[0].effect).await.unwrap().used_by, Some(view.effects[0].id));
    changed(stage.resume(&order).await);
    let begun = stage.apply(&view.effects[0], begin()).await;
    assert_eq!(begun.progress.state, EffectState::Attempting);
}

/// A switch stops what it names and nothing else: not another tenant's effects, not another account's.
pub async fn a_switch_stops_what_it_names_alone(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a switch stops what it names alone").await;
    let view = stage.admitted(2, false).await;
    let [first, second] = view.effects.as_slice() else { panic!("two effects") };
    changed(stage.pause(&order(PauseScope::Account(account(first)), PauseCause::Ordered)).await);
    let nobodys = tenant("a-switch-of-another-tenant");
    changed(stage.pause(&order(PauseScope::Namespace(nobodys), PauseCause::Ordered)).await);
    let elsewhere = AccountKey { platform: PlatformName::Twitter, account: "another switch".to_owned() };
    changed(stage.pause(&order(PauseScope::Account(elsewhere), PauseCause::Ordered)).await);
    assert_eq!(stage.apply(first, begin()).await.progress.state, EffectState::Admitted);
    assert_eq!(stage.apply(second, begin()).await.progress.state, EffectState::Attempting);
}

/// *Told*: each change has one event, also after a crash, and a repetition has none.
pub async fn switches_are_told_once_and_survive_a_crash(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "switches are told once and survive a crash").await;
    let namespace = tenant("switches-that-are-told-once");
    let order = order(PauseScope::Namespace(namespace.clone()), PauseCause::Ordered);
    changed(stage.pause(&order).await);
    stage.pause(&order).await;
    let stage = stage.crashed().await;
    stage.pause(&order).await;
    changed(stage.resume(&order).await);
    stage.resume(&order).await;
    let query =
        chimera_audit::LedgerQuery { namespace: Some(namespace), ..chimera_audit::LedgerQuery::default() };
    let told: Vec<String> = stage.find(&query).await.iter().map(super::stage::kind_of).collect();
    assert_eq!(told.iter().filter(|kind| *kind == "control.paused").count(), 1);
    assert_eq!(told.iter().filter(|kind| *kind == "control.resumed").count(), 1);
}

/// *Told*: an order says what was changed, by whom, when and why; a repetition changes nothing and gives the same switch back, and
/// one that was never thrown is not there to be ended.
pub async fn a_switch_is_thrown_and_ended_once<P: GivesPauses>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a switch is thrown and ended once").await;
    let order = order(PauseScope::Namespace(tenant("thrown-and-ended-once")), PauseCause::Ordered);
    assert_eq!(stage.resume(&order).await, Paused::Already(None), "it was never thrown");
    assert!(!stage.is_active(&order.key).await);
    let thrown = changed(stage.pause(&order).await);
    assert_eq!((&thrown.key, thrown.active, thrown.changed_at), (&order.key, true, stage.clock.now()));
    assert_eq!((thrown.changed_by.as_ref(), thrown.note.as_str()), (Some(&order.by), "a crisis"));
    stage.clock.advance(TimeDelta::seconds(1));
    let again = PauseOrder { note: "another reason".to_owned(), ..order.clone() };
    assert_eq!(stage.pause(&again).await, Paused::Already(Some(thrown.clone())));
    assert!(stage.active(10_000).await.contains(&thrown));

    let other = Stage::open(factory, &stage.scene.name).await;
    let ended = changed(other.resume(&order).await);
    assert!(!ended.active && ended.revision > thrown.revision, "{ended:?} after {thrown:?}");
    assert_eq!(ended.changed_at, stage.clock.now());
    assert_eq!(stage.resume(&order).await, Paused::Already(Some(ended.clone())));
    assert!(!stage.is_active(&order.key).await);
    let anew = changed(stage.pause(&again).await);
    assert!(anew.revision > ended.revision, "{anew:?} after {ended:?}");
    assert_eq!(anew.note, "another reason");
}

/// *Durable*: what was ordered survives a crash, thrown and ended.
pub async fn switches_survive_a_crash<P: GivesPauses>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "switches survive a crash").await;
    let order = order(PauseScope::Namespace(tenant("switches-that-survive")), PauseCause::Ordered);
    let thrown = changed(stage.pause(&order).await);
    let stage = stage.crashed().await;
    assert!(stage.active(10_000).await.contains(&thrown));
    assert_eq!(stage.pause(&order).await, Paused::Already(Some(thrown)));
    let ended = changed(stage.resume(&order).await);
    let stage = stage.crashed().await;
    assert!(!stage.is_active(&order.key).await);
    assert_eq!(stage.resume(&order).await, Paused::Already(Some(ended)));
}

/// Each scope and each cause is a switch of its own: ending one leaves the others.
pub async fn each_switch_is_one_of_its_own<P: GivesPauses>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "each switch is one of its own").await;
    let on = |platform| {
        let account = AccountKey { platform, account: "a switch of its own".to_owned() };
        PauseScope::Account(account)
    };
    let (twitter, threads) = (PlatformName::Twitter, PlatformName::Threads);
    let another = AccountKey { platform: twitter, account: "another of its own".to_owned() };
    let orders = [
        order(PauseScope::All, PauseCause::Ordered),
        order(PauseScope::Namespace(tenant("a-switch-of-its-own")), PauseCause::Ordered),
        order(PauseScope::Namespace(tenant("another-of-its-own")), PauseCause::Ordered),
        order(on(twitter), PauseCause::Ordered),
        order(on(twitter), PauseCause::Credentials),
        order(on(threads), PauseCause::Ordered),
        order(PauseScope::Account(another), PauseCause::Ordered),
    ];
    for order in &orders {
        changed(stage.pause(order).await);
    }
    for (place, ended) in orders.iter().enumerate() {
        changed(stage.resume(ended).await);
        for (other, order) in orders.iter().enumerate() {
            assert_eq!(stage.is_active(&order.key).await, other > place, "{:?} after {place}", order.key);
        }
    }
}

/// The switches that stop something are listed in the order of their last change, at most so many.
pub async fn switches_are_listed_as_they_were_changed<P: GivesPauses>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "switches are listed as they were changed").await;
    let orders = ["listed-c", "listed-a", "listed-d", "listed-b"]
        .map(|name| order(PauseScope::Namespace(tenant(name)), PauseCause::Ordered));
    for order in &orders {
        stage.clock.advance(TimeDelta::seconds(1));
        changed(stage.pause(order).await);
    }
    // The first one is thrown anew, the third one is ended.
    stage.clock.advance(TimeDelta::seconds(1));
    changed(stage.resume(&orders[0]).await);
    stage.clock.advance(TimeDelta::seconds(1));
    changed(stage.pause(&orders[0]).await);
    changed(stage.resume(&orders[2]).await);
    let listed: Vec<PauseKey> = stage.active(10_000).await.into_iter().map(|pause| pause.key).collect();
    let ours: Vec<_> = listed.iter().filter(|key| orders.iter().any(|order| order.key == **key)).collect();
    assert_eq!(ours, [&orders[1].key, &orders[3].key, &orders[0].key]);
    for limit in [0, 1, 2, listed.len()] {
        let first: Vec<_> = stage.active(limit).await.into_iter().map(|pause| pause.key).collect();
        assert_eq!(first, listed[..limit], "{limit} were asked for");
    }
}

/// *Named*: who throws or ends a switch has a name.
pub async fn nobody_throws_no_switch<P: GivesPauses>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "nobody throws no switch").await;
    let mut order = order(PauseScope::Namespace(stage.scene.namespace.clone()), PauseCause::Ordered);
    order.by.id = " \u{200b}".to_owned();
    for answer in [stage.pause(&order).await, stage.resume(&order).await] {
        let Paused::Refused(refused) = answer else { panic!("{answer:?}") };
        assert_eq!(refused.code, ErrorCode::AuthzFailure);
    }
    assert!(!stage.is_active(&order.key).await);
}

/// *By itself*: a refusal of the account's credentials stops the account in the same step, whoever asks for what; once a
/// principal cleared it the very effect goes on under its key, approval and hold. An order of a principal is another switch.
pub async fn rejected_credentials_stop_their_account(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "rejected credentials stop their account").await;
    let view = stage.admitted(2, false).await;
    let [first, second] = view.effects.as_slice() else { panic!("two effects") };
    let begun = stage.apply(first, begin()).await;
    let refused = applied(stage.advance(last(&begun, not_done(ErrorCode::PlatformAuthInvalid))).await);
    assert_eq!((refused.progress.state, refused.progress.held), (EffectState::NotDone, true));
    let switch = order(PauseScope::Account(account(first)), PauseCause::Credentials);
    let stage = stage.crashed().await;
    assert!(stage.is_active(&switch.key).await);
    let due = stage.lease_due().await;
    assert!(due.iter().all(|record| record.id != first.id), "it waits for its caller");
    let asked = stage.lease_one(&refused).await.expect("its caller asks");
    let held = applied(stage.advance(advance(&asked, begin())).await);
    assert_eq!((held.progress.state, held.progress.attempts), (EffectState::NotDone, 1), "nothing is sent");
    assert_eq!(held.progress.paused_by, Some(switch.key.clone()));
    let other = due.iter().find(|record| record.id == second.id).expect("its holder is dead");
    assert_eq!(stage.apply(other, begin()).await.progress.state, EffectState::Attempting, "another account");

    let ordered = order(switch.key.scope.clone(), PauseCause::Ordered);
    changed(stage.pause(&ordered).await);
    changed(stage.resume(&switch).await);
    stage.clock.advance(TimeDelta::minutes(1));
    let asked = stage.lease(LeaseScope::Of(vec![first.id]), 1).await.remove(0).record;
    let held = applied(stage.advance(advance(&asked, begin())).await);
    assert_eq!(held.progress.paused_by, Some(ordered.key.clone()), "the order is another switch");
    changed(stage.resume(&ordered).await);
    let asked = stage.lease(LeaseScope::Of(vec![first.id]), 1).await.remove(0).record;
    let begun = stage.apply(&asked, begin()).await;
    assert_eq!((begun.progress.state, begun.progress.attempts), (EffectState::Attempting, 2));
    let done = applied(stage.advance(last(&begun, published("cleared"))).await);
    assert_eq!(done.progress.spent, Some(done.price));
}

/// *By itself*: also where the refusal comes late, and where looks settle what it left in doubt.
pub async fn rejected_credentials_stop_their_account_however_told(factory: &dyn StoreFactory) {
    for late in [true, false] {
        let stage = Stage::open(factory, &format!("rejected credentials are told late: {late}")).await;
        let begun = stage.begun().await;
        let refusal = crate::scene::refused(ErrorCode::PlatformAuthInvalid);
        if late {
            let open = stage.apply(&begun, lost()).await;
            let step = Step::Observed { attempt: 1, outcome: Outcome::NotDone(refusal) };
            applied(stage.advance(last(&open, step)).await);
        } else {
            let doubt =
                UnknownOutcome { refusal: Some(refusal), ..UnknownOutcome::because("it may read back") };
            let open = stage.apply(&begun, Step::Unknown(doubt)).await;
            stage.clock.set(open.progress.settled_from.expect("an attempt began"));
            let seen = stage.apply(&open, crate::scene::looked(true, stage.clock.now())).await;
            applied(stage.advance(last(&seen, Step::AbsentForGood)).await);
        }
        let key = PauseKey::credentials(account(&begun));
        assert!(stage.is_active(&key).await, "late: {late}");
    }
}
