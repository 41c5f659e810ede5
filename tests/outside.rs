//! Whole skills against the model of the outside: one seed, one run.
//!
//! [`run`] plays a [`Scenario`] against real skills over the model's server: the profile is written and read, tools are
//! called, the kernel decides, the worker looks. What was told is compared with what is public at that moment. [`hunt`]
//! runs many seeds on all cores and makes what fails smaller.

mod executor;
mod host;
mod hunt;
mod report;
mod run;
mod told;

pub use host::Wrap;
pub use hunt::{Hunt, Progress, explained, hunt};
pub use report::{Report, Totals};
pub use run::{Options, run};

pub use chimera_testkit::outside::Scenario;
