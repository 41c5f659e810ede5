//! Servers that do not start, or do not offer what their profile says: named before anything is recorded.

use std::sync::Arc;

use chimera::audit::LedgerReader;
use chimera::contracts::publish::PublishOutput;
use chimera::contracts::{Clock, ErrorCode};
use chimera::governance::Budget;
use chimera::mcp::{ServerCommand, StdioServer, TokioClock};
use chimera::platform::{Binding, Profile, ToolClient, ToolPlatform};
use chimera_sandbox::{Record, SandboxConfig};
use chimera_testkit::guard;
use chimera_tests::stage::{EchoMedia, approve, context, database, host, input, open_store, publish, scope};

use super::{Expected, KEY, holds};

const SEEDS: &str = include_str!("../../../crates/platform/profiles/seeds.toml");

fn command(role: &str, argument: &str) -> ServerCommand {
    ServerCommand::new("the-tools", env!("CARGO_BIN_EXE_chimera-test-caller")).arg(role).arg(argument)
}

/// Publishes through a server, and finds everything as it was.
async fn check(command: ServerCommand, profile: &Profile, expected: &Expected<'_>) -> PublishOutput {
    let _guard = guard("a server that cannot be used");
    let folder = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TokioClock);
    let store = open_store(&database(folder.path()), &clock);
    let server = Arc::new(StdioServer::new(command, Arc::clone(&clock)));
    let client: Arc<dyn ToolClient> = Arc::<StdioServer>::clone(&server);
    let platform = ToolPlatform::new(Binding::all(profile, &client), Arc::new(EchoMedia), Arc::clone(&clock));
    let host = host(&store, Arc::new(platform), &clock);
    let mut request = input(KEY);
    approve(&store, &host, &mut request, clock.as_ref()).await;
    let (budget, entries) =
        (store.balance(&scope(&request)).await.unwrap(), store.head().await.unwrap().size);

    let answer = publish(&host, &request).await;
    holds(expected.says[0], &answer, expected);
    assert_eq!(host.publish().status(&context(), KEY).await.unwrap(), None);
    assert_eq!(store.balance(&scope(&request)).await.unwrap(), budget);
    assert_eq!(store.head().await.unwrap().size, entries + 1, "the refusal is recorded, and nothing else");
    server.close().await;
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_start() {
    let seeds = Profile::seeds().unwrap();
    let says = ["`the-tools`", "licence expired"];
    let code = ErrorCode::PlatformUnavailable;
    let expected = Expected { code, pointers: &[], says: &says, recorded: true };
    check(command("broken", "licence expired"), &seeds, &expected).await;

    let missing = ServerCommand::new("the-tools", "/no/such/server");
    let says = ["`the-tools`", "`/no/such/server` was not found"];
    check(missing, &seeds, &Expected { says: &says, ..expected }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_that_the_server_lacks_are_named_in_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("posts.jsonl");
    let config = SandboxConfig::new(&record).to_json().unwrap();
    let toml = SEEDS
        .replace("tool = \"post_tweet\"", "tool = \"post_toot\"")
        .replace("caption = \"{text}\"", "words = \"{text}\"")
        .replace("tool = \"get_post\"", "tool = \"show_post\"");
    let profile = Profile::parse(&toml).unwrap();
    let says = [
        "no tool `post_toot` for `publish`",
        "tool `post_instagram`: it declares no argument `words`",
        "it requires the argument `caption`, which the profile does not supply",
        "no tool `show_post` for `get`",
        "twitter: ",
        "instagram: ",
        "linkedin: ",
    ];
    let code = ErrorCode::PlatformNotConfigured;
    let expected = Expected { code, pointers: &[], says: &says, recorded: true };
    check(command("sandbox", &config), &profile, &expected).await;
    let posts = Record::open(&record).map_or(0, |record| record.posts().len());
    assert_eq!(posts, 0);
}
