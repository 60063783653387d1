//! `init`, `check-config`, `migrate` and serving what they made.

use crate::{init, program};
use kazasu_demo::slapd::Slapd;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;

#[test]
fn what_init_writes_passes_its_check_and_serves() {
    let site = init(&[]);
    site.run(&["check-config"]).success();
    site.run(&["migrate"]).success();
    site.run(&["migrate", "--check"]).success();
    let serving = site.serve(&["serve"]);
    let home = serving.get("/");
    assert!(home.starts_with("HTTP/1.1 200"), "{home}");
    let ready = serving.get_admin("/health/ready");
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    serving.end();
    site.serve(&[]).end();
}

#[test]
fn what_init_was_told_is_in_the_configuration() {
    let site = init(&[
        "--origin=https://portal.example.ac.jp",
        "--listen=[::1]:1",
        "--data=state",
        "--verifier=https://verifier.example.ac.jp",
        "--sign-in=https://login.example.ac.jp/realms/university",
    ]);
    let text = site.text("site/portal.toml");
    for line in [
        "origin = \"https://portal.example.ac.jp\"",
        "listen = \"[::1]:1\"",
        "database = \"state/portal.db\"",
        "issuer = \"https://verifier.example.ac.jp\"",
        "issuer = \"https://login.example.ac.jp/realms/university\"",
        "folder = \"state/mails\"",
        "export = \"state/portal-audit-heads.jsonl\"",
    ] {
        let found = text.lines().filter(|found| found.starts_with(line)).count();
        assert_eq!(found, 1, "{line} in\n{text}");
    }
    assert!(site.path("site/state").is_dir());
    let checked = site.run(&["check-config", "--json"]).success();
    let found: Value = serde_json::from_str(&checked).unwrap();
    assert_eq!(found["problems"], Value::from(Vec::<Value>::new()));
}

#[test]
fn what_a_trial_may_and_a_service_should_not_is_warned_of() {
    let checked = init(&[]).run(&["check-config", "--json"]).success();
    let found: Value = serde_json::from_str(&checked).unwrap();
    let warnings = found["warnings"].to_string();
    assert!(warnings.contains("mail.folder"), "{warnings}");
}

#[test]
fn nobody_serves_without_having_said_whether_a_password_is_enough() {
    let site = program().init(&[]);
    let problem = "sign_in.acr_values: is missing";
    for words in [&["check-config"][..], &["serve"]] {
        let refused = site.run(words);
        assert_eq!(refused.code, 1, "{words:?}");
        let said = refused.out + &refused.err;
        assert!(said.contains(problem), "{said}");
    }
    let text = site.text("site/portal.toml");
    let not_checked = text.replace("\"required\" ", "\"not_checked\" ");
    std::fs::write(site.path("site/portal.toml"), not_checked).unwrap();
    let checked = site.run(&["check-config", "--json"]).success();
    assert!(checked.contains("sign_in.second_factor: any sign-in counts"));
    // Not both.
    let contradicts = text
        .replace("\"required\" ", "\"not_checked\" ")
        .replace("acr_values = []", "acr_values = [\"urn:mfa\"]");
    std::fs::write(site.path("site/portal.toml"), contradicts).unwrap();
    assert_eq!(site.run(&["check-config"]).code, 1);
}

