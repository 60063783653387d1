//! End to end: every party real, on loopback. What several tests need is here.

pub mod cluster;
pub mod crowd;
pub mod database;
pub mod engine;
pub mod fuzzing;
pub mod isolated;
pub mod oidc_provider;
pub mod pcscd;
pub mod portal;
pub mod taps;
pub mod world;

/// Says that a test could not run here, where everybody sees it.
///
/// # Panics
/// If `CI` is `true`: there, a test that did not run is one that failed.
pub fn not_run(test: &str, why: &str) {
    use std::io::Write as _;
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{test} cannot run: {why}"
    );
    // Not `eprintln!`, which is captured: nobody shall take this for a test that passed.
    let _ = writeln!(std::io::stderr(), "DID NOT RUN: {test}: {why}");
}
