//! What must not compile: an approval that the gate did not make.

#[test]
fn only_the_gate_makes_approved_things() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
