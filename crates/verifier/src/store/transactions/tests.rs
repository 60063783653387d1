//! The steps up to pairing, and the ways to end.

use super::*;
use crate::store::acceptance::{HandBack, hand_back};
use crate::store::fixture::*;
use crate::store::{oidc, subjects};

#[tokio::test]
async fn one_request_makes_one_transaction() {
    let fixture = Fixture::new().await;
    let again = NewTransaction {
        id: "U".into(),
        ..new_transaction()
    };
    assert!(!fixture.run(move |c| begin(c, &again)).await);
}

#[tokio::test]
async fn a_pushed_request_begins_nothing_after_its_time() {
    let fixture = Fixture::new().await;
    let late = NewTransaction {
        id: "U".into(),
        request_hash: OTHER,
        created_at: 60,
        ..new_transaction()
    };
    fixture.run(|c| oidc::push(c, &OTHER, &request(), 60)).await;
    assert!(!fixture.run(move |c| begin(c, &late)).await);
}

#[tokio::test]
async fn of_two_claims_the_first_wins() {
    let fixture = Fixture::claimed(Mode::OtherDevice).await;
    let second = fixture.run(|c| claim(c, &TICKET, &OTHER, 1)).await;
    assert_eq!(second.err(), Some(Reason::TicketAlreadyClaimed));
}

#[tokio::test]
async fn a_ticket_ends_with_its_time_and_with_its_transaction() {
    let fixture = Fixture::minted(Mode::OtherDevice).await;
    let claim_at = |now| fixture.run(move |c| claim(c, &TICKET, &COMPANION, now));
    assert_eq!(claim_at(120).await.err(), Some(Reason::TicketExpired));
    assert_eq!(claim_at(600).await.err(), Some(Reason::TransactionExpired));
    assert!(claim_at(119).await.is_ok());
    let unknown = fixture.run(|c| claim(c, &OTHER, &COMPANION, 1)).await;
    assert_eq!(unknown.err(), Some(Reason::TicketUnknown));
}

#[tokio::test]
async fn a_ticket_that_would_outlive_its_transaction_does_not() {
    let fixture = Fixture::new().await;
    let late = NewTicket {
        expires_at: 700,
        ..ticket(Mode::OtherDevice, 0, TICKET)
    };
    assert!(fixture.run(move |c| mint(c, "T", &late, 590)).await);
    let claimed = fixture.run(|c| claim(c, &TICKET, &COMPANION, 600)).await;
    assert_eq!(claimed.err(), Some(Reason::TransactionExpired));
}

#[tokio::test]
async fn a_new_ticket_voids_claim_digits_and_old_ticket() {
    let fixture = Fixture::with_digits().await;
    assert!(
        fixture
            .run(|c| mint(c, "T", &ticket(Mode::OtherDevice, 1, OTHER), 3))
            .await
    );
    assert!(
        fixture
            .run(|c| by_companion(c, &COMPANION, 3))
            .await
            .is_none()
    );
    let old = fixture.run(|c| claim(c, &TICKET, &OTHER, 3)).await;
    assert_eq!(old.err(), Some(Reason::TicketUnknown));
    assert_eq!(fixture.pair("012345", 3).await, Pairing::NotWaiting);
    assert_eq!(fixture.at(3).await.ticket_number, 2);
    // Nor do the old digits pair whoever claims next.
    let next = fixture.run(|c| claim(c, &OTHER, &OTHER, 3)).await;
    assert!(next.is_ok());
    assert_eq!(fixture.pair("012345", 3).await, Pairing::NotWaiting);
}

#[tokio::test]
async fn two_clicks_mint_one_ticket() {
    let fixture = Fixture::minted(Mode::OtherDevice).await;
    assert!(
        !fixture
            .run(|c| mint(c, "T", &ticket(Mode::OtherDevice, 0, OTHER), 0))
            .await
    );
}

#[tokio::test]
async fn digits_pair_once_and_only_in_the_browser_that_started() {
    let fixture = Fixture::with_digits().await;
    let foreign = fixture.run(|c| pair(c, "T", &OTHER, "012345", 3)).await;
    assert_eq!(foreign, Pairing::NotWaiting);
    assert_eq!(fixture.pair("012345", 3).await, Pairing::Paired);
    assert_eq!(fixture.pair("012345", 3).await, Pairing::NotWaiting);
    let again = fixture.run(|c| start_pairing(c, &COMPANION, "543210", 122, 3));
    assert!(again.await.is_err());
    assert_eq!(fixture.at(3).await.state, State::Paired);
}

#[tokio::test]
async fn late_digits_count_as_wrong() {
    let fixture = Fixture::with_digits().await;
    assert_eq!(
        fixture.pair("012345", 122).await,
        Pairing::Wrong { tries_left: 8 }
    );
}

