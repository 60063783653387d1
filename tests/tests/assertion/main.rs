//! Our certificate validator and revocation judge beside others: the emulator's authority, the
//! openssl command and the crate `pkix-chain`.

mod judge;
mod mutate;
mod mutations;
mod openssl;
mod revocation;
mod variants;
mod witness;

/// 2026-04-01T00:00:00Z.
const NOW: i64 = 1_775_001_600;
