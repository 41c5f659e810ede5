//! Tests of the gate: what must not compile, and what the permit says.

#![expect(clippy::unwrap_used, reason = "tests fail loudly, their helpers too")]

mod permits;
mod sealed;
