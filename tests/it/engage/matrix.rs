//! Every cell of the seed's matrix, through the built-in profile and a real MCP server: what is served happens once and can
//! be counted, what is not served is refused before anything is sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use chimera::contracts::engage::{EngageAction, EngageInput, EngageStatus, PLATFORMS};
use chimera::contracts::{Clock, PlatformName};
use chimera::mcp::{ServerCommand, StdioServer, TokioClock};
use chimera::platform::{Binding, CachedTargets, Profile, ToolClient, ToolPlatform};
use chimera_sandbox::{Keys, Record, SandboxConfig};
use chimera_testkit::guard;
use chimera_tests::engage_stage::{Judges, engage, engage_host, engagement, fund};
use chimera_tests::stage::{EchoMedia, database, open_store};
use chrono::TimeDelta;

use super::code;

/// A target in the platform's own shape.
fn target(platform: PlatformName, action: EngageAction) -> &'static str {
    match (platform, action) {
        (_, EngageAction::Follow) => "user_somebody",
        (PlatformName::Twitter, _) => "tweet_12345",
        (PlatformName::Instagram, EngageAction::Reply) => "comment_12345",
        (PlatformName::Instagram, _) => "post_67890",
        (PlatformName::TikTok, _) => "video_12345",
        _ => "thread_12345",
    }
}

const EMPTY: [(PlatformName, EngageAction); 3] = [
    (PlatformName::Instagram, EngageAction::Share),
    (PlatformName::Threads, EngageAction::Share),
    (PlatformName::TikTok, EngageAction::Reply),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_does_what_it_says() {
    let _guard = guard("every cell of the matrix");
    let folder = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let record = folder.path().join("record.jsonl");
    // A call that is made twice acts twice, and shows.
    let config = SandboxConfig::new(&record).with_keys(Keys::Advisory).to_json().unwrap();
    let command = ServerCommand::new("sandbox", env!("CARGO_BIN_EXE_chimera-test-caller"));
    let server = Arc::new(StdioServer::new(command.arg("sandbox").arg(config), Arc::clone(&clock)));
    let client: Arc<dyn ToolClient> = Arc::<StdioServer>::clone(&server);
    let bindings = Binding::all(&Profile::seeds().unwrap(), &client);
    let platform = Arc::new(ToolPlatform::new(bindings, Arc::new(EchoMedia), Arc::clone(&clock)));
    let targets = CachedTargets::new(
        Arc::<ToolPlatform>::clone(&platform),
        Arc::clone(&clock),
        TimeDelta::minutes(5),
        1_000,
    );
    let judges = Judges { targets: Arc::new(targets), ..Judges::seed(0.95) };
    let store = open_store(&database(folder.path()), &clock);
    fund(store.as_ref()).await;
    let host = engage_host(&judges, &store, platform, &clock);

    let mut expected = BTreeSet::new();
    for platform in PLATFORMS {
        for action in EngageAction::ALL {
            let input = EngageInput {
                platform: *platform,
                target: target(*platform, *action).to_owned(),
                content: action.needs_content().then(|| format!("A {action} on {platform}.")),
                ..engagement(*action)
            };
            let answer = engage(&host, &input).await;
            if EMPTY.contains(&(*platform, *action)) {
                assert_eq!(code(&answer), "UNSUPPORTED_ACTION", "{platform} {action}");
            } else {
                assert_eq!(answer.status, EngageStatus::Success, "{platform} {action}: {answer:?}");
                assert_eq!(engage(&host, &input).await, answer, "{platform} {action}");
                expected.insert((platform.as_str(), *action));
            }
        }
    }
    server.close().await;
    let record = Record::open(&record).unwrap();
    assert_eq!((record.engagements(), record.posts().len()), (expected.len(), 0));
    assert_eq!(record.duplicates(), []);
    let (comments, likes, follows, shares) =
        (record.comments().len(), record.likes().len(), record.follows().len(), record.shares().len());
    assert_eq!((comments, likes, follows, shares), (7, 4, 4, 2));
}
