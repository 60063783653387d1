//! `rp`: adding a service.

use crate::{init, run};
use aws_lc_rs::digest::{SHA256, digest};

const ADD: [&str; 8] = [
    "rp",
    "add",
    "library",
    "--name-ja=見本図書館",
    "--name-en=Sample \"library\"",
    "--redirect-uri=https://library.example/callback",
    "--purpose=view",
    "--purpose=link",
];

#[test]
fn the_lines_that_add_a_service_are_understood() {
    let site = init(&[]);
    let jwks = site.path("library.json");
    let key = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    std::fs::write(&jwks, key).unwrap();
    let with_key = ["--with-name", "--jwks", jwks.to_str().unwrap()];
    site.append(
        "site/verifier.toml",
        &run(&[&ADD[..], &with_key].concat()).success(),
    );
    site.run(&["check-config"]).success();
    let listed = site.run(&["rp", "list", "--json"]).success();
    let parties: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(parties[0]["name"]["en"], "Sample \"library\"");
    assert_eq!(parties[0]["sector"], "library.example");
    let people = site.run(&["rp", "list"]).success();
    assert!(people.contains("library: 見本図書館"), "{people}");
}

#[test]
fn a_redirect_uri_stays_as_it_was_typed() {
    let site = init(&[]);
    let typed = [
        "https://Library.example",
        "https://library.example:443/a/../b",
    ];
    let others = typed.map(|uri| format!("--redirect-uri={uri}"));
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let with_secret = [&ADD[..], &others, &["--with-secret"]].concat();
    site.append("site/verifier.toml", &run(&with_secret).success());
    let listed = site.run(&["rp", "list", "--json"]).success();
    let parties: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        parties[0]["redirect_uris"],
        serde_json::json!(["https://library.example/callback", typed[0], typed[1]])
    );
}

#[test]
fn what_cannot_be_a_redirect_uri_is_not_added() {
    for uri in [
        "http://library.example/",
        "https://library.example/#a",
        " https://library.example/",
    ] {
        let wrong = format!("--redirect-uri={uri}");
        let refused = run(&[&ADD[..], &[&wrong, "--with-secret"]].concat());
        assert_eq!(refused.code, 2, "{uri:?}");
        assert!(refused.err.contains("must be https"), "{}", refused.err);
    }
}

#[test]
fn a_secret_is_told_once_and_only_its_hash_is_configured() {
    let made = run(&["rp", "secret", "--json"]).success();
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let secret = made["client_secret"].as_str().unwrap();
    assert!(secret.len() >= 43, "256 bits");
    let hash = hex::encode(digest(&SHA256, secret.as_bytes()));
    assert_eq!(made["client_secret_sha256"], hash);
    assert_ne!(
        run(&["rp", "secret", "--json"]).success(),
        made.to_string() + "\n"
    );
}

#[test]
fn a_service_has_a_key_or_a_secret() {
    assert_eq!(run(&ADD).code, 2);
    let added = run(&[&ADD[..], &["--with-secret"]].concat());
    let secret = added.err.trim_end().rsplit(' ').next().unwrap();
    let hash = hex::encode(digest(&SHA256, secret.as_bytes()));
    assert!(added.out.contains(&hash), "{}", added.out);
    assert!(!added.out.contains(secret));
}
