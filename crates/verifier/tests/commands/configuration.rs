//! `init`, `check-config`, `migrate` and serving what they made.

use crate::init;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;

#[test]
fn what_init_writes_passes_its_check_and_serves() {
    let site = init(&[]);
    site.run(&["check-config"]).success();
    site.run(&["migrate"]).success();
    site.run(&["migrate", "--check"]).success();
    let serving = site.serve(&["serve"]);
    let answer = serving.get("/.well-known/openid-configuration");
    assert!(
        answer.contains("\"issuer\":\"http://127.0.0.1:7080\""),
        "{answer}"
    );
    serving.end();
    // The first form of the command line goes on working.
    site.serve(&[]).end();
}

#[test]
fn what_init_was_told_is_in_the_configuration() {
    let anchor = tempfile::NamedTempFile::new().unwrap();
    let site = init(&[
        "--origin=https://id.example",
        "--ticket-origin=https://tap.example",
        "--listen=[::1]:1",
        "--data=state",
        "--ocsp-url=http://ocsp.example/x",
        "--lineage-url=https://lineage.example/y",
        "--test-anchor",
        anchor.path().to_str().unwrap(),
    ]);
    let text = site.text("site/verifier.toml");
    for line in [
        "origin = \"https://id.example\"",
        "ticket_origin = \"https://tap.example\"",
        "listen = \"[::1]:1\"",
        "database = \"state/verifier.db\"",
        "ocsp_url = \"http://ocsp.example/x\"",
        "url = \"https://lineage.example/y\"",
        "export = \"state/audit-heads.jsonl\"",
        "trust = { hierarchy = \"test\", test_anchors = [",
    ] {
        let found = text.lines().filter(|found| found.starts_with(line)).count();
        assert_eq!(found, 1, "{line} in\n{text}");
    }
    assert!(site.path("site/state").is_dir());
    let checked = site.run(&["check-config", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&checked.success()).unwrap();
    assert_eq!(found["problems"].as_array().unwrap().len(), 0);
    assert!(found["warnings"].to_string().contains("test"), "{found}");
}

#[test]
fn what_is_still_an_example_is_warned_of() {
    let site = init(&[]);
    let checked = site.run(&["check-config", "--json"]).success();
    let found: serde_json::Value = serde_json::from_str(&checked).unwrap();
    let warnings = found["warnings"].to_string();
    for place in ["revocation.ocsp_url", "lineage.url"] {
        assert!(warnings.contains(place), "{place} in {warnings}");
    }
}

#[test]
fn what_init_writes_is_not_for_everybody_and_never_written_over() {
    let site = init(&[]);
    let before = (site.text("site/verifier.toml"), site.text("site/keys.toml"));
    let mode = |name| {
        std::fs::metadata(site.path(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("site/verifier.toml") & !0o640, 0);
    assert_eq!(mode("site/keys.toml"), 0o600);
    assert_eq!(mode("site/data"), 0o700);
    let again = site.run_init(&[]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("is there already"), "{}", again.err);
    std::fs::remove_file(site.path("site/verifier.toml")).unwrap();
    assert_eq!(site.run_init(&[]).code, 1);
    assert!(!site.path("site/verifier.toml").exists());
    assert_eq!(site.text("site/keys.toml"), before.1);
}

#[test]
fn check_config_tells_every_problem_and_fails() {
    let site = init(&["--origin=http://id.example", "--listen=nowhere"]);
    site.append("site/verifier.toml", "\n[[relying_party]]\nid = 5\n");
    let checked = site.run_with(
        &["check-config", "--json"],
        "KAZASU_VERIFIER__LIFETIMES__TICKET",
        "never",
    );
    assert_eq!(checked.code, 1);
    let found: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
    let problems: Vec<_> = found["problems"].as_array().unwrap().iter().collect();
    for place in [
        "origin: ",
        "relying_party.0.id: must be",
        "lifetimes.ticket: must be",
    ] {
        let is_there = |p: &&&serde_json::Value| p.as_str().unwrap().starts_with(place);
        assert_eq!(
            problems.iter().filter(is_there).count(),
            1,
            "{place} in {found}"
        );
    }
}

#[test]
fn check_config_looks_at_the_keys_too() {
    let site = init(&[]);
    std::fs::write(site.path("site/keys.toml"), "index = []").unwrap();
    let checked = site.run(&["check-config"]);
    assert_eq!(checked.code, 1);
    assert!(checked.out.contains("problem: keys: "), "{}", checked.out);
}

#[test]
fn an_older_schema_is_refused_where_starting_does_not_migrate() {
    let site = init(&[]);
    let database = "{ url = \"data/verifier.db\", migrate = false }";
    let variable = "KAZASU_VERIFIER__DATABASE";
    let refused = site.run_with(&["serve"], variable, database);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("migrate it"), "{}", refused.err);
    assert_eq!(site.run(&["migrate", "--check"]).code, 1);
    site.run(&["migrate"]).success();
    site.run_with(&["migrate", "--check"], variable, database)
        .success();
}

#[test]
fn the_service_manager_is_told_when_it_serves() {
    let site = init(&[]);
    let path = site.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let serving = site.serve_notifying(&path);
    let mut message = [0; 64];
    let length = socket.recv(&mut message).unwrap();
    assert_eq!(&message[..length], b"READY=1");
    serving.end();
}