#[tokio::test]
async fn nine_wrong_digits_end_the_transaction_whatever_is_renewed_in_between() {
    let fixture = Fixture::with_digits().await;
    for left in (4..=8).rev() {
        assert_eq!(
            fixture.pair("999999", 3).await,
            Pairing::Wrong { tries_left: left }
        );
    }
    let renewed = fixture
        .run(|c| start_pairing(c, &COMPANION, "543210", 122, 3))
        .await;
    assert!(renewed.is_ok());
    assert_eq!(
        fixture.pair("012345", 3).await,
        Pairing::Wrong { tries_left: 3 }
    );
    assert!(
        fixture
            .run(|c| mint(c, "T", &ticket(Mode::OtherDevice, 1, OTHER), 3))
            .await
    );
    assert!(
        fixture
            .run(|c| claim(c, &OTHER, &COMPANION, 3))
            .await
            .is_ok()
    );
    assert!(
        fixture
            .run(|c| start_pairing(c, &COMPANION, "543210", 122, 3))
            .await
            .is_ok()
    );
    assert_eq!(
        fixture.pair("999999", 3).await,
        Pairing::Wrong { tries_left: 2 }
    );
    assert_eq!(
        fixture.pair("999999", 3).await,
        Pairing::Wrong { tries_left: 1 }
    );
    assert_eq!(fixture.pair("999999", 3).await, Pairing::Rejected);
    assert_eq!(fixture.pair("543210", 3).await, Pairing::NotWaiting);
    assert_eq!(
        fixture.at(3).await.closed_because(),
        Some(Reason::PairingFailed)
    );
    assert_eq!(
        fixture.events().await,
        [("rejected".into(), Some("pairing_failed".into()))]
    );
}

#[tokio::test]
async fn one_phone_needs_no_digits_and_gets_none() {
    let fixture = Fixture::claimed(Mode::SamePhone).await;
    let refused = fixture
        .run(|c| start_pairing(c, &COMPANION, "012345", 122, 2))
        .await;
    assert_eq!(refused.err(), Some(Reason::ModeNotAllowed));
    assert_eq!(fixture.at(2).await.not_ready_because(), None);
}

#[tokio::test]
async fn cancelling_works_until_redeemed_and_erases_the_name() {
    let fixture = Fixture::accepted(Mode::OtherDevice).await;
    assert!(fixture.run(|c| cancel(c, "T", 11)).await);
    let after = fixture.at(11).await;
    assert_eq!((after.state, after.sealed_name), (State::Cancelled, None));
    assert!(!fixture.run(|c| cancel(c, "T", 11)).await);
    assert!(!fixture.code_issued(11).await);
}

#[tokio::test]
async fn what_is_withdrawn_leaves_nothing_of_the_tap() {
    let fixture = Fixture::accepted(Mode::SamePhone).await;
    assert!(fixture.run(|c| withdraw(c, "T", 600, 11)).await);
    let after = fixture.at(11).await;
    assert_eq!(after.state, State::Claimed);
    assert_eq!((after.subject, after.sealed_name), (None, None));
    assert_eq!((after.auth_time, after.assertion_hash), (None, None));
    let back = fixture.run(|c| hand_back(c, &RETURN, Some(&BROWSER), 12));
    assert!(matches!(back.await, HandBack::Unknown));
}

#[tokio::test]
async fn what_runs_out_of_time_loses_its_name_and_later_its_row() {
    let fixture = Fixture::accepted(Mode::OtherDevice).await;
    assert_eq!(fixture.run(|c| expire(c, 129)).await, Vec::<String>::new());
    assert_eq!(fixture.run(|c| expire(c, 130)).await, ["T"]);
    assert_eq!(fixture.at(130).await.sealed_name, None);
    fixture.run(|c| oidc::delete_old(c, 86_400)).await;
    assert!(fixture.run(|c| by_id(c, "T", 0)).await.is_none());
    assert!(
        fixture
            .run(|c| subjects::of_credential(c, &[7; 32]))
            .await
            .is_some()
    );
}

#[tokio::test]
async fn an_event_tells_what_was_asked_and_nothing_of_who_tapped() {
    let fixture = Fixture::accepted(Mode::SamePhone).await;
    let told = details(&fixture.at(11).await, Some(Reason::Cancelled));
    let told: serde_json::Value = serde_json::from_str(&told.to_json()).unwrap();
    let expected = serde_json::json!({
        "transaction": "T", "relying_party": "portal", "purpose": "link",
        "mode": "same-phone", "reason": "cancelled",
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_client_assertion_counts_once_for_each_party() {
    let fixture = Fixture::new().await;
    let used = |party| fixture.run(move |c| oidc::use_assertion(c, party, "jti", 60));
    assert!(used("portal").await);
    assert!(!used("portal").await);
    assert!(used("other").await);
}
