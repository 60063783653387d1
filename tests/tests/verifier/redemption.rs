//! Codes.

use crate::harness::{CODE_VERIFIER, OLDER_SECRET, OLDER_SECRET_SHA256, REDIRECT_URI};
use crate::world::{Claimed, World};
use kazasu_statement::Purpose;
use serde_json::Value;

async fn accepted(world: &World) -> Claimed {
    let mut claimed = world.claimed("other-device").await;
    claimed.accepted(&world.card("taro")).await.unwrap();
    claimed
}

#[tokio::test]
async fn a_code_is_redeemed_once() {
    let world = World::start().await;
    let mut claimed = accepted(&world).await;
    let code = claimed.code().await;
    assert!(world.redeem(&code, CODE_VERIFIER).await.is_ok());
    assert_eq!(
        world.redeem(&code, CODE_VERIFIER).await.unwrap_err(),
        "invalid_grant"
    );
    let page = claimed.page.clone();
    assert_eq!(
        claimed.browser.get(&page).await.reason(),
        Some("already_accepted")
    );
}

#[tokio::test]
async fn another_code_verifier_party_or_address_redeems_nothing_and_spends_the_code() {
    let world = World::start().await;
    let wrong = "x".repeat(43);
    for (party, redirect_uri, verifier) in [
        ("portal", REDIRECT_URI, wrong.as_str()),
        ("nameless", REDIRECT_URI, CODE_VERIFIER),
        ("portal", "https://portal.example/other", CODE_VERIFIER),
    ] {
        let mut claimed = accepted(&world).await;
        let code = claimed.code().await;
        let refused = world.redeem_as(party, redirect_uri, &code, verifier).await;
        assert_eq!(refused.unwrap_err(), "invalid_grant");
        assert_eq!(
            world.redeem(&code, CODE_VERIFIER).await.unwrap_err(),
            "invalid_grant"
        );
        // The tap itself is not lost: its own browser gets another code.
        let fresh = claimed.code().await;
        assert!(world.redeem(&fresh, CODE_VERIFIER).await.is_ok());
    }
}

#[tokio::test]
async fn of_two_tabs_the_first_to_redeem_wins() {
    let world = World::start().await;
    let mut claimed = accepted(&world).await;
    let (first, second) = (claimed.code().await, claimed.code().await);
    assert!(world.redeem(&second, CODE_VERIFIER).await.is_ok());
    assert_eq!(
        world.redeem(&first, CODE_VERIFIER).await.unwrap_err(),
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_code_and_an_accepted_tap_end_with_their_time() {
    let world = World::start().await;
    let mut claimed = accepted(&world).await;
    let late = claimed.code().await;
    world.server.pass(60);
    assert_eq!(
        world.redeem(&late, CODE_VERIFIER).await.unwrap_err(),
        "invalid_grant"
    );
    let last = claimed.code().await;
    world.server.pass(60);
    assert_eq!(
        world.redeem(&last, CODE_VERIFIER).await.unwrap_err(),
        "invalid_grant"
    );
    let page = claimed.page.clone();
    assert_eq!(
        claimed.browser.get(&page).await.reason(),
        Some("transaction_expired")
    );
}

#[tokio::test]
async fn a_tap_that_is_cancelled_after_its_acceptance_discloses_nothing() {
    let world = World::start().await;
    let mut claimed = accepted(&world).await;
    let code = claimed.code().await;
    let answer = claimed
        .browser
        .post(&format!("{}/cancel", claimed.page), &[])
        .await;
    assert!(answer.location.unwrap().contains("error=access_denied"));
    assert_eq!(
        world.redeem(&code, CODE_VERIFIER).await.unwrap_err(),
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_secret_redeems_no_tap_that_hands_out_access_however_old_it_is() {
    let world = World::start().await;
    let (browser, page) = world.server.begin(&[("purpose", "recover")]).await;
    let mut claimed = world.claim(browser, page, "same-phone").await;
    claimed.purpose = Purpose::Recover;
    let return_url = claimed.accepted(&world.card("taro")).await.unwrap();
    claimed.browser.get(&return_url).await;
    let code = claimed.code().await;
    // The portal becomes an older client while somebody taps.
    let secret = format!("client_secret_sha256 = \"{OLDER_SECRET_SHA256}\" #");
    let world = world
        .restart_with(|text| {
            text.replacen("jwks =", &secret, 1)
                .replacen(", \"recover\"]", "]", 1)
        })
        .await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", CODE_VERIFIER),
    ];
    let endpoint = format!("{}/oidc/token", world.server.origin);
    let request = world.server.http.post(endpoint).form(&form);
    let answer = request.basic_auth("portal", Some(OLDER_SECRET)).send();
    let body: Value = answer.await.unwrap().json().await.unwrap();
    assert_eq!(body["error"], "unauthorized_client");
    assert_eq!(body["id_token"], Value::Null);
}
