//! The demo's sign-in, with the client `openidconnect` and a directory that answers as the portal's
//! does.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod university;

use kazasu_demo::browser::{Browser, Visit, client};
use openidconnect::core::CoreAuthPrompt;
use openidconnect::{OAuth2TokenResponse, TokenResponse};
use reqwest::StatusCode;
use serde_json::json;
use university::{Asked, University};

#[tokio::test]
async fn a_password_and_the_authenticator_sign_somebody_in() {
    let university = University::start().await;
    for service in [&university.with_secret, &university.with_key] {
        let mut browser = Browser::new();
        let asked = Asked::anew(service);
        let callback = university.sign_in(&mut browser, &asked, "1000000001").await;
        let claims = service.finish(asked, &callback).await.unwrap();
        assert_eq!(claims.preferred_username().unwrap().as_str(), "1000000001");
        assert_ne!(claims.subject().as_str(), "1000000001");
        let acr = claims.auth_context_ref().unwrap();
        assert_eq!(acr.as_str(), kazasu_demo::sign_in::ACR_MFA);
        let methods = claims.auth_method_refs().unwrap();
        let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
        assert_eq!(methods, ["pwd", "swk", "mfa"]);
        assert!(claims.auth_time().unwrap().timestamp() >= university.started);
    }
}

#[tokio::test]
async fn a_session_is_used_again_unless_a_sign_in_anew_is_asked_for() {
    let university = University::start().await;
    let service = &university.with_secret;
    let mut browser = Browser::new();
    let first = Asked::anew(service);
    let callback = university.sign_in(&mut browser, &first, "1000000001").await;
    let first = service.finish(first, &callback).await.unwrap();
    let again = Asked::plainly(service);
    let callback = browser.open(&again.url).await.unwrap().callback().unwrap();
    let second = service.finish(again, &callback).await.unwrap();
    assert_eq!(second.auth_time(), first.auth_time());
    let silent = Asked::with(service, |r| r.add_prompt(CoreAuthPrompt::None));
    let callback = browser.open(&silent.url).await.unwrap().callback().unwrap();
    assert!(service.finish(silent, &callback).await.is_ok());
    for anew in [
        Asked::with(service, |r| r.add_prompt(CoreAuthPrompt::Login)),
        Asked::with(service, |r| r.set_max_age(std::time::Duration::ZERO)),
    ] {
        let page = browser.open(&anew.url).await.unwrap().page().unwrap();
        assert!(page.attribute("account-form", "action").is_some());
    }
}

#[tokio::test]
async fn nobody_is_asked_where_the_client_wants_silence() {
    let university = University::start().await;
    let service = &university.with_secret;
    let silent = Asked::with(service, |r| r.add_prompt(CoreAuthPrompt::None));
    let visit = Browser::new().open(&silent.url).await.unwrap();
    let error = service.finish(silent, &visit.callback().unwrap()).await;
    assert_eq!(error.unwrap_err(), "login_required");
}

#[tokio::test]
async fn a_session_ends_with_the_password_that_began_it() {
    let university = University::start().await;
    let service = &university.with_secret;
    let mut browser = Browser::new();
    let asked = Asked::anew(service);
    university.sign_in(&mut browser, &asked, "1000000001").await;
    university.change("1000000001", |account| account.generation += 1);
    let asked = Asked::plainly(service);
    let page = browser.open(&asked.url).await.unwrap().page().unwrap();
    assert!(page.attribute("account-form", "action").is_some());
}

