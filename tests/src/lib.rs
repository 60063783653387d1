//! End to end: every party real, on loopback. What several tests need is here.

pub mod database;
pub mod fuzzing;
pub mod pcscd;
pub mod world;
