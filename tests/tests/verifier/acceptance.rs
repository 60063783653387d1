//! What is accepted, what is not, and what is left behind.

use crate::harness::{CODE_VERIFIER, START};
use crate::world::{NAME, World};
use kazasu_emulator::authority::{Authority, AuthorityOptions, KeyAlgorithm};
use kazasu_statement::Reason;
use kazasu_tests::database::Rows;
use std::time::Duration;

#[tokio::test]
async fn a_tap_says_who_what_for_and_how_and_nothing_else() {
    let world = World::start().await;
    let claims = world.tap(&world.card("taro")).await.unwrap();
    let mut names: Vec<_> = claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "acr",
            "amr",
            "aud",
            "auth_time",
            "exp",
            "iat",
            "iss",
            "mode",
            "name",
            "name_assurance",
            "nonce",
            "purpose",
            "sub"
        ]
    );
    assert_eq!(claims["sub"].as_str().unwrap().len(), 43);
    assert_eq!(claims["name"], NAME);
    assert_eq!(claims["name_assurance"], "companion");
    assert_eq!(
        (&claims["purpose"], &claims["mode"]),
        (&"link".into(), &"other-device".into())
    );
    assert_eq!(claims["nonce"], "the nonce");
    assert_eq!(claims["amr"], serde_json::json!(["sc", "pin"]));
    assert_eq!(
        (&claims["auth_time"], &claims["exp"]),
        (&START.into(), &(START + 300).into())
    );
}

#[tokio::test]
async fn a_token_tells_when_the_card_was_held_and_when_it_was_issued() {
    let world = World::start().await;
    let mut claimed = world.claimed("other-device").await;
    claimed.accepted(&world.card("taro")).await.unwrap();
    world.server.pass(70);
    let code = claimed.code().await;
    let claims = world.redeem(&code, CODE_VERIFIER).await.unwrap();
    let times = ["auth_time", "iat", "exp"].map(|claim| claims[claim].as_i64().unwrap());
    assert_eq!(times, [START, START + 70, START + 370]);
}

#[tokio::test]
async fn one_sector_sees_one_pseudonym_and_another_sector_another() {
    let world = World::start().await;
    let card = world.card("taro");
    let first = world.tap(&card).await.unwrap();
    let second = world.tap(&card).await.unwrap();
    let elsewhere = world.tap_elsewhere(&card).await;
    assert_eq!(first["sub"], second["sub"]);
    assert_ne!(first["sub"], elsewhere["sub"]);
    assert!(elsewhere["name"].is_null());
}

#[tokio::test]
async fn two_relying_parties_of_one_sector_see_the_same_pseudonym() {
    let world = World::start().await;
    let sectors = ["portal.example", "nameless.example"].map(|name| format!("sector = \"{name}\""));
    let world = world
        .restart_with(|text| text.replace(&sectors[1], &sectors[0]))
        .await;
    let card = world.card("taro");
    let portal = world.tap(&card).await.unwrap();
    assert_eq!(portal["sub"], world.tap_elsewhere(&card).await["sub"]);
}

#[tokio::test]
async fn a_p384_card_is_accepted_and_is_another_person() {
    let enrol = |authority: &mut Authority| {
        authority.enrol("hana", KeyAlgorithm::P384, START).unwrap();
    };
    let world = World::start_with(enrol).await;
    let taro = world.tap(&world.card("taro")).await.unwrap();
    let hana = world.tap(&world.card("hana")).await.unwrap();
    assert_ne!(taro["sub"], hana["sub"]);
}

#[tokio::test]
async fn pseudonyms_survive_a_restart() {
    let world = World::start().await;
    let card = world.card("taro");
    let before = world.tap(&card).await.unwrap();
    let world = world.restart().await;
    // The subject is known: nobody asks lineage again.
    world.outage(false, true);
    assert_eq!(world.tap(&card).await.unwrap()["sub"], before["sub"]);
}

#[tokio::test]
async fn the_same_assertion_again_has_the_same_outcome_and_another_one_none() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut claimed = world.claimed("same-phone").await;
    let assertion = claimed.assertion(&card).await;
    let mut changed = vec![assertion.clone(); 4];
    changed[0].signature[0] ^= 1;
    changed[1].certificate[0] ^= 1;
    changed[2].challenge = claimed.challenge().await;
    changed[3].name = "別人　花子".into();
    let first = claimed.submit(assertion.clone()).await.unwrap();
    assert!(first.contains("/return/"));
    assert_eq!(claimed.submit(assertion).await.unwrap(), first);
    for other in changed {
        assert_eq!(claimed.submit(other).await, Err(Reason::AlreadyAccepted));
    }
}

