//! One thread that counts the seconds of every wait of the process.
//!
//! Why a thread: a timer of the runtime never fires when the future that it should end does not give way, and crates
//! without a runtime have none. Why ticks and no clock: a process that was stopped for an hour has waited one second.
//! Why an abort as the last means: a thread that spins or blocks cannot be made to unwind from outside.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::Duration;

/// How many seconds a future has, after it was told that its time is over, until the process is ended.
const GRACE: u32 = 5;

/// One second of the watchdog.
const TICK: Duration = Duration::from_secs(1);

/// What is waited for, by whom, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    /// Completes the sentence *waited 60 s for …*.
    pub(crate) what: String,
    /// Where the test says so.
    pub(crate) place: &'static Location<'static>,
    /// The bound.
    pub(crate) seconds: u32,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waited {} s for {}, at {}", self.seconds, self.what, self.place)
    }
}

/// A wait under way; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Watched(u64);

/// What the watchdog knows of a wait.
#[derive(Debug)]
struct Entry {
    wait: Wait,
    /// The thread that began it; the test harness names each test's thread after the test.
    thread: String,
    passed: u32,
    /// Wakes the future, so that it sees that its time is over; nothing wakes a thread that blocks.
    waker: Option<Waker>,
}

#[derive(Debug, Default)]
struct Watchdog {
    next: u64,
    entries: BTreeMap<u64, Entry>,
}

impl Watched {
    /// Begins to count. Without a waker, the process ends when the time is over; with one, the future has [`GRACE`].
    pub(crate) fn begin(wait: Wait, waker: Option<Waker>) -> Self {
        let thread = thread::current().name().unwrap_or("a thread without a name").to_owned();
        let mut watchdog = watchdog();
        let id = watchdog.next;
        watchdog.next += 1;
        watchdog.entries.insert(id, Entry { wait, thread, passed: 0, waker });
        Self(id)
    }

    /// Whether the time is over. Remembers who is to be woken when it is.
    pub(crate) fn is_over(&self, waker: &Waker) -> bool {
        let mut watchdog = watchdog();
        let entry = watchdog.entries.get_mut(&self.0).expect("it is watched until it is dropped");
        match &mut entry.waker {
            Some(known) => known.clone_from(waker),
            None => entry.waker = Some(waker.clone()),
        }
        entry.passed >= entry.wait.seconds
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        watchdog().entries.remove(&self.0);
    }
}

/// The one watchdog; its thread starts with the first wait.
fn watchdog() -> MutexGuard<'static, Watchdog> {
    static WATCHDOG: OnceLock<Mutex<Watchdog>> = OnceLock::new();
    let mutex = WATCHDOG.get_or_init(|| {
        thread::Builder::new().name("watchdog".to_owned()).spawn(count).expect("a thread starts");
        Mutex::default()
    });
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts for as long as the process lives.
fn count() {
    loop {
        thread::sleep(TICK);
        let (over, doomed) = tick(&mut watchdog());
        over.into_iter().for_each(Waker::wake);
        if !doomed.is_empty() {
            end_process(&doomed);
        }
    }
}

/// One second more for every wait: who is to be told that its time is over, and what cannot be told any more.
fn tick(watchdog: &mut Watchdog) -> (Vec<Waker>, Vec<String>) {
    let (mut over, mut doomed) = (Vec::new(), Vec::new());
    for entry in watchdog.entries.values_mut() {
        entry.passed += 1;
        let grace = if entry.waker.is_some() { GRACE } else { 0 };
        if entry.passed >= entry.wait.seconds + grace {
            doomed.push(format!("{}: {}", entry.thread, entry.wait));
        } else if entry.passed >= entry.wait.seconds {
            over.extend(entry.waker.clone());
        }
    }
    (over, doomed)
}

/// Says what was waited for, past the output that the test harness holds back, and aborts.
fn end_process(doomed: &[String]) -> ! {
    let mut said = String::new();
    for one in doomed {
        said.push_str(&format!("\nwatchdog: {one}; it does not give way, so this process ends\n"));
    }
    // Where nobody reads standard error, the signal has to say it all.
    let _ = std::io::stderr().write_all(said.as_bytes());
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A watchdog of its own with one wait of three seconds; what each tick says.
    fn check(waker: Option<Waker>, expected: &[(usize, usize)]) {
        let wait = Wait { what: "a reply".to_owned(), place: Location::caller(), seconds: 3 };
        let mut watchdog = Watchdog::default();
        watchdog.entries.insert(0, Entry { wait, thread: "a_test".to_owned(), passed: 0, waker });
        for (second, expected) in expected.iter().enumerate() {
            let (over, doomed) = tick(&mut watchdog);
            assert_eq!((over.len(), doomed.len()), *expected, "second {second}");
            for words in doomed {
                assert!(words.starts_with("a_test: waited 3 s for a reply, at "), "{words}");
            }
        }
    }

    #[test]
    fn a_future_is_woken_and_then_given_up() {
        let woken = (1, 0);
        check(Some(Waker::noop().clone()), &[(0, 0), (0, 0), woken, woken, woken, woken, woken, (0, 1)]);
    }

    #[test]
    fn what_cannot_be_woken_is_given_up_at_once() {
        check(None, &[(0, 0), (0, 0), (0, 1)]);
    }
}
