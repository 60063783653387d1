//! The portal's keys: one it proves itself with to the OpenID Providers, one that signs heads of
//! the audit, one that tokens in mails are derived with.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use kazasu_service::audit::AuditKey;
use kazasu_service::secret::{SecretError, SecretText, hash, random};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// They cannot be read.
    #[error("the keys cannot be read")]
    Unreadable(#[from] SecretError),
    /// The text is not what `kazasu-portal init` writes. It is not quoted: it is secret.
    #[error("the keys are not as they should be: {0}")]
    Invalid(&'static str),
    /// The file cannot be written.
    #[error("the keys cannot be written")]
    File(#[source] std::io::Error),
}

/// The keys, loaded.
pub struct Keys {
    client: Vec<ClientKey>,
    audit: Vec<AuditKey>,
    notice: hmac::Key,
}

/// A key that proves to OpenID Providers who the portal is.
pub(crate) struct ClientKey {
    /// RFC 7638's thumbprint would do; a hash of the public key is as good a name.
    pub(crate) kid: String,
    pub(crate) signing: EncodingKey,
    public: Vec<u8>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    /// PKCS#8 of P-256, base64. The first signs; providers learn of all.
    client: Vec<String>,
    /// Seeds of Ed25519, hexadecimal, the oldest first. The last signs.
    audit: Vec<String>,
    /// 32 bytes, hexadecimal.
    notice: String,
}

const HEADER: &str = "\
# Secret keys of the portal. Mode 0600; backed up apart from the database.
# client: proves to the verifier and the sign-in who this is; the first signs, all are in
#   `kazasu-portal jwks`. To rotate: add one at the end, register the new JWKS, then move it up.
# audit: signs heads of the audit; the last signs, and earlier ones are kept to check old heads.
# notice: the links \"this was not me\" in mails; a new one makes links already sent worthless.
";

impl Keys {
    /// Reads keys.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn load(source: &SecretText) -> Result<Self, KeysError> {
        Self::parse(&source.read()?)
    }

    /// Writes a new file with fresh keys, mode 0600; an existing one is never overwritten.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn create(path: &Path) -> Result<(), KeysError> {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let pkcs8 = pkcs8.map_err(|_| KeysError::Invalid("no key can be made"))?;
        let seed = || hex::encode(Zeroizing::new(random::<32>()));
        let file = KeysFile {
            client: vec![STANDARD.encode(pkcs8.as_ref())],
            audit: vec![seed()],
            notice: seed(),
        };
        let text = Zeroizing::new(toml::to_string(&file).expect("lists of strings"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options
            .open(path)
            .and_then(|mut out| {
                out.write_all(HEADER.as_bytes())?;
                out.write_all(text.as_bytes())?;
                out.sync_all()
            })
            .map_err(KeysError::File)
    }

    fn parse(text: &str) -> Result<Self, KeysError> {
        let file: KeysFile =
            toml::from_str(text).map_err(|_| KeysError::Invalid("not the TOML expected"))?;
        let client: Vec<_> = file
            .client
            .iter()
            .map(|t| ClientKey::parse(t))
            .collect::<Result<_, _>>()?;
        let audit: Vec<_> = (1..)
            .zip(&file.audit)
            .map(|(version, text)| Ok(AuditKey::from_seed(version, &*bytes(text)?)))
            .collect::<Result<_, KeysError>>()?;
        if client.is_empty() || audit.is_empty() {
            return Err(KeysError::Invalid("client and audit need a key each"));
        }
        let notice = hmac::Key::new(hmac::HMAC_SHA256, &*bytes(&file.notice)?);
        Ok(Self {
            client,
            audit,
            notice,
        })
    }

    /// The key that signs client assertions.
    pub(crate) fn client(&self) -> &ClientKey {
        &self.client[0]
    }

    /// The public keys that an OpenID Provider has to know: a JWK Set, RFC 7517.
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self.client.iter().map(ClientKey::jwk).collect();
        json!({ "keys": keys })
    }

    /// The public keys that check heads of the audit, Ed25519.
    pub fn audit_public_keys(&self) -> Vec<[u8; 32]> {
        self.audit.iter().map(AuditKey::public).collect()
    }

    /// The key that signs heads of the audit.
    pub(crate) fn audit(&self) -> &AuditKey {
        self.audit.last().expect("loading requires one")
    }

    /// Marks who was told about an event: whoever has the database alone cannot try addresses.
    pub(crate) fn recipients(&self) -> hmac::Key {
        // No event is called so, so that no token tells the key.
        let key = hmac::sign(&self.notice, b"recipients");
        hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())
    }

    /// What proves to the portal that somebody was told about an event: 128 bits, base64url.
    pub(crate) fn notice_token(&self, event: &str) -> String {
        let tag = hmac::sign(&self.notice, event.as_bytes());
        URL_SAFE_NO_PAD.encode(&tag.as_ref()[..16])
    }
}

impl ClientKey {
    fn parse(text: &str) -> Result<Self, KeysError> {
        let pkcs8 = STANDARD.decode(text).map(Zeroizing::new);
        let pkcs8 = pkcs8.map_err(|_| KeysError::Invalid("a client key is not base64"))?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)
            .map_err(|_| KeysError::Invalid("a client key is not PKCS#8 of P-256"))?;
        let public = pair.public_key().as_ref().to_vec();
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(&hash(&public)[..12]),
            signing: EncodingKey::from_ec_der(&pkcs8),
            public,
        })
    }

    fn jwk(&self) -> serde_json::Value {
        // An uncompressed point: 04, x, y.
        let (x, y) = self.public[1..].split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        })
    }
}

/// 32 bytes from their hexadecimal digits.
fn bytes(text: &str) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text, &mut *key)
        .map_err(|_| KeysError::Invalid("a key is not 64 hexadecimal digits"))?;
    Ok(key)
}

/// Shared by every request.
pub(crate) type SharedKeys = Arc<Keys>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_keys_load_and_are_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        Keys::create(&path).unwrap();
        let keys = Keys::load(&SecretText::File(path.clone())).unwrap();
        let jwk = &keys.jwks()["keys"][0];
        assert_eq!(jwk["kty"], "EC");
        assert!(jwk.get("d").is_none());
        assert!(matches!(Keys::create(&path), Err(KeysError::File(_))));
        assert_ne!(keys.notice_token("a"), keys.notice_token("b"));
        assert_eq!(keys.audit_public_keys().len(), 1);
    }

    #[test]
    fn a_broken_file_is_refused_without_being_quoted() {
        for text in [
            "",
            "client = []\naudit = []\nnotice = \"\"",
            "client = [\"x\"]\naudit=[\"00\"]\nnotice=\"00\"",
        ] {
            let error = Keys::parse(text).err().unwrap();
            assert!(matches!(error, KeysError::Invalid(_)), "{text}");
        }
    }
}
