//! Servers that do not start, and what the error says.

use std::time::Duration;

use chimera_contracts::Clock;
use chimera_harness::within;
use chimera_mcp::ServerCommand;
use chimera_platform::ToolClient;
use chrono::TimeDelta;

use crate::place::{TestClock, answer, command, not_sent, post, server};

/// Why it cannot be used, and whether that passes by itself.
async fn unready(command: ServerCommand) -> (String, bool) {
    let clock = TestClock::standing();
    let server = server(command, &clock);
    let listed = within("a server that does not start", server.tools(clock.now() + TimeDelta::hours(1)));
    let error = listed.await.unwrap_err();
    // The same again: at once while it may not be started again, or from another start.
    let again = within("a call of what did not start", server.call(post(&clock, "hello")));
    assert_eq!(not_sent(again.await), error.reason);
    (error.reason, error.retry_after.is_some())
}

/// Why it cannot be used until its operator changes something.
async fn reason(command: ServerCommand) -> String {
    let (reason, passes) = unready(command).await;
    assert!(!passes, "{reason}");
    reason
}

#[tokio::test]
async fn a_child_that_exits_at_once_is_quoted_and_sees_only_its_own_environment() {
    let given = command("environment")
        .env("GREETING", "hello")
        .env("API_TOKEN", "hunter2")
        .env("DATABASE", "postgres://user:opensesame@host/db")
        .secret_env("PLAIN", "swordfish");
    let reason = reason(given).await;
    assert_eq!(
        reason,
        "it exited before it was ready (exit status: 3); the end of its standard error: \
         API_TOKEN=[redacted]\nDATABASE=postgres://[redacted]@host/db\nGREETING=hello\nPLAIN=[redacted]"
    );
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let reason = reason(ServerCommand::new("sandbox", "/no/such/server")).await;
    assert_eq!(reason, "the program `/no/such/server` was not found; give its full path");
}

#[tokio::test]
async fn a_silent_child_is_given_up() {
    let (reason, passes) = unready(command("silent").start_timeout(Duration::from_millis(300))).await;
    assert!(reason.starts_with("it did not answer `initialize` within 300ms"), "{reason}");
    assert!(passes, "it may only be slow");
}

#[tokio::test]
async fn a_server_without_initialize_is_asked_what_it_speaks() {
    let clock = TestClock::standing();
    let server = server(command("stateless"), &clock);
    let listed = within("its tools", server.tools(clock.now() + TimeDelta::hours(1))).await.unwrap();
    assert_eq!(listed.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["post_tweet"]);
    let mut call = post(&clock, "hello");
    call.meta.insert("org.example/call-key".to_owned(), "key-1".to_owned());
    let meta = answer(within("its answer", server.call(call)).await).structured.unwrap();
    assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    assert_eq!(meta["org.example/call-key"], "key-1");
    server.close().await;
}
