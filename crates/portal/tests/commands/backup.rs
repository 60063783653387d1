//! `backup` and `restore`, on and between both engines: every table of the portal's.

use crate::init;
use kazasu_demo::operator::Site;
use kazasu_demo::postgres::Postgres;
use kazasu_portal::MIGRATIONS;

/// Every kind of value in tables of each part: bytes, texts that need quoting, numbers, nothing.
const ROWS: [&str; 7] = [
    "INSERT INTO links (id, ppid, account, linked_at, matures_at, name_match)
     VALUES ('link', 'ppid', '0123456789', -5, 9007199254740993, 'same')",
    "INSERT INTO operations (id, kind, account, browser, state, recorded_at, leased_until)
     VALUES ('op', 'password', '0123456789', '見本 \"browser\"', 'recorded', 1, 2)",
    "INSERT INTO contacts (account, address, outside, since, seen_at)
     VALUES ('0123456789', 'a@example.jp', 1, 0, 7)",
    "INSERT INTO notices (event, token_hash, account, kind, browser, at, expires_at)
     VALUES ('linked:link', CAST('0123456789abcdef' AS BLOB), '0123456789', 'linked', '{\"hex\":\"00\"}', 1, 2)",
    "INSERT INTO directory_accounts (id, kind, locked, failures, refused_until, session_generation)
     VALUES ('0123456789', 'student', 0, 0, 0, 0)",
    "INSERT INTO directory_names (account, position, name) VALUES ('0123456789', 0, '見本　太郎')",
    "INSERT INTO mails (id, event, kind, recipient_hash, state, queued_at, due_at, ended_at)
     VALUES ('mail', 'link', 'linked', CAST('another' AS BLOB), 'sent', 1, 1, 3)",
];

/// A site that served, with further rows.
fn filled() -> Site {
    let site = init(&[]);
    site.serve(&["serve"]).end();
    for sql in ROWS {
        assert_eq!(site.execute(MIGRATIONS, sql), 1, "{sql}");
    }
    site
}

/// Restoring is an event itself; everything before it is as it was.
fn before_restoring(mut rows: Vec<String>) -> Vec<String> {
    rows.retain(|row| !row.contains("\"restored\""));
    rows
}

#[test]
fn a_backup_goes_from_sqlite_to_postgresql_and_back() {
    let here = filled();
    let rows = here.rows("backup");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let made = runtime.block_on(async {
        let server = Postgres::shared().await?;
        server.database("moved").await
    });
    let address = match made {
        Ok(address) => address,
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("NOT RUN on PostgreSQL: {error:#}");
            return;
        }
        Err(error) => panic!("no PostgreSQL: {error:#}"),
    };
    let there = init(&["--database", &address]);
    let file = here.path("backup");
    there.run(&["restore", file.to_str().unwrap()]).success();
    let moved = there.rows("moved");
    assert_ne!(moved, rows);
    assert_eq!(before_restoring(moved), rows);
    let back = init(&[]);
    let file = there.path("moved");
    back.run(&["restore", file.to_str().unwrap()]).success();
    assert_eq!(before_restoring(back.rows("back")), rows);
    // PostgreSQL goes on counting where the backup ended. The keys move by themselves.
    let keys = "site/portal-keys.toml";
    std::fs::copy(here.path(keys), there.path(keys)).unwrap();
    there.serve(&["serve"]).end();
    there.run(&["audit", "verify"]).success();
}

#[test]
fn a_backup_of_a_verifier_a_damaged_one_and_one_over_something_change_nothing() {
    let site = filled();
    let file = site.backup("backup");
    let whole = site.text("backup");
    let foreign = whole.replacen("kazasu-portal", "kazasu-verifier", 1);
    let flipped = whole.replacen("0123456789", "0123456788", 1);
    for (name, damaged) in [("foreign", foreign), ("flipped", flipped)] {
        assert_ne!(damaged, whole, "{name}");
        let target = init(&[]);
        std::fs::write(target.path(name), damaged).unwrap();
        let refused = target.run(&["restore", target.path(name).to_str().unwrap()]);
        assert_eq!(refused.code, 1, "{name}");
        assert!(refused.err.contains("damaged"), "{name}: {}", refused.err);
        assert!(!target.path("site/data/portal.db").exists(), "{name}");
    }
    let rows = site.rows("before");
    let refused = site.run(&["restore", file.to_str().unwrap()]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("not empty"), "{}", refused.err);
    assert_eq!(site.rows("after"), rows);
}
