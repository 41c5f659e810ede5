//! A bounded pool: one piece of work in each place, and the store is asked for more as soon as a place is free.
//!
//! INVARIANT: no more than `at_once` pieces are under way, one question to the store at a time, and no question for which
//! there is no place. So nothing is queued: what has no place stays in the store.
//!
//! The question, the pause and the work are futures of one set, so that none waits for another. A pause that has begun
//! is ended by the bell and by the stop, never by a piece of work that ends: else quick work would have the store asked
//! all the time.

use std::sync::Arc;

use chimera_contracts::{Clock, StoreError};
use chrono::TimeDelta;
use futures_util::future::{BoxFuture, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::signal::{Bell, Stop};

/// Where a pool has its work from. What it gives borrows nothing: of futures that do, the compiler would not see that the
/// host may send them to another thread.
pub(super) trait Source {
    /// An answer of the store.
    type Found: Send + 'static;
    /// What is to be known of a piece of work that has ended.
    type Done: Send + 'static;

    /// Asks the store for work for up to `room` places.
    fn ask(&mut self, room: usize) -> BoxFuture<'static, Result<Self::Found, StoreError>>;

    /// The work that an answer for `room` places gives, and when to ask for more.
    fn begin(&mut self, found: Self::Found, room: usize) -> (Vec<BoxFuture<'static, Self::Done>>, Ask);

    /// Takes note that a piece of work has ended.
    fn ended(&mut self, done: Self::Done);
}

/// When to ask the store again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// As soon as a place is free: there may be more.
    WhenFree,
    /// After the pause: that was all.
    AfterPause,
}

/// The places, and the pace.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) at_once: usize,
    pub(super) pause: TimeDelta,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: Stop,
    /// Ends a pause.
    pub(super) bell: Arc<Bell>,
}

/// What came next.
enum Turn<Found, Done> {
    Asked { room: usize, found: Result<Found, StoreError> },
    Ended(Done),
    Paused,
}

impl Pool {
    /// Works until the stop is given and what was begun before has ended.
    pub(super) async fn run<S: Source>(self, mut source: S) {
        let mut turns = FuturesUnordered::<BoxFuture<'_, Turn<S::Found, S::Done>>>::new();
        let (mut under_way, mut may_ask) = (0_usize, true);
        loop {
            let room = self.at_once.saturating_sub(under_way);
            if may_ask && room > 0 && !self.stop.is_given() {
                may_ask = false;
                let asked = source.ask(room).map(move |found| Turn::Asked { room, found });
                turns.push(asked.boxed());
            }
            // Nothing is asked for, nothing is under way, and no pause ends: it was stopped.
            let Some(turn) = turns.next().await else { return };
            match turn {
                Turn::Asked { room, found: Ok(found) } => {
                    let (work, ask) = source.begin(found, room);
                    under_way = under_way.saturating_add(work.len());
                    turns.extend(work.into_iter().map(|work| work.map(Turn::Ended).boxed()));
                    may_ask = ask == Ask::WhenFree;
                    if !may_ask {
                        turns.push(self.pause().map(|()| Turn::Paused).boxed());
                    }
                }
                Turn::Asked { found: Err(error), .. } => {
                    tracing::warn!(%error, "the worker could not use the store");
                    turns.push(self.pause().map(|()| Turn::Paused).boxed());
                }
                Turn::Ended(done) => {
                    under_way = under_way.saturating_sub(1);
                    source.ended(done);
                }
                Turn::Paused => may_ask = true,
            }
        }
    }

    async fn pause(&self) {
        select(Box::pin(self.bell.rung()), Box::pin(pause(self.clock.as_ref(), self.pause, &self.stop)))
            .await;
    }
}

/// Waits for `span`, or until the stop is given.
pub(super) async fn pause(clock: &dyn Clock, span: TimeDelta, stop: &Stop) {
    let now = clock.now();
    let until = now.checked_add_signed(span).unwrap_or(now);
    select(stop.given(), clock.sleep_until(until)).await;
}
