//! Requests as clients send them, and as they do not.

use super::*;
use crate::settings::Settings;
use std::path::Path;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The example's portal: view, link and recover, with the name.
fn portal() -> RelyingParty {
    let text = include_str!("../../../verifier.example.toml");
    let settings = Settings::parse(text, Path::new("/")).unwrap();
    settings.relying_parties.into_values().next().unwrap()
}

/// A good request with some parameters changed; an empty value leaves one out.
fn request(changes: &[(&str, &str)]) -> Parameters {
    let mut fields = vec![
        ("client_id", "portal"),
        ("response_type", "code"),
        ("redirect_uri", "https://portal.example/callback"),
        ("scope", "openid name"),
        ("state", "the state"),
        ("nonce", "the nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("purpose", "link"),
    ];
    fields.retain(|(key, _)| !changes.iter().any(|(changed, _)| changed == key));
    fields.extend(changes);
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    Parameters::parse(form.extend_pairs(fields).finish().as_bytes())
}

fn error(changes: &[(&str, &str)]) -> Option<&'static str> {
    let checked = check(&request(changes), &portal(), Origin::Key);
    checked.err().map(|Refusal(error, _)| error)
}

#[test]
fn a_redirect_uri_is_compared_character_by_character() {
    assert_eq!(error(&[]), None);
    for almost in [
        "https://portal.example/callback/",
        "https://portal.example/callback?",
        "https://portal.example/callback#",
        "https://portal.example:443/callback",
        "https://PORTAL.example/callback",
        "https://portal.example/./callback",
        "https://portal.example/%63allback",
        "https://portal.example@evil.example/callback",
    ] {
        assert_eq!(
            error(&[("redirect_uri", almost)]),
            Some("invalid_request"),
            "{almost}"
        );
    }
}

#[test]
fn loopback_is_no_exception() {
    let mut party = portal();
    party.redirect_uris = vec!["http://127.0.0.1:8080/callback".to_owned()];
    let at = |uri| redirect_uri(&request(&[("redirect_uri", uri)]), &party).is_some();
    assert!(at("http://127.0.0.1:8080/callback"));
    assert!(!at("http://127.0.0.1:8081/callback") && !at("http://localhost:8080/callback"));
}

#[test]
fn what_would_change_the_request_is_refused_and_what_is_unknown_passed_over() {
    for (name, expected) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
        ("claims", "invalid_request"),
    ] {
        assert_eq!(error(&[(name, "x")]), Some(expected), "{name}");
    }
    for name in [
        "acr_values",
        "login_hint",
        "display",
        "id_token_hint",
        "max_age",
        "surprise",
    ] {
        assert_eq!(error(&[(name, "x")]), None, "{name}");
    }
}

#[test]
fn pkce_cannot_be_downgraded() {
    for changes in [
        [
            ("code_challenge_method", "plain"),
            ("code_challenge", CHALLENGE),
        ],
        [("code_challenge_method", ""), ("code_challenge", CHALLENGE)],
        [("code_challenge_method", "S256"), ("code_challenge", "")],
        [
            ("code_challenge_method", "S256"),
            ("code_challenge", "short"),
        ],
        [("code_challenge_method", ""), ("code_challenge", "")],
    ] {
        assert_eq!(error(&changes), Some("invalid_request"), "{changes:?}");
    }
}

#[test]
fn a_parameter_sent_twice_is_refused() {
    let mut form = "client_id=portal&response_type=code&scope=openid&nonce=n&purpose=link\
                    &redirect_uri=https://portal.example/callback&code_challenge_method=S256"
        .to_owned();
    form.push_str(&format!("&code_challenge={CHALLENGE}"));
    let parsed = |form: &str| check(&Parameters::parse(form.as_bytes()), &portal(), Origin::Key);
    assert!(parsed(&form).is_ok());
    for twice in ["purpose=recover", "surprise=1&surprise=2", "nonce=n"] {
        let refused = parsed(&format!("{form}&{twice}")).err().unwrap();
        assert_eq!(refused.0, "invalid_request", "{twice}");
    }
}

#[test]
fn prompt_none_stands_alone() {
    let prompt = |words| check(&request(&[("prompt", words)]), &portal(), Origin::Key);
    assert!(prompt("none").unwrap().prompt_none);
    assert!(!prompt("login consent").unwrap().prompt_none);
    assert!(prompt("none login").is_err());
}

#[test]
fn the_language_is_the_first_of_ours_that_is_wanted() {
    for (tags, expected) in [
        ("ja-JP", Some(Language::Japanese)),
        ("fr-CA fr EN-us ja", Some(Language::English)),
        ("de", None),
        ("", None),
    ] {
        let checked = check(&request(&[("ui_locales", tags)]), &portal(), Origin::Key);
        assert_eq!(checked.unwrap().language, expected, "{tags}");
    }
}

#[test]
fn an_exception_never_reaches_what_hands_out_access() {
    let mut party = portal();
    // The settings refuse this; the request is refused nevertheless.
    party.allow_unpushed_requests = true;
    party.default_purpose = Some(Purpose::Recover);
    let asked = |purpose, origin| {
        let request = request(&[("purpose", purpose)]);
        check(&request, &party, origin).map(|request| request.purpose)
    };
    assert_eq!(asked("recover", Origin::Key).unwrap(), Purpose::Recover);
    assert_eq!(asked("view", Origin::Exception).unwrap(), Purpose::View);
    for (purpose, origin) in [("recover", Origin::Exception), ("", Origin::Key)] {
        assert_eq!(asked(purpose, origin).unwrap_err().0, "unauthorized_client");
    }
}

#[test]
fn a_purpose_that_is_not_stated_is_the_default_where_there_is_one() {
    let mut party = portal();
    let none = request(&[("purpose", "")]);
    assert!(check(&none, &party, Origin::Exception).is_err());
    party.default_purpose = Some(Purpose::View);
    let checked = check(&none, &party, Origin::Exception).unwrap();
    assert_eq!(checked.purpose, Purpose::View);
    let stated = check(&request(&[]), &party, Origin::Exception).unwrap();
    assert_eq!(stated.purpose, Purpose::Link);
}
