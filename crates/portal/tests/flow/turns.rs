//! Who decides about an account on PostgreSQL, where two transactions do not see each other.

use crate::harness::*;
use kazasu_demo::postgres::Postgres;
use kazasu_portal::account::AccountId;
use kazasu_portal::lift_freeze;
use kazasu_service::values;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;

/// Somebody who decides about taro's account, and takes long.
struct Turn {
    end: Sender<()>,
    held: JoinHandle<()>,
}

impl Turn {
    async fn take(site: &Site) -> Self {
        let (end, ended) = channel();
        let store = site.store.clone();
        let held = tokio::spawn(async move {
            let held = store.write(move |c| {
                c.query(
                    "SELECT pg_advisory_xact_lock(
                       hashtextextended('account ' || CAST(?1 AS TEXT), 0))",
                    values![TARO],
                    |_| Ok(()),
                )?;
                // A dropped sender ends it too.
                let _ = ended.recv();
                Ok(())
            });
            held.await.unwrap();
        });
        site.until("held", async || locks(site, true).await == 1)
            .await;
        Self { end, held }
    }

    /// Ends it once somebody waits for it.
    async fn end(self, site: &Site) {
        site.until("waiting", async || locks(site, false).await == 1)
            .await;
        self.end.send(()).unwrap();
        self.held.await.unwrap();
    }
}

async fn locks(site: &Site, granted: bool) -> i64 {
    let locks = "SELECT count(*) AS value FROM pg_locks
      WHERE locktype = 'advisory' AND granted = (?1 <> 0)
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let found = site.query::<i64>(locks, values![i64::from(granted)]).await;
    found[0]
}

/// Presses a button while it is somebody else's turn; returns the page that it leads to.
async fn press_out_of_turn(
    site: &Site,
    mut browser: Browser,
    page: Page,
    id: &'static str,
) -> Page {
    let turn = Turn::take(site).await;
    let pressing = tokio::spawn(async move { browser.press(&page, id).await });
    turn.end(site).await;
    pressing.await.unwrap()
}

#[tokio::test]
async fn whoever_decides_about_an_account_waits_for_whoever_is_at_it() {
    let server = Postgres::shared().await.unwrap();
    let database = server.database("turns").await.unwrap();
    let site = Site::start_at(&database, "").await;

    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, TARO).await;
    let page = press_out_of_turn(&site, browser, page, "link").await;
    page.is("linked");
    site.pass(DAY);

    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS_NEW, TARO).await;
    browser.press(&page, "link").await.is("linked");
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    let page = press_out_of_turn(&site, browser, page, "veto").await;
    page.is("vetoed");

    let (mut browser, page) = site.recovering(&TAROS).await;
    let page = browser.follow(&page, "remedy-password").await;
    let page = press_out_of_turn(&site, browser, page, "random").await;
    page.is("secret-password");

    let mut browser = site.browser();
    let page = browser.get(&site.notice(TARO, "password").await).await;
    let page = press_out_of_turn(&site, browser, page, "freeze").await;
    page.is("frozen");

    let turn = Turn::take(&site).await;
    let (store, now) = (Arc::clone(&site.store), site.now());
    let account = AccountId::parse(TARO, None).unwrap();
    let lifting = tokio::spawn(async move { lift_freeze(&store, account, now).await });
    turn.end(&site).await;
    assert!(lifting.await.unwrap().unwrap());

    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    let page = browser.follow(&page, "to-erase").await;
    let page = press_out_of_turn(&site, browser, page, "erase").await;
    page.is("erased");
}

#[tokio::test]
async fn a_node_that_stands_still_in_its_turn_loses_it() {
    let server = Postgres::shared().await.unwrap();
    let database = server.database("standing").await.unwrap();
    let site = Site::start_at(&database, "").await;
    let mut browser = site.browser();
    let page = browser.almost_link(&site, &TAROS, TARO).await;
    let turn = Turn::take(&site).await;
    site.until("lost", async || locks(&site, true).await == 0)
        .await;
    browser.press(&page, "link").await.is("linked");
    turn.end.send(()).unwrap();
    assert!(turn.held.await.is_err(), "what it decided is not kept");
}
