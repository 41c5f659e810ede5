//! The arrangement of the root README: the seeds' profile, which takes a tool at its word that the same key never posts
//! twice, over the sandbox as it is started there. One answer is lost; what is public is counted in the sandbox's record.

use std::path::Path;
use std::sync::Arc;

use chimera::Chimera;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageStatus};
use chimera::contracts::publish::{PublishOutput, PublishStatus};
use chimera::contracts::{CallContext, Clock, PlatformName};
use chimera::mcp::{ServerCommand, StdioServer, TokioClock};
use chimera::platform::media::MediaProbe;
use chimera::platform::{Accounts, Binding, Profile, ToolClient, ToolPlatform};
use chimera::store_sqlite::SqliteOptions;
use chimera_sandbox::{Outcome, Record};
use chimera_testkit::{guard, within};
use chimera_tests::engage_stage::{Judges, engage, engage_host, fund, real_engagement};
use chimera_tests::stage::{ACCOUNT, EchoMedia, approve, input, only, work};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

/// What is said to the sandbox about keys; `None` as in the README, which says nothing.
type Word = Option<&'static str>;

/// The sandbox, with one answer lost after the call did its work.
fn sandbox(record: &Path, keys: Word, fault: &Value) -> ServerCommand {
    // Written by hand: what is left out is what a sandbox does by default.
    let mut config = json!({ "record": record, "faults": [fault] });
    if let Some(keys) = keys {
        config["keys"] = keys.into();
    }
    let this = env!("CARGO_BIN_EXE_chimera-test-caller");
    ServerCommand::new("social", this).arg("sandbox").arg(config.to_string()).inherit(["PATH"])
}

/// The profile with its word about keys as it is. A lost answer is given up sooner: when, is no part of the promise.
fn profile() -> Profile {
    PlatformName::ALL.iter().fold(Profile::seeds().unwrap(), |profile, platform| {
        let soon = profile.with_timeout(*platform, TimeDelta::seconds(5)).unwrap();
        soon.with_settle(*platform, TimeDelta::milliseconds(250)).unwrap()
    })
}

/// Publishes as the README does, and lets its worker settle what is left.
async fn publish_as_the_readme(keys: Word) -> (PublishOutput, Record) {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("posts.jsonl");
    let lost = json!({ "platform": "twitter", "fault": "lost_after", "times": 1 });
    let media: Arc<dyn MediaProbe> = Arc::new(EchoMedia);

    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let path = folder.path().join("chimera.db");
    let store = Arc::new(SqliteOptions::new(path, clock.clone()).open().unwrap());
    let stdio = Arc::new(StdioServer::new(sandbox(&record, keys, &lost), clock.clone()));
    let server: Arc<dyn ToolClient> = stdio.clone();
    let bindings = Binding::all(&profile(), &server);
    let platform = Arc::new(ToolPlatform::new(bindings, media.clone(), clock.clone()));
    let accounts = Accounts::new().shared(PlatformName::Twitter, ACCOUNT);
    let ports = chimera::Builder::new().store(&store).platform(platform).media(media).clock(clock.clone());
    let chimera: Chimera = ports.accounts(accounts).build().unwrap();

    let mut request = only(input("quick-start"), PlatformName::Twitter);
    approve(&store, &chimera, &mut request, clock.as_ref()).await;
    let request = serde_json::to_vec(&request).unwrap();
    let context = CallContext::worker("worker-7");
    let answer = chimera.skills().call_json("skill_publish_content", &context, &request);
    let answer = within("the answer of the quick start", answer).await.unwrap();
    for _ in 0..2 {
        work(&chimera).await;
    }
    stdio.close().await;
    (serde_json::from_str(&answer.json).unwrap(), Record::open(record).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_posts_once_though_an_answer_is_lost() {
    let _guard = guard("the quick start");
    let (answer, record) = publish_as_the_readme(None).await;
    assert_eq!(answer.status, PublishStatus::Success, "{answer:?}");
    assert_eq!(record.posts().len(), 1, "{:#?}", record.calls());
    assert_eq!(answer.publications[0].external_id.as_ref(), Some(&record.posts()[0].id));
    let outcomes: Vec<_> = record.calls().iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes[..2], [Outcome::Uploaded, Outcome::LostAfter]);
    let again = outcomes.iter().skip(2);
    assert!(
        again.clone().count() > 0 && again.clone().all(|outcome| *outcome == Outcome::Replayed),
        "{outcomes:?}"
    );
}

/// The window that stands in the threat model: a profile that says what its tools do not keep. The tools of both servers have
/// the same names and arguments; what one does with a key is told in prose at best, and shows when it is too late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_word_about_keys_is_the_window_that_remains() {
    let _guard = guard("the quick start over tools that keep no keys");
    let (answer, record) = publish_as_the_readme(Some("advisory")).await;
    assert_eq!(answer.status, PublishStatus::Success, "nothing tells the host: {answer:?}");
    assert_eq!((record.posts().len(), record.duplicates().len()), (2, 1), "{:#?}", record.calls());
}

/// Engages until it is public; an answer is lost on the way.
async fn engage_once(action: EngageAction, keys: Word) {
    let what = format!("{action}, keys {keys:?}");
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("acts.jsonl");
    let input: EngageInput = real_engagement(action);
    let tool = match action {
        EngageAction::Reply => "reply_to_tweet",
        EngageAction::Comment => "comment_on_post",
        EngageAction::Like => "like_thread",
        EngageAction::Follow => "follow_user",
        EngageAction::Share => "share_video",
    };
    let lost = json!({ "platform": input.platform, "tool": tool, "fault": "lost_after", "times": 1 });

    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let path = folder.path().join("chimera.db");
    let store = Arc::new(SqliteOptions::new(path, clock.clone()).open().unwrap());
    fund(store.as_ref()).await;
    let stdio = Arc::new(StdioServer::new(sandbox(&record, keys, &lost), clock.clone()));
    let server: Arc<dyn ToolClient> = stdio.clone();
    let tools =
        Arc::new(ToolPlatform::new(Binding::all(&profile(), &server), Arc::new(EchoMedia), clock.clone()));
    let judges = Judges { targets: tools.clone(), ..Judges::seed(0.95) };
    let host = engage_host(&judges, &store, tools, &clock);
    let mut answer = engage(&host, &input).await;
    for _ in 0..8 {
        if answer.status != EngageStatus::Pending {
            break;
        }
        answer = engage(&host, &input).await;
    }
    assert_eq!(answer.status, EngageStatus::Success, "{what}: {answer:?}");
    stdio.close().await;
    let record = Record::open(record).unwrap();
    assert_eq!((record.engagements(), record.duplicates().len()), (1, 0), "{what}: {:#?}", record.calls());
    let lost = record.calls().iter().filter(|call| call.outcome == Outcome::LostAfter).count();
    assert_eq!(lost, 1, "{what}: the answer was lost");
}

/// The profile's word is about posts alone: an engagement whose answer is lost is looked up, whatever the tools do with keys.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_engages_once_though_an_answer_is_lost() {
    let _guard = guard("engagements over the quick start's sandbox");
    for keys in [None, Some("advisory")] {
        join_all(EngageAction::ALL.iter().map(|action| engage_once(*action, keys))).await;
    }
}
