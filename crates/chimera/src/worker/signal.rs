//! What ends a wait of a task before its time.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use chimera_effect::Halt;
use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use futures_util::task::AtomicWaker;

/// The end of all waits, told to every task.
#[derive(Clone, Debug)]
pub(super) struct Stop(Shared<BoxFuture<'static, ()>>);

impl Stop {
    /// The signal, and what gives it when it is dropped.
    pub(super) fn new() -> (oneshot::Sender<()>, Self) {
        let (give, given) = oneshot::channel();
        (give, Self(given.map(|_| ()).boxed().shared()))
    }

    pub(super) fn is_given(&self) -> bool {
        self.given().now_or_never().is_some()
    }

    /// Ready once it is given, and from then on.
    pub(super) fn given(&self) -> Shared<BoxFuture<'static, ()>> {
        self.0.clone()
    }

    /// The same for the waits of the kernel.
    pub(super) fn halt(&self) -> Halt {
        Halt::when(self.given())
    }
}

/// Ends the pause of one task because there is something for it. Rung while no task pauses, it ends the next pause.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: AtomicBool,
    waker: AtomicWaker,
}

impl Bell {
    pub(super) fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Ready once it was rung; only one task may wait for it. However often it was rung meanwhile, that counts once.
    pub(super) async fn rung(&self) {
        poll_fn(|context| {
            // In this order: what is rung in between wakes.
            self.waker.register(context.waker());
            if self.rung.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_given_by_dropping_and_stays_so() {
        let (give, stop) = Stop::new();
        assert!(!stop.is_given());
        drop(give);
        assert!(stop.is_given() && stop.is_given());
        assert_eq!(stop.given().now_or_never(), Some(()));
    }

    #[test]
    fn a_bell_ends_one_wait_whenever_it_was_rung() {
        let bell = Bell::default();
        let mut wait = Box::pin(bell.rung());
        assert_eq!((&mut wait).now_or_never(), None);
        bell.ring();
        assert_eq!(wait.now_or_never(), Some(()));
        assert_eq!(bell.rung().now_or_never(), None, "it is used up");
        bell.ring();
        bell.ring();
        assert_eq!(bell.rung().now_or_never(), Some(()), "before anybody waits");
        assert_eq!(bell.rung().now_or_never(), None, "twice is once");
    }
}
