//! From a text or a token to [`Keys`].

use super::file::{KeysFile, SigningKeyEntry, VersionedKey, bytes};
use super::kind::KeyKind;
use super::token::{Token, TokenKey};
use super::versions::Versions;
use super::{Keys, KeysError, MacKey, SigningKey, TokenError, mac};
use crate::settings::{KeySource, TokenSource};
use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use aws_lc_rs::hmac;
use cryptoki::types::AuthPin;
use jsonwebtoken::Algorithm;
use kazasu_service::audit::AuditKey;
use kazasu_service::secret::{SecretText, length_prefixed};
use std::path::Path;
use zeroize::Zeroizing;

/// Keep the uses of derived keys apart.
const CHALLENGE_DOMAIN: &[u8] = b"kazasu/challenge-key/v1";
const NAME_DOMAIN: &[u8] = b"kazasu/name-key/v1";
const AUDIT_DOMAIN: &[u8] = b"kazasu/audit-key/v1";

type Secret = Zeroizing<[u8; 32]>;

/// Keys as they are found, lists not yet checked; `(version, use_from, key)`.
#[derive(Default)]
struct Parts {
    index: Vec<MacKey>,
    pairwise: Vec<(u32, i64, MacKey)>,
    challenge: Vec<(u32, i64, Secret)>,
    name: Vec<(u32, i64, Secret)>,
    audit: Vec<(u32, i64, Secret)>,
    signing: Vec<SigningKey>,
}

impl Keys {
    /// Loads the keys from where the settings say. A token may take its time.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn load(source: &KeySource) -> Result<Self, KeysError> {
        match source {
            KeySource::Text(text) => Self::from_file(&KeysFile::parse(&text.read()?)?),
            KeySource::Token(token) => Self::from_token(&open_token(token)?),
        }
    }

    /// Reads a keys file.
    ///
    /// # Errors
    /// [`KeysError`], also when others than the owner may read the file.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        Self::load(&KeySource::Text(SecretText::File(path.into())))
    }

    pub(super) fn from_file(file: &KeysFile) -> Result<Self, KeysError> {
        let here = |secret: Secret| MacKey::Here(Box::new(hmac_key(&secret)));
        let index = file.index.iter().map(|key| Ok(here(bytes(key)?)));
        let signing = file.signing.iter().map(SigningKeyEntry::parse);
        let parts = Parts {
            index: index.collect::<Result<_, KeysError>>()?,
            pairwise: list(&file.pairwise, here)?,
            challenge: list(&file.challenge, |key| derive(&key, CHALLENGE_DOMAIN))?,
            name: list(&file.name, |key| derive(&key, NAME_DOMAIN))?,
            audit: list(&file.audit, |key| derive(&key, AUDIT_DOMAIN))?,
            signing: signing.collect::<Result<_, _>>()?,
        };
        parts.whole()
    }

    pub(super) fn from_token(token: &Token) -> Result<Self, KeysError> {
        let mut parts = Parts::default();
        for (label, use_from) in token.inventory()? {
            let (version, key) = (label.version, token.key(label.in_token(use_from)));
            match label.kind {
                KeyKind::Index => {
                    // The inventory is in order, so a gap shows at once.
                    let version = parts.index.len() as u32 + 1;
                    if label.version != version {
                        return Err(missing(label.kind, version));
                    }
                    parts.index.push(MacKey::InToken(key));
                }
                KeyKind::Pairwise => {
                    let key = MacKey::InToken(key);
                    parts.pairwise.push((version, use_from, key));
                }
                KeyKind::Challenge => {
                    let key = derive_in_token(&key, CHALLENGE_DOMAIN)?;
                    parts.challenge.push((version, use_from, key));
                }
                KeyKind::Name => {
                    let key = derive_in_token(&key, NAME_DOMAIN)?;
                    parts.name.push((version, use_from, key));
                }
                KeyKind::Audit => {
                    let key = derive_in_token(&key, AUDIT_DOMAIN)?;
                    parts.audit.push((version, use_from, key));
                }
                KeyKind::SigningEs256 | KeyKind::SigningRs256 => {
                    let public = token.public(label, use_from)?;
                    let key = SigningKey::in_token(key, &public, use_from)?;
                    parts.signing.push(key);
                }
            }
        }
        match parts.lacks() {
            Some(kind) => Err(missing(kind, 1)),
            None => parts.whole(),
        }
    }
}

