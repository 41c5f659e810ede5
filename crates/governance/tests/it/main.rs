//! Tests of the gate: what must not compile, and what the permit says.

mod permits;
mod sealed;
