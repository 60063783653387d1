//! The tap page and tickets.

use crate::harness::{Browser, REDIRECT_URI, Server};
use kazasu_proto::companion::v1::{
    CancelRequest, ClaimTicketRequest, ClaimTicketResponse, Mode, Purpose, StartPairingRequest,
};
use kazasu_proto::reason_of;
use kazasu_statement::Reason;
use reqwest::StatusCode;
use tonic::Status;

async fn claim(server: &Server, ticket: &str) -> Result<ClaimTicketResponse, Status> {
    let request = ClaimTicketRequest {
        ticket: ticket.to_owned(),
    };
    Ok(server
        .companion()
        .await
        .claim_ticket(request)
        .await?
        .into_inner())
}

fn refused<T>(result: Result<T, Status>) -> Option<Reason> {
    reason_of(&result.err()?)
}

#[tokio::test]
async fn without_the_cookie_there_is_no_ticket() {
    let server = Server::start().await;
    let (_, page) = server.begin(&[]).await;
    let mut cookieless = Browser::new(&server);
    let shown = cookieless.get(&page).await;
    assert_eq!(
        (shown.status, shown.reason()),
        (StatusCode::FORBIDDEN, Some("cookies_required"))
    );
    let started = cookieless
        .post(&format!("{page}/start"), &[("mode", "same-phone")])
        .await;
    assert_eq!(started.reason(), Some("cookies_required"));
}

#[tokio::test]
async fn another_browser_sees_nothing_of_a_transaction() {
    let server = Server::start().await;
    let (_, page) = server.begin(&[]).await;
    let (mut other, _) = server.begin(&[]).await;
    let shown = other.get(&page).await;
    assert_eq!(
        (shown.status, shown.reason()),
        (StatusCode::FORBIDDEN, Some("wrong_browser"))
    );
    assert_eq!(
        other.post(&format!("{page}/cancel"), &[]).await.reason(),
        Some("wrong_browser")
    );
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let server = Server::start().await;
    let (mut browser, page) = server.begin(&[]).await;
    let answer = browser
        .post_from("https://evil.example", &format!("{page}/cancel"), &[])
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        browser
            .get(&page)
            .await
            .html
            .contains("id=\"start-same-phone\"")
    );
}

#[tokio::test]
async fn the_companion_learns_who_asks_and_for_what() {
    let server = Server::start().await;
    let (mut browser, page, ticket) = server.ticket("other-device").await;
    assert!(
        browser.get(&page).await.html.contains("<svg"),
        "a code to scan"
    );
    let claimed = claim(&server, &ticket).await.unwrap();
    let html = browser.get(&page).await.html;
    assert!(html.contains("id=\"pair\"") && !html.contains("id=\"ticket\""));
    let party = claimed.relying_party.clone().unwrap();
    assert_eq!(
        (party.id.as_str(), party.host.as_str()),
        ("portal", "portal.example")
    );
    assert_eq!(
        (claimed.purpose(), claimed.mode()),
        (Purpose::Link, Mode::OtherDevice)
    );
    assert_eq!(
        (claimed.verifier_origin, claimed.language),
        (server.origin.clone(), "en".into())
    );
    assert_eq!(claimed.expires_at - claimed.started_at, 600);
    assert!(page.ends_with(&claimed.transaction_id));
}

#[tokio::test]
async fn looking_at_a_ticket_link_claims_nothing() {
    let server = Server::start().await;
    let (_, _, ticket) = server.ticket("same-phone").await;
    let shown = Browser::new(&server)
        .get(&format!("{}/t/{ticket}", server.ticket_origin()))
        .await;
    assert!(shown.html.contains("get-the-app"));
    assert!(claim(&server, &ticket).await.is_ok());
}

