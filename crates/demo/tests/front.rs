//! The front of the browser demo: counters and mailbox.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_demo::browser::{Browser, Page};
use kazasu_demo::cards::{Cards, TriesLeft};
use kazasu_demo::cast::people;
use kazasu_demo::front::{self, FrontSetup};
use kazasu_demo::site::{Place, Served};
use reqwest::StatusCode;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

struct Front {
    origin: Url,
    mails: PathBuf,
    cards: Arc<Cards>,
    _served: Served,
    _folder: tempfile::TempDir,
}

impl Front {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mails = folder.path().to_owned();
        let people = vec![people().unwrap().remove(0)];
        let cards = Cards::start(vec![people[0].card.clone()], None).await;
        let cards = Arc::new(cards.unwrap());
        let place = Place::take("demo", 0).await.unwrap();
        let origin = Url::parse(place.origin()).unwrap();
        let router = front::router(FrontSetup {
            origin: place.origin().to_owned(),
            portal: "http://portal.localhost".to_owned(),
            phone: "http://phone.localhost".to_owned(),
            sign_in: "http://sign-in.localhost".to_owned(),
            people,
            cards: cards.clone(),
            mails: mails.clone(),
            unfreeze: once(),
        });
        Self {
            origin,
            mails,
            cards,
            _served: place.serve(router),
            _folder: folder,
        }
    }

    async fn page(&self, path: &str) -> Page {
        let url = self.origin.join(path).unwrap();
        Browser::new().go(&url).await.unwrap()
    }

    async fn press(&self, path: &str) -> Page {
        let page = self.page("/desk").await;
        let visit = Browser::new().submit(&page, path, &[]).await.unwrap();
        visit.page().unwrap()
    }
}

/// An account that is frozen once.
fn once() -> front::Unfreeze {
    let frozen = Arc::new(std::sync::atomic::AtomicBool::new(true));
    Box::new(move |_| {
        let was = frozen.swap(false, std::sync::atomic::Ordering::SeqCst);
        Box::pin(async move {
            anyhow::ensure!(was, "it is not frozen");
            Ok(())
        })
    })
}

#[tokio::test]
async fn the_counter_does_to_a_card_what_it_says_or_says_that_it_cannot() {
    let front = Front::start().await;
    for (order, status, reason) in [
        ("release", StatusCode::CONFLICT, "order-refused"),
        ("hold", StatusCode::OK, "order-hold"),
        ("release", StatusCode::OK, "order-release"),
        ("renew", StatusCode::OK, "order-renew"),
        ("revoke", StatusCode::OK, "order-revoke"),
        ("renew", StatusCode::CONFLICT, "order-refused"),
        ("reissue", StatusCode::OK, "order-reissue"),
        ("renew", StatusCode::OK, "order-renew"),
        ("unblock", StatusCode::OK, "order-unblock"),
    ] {
        let page = front.press(&format!("/desk/cards/taro/{order}")).await;
        assert_eq!(page.status, status, "{order}");
        assert_eq!(page.reason().unwrap(), reason);
    }
    for unknown in ["/desk/cards/taro/eat", "/desk/cards/nobody/renew"] {
        assert_eq!(front.press(unknown).await.status, StatusCode::NOT_FOUND);
    }
    let left = TriesLeft { auth: 3, name: 3 };
    assert_eq!(front.cards.tries_left("taro").unwrap(), left);
}

#[tokio::test]
async fn a_frozen_account_is_opened_once() {
    let front = Front::start().await;
    for reason in ["opened", "not-opened"] {
        let page = front.press("/desk/accounts/1000000001/open").await;
        assert_eq!(page.reason().unwrap(), reason);
    }
    let unknown = front.press("/desk/accounts/1234/open").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

/// A mail in two parts, as the portal writes them.
fn mail(subject: &str, minute: u32, text: &str) -> String {
    format!(
        "From: noreply@univ.example\r\nTo: taro@mail.example\r\nSubject: {subject}\r\n\
         Date: Sun, 22 Nov 2026 09:{minute:02}:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         {}\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>HTML</p>\r\n--b--\r\n",
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text)
    )
}

#[tokio::test]
async fn mails_are_shown_the_latest_first_with_links_to_this_machine_only() {
    let front = Front::start().await;
    assert!(
        front
            .page("/mail")
            .await
            .html
            .contains("メールはありません")
    );
    let text = "心当たりがないときは\nhttp://portal.localhost:7401/notice/abc\n\
                https://elsewhere.example/\njavascript:alert(1) <b>";
    let later = mail("=?utf-8?b?5b6M?=", 2, text);
    std::fs::write(front.mails.join("later.eml"), later).unwrap();
    std::fs::write(front.mails.join("earlier.eml"), mail("first", 1, "x")).unwrap();
    std::fs::write(front.mails.join("broken.eml"), [0xFF; 9]).unwrap();
    std::fs::write(front.mails.join("note.txt"), "no mail").unwrap();
    let list = front.page("/mail").await.html;
    let at = |what: &str| list.find(what).unwrap();
    assert!(at("後") < at("first"));
    assert!(!list.contains("note.txt"));

    let shown = front.page("/mail/later.eml").await.html;
    assert!(shown.contains("心当たりがないときは"));
    assert!(shown.contains("<a href=\"http://portal.localhost:7401/notice/abc\">"));
    for text in [
        "href=\"https://elsewhere",
        "href=\"javascript",
        "<b>",
        "HTML",
    ] {
        assert!(!shown.contains(text), "{text}");
    }
    for path in ["/mail/none.eml", "/mail/note.txt", "/mail/..%2Flater.eml"] {
        assert_eq!(
            front.page(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}
