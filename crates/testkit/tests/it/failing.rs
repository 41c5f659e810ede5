//! What shows that a suite can fail: it is run over something that breaks a sentence.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use chimera_testkit::block_on;
use chimera_testkit::conformance::Case;

/// The names of the cases that this fails, in the order of the suite.
fn failed_by<F: ?Sized>(cases: &[Case<F>], wrong: &F) -> Vec<&'static str> {
    let failed = cases.iter().filter(|case| {
        let run = AssertUnwindSafe(|| block_on(case.run(wrong)));
        catch_unwind(run).is_err()
    });
    failed.map(|case| case.name).collect()
}

/// Asserts that of these cases exactly those of these names fail.
#[track_caller]
pub(crate) fn fails<F: ?Sized + Debug>(cases: &[Case<F>], wrong: &F, expected: &[&str]) {
    assert_eq!(failed_by(cases, wrong), expected, "{wrong:?}");
}

/// A wrong implementation, and the cases that find it.
pub(crate) type Variant<F> = (Box<F>, &'static [&'static str]);

/// Asserts of each variant that exactly its cases fail it, and of each case that a variant fails it: a case that nothing fails
/// holds nobody to anything.
#[track_caller]
pub(crate) fn each_case_fails<F: ?Sized + Debug>(cases: &[Case<F>], variants: Vec<Variant<F>>) {
    let (mut found, mut others) = (BTreeSet::new(), Vec::new());
    for (wrong, expected) in variants {
        let failed = failed_by(cases, wrong.as_ref());
        found.extend(failed.iter().copied());
        if failed != expected {
            others.push(format!("{wrong:?} fails {failed:#?}, not {expected:#?}"));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
    let names = cases.iter().map(|case| case.name);
    let never: Vec<&str> = names.filter(|name| !found.contains(name)).collect();
    assert!(never.is_empty(), "no wrong implementation fails {never:?}");
}

/// Ends when it is polled a second time: what else runs has a turn before.
pub(crate) async fn once_later() {
    let mut first = true;
    std::future::poll_fn(|context| {
        if std::mem::take(&mut first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}
