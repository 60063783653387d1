//! Something that was good once is sent again: elsewhere, later, or for another purpose.

use crate::harness::CODE_VERIFIER;
use crate::stage::{assert_nothing_learned, rows, try_everything};
use crate::world::{Claimed, World};
use kazasu_statement::{Purpose, Reason};

/// A claimed tap for `purpose`.
async fn tap_for(world: &World, purpose: Purpose, mode: &str) -> Claimed {
    let changes = [("purpose", purpose.as_str())];
    let (browser, page) = world.server.begin(&changes).await;
    let mut tap = world.claim(browser, page, mode).await;
    tap.purpose = purpose;
    tap
}

#[tokio::test]
async fn a_signature_for_one_purpose_serves_no_other() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut view = tap_for(&world, Purpose::View, "same-phone").await;
    let mut recover = tap_for(&world, Purpose::Recover, "same-phone").await;
    let signed = view.assertion(&card).await;

    // As it is, with the other's secret, and with the other's challenge.
    let mut replayed = signed.clone();
    replayed.companion_secret = recover.secret.clone();
    let refused = recover.submit(replayed.clone()).await;
    assert_eq!(refused, Err(Reason::StatementMismatch));
    replayed.challenge = recover.challenge().await;
    let refused = recover.submit(replayed).await;
    assert_eq!(refused, Err(Reason::SignatureInvalid));

    // Signed for "view" although the tap is for "recover": what a lying companion would get.
    recover.purpose = Purpose::View;
    let refused = recover.accepted(&card).await;
    assert_eq!(refused, Err(Reason::SignatureInvalid));
    recover.purpose = Purpose::Recover;
    assert!(recover.accepted(&card).await.is_ok());
    assert!(view.submit(signed).await.is_ok());
}

#[tokio::test]
async fn a_signature_for_one_relying_party_serves_no_other() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut mine = world.claimed_elsewhere().await;
    let mut theirs = tap_for(&world, Purpose::View, "other-device").await;
    theirs.name = None;
    // An evil relying party lets its own users sign for the other's transaction.
    theirs.party = "nameless";
    let refused = theirs.accepted(&card).await;
    assert_eq!(refused, Err(Reason::SignatureInvalid));
    let mut replayed = mine.assertion(&card).await;
    replayed.companion_secret = theirs.secret.clone();
    assert_eq!(
        theirs.submit(replayed).await,
        Err(Reason::StatementMismatch)
    );
    assert!(mine.accepted(&card).await.is_ok());
}

#[tokio::test]
async fn a_statement_of_another_verifier_or_transaction_is_refused() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut tap = world.claimed("other-device").await;
    let (origin, id) = (tap.origin.clone(), tap.transaction_id.clone());
    tap.origin = "https://verifier.evil.example".into();
    assert_eq!(tap.accepted(&card).await, Err(Reason::SignatureInvalid));
    tap.origin = origin;
    tap.transaction_id = world.claimed("other-device").await.transaction_id;
    assert_eq!(tap.accepted(&card).await, Err(Reason::SignatureInvalid));
    tap.transaction_id = id;
    assert!(tap.accepted(&card).await.is_ok());
}

#[tokio::test]
async fn a_challenge_does_not_outlive_the_mode_it_was_made_for() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut tap = tap_for(&world, Purpose::Link, "same-phone").await;
    let assertion = tap.assertion(&card).await;
    let (browser, page) = (tap.browser, tap.page);
    let mut later = world.claim(browser, page, "other-device").await;
    let mut replayed = assertion;
    replayed.companion_secret = later.secret.clone();
    assert_eq!(later.submit(replayed).await, Err(Reason::ChallengeExpired));
    let code = {
        later.accepted(&card).await.unwrap();
        later.code().await
    };
    let claims = world.redeem(&code, CODE_VERIFIER).await.unwrap();
    assert_eq!(claims["mode"], "other-device");
}

#[tokio::test]
async fn an_accepted_assertion_sent_again_after_each_step_changes_nothing_more() {
    let world = World::start().await;
    let mut tap = world.claimed("same-phone").await;
    let assertion = tap.assertion(&world.card("taro")).await;
    let return_url = tap.submit(assertion.clone()).await.unwrap();
    let accepted = rows(&world);
    assert_eq!(tap.submit(assertion.clone()).await, Ok(return_url.clone()));
    assert_eq!(rows(&world), accepted);

    tap.browser.get(&return_url).await;
    let code = tap.code().await;
    world.redeem(&code, CODE_VERIFIER).await.unwrap();
    let redeemed = rows(&world);
    assert_eq!(tap.submit(assertion.clone()).await, Ok(return_url.clone()));
    assert_eq!(rows(&world), redeemed);
    let seen = try_everything(&mut tap.browser, &tap.page, &[return_url]).await;
    assert_nothing_learned(&seen, &"the same return URL opens nothing any more");

    let mut other = assertion;
    other.signature.reverse();
    assert_eq!(tap.submit(other).await, Err(Reason::AlreadyAccepted));
}

#[tokio::test]
async fn an_assertion_sent_again_after_the_tap_was_undone_is_told_so() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut tap = world.claimed("same-phone").await;
    let assertion = tap.assertion(&card).await;
    tap.submit(assertion.clone()).await.unwrap();
    tap.browser.post(&format!("{}/cancel", tap.page), &[]).await;
    assert_eq!(tap.submit(assertion).await, Err(Reason::Cancelled));

    let mut tap = world.claimed("same-phone").await;
    let assertion = tap.assertion(&card).await;
    tap.submit(assertion.clone()).await.unwrap();
    world.server.pass(120);
    assert_eq!(tap.submit(assertion).await, Err(Reason::TransactionExpired));
}

#[tokio::test]
async fn a_restart_makes_no_old_assertion_good_again() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut tap = world.claimed("other-device").await;
    let assertion = tap.assertion(&card).await;
    tap.submit(assertion.clone()).await.unwrap();
    let code = tap.code().await;
    world.redeem(&code, CODE_VERIFIER).await.unwrap();

    let world = world.restart().await;
    let mut companion = world.server.companion().await;
    let again = companion.submit_assertion(assertion.clone()).await.unwrap();
    assert_eq!(
        crate::world::companion::outcome(again),
        Ok(String::new()),
        "the same outcome"
    );
    let code = world.redeem(&code, CODE_VERIFIER).await;
    assert_eq!(code.unwrap_err(), "invalid_grant");
    let mut fresh = world.claimed("other-device").await;
    let mut replayed = assertion;
    replayed.companion_secret = fresh.secret.clone();
    assert_eq!(fresh.submit(replayed).await, Err(Reason::StatementMismatch));
    assert!(fresh.accepted(&card).await.is_ok());
}

#[tokio::test]
async fn a_relying_partys_own_proof_is_good_once_and_at_one_issuer() {
    let world = World::start().await;
    let proof = world.server.sign(&world.server.client_claims());
    let (_, first) = world.server.post("/oidc/par", &proof, &[]).await;
    assert_eq!(
        first["error"], "invalid_request",
        "the proof itself is fine"
    );
    for path in ["/oidc/par", "/oidc/token"] {
        let (_, again) = world.server.post(path, &proof, &[]).await;
        assert_eq!(again["error"], "invalid_client", "{path}");
    }
    let world = world.restart().await;
    let mut stale = world.server.client_claims();
    stale["aud"] = "http://127.0.0.1:1".into();
    let stale = world.server.sign(&stale);
    let (_, refused) = world.server.post("/oidc/par", &stale, &[]).await;
    assert_eq!(refused["error"], "invalid_client");
}
