//! Clocks that jump.

use crate::harness::*;

#[tokio::test]
async fn a_clock_that_jumps_ahead_ends_procedures_and_nothing_else() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let form = browser.follow(&options, "remedy-password").await;
    site.pass(365 * DAY);
    browser
        .press(&form, "random")
        .await
        .refuses("procedure_over");
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_tap_last_longer() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let mut unlinking = site.browser();
    let unlink = unlinking.tap(&site, "unlink", &TAROS).await;
    site.pass(-HOUR);
    browser.get(&options.url).await.refuses("evidence_old");
    unlinking
        .press(&unlink, "unlink")
        .await
        .refuses("evidence_old");
    // A new tap is all it takes, where the link is old enough for the earlier time.
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-maturing"));
    site.pass(HOUR);
    browser.get(&options.url).await.is("recover-options");
}

#[tokio::test]
async fn a_clock_that_is_a_little_off_is_forgiven() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    site.pass(DAY);
    let (mut browser, options) = site.recovering(&TAROS).await;
    site.pass(-30);
    browser.new_password(&options).await;
}

#[tokio::test]
async fn a_day_that_is_lived_twice_gives_no_more_recoveries() {
    let site = Site::start_with("[recovery]\nper_day = 1").await;
    let site = site.with_link(&TAROS, TARO).await;
    site.pass(2 * DAY);
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
    site.pass(-DAY);
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-too_often"));
}

#[tokio::test]
async fn an_operation_in_the_future_is_finished_when_its_time_comes() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, options) = site.recovering(&TAROS).await;
    let form = browser.follow(&options, "remedy-password").await;
    site.take_away("directory_operations").await;
    browser
        .press(&form, "random")
        .await
        .is("not-issued-uncertain");
    site.bring_back("directory_operations").await;
    site.pass(-HOUR);
    site.pass(2 * HOUR);
    site.until("settled", async || {
        site.operations().await == ["password not_done"]
    })
    .await;
}
