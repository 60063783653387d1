//! Several nodes at one database, and one that is started again.

use crate::harness::*;

#[tokio::test]
async fn each_step_may_be_another_nodes() {
    let site = Site::start().await;
    let node = site.another().await;
    let mut one = site.browser();
    let request = one.begin(&site, "link").await;
    let mut other = one.at(&node);
    let page = other.get(&site.answer_tap(&request, &TAROS)).await;
    let mut one = other.at(&site);
    let request = one.leave_to_sign_in(page.is("link-sign-in")).await;
    let mut other = one.at(&node);
    let answer = site.sign_in.answer(&request, site.sign_in_to(TARO));
    let page = other.get(&answer).await;
    let mut one = other.at(&site);
    let linked = one.press(page.is("link-confirm"), "link").await;
    linked.is("linked");
    site.pass(DAY);
    let (browser, options) = site.recovering(&TAROS).await;
    let mut other = browser.at(&node);
    let form = other.follow(&options, "remedy-password").await;
    let page = other.at(&site).press(&form, "random").await;
    page.is("secret-password");
    // The other node knows that it was issued, and does not know what.
    let late = other.press(&form, "random").await;
    late.is("not-issued-asked_before");
}

#[tokio::test]
async fn a_restart_in_the_middle_costs_nobody_anything() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "link", &TAROS).await;
    let request = browser.leave_to_sign_in(page.is("link-sign-in")).await;
    let site = site.restart_with(|text| text).await;
    let mut browser = browser.at(&site);
    let answer = site.sign_in.answer(&request, site.sign_in_to(TARO));
    let page = browser.get(&answer).await;
    assert!(page.is("link-confirm").shows(TAROS.name));
    browser.press(&page, "link").await.is("linked");
}
