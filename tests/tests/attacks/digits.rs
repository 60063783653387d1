//! Six digits are a million guesses. Nine are allowed, however they are tried.

use crate::stage::{Stage, rows};
use crate::world::World;
use kazasu_proto::companion::v1::{BeginAssertionRequest, ClaimTicketRequest, StartPairingRequest};
use kazasu_proto::reason_of;
use kazasu_statement::Reason;

/// Digits that are not these.
fn other_than(digits: &str) -> &'static str {
    if digits == "000000" {
        "000001"
    } else {
        "000000"
    }
}

async fn begin(world: &World, secret: &[u8]) -> Option<Reason> {
    let request = BeginAssertionRequest {
        companion_secret: secret.to_vec(),
    };
    let answer = world
        .server
        .companion()
        .await
        .begin_assertion(request)
        .await;
    answer.err().and_then(|status| reason_of(&status))
}

#[tokio::test]
async fn nine_wrong_tries_over_all_tickets_end_it_for_good() {
    let world = World::start().await;
    let scene = Stage::Claimed.reach(&world).await;
    let (mut browser, page) = (scene.browser, scene.page);
    let (mut secret, mut digits) = (scene.secret.unwrap(), scene.digits.unwrap());
    for _ in 0..3 {
        for _ in 0..3 {
            let form = [("digits", other_than(&digits))];
            browser.post(&format!("{page}/pair"), &form).await;
        }
        // A fresh ticket, claim and digits give no fresh tries.
        browser.post(&format!("{page}/refresh"), &[]).await;
        let shown = browser.get(&page).await;
        if shown.reason() == Some("pairing_failed") && !shown.html.contains("id=\"ticket\"") {
            break;
        }
        let mut phone = world.server.companion().await;
        let ticket = shown.ticket();
        let claim = phone.claim_ticket(ClaimTicketRequest { ticket }).await;
        secret = claim.unwrap().into_inner().companion_secret;
        let request = StartPairingRequest {
            companion_secret: secret.clone(),
        };
        digits = phone
            .start_pairing(request)
            .await
            .unwrap()
            .into_inner()
            .digits;
    }
    assert_eq!(begin(&world, &secret).await, Some(Reason::PairingFailed));
    let form = [("digits", digits.as_str())];
    browser.post(&format!("{page}/pair"), &form).await;
    browser
        .post(&format!("{page}/start"), &[("mode", "same-phone")])
        .await;
    assert_eq!(browser.get(&page).await.reason(), Some("pairing_failed"));
    assert_eq!(begin(&world, &secret).await, Some(Reason::PairingFailed));
    let row = rows(&world).of("transactions")[0].clone();
    assert!(
        row.contains("state=rejected") && row.contains("pairing_tries=9"),
        "{row}"
    );
}

#[tokio::test]
async fn guesses_sent_all_at_once_count_no_less() {
    let world = World::start().await;
    let scene = Stage::Claimed.reach(&world).await;
    let wrong = other_than(scene.digits.as_deref().unwrap());
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let mut browser = crate::harness::Browser::new(&world.server);
        browser.cookie = scene.browser.cookie.clone();
        let url = format!("{}/pair", scene.page);
        guesses.spawn(async move { browser.post(&url, &[("digits", wrong)]).await.status });
    }
    guesses.join_all().await;
    let row = rows(&world).of("transactions")[0].clone();
    assert!(
        row.contains("state=rejected") && row.contains("pairing_tries=9"),
        "{row}"
    );
    let secret = scene.secret.unwrap();
    assert_eq!(begin(&world, &secret).await, Some(Reason::PairingFailed));
}

#[tokio::test]
async fn the_digits_of_one_tap_pair_no_other() {
    let world = World::start().await;
    let mut mine = Stage::Claimed.reach(&world).await;
    let mut theirs = Stage::Claimed.reach(&world).await;
    while theirs.digits == mine.digits {
        theirs = Stage::Claimed.reach(&world).await;
    }
    let form = [("digits", theirs.digits.as_deref().unwrap())];
    mine.browser
        .post(&format!("{}/pair", mine.page), &form)
        .await;
    for scene in [&mine, &theirs] {
        let secret = scene.secret.as_deref().unwrap();
        assert_eq!(begin(&world, secret).await, Some(Reason::PairingRequired));
    }
    theirs
        .browser
        .post(&format!("{}/pair", theirs.page), &form)
        .await;
    assert_eq!(begin(&world, theirs.secret.as_deref().unwrap()).await, None);
}

#[tokio::test]
async fn digits_work_once_and_not_for_the_next_claim() {
    let world = World::start().await;
    for typed_before in [false, true] {
        let mut scene = Stage::Claimed.reach(&world).await;
        let digits = scene.digits.clone().unwrap();
        let form = [("digits", digits.as_str())];
        let pair = format!("{}/pair", scene.page);
        if typed_before {
            scene.browser.post(&pair, &form).await;
        }
        let refresh = format!("{}/refresh", scene.page);
        scene.browser.post(&refresh, &[]).await;
        let ticket = scene.browser.get(&scene.page).await.ticket();
        // Before anybody claims, and after, the old digits mean nothing.
        scene.browser.post(&pair, &form).await;
        let mut phone = world.server.companion().await;
        let claim = phone.claim_ticket(ClaimTicketRequest { ticket }).await;
        let secret = claim.unwrap().into_inner().companion_secret;
        scene.browser.post(&pair, &form).await;
        let refused = begin(&world, &secret).await;
        assert_eq!(refused, Some(Reason::PairingRequired), "{typed_before}");
    }
}

#[tokio::test]
async fn nobody_but_the_claiming_companion_gets_digits() {
    let world = World::start().await;
    let scene = Stage::Claimed.reach(&world).await;
    let stale = scene.secret.clone().unwrap();
    let before = rows(&world);
    for secret in [
        vec![],
        vec![0; 32],
        stale[..31].to_vec(),
        [&stale[..], &[0]].concat(),
    ] {
        let request = StartPairingRequest {
            companion_secret: secret,
        };
        let refused = world.server.companion().await.start_pairing(request).await;
        let refused = refused.unwrap_err();
        assert_eq!(reason_of(&refused), Some(Reason::TicketUnknown));
    }
    assert_eq!(
        rows(&world),
        before,
        "the digits on the phone are still the right ones"
    );
}
