//! Everything that is stored about a person: they see it, and can have it erased.

use crate::harness::*;
use kazasu_portal::MIGRATIONS;
use kazasu_service::store::{Location, Schema, Store};

async fn with_history() -> Site {
    let site = Site::start().await;
    site.browser().link(&site, &TAROS_NEW, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS_NEW).await;
    browser.press(&page, "unlink").await;
    let site = site.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
    browser.new_access_pass(&page).await;
    site
}

#[tokio::test]
async fn a_person_sees_everything_that_is_stored_about_them() {
    let site = with_history().await;
    site.browser().link(&site, &HANAKOS, HANAKO).await;
    let pages = [
        site.browser().tap(&site, "state", &TAROS).await,
        site.browser().start_by_sign_in(&site, "state", TARO).await,
    ];
    for page in pages {
        assert!(page.has("stored"));
        for key in ["stored-link", "stored-password", "stored-access_pass"] {
            assert!(page.says(key), "{key}");
        }
        for address in ["taro@mail.example", "0123456789@mihon.example"] {
            assert!(page.shows(address), "{address}");
        }
        // One of two links was removed.
        assert_eq!(page.html.matches("<li>linked on").count(), 2);
        assert_eq!(page.html.matches(", removed on").count(), 1);
        assert!(!page.shows("hanako"));
    }
}

/// What says on the page that a table of the database holds something about its reader; nothing for
/// one that holds nothing about anybody.
fn told_about(table: &str) -> &'static [&'static str] {
    match table {
        // A session is its procedures, and a request is one that a procedure waits for.
        "sessions" | "requests" | "procedures" => &["stored-procedure"],
        "links" => &["stored-link"],
        "operations" => &["stored-password", "stored-access_pass", "stored-lock"],
        "contacts" | "watched_accounts" => &["stored-language-ja", "stored-contacts-read"],
        "notices" => &["stored-notice"],
        "freezes" => &["stored-freeze"],
        "mails" => &["stored-mail-waiting", "stored-mail-sent"],
        "audit_events" => &["stored.audit"],
        "audit_seals" | "schema_migrations" => &[],
        table if table.starts_with("directory_") => &["stored.directory"],
        table => panic!("nobody is told what is in {table}"),
    }
}

async fn tables() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("portal.db"));
    let store = Store::open(&location, MIGRATIONS, Schema::Migrate).unwrap();
    let all = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let found = store.read(move |c| c.query(all, &[], |row| row.get("name")));
    found.await.unwrap()
}

#[tokio::test]
async fn of_every_table_that_holds_something_about_a_person_they_are_told() {
    let site = with_history().await;
    site.import(&PEOPLE.replace("taro@mail.example", "new@mail.example"))
        .await;
    site.freeze(TARO, "password").await;
    let uncertain = "UPDATE operations SET state = 'unknown' WHERE kind = 'access_pass'";
    assert_eq!(site.execute(uncertain, &[]).await, 1);
    let sent = "UPDATE mails SET state = 'sent', recipient = NULL, ended_at = queued_at
                WHERE number = (SELECT min(number) FROM mails)";
    assert_eq!(site.execute(sent, &[]).await, 1);
    let page = site.browser().tap(&site, "state", &TAROS).await;
    for table in tables().await {
        for key in told_about(&table) {
            assert!(page.says(key), "{table}: {key} is not on {page:?}");
        }
    }
    // Each row of these, not only some.
    for (mark, rows) in [
        ("told on", "SELECT event AS value FROM notices"),
        (
            "to be sent to",
            "SELECT id AS value FROM mails WHERE state = 'waiting'",
        ),
        (
            ": the account was put on hold",
            "SELECT id AS value FROM mails WHERE kind = 'frozen'",
        ),
        (
            "it is not known yet",
            "SELECT id AS value FROM operations WHERE state = 'unknown'",
        ),
        (
            "(an earlier address)",
            "SELECT address AS value FROM contacts WHERE gone_at > 0",
        ),
    ] {
        let rows = site.query::<String>(rows, &[]).await.len();
        assert!(rows > 0, "{mark}");
        assert_eq!(
            page.visible().matches(mark).count(),
            rows,
            "{mark}: {page:?}"
        );
    }
}

#[tokio::test]
async fn whoever_unlinked_still_sees_and_erases_what_is_kept_about_their_card() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    browser.press(&page, "unlink").await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "state", &TAROS).await;
    page.is("state-not-linked");
    assert!(page.has("stored") && page.shows("removed on"), "{page:?}");
    // Only a sign-in proves that the rest is theirs, too.
    assert!(!page.shows("taro@mail.example"));
    assert!(page.says("stored.card") && !page.says("stored.account"));
    // Looking is not enough to erase.
    browser.follow(&page, "to-erase").await.is("unlink");
    let page = browser.tap(&site, "unlink", &TAROS).await;
    let page = browser.follow(page.is("nothing-linked"), "to-erase").await;
    browser.press(page.is("erase"), "erase").await.is("erased");
    let left = "SELECT id AS value FROM links";
    assert!(site.query::<String>(left, &[]).await.is_empty());
}

