//! `EffectJournal::request` and `EffectJournal::effects`.

use chimera_contracts::ErrorCode;
use chimera_effect::{EffectQuery, EffectRecord, EffectState, Page};

use super::StoreFactory;
use super::stage::{Stage, lost, not_done};

/// A key that nobody used has no request.
pub async fn an_unknown_key_has_no_request(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an unknown key has no request").await;
    assert_eq!(stage.view().await, None);
}

async fn list(stage: &Stage<'_>, query: &EffectQuery, page: Page) -> Vec<EffectRecord> {
    stage.stores.journal.effects(query, page).await.unwrap()
}

/// Effects are listed by id, in pages, of a request and in the states that are asked for.
pub async fn effects_are_listed_by_id_in_pages(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "effects are listed by id, in pages").await;
    let view = stage.admitted(5, true).await;
    stage.apply(&view.effects[0], lost()).await;
    stage.apply(&view.effects[1], not_done(ErrorCode::PlatformRateLimit)).await;
    let mut stored = stage.view().await.unwrap().effects;
    stored.sort_by_key(|record| record.id);

    let namespace = stage.scene.namespace.clone();
    let query =
        EffectQuery { namespace: namespace.clone(), request: Some(view.request.id), ..EffectQuery::default() };
    let mut listed = Vec::new();
    loop {
        let after = listed.last().map(|record: &EffectRecord| record.id);
        let page = list(&stage, &query, Page { after, limit: 2 }).await;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        assert!(
            page.iter().all(|record| after.is_none_or(|after| record.id > after)),
            "after the page before"
        );
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
    let of_all = list(&stage, &EffectQuery { namespace, states, ..EffectQuery::default() }, all).await;
    assert!(expected.iter().all(|record| of_all.contains(record)));
    assert!(of_all.is_sorted_by_key(|record| record.id));
}
