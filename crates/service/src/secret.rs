//! Random values handed out once, the hashes of them that are kept, and secrets that an operator
//! keeps for the server.

mod text;

pub use text::{SecretError, SecretTable, SecretText};

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `N` random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system's random source works once it has been seeded");
    bytes
}

/// Base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a base64url text without padding.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A random text of `N` bytes' strength for a URL.
pub fn random_text<const N: usize>() -> String {
    base64url(&random::<N>())
}

/// SHA-256: what the database keeps of a random secret.
pub fn hash(secret: impl AsRef<[u8]>) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, secret.as_ref());
    digest
        .as_ref()
        .try_into()
        .expect("SHA-256 is 32 bytes long")
}

/// Bytes with a 32-bit big-endian length before them, so that no two lists of fields share an
/// encoding.
pub fn length_prefixed(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        let length = u32::try_from(field.len()).expect("fields are far below 4 GiB");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}
