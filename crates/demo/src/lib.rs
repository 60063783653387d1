//! The real binaries, started together. The launcher, the browser, the relying party and the
//! terminal tap serve `./dev demo` and the end-to-end tests alike.

pub mod balancer;
pub mod browser;
pub mod emulator;
pub mod intermediary;
pub mod postgres;
pub mod process;
pub mod relying_party;
pub mod started;
pub mod tap;
pub mod verifier;
