//! One wording is one engagement, in whatever bytes it is written, and under the keys of the version before as well.

use std::sync::Arc;

use async_trait::async_trait;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageStatus};
use chimera::contracts::{CallContext, Digest, derive_uuid};
use chimera::effect::{AccountRef, EffectKind};
use chimera::platform::limits::RateLimit;
use chimera::platform::{TargetFault, TargetFinding, TargetKind, TargetQuery, Targets};
use chimera_testkit::Rules;
use chimera_tests::engage_stage::{
    Judges, ToldTargets, engage, engage_as, engage_context, engagement, skill,
};
use chimera_tests::stage::ACCOUNT;
use chrono::{DateTime, Utc};

use super::reviews::approve;
use super::{World, code};

/// Targets that take a handle with and without `@`, in any case, as platforms do.
#[derive(Debug, Default)]
struct Handles(ToldTargets);

#[async_trait]
impl Targets for Handles {
    fn served(&self, account: AccountRef<'_>) -> Vec<EffectKind> {
        self.0.served(account)
    }
    fn check(
        &self,
        account: AccountRef<'_>,
        kind: EffectKind,
        target: &str,
    ) -> Result<TargetKind, TargetFault> {
        self.0.check(account, kind, &target.trim_start_matches('@').to_lowercase())
    }
    fn takes_text(&self, account: AccountRef<'_>, kind: EffectKind) -> bool {
        self.0.takes_text(account, kind)
    }
    fn limit(&self, account: AccountRef<'_>, kind: EffectKind) -> Option<RateLimit> {
        self.0.limit(account, kind)
    }
    async fn look(&self, query: &TargetQuery, deadline: DateTime<Utc>) -> Option<TargetFinding> {
        self.0.look(query, deadline).await
    }
}

async fn world(score: f64) -> World {
    let judges = Judges { targets: Arc::new(Handles::default()), ..Judges::seed(score) };
    World::with(judges, Rules::default()).await
}

fn with(input: &EngageInput, content: &str) -> EngageInput {
    EngageInput { content: Some(content.to_owned()), ..input.clone() }
}

fn to(input: &EngageInput, target: &str) -> EngageInput {
    EngageInput { target: target.to_owned(), ..input.clone() }
}

/// Every way in which one engagement may be asked for.
fn spellings(action: EngageAction) -> Vec<EngageInput> {
    let input = engagement(action);
    let words = [
        "Thanks, the caf\u{e9} opens at nine.\nSee you there.",
        "Thanks, the cafe\u{301} opens at nine.\nSee you there.",
        "Thanks, the caf\u{e9} opens at nine.\nSee you there. ",
        "\n Thanks, the caf\u{e9} opens at nine.\nSee you there.\n\n",
        "Thanks, the caf\u{e9} opens at nine.\r\nSee you there.",
        "Thanks, the cafe\u{301} opens at nine.\r\nSee you there.\r\n",
    ];
    match action {
        EngageAction::Reply | EngageAction::Comment => {
            words.iter().map(|words| with(&input, words)).collect()
        }
        EngageAction::Follow => {
            ["user_1", "@user_1", "@User_1", "USER_1"].map(|name| to(&input, name)).into()
        }
        EngageAction::Like | EngageAction::Share => vec![input],
    }
}

#[tokio::test]
async fn every_spelling_is_one_engagement() {
    for action in EngageAction::ALL {
        let spellings = spellings(*action);
        for first in 0..spellings.len() {
            let world = world(0.95).await;
            let (_store, host) = world.host();
            let said = format!("{action}, first {:?}", spellings[first]);
            let mut done = engage(&host, &spellings[first]).await;
            if spellings[first].content.as_ref().is_some_and(|content| content.contains('\r')) {
                // What is sent holds no carriage return: it is refused, and nothing is known of it.
                assert_eq!(code(&done), "CONTENT_UNSAFE", "{said}: {done:?}");
                done = engage(&host, &spellings[0]).await;
            }
            assert_eq!(done.status, EngageStatus::Success, "{said}: {done:?}");
            for again in &spellings {
                assert_eq!(engage(&host, again).await, done, "{said}, then {again:?}");
            }
            assert_eq!(world.platform.posts().len(), 1, "{said}");
        }
    }
}

