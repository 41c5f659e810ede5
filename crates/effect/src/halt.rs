//! A signal to stop waiting. What is under way outside is finished; what only waits ends at once.

use std::fmt;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, Shared, select};

/// Ends the waits of everything that holds a clone of it. [`Halt::never`] ends none.
#[derive(Clone, Default)]
pub struct Halt(Option<Shared<BoxFuture<'static, ()>>>);

impl Halt {
    /// No signal.
    #[must_use]
    pub const fn never() -> Self {
        Self(None)
    }

    /// The signal is given when `signal` is ready.
    #[must_use]
    pub fn when(signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Some(signal.boxed().shared()))
    }

    /// Whether the signal was given.
    pub(crate) fn is_given(&self) -> bool {
        self.0.as_ref().is_some_and(|signal| signal.clone().now_or_never().is_some())
    }

    /// What comes of `wait`; `None` when the signal came first. Only for what may be dropped at any point.
    pub(crate) async fn or<T>(&self, wait: impl Future<Output = T> + Unpin) -> Option<T> {
        match &self.0 {
            None => Some(wait.await),
            Some(signal) => match select(signal.clone(), wait).await {
                Either::Left(_) => None,
                Either::Right((done, _)) => Some(done),
            },
        }
    }
}

impl fmt::Debug for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = self.0.as_ref().is_some_and(|signal| signal.peek().is_some());
        f.debug_struct("Halt").field("given", &given).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Pending, pending, ready};

    use super::*;

    /// A signal that a test gives.
    fn signal() -> (futures_channel::oneshot::Sender<()>, Halt) {
        let (give, given) = futures_channel::oneshot::channel::<()>();
        (give, Halt::when(given.map(|_| ())))
    }

    #[test]
    fn without_a_signal_every_wait_is_waited_for() {
        let never = Halt::never();
        assert_eq!(never.or(ready(1)).now_or_never(), Some(Some(1)));
        let wait: Pending<()> = pending();
        assert_eq!(never.or(wait).now_or_never(), None);
        assert_eq!(format!("{never:?}"), "Halt { given: false }");
    }

    #[test]
    fn the_signal_ends_what_waits_and_nothing_before_it() {
        let (give, halt) = signal();
        let clone = halt.clone();
        let mut waits = [&halt, &clone].map(|halt| Box::pin(halt.or(Box::pin(pending::<()>()))));
        for wait in &mut waits {
            assert_eq!(wait.now_or_never(), None, "no signal yet");
        }
        assert_eq!(halt.or(ready(1)).now_or_never(), Some(Some(1)), "what is ready is taken");
        give.send(()).unwrap();
        for wait in &mut waits {
            assert_eq!(wait.now_or_never(), Some(None), "every clone ends");
        }
        assert_eq!(clone.or(Box::pin(pending::<()>())).now_or_never(), Some(None), "what begins later, too");
        assert_eq!(format!("{halt:?}"), "Halt { given: true }");
    }

    #[test]
    fn who_gives_the_signal_may_be_gone() {
        let (give, halt) = signal();
        drop(give);
        assert_eq!(halt.or(Box::pin(pending::<()>())).now_or_never(), Some(None));
    }
}
