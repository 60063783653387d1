//! The targets' bodies, which every test run uses too: compiled here without the rest of the tests.

#[path = "../../tests/src/fuzzing.rs"]
pub mod fuzzing;
