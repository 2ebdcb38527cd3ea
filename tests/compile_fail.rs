//! What must not compile.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs)]

#[test]
fn promises_that_the_compiler_keeps() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
