//! Credential indexes and pairwise pseudonymous identifiers.

use crate::keys::{Keys, mac};
use crate::secret::base64url;

/// What is kept of a certificate: an HMAC of its issuer's key identifier and its serial number.
/// Serial numbers are short and dense, so without the key each could be found by trying.
pub(crate) type CredentialIndex = [u8; 32];

/// A person, to this verifier only: 128 random bits.
pub(crate) type SubjectId = [u8; 16];

/// The index of the certificate `serial` (minimal big-endian) of the CA with `issuer_key_id`.
pub(crate) fn credential_index(
    keys: &Keys,
    issuer_key_id: &[u8],
    serial: &[u8],
) -> CredentialIndex {
    let (first, later) = keys
        .index()
        .split_first()
        .expect("a keys file has an index key");
    let index = mac(first, &[issuer_key_id, serial]);
    // Rotation wraps what is stored, so a younger key covers the older index, not the serial.
    later.iter().fold(index, |index, key| mac(key, &[&index]))
}

/// The identifier of `subject` for one sector; `None` if the key of its version is missing.
pub(crate) fn ppid(keys: &Keys, version: u32, sector: &str, subject: &SubjectId) -> Option<String> {
    let key = keys.pairwise(version)?;
    Some(base64url(&mac(key, &[sector.as_bytes(), subject])))
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

    #[test]
    fn sectors_see_different_identifiers_and_one_sector_the_same() {
        let (keys, subject) = (keys(), [7; 16]);
        let one = ppid(&keys, 1, "one.example", &subject).unwrap();
        assert_eq!(ppid(&keys, 1, "one.example", &subject).unwrap(), one);
        assert_ne!(ppid(&keys, 1, "two.example", &subject).unwrap(), one);
        assert_ne!(ppid(&keys, 1, "one.example", &[8; 16]).unwrap(), one);
        assert_eq!(one.len(), 43);
        assert_eq!(ppid(&keys, 2, "one.example", &subject), None);
    }

    #[test]
    fn equal_serials_of_two_authorities_are_two_credentials() {
        let keys = keys();
        let index = |issuer: &[u8], serial: &[u8]| credential_index(&keys, issuer, serial);
        assert_ne!(index(b"issuer 1", b"1"), index(b"issuer 2", b"1"));
        // The border between the two fields counts too.
        assert_ne!(index(b"issuer 1", b"1"), index(b"issuer ", b"11"));
    }
}
