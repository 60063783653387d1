//! Acceptance, hand-back and redemption.

use super::*;
use crate::store::answers::{LastWord, Word};
use crate::store::fixture::*;
use crate::store::oidc::{self, Redemption};
use crate::store::transactions::{cancel, claim, mint};
use kazasu_statement::Mode;

#[tokio::test]
async fn nothing_is_accepted_before_pairing() {
    let fixture = Fixture::with_digits().await;
    let early = fixture.run(|c| accept(c, &acceptance(3))).await;
    assert_eq!(early, Err(Reason::PairingRequired));
    assert!(
        fixture
            .run(|c| subjects::of_credential(c, &[7; 32]))
            .await
            .is_none()
    );
}

#[tokio::test]
async fn accepting_is_the_single_use_and_the_same_assertion_may_come_again() {
    let fixture = Fixture::accepted(Mode::OtherDevice).await;
    assert_eq!(fixture.run(|c| accept(c, &acceptance(11))).await, Ok(()));
    let other = Acceptance {
        assertion_hash: OTHER,
        ..acceptance(11)
    };
    assert_eq!(
        fixture.run(move |c| accept(c, &other)).await,
        Err(Reason::AlreadyAccepted)
    );
    assert_eq!(fixture.events().await, [("accepted".into(), None)]);
}

#[tokio::test]
async fn a_voided_claim_and_an_ended_transaction_accept_nothing() {
    let fixture = Fixture::claimed(Mode::SamePhone).await;
    assert_eq!(
        fixture.run(|c| accept(c, &acceptance(600))).await,
        Err(Reason::TransactionExpired)
    );
    assert!(
        fixture
            .run(|c| mint(c, "T", &ticket(Mode::SamePhone, 1, OTHER), 3))
            .await
    );
    assert_eq!(
        fixture.run(|c| accept(c, &acceptance(3))).await,
        Err(Reason::TicketUnknown)
    );
    assert!(
        fixture
            .run(|c| subjects::of_credential(c, &[7; 32]))
            .await
            .is_none()
    );
}

#[tokio::test]
async fn a_claim_that_was_replaced_while_its_assertion_was_judged_accepts_nothing() {
    let fixture = Fixture::claimed(Mode::SamePhone).await;
    let replaced = fixture
        .run(|c| {
            let minted = mint(c, "T", &ticket(Mode::SamePhone, 1, OTHER), 3)?;
            Ok(minted && claim(c, &OTHER, &OTHER, 3)?.is_ok())
        })
        .await;
    assert!(replaced);
    let late = fixture.run(|c| accept(c, &acceptance(4))).await;
    assert_eq!(late, Err(Reason::TicketUnknown));
    assert_eq!(fixture.at(4).await.state, State::Claimed);
}

#[tokio::test]
async fn what_was_cancelled_while_its_assertion_was_judged_stays_cancelled() {
    let fixture = Fixture::claimed(Mode::SamePhone).await;
    assert!(fixture.run(|c| cancel(c, "T", 3)).await);
    let late = fixture.run(|c| accept(c, &acceptance(4))).await;
    assert_eq!(late, Err(Reason::Cancelled));
    assert_eq!(fixture.at(4).await.sealed_name, None);
}

#[tokio::test]
async fn a_credential_seen_revoked_stays_revoked() {
    let fixture = Fixture::claimed(Mode::SamePhone).await;
    fixture
        .run(|c| subjects::record_revoked(c, &[7; 32], 2))
        .await;
    let refused = fixture.run(|c| accept(c, &acceptance(3))).await;
    assert_eq!(refused, Err(Reason::CertificateRevoked));
    assert_eq!(fixture.at(3).await.state, State::Claimed);
}

/// A transaction that waits for an assertion, with a credential that is known and of which the
/// responder said this at second 4.
async fn waiting(word: &'static str, valid_until: i64) -> Fixture {
    let fixture = Fixture::claimed(Mode::SamePhone).await;
    fixture
        .run(move |c| {
            subjects::resolve(c, &acceptance(3))?;
            c.execute(
                "INSERT INTO revocation_answers
                   (credential_index, word, this_update, asked_at, valid_until)
                 VALUES (?1, ?2, 4, 4, ?3)",
                values![[7; 32], word, valid_until],
            )
        })
        .await;
    fixture
}

#[tokio::test]
async fn whom_nobody_needs_to_ask_about_is_accepted_at_once_and_with_an_event() {
    let fixture = waiting("good", 100).await;
    let accepted = accept_known(&fixture.store, acceptance(5), 3).await;
    assert!(accepted.unwrap());
    let transaction = fixture.at(5).await;
    assert_eq!(transaction.state, State::Accepted);
    assert_eq!(transaction.subject, Some([8; 16]));
    assert_eq!(fixture.events().await, [("accepted".into(), None)]);
    let again = accept_known(&fixture.store, acceptance(5), 3).await;
    assert!(!again.unwrap());
    assert_eq!(fixture.events().await.len(), 1);
}

