//! What shows that a suite can fail: it is run over something that breaks a sentence.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chimera_testkit::block_on;
use chimera_testkit::conformance::Case;

/// Asserts that of these cases exactly those of these names fail.
#[track_caller]
pub(crate) fn fails<F: ?Sized + Debug>(cases: &[Case<F>], wrong: &F, expected: &[&str]) {
    let failed = cases.iter().filter(|case| {
        let run = AssertUnwindSafe(|| block_on(case.run(wrong)));
        catch_unwind(run).is_err()
    });
    let failed: Vec<&str> = failed.map(|case| case.name).collect();
    assert_eq!(failed, expected, "{wrong:?}");
}
