//! `jwks`: what a verifier is told about the portal.

use crate::init;
use kazasu_demo::operator::Program;
use kazasu_demo::process::binary;

fn verifier() -> Program {
    Program {
        binary: binary("kazasu-verifier").unwrap(),
        variables: "KAZASU_VERIFIER",
        configuration: "verifier.toml",
        host: "127.0.0.1:7080",
    }
}

#[test]
fn a_verifier_takes_the_keys_that_jwks_writes() {
    let portal = init(&[]);
    let jwks = portal.path("portal.jwks");
    std::fs::write(&jwks, portal.run(&["jwks"]).success()).unwrap();
    let lines = verifier().run(&[
        "rp",
        "add",
        "portal",
        "--name-ja=見本ポータル",
        "--name-en=Sample portal",
        "--redirect-uri=http://127.0.0.1:7090/callback/tap",
        "--purpose=view",
        "--purpose=link",
        "--purpose=unlink",
        "--purpose=recover",
        "--with-name",
        "--jwks",
        jwks.to_str().unwrap(),
    ]);
    let site = verifier().init(&[]);
    // A key that a verifier cannot use, or none, would be told by its check.
    site.append("site/verifier.toml", &lines.success());
    site.run(&["check-config"]).success();
    let listed = site.run(&["rp", "list"]).success();
    for line in ["portal: 見本ポータル", "recover: same-phone"] {
        assert!(listed.contains(line), "{line} in {listed}");
    }
    std::fs::write(&jwks, "{\"keys\":[]}").unwrap();
    assert_eq!(site.run(&["check-config"]).code, 1);
}

#[test]
fn jwks_tells_every_client_key_and_no_secret() {
    let (site, other) = (init(&[]), init(&[]));
    let keys = "site/portal-keys.toml";
    let client = |text: &str| {
        let file: toml::Table = toml::from_str(text).unwrap();
        file["client"][0].as_str().unwrap().to_owned()
    };
    let (text, next) = (site.text(keys), client(&other.text(keys)));
    let first = client(&text);
    let both = text.replace(&format!("\"{first}\""), &format!("\"{first}\", \"{next}\""));
    std::fs::write(site.path(keys), both).unwrap();
    let told = site.run(&["jwks"]).success();
    assert!(!told.contains(&first) && !told.contains("\"d\""));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let other: serde_json::Value = serde_json::from_str(&other.run(&["jwks"]).success()).unwrap();
    assert_eq!(told["keys"].as_array().unwrap().len(), 2);
    assert_eq!(told["keys"][1], other["keys"][0]);
}
