//! Who is told what happened.

use crate::harness::*;

#[tokio::test]
async fn everybody_who_is_or_was_lately_a_contact_is_told_and_nobody_else() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    assert_eq!(
        site.told(TARO, "linked").await,
        ["0123456789@mihon.example", "taro@mail.example"]
    );
    // A thief changes the address first.
    let changed = PEOPLE.replace("taro@mail.example", "thief@mail.example");
    site.import(&changed).await;
    site.pass(29 * DAY);
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
    let all = [
        "0123456789@mihon.example",
        "taro@mail.example",
        "thief@mail.example",
    ];
    assert_eq!(site.told(TARO, "password").await, all);
    site.pass(2 * DAY);
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_access_pass(&page).await;
    let now = ["0123456789@mihon.example", "thief@mail.example"];
    assert_eq!(site.told(TARO, "access_pass").await, now);
}

#[tokio::test]
async fn each_thing_that_happens_is_told_once() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
    browser.new_access_pass(&page).await;
    site.pass(DAY);
    site.browser().link(&site, &TAROS_NEW, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    browser.press(&page, "veto").await.is("vetoed");
    let mut browser = site.browser();
    let page = browser.tap(&site, "unlink", &TAROS).await;
    browser.press(&page, "unlink").await.is("unlinked");
    for kind in [
        "linked",
        "password",
        "access_pass",
        "replaced",
        "vetoed",
        "unlinked",
    ] {
        assert_eq!(site.notices(kind).await, 1, "{kind}");
        assert_eq!(site.told(TARO, kind).await.len(), 2, "{kind}");
    }
}

#[tokio::test]
async fn a_look_tells_nobody() {
    let site = Site::start().await;
    site.browser().tap(&site, "state", &TAROS).await;
    site.browser().start_by_sign_in(&site, "state", TARO).await;
    site.browser().almost_link(&site, &TAROS, TARO).await;
    let mails = "SELECT id AS value FROM mails";
    assert!(site.query::<String>(mails, &[]).await.is_empty());
}

#[tokio::test]
async fn what_is_audited_and_told_names_nobody() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    let password = browser.new_password(&page).await;
    site.freeze(TARO, "password").await;
    let audited = "SELECT details AS value FROM audit_events";
    let said = "SELECT details AS value FROM mails";
    for text in [audited, said] {
        let lines = site.query::<String>(text, &[]).await;
        assert!(lines.len() > 2);
        for secret in [TARO, TAROS.ppid, TAROS.name, &password, "mail.example"] {
            assert!(!lines.iter().any(|line| line.contains(secret)), "{secret}");
        }
    }
}
