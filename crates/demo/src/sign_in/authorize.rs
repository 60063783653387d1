//! Requests for a sign-in (OpenID Connect Core §3.1.2), and their answers.

use super::{ACR_MFA, ACR_PASSWORD, Client, SignIn};
use kazasu_service::page::Language;
use std::collections::BTreeMap;
use url::Url;

/// A request that is as it should be.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    state: Option<String>,
    pub(super) nonce: Option<String>,
    /// S256 (RFC 7636).
    pub(super) code_challenge: String,
    /// The person has to sign in anew.
    pub(super) anew: bool,
    /// Nobody may be asked anything.
    pub(super) silent: bool,
    /// A sign-in must not be older than this, in seconds.
    pub(super) max_age: Option<i64>,
    /// A second factor is not wanted.
    pub(super) password_is_enough: bool,
    pub(super) language: Option<Language>,
    /// The account that the client thinks it will be.
    pub(super) hint: Option<String>,
}

/// What is wrong with a request.
pub(super) enum Mistake {
    /// Nobody knows where its answer would go, so a page says it.
    Unanswerable,
    /// The client is told, at this address.
    Told(String),
}

impl Request {
    pub(super) fn parse(sign_in: &SignIn, query: &str) -> Result<Self, Mistake> {
        let mut parameters = BTreeMap::new();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if parameters
                .insert(key.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(Mistake::Unanswerable);
            }
        }
        let get = |key: &str| parameters.get(key).cloned().filter(|v| !v.is_empty());
        let client = get("client_id").and_then(|id| sign_in.client(&id));
        let (Some(client), Some(redirect_uri)) = (client, get("redirect_uri")) else {
            return Err(Mistake::Unanswerable);
        };
        if !client.redirect_uris.contains(&redirect_uri) {
            return Err(Mistake::Unanswerable);
        }
        let words = |key| -> Vec<String> {
            let text = get(key).unwrap_or_default();
            text.split_ascii_whitespace().map(str::to_owned).collect()
        };
        let prompt = words("prompt");
        let asks = |word: &str| prompt.iter().any(|asked| asked == word);
        let request = Self {
            client: client.id.clone(),
            redirect_uri,
            state: get("state"),
            nonce: get("nonce"),
            code_challenge: get("code_challenge").unwrap_or_default(),
            anew: asks("login") || asks("select_account"),
            silent: asks("none"),
            max_age: get("max_age").and_then(|seconds| seconds.parse().ok()),
            // The first that is known is what is preferred.
            password_is_enough: words("acr_values")
                .iter()
                .find(|acr| [ACR_MFA, ACR_PASSWORD].contains(&acr.as_str()))
                .is_some_and(|acr| acr == ACR_PASSWORD),
            language: words("ui_locales")
                .iter()
                .find_map(|tag| Language::from_tag(tag)),
            hint: get("login_hint"),
        };
        let wrong = match () {
            () if get("response_type").as_deref() != Some("code") => "unsupported_response_type",
            () if !words("scope").iter().any(|scope| scope == "openid") => "invalid_scope",
            () if get("code_challenge_method").as_deref() != Some("S256")
                || request.code_challenge.len() != 43
                || request.silent && prompt.len() > 1
                || get("max_age").is_some() && request.max_age.is_none() =>
            {
                "invalid_request"
            }
            () if get("request").is_some() => "request_not_supported",
            () if get("request_uri").is_some() => "request_uri_not_supported",
            () => return Ok(request),
        };
        Err(Mistake::Told(request.refused(sign_in, wrong)))
    }

    /// Where the browser brings a code.
    pub(super) fn answered(&self, sign_in: &SignIn, code: &str) -> String {
        self.answer(sign_in, "code", code)
    }

    /// Where the browser brings an error.
    pub(super) fn refused(&self, sign_in: &SignIn, error: &str) -> String {
        self.answer(sign_in, "error", error)
    }

    fn answer(&self, sign_in: &SignIn, key: &str, value: &str) -> String {
        let mut url = Url::parse(&self.redirect_uri).expect("clients are registered with URLs");
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair(key, value);
        if let Some(state) = &self.state {
            pairs.append_pair("state", state);
        }
        pairs.append_pair("iss", sign_in.site.origin());
        drop(pairs);
        url.into()
    }
}

impl Client {
    /// What people call it.
    pub(super) fn name(&self, language: Language) -> &str {
        let [ja, en] = &self.name;
        match language {
            Language::Japanese => ja,
            Language::English => en,
        }
    }
}
