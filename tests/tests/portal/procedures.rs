//! That the procedures work among parties nobody here wrote.

use crate::world::{ACCOUNT, World, missing, press, secret};
use kazasu_demo::browser::Browser;
use kazasu_demo::slapd::FIRST_PASSWORD;
use kazasu_tests::not_run;
use url::Url;

#[tokio::test]
async fn a_linked_card_gives_a_forgotten_password_back() {
    let test = "a_linked_card_gives_a_forgotten_password_back";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let world = World::start().await;
    let mut browser = Browser::new();
    let linked = world.link(&mut browser).await;
    assert!(
        linked.html.contains(ACCOUNT) && linked.html.contains("見本　太郎"),
        "{}",
        linked.html
    );
    let told = world.mail("taro@mail.example", 0).await;
    assert!(
        told.text.contains("連携") && told.defects.is_empty(),
        "{told:?}"
    );

    // Another browser, for the person is locked out.
    let mut browser = Browser::new();
    let options = world.begin(&mut browser, "recover").await;
    let path = format!("{}/password", options.url.path());
    let form = world.open(&mut browser, &path).await;
    let shown = press(&mut browser, &form, "random", &[("choice", "random")]).await;
    let password = secret(&shown);
    assert!(world.slapd.accepts(ACCOUNT, &password).await.unwrap());
    assert!(!world.slapd.accepts(ACCOUNT, FIRST_PASSWORD).await.unwrap());

    // A second click gets what the first one got. Back, or later, it is not shown again.
    let again = press(&mut browser, &form, "random", &[("choice", "random")]).await;
    assert_eq!(secret(&again), password);
    let later = browser.open(&form.url).await.unwrap().page().unwrap();
    assert!(!later.html.contains(&password));
    assert!(world.slapd.accepts(ACCOUNT, &password).await.unwrap());

    let told = world.mail("taro@mail.example", 1).await;
    assert!(!told.raw.contains(&password));

    let metrics = world.portal.metrics().await.unwrap();
    for line in [
        "kazasu_procedures_total{kind=\"link\",step=\"started\"} 1",
        "kazasu_procedures_total{kind=\"link\",step=\"tapped\"} 1",
        "kazasu_procedures_total{kind=\"link\",step=\"signed_in\"} 1",
        "kazasu_procedures_total{kind=\"link\",step=\"done\"} 1",
        "kazasu_procedures_total{kind=\"recover\",step=\"tapped\"} 1",
        "kazasu_operations_total{kind=\"password\",outcome=\"done\"} 1",
    ] {
        assert!(
            metrics.lines().any(|l| l == line),
            "{line} not in\n{metrics}"
        );
    }

    // "This was not me": looking changes nothing, the button does.
    let objection = told
        .links
        .iter()
        .find(|link| link.contains("/notice/"))
        .unwrap();
    let mut stranger = Browser::new();
    let page = stranger
        .open(&Url::parse(objection).unwrap())
        .await
        .unwrap()
        .page()
        .unwrap();
    assert!(world.slapd.accepts(ACCOUNT, &password).await.unwrap());
    let action = page.attribute("freeze", "action").unwrap();
    stranger
        .submit(&page, &action, &[])
        .await
        .unwrap()
        .page()
        .unwrap();
    // The directory is told by whoever finishes operations; then the mail goes out.
    let mut accepted = true;
    for _ in 0..200 {
        accepted = world.slapd.accepts(ACCOUNT, &password).await.unwrap();
        if !accepted {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(!accepted, "the password still works");
    let mut browser = Browser::new();
    let options = world.begin(&mut browser, "recover").await;
    assert!(
        options.attribute("remedy-password", "href").is_none(),
        "{}",
        options.html
    );
}

#[tokio::test]
async fn a_sign_in_without_a_second_factor_links_nothing() {
    let test = "a_sign_in_without_a_second_factor_links_nothing";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let world = World::start().await;
    let mut browser = Browser::new();
    let tapped = world.begin(&mut browser, "link").await;
    let refused = world
        .sign_in(&mut browser, &tapped, "urn:example:password")
        .await;
    assert_eq!(refused.reason().as_deref(), Some("sign_in_weak"));
    // The way on works.
    let back = refused.attribute("back", "href").unwrap();
    let page = browser
        .open(&refused.url.join(&back).unwrap())
        .await
        .unwrap()
        .page()
        .unwrap();
    let proven = world.sign_in(&mut browser, &page, "urn:example:mfa").await;
    assert!(
        proven.attribute("link", "action").is_some(),
        "{}",
        proven.html
    );
}
