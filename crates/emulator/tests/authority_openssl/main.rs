//! The test authority before an outside witness: the openssl command line.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod crl;
mod http;
mod ocsp;
mod path;
mod profile;
mod witness;
