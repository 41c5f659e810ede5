//! A case, and what runs a suite of them.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::StoreFactory;

/// One sentence of a contract, for whatever is opened by an `F`.
pub struct Case<F: ?Sized = dyn StoreFactory> {
    /// The name of the function.
    pub name: &'static str,
    run: for<'a> fn(&'a F) -> BoxFuture<'a, ()>,
}

impl<F: ?Sized> Case<F> {
    pub(super) const fn new(name: &'static str, run: for<'a> fn(&'a F) -> BoxFuture<'a, ()>) -> Self {
        Self { name, run }
    }

    /// Runs the function.
    pub async fn run(&self, factory: &F) {
        (self.run)(factory).await;
    }
}

// Not derived: that would ask the same of `F`.
impl<F: ?Sized> Clone for Case<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: ?Sized> Copy for Case<F> {}

impl<F: ?Sized> fmt::Debug for Case<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Runs every case and names the one that fails.
pub(super) async fn run_all<F: ?Sized>(cases: &[Case<F>], factory: &F) {
    for case in cases {
        if let Err(cause) = AssertUnwindSafe(case.run(factory)).catch_unwind().await {
            panic!("`{}` does not hold: {}", case.name, said(cause.as_ref()));
        }
    }
}

fn said(cause: &(dyn Any + Send)) -> &str {
    let text = cause.downcast_ref::<&str>().copied();
    text.or_else(|| cause.downcast_ref::<String>().map(String::as_str)).unwrap_or("it panicked")
}

/// The suite of a port that a store keeps: its cases, and a function that runs them all.
macro_rules! port_suite {
    ($gives:ident: $($name:ident)*) => {
        /// The cases of this port, for whatever gives it: the port alone, or a whole store.
        #[must_use]
        pub const fn cases<P: $gives>() -> &'static [$crate::conformance::Case<dyn StoreFactory<P>>] {
            struct Listed<P>(std::marker::PhantomData<P>);
            impl<P: $gives> Listed<P> {
                const CASES: &'static [$crate::conformance::Case<dyn StoreFactory<P>>] = &[$(
                    $crate::conformance::Case::new(stringify!($name), |factory| Box::pin($name(factory)))
                ),*];
            }
            Listed::<P>::CASES
        }

        /// Runs every case of this port and names the one that fails.
        ///
        /// # Panics
        /// When a case fails.
        pub async fn all<P: $gives>(factory: &(dyn StoreFactory<P> + 'static)) {
            $crate::conformance::case::run_all(cases::<P>(), factory).await;
        }
    };
}

/// The suite of a port that something outside stands behind: its cases over a harness, and a function that runs them all.
macro_rules! harness_suite {
    ($harness:ident: $($name:ident)*) => {
        /// The cases of this port.
        pub const CASES: &[$crate::conformance::Case<dyn $harness>] = &[$(
            $crate::conformance::Case::new(stringify!($name), |harness| Box::pin($name(harness)))
        ),*];

        /// Runs every case of this port and names the one that fails.
        ///
        /// # Panics
        /// When a case fails.
        pub async fn all(harness: &(dyn $harness + 'static)) {
            $crate::conformance::case::run_all(CASES, harness).await;
        }
    };
}

pub(super) use {harness_suite, port_suite};
