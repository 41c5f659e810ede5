//! What a call costs above the bare SDK: the same tool of the same server, one call after the other, over pipes and over
//! HTTP.
//!
//! Ratios are told and nothing is asserted about them: times are the machine's. Both sides take turns, so that they
//! meet the same neighbours, and each turn has a client and a server of its own: a process that is put on another core
//! more than doubles the time of a small call. The program is its own server when it is started with `serve`.
#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to say")]
#![expect(clippy::print_stdout, reason = "what it measured is its output")]

mod client;
mod server;

use std::time::Duration;

use serde_json::{Value, json};

use client::{Client, Place};

/// What is compared: a tool over a transport.
struct Case {
    name: &'static str,
    tool: &'static str,
    place: Place,
}

/// How much is called.
#[derive(Clone, Copy)]
struct Load {
    rounds: usize,
    small: usize,
    large: usize,
}

const MEASURED: Load = Load { rounds: 60, small: 100, large: 8 };
/// As little as touches everything: each side is once the first.
const SMOKE: Load = Load { rounds: 2, small: 2, large: 1 };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    if arguments.first().is_some_and(|first| first == "serve") {
        return server::over_pipes().expect("the client reads and writes");
    }
    if has("--list") {
        return;
    }
    // `cargo bench` passes `--bench`; `cargo test --benches` passes nothing.
    let load = if has("--bench") && !has("--test") { MEASURED } else { SMOKE };
    let _guard = chimera_harness::guard_for(600, "the end of the bench");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(run(load));
}

async fn run(load: Load) {
    let answers = server::Answers::new();
    let mut told = serde_json::Map::new();
    println!("| call | bytes | calls | bare, µs | ours, µs | ours/bare | of the rounds | more, µs |");
    println!("|:--|--:|--:|--:|--:|--:|--:|--:|");
    for case in cases() {
        let answer = answers.of(case.tool);
        let calls = if case.tool == "large" { load.large } else { load.small };
        let compared = compare(&case, answer, load.rounds, calls).await;
        println!(
            "| {} | {} | {} | {:.1} | {:.1} | {:.2} | {:.2} to {:.2} | {:.1} |",
            case.name,
            answer.len(),
            load.rounds * calls,
            compared.bare,
            compared.ours,
            compared.ratio,
            compared.low,
            compared.high,
            compared.more(),
        );
        let figures = json!({
            "bare_us": rounded(compared.bare), "ours_us": rounded(compared.ours),
            "ratio": rounded(compared.ratio), "more_us": rounded(compared.more()),
        });
        told.insert(case.name.to_owned(), figures);
    }
    println!("{}", Value::Object(told));
}

fn cases() -> [Case; 4] {
    let program = std::env::current_exe().expect("this program has a path");
    let url = server::over_http().expect("a port is free");
    [
        Case { name: "stdio", tool: "small", place: Place::Pipes(program.clone()) },
        Case { name: "http", tool: "small", place: Place::Url(url.clone()) },
        Case { name: "stdio, 1 MiB", tool: "large", place: Place::Pipes(program) },
        Case { name: "http, 1 MiB", tool: "large", place: Place::Url(url) },
    ]
}

/// Microseconds a call, and what one side is of the other.
struct Compared {
    bare: f64,
    ours: f64,
    /// The median of the ratios of the rounds; a tenth of the rounds is below `low`, a tenth above `high`.
    ratio: f64,
    low: f64,
    high: f64,
}

impl Compared {
    fn more(&self) -> f64 {
        self.ours - self.bare
    }
}

async fn compare(case: &Case, answer: &str, rounds: usize, calls: usize) -> Compared {
    let answer: Value = serde_json::from_str(answer).expect("an answer is JSON");
    let answer = answer.get("structuredContent").expect("an answer is a list of posts");
    let (mut bare, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let turn = async |is_ours| turn(case, is_ours, answer, calls).await;
        let (of_bare, of_ours) = if round % 2 == 0 {
            let of_bare = turn(false).await;
            (of_bare, turn(true).await)
        } else {
            let of_ours = turn(true).await;
            (turn(false).await, of_ours)
        };
        ratios.push(percentile(&of_ours, 50) / percentile(&of_bare, 50));
        bare.extend(of_bare);
        ours.extend(of_ours);
    }
    Compared {
        bare: percentile(&bare, 50),
        ours: percentile(&ours, 50),
        ratio: percentile(&ratios, 50),
        low: percentile(&ratios, 10),
        high: percentile(&ratios, 90),
    }
}

/// Calls one after the other, in microseconds each. The first ones, with which a server gets ready, are not among them.
async fn turn(case: &Case, is_ours: bool, expected: &Value, calls: usize) -> Vec<f64> {
    let client = if is_ours { Client::ours(&case.place) } else { Client::bare(&case.place).await };
    let first = calls.div_ceil(4);
    let mut times = Vec::with_capacity(first + calls);
    for _ in 0..first + calls {
        let (took, answer) = client.call(case.tool).await;
        assert!(answer == *expected, "`{}` was answered with something else", case.tool);
        times.push(micros(took));
    }
    client.close().await;
    times.split_off(first)
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// The value that `percent` of the sample do not exceed.
fn percentile(sample: &[f64], percent: usize) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

/// To two digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
