//! `[verifier]` and `[sign_in]`: the two OpenID Providers that the portal is a client of.

use kazasu_service::secret::{SecretTable, SecretText};
use kazasu_service::settings::{Problems, web};
use serde::Deserialize;
use std::path::Path;

/// Who checks taps. The portal proves who it is with its own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    /// Its issuer: an origin.
    pub issuer: String,
    /// What it calls the portal.
    pub client_id: String,
}

/// Who signs people in to their accounts.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Its issuer.
    pub issuer: String,
    /// What it calls the portal.
    pub client_id: String,
    /// How the portal proves who it is.
    pub authentication: ClientAuthentication,
    /// Which claim of the ID token names the account.
    pub account_claim: String,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// What it has to do for a sign-in to count: any of these. Everything counts if there are none,
    /// which somebody has to have said in so many words.
    pub acr_values: Vec<String>,
    /// By how many seconds its clock may be behind.
    pub clock_skew: i64,
}

/// Whether a sign-in without a second factor counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SecondFactor {
    /// It does not.
    #[default]
    Required,
    /// Whoever runs the portal says that every sign-in has one, or takes a password for enough.
    NotChecked,
}

/// How a client proves who it is.
#[derive(Debug, Clone)]
pub enum ClientAuthentication {
    /// `private_key_jwt`, with the portal's key.
    Key,
    /// A shared secret, as `client_secret_basic`.
    Secret(SecretText),
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct VerifierTable {
    issuer: Option<String>,
    client_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SignInTable {
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret: Option<SecretTable>,
    account_claim: String,
    scopes: Vec<String>,
    acr_values: Vec<String>,
    second_factor: SecondFactor,
    clock_skew: i64,
}

impl Default for SignInTable {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: None,
            client_secret: None,
            account_claim: "preferred_username".to_owned(),
            scopes: Vec::new(),
            acr_values: Vec::new(),
            second_factor: SecondFactor::default(),
            clock_skew: 5,
        }
    }
}

impl VerifierTable {
    pub(super) fn check(self, problems: &mut Problems) -> Option<Verifier> {
        let issuer = problems.required("verifier.issuer", self.issuer);
        let issuer = issuer.and_then(|text| web::origin(problems, "verifier.issuer", &text));
        let client_id = problems.required("verifier.client_id", self.client_id);
        Some(Verifier {
            issuer: issuer?,
            client_id: client_id?,
        })
    }
}

impl SignInTable {
    pub(super) fn check(self, problems: &mut Problems, folder: &Path) -> Option<SignIn> {
        let issuer = problems.required("sign_in.issuer", self.issuer);
        if let Some(text) = &issuer
            && !url::Url::parse(text).is_ok_and(|url| web::is_web(&url))
        {
            problems.add("sign_in.issuer: must be an https address, or http on loopback");
        }
        let client_id = problems.required("sign_in.client_id", self.client_id);
        if !(0..=300).contains(&self.clock_skew) {
            problems.add("sign_in.clock_skew: must be 0 to 300 seconds");
        }
        check_second_factor(problems, &self.acr_values, self.second_factor);
        let authentication = match self.client_secret {
            None => ClientAuthentication::Key,
            Some(table) => ClientAuthentication::Secret(table.in_folder(folder)),
        };
        Some(SignIn {
            issuer: issuer?,
            client_id: client_id?,
            authentication,
            account_claim: self.account_claim,
            scopes: self.scopes,
            acr_values: self.acr_values,
            clock_skew: self.clock_skew,
        })
    }
}

/// With a password alone whoever has stolen it links a card of their own, so nobody decides that by
/// leaving something out.
fn check_second_factor(problems: &mut Problems, acr_values: &[String], wanted: SecondFactor) {
    match (acr_values, wanted) {
        ([], SecondFactor::Required) => problems.add(
            "sign_in.acr_values: is missing; name what your sign-in calls a sign-in with a second \
             factor, or set sign_in.second_factor = \"not_checked\" if a password is to be enough",
        ),
        ([], SecondFactor::NotChecked) => problems.warn(
            "sign_in.second_factor: any sign-in counts, also one with a password alone; \
             linking a card should need a second factor",
        ),
        (_, SecondFactor::Required) => {}
        (_, SecondFactor::NotChecked) => {
            problems.add("sign_in.second_factor: is checked where sign_in.acr_values are named");
        }
    }
}
