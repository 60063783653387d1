//! Somebody starts a tap and gets another person to hold their card to it.

use crate::harness::Browser;
use crate::stage::{assert_nothing_learned, try_everything};
use crate::world::World;
use kazasu_proto::companion::v1::{
    BeginAssertionRequest, ClaimTicketRequest, Purpose, StartPairingRequest,
};
use kazasu_proto::reason_of;
use kazasu_statement::Reason;
use reqwest::header::{LOCATION, SET_COOKIE, USER_AGENT};

#[tokio::test]
async fn a_relayed_link_ends_in_the_victims_browser_and_brings_its_sender_nothing() {
    let world = World::start().await;
    for victim_was_here_before in [false, true] {
        // The attacker's browser, and the phone of the victim who followed the link.
        let mut tap = world.claimed("same-phone").await;
        let before = tap.browser.get(&tap.page).await.html;
        let return_url = tap.accepted(&world.card("taro")).await.unwrap();
        let waiting = tap.browser.get(&tap.page).await;
        assert_eq!(waiting.html, before, "waiting does not show the result");

        let mut victim = match victim_was_here_before {
            true => world.server.begin(&[]).await.0,
            false => Browser::new(&world.server),
        };
        let shown = victim.get(&return_url).await;
        assert_eq!(shown.reason(), Some("wrong_browser"));
        assert_eq!(shown.location, None);

        // Even an attacker who is told the return URL now comes too late.
        let page = tap.page.clone();
        let seen = try_everything(&mut tap.browser, &page, &[return_url]).await;
        assert_nothing_learned(&seen, &victim_was_here_before);
        let last = tap.browser.get(&page).await;
        assert_eq!(last.reason(), Some("wrong_browser"));
    }
}

#[tokio::test]
async fn the_victims_phone_shows_who_asks_what_for_and_whose_browser_began() {
    let world = World::start().await;
    let server = &world.server;
    let url = server.authorization(&[]).await;
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let begun = server.http.get(url).header(USER_AGENT, agent);
    let begun = begun.send().await.unwrap();
    let mut attacker = Browser::new(server);
    let cookie = begun.headers()[SET_COOKIE].to_str().unwrap();
    attacker.cookie = cookie.split(';').next().map(str::to_owned);
    let page = begun.headers()[LOCATION].to_str().unwrap().to_owned();
    attacker
        .post(&format!("{page}/start"), &[("mode", "same-phone")])
        .await;
    let ticket = attacker.get(&page).await.ticket();
    server.pass(90);

    let mut phone = server.companion().await;
    let claim = phone.claim_ticket(ClaimTicketRequest { ticket }).await;
    let claim = claim.unwrap().into_inner();
    let asks = claim.relying_party.clone().unwrap();
    assert_eq!(asks.host, "portal.example");
    assert_eq!(asks.display_name.unwrap().en, "Sample portal");
    assert_eq!(claim.purpose(), Purpose::Link);
    assert_eq!(claim.browser, "Firefox, Linux");
    assert_eq!(server.now() - claim.started_at, 90);
}

#[tokio::test]
async fn a_relayed_code_yields_nothing_to_sign_until_the_attackers_page_has_the_digits() {
    let world = World::start().await;
    let (mut attacker, page, ticket) = world.server.ticket("other-device").await;
    let mut phone = world.server.companion().await;
    let claim = phone.claim_ticket(ClaimTicketRequest { ticket }).await;
    let companion_secret = claim.unwrap().into_inner().companion_secret;
    let pairing = StartPairingRequest {
        companion_secret: companion_secret.clone(),
    };
    let digits = phone.start_pairing(pairing).await.unwrap();
    let digits = digits.into_inner().digits;
    let begin = BeginAssertionRequest { companion_secret };
    let refused = |answer: Result<_, tonic::Status>| reason_of(&answer.err().unwrap());

    // The victim types them where the phone says: into a page of the victim's own.
    let (mut victim, own_page, _) = world.server.ticket("other-device").await;
    let form = [("digits", digits.as_str())];
    victim.post(&format!("{own_page}/pair"), &form).await;
    victim.post(&format!("{page}/pair"), &form).await;
    let answer = phone.begin_assertion(begin.clone()).await;
    assert_eq!(refused(answer), Some(Reason::PairingRequired));

    let shown = attacker.get(&page).await.html;
    assert!(!shown.contains(&digits), "the page never shows the digits");
    // Refreshing gives the attacker a new ticket and lets the victim's claim die.
    attacker.post(&format!("{page}/refresh"), &[]).await;
    let answer = phone.begin_assertion(begin).await;
    assert_eq!(refused(answer), Some(Reason::TicketUnknown));
}

#[tokio::test]
async fn a_same_phone_ticket_shown_as_a_code_gives_no_digits_and_no_result() {
    let world = World::start().await;
    let (browser, page) = world.server.begin(&[("purpose", "recover")]).await;
    let mut tap = world.claim(browser, page, "same-phone").await;
    tap.purpose = kazasu_statement::Purpose::Recover;
    let pairing = StartPairingRequest {
        companion_secret: tap.secret.clone(),
    };
    let refused = tap.companion.start_pairing(pairing).await.unwrap_err();
    assert_eq!(reason_of(&refused), Some(Reason::ModeNotAllowed));
    let return_url = tap.accepted(&world.card("taro")).await.unwrap();
    let seen = try_everything(&mut tap.browser, &tap.page, &[]).await;
    assert_nothing_learned(&seen, &"the attacker's page");
    let victim = Browser::new(&world.server).get(&return_url).await;
    assert_nothing_learned(&[victim], &"the victim's browser");
}

#[tokio::test]
async fn a_tap_for_recovering_cannot_be_started_with_a_code_to_scan() {
    let world = World::start().await;
    let (mut attacker, page) = world.server.begin(&[("purpose", "recover")]).await;
    let start = format!("{page}/start");
    for mode in ["other-device", "local"] {
        let answer = attacker.post(&start, &[("mode", mode)]).await;
        assert_eq!(answer.reason(), Some("mode_not_allowed"), "{mode}");
    }
    attacker.post(&start, &[("mode", "same-phone")]).await;
    let answer = attacker.post(&start, &[("mode", "other-device")]).await;
    assert_eq!(answer.reason(), Some("mode_not_allowed"), "nor later");
    assert!(!attacker.get(&page).await.html.contains("<svg"));
}
