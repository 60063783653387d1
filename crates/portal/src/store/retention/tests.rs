//! What is personal goes at its time and not before, on the engine that tests are run on.

use super::{erase, purge, sweep};
use crate::account::AccountId;
use crate::directory::{Contact, Operation, OperationId, OperationKind, builtin};
use crate::link::{EndedBecause, Link};
use crate::mail::{self, Details, Kind, Notice, Recipient};
use crate::procedure::{ProcedureKind, Tap};
use crate::session::SessionSecret;
use crate::settings::{Lifetimes, Retention};
use crate::store::operations::{OperationState, Recorded};
use crate::store::{MIGRATIONS, contacts, freezes, links, operations, procedures};
use aws_lc_rs::hmac;
use kazasu_demo::postgres::test_database;
use kazasu_service::store::{Connection, Location, Schema, SqlError, Store};
use kazasu_service::values;
use std::collections::BTreeSet;
use tempfile::TempDir;

const DAY: i64 = 86_400;
/// When everything below happened.
const START: i64 = 1_793_747_100;

/// Has a link.
const LINKED: &str = "0123456789";
/// Had one.
const UNLINKED: &str = "0123456790";
/// Somebody objected; what was linked is erased.
const FROZEN: &str = "0123456791";

fn id(account: &str) -> AccountId {
    AccountId::parse(account, None).unwrap()
}

async fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let text = test_database().await.unwrap();
    let location = Location::parse(&text, folder.path()).unwrap();
    let location = location.with_connections(2);
    let store = Store::open(&location, MIGRATIONS, Schema::Migrate).unwrap();
    (store, folder)
}

fn link(name: &str, account: &str) -> Link {
    Link {
        id: name.to_owned(),
        ppid: format!("ppid of {name}"),
        account: id(account),
        linked_at: START,
        matures_at: START,
        replaces: None,
        ended: None,
    }
}

fn operation(name: &str, account: &str) -> Recorded {
    Recorded {
        operation: Operation {
            id: OperationId::new(name.to_owned()),
            kind: OperationKind::Password,
            account: id(account),
            recorded_at: START,
        },
        link: None,
        procedure: Some(name.to_owned()),
        browser: "Firefox".to_owned(),
        state: OperationState::Recorded,
    }
}

fn contact(address: &str) -> Contact {
    Contact {
        address: address.to_owned(),
        outside: true,
        since: Some(0),
        until: None,
    }
}

fn told(c: &mut Connection<'_>, event: &str, account: &str, hash: u8) -> Result<(), SqlError> {
    let told = freezes::Told {
        event: event.to_owned(),
        account: id(account),
        kind: "linked".to_owned(),
        browser: "Firefox".to_owned(),
        at: START,
    };
    let until = START + Lifetimes::default().objection;
    freezes::tell(c, &told, &[hash; 32], until)
}

/// What a portal holds of people after a day: under way, linked, unlinked, issued, told, on hold.
fn fill(c: &mut Connection<'_>) -> Result<(), SqlError> {
    let (secret, lifetimes) = (SessionSecret::new(), Lifetimes::default());
    let new = procedures::New {
        id: "procedure".to_owned(),
        kind: ProcedureKind::Recover,
        browser: "Firefox".to_owned(),
        expires_at: START + lifetimes.procedure,
        session_expires_at: START + lifetimes.session,
    };
    procedures::start(c, &secret.hash(), "session", &new, START)?;
    let tap = Tap {
        ppid: "ppid".to_owned(),
        name: "見本　太郎".to_owned().into(),
        at: START,
        relink_required: false,
    };
    assert!(procedures::tapped(c, "procedure", &tap, &secret, START)?);
    procedures::ask(c, "procedure", "tap", &[1; 32], "nonce", "verifier")?;

    assert!(links::insert(c, &link("active", LINKED), "same")?);
    assert!(links::insert(c, &link("ended", UNLINKED), "same")?);
    assert!(links::end(c, "ended", EndedBecause::Unlinked, START)?);
    for (name, account) in [("open", LINKED), ("issued", UNLINKED), ("lock", FROZEN)] {
        assert!(operations::record(c, &operation(name, account), START)?);
    }
    let issued = OperationId::new("issued".to_owned());
    assert!(operations::finish(c, &issued, OperationState::Done, START)?);

    let both = [
        contact("now@mihon.example"),
        contact("before@mihon.example"),
    ];
    contacts::remember(c, &id(LINKED), &both, None, START - 1)?;
    contacts::remember(c, &id(LINKED), &both[..1], None, START)?;
    contacts::remember(c, &id(UNLINKED), &both[..1], None, START)?;
    told(c, "linked:active", LINKED, 1)?;
    told(c, "unlinked:ended", UNLINKED, 2)?;
    assert!(freezes::freeze(c, &id(FROZEN), "linked:x", START)?);
    enqueue(c)
}

