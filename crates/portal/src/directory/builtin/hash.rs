//! Passwords as they are kept: Argon2id with the parameters its crate recommends.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use kazasu_service::secret::random;
use std::sync::LazyLock;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

/// Each takes 19 MiB and a core; more at once would only be slower.
static HASHING: Semaphore = Semaphore::const_new(4);

/// What a password for an account without one is compared with, so that it takes as long.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash_now("nobody's"));

/// The PHC string to keep of a password.
pub(super) async fn hash(password: Zeroizing<String>) -> String {
    on_a_thread(move || hash_now(&password)).await
}

/// Whether `password` is the one that was kept.
pub(super) async fn matches(password: Zeroizing<String>, kept: Option<String>) -> bool {
    on_a_thread(move || {
        let is_one = kept.is_some();
        let kept = kept.unwrap_or_else(|| NOBODYS.clone());
        let matches = PasswordHash::new(&kept).is_ok_and(|kept| {
            Argon2::default()
                .verify_password(password.as_bytes(), &kept)
                .is_ok()
        });
        matches && is_one
    })
    .await
}

fn hash_now(password: &str) -> String {
    let salt = SaltString::encode_b64(&random::<16>()).expect("sixteen bytes are a salt");
    Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .expect("the parameters are the crate's own")
        .to_string()
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _permit = HASHING.acquire().await.expect("it is never closed");
    spawn_blocking(work).await.expect("hashing does not panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_password_that_was_kept_matches() {
        let kept = hash(secret("one")).await;
        assert!(kept.starts_with("$argon2id$"), "{kept}");
        assert_ne!(kept, hash(secret("one")).await, "each has its own salt");
        assert!(matches(secret("one"), Some(kept.clone())).await);
        assert!(!matches(secret("two"), Some(kept)).await);
        assert!(!matches(secret("one"), Some("one".to_owned())).await);
        assert!(!matches(secret("nobody's"), None).await);
    }
}
