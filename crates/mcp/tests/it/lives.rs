//! Servers that die, are ended, and come back.

use std::time::Duration;

use chimera_contracts::Clock;
use chimera_platform::ToolClient;
use chrono::TimeDelta;
use serde_json::json;

use crate::place::{Place, TestClock, answer, call, in_time, lost, not_sent, post, server};

/// A call in the moment after the death of its server.
#[tokio::test]
async fn a_call_waits_until_a_server_that_died_is_started_again() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.faulty(&json!("die_before")), &clock);
    let reason = lost(server.call(post(&clock, "one")).await);
    assert!(reason.contains("exit status: 70"), "{reason}");
    answer(server.call(post(&clock, "two")).await);
    assert_eq!(place.outcomes(), ["die_before", "posted"]);
}

#[tokio::test]
async fn so_does_a_list() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.faulty(&json!("die_before")), &clock);
    lost(server.call(post(&clock, "one")).await);
    assert!(!server.tools(clock.now() + TimeDelta::hours(1)).await.unwrap().is_empty());
}

/// A server that was ready once and cannot start any more: the wait grows past the time that callers have.
#[tokio::test]
async fn a_use_without_time_for_the_wait_is_told_how_long_it_is() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.dying(), &clock);
    lost(server.call(call(&clock, "end")).await);
    std::fs::write(place.path("broken"), "").unwrap();
    let list = || server.tools(clock.now() + TimeDelta::hours(1));
    for wait in [200, 400] {
        let error = list().await.unwrap_err();
        assert!(error.reason.contains("it exited before it was ready (exit status: 71)"), "{error}");
        // What the timer counted since is off.
        let left = error.retry_after.unwrap();
        assert!(left > TimeDelta::zero() && left <= TimeDelta::milliseconds(wait), "{left}");
    }
    let hurried = server.tools(clock.now() + TimeDelta::nanoseconds(1)).await.unwrap_err();
    assert_eq!(hurried.server, "sandbox");
    assert!(hurried.retry_after.is_some(), "{hurried}");
    not_sent(server.call(in_time(call(&clock, "end"), &clock, Duration::from_nanos(1))).await);
    std::fs::remove_file(place.path("broken")).unwrap();
    lost(server.call(call(&clock, "end")).await);
}

#[tokio::test]
async fn calls_in_flight_are_lost_with_the_server() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let faults = json!({ "faults": [
        { "platform": "linkedin", "fault": "lost_before" },
        { "platform": "twitter", "fault": "die_after" },
    ] });
    let server = server(place.sandbox(&faults), &clock);
    server.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let mut unanswered = post(&clock, "never answered");
    unanswered.tool = "post_linkedin".to_owned();
    let (first, second) =
        tokio::join!(server.call(unanswered), server.call(post(&clock, "kills the server")));
    lost(first);
    lost(second);
}

#[tokio::test]
async fn a_deaf_server_is_ended_before_it_posts() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let command = place.faulty(&json!({ "slow": { "ms": 600_000 } })).stop_on_timeout(true);
    let server = server(command, &clock);
    server.tools(clock.now() + TimeDelta::hours(1)).await.unwrap();
    let call = in_time(post(&clock, "a ghost"), &clock, Duration::from_millis(1_500));
    lost(server.call(call).await);

    // The next life begins when this one has ended, and on the same record.
    answer(server.call(post(&clock, "two")).await);
    assert_eq!(place.outcomes(), ["slow", "posted"]);
    let texts: Vec<_> = place.record().posts().into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["two"]);
}

#[tokio::test]
async fn a_closed_server_stays_closed() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let server = server(place.sandbox(&json!({})), &clock);
    answer(server.call(post(&clock, "one")).await);
    server.close().await;
    clock.advance(TimeDelta::hours(1));
    assert!(not_sent(server.call(post(&clock, "two")).await).contains("closed"));
    assert!(server.tools(clock.now() + TimeDelta::hours(1)).await.is_err());
    server.close().await;
    assert_eq!(place.outcomes(), ["posted"]);
}

/// Blocks a thread of its own. The runtime waits for its blocking threads when it ends, and so would the end of a test that
/// has given up.
#[cfg(unix)]
fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> tokio::sync::oneshot::Receiver<T> {
    let (told, result) = tokio::sync::oneshot::channel();
    // Where the test is over, the result is dropped.
    std::thread::spawn(move || told.send(work()));
    result
}

/// Everything that a server started holds the write end of a pipe; the pipe ends when all of it is gone.
#[cfg(unix)]
#[tokio::test]
async fn nothing_that_a_server_started_is_left() {
    use std::{fs::File, io::Read, process::Command};

    use chimera_harness::{finished, within};
    use chimera_mcp::ServerCommand;

    let (place, clock) = (Place::new(), TestClock::standing());
    let pipe = place.path("pipe");
    assert!(finished("mkfifo", Command::new("mkfifo").arg(&pipe)).status.success());
    let script = r#"exec 3>"$0"; sleep 1000 & cat >&2"#;
    let command = ServerCommand::new("sandbox", "/bin/sh").arg("-c").arg(script).arg(&pipe).inherit(["PATH"]);
    let server = server(command.start_timeout(Duration::from_secs(3_600)), &clock);

    let opening = on_a_thread(move || File::open(pipe).unwrap());
    let mut pipe = tokio::select! {
        _ = server.tools(clock.now() + TimeDelta::hours(1)) => panic!("it cannot speak"),
        pipe = within("the server to open the pipe", opening) => pipe.unwrap(),
    };
    drop(server);
    let rest = on_a_thread(move || pipe.read_to_end(&mut Vec::new()).unwrap());
    assert_eq!(within("everything that has the pipe open to be gone", rest).await.unwrap(), 0);
}
