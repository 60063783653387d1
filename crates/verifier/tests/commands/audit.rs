//! `audit`: what an auditor does.

use crate::init;
use kazasu_demo::operator::Site;
use kazasu_verifier::MIGRATIONS;
use serde_json::Value;

fn verify(site: &Site) -> (i32, Value) {
    let done = site.run(&["audit", "verify", "--json"]);
    (done.code, serde_json::from_str(&done.out).unwrap())
}

/// The events, each as its kind and details.
fn events(site: &Site) -> Vec<(String, Value)> {
    let text = site.run(&["audit", "export"]).success();
    let event = |line| {
        let event: Value = serde_json::from_str(line).unwrap();
        let word = |key: &str| event[key].as_str().unwrap().to_owned();
        (
            word("kind"),
            serde_json::from_str(&word("details")).unwrap(),
        )
    };
    text.lines().map(event).collect()
}

fn tamper(site: &Site, sql: &'static str) {
    assert!(site.execute(MIGRATIONS, sql) > 0);
}

/// A site that served once.
fn served() -> Site {
    let site = init(&[]);
    site.serve(&["serve"]).end();
    site
}

#[test]
fn what_a_server_did_is_sealed_when_it_ends() {
    let site = served();
    let (code, report) = verify(&site);
    assert_eq!(
        (code, &report["findings"]),
        (0, &Value::from(Vec::<Value>::new()))
    );
    assert_eq!(report["unsealed"], 0);
    assert!(report["exported"].as_i64().unwrap() >= 1);
    let kinds: Vec<_> = events(&site).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["started", "ended"]);
    let head = site.run(&["audit", "head"]).success();
    let exported = site.text("site/data/audit-heads.jsonl");
    assert_eq!(exported.lines().last(), Some(head.trim_end()));
}

#[test]
fn a_changed_event_makes_verify_fail() {
    let site = served();
    tamper(
        &site,
        "UPDATE audit_events SET at = at - 3600 WHERE kind = 'started'",
    );
    let (code, report) = verify(&site);
    assert_eq!(code, 3);
    assert!(
        report["findings"][0]
            .as_str()
            .unwrap()
            .starts_with("seal 1:"),
        "{report}"
    );
}

#[test]
fn an_audit_that_was_emptied_is_seen_by_the_export_and_by_a_copy_of_it() {
    let site = served();
    tamper(&site, "DELETE FROM audit_events");
    tamper(&site, "DELETE FROM audit_seals");
    assert_eq!(verify(&site).0, 3);
    std::fs::rename(site.path("site/data/audit-heads.jsonl"), site.path("copy")).unwrap();
    assert_eq!(verify(&site).0, 0);
    let copy = site.path("copy");
    let done = site.run(&["audit", "verify", "--export", copy.to_str().unwrap()]);
    assert_eq!(done.code, 3);
    assert!(done.out.contains("is not in the database"), "{}", done.out);
}

#[test]
fn who_claims_to_be_a_relying_party_and_is_not_is_counted() {
    let site = init(&[]);
    let serving = site.serve(&["serve"]);
    for _ in 0..3 {
        let answer = serving.post(
            "/oidc/token",
            "grant_type=authorization_code&client_id=portal",
        );
        assert!(answer.contains("invalid_client"), "{answer}");
    }
    serving.end();
    // Counted together, in as many events as there were seconds.
    let failures = events(&site)
        .into_iter()
        .filter(|(kind, _)| kind == "authentication_failed");
    let failures = failures.map(|(_, details)| -> u32 {
        let count = details["failures"].as_str().unwrap();
        count.parse().unwrap()
    });
    assert_eq!(failures.sum::<u32>(), 3);
}
