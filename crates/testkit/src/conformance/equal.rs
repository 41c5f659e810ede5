//! *Equal*: of two effects that would show the same one waits while the other is unknown.

use chimera_contracts::PlatformName;
use chimera_effect::{Effect, EffectKind, EffectRecord, EffectState, EffectV1};
use chrono::TimeDelta;

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{Stage, begin, fresh, last, lost, not_done};
use crate::scene::{Scene, cannot_tell, published, sample_effect};

/// An effect of another request in the account of `stage`'s scene, admitted under a decision of its own.
async fn another<P: GivesJournal>(stage: &Stage<'_, P>, what: &str, text: &str, begin: bool) -> EffectRecord {
    let sample = sample_effect(&stage.scene, PlatformName::Twitter, text).content().clone();
    // The digest is another one by what is not shown.
    let not_after = Some(chimera_contracts::Clock::now(stage.clock.as_ref()) + TimeDelta::days(900));
    let effect = stage.as_act(EffectV1 { not_after, ..sample });
    of_another(stage, what, effect, begin).await
}

/// This effect, admitted as that of another request under a decision of its own.
async fn of_another<P: GivesJournal>(
    stage: &Stage<'_, P>,
    what: &str,
    effect: Effect,
    begin: bool,
) -> EffectRecord {
    let scene = stage.scene.under_key(what);
    let scene = Scene { decision: Scene::named(&format!("{}, {what}", stage.scene.name)).decision, ..scene };
    fresh(stage.admit(stage.asking(&scene, &[effect], begin).await).await).effects.remove(0)
}

/// *Equal*: an admission records an effect and begins no attempt of it while one with an equal text is unknown, in whatever
/// form; it names that one, is due by itself, and begins once that one is settled.
pub async fn an_admission_waits_while_an_equal_effect_is_unknown<P: GivesJournal>(
    factory: &dyn StoreFactory<P>,
) {
    let stage = Stage::open(factory, "an admission waits while an equal effect is unknown").await;
    let first = stage.begun().await;
    let alone = another(&stage, "while it is attempted", "A  text", true).await;
    assert_eq!(alone.progress.state, EffectState::Attempting, "an attempt that is under way keeps nobody");
    stage.apply(&alone, published("alone")).await;
    let first = stage.apply(&first, lost()).await;

    let waiting = another(&stage, "while it is unknown", "a\u{a0}text", true).await;
    let progress = &waiting.progress;
    assert_eq!((progress.state, progress.attempts), (EffectState::Admitted, 0));
    assert_eq!(progress.waits_for, Some(first.id));
    assert!(progress.due_at.is_some(), "it asks again by itself");
    assert!(!progress.needs_human);
    let other = another(&stage, "with another text", "something else entirely", true).await;
    assert_eq!(other.progress.state, EffectState::Attempting, "another text waits for nothing");

    stage.apply(&first, published("settled")).await;
    let begun = stage.apply(&waiting, begin()).await;
    assert_eq!((begun.progress.state, begun.progress.attempts), (EffectState::Attempting, 1));
    assert_eq!(begun.progress.waits_for, None);
}

/// *Equal*: a `Begin` that waits is applied, and records what it waits for and when it asks again; no attempt begins and no
/// lease is kept. Once the other waits for a person, so does this one.
pub async fn a_begin_waits_while_an_equal_effect_is_unknown<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a begin waits while an equal effect is unknown").await;
    let first = stage.begun().await;
    let second = another(&stage, "second", "a text", false).await;
    let refused = another(&stage, "refused before", "A  text", true).await;
    let refused = stage.apply(&refused, not_done(chimera_contracts::ErrorCode::PlatformRateLimit)).await;
    let first = stage.apply(&first, lost()).await;

    let before = stage.trace_if_whole().await;
    let waiting = stage.apply(&second, begin()).await;
    assert_eq!((waiting.progress.state, waiting.progress.attempts), (EffectState::Admitted, 0));
    assert_eq!(waiting.progress.waits_for, Some(first.id));
    assert_eq!(waiting.progress.lease, None);
    let now = chimera_contracts::Clock::now(stage.clock.as_ref());
    assert!(waiting.progress.due_at.is_some_and(|due| due > now), "later, not at once");
    let again = stage.apply(&refused, begin()).await;
    assert_eq!((again.progress.state, again.progress.attempts), (EffectState::NotDone, 1));
    assert_eq!(again.progress.waits_for, Some(first.id));
    assert_eq!(again.progress.due_at, None, "what was refused waits for its caller");
    assert_eq!(stage.trace_if_whole().await, before, "no attempt is in the ledger");

    let first = stage.apply(&first, cannot_tell("nothing to look with")).await;
    let waiting = stage.apply(&waiting, begin()).await;
    assert!(waiting.progress.needs_human, "a person has to settle the other one first");
    stage.apply(&first, published("settled")).await;
    let begun = stage.apply(&waiting, begin()).await;
    assert_eq!(begun.progress.state, EffectState::Attempting);
    assert_eq!((begun.progress.waits_for, begun.progress.needs_human), (None, false));
}

/// *Equal*: of two effects that set the same state one waits while the other is being attempted: a tool that toggles would take
/// back what the other call sets.
pub async fn a_state_waits_while_it_is_being_set<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a state waits while it is being set").await;
    let like = |days: i64| {
        let sample = sample_effect(&stage.scene, PlatformName::Twitter, "").content().clone();
        let not_after = Some(chimera_contracts::Clock::now(stage.clock.as_ref()) + TimeDelta::days(days));
        let target = Some("post-1".to_owned());
        let kind = EffectKind::Like;
        Effect::new(EffectV1 { kind, target, not_after, ..sample }).expect("it has a canonical form")
    };
    let first = of_another(&stage, "first", like(900), true).await;
    assert_eq!(first.progress.state, EffectState::Attempting);
    let second = of_another(&stage, "second", like(901), true).await;
    assert_eq!((second.progress.state, second.progress.waits_for), (EffectState::Admitted, Some(first.id)));
    stage.apply(&first, published("set")).await;
    let second = stage.apply(&second, begin()).await;
    assert_eq!((second.progress.state, second.progress.waits_for), (EffectState::Attempting, None));
}

/// *Equal*: what is unknown itself waits for no other: with an enforced key it is sent again.
pub async fn an_unknown_effect_begins_again_beside_an_equal_one<P: GivesJournal>(
    factory: &dyn StoreFactory<P>,
) {
    let stage = Stage::open(factory, "an unknown effect begins again beside an equal one").await;
    let first = stage.begun().await;
    let second = another(&stage, "second", "a text", true).await;
    stage.advance(last(&first, lost())).await;
    let second = stage.apply(&second, lost()).await;
    let again = stage.apply(&second, begin()).await;
    assert_eq!((again.progress.state, again.progress.attempts), (EffectState::Attempting, 2));
    assert_eq!(again.progress.waits_for, None);
}

/// *Equal*: what is cancelled while it waits waits for nothing any more, and is not told to.
pub async fn what_is_taken_back_waits_for_nothing<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "what is cancelled waits for nothing").await;
    let first = stage.begun().await;
    let first = stage.apply(&first, lost()).await;
    let waiting = another(&stage, "second", "a text", true).await;
    assert_eq!(waiting.progress.waits_for, Some(first.id));
    let ended = stage.apply(&waiting, not_done(chimera_contracts::ErrorCode::Cancelled)).await;
    assert!(!matches!(ended.progress.state, EffectState::Admitted | EffectState::NotDone));
    assert_eq!((ended.progress.waits_for, ended.progress.due_at), (None, None));
    assert!(!ended.progress.held, "nothing is held for it");
}
