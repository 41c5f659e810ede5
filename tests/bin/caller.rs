//! A process of its own for tests: one caller, or the sandbox.

fn main() {}
