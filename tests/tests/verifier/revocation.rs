//! Whether a certificate is still good: who is asked, what is remembered, and what is done while
//! nobody answers.

use crate::world::World;
use kazasu_emulator::authority::{
    Authority, CrlAnswer, Delivery, Endpoint, IssuedCard, KeyAlgorithm, OcspAnswer, Outage,
    RevocationReason,
};
use kazasu_statement::Reason;
use std::time::{Duration, Instant};

/// As long as the authority's OCSP answers may be kept, and its lists.
const ANSWER_LIVES: i64 = 3600;
const LIST_LIVES: i64 = 86_400;

/// Far beyond what a background fetch takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

impl World {
    fn ocsp_down(&self) {
        self.authority().set_outage(Outage {
            ocsp: true,
            ..Outage::default()
        });
    }

    fn all_down(&self) {
        self.authority().set_outage(Outage {
            ocsp: true,
            crl: true,
            lineage: false,
        });
    }

    fn all_up(&self) {
        self.authority().set_outage(Outage::default());
    }

    fn asked(&self, endpoint: Endpoint) -> u64 {
        self.authority().requests(endpoint)
    }

    /// Taps until it comes to this: lists are fetched in the background.
    async fn tap_until(&self, card: &IssuedCard, expected: Result<(), Reason>) {
        let begun = Instant::now();
        loop {
            let came = self.tap(card).await.map(|_| ());
            if came == expected {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "still {came:?}");
        }
    }

