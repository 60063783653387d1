//! Canaries: a holder whose every secret is unmistakable taps, mistypes, and is refused, at the
//! verifier and at the portal; then every log, span, metric, database, backup, export, mail and
//! answer is searched for them.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod haystack;
mod needles;
mod objecting;
mod planted;
mod portal;
mod recorder;
mod scene;
mod secrets;
mod university;

use haystack::search;
use needles::{Canary, Needles, Place};
use scene::Scene;
use std::path::Path;

/// Every tap there is, and then a look everywhere.
async fn nothing_shows_on(database: &str, files: Option<&Path>, log: &str) {
    let mut scene = Scene::start(database, log).await;
    let mut found = Vec::new();

    scene.tap_beside_a_pc_with_a_wrong_pin_first().await;
    // Accepted and not redeemed: now the name is in the database.
    let needles = scene.needles();
    found.extend(needles.find(Place::Kept, scene.dump().as_bytes()));
    let mut kept = search(scene.folder(), Place::Kept, &needles, &mut found);
    if let Some(files) = files {
        kept += search(files, Place::Pages, &needles, &mut found);
    }
    scene.redeem().await;
    scene.tap_on_the_phone().await;
    scene.tap_on_the_phone_and_return_elsewhere().await;
    scene.tap_while_on_hold().await;
    let metrics = scene.metrics().await;
    scene.write_backup_and_export().await;
    scene.stop().await;

    let needles = scene.needles();
    found.extend(needles.find(Place::Kept, scene.dump().as_bytes()));
    kept += search(scene.folder(), Place::Kept, &needles, &mut found);
    if let Some(files) = files {
        kept += search(files, Place::Pages, &needles, &mut found);
    }
    let answers = scene.recorder.answers();
    for answer in &answers {
        found.extend(needles.find(Place::Sent, answer));
    }
    for event in &scene.events {
        found.extend(needles.find(Place::Sent, event.as_bytes()));
    }
    let spans = scene.collector.spans();
    found.extend(needles.find(Place::Told, &spans));
    found.extend(needles.find(Place::Told, metrics.as_bytes()));
    assert!(found.is_empty(), "{found:#?}");

    // What was searched is really there.
    for log in ["verifier.log", "kazasu.log"] {
        let log = std::fs::read_to_string(scene.folder().join(log)).unwrap();
        assert!(
            log.contains("TRACE") || log.contains("DEBUG"),
            "no log: {log}"
        );
    }
    assert!(kept > 50_000, "the databases are not there: {kept} bytes");
    let answers: usize = answers.iter().map(Vec::len).sum();
    assert!(
        answers > 20_000,
        "the answers are not there: {answers} bytes"
    );
    let spans = String::from_utf8_lossy(&spans);
    assert!(spans.contains("SubmitAssertion"), "no spans");
    assert!(metrics.contains("kazasu_"), "no metrics: {metrics}");
}

// On several threads, so that the parties go on while one searches.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_told_kept_or_sent_where_it_has_no_business_with_sqlite() {
    nothing_shows_on("verifier.db", None, "text").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_told_kept_or_sent_where_it_has_no_business_with_postgresql() {
    let server = kazasu_demo::postgres::Postgres::start().await.unwrap();
    let database = server.database("canary").await.unwrap();
    nothing_shows_on(&database, Some(&server.data()), "json").await;
}

#[test]
fn a_planted_canary_is_found_in_every_form() {
    let canaries = [
        Canary::text("name", "金糸雀　鳴子"),
        Canary::text("number", "314159265358"),
        Canary::bytes("serial", &[0x12, 0x34, 0x56, 0x78]),
        Canary::digits("PIN", "7391"),
    ];
    for canary in canaries {
        let forms = canary.forms().to_vec();
        assert!(forms.len() >= 7, "{}", forms.len());
        let needles = Needles::new(vec![canary]);
        for form in forms {
            let hidden = [b"before ", &form[..], b" after"].concat();
            let found = needles.find(Place::Told, &hidden);
            assert!(!found.is_empty(), "{}", String::from_utf8_lossy(&form));
        }
        assert!(
            needles
                .find(Place::Told, b"nothing 73915 a7391f")
                .is_empty()
        );
    }
}

#[test]
fn a_canary_inside_something_encoded_is_found_wherever_it_begins() {
    use base64::Engine as _;
    let needles = Needles::new(vec![Canary::text("name", "金糸雀　鳴子")]);
    for before in 0..4 {
        let text = format!("{}金糸雀　鳴子 and more", "x".repeat(before));
        for engine in [
            base64::prelude::BASE64_STANDARD,
            base64::prelude::BASE64_URL_SAFE,
        ] {
            let encoded = engine.encode(&text);
            assert!(
                !needles.find(Place::Kept, encoded.as_bytes()).is_empty(),
                "{before}"
            );
        }
    }
}

#[test]
fn what_has_business_somewhere_is_found_only_elsewhere() {
    let canary = Canary::text("ticket", "0123456789abcdef").but_in(&[Place::Sent]);
    let needles = Needles::new(vec![canary]);
    let page = b"<a href=\"/t/0123456789abcdef\">";
    assert!(needles.find(Place::Sent, page).is_empty());
    assert_eq!(needles.find(Place::Told, page).len(), 1);
    assert_eq!(needles.find(Place::Kept, page).len(), 1);
}
