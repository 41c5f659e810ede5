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
