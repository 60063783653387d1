//! The second port and the jobs, as operators see them.

use crate::init;
use kazasu_demo::operator::Serving;
use kazasu_portal::MIGRATIONS;
use std::time::{Duration, Instant};

/// What is in the database when the portal starts.
const ROWS: [&str; 8] = [
    "INSERT INTO links (id, ppid, account, linked_at, matures_at, name_match)
     VALUES ('active', 'p1', '0123456789', 1, 1, 'same')",
    "INSERT INTO links (id, ppid, account, linked_at, matures_at, name_match, ended_at, ended_because)
     VALUES ('old', 'p2', '0123456790', 1, 1, 'same', 2, 'unlinked')",
    "INSERT INTO freezes (account, frozen_at, event) VALUES ('0123456789', 1, 'linked:active')",
    // Somebody works on it until then.
    "INSERT INTO operations (id, kind, account, browser, state, recorded_at, leased_until)
     VALUES ('open', 'password', '0123456789', '', 'recorded', 1, 9007199254740993)",
    "INSERT INTO sessions (id, cookie_hash, expires_at)
     VALUES ('old', CAST('hash' AS BLOB), 2)",
    "INSERT INTO mails (id, event, kind, recipient_hash, state, queued_at, due_at, ended_at)
     VALUES ('old', 'active', 'linked', CAST('hash' AS BLOB), 'sent', 1, 1, 2)",
    "INSERT INTO directory_accounts (id, kind, locked, failures, refused_until, session_generation)
     VALUES ('0123456789', 'student', 0, 0, 0, 0)",
    "INSERT INTO directory_contacts (account, address, outside, since, gone_at)
     VALUES ('0123456789', 'old', 1, 1, 2)",
];

/// What each job deletes of that. These statements change nothing, and tell how many rows there are.
const OLD: [&str; 4] = [
    "UPDATE sessions SET id = id WHERE id = 'old'",
    "UPDATE links SET id = id WHERE id = 'old'",
    "UPDATE mails SET id = id WHERE id = 'old'",
    "UPDATE directory_contacts SET address = address WHERE address = 'old'",
];

/// Long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let give_up = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < give_up, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn has(serving: &Serving, line: &str) -> bool {
    let metrics = serving.get_admin("/metrics");
    metrics.lines().any(|found| found == line)
}

#[test]
fn what_operators_watch_is_counted_and_what_had_its_time_is_deleted() {
    let site = init(&[]);
    site.run(&["migrate"]).success();
    for sql in ROWS {
        assert_eq!(site.execute(MIGRATIONS, sql), 1, "{sql}");
    }
    let serving = site.serve(&["serve"]);
    for line in [
        "kazasu_links_active 1",
        "kazasu_accounts_frozen 1",
        "kazasu_operations_open 1",
    ] {
        wait_until(line, || has(&serving, line));
    }
    let metrics = serving.get_admin("/metrics");
    let oldest = metrics
        .lines()
        .find_map(|line| line.strip_prefix("kazasu_operations_oldest_seconds "));
    assert!(oldest.unwrap().parse::<i64>().unwrap() > 1_700_000_000);

    // A form that no page of the portal sent.
    let refused = serving.post("/link", "way=tap");
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert!(has(
        &serving,
        "kazasu_refusals_total{reason=\"foreign_form\"} 1"
    ));
    assert!(has(
        &serving,
        "kazasu_procedures_total{kind=\"link\",step=\"started\"} 0"
    ));

    for old in OLD {
        wait_until(old, || site.execute(MIGRATIONS, old) == 0);
    }
    let same = "UPDATE links SET id = id WHERE id = 'active'";
    assert_eq!(site.execute(MIGRATIONS, same), 1);
    serving.end();
}

#[test]
fn the_second_port_is_not_on_the_first() {
    let serving = init(&[]).serve(&["serve"]);
    for path in ["/metrics", "/health/ready", "/directory/sign-in"] {
        let answer = serving.get(path);
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    assert!(serving.get_admin("/health/live").contains("live"));
}