impl Parts {
    /// The first kind of which there is no key.
    fn lacks(&self) -> Option<KeyKind> {
        let lists = [
            (KeyKind::Index, self.index.is_empty()),
            (KeyKind::Pairwise, self.pairwise.is_empty()),
            (KeyKind::Challenge, self.challenge.is_empty()),
            (KeyKind::Name, self.name.is_empty()),
            (KeyKind::Audit, self.audit.is_empty()),
            (KeyKind::SigningEs256, self.signing.is_empty()),
        ];
        let mut empty = lists.into_iter().filter(|(_, is_empty)| *is_empty);
        empty.next().map(|(kind, _)| kind)
    }

    fn whole(self) -> Result<Keys, KeysError> {
        if let Some(kind) = self.lacks() {
            return Err(KeysError::None { kind });
        }
        let audit = self.audit.into_iter().map(|(version, use_from, seed)| {
            (version, use_from, AuditKey::from_seed(version, &seed))
        });
        Ok(Keys {
            index: self.index,
            pairwise: versions(self.pairwise)?,
            challenge: versions(map(self.challenge, |key| hmac_key(&key)))?,
            name: versions(map(self.name, |key| name_key(&key)))?,
            audit: versions(audit.collect())?,
            signing: first_at_once(self.signing),
        })
    }
}

/// As of every kind of key, the first of each algorithm needs no time to come: without it nobody
/// could sign.
fn first_at_once(mut signing: Vec<SigningKey>) -> Vec<SigningKey> {
    for algorithm in [Algorithm::ES256, Algorithm::RS256] {
        let keys = signing.iter_mut().filter(|key| key.algorithm == algorithm);
        if let Some(first) = keys.min_by_key(|key| key.use_from) {
            first.use_from = 0;
        }
    }
    signing
}

/// Opens the token that the settings name.
pub(super) fn open_token(source: &TokenSource) -> Result<Token, KeysError> {
    let pin = AuthPin::from(source.pin.read_line()?.to_string());
    Ok(Token::open(&source.module, &source.token, pin)?)
}

fn missing(kind: KeyKind, version: u32) -> KeysError {
    let label = kind.version(version).in_token(0);
    TokenError::Missing { label }.into()
}

fn list<T>(
    entries: &[VersionedKey],
    make: impl Fn(Secret) -> T,
) -> Result<Vec<(u32, i64, T)>, KeysError> {
    let one = |e: &VersionedKey| Ok((e.version, e.use_from, make(bytes(&e.key)?)));
    entries.iter().map(one).collect()
}

fn versions<T>(keys: Vec<(u32, i64, T)>) -> Result<Versions<T>, KeysError> {
    Versions::new(keys).ok_or(KeysError::Invalid {
        what: "a version appears twice",
    })
}

fn map<T>(keys: Vec<(u32, i64, Secret)>, make: impl Fn(Secret) -> T) -> Vec<(u32, i64, T)> {
    let one = |(version, use_from, key)| (version, use_from, make(key));
    keys.into_iter().map(one).collect()
}

fn derive(key: &Secret, domain: &[u8]) -> Secret {
    Zeroizing::new(mac(&hmac_key(key), &[domain]))
}

fn derive_in_token(key: &TokenKey, domain: &[u8]) -> Result<Secret, TokenError> {
    Ok(Zeroizing::new(
        key.mac_blocking(&length_prefixed(&[domain]))?,
    ))
}

fn hmac_key(key: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &**key)
}

fn name_key(key: &Secret) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, &**key).expect("an AES-256 key is 32 bytes long")
}
