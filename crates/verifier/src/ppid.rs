//! Credential indexes and pairwise pseudonymous identifiers.

use crate::keys::{KeyFailure, Keys};
use kazasu_service::secret::base64url;

/// What is kept of a certificate: an HMAC of its issuer's key identifier and its serial number.
/// Serial numbers are short and dense, so without the key each could be found by trying.
pub(crate) type CredentialIndex = [u8; 32];

/// A person, to this verifier only: 128 random bits.
pub(crate) type SubjectId = [u8; 16];

/// The index of the certificate `serial` (minimal big-endian) of the CA with `issuer_key_id`.
pub(crate) async fn credential_index(
    keys: &Keys,
    issuer_key_id: &[u8],
    serial: &[u8],
) -> Result<CredentialIndex, KeyFailure> {
    keys.index_mac(&[issuer_key_id, serial]).await
}

/// The identifier of `subject` for one sector, with the pairwise key of `version`.
pub(crate) async fn ppid(
    keys: &Keys,
    version: u32,
    sector: &str,
    subject: &SubjectId,
) -> Result<String, KeyFailure> {
    let fields: [&[u8]; 2] = [sector.as_bytes(), subject];
    Ok(base64url(&keys.pairwise_mac(version, &fields).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        Keys::create(&path).unwrap();
        Keys::read(&path).unwrap()
    }

    #[tokio::test]
    async fn sectors_see_different_identifiers_and_one_sector_the_same() {
        let keys = keys();
        let ppid =
            async |sector: &str, subject: u8| ppid(&keys, 1, sector, &[subject; 16]).await.unwrap();
        let one = ppid("one.example", 7).await;
        assert_eq!(ppid("one.example", 7).await, one);
        assert_ne!(ppid("two.example", 7).await, one);
        assert_ne!(ppid("one.example", 8).await, one);
        assert_eq!(one.len(), 43);
    }

    #[tokio::test]
    async fn a_subject_whose_pairwise_key_is_missing_has_no_identifier() {
        let missing = ppid(&keys(), 2, "one.example", &[7; 16]).await;
        assert!(matches!(
            missing,
            Err(KeyFailure::Missing { version: 2, .. })
        ));
    }

    #[tokio::test]
    async fn equal_serials_of_two_authorities_are_two_credentials() {
        let keys = keys();
        let index = async |issuer: &[u8], serial: &[u8]| {
            credential_index(&keys, issuer, serial).await.unwrap()
        };
        let first = index(b"issuer 1", b"1").await;
        assert_ne!(first, index(b"issuer 2", b"1").await);
        // The border between the two fields counts too.
        assert_ne!(first, index(b"issuer ", b"11").await);
    }
}