#[tokio::test]
async fn every_spelling_is_one_review() {
    for action in EngageAction::ALL {
        let world = world(0.8).await;
        let (_store, host) = world.host();
        let spellings = spellings(*action);
        let queued = engage(&host, &spellings[0]).await;
        assert_eq!(queued.status, EngageStatus::Pending, "{action}: {queued:?}");
        for again in &spellings {
            let known = engage(&host, again).await;
            assert_eq!(known.engagement_id, queued.engagement_id, "{action}: {again:?}");
            assert_eq!(known.status, EngageStatus::Pending, "{action}: {again:?}");
        }
        let namespace = engage_context().namespace;
        assert_eq!(skill(&host).waiting(&namespace, 10).await.unwrap().len(), 1, "{action}");
        let ran = approve(&host, &queued).await;
        assert_eq!(ran.status, EngageStatus::Success, "{action}: {ran:?}");
        for again in &spellings {
            assert_eq!(engage(&host, again).await, ran, "{action}: {again:?}");
        }
        assert_eq!(world.platform.posts().len(), 1, "{action}");
    }
}

/// The key of the version before, by its documented rule: UUID version 8 over agent, account, action, platform, target and the
/// digest of the words, in their bytes.
fn former_key(input: &EngageInput) -> String {
    let agent = engage_context().agent.expect("it is given");
    let content = input.content.as_ref().map(|content| Digest::of(content.as_bytes()));
    let parts: [&[u8]; 6] = [
        agent.as_uuid().as_bytes(),
        ACCOUNT.as_bytes(),
        input.action.as_str().as_bytes(),
        input.platform.as_str().as_bytes(),
        input.target.as_bytes(),
        content.as_ref().map_or(&[], |digest| digest.as_bytes().as_slice()),
    ];
    format!("engage-{}", derive_uuid("chimera/engage-key/v1", &parts).simple())
}

/// A call of the version before: under the key that it derived.
fn before(input: &EngageInput) -> CallContext {
    CallContext { key: Some(former_key(input)), ..engage_context() }
}

/// The spellings that an upgraded host knows again: the same bytes, and the two normal forms of them; a handle with or without
/// its sign.
fn known_again(action: EngageAction) -> Vec<EngageInput> {
    let mut spellings = spellings(action);
    match action {
        EngageAction::Reply | EngageAction::Comment => spellings.truncate(2),
        EngageAction::Follow => spellings.truncate(2),
        EngageAction::Like | EngageAction::Share => {}
    }
    spellings
}

#[tokio::test]
async fn an_upgraded_host_repeats_nothing() {
    for action in EngageAction::ALL {
        for filled in known_again(*action) {
            let world = world(0.95).await;
            let done = {
                let (_store, host) = world.host();
                engage_as(&host, &before(&filled), &filled).await
            };
            assert_eq!(done.status, EngageStatus::Success, "{action}: {done:?}");
            let (_store, host) = world.host();
            for again in known_again(*action) {
                let known = engage(&host, &again).await;
                assert_eq!(known, done, "{action}: {filled:?}, then {again:?}");
            }
            host.worker().run_once().await.unwrap();
            assert_eq!(world.platform.posts().len(), 1, "{action}: {filled:?}");
            assert_eq!(world.platform.performed().len(), 1, "{action}: {filled:?}");
        }
    }
}

#[tokio::test]
async fn an_upgraded_host_goes_on_with_what_was_queued() {
    for action in EngageAction::ALL {
        for filled in known_again(*action) {
            let world = world(0.8).await;
            let queued = {
                let (_store, host) = world.host();
                engage_as(&host, &before(&filled), &filled).await
            };
            assert_eq!(queued.status, EngageStatus::Pending, "{action}: {queued:?}");
            let (_store, host) = world.host();
            for again in known_again(*action) {
                let known = engage(&host, &again).await;
                assert_eq!(known.engagement_id, queued.engagement_id, "{action}: {filled:?}, then {again:?}");
            }
            let namespace = engage_context().namespace;
            assert_eq!(skill(&host).waiting(&namespace, 10).await.unwrap().len(), 1, "{action}");
            let ran = approve(&host, &queued).await;
            assert_eq!(ran.status, EngageStatus::Success, "{action}: {ran:?}");
            for again in known_again(*action) {
                assert_eq!(engage(&host, &again).await, ran, "{action}: {filled:?}, then {again:?}");
            }
            assert_eq!(world.platform.posts().len(), 1, "{action}: {filled:?}");
        }
    }
}
