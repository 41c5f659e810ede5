//! `Platform`: one call an attempt, none too late, and no word that is not so.
//!
//! An [`Attempt`](chimera_effect::Attempt) is made by the kernel alone: the cases act through one (`attempts.rs`). What is told is
//! compared with what is public in the harness's world.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use chimera_contracts::{Clock as _, PlatformName};
use chimera_effect::{
    AccountRef, CallKey, Effect, EffectKind, EffectV1, Finding, Media, Outcome, OwnedPost, Platform, Refusal,
    Trace, Upload, Uploaded,
};
use chimera_harness::within;
use futures_util::future::{join_all, select};

use super::attempts::{Acted, How, LONG, Staged, act, late, look, service, staged};
use super::case::harness_suite;
use super::stage::yield_now;
use crate::clock::TestClock;

/// What becomes of a call that acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is made, and answered.
    Made,
    /// It is refused: nothing is made, and what is answered proves it.
    Refused,
    /// It does not leave: what stands before the outside cannot be used.
    Unsent,
    /// It is made, and no answer comes until the outside is told to answer ([`PlatformWorld::let_go`]).
    MadeInSilence,
    /// Nothing is made, and no answer comes.
    Lost,
    /// It is made, and what is answered does not show that: an error, or both at once.
    MadeAndDenied,
}

/// Something public in the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// The platform's id.
    pub id: String,
    /// Its words.
    pub text: String,
}

/// How a case comes by the outside world that it acts in.
#[async_trait]
pub trait PlatformHarness: Debug + Send + Sync {
    /// Another world in which nothing happened yet.
    async fn world(&self) -> Arc<dyn PlatformWorld>;
}

/// An outside world, and the port to it.
#[async_trait]
pub trait PlatformWorld: Debug + Send + Sync + 'static {
    /// The port.
    fn platform(&self) -> Arc<dyn Platform>;

    /// The clock that the port goes by: one for which sleepers wait ([`TestClock::manual`]).
    fn clock(&self) -> Arc<TestClock>;

    /// A platform, and an account there in which can be published.
    fn account(&self) -> (PlatformName, String);

    /// A platform for which nothing is configured.
    fn elsewhere(&self) -> PlatformName;

    /// A medium, which the account's platform may take or not.
    fn medium(&self) -> Media;

    /// A secret that the host gave to what stands behind the port; a refusal repeats it.
    fn secret(&self) -> String;

    /// From now on this becomes of every call that acts.
    fn decide(&self, fate: Fate);

    /// Everything that is public in the account, in order.
    fn public(&self) -> Vec<Public>;

    /// How many calls left that act, whatever became of them.
    fn acted(&self) -> usize;

    /// How many calls left of any kind.
    fn reached(&self) -> usize;

    /// Somebody posts this by hand in the account, now; its id.
    fn post_by_hand(&self, text: &str) -> String;

    /// From now on what lists the account's posts shows a part of them, and says so or does not.
    fn cut_lists(&self);

    /// From now on nothing outside answers, no matter what it is asked; where that cannot be, nothing changes.
    fn fall_silent(&self);

    /// Has the outside answer every call whose answer it kept.
    async fn let_go(&self);
}

harness_suite! {
    PlatformHarness:
    what_is_served_is_constant_and_asks_nobody
    what_does_not_fit_is_constant_and_asks_nobody
    readiness_names_every_fault_and_makes_nothing_public
    an_upload_makes_nothing_public
    what_is_made_is_done_by_one_call
    attempts_at_one_time_are_each_one_call
    nothing_leaves_at_or_after_send_before
    a_refusal_is_not_done
    what_did_not_leave_is_not_done
    what_nobody_can_tell_is_unknown
    an_attempt_is_answered_within_its_timeout
    a_look_finds_what_was_made_and_makes_nothing
    a_look_takes_no_post_of_another_effect
    a_look_takes_nothing_by_likeness
    absence_is_not_said_over_a_part
    what_is_asked_ends_by_itself
    a_late_answer_is_given_out_once
    dropping_an_attempt_withdraws_nothing
    what_is_told_repeats_no_secret
}

/// The only thing that is public.
fn only_public(world: &dyn PlatformWorld) -> Public {
    match <[Public; 1]>::try_from(world.public()) {
        Ok([one]) => one,
        Err(others) => panic!("one thing is public, not {others:?}"),
    }
}

