//! The demo's sign-in: an OpenID Provider for the accounts of the university. Passwords and
//! temporary access passes are the directory's business; the second factor is a button that stands
//! for an authenticator. What it knows besides, it forgets when it ends.

mod authorize;
mod directory;
mod pages;
mod state;
mod token;
mod view;

pub use directory::DirectoryAddress;
pub use token::ClientProof;

use crate::es256::SigningKey;
use crate::site::Site;
use anyhow::Result;
use axum::Router;
use directory::Directory;
use kazasu_service::page::Source;
use state::State;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// The texts of its pages.
pub(crate) const TEXTS: Source = Source {
    ja: include_str!("texts/sign_in.ja.ftl"),
    en: include_str!("texts/sign_in.en.ftl"),
};

/// `acr` of a sign-in with a second factor, or with a temporary access pass.
pub const ACR_MFA: &str = "urn:kazasu:demo:acr:mfa";
/// `acr` of a sign-in with a password alone. It happens only where a client asks for it.
pub const ACR_PASSWORD: &str = "urn:kazasu:demo:acr:password";

/// What a sign-in is set up with.
pub struct SignInSetup {
    /// Its origin and issuer.
    pub origin: String,
    /// The services that it signs people in to.
    pub clients: Vec<Client>,
    /// Whom it asks about passwords.
    pub directory: DirectoryAddress,
    /// Accounts whose person lost what they registered as a second factor.
    pub lost_authenticators: Vec<String>,
    /// Where somebody goes who cannot sign in.
    pub recovery: String,
}

/// A service that signs people in here.
pub struct Client {
    /// The client identifier.
    pub id: String,
    /// What people call it, in Japanese and in English.
    pub name: [String; 2],
    /// Where it may be answered, compared character by character.
    pub redirect_uris: Vec<String>,
    /// How it proves who it is.
    pub proof: ClientProof,
}

/// The sign-in.
pub(crate) struct SignIn {
    site: Arc<Site>,
    clients: Vec<Client>,
    directory: Directory,
    key: SigningKey,
    recovery: String,
    state: Mutex<State>,
}

/// The provider's endpoints and pages.
///
/// # Errors
/// If no key can be made.
pub fn router(setup: SignInSetup) -> Result<Router> {
    let name = ["デモ用のログイン", "Demo sign-in"];
    let site = Arc::new(Site::new(&setup.origin, name, &[TEXTS]));
    let sign_in = Arc::new(SignIn {
        site: site.clone(),
        clients: setup.clients,
        directory: Directory::new(setup.directory)?,
        key: SigningKey::new()?,
        recovery: setup.recovery,
        state: Mutex::new(State::new(setup.lost_authenticators)),
    });
    let for_programs = token::routes(sign_in.clone());
    Ok(site.dress(pages::routes(sign_in)).merge(for_programs))
}

impl SignIn {
    fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}
