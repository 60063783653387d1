//! End to end: every party real, on loopback. What several tests need is here.

pub mod cluster;
pub mod crowd;
pub mod database;
pub mod engine;
pub mod fuzzing;
pub mod isolated;
pub mod pcscd;
pub mod taps;
pub mod world;
