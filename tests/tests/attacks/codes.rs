//! Authorization codes in the wrong hands, and answers of the wrong issuer.

use crate::harness::{CODE_VERIFIER, REDIRECT_URI};
use crate::world::{World, code_in};
use url::Url;

/// A second pair of code verifier and S256 challenge: the attacker's own.
const OTHER_VERIFIER: &str = "attacker-attacker-attacker-attacker-attacker";

/// S256 of [`OTHER_VERIFIER`].
fn other_challenge() -> String {
    use base64::Engine as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, OTHER_VERIFIER.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}

/// The callback of a tap of taro's, requested with these changes.
async fn callback(world: &World, changes: &[(&str, &str)]) -> Url {
    let (browser, page) = world.server.begin(changes).await;
    let mut tap = world.claim(browser, page, "other-device").await;
    tap.accepted(&world.card("taro")).await.unwrap();
    let location = tap.browser.get(&tap.page).await.location.unwrap();
    location.parse().unwrap()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut found = url.query_pairs().filter(|(key, _)| key == name);
    let value = found.next().map(|(_, value)| value.into_owned());
    assert!(found.next().is_none(), "{name} appears once");
    value
}

#[tokio::test]
async fn a_code_slipped_into_another_session_is_refused_and_dead() {
    let world = World::start().await;
    let challenge = other_challenge();
    let attackers = callback(
        &world,
        &[("code_challenge", &challenge), ("nonce", "attack")],
    )
    .await;
    let code = parameter(&attackers, "code").unwrap();
    // The portal redeems it with the PKCE verifier of the victim's session.
    let refused = world.redeem(&code, CODE_VERIFIER).await;
    assert_eq!(refused.unwrap_err(), "invalid_grant");
    let refused = world.redeem(&code, OTHER_VERIFIER).await;
    assert_eq!(refused.unwrap_err(), "invalid_grant");
}

#[tokio::test]
async fn an_id_token_carries_the_nonce_of_the_request_it_answers() {
    let world = World::start().await;
    let attackers = callback(&world, &[("nonce", "attack"), ("state", "attack")]).await;
    assert_eq!(parameter(&attackers, "state").as_deref(), Some("attack"));
    let code = parameter(&attackers, "code").unwrap();
    let claims = world.redeem(&code, CODE_VERIFIER).await.unwrap();
    assert_eq!(
        claims["nonce"], "attack",
        "a victim's session expects its own"
    );
}

#[tokio::test]
async fn a_code_is_no_use_to_another_client_although_it_authenticates() {
    let world = World::start().await;
    let url = callback(&world, &[]).await;
    let code = parameter(&url, "code").unwrap();
    let stolen = world.redeem_as("nameless", REDIRECT_URI, &code, CODE_VERIFIER);
    assert_eq!(stolen.await.unwrap_err(), "invalid_grant");
    let url = callback(&world, &[]).await;
    let code = parameter(&url, "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", CODE_VERIFIER),
    ];
    let (_, unauthenticated) = world.server.post("/oidc/token", "", &form).await;
    assert_eq!(unauthenticated["error"], "invalid_client");
    assert!(unauthenticated["id_token"].is_null());
    // Who could not even say who they are has not spent it.
    assert!(world.redeem(&code, CODE_VERIFIER).await.is_ok());
}

#[tokio::test]
async fn of_many_who_redeem_one_code_at_once_one_gets_the_token() {
    let world = World::start().await;
    let url = callback(&world, &[]).await;
    let code = parameter(&url, "code").unwrap();
    let redeem = || world.redeem(&code, CODE_VERIFIER);
    let outcomes = tokio::join!(redeem(), redeem(), redeem(), redeem());
    let outcomes = [outcomes.0, outcomes.1, outcomes.2, outcomes.3];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn of_many_tabs_that_redeem_their_codes_at_once_one_gets_the_token() {
    let world = World::start().await;
    let mut tap = world.claimed("other-device").await;
    tap.accepted(&world.card("taro")).await.unwrap();
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(tap.code().await);
    }
    let redeem = |tab: usize| world.redeem(&codes[tab], CODE_VERIFIER);
    let outcomes = tokio::join!(redeem(0), redeem(1), redeem(2), redeem(3));
    let outcomes = [outcomes.0, outcomes.1, outcomes.2, outcomes.3];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn every_answer_says_which_issuer_it_is_from() {
    let world = World::start().await;
    let server = &world.server;
    let accepted = callback(&world, &[]).await;

    let url = server.authorization(&[("prompt", "none")]).await;
    let login_required = crate::harness::Browser::new(server).get(&url).await;
    let login_required: Url = login_required.location.unwrap().parse().unwrap();

    let (mut browser, page) = server.begin(&[]).await;
    let cancelled = browser.post(&format!("{page}/cancel"), &[]).await;
    let cancelled: Url = cancelled.location.unwrap().parse().unwrap();

    let shown = browser.get(&page).await.html;
    let back = shown.split_once("id=\"back\"").unwrap().1;
    let back = back.split_once("href=\"").unwrap().1;
    let back = back.split('"').next().unwrap().replace("&#38;", "&");
    let back: Url = back.parse().unwrap();

    for answer in [accepted, login_required, cancelled, back] {
        assert_eq!(parameter(&answer, "iss").as_ref(), Some(&server.origin));
        assert_eq!(parameter(&answer, "state").as_deref(), Some("the state"));
        assert!(answer.as_str().starts_with(REDIRECT_URI));
    }
}

#[tokio::test]
async fn neither_codes_nor_proofs_of_one_issuer_work_at_another() {
    let (honest, evil) = (World::start().await, World::start().await);
    let url = callback(&honest, &[]).await;
    let code = parameter(&url, "code").unwrap();
    assert_ne!(parameter(&url, "iss").as_ref(), Some(&evil.server.origin));
    // The portal, mixed up, sends the honest code and a proof to the evil issuer, which uses them.
    let proof_for_evil = {
        let mut claims = honest.server.client_claims();
        claims["aud"] = evil.server.origin.clone().into();
        honest.server.sign(&claims)
    };
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", CODE_VERIFIER),
    ];
    let (_, refused) = honest
        .server
        .post("/oidc/token", &proof_for_evil, &form)
        .await;
    assert_eq!(refused["error"], "invalid_client");
    let refused = evil.redeem(&code, CODE_VERIFIER).await;
    assert_eq!(refused.unwrap_err(), "invalid_grant");
    assert!(honest.redeem(&code, CODE_VERIFIER).await.is_ok());
    assert!(code_in(url.as_str()).is_some());
}
