//! What an authorization request asks for, and whether this client may ask for it.

use super::Refusal;
use super::parameters::Parameters;
use crate::settings::{RelyingParty, hands_out_access};
use crate::store::oidc::PushedRequest;
use kazasu_service::secret::from_base64url;
use kazasu_statement::{Claim, Language, Purpose};

/// Longer values of `state` and `nonce` have no use.
const MAX_ECHOED: usize = 1024;

/// Who vouches for a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The client pushed it, and proved by its key that it is the client.
    Key,
    /// An exception: pushed with a secret, or carried by the browser.
    Exception,
}

/// The redirect URI of a request, if it is a registered one, character by character.
pub(super) fn redirect_uri<'a>(
    parameters: &'a Parameters,
    party: &RelyingParty,
) -> Option<&'a str> {
    let uri = parameters.get("redirect_uri")?;
    party
        .redirect_uris
        .iter()
        .any(|known| known == uri)
        .then_some(uri)
}

/// The request, or the first thing that is wrong with it. Parameters that are not known here are
/// passed over, as OpenID Connect Core §3.1.2.1 asks; those that would change what the others mean
/// are not.
pub(super) fn check(
    parameters: &Parameters,
    party: &RelyingParty,
    origin: Origin,
) -> Result<PushedRequest, Refusal> {
    if !parameters.are_unambiguous() {
        return Err(Refusal::invalid_request(
            "each parameter is sent once, in UTF-8",
        ));
    }
    unsupported(parameters)?;
    let redirect_uri = redirect_uri(parameters, party).ok_or(Refusal::invalid_request(
        "redirect_uri is not a registered one",
    ))?;
    if parameters.get("response_type") != Some("code") {
        return Err(Refusal(
            "unsupported_response_type",
            "response_type must be code",
        ));
    }
    if parameters
        .get("response_mode")
        .is_some_and(|mode| mode != "query")
    {
        return Err(Refusal::invalid_request("response_mode must be query"));
    }
    let state = parameters.get("state");
    if state.is_some_and(|state| state.len() > MAX_ECHOED) {
        return Err(Refusal::invalid_request("state is too long"));
    }
    let nonce = parameters
        .get("nonce")
        .filter(|nonce| nonce.len() <= MAX_ECHOED);
    let nonce = nonce.ok_or(Refusal::invalid_request("nonce is missing or too long"))?;
    Ok(PushedRequest {
        relying_party: party.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        request_state: state.map(str::to_owned),
        nonce: nonce.to_owned(),
        code_challenge: code_challenge(parameters)?.to_owned(),
        purpose: purpose(parameters, party, origin)?,
        wants_name: wants_name(parameters, party)?,
        language: parameters.get("ui_locales").and_then(first_language),
        prompt_none: prompt_none(parameters)?,
    })
}

fn unsupported(parameters: &Parameters) -> Result<(), Refusal> {
    let refusals = [
        // OpenID Connect Core §3.1.2.6.
        (
            "request",
            Refusal("request_not_supported", "send the parameters themselves"),
        ),
        (
            "request_uri",
            Refusal(
                "request_uri_not_supported",
                "only what the pushed request endpoint returned",
            ),
        ),
        (
            "registration",
            Refusal(
                "registration_not_supported",
                "clients are registered by the operator",
            ),
        ),
        (
            "claims",
            Refusal::invalid_request("ask for claims by scope"),
        ),
    ];
    let found = refusals
        .into_iter()
        .find(|(name, _)| parameters.get(name).is_some());
    found.map_or(Ok(()), |(_, refusal)| Err(refusal))
}

/// RFC 7636 §4.3; `plain` protects against nothing that reads the request.
fn code_challenge(parameters: &Parameters) -> Result<&str, Refusal> {
    let is_s256 = parameters.get("code_challenge_method") == Some("S256");
    let is_hash = |text: &&str| from_base64url(text).is_some_and(|bytes| bytes.len() == 32);
    let challenge = parameters.get("code_challenge").filter(is_hash);
    challenge
        .filter(|_| is_s256)
        .ok_or(Refusal::invalid_request(
            "PKCE with code_challenge_method S256 is required",
        ))
}

fn purpose(
    parameters: &Parameters,
    party: &RelyingParty,
    origin: Origin,
) -> Result<Purpose, Refusal> {
    let (purpose, origin) = match parameters.get("purpose") {
        Some(word) => (word.parse().ok(), origin),
        None => (party.default_purpose, Origin::Exception),
    };
    let purpose = purpose.ok_or(Refusal::invalid_request("purpose is missing or unknown"))?;
    // The settings refuse exceptions for such purposes, too; this does not depend on them.
    let may = origin == Origin::Key || !hands_out_access(purpose);
    if !may || !party.purposes.contains_key(&purpose) {
        return Err(Refusal(
            "unauthorized_client",
            "this purpose is not allowed to this client",
        ));
    }
    Ok(purpose)
}

fn wants_name(parameters: &Parameters, party: &RelyingParty) -> Result<bool, Refusal> {
    let mut scopes = parameters.get("scope").unwrap_or_default().split(' ');
    if !scopes.clone().any(|scope| scope == "openid") {
        return Err(Refusal("invalid_scope", "scope must contain openid"));
    }
    let wants_name = scopes.any(|scope| scope == Claim::Name.as_str());
    if wants_name && !party.claims.contains(&Claim::Name) {
        return Err(Refusal(
            "invalid_scope",
            "this client may not ask for the name",
        ));
    }
    Ok(wants_name)
}

/// Whether no page may be shown (OpenID Connect Core §3.1.2.1). Every tap is a fresh one, so the
/// other values ask for what happens anyway.
fn prompt_none(parameters: &Parameters) -> Result<bool, Refusal> {
    let words: Vec<&str> = parameters
        .get("prompt")
        .unwrap_or_default()
        .split(' ')
        .collect();
    if words.len() > 1 && words.contains(&"none") {
        return Err(Refusal::invalid_request("prompt none stands alone"));
    }
    Ok(words == ["none"])
}

/// The first of the BCP 47 tags, in order of preference, that is a language of ours.
fn first_language(tags: &str) -> Option<Language> {
    tags.split(' ')
        .find_map(|tag| tag.split('-').next()?.to_ascii_lowercase().parse().ok())
}

#[cfg(test)]
mod tests;
