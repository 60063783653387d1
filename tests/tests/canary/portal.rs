//! A person goes through every procedure of the portal, with every secret unmistakable, and things
//! go wrong on the way.

use crate::haystack::{decoded, search};
use crate::needles::Place;
use crate::objecting::{about_passwords, object};
use crate::scene::after;
use crate::secrets::{GUESSED, OWN_PASSWORD, Planted, REFUSED_PASSWORD, secret};
use crate::university::{ACCOUNT, Directory, FIRST_PASSWORD, MAILBOXES, University};
use kazasu_demo::browser::{Browser, Page};
use kazasu_demo::smtp::Behaviour;
use kazasu_tests::not_run;
use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::path::Path;

/// Links, and finds out the PPID.
async fn link(university: &University, planted: &mut Planted, password: &str) -> Page {
    let mut browser = Browser::new();
    let page = university.begin(&mut browser, "link").await;
    let page = university
        .sign_in(&mut browser, &page, "sign-in", password)
        .await;
    let page = browser.press(&page, "link", &[]).await.unwrap();
    for row in university.rows().of("links") {
        let (_, rest) = row.split_once("ppid=").unwrap();
        let ppid = rest.split(' ').next().unwrap();
        planted.ppids.insert(ppid.to_owned());
    }
    assert!(page.html.contains(ACCOUNT), "{}", page.html);
    page
}

/// Taps to recover and presses what `form` says.
async fn recover(university: &University, remedy: &str, form: (&str, &[(&str, &str)])) -> Page {
    let mut browser = Browser::new();
    let page = university.begin(&mut browser, "recover").await;
    let link = page.attribute(&format!("remedy-{remedy}"), "href").unwrap();
    let page = university.open(&mut browser, &link).await;
    let (id, typed) = form;
    let page = browser.press(&page, id, typed).await.unwrap();
    if page.html.contains("id=\"saved\"") {
        browser.press(&page, "saved", &[]).await.unwrap();
    }
    page
}

async fn all_mails_are_sent(university: &University) {
    let waits = |row: &String| row.contains(" state=waiting ");
    university
        .until(|rows| !rows.of("mails").iter().any(waits))
        .await;
}

