//! What must not compile: an approval that the gate did not make.

#[test]
fn only_the_gate_makes_approved_things() {
    let _guard = chimera_testkit::guard_for(1_800, "what must not compile");
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
