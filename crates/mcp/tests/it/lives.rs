//! Servers that die, are ended, and come back.

use std::time::Duration;

use chimera_contracts::Clock;
use chimera_platform::ToolClient;
use chrono::TimeDelta;
use serde_json::json;

use crate::place::{Place, TestClock, answer, call, in_time, lost, not_sent, post, program, server};

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

/// A pipe whose end comes when everything that a server started is gone: all of it holds the write end.
#[cfg(unix)]
struct Held(std::path::PathBuf);

#[cfg(unix)]
impl Held {
    fn new(place: &Place) -> Self {
        let pipe = place.path("pipe");
        let made = chimera_harness::finished("mkfifo", std::process::Command::new("mkfifo").arg(&pipe));
        assert!(made.status.success());
        Self(pipe)
    }

    /// Ends when it is opened by a server.
    fn opened(&self) -> tokio::sync::oneshot::Receiver<std::fs::File> {
        let pipe = self.0.clone();
        on_a_thread(move || std::fs::File::open(pipe).unwrap())
    }

    async fn is_given_up(mut pipe: std::fs::File) {
        let rest = on_a_thread(move || std::io::Read::read_to_end(&mut pipe, &mut Vec::new()).unwrap());
        let rest = chimera_harness::within("everything that has the pipe open to be gone", rest);
        assert_eq!(rest.await.unwrap(), 0);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_that_a_server_started_is_left() {
    let (place, clock) = (Place::new(), TestClock::standing());
    let held = Held::new(&place);
    let script = r#"exec 3>"$0"; sleep 1000 & cat >&2"#;
    let command = chimera_mcp::ServerCommand::new("sandbox", "/bin/sh").arg("-c").arg(script).arg(&held.0);
    let server = server(command.inherit(["PATH"]).start_timeout(Duration::from_secs(3_600)), &clock);
    let pipe = tokio::select! {
        _ = server.tools(clock.now() + TimeDelta::hours(1)) => panic!("it cannot speak"),
        pipe = chimera_harness::within("the server to open the pipe", held.opened()) => pipe.unwrap(),
    };
    drop(server);
    Held::is_given_up(pipe).await;
}

/// Reported: servers that outlive a host that was killed, by the dozen (google-docs-mcp#112, mcp-markdown-vault#45,
/// codebase-memory-mcp#406, hive#2750). This one heeds neither the end of its input nor a gentle signal.
#[cfg(unix)]
#[tokio::test]
async fn a_server_does_not_outlive_a_host_that_is_killed() {
    let place = Place::new();
    let held = Held::new(&place);
    let script = r#"trap '' TERM; exec 3>"$0"; sleep 1000 & "$1" say "$2"; sleep 1000"#;
    let mut host = std::process::Command::new(program());
    host.args(["host", "/bin/sh", "-c", script]).arg(&held.0).arg(program()).arg(place.path(""));
    let opened = held.opened();
    let mut host = chimera_harness::TestProcess::start("a host", &mut host);
    assert_eq!(host.next_line("its server to be ready").as_deref(), Some("started"));
    let pipe = chimera_harness::within("the server to open the pipe", opened).await.unwrap();
    host.kill();
    Held::is_given_up(pipe).await;
}
