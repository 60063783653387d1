use super::*;
use kazasu_service::settings::{Layers, SettingsError};

#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    directory: DirectoryTable,
}

/// The settings and warnings, or the problems.
fn parse(text: &str) -> Result<(DirectorySettings, Vec<String>), Vec<String>> {
    let mut problems = Problems::default();
    let file: Option<File> = Layers::parse(text).unwrap().extract(&mut problems);
    let settings = file.and_then(|file| file.directory.check(&mut problems, Path::new("/etc/k")));
    match problems.finish(settings) {
        Ok(checked) => Ok((checked.settings, checked.warnings)),
        Err(SettingsError::Invalid(problems)) => Err(problems),
        Err(other) => panic!("{other}"),
    }
}

const LDAP: &str = r#"
[directory]
kind = "ldap"
[directory.ldap]
url = "ldap://ldap.univ.example"
bind_dn = "cn=portal,dc=univ,dc=example"
bind_password = "word"
base = "dc=univ,dc=example"
outside_mailbox = ["mailRoutingAddress"]
account_kind = { attribute = "employeeType", student = ["student"], staff = [] }
"#;

fn ldap(text: &str) -> LdapSettings {
    match parse(text) {
        Ok((DirectorySettings::Ldap(ldap), _)) => *ldap,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_built_in_directory_needs_no_settings() {
    for (text, token) in [
        ("", None),
        ("[directory]\nkind = \"builtin\"", None),
        (
            "[directory]\nsign_in_token = \"token\"",
            Some(SecretText::File("/etc/k/token".into())),
        ),
    ] {
        let (settings, warnings) = parse(text).unwrap();
        let sign_in_token = token;
        assert_eq!(settings, DirectorySettings::Builtin { sign_in_token });
        assert_eq!(warnings, [""; 0]);
    }
}

#[test]
fn what_is_another_directorys_is_not_overlooked() {
    let builtin = LDAP.replace("\"ldap\"", "\"builtin\"");
    let token = LDAP.replace(
        "[directory.ldap]",
        "sign_in_token = \"t\"\n[directory.ldap]",
    );
    for (text, problem) in [
        ("[directory]\nkind = \"ldap\"", "directory.ldap: is missing"),
        (&builtin, "directory.ldap: is for kind = \"ldap\""),
        (&token, "directory.sign_in_token: is for kind = \"builtin\""),
    ] {
        assert_eq!(parse(text).unwrap_err(), [problem]);
    }
}

#[test]
fn what_is_not_said_of_an_ldap_server_is_as_most_have_it() {
    let ldap = ldap(LDAP);
    assert!(ldap.starttls);
    assert_eq!(ldap.attributes.account, "uid");
    assert_eq!(ldap.attributes.names, ["cn"]);
    assert_eq!(ldap.attributes.own_mailbox, ["mail"]);
    let password = SecretText::File("/etc/k/word".into());
    assert!(matches!(ldap.bind, Bind::Simple { password: p, .. } if p == password));
}

#[test]
fn a_socket_needs_no_password() {
    let text = LDAP
        .replace("ldap://ldap.univ.example", "ldapi://%2Frun%2Fldapi")
        .replace("bind_", "# bind_");
    let ldap = ldap(&text);
    assert_eq!((ldap.bind, ldap.starttls), (Bind::External, false));
}

#[test]
fn a_password_is_sent_in_the_clear_to_this_machine_only() {
    for (url, starttls, is_fine) in [
        ("ldap://ldap.univ.example", "", true),
        ("ldap://ldap.univ.example", "starttls = false", false),
        ("ldap://127.0.0.1:1389", "starttls = false", true),
        ("ldap://[::1]", "starttls = false", true),
        ("ldap://[::1]", "", false),
        ("ldap://localhost", "starttls = false", true),
        ("ldap://localhost.univ.example", "starttls = false", false),
        ("ldap://127.0.0.1.univ.example", "starttls = false", false),
        ("ldaps://ldap.univ.example", "", true),
        ("ldaps://ldap.univ.example", "starttls = true", false),
        ("https://ldap.univ.example", "", false),
        ("ldap:///dc=univ", "", false),
        ("ldap://ldap.univ.example/dc=univ", "", false),
        ("ldap://a:b@ldap.univ.example", "", false),
        ("ldap://ldap.univ.example?uid", "", false),
    ] {
        let text = LDAP.replace("ldap://ldap.univ.example", url) + starttls;
        let parsed = parse(&text);
        assert_eq!(parsed.is_ok(), is_fine, "{url} {starttls}: {parsed:?}");
    }
}

#[test]
fn every_mistake_is_named_at_once() {
    let problems = parse(
        r#"
[directory]
kind = "ldap"
[directory.ldap]
url = "ldaps://ldap.univ.example"
bind_dn = ""
base = ""
account = "uid)(a=*"
names = []
locked = { attribute = "", value = "x" }
account_kind = { attribute = "employeeType", student = [], staff = [] }
timeout_ms = 0
carried_out_within = 9
connections = 0
outside = ["x"]
"#,
    )
    .unwrap_err();
    let places: Vec<&str> = problems
        .iter()
        .map(|problem| problem.split(':').next().unwrap())
        .collect();
    let expected = [
        "outside",
        "bind_password",
        "bind_dn",
        "base",
        "timeout_ms",
        "carried_out_within",
        "connections",
        "names",
        "account_kind",
        "account",
        "locked.attribute",
    ];
    let expected = expected.map(|key| format!("directory.ldap.{key}"));
    assert_eq!(places, expected, "{problems:?}");
}

#[test]
fn whoever_tells_nobody_outside_is_warned() {
    let text = LDAP.replace("outside_mailbox = [\"mailRoutingAddress\"]", "");
    let (_, warnings) = parse(&text).unwrap();
    assert!(warnings[0].starts_with("directory.ldap.outside_mailbox"));
}

const DOC: &str = include_str!("../../../../../docs/directories.md");

#[test]
fn the_documents_examples_can_be_used() {
    let examples = DOC.split("```toml").skip(1);
    let examples: Vec<_> = examples
        .map(|rest| parse(rest.split("```").next().unwrap()).unwrap().0)
        .collect();
    let [
        DirectorySettings::Builtin { .. },
        DirectorySettings::Ldap(_),
    ] = &examples[..]
    else {
        panic!("{examples:?}");
    };
}

#[test]
fn every_key_of_an_ldap_server_is_documented() {
    let problems = parse(&format!("{LDAP}unknown = 1")).unwrap_err();
    let (_, known) = problems[0].split_once("known are ").unwrap();
    let rows: Vec<&str> = DOC.lines().filter(|line| line.starts_with("| `")).collect();
    let is_documented = |key: &str| {
        let key = format!("`{key}`");
        let mut keys = rows.iter().map(|row| row.split('|').nth(1).unwrap());
        keys.any(|cell| cell.contains(&key))
    };
    for key in known.split(", ") {
        assert!(is_documented(key), "{key}");
    }
    assert!(!is_documented("unknown"));
}
