//! Do keys belong to a database? The database keeps a keyed hash of a fixed text for each.

use super::{KeyFailure, KeyKind, Keys, MacKey, mac};
use kazasu_service::secret::length_prefixed;

/// What is computed only to see whether a key is there, and the right one. It is one field, and
/// shorter than an index: nothing that is stored or issued is ever the same.
const CHECK_DOMAIN: &[u8] = b"kazasu/key-check/v1";

/// A key's check value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyCheck {
    /// Index or pairwise: what is stored, or known elsewhere, depends on them for ever.
    pub(crate) kind: KeyKind,
    /// From 1.
    pub(crate) version: u32,
    /// HMAC of a fixed text.
    pub(crate) value: [u8; 32],
}

/// Why keys and a database do not belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyMismatch {
    /// The database was used with another key of this kind and version.
    #[error("these are not the keys of this database: its {kind} key {version} is another one")]
    Other {
        /// Which kind.
        kind: KeyKind,
        /// Its version.
        version: u32,
    },
    /// The database was used with a key that is not there.
    #[error("the database was used with {kind} key {version}, which is missing from the keys")]
    Missing {
        /// Which kind.
        kind: KeyKind,
        /// Its version.
        version: u32,
    },
    /// The stored credential indexes are not wrapped by an index key.
    #[error(
        "index key {version} is not applied to the database yet: stop every verifier and run `kazasu-verifier keys rewrap-index`"
    )]
    NotApplied {
        /// Its version.
        version: u32,
    },
}

impl Keys {
    /// An error if the keys cannot be used now. Keys in memory always can.
    pub(crate) async fn check(&self) -> Result<(), KeyFailure> {
        self.index_mac(&[CHECK_DOMAIN]).await.map(|_| ())
    }

    /// The check values of the index keys and then the pairwise keys, in order. Blocks.
    pub(crate) fn checks(&self) -> Result<Vec<KeyCheck>, KeyFailure> {
        let index = (1..).zip(&self.index);
        let index = index.map(|(version, key)| (KeyKind::Index, version, key));
        let pairwise = self.pairwise.iter();
        let pairwise = pairwise.map(|(version, key)| (KeyKind::Pairwise, version, key));
        let check = |(kind, version, key): (_, _, &MacKey)| {
            Ok(KeyCheck {
                kind,
                version,
                value: key.mac_blocking(&[CHECK_DOMAIN])?,
            })
        };
        index.chain(pairwise).map(check).collect()
    }

    /// The check value of one index key. Blocks.
    pub(crate) fn index_check(&self, version: u32) -> Result<KeyCheck, KeyFailure> {
        let key = self.index_key(version)?;
        Ok(KeyCheck {
            kind: KeyKind::Index,
            version,
            value: key.mac_blocking(&[CHECK_DOMAIN])?,
        })
    }

    /// One stored index, wrapped by the index key of `version`. Blocks.
    pub(crate) fn wrap(&self, version: u32, index: &[u8; 32]) -> Result<[u8; 32], KeyFailure> {
        self.index_key(version)?.mac_blocking(&[index])
    }

    fn index_key(&self, version: u32) -> Result<&MacKey, KeyFailure> {
        let mut index = (1..).zip(&self.index);
        let found = index.find(|(position, _)| *position == version);
        found.map(|(_, key)| key).ok_or(KeyFailure::Missing {
            kind: "index",
            version,
        })
    }
}

impl MacKey {
    fn mac_blocking(&self, fields: &[&[u8]]) -> Result<[u8; 32], KeyFailure> {
        match self {
            Self::Here(key) => Ok(mac(key, fields)),
            Self::InToken(key) => Ok(key.mac_blocking(&length_prefixed(fields))?),
        }
    }
}
