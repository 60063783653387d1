//! `backup` and `restore`, on and between both engines.

use crate::init;
use kazasu_demo::operator::Site;
use kazasu_demo::postgres::Postgres;
use kazasu_verifier::MIGRATIONS;

/// Every kind of value: bytes, texts that need quoting, numbers, nothing.
const ROWS: [&str; 3] = [
    "INSERT INTO subjects (id, pairwise_version, lineage_broken, created_at)
     VALUES (CAST('0123456789abcdef' AS BLOB), 1, 0, -5)",
    "INSERT INTO credentials (credential_index, subject, created_at)
     SELECT CAST('another' AS BLOB), id, 9007199254740993 FROM subjects",
    "INSERT INTO client_assertions (relying_party, jti, expires_at)
     VALUES ('見本 \"portal\"', '{\"hex\":\"00\"}', 1)",
];

/// A site that served, with further rows.
fn filled() -> Site {
    let site = init(&[]);
    site.serve(&["serve"]).end();
    for sql in ROWS {
        assert_eq!(site.execute(MIGRATIONS, sql), 1);
    }
    site
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
    // Restoring is an event itself; everything before it is as it was.
    let moved = there.rows("moved");
    assert_ne!(moved, rows);
    let before = |mut rows: Vec<String>| {
        rows.retain(|row| !row.contains("\"restored\""));
        rows
    };
    assert_eq!(before(moved), rows);
    let back = init(&[]);
    let file = there.path("moved");
    back.run(&["restore", file.to_str().unwrap()]).success();
    assert_eq!(before(back.rows("back")), rows);
    // PostgreSQL goes on counting where the backup ended. The keys move by themselves.
    std::fs::copy(here.path("site/keys.toml"), there.path("site/keys.toml")).unwrap();
    there.serve(&["serve"]).end();
    there.run(&["audit", "verify"]).success();
}

#[test]
fn a_backup_is_for_its_owner_and_never_written_over() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = filled();
    let file = site.backup("backup");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = site.text("backup");
    assert_eq!(site.run(&["backup", file.to_str().unwrap()]).code, 1);
    assert_eq!(site.text("backup"), before);
}

#[test]
fn nothing_is_restored_over_something() {
    let site = filled();
    let file = site.backup("backup");
    let rows = site.rows("before");
    let refused = site.run(&["restore", file.to_str().unwrap()]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("not empty"), "{}", refused.err);
    assert_eq!(site.rows("after"), rows);
}

#[test]
fn a_damaged_backup_changes_nothing() {
    let site = filled();
    site.backup("backup");
    let whole = site.text("backup");
    let flipped = whole.replacen("\"started\"", "\"startec\"", 1);
    let shortened = &whole[..whole.floor_char_boundary(whole.len() / 2)];
    let (end, _) = whole.trim_end().rsplit_once('\n').unwrap();
    let foreign = whole.replacen("kazasu-verifier", "kazasu-portal", 1);
    for (name, damaged) in [
        ("flipped", flipped.as_str()),
        ("shortened", shortened),
        ("endless", end),
        ("foreign", foreign.as_str()),
        ("empty", ""),
    ] {
        assert_ne!(damaged, whole, "{name}");
        let target = init(&[]);
        std::fs::write(target.path(name), damaged).unwrap();
        let refused = target.run(&["restore", target.path(name).to_str().unwrap()]);
        assert_eq!(refused.code, 1, "{name}");
        assert!(refused.err.contains("damaged"), "{name}: {}", refused.err);
        assert!(!target.path("site/data/verifier.db").exists(), "{name}");
    }
}
