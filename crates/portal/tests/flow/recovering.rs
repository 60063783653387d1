//! Recovering an account: a password or a temporary access pass, shown once.

use crate::harness::*;

#[tokio::test]
async fn a_password_is_made_shown_once_and_works() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    assert!(page.shows(TAROS.name) && page.shows(TARO));
    let page = browser.follow(&page, "remedy-password").await;
    let page = browser.press(page.is("password"), "random").await;
    let secret = page.is("secret-password").inside("secret").unwrap();
    assert_eq!(secret.len(), 16);
    assert!(site.opens(TARO, &secret).await);
    browser.press(&page, "saved").await.is("saved");
    assert_eq!(site.operations().await, ["password done"]);
}

#[tokio::test]
async fn a_password_of_ones_own_is_set_and_not_repeated() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    let page = browser.follow(&page, "remedy-password").await;
    let typed = [("password", "Kazasu-1-Mihon"), ("again", "Kazasu-1-Mihon")];
    let page = browser.fill(&page, "own", &typed).await;
    assert!(page.is("secret-password").says("secret.chosen"));
    assert!(!page.html.contains("Kazasu-1-Mihon"));
    assert!(site.opens(TARO, "Kazasu-1-Mihon").await);
}

#[tokio::test]
async fn a_temporary_access_pass_is_shown_once_with_its_lifetime_and_works_until_then() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    let page = browser.follow(&page, "remedy-access-pass").await;
    let page = browser.press(page.is("access-pass"), "access-pass").await;
    assert!(page.is("secret-access-pass").says("secret.until"));
    let pass = page.inside("secret").unwrap();
    site.pass(HOUR - 1);
    assert!(site.opens(TARO, &pass).await);
    site.pass(1);
    assert!(!site.opens(TARO, &pass).await);
}

#[tokio::test]
async fn each_rule_that_a_password_breaks_is_said_and_the_form_stays() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    let form = browser.follow(&page, "remedy-password").await;
    let long = format!("Ab-1{}", "x".repeat(61));
    let breaches = [
        ("Short-1", "breach-short"),
        (&*long, "breach-long"),
        ("kazasu-1-mihon", "breach-upper"),
        ("KAZASU-1-MIHON", "breach-lower"),
        ("Kazasu-x-Mihon", "breach-digit"),
        ("Kazasu111Mihon", "breach-symbol"),
        ("Kazasu-1 Mihon", "breach-forbidden"),
        ("Kazasu-1\"Mihon", "breach-forbidden"),
        ("Kazasu-1.Mihon", "breach-forbidden"),
        ("Kazasu-1\\Mihon", "breach-forbidden"),
        ("Kazasu-1-見本", "breach-forbidden"),
        ("Kazasu-1-Mihon\u{0}", "breach-forbidden"),
    ];
    for (typed, breach) in breaches {
        let fields = [("password", typed), ("again", typed)];
        let page = browser.fill(&form, "own", &fields).await;
        page.is("password").refuses("password_rule");
        assert!(page.has("problems") && page.has("own"), "{typed}");
        let says = match breach {
            // They begin with a number or a list.
            "breach-short" => page.shows("at least 12"),
            "breach-long" => page.shows("at most 64"),
            other => page.says(other),
        };
        assert!(says, "{typed}: {breach} {page:?}");
        // What was typed is not sent back.
        assert!(!page.html.contains(typed), "{typed}");
    }
    let differ = [("password", "Kazasu-1-Mihon"), ("again", "Kazasu-1-mihon")];
    let page = browser.fill(&form, "own", &differ).await;
    assert!(page.says("password-differs"));
    assert_eq!(site.operations().await, Vec::<String>::new());
    // And then it works.
    let page = browser.press(&page, "random").await;
    page.is("secret-password");
}

#[tokio::test]
async fn nobody_chooses_a_password_where_the_institution_does_not_want_it() {
    let site = Site::start_with("[recovery]\nown_password = false").await;
    let site = site.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    let page = browser.follow(&page, "remedy-password").await;
    assert!(!page.has("own"));
    let mine = "Kazasu-1-Mihon";
    let fields = [("choice", "own"), ("password", mine), ("again", mine)];
    let page = browser.fill(&page, "random", &fields).await;
    let secret = page.is("secret-password").inside("secret").unwrap();
    assert!(site.opens(TARO, &secret).await && !site.opens(TARO, mine).await);
}

#[tokio::test]
async fn one_tap_gives_one_password_and_one_access_pass() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    let password = browser.follow(&page, "remedy-password").await;
    let pass = browser.follow(&page, "remedy-access-pass").await;
    browser
        .press(&password, "random")
        .await
        .is("secret-password");
    browser
        .press(&pass, "access-pass")
        .await
        .is("secret-access-pass");
    let options = browser.get(&page.url).await;
    assert!(options.says("obstacle-issued"));
    for path in ["password", "access-pass"] {
        assert!(!options.html.contains(&format!("/{path}\"")), "{path}");
    }
    assert_eq!(
        site.operations().await,
        ["access_pass done", "password done"]
    );
}

