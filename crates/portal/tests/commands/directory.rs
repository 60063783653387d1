//! `directory` and `unfreeze`: what a counter and whoever keeps the accounts do.

use crate::init;
use kazasu_demo::operator::Site;
use kazasu_portal::MIGRATIONS;
use serde_json::Value;

const PEOPLE: &str = r#"{"account": "0123456789", "kind": "student", "names": ["見本　太郎", "MIHON Taro"], "contacts": [{"address": "taro@mail.example", "outside": true}], "language": "ja", "password": "Correct-horse7"}
{"account": "0123456790", "kind": "staff", "names": ["風早　かざす"]}
"#;

fn imported() -> Site {
    let site = init(&[]);
    site.run(&["migrate"]).success();
    let file = site.path("people.jsonl");
    std::fs::write(&file, PEOPLE).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let said = site.run(&["directory", "import", &file]).success();
    assert!(said.contains("2 added, 0 updated"), "{said}");
    let said = site.run(&["directory", "import", &file]).success();
    assert!(said.contains("0 added, 2 updated"), "{said}");
    site
}

#[test]
fn what_was_imported_is_listed_and_shown_without_its_password() {
    let site = imported();
    let listed = site.run(&["directory", "list"]).success();
    let lines: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    let shown = site.run(&["directory", "show", "0123456789"]).success();
    let person: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(person["names"][0], "見本　太郎");
    assert!(!shown.contains("Correct-horse7") && !shown.contains("argon2"));
    let nobody = site.run(&["directory", "show", "0123456791"]);
    assert_eq!(nobody.code, 1);
    assert!(nobody.err.contains("no such account"), "{}", nobody.err);
}

#[test]
fn an_account_that_was_removed_leaves_nothing_in_the_directory() {
    let site = imported();
    site.run(&["directory", "remove", "0123456789"]).success();
    assert_eq!(site.run(&["directory", "remove", "0123456789"]).code, 1);
    let rows = site.rows("backup");
    let of_it = rows.iter().filter(|row| row.contains("0123456789"));
    assert_eq!(of_it.count(), 0);
    assert!(rows.iter().any(|row| row.contains("0123456790")));
    let events = site.run(&["audit", "export"]).success();
    assert_eq!(events.matches("\"account_removed\"").count(), 1);
}

/// The next one of the name is perhaps somebody else.
#[test]
fn an_account_that_is_imported_again_has_no_link_any_more() {
    let site = imported();
    let link = "INSERT INTO links (id, ppid, account, linked_at, matures_at, name_match)
                VALUES ('a link', 'a ppid', '0123456789', 1, 1, 'equal')";
    assert_eq!(site.execute(MIGRATIONS, link), 1);
    site.run(&["directory", "remove", "0123456789"]).success();
    let events = site.run(&["audit", "export"]).success();
    assert!(events.contains("a link"), "{events}");
    let file = site.path("people.jsonl");
    site.run(&["directory", "import", file.to_str().unwrap()])
        .success();
    let ended = "UPDATE links SET id = id
                 WHERE ended_at > 1 AND ended_because = 'account_removed'";
    assert_eq!(site.execute(MIGRATIONS, ended), 1);
}

#[test]
fn a_file_with_problems_imports_nothing_and_tells_them_all() {
    let site = imported();
    let file = site.path("broken.jsonl");
    let broken = "{\"account\": \"0123456791\", \"kind\": \"student\", \"names\": [\"見本\"]}\n\
                  {\"account\": \"0123456792\", \"kind\": \"guest\", \"names\": [\"見本\"]}\n\
                  nonsense\n";
    std::fs::write(&file, broken).unwrap();
    let refused = site.run(&["directory", "import", file.to_str().unwrap()]);
    assert_eq!(refused.code, 1);
    for line in ["line 2", "line 3"] {
        assert!(refused.err.contains(line), "{}", refused.err);
    }
    let listed = site.run(&["directory", "list"]).success();
    assert_eq!(listed.lines().count(), 2);
}

#[test]
fn a_counter_unlocks_an_account_and_lifts_what_its_person_put_on_hold() {
    let site = imported();
    for sql in [
        "UPDATE directory_accounts SET locked = 1 WHERE id = '0123456789'",
        "INSERT INTO freezes (account, frozen_at, event) VALUES ('0123456789', 1, 'linked:x')",
    ] {
        assert_eq!(site.execute(MIGRATIONS, sql), 1);
    }
    site.run(&["directory", "unlock", "0123456789"]).success();
    site.run(&["unfreeze", "0123456789"]).success();
    // What is not on hold, and whom nobody knows, is told; the audit knows what happened.
    for words in [
        &["directory", "unlock", "0123456791"][..],
        &["unfreeze", "0123456789"],
        &["unfreeze", "not an account"],
    ] {
        assert_eq!(site.run(words).code, 1, "{words:?}");
    }
    let events = site.run(&["audit", "export"]).success();
    for kind in ["\"unfrozen\"", "\"account_unlocked\""] {
        assert_eq!(events.matches(kind).count(), 1, "{kind} in {events}");
    }
    assert!(!events.contains("0123456789"));
}