#[tokio::test]
async fn erasing_removes_the_link_and_all_that_is_not_needed_to_notice_a_thief() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    let page = browser.follow(&page, "to-erase").await;
    let page = browser.press(page.is("erase"), "erase").await;
    page.is("erased");
    browser.get(&page.url).await.is("erased");
    let of_procedure = page.url.trim_end_matches("/erase");
    browser.get(of_procedure).await.is("erased");
    for table in [
        "SELECT ppid AS value FROM links",
        "SELECT address AS value FROM contacts",
        "SELECT account AS value FROM watched_accounts",
    ] {
        let left = site.query::<String>(table, &[]).await;
        assert!(left.is_empty(), "{table}: {left:?}");
    }
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-not_linked"));
    site.browser().link(&site, &TAROS, TARO).await;
}

#[tokio::test]
async fn what_was_issued_lately_stays_with_those_who_have_to_be_told() {
    let site = with_history().await;
    let mut browser = site.browser();
    let page = browser.start_by_sign_in(&site, "state", TARO).await;
    let page = browser.follow(&page, "to-erase").await;
    browser.press(&page, "erase").await.is("erased");
    assert_eq!(site.operations().await.len(), 2);
    let contacts = "SELECT address AS value FROM contacts WHERE account = '0123456789'";
    assert_eq!(site.query::<String>(contacts, &[]).await.len(), 2);
}

/// A directory need not remember who was a contact before, and a thief can have everything erased.
#[tokio::test]
async fn erasing_does_not_make_an_earlier_contact_forgotten() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let changed = PEOPLE.replace("taro@mail.example", "thief@mail.example");
    site.import(&changed).await;
    let forgets = "DELETE FROM directory_contacts WHERE gone_at IS NOT NULL";
    assert_eq!(site.execute(forgets, &[]).await, 1);
    let pretends = "UPDATE directory_contacts SET since = 0";
    site.execute(pretends, &[]).await;
    let mut browser = site.browser();
    let page = browser.start_by_sign_in(&site, "state", TARO).await;
    let page = browser.follow(&page, "to-erase").await;
    browser.press(&page, "erase").await.is("erased");
    let page = site.browser().almost_link(&site, &TAROS_NEW, TARO).await;
    page.refuses("not_before");
    site.pass(DAY);
    site.browser().link(&site, &TAROS_NEW, TARO).await;
    let told = site.told(TARO, "linked").await;
    assert!(told.contains(&"taro@mail.example".to_owned()), "{told:?}");
}

#[tokio::test]
async fn a_tap_to_look_erases_nothing() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "state", &TAROS).await;
    let erase = format!("{}/erase", path_of(&page.url));
    browser.get(&erase).await.refuses("other_purpose");
    let token = page.field("end", "token");
    let page = browser.post(&erase, &[("token", &token)]).await;
    page.refuses("other_purpose");
    let links = "SELECT ppid AS value FROM links WHERE ended_at IS NULL";
    assert_eq!(site.query::<String>(links, &[]).await, [TAROS.ppid]);
}

#[tokio::test]
async fn whoever_signed_in_to_look_erases_but_for_what_the_cards_holder_needs() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.start_by_sign_in(&site, "state", TARO).await;
    let page = browser.follow(&page, "to-erase").await;
    assert!(page.is("erase").shows("stays for 48 hours"));
    browser.press(&page, "erase").await.is("erased");
    let links = "SELECT ended_because AS value FROM links";
    assert_eq!(site.query::<String>(links, &[]).await, ["erased"]);
    // Whoever taps the card for it leaves nothing.
    let page = browser.tap(&site, "unlink", &TAROS).await;
    let page = browser.follow(&page, "to-erase").await;
    assert!(!page.shows("stays for"));
    browser.press(&page, "erase").await.is("erased");
    assert!(site.query::<String>(links, &[]).await.is_empty());
}

#[tokio::test]
async fn an_unlink_is_not_taken_for_an_erasure() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    let erase = browser.follow(&page, "to-erase").await;
    browser.press(&page, "unlink").await.is("unlinked");
    browser.press(&erase, "erase").await.is("unlinked");
    browser.get(&erase.url).await.is("unlinked");
}

#[tokio::test]
async fn nothing_is_erased_while_the_account_is_on_hold() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    site.freeze(TARO, "linked").await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    let page = browser.follow(&page, "to-erase").await;
    browser.press(&page, "erase").await.is("erase-frozen");
    let links = "SELECT ppid AS value FROM links";
    assert_eq!(site.query::<String>(links, &[]).await, [TAROS.ppid]);
}

#[tokio::test]
async fn a_person_erases_their_own_and_nobody_elses() {
    let site = Site::start().await;
    let site = site
        .with_link(&TAROS, TARO)
        .await
        .with_link(&HANAKOS, HANAKO)
        .await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &HANAKOS).await;
    let page = browser.follow(&page, "to-erase").await;
    browser.press(&page, "erase").await.is("erased");
    let links = "SELECT ppid AS value FROM links";
    assert_eq!(site.query::<String>(links, &[]).await, [TAROS.ppid]);
    let contacts = "SELECT DISTINCT account AS value FROM contacts";
    assert_eq!(site.query::<String>(contacts, &[]).await, [TARO]);
}