/// `service` is constant and touches nothing outside; where nothing is configured it is `None`.
pub async fn what_is_served_is_constant_and_asks_nobody(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    let before = service(world.as_ref());
    let (_, account) = world.account();
    let elsewhere = AccountRef::new(world.elsewhere(), &account);
    assert_eq!(world.platform().service(elsewhere, EffectKind::Publish), None);
    assert_eq!(world.reached(), 0, "nobody was asked");
    world.decide(Fate::Made);
    act(&world, "Hello", How::Awaited).await;
    assert_eq!(service(world.as_ref()), before, "also after an attempt");
}

/// `unfit` is constant and touches nothing outside; what can be published fits, and so does what nothing is configured for.
pub async fn what_does_not_fit_is_constant_and_asks_nobody(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    let content = staged(world.as_ref(), "Hello").effect.content().clone();
    let elsewhere = EffectV1 { platform: world.elsewhere(), ..content.clone() };
    for content in [content, elsewhere] {
        for _ in 0..2 {
            assert_eq!(world.platform().unfit(&content, &[]), []);
        }
    }
    assert_eq!(world.reached(), 0, "nobody was asked");
}

/// `ready` tells all faults at once, may be repeated, and makes nothing public.
pub async fn readiness_names_every_fault_and_makes_nothing_public(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    let ((platform, account), elsewhere) = (world.account(), world.elsewhere());
    let ours = AccountRef::new(platform, &account);
    let strangers = [AccountRef::new(elsewhere, "one"), AccountRef::new(elsewhere, "other")];
    let port = world.platform();
    for _ in 0..2 {
        let ready = within("an account to be ready", port.ready(&[ours], EffectKind::Publish)).await;
        assert_eq!(ready, []);
        let wanted = [strangers[0], ours, strangers[1]];
        let faults = within("what is not ready", port.ready(&wanted, EffectKind::Publish)).await;
        assert_eq!(faults.len(), 2, "one for each account that cannot be used: {faults:?}");
        assert!(faults.iter().all(|fault| fault.platform == elsewhere && !fault.message.is_empty()));
    }
    assert_eq!((world.acted(), world.public()), (0, vec![]));
}

/// `upload` makes nothing public, whatever comes of it, and may be repeated.
pub async fn an_upload_makes_nothing_public(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    let Staged { scene, effect } = staged(world.as_ref(), "Hello");
    let media = world.medium();
    let content = EffectV1 { media: vec![media.clone()], ..effect.content().clone() };
    let effect = Effect::new(content).expect("an effect has a canonical form");
    let trace = Trace { caller_key: scene.key.key.clone(), correlation: scene.correlation };
    let call_key = CallKey::of(&scene.key, &effect);
    for _ in 0..2 {
        let call_key = call_key.step("upload", 0);
        let upload = Upload { effect: &effect, media: &media, call_key, trace: &trace };
        let uploaded = within("an upload", world.platform().upload(upload)).await;
        assert!(
            uploaded.is_ok_and(|uploaded| !uploaded.media_id.is_empty()) || !service(world.as_ref()).uploads
        );
    }
    assert_eq!((world.acted(), world.public()), (0, vec![]));
}

/// `perform` writes at most once, and what it says is done is public, under that id and in these words.
pub async fn what_is_made_is_done_by_one_call(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::Made);
    let acted = act(&world, "Hello", How::Awaited).await;
    let public = only_public(world.as_ref());
    match acted.outcome {
        Some(Outcome::Done(evidence)) => assert_eq!(evidence.post.id, public.id),
        other => panic!("it is public, and told as {other:?}"),
    }
    assert_eq!((public.text.as_str(), world.acted()), ("Hello", 1));
    assert_eq!(world.platform().late(), [], "what came in time is not late");
}

/// Safe to call concurrently: each attempt is one call, and each answer is of its own.
pub async fn attempts_at_one_time_are_each_one_call(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::Made);
    let texts = ["Good morning", "A recipe for bread", "Rain tomorrow", "Nothing new"];
    let acted = join_all(texts.map(|text| act(&world, text, How::Awaited))).await;
    for (text, acted) in texts.into_iter().zip(acted) {
        let Some(Outcome::Done(evidence)) = acted.outcome else { panic!("{text}: {:?}", acted.outcome) };
        let expected = Public { id: evidence.post.id, text: text.to_owned() };
        assert!(world.public().contains(&expected), "{expected:?} in {:?}", world.public());
    }
    assert_eq!((world.public().len(), world.acted()), (4, 4));
}

