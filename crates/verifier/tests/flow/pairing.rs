//! Six digits, and the stream that waits for them.

use crate::harness::{Browser, Server};
use kazasu_proto::companion::v1::{
    BeginAssertionRequest, ClaimTicketRequest, StartPairingRequest, TransactionState,
    WatchTransactionRequest, WatchTransactionResponse,
};
use kazasu_proto::reason_of;
use kazasu_statement::Reason;
use tonic::Streaming;

/// A claimed transaction in other-device mode, with digits.
struct Claimed {
    server: Server,
    browser: Browser,
    page: String,
    secret: Vec<u8>,
    digits: String,
}

impl Claimed {
    async fn new() -> Self {
        let server = Server::start().await;
        let (browser, page, ticket) = server.ticket("other-device").await;
        let mut companion = server.companion().await;
        let request = ClaimTicketRequest { ticket };
        let secret = companion
            .claim_ticket(request)
            .await
            .unwrap()
            .into_inner()
            .companion_secret;
        let mut claimed = Self {
            server,
            browser,
            page,
            secret,
            digits: String::new(),
        };
        claimed.digits = claimed.start_pairing().await;
        claimed
    }

    async fn start_pairing(&self) -> String {
        let request = StartPairingRequest {
            companion_secret: self.secret.clone(),
        };
        let response = self.server.companion().await.start_pairing(request).await;
        response.unwrap().into_inner().digits
    }

    /// Six digits that are not the right ones.
    fn wrong(&self) -> &'static str {
        if self.digits == "000000" {
            "000001"
        } else {
            "000000"
        }
    }

    async fn type_digits(&mut self, digits: &str) {
        self.browser
            .post(&format!("{}/pair", self.page), &[("digits", digits)])
            .await;
    }

    async fn begin(&self) -> Option<Reason> {
        let request = BeginAssertionRequest {
            companion_secret: self.secret.clone(),
        };
        let result = self.server.companion().await.begin_assertion(request).await;
        result.err().map(|status| reason_of(&status).unwrap())
    }

    async fn watch(&self) -> Streaming<WatchTransactionResponse> {
        let request = WatchTransactionRequest {
            companion_secret: self.secret.clone(),
        };
        self.server
            .companion()
            .await
            .watch_transaction(request)
            .await
            .unwrap()
            .into_inner()
    }
}

#[tokio::test]
async fn no_challenge_before_the_digits_were_typed() {
    let mut claimed = Claimed::new().await;
    assert_eq!(claimed.begin().await, Some(Reason::PairingRequired));
    let digits = claimed.digits.clone();
    claimed.type_digits(&digits).await;
    assert_eq!(claimed.begin().await, None);
}

#[tokio::test]
async fn renewed_digits_replace_the_old_ones() {
    let mut claimed = Claimed::new().await;
    let old = claimed.digits.clone();
    while claimed.digits == old {
        claimed.digits = claimed.start_pairing().await;
    }
    claimed.type_digits(&old).await;
    assert_eq!(claimed.begin().await, Some(Reason::PairingRequired));
    let new = claimed.digits.clone();
    claimed.type_digits(&new).await;
    assert_eq!(claimed.begin().await, None);
}

#[tokio::test]
async fn digits_end_after_two_minutes() {
    let mut claimed = Claimed::new().await;
    claimed.server.pass(120);
    let digits = claimed.digits.clone();
    claimed.type_digits(&digits).await;
    assert_eq!(claimed.begin().await, Some(Reason::PairingRequired));
    let page = claimed.page.clone();
    assert_eq!(
        claimed.browser.get(&page).await.reason(),
        Some("pairing_failed")
    );
}

#[tokio::test]
async fn nine_wrong_digits_end_it_and_slips_of_the_hand_do_not_count() {
    let mut claimed = Claimed::new().await;
    for slip in ["", "12345", "abcdef", "1234567"] {
        claimed.type_digits(slip).await;
    }
    let wrong = claimed.wrong();
    for _ in 0..8 {
        claimed.type_digits(wrong).await;
    }
    assert_eq!(claimed.begin().await, Some(Reason::PairingRequired));
    let page = claimed.page.clone();
    assert!(
        claimed
            .browser
            .get(&page)
            .await
            .html
            .contains("You can try one more time.")
    );
    claimed.type_digits(wrong).await;
    assert_eq!(claimed.begin().await, Some(Reason::PairingFailed));
    assert!(
        claimed
            .browser
            .get(&page)
            .await
            .html
            .contains("id=\"back\"")
    );
}

#[tokio::test]
async fn the_digits_typed_elsewhere_pair_nothing() {
    let mut claimed = Claimed::new().await;
    let (mut other, _) = claimed.server.begin(&[]).await;
    let url = format!("{}/pair", claimed.page);
    let answer = other.post(&url, &[("digits", &claimed.digits)]).await;
    assert_eq!(answer.reason(), Some("wrong_browser"));
    assert_eq!(claimed.begin().await, Some(Reason::PairingRequired));
    let digits = claimed.digits.clone();
    claimed.type_digits(&digits).await;
    assert_eq!(claimed.begin().await, None);
}

#[tokio::test]
async fn a_watcher_sees_each_state_and_the_end() {
    let mut claimed = Claimed::new().await;
    let mut states = claimed.watch().await;
    let first = states.message().await.unwrap().unwrap();
    assert_eq!(first.state(), TransactionState::Claimed);
    let digits = claimed.digits.clone();
    claimed.type_digits(&digits).await;
    let second = states.message().await.unwrap().unwrap();
    assert_eq!(second.state(), TransactionState::Paired);
    claimed
        .browser
        .post(&format!("{}/cancel", claimed.page), &[])
        .await;
    let last = states.message().await.unwrap().unwrap();
    assert_eq!(last.state(), TransactionState::Cancelled);
    assert!(
        states.message().await.unwrap().is_none(),
        "a final state ends the stream"
    );
}

#[tokio::test]
async fn a_watcher_of_a_voided_claim_is_told() {
    let mut claimed = Claimed::new().await;
    let mut states = claimed.watch().await;
    states.message().await.unwrap().unwrap();
    claimed
        .browser
        .post(&format!("{}/refresh", claimed.page), &[])
        .await;
    let end = states.message().await.unwrap_err();
    assert_eq!(reason_of(&end), Some(Reason::TicketUnknown));
}

#[tokio::test]
async fn a_server_that_ends_does_not_wait_for_watchers() {
    let claimed = Claimed::new().await;
    let mut states = claimed.watch().await;
    states.message().await.unwrap().unwrap();
    let restarted = claimed.server.restart().await;
    assert!(states.message().await.is_err());
    assert!(restarted.now() > 0);
}