/// The tokens in the mails that are there.
fn notices(university: &University) -> Vec<String> {
    let mails: Vec<Vec<u8>> = match &university.directory {
        Directory::Builtin => {
            let mails = std::fs::read_dir(university.portal.folder().join("mails")).unwrap();
            let read = |mail: std::io::Result<DirEntry>| std::fs::read(mail.unwrap().path());
            mails.map(|mail| decoded(&read(mail).unwrap())).collect()
        }
        Directory::Ldap { smtp, .. } => {
            let mails = smtp.received().unwrap();
            mails
                .into_iter()
                .map(|mail| mail.text.into_bytes())
                .collect()
        }
    };
    let tokens = mails.iter().flat_map(|mail| after(mail, "/notice/"));
    tokens.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Things that go wrong, so that errors are logged.
async fn mishaps(university: &University) {
    // A code that nobody issued.
    let mut browser = Browser::new();
    let mut answer = university.tapped(&mut browser, "state").await;
    let pairs: Vec<_> = answer.query_pairs().into_owned().collect();
    let guessed = |(name, value): (String, String)| match &*name {
        "code" => (name, GUESSED.to_owned()),
        _ => (name, value),
    };
    let pairs = pairs.into_iter().map(guessed);
    let pairs: Vec<_> = pairs.collect();
    answer.query_pairs_mut().clear().extend_pairs(pairs);
    let page = browser.go(&answer).await.unwrap();
    assert_eq!(page.reason().as_deref(), Some("tap_failed"));
    // Addresses, forms and credentials with something secret where it does not belong.
    for path in ["notice", "p", "link", "callback/tap?code"] {
        let path = format!("/{path}/{GUESSED}?password={GUESSED}");
        university.open(&mut browser, &path).await;
        let page = university.open(&mut browser, "/link").await;
        let form = [("token", GUESSED), ("password", GUESSED)];
        browser.submit(&page, &path, &form).await.unwrap();
    }
    if matches!(university.directory, Directory::Builtin) {
        guess_at_the_second_port(university).await;
    }
    let form: (&str, &[_]) = (
        "own",
        &[("password", REFUSED_PASSWORD), ("again", REFUSED_PASSWORD)],
    );
    let page = recover(university, "password", form).await;
    assert!(page.html.contains("id=\"problems\""), "{}", page.html);
    if let Directory::Ldap { slapd, .. } = &university.directory {
        slapd.stop().await.unwrap();
        let mut browser = Browser::new();
        let page = university.begin(&mut browser, "recover").await;
        assert!(page.attribute("remedy-password", "href").is_none());
        slapd.start_again().await.unwrap();
    }
}

/// Wrong tokens, passwords and bodies, where a sign-in provider asks.
async fn guess_at_the_second_port(university: &University) {
    let portal = &university.portal;
    let token = std::fs::read_to_string(portal.folder().join("sign-in-token")).unwrap();
    for (token, body) in [
        (
            GUESSED,
            format!("{{\"account\":\"{ACCOUNT}\",\"secret\":\"{GUESSED}\"}}"),
        ),
        (
            token.trim(),
            format!("{{\"account\":\"{ACCOUNT}\",\"secret\":\"{GUESSED}\"}}"),
        ),
        (
            token.trim(),
            format!("{{\"secret\":\"{GUESSED}\",\"{ACCOUNT}\""),
        ),
    ] {
        let url = format!("http://{}/directory/sign-in", portal.admin);
        let asked = reqwest::Client::new().post(url).bearer_auth(token);
        let asked = asked.header("content-type", "application/json").body(body);
        let answer = asked.send().await.unwrap();
        assert!(answer.status().is_client_error(), "{}", answer.status());
    }
}

/// Everything is as old as if two years had gone by.
fn age(university: &University) {
    let database = university.portal.folder().join("portal.db");
    let database = rusqlite::Connection::open(database).unwrap();
    // As the portal does: what this moves shall leave nothing behind, either.
    let overwrite = "PRAGMA secure_delete = ON";
    database.query_row(overwrite, [], |_| Ok(())).unwrap();
    let later = 2 * 366 * 86_400;
    for (table, columns) in [
        ("sessions", &["expires_at"][..]),
        ("procedures", &["expires_at"]),
        ("links", &["ended_at"]),
        ("operations", &["recorded_at", "finished_at"]),
        ("contacts", &["seen_at", "gone_at"]),
        ("watched_accounts", &["looked_at"]),
        ("notices", &["at", "expires_at"]),
        ("mails", &["queued_at", "due_at", "ended_at"]),
    ] {
        for column in columns {
            let aged = format!("UPDATE {table} SET {column} = {column} - {later}");
            database.execute(&aged, []).unwrap();
        }
    }
}

struct Search {
    found: Vec<String>,
    kept: usize,
}

impl Search {
    fn database(&mut self, university: &University, planted: &Planted, midway: bool) {
        let needles = planted.needles(university, midway);
        let rows = university.rows().text();
        self.found
            .extend(needles.find(Place::Kept, rows.as_bytes()));
        let folder = university.portal.folder();
        self.kept += search(folder, Place::Kept, &needles, &mut self.found);
    }
}

async fn nothing_shows(mut university: University, pages: Option<&Path>) {
    let mut planted = Planted::default();
    let mut looking = Search {
        found: Vec::new(),
        kept: 0,
    };
    // Tapped and not signed in: now the name is in the database, sealed.
    let mut browser = Browser::new();
    let open = university.begin(&mut browser, "link").await;
    assert!(open.html.contains("金糸雀　鳴子"), "{}", open.html);
    looking.database(&university, &planted, true);

    link(&university, &mut planted, FIRST_PASSWORD).await;
    let state = university.open(&mut browser, "/state").await;
    let state = university
        .sign_in(&mut browser, &state, "begin-sign-in", FIRST_PASSWORD)
        .await;
    assert!(state.html.contains(MAILBOXES[1]), "{}", state.html);
    mishaps(&university).await;
    let random: (&str, &[_]) = ("random", &[]);
    let page = recover(&university, "password", random).await;
    planted.issued.push(secret(&page));
    if matches!(university.directory, Directory::Builtin) {
        let page = recover(&university, "access-pass", ("access-pass", &[])).await;
        planted.issued.push(secret(&page));
    }
    let own: (&str, &[_]) = (
        "own",
        &[("password", OWN_PASSWORD), ("again", OWN_PASSWORD)],
    );
    let page = recover(&university, "password", own).await;
    assert!(page.html.contains("id=\"saved\""), "{}", page.html);

    let mut browser = Browser::new();
    let page = university.begin(&mut browser, "unlink").await;
    let page = browser.press(&page, "unlink", &[]).await.unwrap();
    assert!(page.html.contains("id=\"done\""), "{}", page.html);
    link(&university, &mut planted, OWN_PASSWORD).await;
    let page = university.begin(&mut browser, "unlink").await;
    let erase = format!("{}/erase", page.url.path());
    let page = university.open(&mut browser, &erase).await;
    let page = browser.press(&page, "erase", &[]).await.unwrap();
    assert!(page.html.contains("id=\"done\""), "{}", page.html);
    link(&university, &mut planted, OWN_PASSWORD).await;
    all_mails_are_sent(&university).await;
    planted.notices = notices(&university);
    assert!(planted.notices.len() >= 6, "{:?}", planted.notices);
    if let Directory::Ldap { smtp, .. } = &university.directory {
        // As servers do, it names whom it does not want.
        let refusal = format!("550 5.7.1 <{}> and {ACCOUNT} are unwanted", MAILBOXES[1]);
        let only = Some(MAILBOXES[1]);
        smtp.behave(Behaviour::RefuseRecipient(only, &refusal))
            .unwrap();
    }
    let [first, second] = &about_passwords(&university, &planted.notices).await[..] else {
        panic!("two passwords were issued");
    };
    object(&university, first).await;
    all_mails_are_sent(&university).await;
    if let Directory::Ldap { smtp, .. } = &university.directory {
        let refusal = format!("421 4.7.0 <{}>: too many for {ACCOUNT}", MAILBOXES[1]);
        smtp.behave(Behaviour::RefuseRecipient(None, &refusal))
            .unwrap();
        object(&university, second).await;
        let log = university.portal.folder().join("portal.log");
        university
            .until(|_| {
                std::fs::read_to_string(&log)
                    .unwrap()
                    .contains("cannot be sent now")
            })
            .await;
    }

    let portal = &university.portal;
    let metrics = university.metrics().await;
    let backups = university.folder.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    let backup = backups.join("backup");
    portal
        .command(&["backup", backup.to_str().unwrap()])
        .await
        .unwrap();
    let audit = portal.command(&["audit", "export"]).await.unwrap();
    assert!(
        audit.contains("frozen") && audit.contains("issued"),
        "{audit}"
    );
    std::fs::write(portal.folder().join("audit.jsonl"), audit).unwrap();
    university.portal.stop().await.unwrap();

    let needles = planted.needles(&university, false);
    looking.database(&university, &planted, false);
    let Search { mut found, kept } = looking;
    let kept = kept + search(&backups, Place::Kept, &needles, &mut found);
    if let Some(files) = pages {
        search(files, Place::Pages, &needles, &mut found);
    }
    if let Directory::Ldap { smtp, .. } = &university.directory {
        let mails = std::fs::read(smtp.folder().join("received.jsonl")).unwrap();
        found.extend(needles.find(Place::Mailed, &mails));
    }
    let answers = university.browsers.answers();
    for answer in &answers {
        found.extend(needles.find(Place::Sent, answer));
    }
    let spans = university.collector.spans();
    found.extend(needles.find(Place::Told, &spans));
    found.extend(needles.find(Place::Told, metrics.as_bytes()));
    assert!(found.is_empty(), "{found:#?}");
    for issued in &planted.issued {
        let is_in = |answer: &&Vec<u8>| String::from_utf8_lossy(answer).contains(issued);
        assert_eq!(answers.iter().filter(is_in).count(), 1, "shown once");
    }

    // What was searched is really there.
    let log = std::fs::read_to_string(university.portal.folder().join("portal.log")).unwrap();
    assert!(
        log.contains("TRACE") || log.contains("DEBUG"),
        "no log: {log}"
    );
    assert!(kept > 50_000, "the databases are not there: {kept} bytes");
    let spans = String::from_utf8_lossy(&spans);
    assert!(spans.contains("POST /notice/{token}"), "no spans");
    assert!(metrics.contains("kazasu_"), "no metrics: {metrics}");

    if pages.is_none() {
        all_is_gone_in_time(&mut university, &planted).await;
    }
}

/// What an account, a link and a notice left goes when it had its time, from the disk, too.
async fn all_is_gone_in_time(university: &mut University, planted: &Planted) {
    if let Directory::Ldap { smtp, .. } = &university.directory {
        smtp.behave(Behaviour::Accept).unwrap();
    }
    age(university);
    university.portal.start().await.unwrap();
    let mut browser = Browser::new();
    let page = university.begin(&mut browser, "unlink").await;
    let page = browser.press(&page, "unlink", &[]).await.unwrap();
    assert!(page.html.contains("id=\"done\""), "{}", page.html);
    all_mails_are_sent(university).await;
    university.portal.stop().await.unwrap();
    age(university);
    university.portal.start().await.unwrap();
    let of_people = [
        "sessions",
        "procedures",
        "links",
        "operations",
        "contacts",
        "watched_accounts",
        "notices",
        "freezes",
        "mails",
    ];
    university
        .until(|rows| of_people.iter().all(|table| rows.of(table).is_empty()))
        .await;
    university.portal.stop().await.unwrap();
    let needles = planted.needles(university, false);
    let directory = [
        "directory_accounts",
        "directory_names",
        "directory_contacts",
    ];
    let rows = university
        .rows()
        .without(&directory)
        .without(&["directory_operations"]);
    let mut found = needles.find(Place::Left, rows.text().as_bytes());
    if matches!(university.directory, Directory::Ldap { .. }) {
        for file in ["portal.db", "portal.db-wal"] {
            let file = std::fs::read(university.portal.folder().join(file));
            found.extend(needles.find(Place::Left, &file.unwrap_or_default()));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

// On several threads, so that the parties go on while one searches.
#[tokio::test(flavor = "multi_thread")]
async fn the_portal_tells_and_keeps_nothing_it_should_not_with_its_own_directory() {
    let university = University::with_builtin("portal.db", "text").await;
    nothing_shows(university, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portal_tells_and_keeps_nothing_it_should_not_with_postgresql() {
    let server = kazasu_demo::postgres::Postgres::start().await.unwrap();
    let database = server.database("canary").await.unwrap();
    let university = University::with_builtin(&database, "json").await;
    nothing_shows(university, Some(&server.data())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portal_tells_and_keeps_nothing_it_should_not_with_ldap() {
    let test = "the_portal_tells_and_keeps_nothing_it_should_not_with_ldap";
    if let Some(why) = University::missing_for_ldap() {
        return not_run(test, why);
    }
    let university = University::with_ldap("portal.db", "text").await;
    nothing_shows(university, None).await;
}