fn enqueue(c: &mut Connection<'_>) -> Result<(), SqlError> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
    let notice = Notice {
        event: "active".to_owned(),
        kind: Kind::Linked,
        details: Details::default(),
    };
    for address in ["sent@mihon.example", "waits@mihon.example"] {
        let recipient = Recipient {
            address: address.to_owned(),
            language: None,
            contact_until: None,
        };
        mail::enqueue(c, &notice, &recipient, &key, START)?;
    }
    let sent = "UPDATE mails SET state = 'sent', ended_at = queued_at, recipient = NULL
                WHERE recipient = 'sent@mihon.example'";
    assert_eq!(c.execute(sent, &[])?, 1);
    Ok(())
}

/// People of the built-in directory: one changed their address, and had a password set.
async fn fill_directory(store: &Store) {
    for (address, now) in [
        ("old@mihon.example", START - 1),
        ("new@mihon.example", START),
    ] {
        let line = format!(
            r#"{{"account":"{LINKED}","kind":"student","names":["見本　太郎"],"contacts":[{{"address":"{address}","outside":true}}]}}"#
        );
        builtin::import(store, &line, None, now).await.unwrap();
    }
    let made = "INSERT INTO directory_operations (id, account, kind, made, at)
                VALUES ('made', '0123456789', 'password', 1, 1793747100)";
    store.write(move |c| c.execute(made, &[])).await.unwrap();
}

/// What goes, with the second from which on it is gone; in that order.
fn timeline() -> Vec<(&'static str, &'static str, i64)> {
    let (lifetimes, retention) = (Lifetimes::default(), Retention::default());
    vec![
        ("requests", "procedure = 'procedure'", lifetimes.procedure),
        ("procedures", "id = 'procedure'", lifetimes.procedure),
        ("sessions", "id = 'session'", lifetimes.session),
        ("contacts", "gone_at IS NOT NULL", lifetimes.objection),
        ("notices", "account = '0123456789'", lifetimes.objection),
        ("notices", "account = '0123456790'", lifetimes.objection),
        ("contacts", "account = '0123456790'", lifetimes.objection),
        (
            "watched_accounts",
            "account = '0123456790'",
            lifetimes.objection,
        ),
        ("directory_contacts", "gone_at IS NOT NULL", 30 * DAY),
        ("directory_operations", "id = 'made'", 30 * DAY),
        ("mails", "state = 'sent'", 30 * DAY + 1),
        ("operations", "id = 'issued'", retention.history),
        ("links", "id = 'ended'", retention.history),
    ]
}

/// What stays, because it is needed: until somebody ends it.
const STAYS: [(&str, &str); 9] = [
    ("links", "id = 'active'"),
    ("operations", "id = 'open'"),
    ("operations", "id = 'lock'"),
    ("contacts", "account = '0123456789' AND gone_at IS NULL"),
    ("watched_accounts", "account = '0123456789'"),
    ("freezes", "account = '0123456791'"),
    // Sending gives it up in its time: see the outbox.
    ("mails", "state = 'waiting'"),
    ("directory_accounts", "id = '0123456789'"),
    ("directory_names", "account = '0123456789'"),
];

/// Tables in which nobody is named. (`directory_contacts` is in both lists above by its row that
/// ceased to be a contact; the one that is one stays with its account.)
const OF_NOBODY: [&str; 3] = ["audit_events", "audit_seals", "schema_migrations"];

async fn count(store: &Store, table: &str, rows: &str) -> i64 {
    let sql = format!("SELECT count(*) AS number FROM {table} WHERE {rows}");
    // Statements are parts of a program, and live as long.
    let sql: &'static str = sql.leak();
    let found = store.read(move |c| c.optional(sql, &[], |row| row.get("number")));
    found.await.unwrap().unwrap()
}

/// Everything that a portal's jobs do at this time.
async fn tidy(store: &Store, now: i64) {
    let (lifetimes, retention) = (Lifetimes::default(), Retention::default());
    let tidied = store.write(move |c| {
        sweep(c, now)?;
        purge(c, &lifetimes, &retention, now)?;
        builtin::purge(c, now)?;
        mail::forget(c, now - 30 * DAY)
    });
    tidied.await.unwrap();
}

