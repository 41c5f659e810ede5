//! `EffectJournal::request` and `EffectJournal::effects`.

use chimera_contracts::{ErrorCode, PlatformName};
use chimera_effect::{Effect, EffectKind, EffectQuery, EffectRecord, EffectState, EffectV1, Page};

use chimera_harness::tries;

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{PAGES, PLENTY, Stage, fresh, lost, not_done, request};
use crate::scene::sample_effect;

/// A key that nobody used has no request.
pub async fn an_unknown_key_has_no_request<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "an unknown key has no request").await;
    assert_eq!(stage.view().await, None);
}

async fn list<P: GivesJournal>(stage: &Stage<'_, P>, query: &EffectQuery, page: Page) -> Vec<EffectRecord> {
    stage.stores.journal().effects(query, page).await.unwrap()
}

/// Effects are listed in the order in which their requests were admitted, then by position, in pages, of a request and in the
/// states that are asked for.
pub async fn effects_are_listed_as_they_came_in_pages<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "effects are listed as they came, in pages").await;
    let view = stage.admitted(5, true).await;
    stage.apply(&view.effects[0], lost()).await;
    stage.apply(&view.effects[1], not_done(ErrorCode::PlatformRateLimit)).await;
    let stored = stage.view().await.unwrap().effects;

    let namespace = stage.scene.namespace.clone();
    let query = EffectQuery {
        namespace: namespace.clone(),
        request: Some(view.request.id),
        ..EffectQuery::default()
    };
    let mut listed = Vec::new();
    for _ in tries(PAGES, "the last page") {
        let after = listed.last().map(|record: &EffectRecord| record.id);
        let page = list(&stage, &query, Page { after, limit: 2 }).await;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        listed.extend(page);
    }
    assert_eq!(listed, stored);

    let all = Page { after: None, limit: 100_000 };
    let states = vec![EffectState::Unknown, EffectState::NotDone];
    let of_ours = EffectQuery { states: states.clone(), ..query.clone() };
    let mut expected = stored;
    expected.retain(|record| states.contains(&record.progress.state));
    assert_eq!(expected.len(), 2);
    assert_eq!(list(&stage, &of_ours, all.clone()).await, expected);
    let strange = EffectQuery { namespace: "somebody-else".parse().unwrap(), ..query };
    assert_eq!(list(&stage, &strange, all.clone()).await, [], "a tenant sees its own effects");
    let of_all = list(
        &stage,
        &EffectQuery { namespace: namespace.clone(), states, ..EffectQuery::default() },
        all.clone(),
    )
    .await;
    assert!(expected.iter().all(|record| of_all.contains(record)));

    // A request that was admitted later stands after it, whatever its ids, and one after another from any effect on.
    let later = Stage::open(factory, "effects are listed as they came, later").await;
    let last = later.admitted(2, true).await.effects;
    let of_both = EffectQuery { namespace, ..EffectQuery::default() };
    let listed: Vec<_> = list(&stage, &of_both, all).await.into_iter().map(|record| record.id).collect();
    let place = |record: &EffectRecord| listed.iter().position(|id| *id == record.id).unwrap();
    assert!(expected.iter().all(|record| place(record) < place(&last[0])), "{listed:?}");
    assert!(place(&last[0]) < place(&last[1]));
    let after = Page { after: Some(last[0].id), limit: 1 };
    assert_eq!(list(&stage, &of_both, after).await, last[1..]);
}

/// Effects are listed by campaign, platform and kind, each by itself and together.
pub async fn effects_are_listed_by_campaign_platform_and_kind(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "effects are listed by campaign, platform and kind").await;
    let other = Stage::open(factory, "effects are listed by campaign, platform and kind, elsewhere").await;
    let asked = [
        (PlatformName::Twitter, EffectKind::Publish),
        (PlatformName::Twitter, EffectKind::Reply),
        (PlatformName::Threads, EffectKind::Reply),
        (PlatformName::Twitter, EffectKind::Like),
    ];
    let records = admitted(&stage, &asked).await;
    let elsewhere = admitted(&other, &asked[1..2]).await;
    stage.apply(&records[3], lost()).await;
    let records = stage.view().await.unwrap().effects;

    let ours = EffectQuery { campaign: Some(stage.scene.campaign), ..EffectQuery::default() };
    let of = |kinds: &[EffectKind]| EffectQuery { kinds: kinds.to_vec(), ..ours.clone() };
    let on = |platform, query: EffectQuery| EffectQuery { platform: Some(platform), ..query };
    let theirs = EffectQuery { campaign: Some(other.scene.campaign), ..of(&[EffectKind::Reply]) };
    let unknown =
        EffectQuery { states: vec![EffectState::Unknown], ..of(&[EffectKind::Like, EffectKind::Reply]) };
    let of_request =
        EffectQuery { campaign: None, request: Some(records[0].request), ..of(&[EffectKind::Like]) };
    let strange = EffectQuery { namespace: "somebody-else".parse().unwrap(), ..ours.clone() };
    let none: &[&EffectRecord] = &[];
    let all = Page { after: None, limit: 100_000 };
    for (query, expected) in [
        (ours.clone(), [&records[0], &records[1], &records[2], &records[3]].as_slice()),
        (of(&[EffectKind::Publish]), &[&records[0]]),
        (of(&[EffectKind::Reply]), &[&records[1], &records[2]]),
        (of(&[EffectKind::Reply, EffectKind::Like]), &[&records[1], &records[2], &records[3]]),
        (of(&[EffectKind::Publish, EffectKind::Like]), &[&records[0], &records[3]]),
        (of(&[EffectKind::Follow]), none),
        (on(PlatformName::Threads, ours.clone()), &[&records[2]]),
        (on(PlatformName::Twitter, of(&[EffectKind::Reply])), &[&records[1]]),
        (on(PlatformName::TikTok, of(&[EffectKind::Reply])), none),
        (theirs, &[&elsewhere[0]]),
        (unknown, &[&records[3]]),
        (of_request, &[&records[3]]),
        (strange, none),
    ] {
        let expected: Vec<_> = expected.iter().map(|record| (*record).clone()).collect();
        assert_eq!(list(&stage, &query, all.clone()).await, expected, "{query:?}");
        if let Some(first) = expected.first() {
            let rest = Page { after: Some(first.id), limit: 1 };
            let next: Vec<_> = expected.iter().skip(1).take(1).cloned().collect();
            assert_eq!(list(&stage, &query, rest).await, next, "after the first of {query:?}");
        }
    }
}

/// One effect of each of these kinds, admitted under the scene's key.
async fn admitted(stage: &Stage<'_>, asked: &[(PlatformName, EffectKind)]) -> Vec<EffectRecord> {
    let effects: Vec<_> = asked
        .iter()
        .map(|(platform, kind)| {
            let sample = sample_effect(&stage.scene, *platform, "a text").content().clone();
            Effect::new(EffectV1 { kind: *kind, ..sample }).expect("an effect has a canonical form")
        })
        .collect();
    let approved = stage.set_up(PLENTY, &effects).await;
    fresh(stage.admit(request(&stage.scene, &approved, true)).await).effects
}