#[tokio::test]
async fn the_database_spares_asking_exactly_when_the_program_would() {
    let words = [
        ("good", Word::Good),
        ("on_hold", Word::OnHold),
        ("unknown", Word::Unknown),
    ];
    for (text, word) in words {
        for valid_until in [5, 6] {
            for (answered_after, now) in [(3, 3), (3, 4), (3, 5), (4, 5), (2, 5)] {
                let fixture = waiting(text, valid_until).await;
                let accepted = accept_known(&fixture.store, acceptance(now), answered_after).await;
                let last_word = LastWord {
                    word,
                    this_update: 4,
                    asked_at: 4,
                    valid_until,
                };
                let spared = last_word.spares_asking(answered_after, now);
                assert_eq!(
                    accepted.unwrap(),
                    spared,
                    "{last_word:?} {answered_after} {now}"
                );
                assert_eq!(fixture.at(now).await.state == State::Accepted, spared);
            }
        }
    }
}

#[tokio::test]
async fn a_revoked_an_erased_and_an_unpaired_one_are_not_accepted_at_once() {
    let revoked = waiting("good", 100).await;
    revoked
        .run(|c| subjects::record_revoked(c, &[7; 32], 4))
        .await;
    let erased = waiting("good", 100).await;
    erased
        .run(|c| c.execute("DELETE FROM credentials", &[]))
        .await;
    let replaced = waiting("good", 100).await;
    replaced
        .run(|c| mint(c, "T", &ticket(Mode::SamePhone, 1, OTHER), 4))
        .await;
    let ended = waiting("good", 10_000).await;
    for (fixture, now) in [(revoked, 5), (erased, 5), (replaced, 5), (ended, 600)] {
        let accepted = accept_known(&fixture.store, acceptance(now), 3).await;
        assert!(!accepted.unwrap());
        assert_ne!(fixture.at(now).await.state, State::Accepted);
        assert!(fixture.events().await.is_empty());
    }
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_takes_the_name_with_it() {
    let fixture = Fixture::accepted(Mode::OtherDevice).await;
    assert!(fixture.code_issued(11).await);
    let redeemed = fixture
        .run(|c| oidc::redeem(c, &redemption(), 12))
        .await
        .unwrap();
    assert_eq!(redeemed.subject_id, [8; 16]);
    assert_eq!(redeemed.transaction.sealed_name, Some(vec![1]));
    assert!(
        fixture
            .run(|c| oidc::redeem(c, &redemption(), 12))
            .await
            .is_none()
    );
    let after = fixture.at(12).await;
    assert_eq!((after.state, after.sealed_name), (State::Redeemed, None));
    assert!(!fixture.code_issued(13).await);
    assert!(!fixture.run(|c| cancel(c, "T", 13)).await, "too late");
}

#[tokio::test]
async fn a_code_that_does_not_match_is_dead() {
    for wrong in [
        Redemption {
            relying_party: "other".into(),
            ..redemption()
        },
        Redemption {
            redirect_uri: "https://portal.example/other".into(),
            ..redemption()
        },
        Redemption {
            code_challenge: "other".into(),
            ..redemption()
        },
    ] {
        let fixture = Fixture::accepted(Mode::OtherDevice).await;
        assert!(fixture.code_issued(11).await);
        assert!(
            fixture
                .run(move |c| oidc::redeem(c, &wrong, 12))
                .await
                .is_none()
        );
        assert!(
            fixture
                .run(|c| oidc::redeem(c, &redemption(), 12))
                .await
                .is_none()
        );
        assert_eq!(fixture.at(12).await.state, State::Accepted);
    }
}

#[tokio::test]
async fn codes_and_acceptance_end_with_their_time() {
    let fixture = Fixture::accepted(Mode::OtherDevice).await;
    assert!(fixture.code_issued(11).await);
    assert!(
        fixture
            .run(|c| oidc::redeem(c, &redemption(), 71))
            .await
            .is_none()
    );
    assert!(!fixture.code_issued(130).await);
    assert_eq!(fixture.at(130).await.state, State::Expired);
}

#[tokio::test]
async fn on_one_phone_no_code_exists_before_the_browser_came_back() {
    let fixture = Fixture::accepted(Mode::SamePhone).await;
    assert!(!fixture.code_issued(11).await);
    let outcome = fixture
        .run(|c| hand_back(c, &RETURN, Some(&BROWSER), 12))
        .await;
    assert!(matches!(outcome, HandBack::Continue(id) if id == "T"));
    assert!(fixture.code_issued(13).await);
}

#[tokio::test]
async fn a_foreign_browser_ends_the_transaction_and_its_name() {
    for foreign in [None, Some(OTHER)] {
        let fixture = Fixture::accepted(Mode::SamePhone).await;
        let outcome = fixture
            .run(move |c| hand_back(c, &RETURN, foreign.as_ref(), 12))
            .await;
        assert!(matches!(outcome, HandBack::WrongBrowser(Some(_))));
        let after = fixture.at(12).await;
        assert_eq!(after.closed_because(), Some(Reason::WrongBrowser));
        assert_eq!(after.sealed_name, None);
        // The code is dead, also for the browser that started.
        let late = fixture
            .run(|c| hand_back(c, &RETURN, Some(&BROWSER), 12))
            .await;
        assert!(matches!(late, HandBack::Unknown));
    }
}

#[tokio::test]
async fn a_used_return_url_harms_nothing_in_foreign_hands() {
    let fixture = Fixture::accepted(Mode::SamePhone).await;
    fixture
        .run(|c| hand_back(c, &RETURN, Some(&BROWSER), 12))
        .await;
    let foreign = fixture
        .run(|c| hand_back(c, &RETURN, Some(&OTHER), 13))
        .await;
    assert!(matches!(foreign, HandBack::WrongBrowser(None)));
    assert_eq!(fixture.at(13).await.state, State::Accepted);
}
