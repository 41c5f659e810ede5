//! A draft passes the same checks and the same people as a text that somebody wrote; and what is shared is checked too.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageStatus};
use chimera::skill_engage::{Composer, ComposerError, Draft, DraftRequest};
use chimera_testkit::Rules;
use chimera_tests::engage_stage::{Judges, ToldTargets, engage, engagement};
use chrono::{DateTime, Utc};

use super::{World, code};

/// What the composer of a test does.
#[derive(Clone, Copy, Debug)]
enum Told {
    Writes(&'static str),
    Fails,
    Hangs,
}

#[async_trait]
impl Composer for Told {
    fn name(&self) -> &str {
        "told@1"
    }

    async fn compose(&self, request: &DraftRequest<'_>, _: DateTime<Utc>) -> Result<Draft, ComposerError> {
        assert_eq!(request.thread, Some("Does it work offline?"), "it is shown the thread");
        assert_eq!(request.personas.iter().map(|persona| &*persona.name).collect::<Vec<_>>(), ["helpful"]);
        match self {
            Self::Writes(text) => Ok(Draft { text: (*text).to_owned() }),
            Self::Fails => Err(ComposerError("told to".to_owned())),
            Self::Hangs => pending().await,
        }
    }
}

fn judges(composer: Told) -> Judges {
    let threads = BTreeMap::from([("post_1".to_owned(), "Does it work offline?".to_owned())]);
    Judges {
        targets: Arc::new(ToldTargets { threads, ..ToldTargets::default() }),
        composer: Some(Arc::new(composer)),
        ..Judges::seed(0.95)
    }
}

#[tokio::test]
async fn a_draft_passes_the_same_checks() {
    let long = "much too long ".repeat(60).leak();
    for (composer, expected) in [
        (Told::Writes("Yes, all of it."), (EngageStatus::Success, "none")),
        (Told::Writes("Ask your [health] advisor."), (EngageStatus::Pending, "none")),
        (Told::Writes(long), (EngageStatus::Failed, "CONTENT_TOO_LONG")),
        (Told::Writes("That is not our problem."), (EngageStatus::Failed, "PERSONA_VIOLATION")),
        (Told::Writes("a\u{202e}b"), (EngageStatus::Failed, "CONTENT_UNSAFE")),
        (Told::Fails, (EngageStatus::Failed, "MISSING_CONTENT")),
        (Told::Hangs, (EngageStatus::Failed, "MISSING_CONTENT")),
    ] {
        let world = World::with(judges(composer), Rules::default()).await;
        let (_store, host) = world.host();
        let input = EngageInput { content: None, ..engagement(EngageAction::Reply) };
        let answer = engage(&host, &input).await;
        assert_eq!((answer.status, code(&answer)), expected, "{composer:?}: {answer:?}");
        // Whatever the composer would write now, the same request is the same engagement.
        if answer.status == EngageStatus::Success {
            assert_eq!(engage(&host, &input).await, answer);
            assert_eq!(world.platform.posts().len(), 1);
        }
    }
}

#[tokio::test]
async fn what_is_shared_is_checked() {
    for (text, expected) in [
        ("A thread about bridges.", (EngageStatus::Success, "none")),
        ("Deal with it.", (EngageStatus::Failed, "PERSONA_VIOLATION")),
        ("Vote for them: [political]", (EngageStatus::Pending, "none")),
    ] {
        let threads = BTreeMap::from([("post_1".to_owned(), text.to_owned())]);
        let targets = ToldTargets { threads, ..ToldTargets::default() };
        let world =
            World::with(Judges { targets: Arc::new(targets), ..Judges::seed(0.95) }, Rules::default()).await;
        let (_store, host) = world.host();
        let answer = engage(&host, &engagement(EngageAction::Share)).await;
        assert_eq!((answer.status, code(&answer)), expected, "{text}");
    }
}
