//! `kazasu-demo --web`, as somebody at a terminal starts it, and one procedure in a browser.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_demo::browser::{Browser, Page, client};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use url::Url;

const START_LIMIT: Duration = Duration::from_secs(180);
const MAIL_LIMIT: Duration = Duration::from_secs(60);

/// The running demo, and the addresses that it printed.
struct Demo {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    addresses: BTreeMap<String, Url>,
}

impl Demo {
    async fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kazasu-demo"))
            .arg("--web")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut addresses = BTreeMap::new();
        while !addresses.contains_key("counters") {
            let line = tokio::time::timeout(START_LIMIT, lines.next_line()).await;
            let line = line.unwrap().unwrap().expect("it names its addresses");
            if let Some((name, url)) = line.trim().split_once(' ')
                && let Ok(url) = Url::parse(url.trim())
            {
                addresses.insert(name.to_owned(), url);
            }
        }
        Self {
            child,
            lines,
            addresses,
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.child.id() {
            let _ = kill(Pid::from_raw(id.cast_signed()), signal);
        }
    }

    fn at(&self, name: &str, path: &str) -> Url {
        self.addresses[name].join(path).unwrap()
    }

    /// Ends it as Ctrl-C or a closed terminal does; returns whether it ended well.
    async fn end(mut self, signal: Signal) -> bool {
        self.signal(signal);
        let ended = self.child.wait().await.unwrap();
        while self.lines.next_line().await.unwrap().is_some() {}
        ended.success()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Killed, it could not end what it started.
        self.signal(Signal::SIGTERM);
    }
}

/// Waits until the phone's page is another one.
async fn news(browser: &mut Browser, page: Page) -> Page {
    let (_, seen) = page.html.split_once("/events?seen=").unwrap();
    let seen = seen.split('"').next().unwrap();
    let events = format!("{}/events?seen={seen}", page.url.path());
    let events = client().unwrap().get(page.url.join(&events).unwrap());
    // The stream ends with the news.
    events.send().await.unwrap().bytes().await.unwrap();
    browser.go(&page.url).await.unwrap()
}

/// A tap with taro's card, from the page with the ticket to the page that it leads to.
async fn tap(browser: &mut Browser, page: Page) -> Page {
    let ticket = page.attribute("ticket", "href").unwrap();
    let page = browser.go(&ticket.parse().unwrap()).await.unwrap();
    let mut page = browser
        .press(&page, "cards", &[("card", "taro")])
        .await
        .unwrap();
    for (form, typed) in [
        ("allow", None),
        ("pin", Some(("pin", "1234"))),
        ("same", None),
        ("hold", None),
    ] {
        page = browser.press(&page, form, typed.as_slice()).await.unwrap();
    }
    while page.attribute("return", "href").is_none() {
        page = news(browser, page).await;
    }
    let back = page.attribute("return", "href").unwrap();
    browser.go(&back.parse().unwrap()).await.unwrap()
}

async fn begin(browser: &mut Browser, demo: &Demo, procedure: &str) -> Page {
    let page = browser.go(&demo.at("portal", procedure)).await.unwrap();
    let page = browser.press(&page, "begin-tap", &[]).await.unwrap();
    let page = browser.press(&page, "start-same-phone", &[]).await.unwrap();
    tap(browser, page).await
}

#[tokio::test]
async fn a_visitor_links_a_card_and_everything_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().to_str().unwrap();
    let demo = Demo::start(&["--keep", kept]).await;
    let mut browser = Browser::new();
    let start = browser.go(&demo.addresses["start"]).await.unwrap();
    for (door, address) in [
        ("portal", &demo.addresses["portal"]),
        ("phone", &demo.addresses["phone"]),
    ] {
        let href = start.attribute(door, "href").unwrap();
        assert_eq!(Url::parse(&href).unwrap(), *address);
    }
    let people = browser.go(&demo.addresses["people"]).await.unwrap();
    assert!(people.html.contains("Mihon-Taro-2026"));

    let page = begin(&mut browser, &demo, "link").await;
    let page = browser.press(&page, "sign-in", &[]).await.unwrap();
    let typed = [("account", "1000000001"), ("secret", "Mihon-Taro-2026")];
    let page = browser.press(&page, "account-form", &typed).await.unwrap();
    let page = browser.press(&page, "approve", &[]).await.unwrap();
    let page = browser.press(&page, "link", &[]).await.unwrap();
    assert!(page.html.contains("1000000001"), "{}", page.html);
    // Mails leave a moment later.
    let told = async {
        let mailbox = &demo.addresses["mailbox"];
        while !browser
            .go(mailbox)
            .await
            .unwrap()
            .html
            .contains("taro@mail.example")
        {}
    };
    let told = tokio::time::timeout(MAIL_LIMIT, told).await;
    told.expect("the account's contacts are told");

    let addresses: Vec<_> = demo.addresses.values().cloned().collect();
    assert!(demo.end(Signal::SIGINT).await);
    nobody_answers(&addresses).await;

    // The same people go on: the link is kept, and nobody's past happens twice.
    let demo = Demo::start(&["--keep", kept]).await;
    let page = begin(&mut Browser::new(), &demo, "state").await;
    assert!(page.html.contains("1000000001"), "{}", page.html);
    let addresses: Vec<_> = demo.addresses.values().cloned().collect();
    assert!(demo.end(Signal::SIGHUP).await);
    nobody_answers(&addresses).await;
}

async fn nobody_answers(addresses: &[Url]) {
    for address in addresses {
        let answer = client().unwrap().get(address.clone()).send().await;
        assert!(answer.is_err(), "{address} still answers");
    }
}
