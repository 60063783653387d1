//! `audit`: what an auditor does with the portal's.

use crate::init;
use kazasu_demo::operator::Site;
use kazasu_portal::MIGRATIONS;
use serde_json::Value;

fn verify(site: &Site) -> (i32, Value) {
    let done = site.run(&["audit", "verify", "--json"]);
    (done.code, serde_json::from_str(&done.out).unwrap())
}

/// A site that served once.
fn served() -> Site {
    let site = init(&[]);
    site.serve(&["serve"]).end();
    site
}

#[test]
fn what_a_portal_did_is_sealed_when_it_ends() {
    let site = served();
    let (code, report) = verify(&site);
    assert_eq!(
        (code, &report["findings"]),
        (0, &Value::from(Vec::<Value>::new()))
    );
    assert_eq!(report["unsealed"], 0);
    let events = site.run(&["audit", "export"]).success();
    let kinds: Vec<_> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].clone())
        .collect();
    assert_eq!(kinds, ["started", "ended"]);
    let head = site.run(&["audit", "head"]).success();
    let exported = site.text("site/data/portal-audit-heads.jsonl");
    assert_eq!(exported.lines().last(), Some(head.trim_end()));
}

#[test]
fn a_changed_event_and_one_that_was_taken_out_make_verify_fail() {
    for sql in [
        "UPDATE audit_events SET details = '{\"version\":\"9\"}' WHERE kind = 'started'",
        "DELETE FROM audit_events WHERE kind = 'ended'",
    ] {
        let site = served();
        assert_eq!(site.execute(MIGRATIONS, sql), 1);
        let (code, report) = verify(&site);
        assert_eq!(code, 3, "{report}");
    }
}

#[test]
fn an_audit_that_was_emptied_is_seen_by_a_copy_of_the_exported_heads() {
    let site = served();
    site.execute(MIGRATIONS, "DELETE FROM audit_events");
    site.execute(MIGRATIONS, "DELETE FROM audit_seals");
    let heads = site.path("site/data/portal-audit-heads.jsonl");
    std::fs::rename(heads, site.path("copy")).unwrap();
    assert_eq!(verify(&site).0, 0);
    let copy = site.path("copy");
    let done = site.run(&["audit", "verify", "--export", copy.to_str().unwrap()]);
    assert_eq!(done.code, 3);
    assert!(done.out.contains("is not in the database"), "{}", done.out);
}

#[test]
fn an_audit_key_that_was_replaced_goes_on_checking_what_it_signed() {
    let site = served();
    let keys = "site/portal-keys.toml";
    let text = site.text(keys);
    let (before, rest) = text.split_once("audit = [").unwrap();
    let (list, after) = rest.split_once(']').unwrap();
    let next = "00".repeat(31) + "01";
    let both = format!("{before}audit = [{list}, \"{next}\"]{after}");
    std::fs::write(site.path(keys), both).unwrap();
    site.serve(&["serve"]).end();
    let (code, report) = verify(&site);
    assert_eq!(code, 0, "{report}");
    // Without the first, what it signed cannot be checked.
    let alone = format!("{before}audit = [\"{next}\"]{after}");
    std::fs::write(site.path(keys), alone).unwrap();
    assert_eq!(verify(&site).0, 3);
}

#[test]
fn the_audit_of_another_key_does_not_pass() {
    let site = served();
    let other = init(&[]);
    let keys = "site/portal-keys.toml";
    std::fs::copy(other.path(keys), site.path(keys)).unwrap();
    assert_eq!(verify(&site).0, 3);
}