#[tokio::test]
async fn a_password_alone_is_enough_only_where_that_is_asked_for() {
    let university = University::start().await;
    let service = &university.with_secret;
    let mut browser = Browser::new();
    let asked = Asked::for_password(service);
    let page = browser.open(&asked.url).await.unwrap().page().unwrap();
    let visit = university.type_password(&mut browser, &page, "1000000001");
    let callback = visit.await.callback().unwrap();
    let claims = service.finish(asked, &callback).await.unwrap();
    let acr = claims.auth_context_ref().unwrap();
    assert_eq!(acr.as_str(), kazasu_demo::sign_in::ACR_PASSWORD);
    // That session opens nothing that needs more.
    let asked = Asked::plainly(service);
    assert!(browser.open(&asked.url).await.unwrap().page().is_ok());
    let info = university.origin.join("/security-info").unwrap();
    let page = browser.open(&info).await.unwrap().page().unwrap();
    assert!(page.attribute("account-form", "action").is_some());
}

#[tokio::test]
async fn who_lost_the_authenticator_gets_in_with_an_access_pass_and_registers_another() {
    let university = University::start().await;
    let service = &university.with_secret;
    let mut browser = Browser::new();
    let asked = Asked::anew(service);
    let page = browser.open(&asked.url).await.unwrap().page().unwrap();
    let visit = university.type_password(&mut browser, &page, "1000000006");
    let page = visit.await.page().unwrap();
    assert_eq!(page.reason().unwrap(), "no_authenticator");
    assert!(page.html.contains("http://portal.localhost/recover"));
    // Whoever presses the button all the same is no further.
    let approve = format!("{}/approve", page.url.path());
    let page = browser.submit(&page, &approve, &[]).await.unwrap();
    assert_eq!(page.page().unwrap().reason().unwrap(), "no_authenticator");

    let info = university.origin.join("/security-info").unwrap();
    let page = browser.open(&info).await.unwrap().page().unwrap();
    let path = page.url.path().to_owned();
    let pass = [("account", "1000000006"), ("secret", "ACCESS-PASS")];
    let page = browser.submit(&page, &path, &pass).await.unwrap();
    let page = page.page().unwrap();
    assert_eq!(
        page.attribute("authenticator", "data-has").unwrap(),
        "false"
    );
    let page = browser.submit(&page, "/security-info/register", &[]).await;
    let page = page.unwrap().page().unwrap();
    assert_eq!(page.attribute("authenticator", "data-has").unwrap(), "true");

    let mut browser = Browser::new();
    let asked = Asked::anew(service);
    let callback = university.sign_in(&mut browser, &asked, "1000000006").await;
    assert!(service.finish(asked, &callback).await.is_ok());
}

#[tokio::test]
async fn every_refusal_of_the_directory_is_told_and_what_was_typed_stays() {
    let university = University::start().await;
    for (status, refused, reason) in [
        (401, "wrong", "wrong"),
        (423, "revoked", "revoked"),
        (423, "locked", "locked"),
        (429, "too_often", "waiting"),
        (503, "unavailable", "directory-away"),
        (401, "token", "directory-away"),
    ] {
        university.change("1000000001", |account| {
            account.refused = Some((status, refused));
        });
        let mut browser = Browser::new();
        let asked = Asked::anew(&university.with_secret);
        let page = browser.open(&asked.url).await.unwrap().page().unwrap();
        let visit = university.type_password(&mut browser, &page, "1000000001");
        let page = visit.await.page().unwrap();
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.reason().unwrap(), reason);
        assert_eq!(page.attribute("account", "value").unwrap(), "1000000001");
        assert!(!page.html.contains(university::PASSWORD));
    }
}

#[tokio::test]
async fn a_sign_in_goes_on_only_in_the_browser_where_it_began() {
    let university = University::start().await;
    let asked = Asked::anew(&university.with_secret);
    let page = Browser::new().open(&asked.url).await.unwrap();
    let page = page.page().unwrap();
    let mut other = Browser::new();
    let seen = other.open(&page.url).await.unwrap().page().unwrap();
    assert_eq!(seen.reason().unwrap(), "sign-in-over");
    let visit = university.type_password(&mut other, &page, "1000000001");
    assert_eq!(
        visit.await.page().unwrap().reason().unwrap(),
        "sign-in-over"
    );
}