#[tokio::test]
async fn of_two_cards_submitted_at_once_one_is_accepted() {
    let enrol = |authority: &mut Authority| {
        authority.enrol("hana", KeyAlgorithm::P384, START).unwrap();
    };
    let world = World::start_with(enrol).await;
    let (taro, hana) = (world.card("taro"), world.card("hana"));
    let mut claimed = world.claimed("other-device").await;
    let of_taro = claimed.assertion(&taro).await;
    let of_hana = claimed.assertion(&hana).await;
    let (first, second) = tokio::join!(claimed.submit(of_taro), claimed.submit(of_hana));
    let winner = match (first, second) {
        (Ok(_), Err(Reason::AlreadyAccepted)) => &taro,
        (Err(Reason::AlreadyAccepted), Ok(_)) => &hana,
        other => panic!("one of them: {other:?}"),
    };
    let code = claimed.code().await;
    let claims = world.redeem(&code, CODE_VERIFIER).await.unwrap();
    assert_eq!(claims["sub"], world.tap(winner).await.unwrap()["sub"]);
}

#[tokio::test]
async fn an_assertion_replayed_into_another_transaction_is_refused() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut claimed = world.claimed("other-device").await;
    let assertion = claimed.assertion(&card).await;
    claimed.submit(assertion.clone()).await.unwrap();
    let mut fresh = world.claimed("other-device").await;
    let mut replayed = assertion.clone();
    replayed.companion_secret = fresh.secret.clone();
    assert_eq!(
        fresh.submit(replayed.clone()).await,
        Err(Reason::StatementMismatch)
    );
    replayed.challenge = fresh.challenge().await;
    assert_eq!(fresh.submit(replayed).await, Err(Reason::SignatureInvalid));
    assert!(
        fresh.accepted(&card).await.is_ok(),
        "a refusal leaves it usable"
    );
}

#[tokio::test]
async fn an_altered_name_a_missing_name_and_an_unasked_name_are_refused() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut claimed = world.claimed("other-device").await;
    let mut assertion = claimed.assertion(&card).await;
    assertion.name = "別人　花子".into();
    assert_eq!(
        claimed.submit(assertion.clone()).await,
        Err(Reason::SignatureInvalid)
    );
    assertion.name = String::new();
    assert_eq!(
        claimed.submit(assertion).await,
        Err(Reason::SignatureInvalid)
    );
    let mut nameless = world.claimed_elsewhere().await;
    nameless.name = Some(NAME);
    assert_eq!(
        nameless.accepted(&card).await,
        Err(Reason::StatementMismatch)
    );
}

#[tokio::test]
async fn a_card_of_an_unknown_authority_is_refused() {
    let world = World::start().await;
    let mut stranger = Authority::new(AuthorityOptions::default(), START).unwrap();
    let card = stranger
        .enrol("taro", KeyAlgorithm::Rsa2048, START)
        .unwrap();
    assert_eq!(world.tap(&card).await, Err(Reason::IssuerUnknown));
}

#[tokio::test]
async fn a_new_ticket_lets_the_old_companions_assertion_die() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut claimed = world.claimed("same-phone").await;
    let assertion = claimed.assertion(&card).await;
    let page = claimed.page.clone();
    claimed.browser.post(&format!("{page}/refresh"), &[]).await;
    assert_eq!(claimed.submit(assertion).await, Err(Reason::TicketUnknown));
}

#[tokio::test]
async fn a_tap_is_forgotten_a_day_later() {
    let world = World::start().await;
    let mut claimed = world.claimed("other-device").await;
    claimed.accepted(&world.card("taro")).await.unwrap();
    claimed.code().await;
    let tables = [
        "transactions",
        "pushed_requests",
        "client_assertions",
        "codes",
    ];
    let left = || {
        let rows = Rows::read(&world.server.database, world.server.folder.path());
        rows.map(|rows| tables.map(|table| rows.of(table).len()))
    };
    assert!(left().unwrap().iter().all(|count| *count > 0));
    world.server.pass(86_400);
    let forgotten = async {
        while left().unwrap() != [0; 4] {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), forgotten)
        .await
        .unwrap();
}

#[tokio::test]
async fn neither_name_nor_certificate_reaches_the_disk() {
    let world = World::start().await;
    let card = world.card("taro");
    let mut claimed = world.claimed("other-device").await;
    claimed.accepted(&card).await.unwrap();
    let rows = Rows::read(&world.server.database, world.server.folder.path()).unwrap();
    // As text, bytes in hexadecimal digits; and on SQLite also what the files keep beside the rows.
    let mut places = vec![format!("{rows:?}").into_bytes()];
    for entry in std::fs::read_dir(world.server.folder.path()).unwrap() {
        places.push(std::fs::read(entry.unwrap().path()).unwrap());
    }
    assert!(
        !rows.of("transactions").is_empty(),
        "the database was looked at"
    );
    let hexadecimal = |bytes: &[u8]| hex::encode(bytes).into_bytes();
    for needle in [
        NAME.as_bytes().to_vec(),
        card.auth_certificate_der[..64].to_vec(),
        hexadecimal(&card.auth_certificate_der[..64]),
        claimed.secret.clone(),
        hexadecimal(&claimed.secret),
    ] {
        let found = |place: &Vec<u8>| place.windows(needle.len()).any(|window| window == needle);
        assert!(!places.iter().any(found));
    }
}
