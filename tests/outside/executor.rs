//! Futures and time of one run: everything that can go on goes on, then the clock moves to the next moment that matters.
//!
//! It replaces a runtime, so that the same scenario is the same run, and nothing can hang: what neither goes on nor waits
//! for a moment is stuck, and the run says so.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

/// How often one task may be polled in one run; a run of a few thousand steps is a long one.
const POLLS: usize = 200_000;

/// A future that the run drives.
struct Task<'a> {
    /// The host that it belongs to: it dies with it, and stands still with it.
    host: usize,
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The tasks of a run.
#[derive(Default)]
pub(super) struct Executor<'a> {
    tasks: Vec<Task<'a>>,
    polls: usize,
}

impl std::fmt::Debug for Executor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}

impl<'a> Executor<'a> {
    /// Begins a future for a host.
    pub(super) fn start(&mut self, host: usize, future: impl Future<Output = ()> + 'a) {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        self.tasks.push(Task { host, future: Box::pin(future), woken });
    }

    /// Whether nothing is left to do.
    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Drops what a host was doing, as a process that dies.
    pub(super) fn kill(&mut self, host: usize) {
        self.tasks.retain(|task| task.host != host);
    }

    /// Lets everything go on that can, but what belongs to a host that stands still. Says whether the bound was kept.
    pub(super) fn go_on(&mut self, stands_still: impl Fn(usize) -> bool) -> bool {
        loop {
            let mut went_on = false;
            let mut place = 0;
            while place < self.tasks.len() {
                let task = &mut self.tasks[place];
                if stands_still(task.host) || !task.woken.0.swap(false, Ordering::Relaxed) {
                    place += 1;
                    continue;
                }
                went_on = true;
                self.polls += 1;
                let waker = Waker::from(Arc::clone(&task.woken));
                if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                    drop(self.tasks.remove(place));
                } else {
                    place += 1;
                }
            }
            if !went_on {
                return true;
            }
            if self.polls > POLLS {
                return false;
            }
        }
    }
}
