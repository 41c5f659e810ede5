//! What must not compile: acting without an approval, or without a record.

#[test]
fn nothing_acts_without_an_attempt() {
    let _guard = chimera_harness::guard_for(1_800, "what must not compile");
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