#[tokio::test]
async fn what_is_personal_goes_at_its_time_and_nothing_that_is_needed_does() {
    let (store, _folder) = store().await;
    store.write(fill).await.unwrap();
    fill_directory(&store).await;
    let timeline = timeline();
    let mut moments: Vec<i64> = timeline.iter().map(|(_, _, after)| *after).collect();
    moments.sort_unstable();
    moments.dedup();
    for moment in moments {
        for after in [moment - 1, moment] {
            tidy(&store, START + after).await;
            for (table, rows, goes) in &timeline {
                let found = count(&store, table, rows).await;
                let expected = i64::from(after < *goes);
                assert_eq!(found, expected, "{table} with {rows}, {after} s later");
            }
        }
    }
    tidy(&store, START + 3650 * DAY).await;
    for (table, rows) in STAYS {
        assert_eq!(count(&store, table, rows).await, 1, "{table} with {rows}");
    }
}

#[tokio::test]
async fn every_table_has_its_time_or_a_reason_to_stay() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("portal.db"));
    let store = Store::open(&location, MIGRATIONS, Schema::Migrate).unwrap();
    let tables = store.read(|c| {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'
                   AND name NOT LIKE 'sqlite_%'";
        c.query(sql, &[], |row| row.get::<String>("name"))
    });
    let tables: BTreeSet<String> = tables.await.unwrap().into_iter().collect();
    let timeline = timeline();
    let known = timeline.iter().map(|(table, _, _)| *table);
    let known = known.chain(STAYS.iter().map(|(table, _)| *table));
    let known = known.chain(OF_NOBODY).map(str::to_owned).collect();
    assert_eq!(tables, known);
}

#[tokio::test]
async fn of_an_account_that_was_erased_nothing_outlasts_the_time_to_object() {
    let (store, _folder) = store().await;
    store.write(fill).await.unwrap();
    let objection = Lifetimes::default().objection;
    let erased = store.write(move |c| erase(c, &id(UNLINKED), &Lifetimes::default(), START));
    erased.await.unwrap();
    let of_account = "account = '0123456790'";
    assert_eq!(count(&store, "links", of_account).await, 0);
    for (after, left) in [(objection - 1, 1), (objection, 0)] {
        tidy(&store, START + after).await;
        for table in ["operations", "contacts", "notices", "watched_accounts"] {
            let found = count(&store, table, of_account).await;
            assert_eq!(found, left, "{table}, {after} s later");
        }
    }
}

/// Whoever erases with a sign-in may be somebody else.
#[tokio::test]
async fn a_link_that_its_card_did_not_end_outlasts_an_erasure_by_the_time_to_take_another_back() {
    use EndedBecause::{Erased, Replaced, Unlinked, UnlinkedBySignIn};
    let (store, _folder) = store().await;
    let ended = store.write(|c| {
        for because in [Erased, Replaced, Unlinked, UnlinkedBySignIn] {
            let word = because.as_str();
            assert!(links::insert(c, &link(word, LINKED), "same")?);
            assert!(links::end(c, word, because, START)?);
        }
        assert!(links::insert(c, &link("earlier", LINKED), "same")?);
        assert!(links::end(c, "earlier", Replaced, START - DAY)?);
        erase(c, &id(LINKED), &Lifetimes::default(), START)
    });
    ended.await.unwrap();
    for (after, left) in [(0, 3), (2 * DAY - 1, 3), (2 * DAY, 0)] {
        tidy(&store, START + after).await;
        assert_eq!(count(&store, "links", "id <> ''").await, left, "{after}");
    }
}

#[tokio::test]
async fn contacts_stay_as_long_as_somebody_may_have_to_be_told() {
    let (store, _folder) = store().await;
    store.write(fill).await.unwrap();
    let objection = Lifetimes::default().objection;
    // The notice is younger than the last look at the directory.
    let until = START + objection + 60;
    let younger =
        store.write(move |c| c.execute("UPDATE notices SET expires_at = ?1", values![until]));
    younger.await.unwrap();
    for (after, left) in [(objection + 59, 1), (objection + 60, 0)] {
        tidy(&store, START + after).await;
        let found = count(&store, "contacts", "account = '0123456790'").await;
        assert_eq!(found, left, "{after} s later");
    }
}

#[tokio::test]
async fn a_linked_account_without_contacts_stays_watched() {
    let (store, _folder) = store().await;
    let linked = store.write(|c| {
        links::insert(c, &link("active", LINKED), "same")?;
        contacts::remember(c, &id(LINKED), &[], None, START)
    });
    linked.await.unwrap();
    tidy(&store, START + 3650 * DAY).await;
    let later = START + 3650 * DAY;
    let first = Contact {
        since: None,
        ..contact("first@mihon.example")
    };
    let remembered = store.write(move |c| {
        contacts::remember(c, &id(LINKED), &[first], None, later)?;
        contacts::changed_at(c, &id(LINKED))
    });
    assert_eq!(remembered.await.unwrap(), Some(later));
}