    /// Waits until this many requests for lists came.
    async fn lists_asked(&self, count: u64) {
        let begun = Instant::now();
        while self.asked(Endpoint::Crl) < count {
            assert!(begun.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_good_answer_is_remembered_and_bridges_an_outage_until_its_next_update() {
    let world = World::asking("max_age = 600").await;
    let card = world.card("taro");
    world.tap(&card).await.unwrap();
    assert_eq!(world.asked(Endpoint::Ocsp), 1);
    world.ocsp_down();
    world.server.pass(599);
    world.tap(&card).await.unwrap();
    assert_eq!(
        world.asked(Endpoint::Ocsp),
        1,
        "so young that nobody is asked"
    );
    world.server.pass(2);
    world.tap(&card).await.unwrap();
    assert_eq!(world.asked(Endpoint::Ocsp), 2, "asked in vain");
    world.server.pass(ANSWER_LIVES - 601);
    let mut claimed = world.claimed("other-device").await;
    let refused = claimed.accepted(&card).await;
    assert_eq!(refused, Err(Reason::RevocationUnavailable));
    world.all_up();
    assert!(claimed.accepted(&card).await.is_ok(), "trying again helps");
}

#[tokio::test]
async fn what_is_remembered_survives_a_restart() {
    let world = World::asking("max_age = 600").await;
    let card = world.card("taro");
    world.tap(&card).await.unwrap();
    let world = world.restart().await;
    world.ocsp_down();
    world.tap(&card).await.unwrap();
    assert_eq!(world.asked(Endpoint::Ocsp), 1);
}

#[tokio::test]
async fn with_max_age_0_the_responder_is_asked_at_every_tap() {
    let world = World::asking("max_age = 0").await;
    let card = world.card("taro");
    for count in 1..=3 {
        world.tap(&card).await.unwrap();
        assert_eq!(world.asked(Endpoint::Ocsp), count);
    }
}

#[tokio::test]
async fn an_answer_without_next_update_is_not_remembered() {
    let world = World::asking("max_age = 600").await;
    let card = world.card("taro");
    world.authority().set_ocsp_answer(OcspAnswer::NoNextUpdate);
    world.tap(&card).await.unwrap();
    world.tap(&card).await.unwrap();
    assert_eq!(world.asked(Endpoint::Ocsp), 2);
    world.ocsp_down();
    assert_eq!(world.tap(&card).await, Err(Reason::RevocationUnavailable));
}

#[tokio::test]
async fn where_the_responder_has_no_usable_answer_the_list_decides() {
    let world = World::asking("crl_urls = LISTS").await;
    let card = world.card("taro");
    world.ocsp_down();
    world.tap_until(&card, Ok(())).await;
    world.all_up();
    for answer in [
        OcspAnswer::Garbage,
        OcspAnswer::SignedByImpostor,
        OcspAnswer::Stale,
        OcspAnswer::WrongSerial,
        OcspAnswer::TryLater,
    ] {
        world.authority().set_ocsp_answer(answer);
        assert!(world.tap(&card).await.is_ok(), "{answer:?}");
    }
    // Nothing of this was the responder's word, so there is none to go by.
    world.all_down();
    world.server.pass(LIST_LIVES);
    assert_eq!(world.tap(&card).await, Err(Reason::RevocationUnavailable));
}

#[tokio::test]
async fn what_a_list_revokes_stays_revoked_without_the_list() {
    let world = World::asking("crl_urls = LISTS, crl_refresh = 60").await;
    let card = world.card("taro");
    world.tap(&card).await.unwrap();
    world.ocsp_down();
    world.tap_until(&card, Ok(())).await;
    let reason = RevocationReason::KeyCompromise;
    let now = world.server.now();
    world.authority().revoke("taro", reason, now).unwrap();
    world.server.pass(61);
    world
        .tap_until(&card, Err(Reason::CertificateRevoked))
        .await;
    world.all_down();
    let world = world.restart().await;
    assert_eq!(world.tap(&card).await, Err(Reason::CertificateRevoked));
}

#[tokio::test]
async fn a_list_that_says_revoked_outweighs_a_remembered_good() {
    let world = World::asking("crl_urls = LISTS, crl_refresh = 60, max_age = 3600").await;
    let card = world.card("taro");
    world.tap(&card).await.unwrap();
    let reason = RevocationReason::Unspecified;
    let now = world.server.now();
    world.authority().revoke("taro", reason, now).unwrap();
    world.server.pass(61);
    world
        .tap_until(&card, Err(Reason::CertificateRevoked))
        .await;
    assert_eq!(world.asked(Endpoint::Ocsp), 1);
}

#[tokio::test]
async fn once_revoked_a_later_good_is_not_believed_on_any_node() {
    let world = World::asking("max_age = 0").await;
    let card = world.card("taro");
    let other = world.another_node().await;
    other.tap(&card).await.unwrap();
    world
        .authority()
        .set_ocsp_answer(OcspAnswer::SeveralStatuses);
    assert_eq!(world.tap(&card).await, Err(Reason::CertificateRevoked));
    world.authority().set_ocsp_answer(OcspAnswer::Correct);
    for node in [&world, &other] {
        assert_eq!(node.tap(&card).await, Err(Reason::CertificateRevoked));
    }
}

#[tokio::test]
async fn what_one_node_was_told_spares_the_other_asking() {
    let world = World::asking("max_age = 600").await;
    let card = world.card("taro");
    let other = world.another_node().await;
    world.tap(&card).await.unwrap();
    other.tap(&card).await.unwrap();
    assert_eq!(world.asked(Endpoint::Ocsp), 1);
}

#[tokio::test]
async fn a_hold_is_never_remembered_as_good_and_its_release_is_seen_at_once() {
    let world = World::asking("max_age = 600").await;
    let card = world.card("taro");
    world.tap(&card).await.unwrap();
    world.server.pass(601);
    world.authority().hold("taro", world.server.now()).unwrap();
    assert_eq!(world.tap(&card).await, Err(Reason::CertificateOnHold));
    // The good answer of before the hold would still be in time.
    world.ocsp_down();
    assert_eq!(world.tap(&card).await, Err(Reason::CertificateOnHold));
    world.all_up();
    world.authority().release("taro").unwrap();
    assert!(world.tap(&card).await.is_ok());
    world.ocsp_down();
    assert!(world.tap(&card).await.is_ok());
}

#[tokio::test]
async fn only_a_list_younger_than_the_hold_releases_it() {
    let world = World::asking("crl_urls = LISTS, crl_refresh = 60, max_age = 0").await;
    let card = world.card("taro");
    world.ocsp_down();
    world.tap_until(&card, Ok(())).await;
    let lists = world.asked(Endpoint::Crl);
    world.server.pass(10);
    world.all_up();
    world.authority().hold("taro", world.server.now()).unwrap();
    assert_eq!(world.tap(&card).await, Err(Reason::CertificateOnHold));
    world.ocsp_down();
    assert_eq!(world.tap(&card).await, Err(Reason::CertificateOnHold));
    assert_eq!(world.asked(Endpoint::Crl), lists, "the list of before");
    world.authority().release("taro").unwrap();
    world.server.pass(61);
    world.tap_until(&card, Ok(())).await;
}

#[tokio::test]
async fn a_responder_that_is_slow_endless_or_elsewhere_is_no_responder() {
    let world = World::asking("timeout_ms = 300").await;
    let card = world.card("taro");
    for delivery in [
        Delivery::Silent,
        Delivery::Stalled,
        Delivery::Oversized,
        Delivery::WebPage,
        Delivery::Redirected,
    ] {
        world.authority().set_delivery(Endpoint::Ocsp, delivery);
        let mut claimed = world.claimed("other-device").await;
        let assertion = claimed.assertion(&card).await;
        let submitted = claimed.submit(assertion);
        let answered = tokio::time::timeout(PATIENCE, submitted).await;
        assert_eq!(
            answered.expect("in time"),
            Err(Reason::RevocationUnavailable),
            "{delivery:?}"
        );
    }
    world
        .authority()
        .set_delivery(Endpoint::Ocsp, Delivery::Whole);
    assert!(world.tap(&card).await.is_ok());
}

#[tokio::test]
async fn the_nonce_is_insisted_on_looked_at_or_left_out() {
    let unavailable = Err(Reason::RevocationUnavailable);
    for (setting, without, wrong) in [
        ("require", unavailable, unavailable),
        ("if-present", Ok(()), unavailable),
        ("off", Ok(()), Ok(())),
    ] {
        let world = World::asking(&format!("nonce = \"{setting}\", max_age = 0")).await;
        let card = world.card("taro");
        for (answer, expected) in [
            (OcspAnswer::WrongNonce, wrong),
            (OcspAnswer::NoNonce, without),
            (OcspAnswer::Correct, Ok(())),
        ] {
            world.authority().set_ocsp_answer(answer);
            // What was remembered would bridge the next one.
            world.server.pass(ANSWER_LIVES);
            let came = world.tap(&card).await.map(|_| ());
            assert_eq!(came, expected, "{setting} {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_list_is_fetched_again_in_time_and_an_unusable_one_does_not_replace_it() {
    let world = World::asking("crl_urls = LISTS, crl_refresh = 86400").await;
    let card = world.card("taro");
    world.ocsp_down();
    world.tap_until(&card, Ok(())).await;
    assert_eq!(world.asked(Endpoint::Crl), 1);
    let mut asked = 1;
    for answer in [
        CrlAnswer::Garbage,
        CrlAnswer::SignedByImpostor,
        CrlAnswer::Stale,
    ] {
        world.authority().set_crl_answer(answer);
        // Long before its nextUpdate, and again a while after a failure.
        world
            .server
            .pass(if asked == 1 { LIST_LIVES * 3 / 4 } else { 61 });
        asked += 1;
        world.lists_asked(asked).await;
        assert!(world.tap(&card).await.is_ok(), "{answer:?}");
    }
    world.authority().set_crl_answer(CrlAnswer::Correct);
    world.server.pass(61);
    world.lists_asked(asked + 1).await;
    world.server.pass(LIST_LIVES / 4);
    world.tap_until(&card, Ok(())).await;
}

#[tokio::test]
async fn an_older_list_does_not_replace_the_one_at_hand() {
    let world = World::asking("crl_urls = LISTS, crl_refresh = 60").await;
    let card = world.card("taro");
    world.ocsp_down();
    world.tap_until(&card, Ok(())).await;
    world.authority().set_crl_answer(CrlAnswer::HalfADayOld);
    // Once it is asked for a second time, it was looked at once.
    for count in [2, 3] {
        world.server.pass(61);
        world.lists_asked(count).await;
    }
    world.all_down();
    world.server.pass(LIST_LIVES * 3 / 4);
    assert!(world.tap(&card).await.is_ok());
}

#[tokio::test]
async fn a_list_that_comes_endless_or_from_elsewhere_is_none() {
    for delivery in [Delivery::Oversized, Delivery::WebPage, Delivery::Redirected] {
        let bad = |authority: &mut Authority| authority.set_delivery(Endpoint::Crl, delivery);
        let world = World::asking_about("crl_urls = LISTS", bad).await;
        world.ocsp_down();
        world.lists_asked(1).await;
        world.server.pass(61);
        world.lists_asked(2).await;
        let came = world.tap(&world.card("taro")).await;
        assert_eq!(came, Err(Reason::RevocationUnavailable), "{delivery:?}");
    }
}

#[tokio::test]
async fn no_unusable_list_lets_anybody_pass() {
    for answer in [
        CrlAnswer::Garbage,
        CrlAnswer::SignedByImpostor,
        CrlAnswer::Stale,
    ] {
        let bad = |authority: &mut Authority| authority.set_crl_answer(answer);
        let world = World::asking_about("crl_urls = LISTS", bad).await;
        world.ocsp_down();
        world.lists_asked(1).await;
        world.server.pass(61);
        world.lists_asked(2).await;
        let came = world.tap(&world.card("taro")).await;
        assert_eq!(came, Err(Reason::RevocationUnavailable), "{answer:?}");
    }
}

#[tokio::test]
async fn the_next_generation_of_cards_and_its_authority_are_asked_about_the_same_way() {
    let world = World::asking_about("crl_urls = LISTS, crl_refresh = 60, max_age = 0", |a| {
        a.enrol("hana", KeyAlgorithm::P384, crate::harness::START)
            .unwrap();
    })
    .await;
    let hana = world.card("hana");
    assert!(world.tap(&hana).await.is_ok());
    world.ocsp_down();
    world.server.pass(ANSWER_LIVES);
    world.tap_until(&hana, Ok(())).await;
    let (now, reason) = (world.server.now(), RevocationReason::KeyCompromise);
    world.authority().revoke("hana", reason, now).unwrap();
    world.server.pass(61);
    world
        .tap_until(&hana, Err(Reason::CertificateRevoked))
        .await;
    assert!(world.tap(&world.card("taro")).await.is_ok());
}