#[test]
fn what_init_writes_is_not_for_everybody_and_never_written_over() {
    let site = init(&[]);
    let secrets = ["site/portal-keys.toml", "site/sign-in-token"];
    let before = secrets.map(|name| site.text(name));
    let mode = |name| {
        let metadata = std::fs::metadata(site.path(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("site/portal.toml") & !0o640, 0);
    assert_eq!(secrets.map(mode), [0o600, 0o600]);
    assert_eq!(mode("site/data"), 0o700);
    let again = site.run_init(&[]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("is there already"), "{}", again.err);
    std::fs::remove_file(site.path("site/portal.toml")).unwrap();
    assert_eq!(site.run_init(&[]).code, 1);
    assert!(!site.path("site/portal.toml").exists());
    assert_eq!(secrets.map(|name| site.text(name)), before);
}

/// The problems that `check-config` finds in what `init` wrote, after `change`.
fn problems(change: impl Fn(String) -> String, variable: (&str, &str)) -> Vec<String> {
    let site = init(&[]);
    let text = site.text("site/portal.toml");
    let changed = change(text.clone());
    std::fs::write(site.path("site/portal.toml"), changed).unwrap();
    let checked = site.run_with(&["check-config", "--json"], variable.0, variable.1);
    assert_eq!(checked.code, 1);
    let found: Value = serde_json::from_str(&checked.out).unwrap();
    let problems = found["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|p| p.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn check_config_tells_every_problem_of_every_table_at_once() {
    let broken = |text: String| {
        text.replace(
            "origin = \"http://127.0.0.1:7090\"",
            "origin = \"http://portal.example\"",
        )
        .replace("issuer = \"http://127.0.0.1:7080\"", "issuer = 5")
        .replace("clock_skew = 5", "clock_skew = -1")
        .replace("near = \"ask\"", "near = \"allow\"")
        .replace("own_password = true", "own_passwort = true")
        .replace("session = 3600", "session = 0")
        .replace("history = 15552000", "history = 60")
        .replace("per_day = 6", "per_day = 0")
        .replace("give_up_after = 432000", "give_up_after = 1")
    };
    let variable = ("KAZASU_PORTAL__LIFETIMES__MATURITY", "soon");
    let found = problems(broken, variable);
    for place in [
        "origin: ",
        "verifier.issuer: must be",
        "sign_in.clock_skew: ",
        "names.near: must be one of ask, stop",
        "recovery.own_passwort: is not a known key",
        "lifetimes.session: ",
        "lifetimes.maturity: must be",
        "retention.history: ",
        "recovery.per_day: ",
        "mail.give_up_after: ",
    ] {
        let told = found.iter().filter(|p| p.starts_with(place)).count();
        assert_eq!(told, 1, "{place} in {found:#?}");
    }
    assert_eq!(found.len(), 10, "{found:#?}");
    let overlaid = found.iter().find(|p| p.starts_with("lifetimes.maturity"));
    assert!(
        overlaid
            .unwrap()
            .contains("KAZASU_PORTAL__LIFETIMES__MATURITY")
    );
}

#[test]
fn an_empty_file_names_everything_that_is_missing() {
    let found = problems(|_| String::new(), ("UNUSED", ""));
    // Where to listen comes from the environment of every test here.
    for key in [
        "origin",
        "database",
        "keys",
        "verifier.issuer",
        "verifier.client_id",
        "sign_in.issuer",
        "sign_in.client_id",
        "mail.from",
    ] {
        assert!(
            found.contains(&format!("{key}: is missing")),
            "{key} in {found:#?}"
        );
    }
}

#[test]
fn the_environment_is_read_over_the_file() {
    let site = init(&[]);
    let variable = "KAZASU_PORTAL__PAGES__INSTITUTION__EN";
    let checked = site.run_with(&["check-config"], "KAZASU_PORTAL__RECOVERY__PER_DAY", "0");
    assert_eq!(checked.code, 1);
    let fine = site.run_with(&["check-config"], variable, "Another University");
    fine.success();
}

#[test]
fn check_config_looks_at_every_secret() {
    let site = init(&[]);
    std::fs::write(site.path("site/portal-keys.toml"), "client = []").unwrap();
    std::fs::remove_file(site.path("site/sign-in-token")).unwrap();
    let variable = "KAZASU_PORTAL__SIGN_IN__CLIENT_SECRET";
    let checked = site.run_with(&["check-config"], variable, "nowhere");
    assert_eq!(checked.code, 1);
    for problem in [
        "problem: keys: ",
        "problem: directory.sign_in_token: ",
        "problem: sign_in.client_secret: ",
    ] {
        assert!(
            checked.out.contains(problem),
            "{problem} in {}",
            checked.out
        );
    }
}

#[tokio::test]
async fn check_config_asks_an_ldap_server_whether_it_answers_the_portal() {
    let slapd = Slapd::start().await.unwrap();
    let site = init(&[]);
    let text = site.text("site/portal.toml");
    let write = |directory: &str| {
        let (before, after) = text.split_once("\n[directory]\n").unwrap();
        let (_, after) = after.split_once("\n[").unwrap();
        let changed = format!("{before}\n{directory}\n[{after}");
        std::fs::write(site.path("site/portal.toml"), changed).unwrap();
    };
    write(&slapd.settings());
    let answers = site.run(&["check-config"]).success();
    assert!(!answers.contains("directory: "), "{answers}");
    let ca = slapd.ca().display().to_string();
    write(&slapd.settings().replace(&ca, "/dev/null"));
    let without_authority = site.run(&["check-config"]);
    assert_eq!(without_authority.code, 1);
    let found = without_authority.out;
    assert!(found.contains("problem: directory: "), "{found}");
    write(&slapd.settings());
    slapd.stop().await.unwrap();
    // It may be back when the portal starts.
    let away = site.run(&["check-config"]).success();
    let told = "warning: directory: the directory cannot be reached: ";
    assert!(away.contains(told), "{away}");
}

#[test]
fn an_older_schema_is_refused_where_starting_does_not_migrate() {
    let site = init(&[]);
    let database = "{ url = \"data/portal.db\", migrate = false }";
    let variable = "KAZASU_PORTAL__DATABASE";
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
