//! A browser's session: a cookie that changes with each tap and each sign-in, what is derived from
//! it, and what only it can open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, hmac};
use axum::http::HeaderMap;
use kazasu_service::page::HostCookie;
use kazasu_service::secret::{base64url, from_base64url, hash, random};
use zeroize::Zeroizing;

const COOKIE: HostCookie = HostCookie::new("portal");

/// Keep what is derived from one cookie apart.
const FORM: &[u8] = b"kazasu/portal/form/v1";
const SEAL: &[u8] = b"kazasu/portal/name/v1";

/// The secret in a browser's cookie. The database has only its hash.
pub(crate) struct SessionSecret(Zeroizing<[u8; 32]>);

impl SessionSecret {
    pub(crate) fn new() -> Self {
        Self(Zeroizing::new(random()))
    }

    /// `None` if there is no cookie, one that is not of ours, or more than one.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let cookie = COOKIE.read(headers).map(Zeroizing::new)?;
        let secret = from_base64url(&cookie).map(Zeroizing::new)?;
        let secret: [u8; 32] = secret.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(secret)))
    }

    /// What the database knows it by.
    pub(crate) fn hash(&self) -> [u8; 32] {
        hash(*self.0)
    }

    /// The value of `Set-Cookie` that sets it.
    pub(crate) fn set_cookie(&self) -> String {
        COOKIE.set(&base64url(&*self.0))
    }

    /// What takes the cookie away again.
    pub(crate) fn forget_cookie() -> String {
        COOKIE.forget()
    }

    /// What every form of a procedure carries: a page of somebody else cannot know it.
    pub(crate) fn form_token(&self, procedure: &str) -> String {
        base64url(&self.derive(FORM, procedure)[..16])
    }

    /// Whether a form carried the right token.
    pub(crate) fn is_form_token(&self, procedure: &str, token: &str) -> bool {
        let right = self.form_token(procedure);
        constant_time::verify_slices_are_equal(right.as_bytes(), token.as_bytes()).is_ok()
    }

    /// Encrypts the name on a card for as long as a procedure lasts: nonce, ciphertext and tag of
    /// AES-256-GCM. Whoever has the database without the cookie cannot read it.
    pub(crate) fn seal_name(&self, procedure: &str, name: &str) -> Vec<u8> {
        let mut text = name.as_bytes().to_vec();
        let nonce = self
            .name_key(procedure)
            .seal_in_place_append_tag(Aad::empty(), &mut text)
            .expect("AES-GCM encrypts any text of a name's length");
        let mut sealed = nonce.as_ref().to_vec();
        sealed.extend_from_slice(&text);
        sealed
    }

    /// The name again; `None` if another cookie sealed it, or another procedure.
    pub(crate) fn open_name(&self, procedure: &str, sealed: &[u8]) -> Option<Zeroizing<String>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<12>()?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let key = self.name_key(procedure);
        let text = key
            .open_in_place(Nonce::from(nonce), Aad::empty(), &mut buffer)
            .ok()?;
        String::from_utf8(text.to_vec()).ok().map(Zeroizing::new)
    }

    fn name_key(&self, procedure: &str) -> RandomizedNonceKey {
        RandomizedNonceKey::new(&AES_256_GCM, &*self.derive(SEAL, procedure))
            .expect("a key of AES-256 is 32 bytes long")
    }

    fn derive(&self, domain: &[u8], procedure: &str) -> Zeroizing<[u8; 32]> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.0);
        let mut context = hmac::Context::with_key(&key);
        context.update(domain);
        context.update(procedure.as_bytes());
        let tag = context.sign();
        let tag: [u8; 32] = tag.as_ref().try_into().expect("SHA-256 is 32 bytes long");
        Zeroizing::new(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_comes_back_and_a_strange_one_does_not() {
        let secret = SessionSecret::new();
        let line = secret.set_cookie();
        let pair = line.split(';').next().unwrap();
        let found = SessionSecret::from_headers(&headers(&[&format!("a=b; {pair}")])).unwrap();
        assert_eq!(found.hash(), secret.hash());
        let other = SessionSecret::new().set_cookie();
        let both = format!("{pair}; {}", other.split(';').next().unwrap());
        assert!(SessionSecret::from_headers(&headers(&[&both])).is_none());
        for strange in ["", "a=b", "__Host-portal=short", "__Host-portal="] {
            assert!(SessionSecret::from_headers(&headers(&[strange])).is_none());
        }
    }

    #[test]
    fn a_form_token_is_of_one_session_and_one_procedure() {
        let secret = SessionSecret::new();
        let token = secret.form_token("a");
        assert!(secret.is_form_token("a", &token));
        assert!(!secret.is_form_token("b", &token));
        assert!(!secret.is_form_token("a", ""));
        assert!(!SessionSecret::new().is_form_token("a", &token));
    }

    #[test]
    fn a_name_opens_only_with_its_cookie_and_in_its_procedure() {
        let secret = SessionSecret::new();
        let sealed = secret.seal_name("a", "見本　太郎");
        assert_eq!(
            secret.open_name("a", &sealed).unwrap().as_str(),
            "見本　太郎"
        );
        assert!(secret.open_name("b", &sealed).is_none());
        assert!(SessionSecret::new().open_name("a", &sealed).is_none());
        assert!(secret.open_name("a", &sealed[..5]).is_none());
    }
}