/// `perform` never writes at or after `send_before`.
pub async fn nothing_leaves_at_or_after_send_before(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::Made);
    let acted = act(&world, "Hello", How::TooLate).await;
    assert!(matches!(acted.outcome, Some(Outcome::NotDone(_) | Outcome::Unknown(_))), "{:?}", acted.outcome);
    assert_eq!((world.acted(), world.public()), (0, vec![]));
}

/// What the platform refused in so many words is `NotDone`, and nothing is public.
pub async fn a_refusal_is_not_done(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::Refused);
    let acted = act(&world, "Hello", How::Awaited).await;
    assert!(matches!(acted.outcome, Some(Outcome::NotDone(_))), "{:?}", acted.outcome);
    assert_eq!((world.acted(), world.public()), (1, vec![]));
}

/// What never left is never told as done, and nothing is public.
pub async fn what_did_not_leave_is_not_done(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::Unsent);
    let acted = act(&world, "Hello", How::Awaited).await;
    assert!(matches!(acted.outcome, Some(Outcome::NotDone(_) | Outcome::Unknown(_))), "{:?}", acted.outcome);
    assert_eq!(world.public(), []);
}

/// `NotDone` is said only of what provably did not happen: what is lost, made or not, and what is made and denied, is `Unknown`.
pub async fn what_nobody_can_tell_is_unknown(harness: &dyn PlatformHarness) {
    for (fate, how, made) in [
        (Fate::Lost, How::Outwaited, 0),
        (Fate::MadeInSilence, How::Outwaited, 1),
        (Fate::MadeAndDenied, How::Awaited, 1),
    ] {
        let world = harness.world().await;
        world.decide(fate);
        let acted = act(&world, "Hello", how).await;
        assert!(matches!(acted.outcome, Some(Outcome::Unknown(_))), "{fate:?} is {:?}", acted.outcome);
        assert_eq!((world.acted(), world.public().len()), (1, made), "{fate:?}");
    }
}

/// `perform` answers within the timeout of its service, though nothing comes.
pub async fn an_attempt_is_answered_within_its_timeout(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::Lost);
    let begun = world.clock().now();
    let acted = act(&world, "Hello", How::Outwaited).await;
    assert!(acted.outcome.is_some());
    // The clock stands at the timeout, and nobody moved it on from there.
    assert!(world.clock().now() <= begun + service(world.as_ref()).timeout);
}

/// `find` makes nothing public and may be repeated; over a list that shows what was made it says `There`, under the id of just that.
pub async fn a_look_finds_what_was_made_and_makes_nothing(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::MadeInSilence);
    let acted = act(&world, "Hello", How::Outwaited).await;
    let public = only_public(world.as_ref());
    for _ in 0..2 {
        match look(&world, &acted, Vec::new()).await {
            Finding::There(evidence) => assert_eq!(evidence.post.id, public.id),
            other => panic!("it is there, and told as {other:?}"),
        }
    }
    assert_eq!((world.acted(), world.public()), (1, vec![public]));
}

/// `find` never takes an id of which `owners` says that another effect has it.
pub async fn a_look_takes_no_post_of_another_effect(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::Lost);
    let acted = act(&world, "Hello", How::Outwaited).await;
    let other = staged(world.as_ref(), "another effect");
    let theirs = OwnedPost {
        external_id: world.post_by_hand("Hello"),
        effect: other.scene.key.effect_id(&other.effect.digest()),
        kind: EffectKind::Publish,
        target: None,
        text: "Hello".to_owned(),
        known_at: world.clock().now(),
    };
    let found = look(&world, &acted, vec![theirs]).await;
    assert!(!matches!(found, Finding::There(_)), "{found:?}");
}

/// `find` says `There` never by likeness alone: a text that is longer, shorter or another is somebody else's.
pub async fn a_look_takes_nothing_by_likeness(harness: &dyn PlatformHarness) {
    for text in ["Hello to all of you who read this, and more", "Hello", "Something else entirely"] {
        let world = harness.world().await;
        world.decide(Fate::Lost);
        let acted = act(&world, "Hello to all of you who read this", How::Outwaited).await;
        world.post_by_hand(text);
        let found = look(&world, &acted, Vec::new()).await;
        assert!(!matches!(found, Finding::There(_)), "{text:?} is {found:?}");
    }
}

