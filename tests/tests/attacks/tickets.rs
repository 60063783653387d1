//! Two who want one ticket, and a ticket that is renewed while somebody is at work with the old.

use crate::harness::CODE_VERIFIER;
use crate::stage::{events, rows};
use crate::world::World;
use kazasu_proto::companion::v1::{ClaimTicketRequest, StartPairingRequest};
use kazasu_proto::reason_of;
use kazasu_statement::Reason;

#[tokio::test]
async fn of_many_who_claim_one_ticket_at_once_exactly_one_wins() {
    let world = World::start().await;
    for _ in 0..4 {
        let (_, _, ticket) = world.server.ticket("same-phone").await;
        let mut claims = tokio::task::JoinSet::new();
        for _ in 0..16 {
            // Each on a connection of its own.
            let mut companion = world.server.companion().await;
            let ticket = ticket.clone();
            claims
                .spawn(async move { companion.claim_ticket(ClaimTicketRequest { ticket }).await });
        }
        let claims = claims.join_all().await;
        let refused: Vec<_> = claims
            .into_iter()
            .filter_map(Result::err)
            .map(|status| reason_of(&status))
            .collect();
        assert_eq!(refused, [Some(Reason::TicketAlreadyClaimed); 15]);
    }
}

#[tokio::test]
async fn whoever_overhears_a_claimed_ticket_gets_neither_details_nor_a_way_to_disturb() {
    let world = World::start().await;
    let (browser, page, ticket) = world.server.ticket("same-phone").await;
    let mut tap = world
        .claim_ticket(browser, page, ticket.clone(), "same-phone")
        .await;
    let before = rows(&world);
    let mut other = world.server.companion().await;
    let refused = other.claim_ticket(ClaimTicketRequest { ticket }).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason_of(&refused), Some(Reason::TicketAlreadyClaimed));
    assert!(!refused.message().contains("portal"));
    assert_eq!(rows(&world), before);
    assert!(tap.accepted(&world.card("taro")).await.is_ok());
}

#[tokio::test]
async fn a_new_ticket_ends_a_claim_and_a_pairing_with_all_they_had() {
    let world = World::start().await;
    let card = world.card("taro");
    for mode in ["same-phone", "other-device"] {
        let mut tap = world.claimed(mode).await;
        let assertion = tap.assertion(&card).await;
        tap.browser
            .post(&format!("{}/refresh", tap.page), &[])
            .await;
        assert_eq!(
            tap.submit(assertion.clone()).await,
            Err(Reason::TicketUnknown)
        );
        let digits = StartPairingRequest {
            companion_secret: tap.secret.clone(),
        };
        let refused = tap.companion.start_pairing(digits).await.unwrap_err();
        assert_eq!(reason_of(&refused), Some(Reason::TicketUnknown));
        // Nor does the old challenge serve whoever claims the new ticket.
        let ticket = tap.browser.get(&tap.page).await.ticket();
        let (browser, page) = (tap.browser, tap.page);
        let mut fresh = world.claim_ticket(browser, page, ticket, mode).await;
        let mut replayed = assertion;
        replayed.companion_secret = fresh.secret.clone();
        assert_eq!(fresh.submit(replayed).await, Err(Reason::ChallengeExpired));
        assert!(fresh.accepted(&card).await.is_ok());
    }
}

#[tokio::test]
async fn nothing_is_accepted_if_the_ticket_is_renewed_while_the_authority_is_asked() {
    let world = World::start().await;
    let card = world.card("taro");
    for mode in ["same-phone", "other-device"] {
        let mut tap = world.claimed(mode).await;
        let assertion = tap.assertion(&card).await;
        let held = world.hold_authority().await;
        let refresh = async {
            held.until_asked().await;
            let form = format!("{}/refresh", tap.page);
            tap.browser.post(&form, &[]).await;
            held.let_go();
        };
        let mut companion = tap.companion.clone();
        let (outcome, ()) = tokio::join!(companion.submit_assertion(assertion), refresh);
        let outcome = crate::world::companion::outcome(outcome.unwrap());
        assert_eq!(outcome, Err(Reason::TicketUnknown), "{mode}");
        let shown = tap.browser.get(&tap.page).await;
        assert!(
            shown.html.contains("id=\"ticket\""),
            "a new ticket is shown"
        );
    }
    let database = rows(&world);
    assert!(database.of("subjects").is_empty() && database.of("credentials").is_empty());
    assert_eq!(events(&world, "accepted"), 0);
}

#[tokio::test]
async fn nothing_is_accepted_if_it_is_cancelled_or_ends_while_the_authority_is_asked() {
    let world = World::start().await;
    let card = world.card("taro");
    for (cancel, expected) in [
        (true, Reason::Cancelled),
        (false, Reason::TransactionExpired),
    ] {
        let mut tap = world.claimed("other-device").await;
        world.server.pass(599);
        let assertion = tap.assertion(&card).await;
        let held = world.hold_authority().await;
        let meanwhile = async {
            held.until_asked().await;
            if cancel {
                let form = format!("{}/cancel", tap.page);
                tap.browser.post(&form, &[]).await;
            } else {
                world.server.pass(1);
            }
            held.let_go();
        };
        let mut companion = tap.companion.clone();
        let (outcome, ()) = tokio::join!(companion.submit_assertion(assertion), meanwhile);
        assert_eq!(
            crate::world::companion::outcome(outcome.unwrap()),
            Err(expected)
        );
        let shown = tap.browser.get(&tap.page).await;
        assert_eq!(shown.location, None, "no code");
    }
    assert!(rows(&world).of("subjects").is_empty());
}

#[tokio::test]
async fn one_assertion_sent_twice_at_once_counts_once() {
    let world = World::start().await;
    let mut tap = world.claimed("same-phone").await;
    let assertion = tap.assertion(&world.card("taro")).await;
    let sends = tokio::join!(
        tap.submit(assertion.clone()),
        tap.submit(assertion.clone()),
        tap.submit(assertion)
    );
    let return_url = sends.0.unwrap();
    assert_eq!(
        (sends.1.unwrap(), sends.2.unwrap()),
        (return_url.clone(), return_url.clone())
    );
    let database = rows(&world);
    assert_eq!(events(&world, "accepted"), 1);
    assert_eq!(database.of("subjects").len(), 1);
    tap.browser.get(&return_url).await;
    let code = tap.code().await;
    assert!(world.redeem(&code, CODE_VERIFIER).await.is_ok());
}
