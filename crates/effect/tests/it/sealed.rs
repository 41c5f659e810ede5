//! What must not compile: acting without an approval, or without a record.

#[test]
fn nothing_acts_without_an_attempt() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