#[tokio::test]
async fn the_second_claim_and_the_late_claim_are_refused_by_name() {
    let server = Server::start().await;
    let (_, _, ticket) = server.ticket("same-phone").await;
    assert!(claim(&server, &ticket).await.is_ok());
    assert_eq!(
        refused(claim(&server, &ticket).await),
        Some(Reason::TicketAlreadyClaimed)
    );
    assert_eq!(
        refused(claim(&server, "unheard-of").await),
        Some(Reason::TicketUnknown)
    );
    let (mut browser, page, late) = server.ticket("same-phone").await;
    server.pass(120);
    assert_eq!(
        refused(claim(&server, &late).await),
        Some(Reason::TicketExpired)
    );
    assert_eq!(browser.get(&page).await.reason(), Some("ticket_expired"));
    server.pass(480);
    assert_eq!(
        refused(claim(&server, &late).await),
        Some(Reason::TransactionExpired)
    );
    let over = browser.get(&page).await;
    assert_eq!(
        (over.status, over.reason()),
        (StatusCode::GONE, Some("transaction_expired"))
    );
    assert!(
        over.html
            .contains(&format!("{REDIRECT_URI}?error=access_denied"))
    );
}

#[tokio::test]
async fn the_page_shows_the_same_ticket_until_it_is_refreshed() {
    let server = Server::start().await;
    let (mut browser, page, ticket) = server.ticket("other-device").await;
    assert_eq!(browser.get(&page).await.ticket(), ticket);
    let secret = claim(&server, &ticket).await.unwrap().companion_secret;
    browser.post(&format!("{page}/refresh"), &[]).await;
    let fresh = browser.get(&page).await.ticket();
    assert_ne!(fresh, ticket);
    assert_eq!(
        refused(claim(&server, &ticket).await),
        Some(Reason::TicketUnknown)
    );
    let request = StartPairingRequest {
        companion_secret: secret,
    };
    let voided = server.companion().await.start_pairing(request).await;
    assert_eq!(refused(voided), Some(Reason::TicketUnknown));
    assert!(claim(&server, &fresh).await.is_ok());
}

#[tokio::test]
async fn recovering_is_offered_on_one_phone_only() {
    let server = Server::start().await;
    let (mut browser, page) = server.begin(&[("purpose", "recover")]).await;
    let shown = browser.get(&page).await;
    assert!(shown.html.contains("start-same-phone") && !shown.html.contains("start-other-device"));
    for mode in ["other-device", "local", "surprise"] {
        let refused = browser
            .post(&format!("{page}/start"), &[("mode", mode)])
            .await;
        assert_eq!(refused.reason(), Some("mode_not_allowed"), "{mode}");
    }
}

#[tokio::test]
async fn cancelling_in_the_browser_tells_the_relying_party() {
    let server = Server::start().await;
    let (mut browser, page, ticket) = server.ticket("same-phone").await;
    let answer = browser
        .post(&format!("{page}/cancel"), &[])
        .await
        .location
        .unwrap();
    assert!(
        answer.starts_with(&format!("{REDIRECT_URI}?error=access_denied")),
        "{answer}"
    );
    assert!(answer.contains("state=the+state") && answer.contains("iss=http"));
    assert_eq!(
        refused(claim(&server, &ticket).await),
        Some(Reason::Cancelled)
    );
}

#[tokio::test]
async fn cancelling_on_the_phone_leaves_the_page_with_a_way_back() {
    let server = Server::start().await;
    let (mut browser, page, ticket) = server.ticket("same-phone").await;
    let companion_secret = claim(&server, &ticket).await.unwrap().companion_secret;
    let mut companion = server.companion().await;
    let request = CancelRequest { companion_secret };
    companion.cancel(request.clone()).await.unwrap();
    companion
        .cancel(request)
        .await
        .expect("cancelling twice is cancelling");
    let shown = browser.get(&page).await;
    assert_eq!(shown.reason(), Some("cancelled"));
    assert!(shown.html.contains("id=\"back\"") && shown.html.contains("error=access_denied"));
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let server = Server::start().await;
    let (mut browser, page, ticket) = server.ticket("same-phone").await;
    let claimed = claim(&server, &ticket).await.unwrap();
    let server = server.restart().await;
    let path = page.split_once("/tap/").unwrap().1;
    let shown = browser.get(&format!("{}/tap/{path}", server.origin)).await;
    assert!(shown.html.contains("id=\"waiting\""), "{}", shown.html);
    let request = CancelRequest {
        companion_secret: claimed.companion_secret,
    };
    server.companion().await.cancel(request).await.unwrap();
}
