//! What nobody can guess.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;

/// 128 random bits, as text for addresses and cookies.
pub(crate) fn random_text() -> String {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random source works once it has been seeded");
    BASE64URL.encode(bytes)
}
