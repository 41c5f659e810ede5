//! Runs seeds of the model of the outside: `outside --seeds 200000 --from 0`, `outside --trace 17`.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chimera_tests::outside::{Hunt, Options, Progress, Scenario, explained, hunt, run};

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(10);

struct Arguments {
    hunt: Hunt,
    trace: Option<u64>,
    /// How many failing seeds are made smaller and printed.
    explain: u64,
    whole: bool,
    reasons: bool,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            say(&format!(
                "{message}\nusage: outside [--seeds N] [--from S] [--threads N] [--stop] [--explain N] [--reasons]\n       \
                 outside --trace SEED [--whole]"
            ));
            return ExitCode::from(2);
        }
    };
    if let Some(seed) = arguments.trace {
        return trace(seed, arguments.whole);
    }
    let begun = Instant::now();
    let told = AtomicU64::new(0);
    let left = AtomicU64::new(arguments.explain);
    let totals = hunt(arguments.hunt, |progress| match progress {
        Progress::Done(runs) => {
            let seconds = begun.elapsed().as_secs();
            if seconds / EVERY.as_secs() > told.load(Ordering::Relaxed) {
                told.store(seconds / EVERY.as_secs(), Ordering::Relaxed);
                say(&format!("{runs} runs, {} runs/s", runs / seconds.max(1)));
            }
        }
        Progress::Fails { seed, report, again } => {
            say(&format!("seed {seed} fails: {:?}", report.kinds()));
            if !again
                && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            {
                let (_, words) = explained(&Scenario::of_seed(seed), Options::default());
                say(&words);
            }
        }
    });
    if arguments.reasons {
        for (reason, count) in &totals.reasons {
            say(&format!("{count:>8}  {reason}"));
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    say(&format!("{seconds:.1} s, {} of {} runs fail", totals.failing, totals.runs));
    say(&totals.to_string());
    if totals.failing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One run with its lines: made smaller where it fails, unless the whole is wanted.
fn trace(seed: u64, whole: bool) -> ExitCode {
    let scenario = Scenario::of_seed(seed);
    let report = run(&scenario, Options { trace: true, ..Options::default() });
    if report.fails() && !whole {
        say(&explained(&scenario, Options::default()).1);
    } else {
        say(&format!("{scenario}{}", report.trace));
    }
    if report.fails() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn arguments() -> Result<Arguments, String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let hunt = Hunt { from: 0, seeds: 2_000, threads, stops: false };
    let mut found = Arguments { hunt, trace: None, explain: 1, whole: false, reasons: false };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut number = || -> Result<u64, String> {
            let value = given.next().ok_or_else(|| format!("`{name}` needs a number"))?;
            value.parse().map_err(|_| format!("`{value}` is no number"))
        };
        match name.as_str() {
            "--seeds" => found.hunt.seeds = number()?,
            "--from" => found.hunt.from = number()?,
            "--threads" => found.hunt.threads = usize::try_from(number()?).unwrap_or(1),
            "--explain" => found.explain = number()?,
            "--trace" => found.trace = Some(number()?),
            "--stop" => found.hunt.stops = true,
            "--whole" => found.whole = true,
            "--reasons" => found.reasons = true,
            _ => return Err(format!("`{name}` is not known")),
        }
    }
    Ok(found)
}

/// Who reads the output may stop before it ends (`| head`).
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}