/// `find` says `Absent` only over a whole list.
pub async fn absence_is_not_said_over_a_part(harness: &dyn PlatformHarness) {
    for fate in [Fate::Lost, Fate::MadeInSilence] {
        let world = harness.world().await;
        world.decide(fate);
        let acted = act(&world, "Hello", How::Outwaited).await;
        world.cut_lists();
        let found = look(&world, &acted, Vec::new()).await;
        assert!(!matches!(found, Finding::Absent(_)), "{fate:?} is {found:?}");
        assert!(fate == Fate::MadeInSilence || !matches!(found, Finding::There(_)), "{fate:?} is {found:?}");
    }
}

/// `find`, `upload` and `ready` end within a limit of their own, though nothing outside answers.
pub async fn what_is_asked_ends_by_itself(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::MadeInSilence);
    let acted = act(&world, "Hello", How::Outwaited).await;
    world.fall_silent();
    let clock = world.clock();
    // Whoever waits registers a deadline; the clock is put there, deadline after deadline, and not beyond a day.
    let end = clock.now() + LONG;
    let time = async {
        loop {
            if let Some(next) = clock.next_deadline().filter(|next| *next <= end) {
                clock.set(next);
            }
            yield_now().await;
        }
    };
    let (platform, account) = world.account();
    let port = world.platform();
    let asked = async {
        port.ready(&[AccountRef::new(platform, &account)], EffectKind::Publish).await;
        let found = look(&world, &acted, Vec::new()).await;
        assert!(!matches!(found, Finding::Absent(_)), "it is there: {found:?}");
        let media = world.medium();
        let call_key = acted.record.call_key.step("upload", 0);
        let upload = Upload { effect: &acted.record.effect, media: &media, call_key, trace: &acted.trace };
        let _: Result<Uploaded, Refusal> = port.upload(upload).await;
    };
    let both = select(Box::pin(asked), Box::pin(time));
    within("the end of what nobody outside answers", both).await;
}

/// `late` gives each answer out once that came after its attempt had been told as `Unknown`.
pub async fn a_late_answer_is_given_out_once(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::MadeInSilence);
    let acted = act(&world, "Hello", How::Outwaited).await;
    assert_eq!(world.platform().late(), [], "nothing came yet");
    world.let_go().await;
    is_late(&world, &acted).await;
}

/// Dropping the future of `perform` withdraws nothing; its answer is given out by `late`.
pub async fn dropping_an_attempt_withdraws_nothing(harness: &dyn PlatformHarness) {
    let world = harness.world().await;
    world.decide(Fate::MadeInSilence);
    let acted = act(&world, "Hello", How::Dropped).await;
    assert!(matches!(acted.outcome, None | Some(Outcome::Unknown(_))), "{:?}", acted.outcome);
    world.let_go().await;
    is_late(&world, &acted).await;
}

/// One late answer tells that the attempt made what is public, and none after it.
async fn is_late(world: &Arc<dyn PlatformWorld>, acted: &Acted) {
    let public = only_public(world.as_ref());
    let told = late(world.as_ref()).await;
    let [late] = told.as_slice() else { panic!("one answer came: {told:?}") };
    assert_eq!((late.effect, late.attempt), (acted.record.id, 1));
    assert_eq!(late.namespace, acted.record.effect.content().namespace);
    match &late.outcome {
        Outcome::Done(evidence) => assert_eq!(evidence.post.id, public.id),
        other => panic!("it is public, and told as {other:?}"),
    }
    assert_eq!(world.platform().late(), [], "it was given out");
    assert_eq!(world.acted(), 1);
}

/// What comes back is redacted before it is told.
pub async fn what_is_told_repeats_no_secret(harness: &dyn PlatformHarness) {
    for fate in [Fate::Refused, Fate::MadeAndDenied, Fate::Unsent] {
        let world = harness.world().await;
        world.decide(fate);
        let acted = act(&world, "Hello", How::Awaited).await;
        let told = format!("{:?}", acted.outcome);
        assert!(!told.contains(&world.secret()), "{fate:?}: {told}");
    }
}