#[tokio::test]
async fn a_new_password_takes_an_earlier_access_pass_with_it() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let (mut browser, page) = site.recovering(&TAROS).await;
    let pass = browser.new_access_pass(&page).await;
    assert!(site.opens(TARO, &pass).await);
    browser.new_password(&page).await;
    assert!(!site.opens(TARO, &pass).await);
}

#[tokio::test]
async fn whoever_is_not_linked_recovers_nothing_and_is_told_why() {
    let site = Site::start().await.with_link(&TAROS, TARO).await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "recover", &HANAKOS).await;
    assert!(page.is("recover-none").says("obstacle-not_linked"));
    assert!(!page.shows(TARO));
    for remedy in ["password", "access-pass"] {
        let path = format!("{}/{remedy}", path_of(&page.url));
        let token = page.field("end", "token");
        browser.get(&path).await.is("recover-none");
        browser
            .post(&path, &[("token", &token)])
            .await
            .is("recover-none");
    }
    assert_eq!(site.operations().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_revoked_a_locked_and_a_vanished_account_are_not_recovered_and_the_person_is_told_why() {
    let site = Site::start().await;
    let site = site.with_link(&TAROS, TARO).await;
    let site = site.with_link(&HANAKOS, HANAKO).await;
    let site = site.with_link(&JIROS, JIRO).await;
    let from_now = PEOPLE.replace(
        r#""language": "ja"}"#,
        r#""language": "ja", "revoked_at": "2026-11-01T00:00:00+09:00"}"#,
    );
    site.import(&from_now).await;
    site.lock(HANAKO).await;
    site.remove_account(JIRO).await;
    let expected = [
        (TAROS, "obstacle-revoked"),
        (HANAKOS, "obstacle-locked"),
        (JIROS, "obstacle-gone"),
    ];
    for (card, obstacle) in expected {
        let mut browser = site.browser();
        let page = browser.tap(&site, "recover", &card).await;
        assert!(page.says(obstacle), "{obstacle}");
        let path = format!("{}/password", path_of(&page.url));
        let token = page.field("end", "token");
        browser
            .post(&path, &[("token", &token)])
            .await
            .is("recover-none");
        let state = site.browser().tap(&site, "state", &card).await;
        assert!(state.is("state-linked").says(obstacle));
    }
    assert_eq!(site.operations().await, Vec::<String>::new());
}

#[tokio::test]
async fn staff_who_became_students_are_sent_to_the_student_account() {
    let site = Site::start().await;
    let staff_only = PEOPLE.replace(r#", "student_account": "0123456789""#, "");
    site.import(&staff_only).await;
    let site = site.with_link(&TAROS, TARO_AT_WORK).await;
    site.import(PEOPLE).await;
    let page = site.browser().tap(&site, "recover", &TAROS).await;
    assert!(page.says("obstacle-use_student_account") && page.shows(TARO));
    assert!(!page.html.contains("/password\""));
}

#[tokio::test]
async fn an_account_is_recovered_so_many_times_a_day_and_then_no_more() {
    let site = Site::start_with("[recovery]\nper_day = 2").await;
    let site = site.with_link(&TAROS, TARO).await;
    let (mut third, options) = site.recovering(&TAROS).await;
    let form = third.follow(&options, "remedy-password").await;
    let (mut first, page) = site.recovering(&TAROS).await;
    first.new_password(&page).await;
    let (mut second, page) = site.recovering(&TAROS).await;
    second.new_access_pass(&page).await;
    // The page was made before.
    let page = third.press(&form, "random").await;
    page.is("recover-none");
    assert!(page.says("obstacle-too_often"), "{page:?}");
    site.pass(DAY + 1);
    let (mut browser, page) = site.recovering(&TAROS).await;
    browser.new_password(&page).await;
}

#[tokio::test]
async fn of_several_who_ask_at_once_no_more_get_something_than_a_day_allows() {
    let site = Site::start_with("[recovery]\nper_day = 1").await;
    let site = site.with_link(&TAROS, TARO).await;
    let mut forms = Vec::new();
    for _ in 0..3 {
        let (mut browser, page) = site.recovering(&TAROS).await;
        let form = browser.follow(&page, "remedy-password").await;
        forms.push((browser, form));
    }
    let pressing = forms.into_iter().map(|(mut browser, form)| {
        tokio::spawn(async move { browser.press(&form, "random").await })
    });
    let mut secrets = 0;
    for pressed in pressing.collect::<Vec<_>>() {
        let page = pressed.await.unwrap();
        secrets += usize::from(page.has("secret"));
    }
    assert_eq!(secrets, 1);
    assert_eq!(site.operations().await, ["password done"]);
}