#[tokio::test]
async fn who_cancels_brings_that_to_the_service() {
    let university = University::start().await;
    let mut browser = Browser::new();
    let asked = Asked::anew(&university.with_secret);
    let page = browser.open(&asked.url).await.unwrap().page().unwrap();
    let cancel = format!("{}/cancel", page.url.path());
    let visit = browser.submit(&page, &cancel, &[]).await.unwrap();
    let callback = visit.callback().unwrap();
    let error = university.with_secret.finish(asked, &callback);
    assert_eq!(error.await.unwrap_err(), "access_denied");
}

#[tokio::test]
async fn a_code_is_good_once_for_the_client_and_the_verifier_it_was_made_for() {
    let university = University::start().await;
    let service = &university.with_secret;
    let mut browser = Browser::new();
    let code = async |browser: &mut Browser| {
        let asked = Asked::anew(service);
        let callback = university.sign_in(browser, &asked, "1000000001").await;
        (university::code(&callback), asked)
    };
    let (first, asked) = code(&mut browser).await;
    let verifier = asked.verifier.secret().clone();
    assert!(service.redeem(&first, &verifier).await.is_ok());
    assert!(service.redeem(&first, &verifier).await.is_err());
    let (second, _) = code(&mut browser).await;
    assert!(service.redeem(&second, &verifier).await.is_err());
    let (third, asked) = code(&mut browser).await;
    let other = &university.with_key;
    assert!(other.redeem(&third, asked.verifier.secret()).await.is_err());
}

#[tokio::test]
async fn a_token_needs_the_clients_own_proof() {
    let university = University::start().await;
    let token = university.origin.join("/token").unwrap();
    let http = client().unwrap();
    let form = [("grant_type", "authorization_code"), ("code", "x")];
    let nobody = http.post(token.clone()).form(&form);
    let wrong = http.post(token.clone()).form(&form);
    let wrong = wrong.basic_auth("secretive", Some("guessed"));
    let another = http.post(token.clone()).form(&form);
    let another = another.basic_auth("keyed", Some(university::SECRET));
    for request in [nobody, wrong, another] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    // An assertion counts once.
    let assertion = university.with_key.assertion();
    for expected in ["invalid_grant", "invalid_client"] {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("code_verifier", "x"),
            ("client_assertion", &assertion),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
        ];
        let answer = http.post(token.clone()).form(&form).send().await.unwrap();
        let answer: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(answer, json!({ "error": expected }));
    }
}

#[tokio::test]
async fn a_request_that_is_not_as_it_should_be_is_refused() {
    let university = University::start().await;
    let service = &university.with_secret;
    for (parameter, value) in [
        ("client_id", "unknown"),
        ("redirect_uri", "http://portal.localhost/callback/"),
    ] {
        let url = Asked::anew(service).changed(parameter, value);
        let page = Browser::new().open(&url).await.unwrap().page().unwrap();
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert_eq!(page.reason().unwrap(), "bad-request");
    }
    for (parameter, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "profile", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
    ] {
        let url = Asked::anew(service).changed(parameter, value);
        let Visit::Callback(answer) = Browser::new().open(&url).await.unwrap() else {
            panic!("{parameter} was taken");
        };
        let found = answer.query_pairs().find(|(key, _)| key == "error");
        assert_eq!(found.unwrap().1, error, "{parameter}");
    }
}

#[tokio::test]
async fn the_answer_to_a_code_holds_what_openid_connect_says() {
    let university = University::start().await;
    let service = &university.with_secret;
    let mut browser = Browser::new();
    let asked = Asked::anew(service);
    let callback = university.sign_in(&mut browser, &asked, "1000000001").await;
    let code = university::code(&callback);
    let tokens = service
        .redeem(&code, asked.verifier.secret())
        .await
        .unwrap();
    assert!(tokens.id_token().is_some());
    assert_eq!(tokens.expires_in().unwrap().as_secs(), 300);
}
