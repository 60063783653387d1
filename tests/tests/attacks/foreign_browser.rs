//! Somebody has an address out of another person's browser: over the shoulder, from a history, a
//! chat or a proxy's log. Only the cookie's browser gets anything for it.

use crate::harness::Browser;
use crate::stage::{FORMS, Stage, assert_nothing_learned, rows};
use crate::world::World;
use kazasu_statement::Reason;
use reqwest::StatusCode;

#[tokio::test]
async fn a_stolen_page_address_shows_nothing_and_changes_nothing_at_any_stage() {
    let world = World::start().await;
    for stage in Stage::ALL {
        let mut scene = stage.reach(&world).await;
        let mine = world.server.begin(&[]).await.0;
        for (mut thief, reason) in [
            (Browser::new(&world.server), "cookies_required"),
            (mine, "wrong_browser"),
        ] {
            let before = rows(&world);
            let mut seen = vec![thief.get(&scene.page).await];
            for (form, fields) in FORMS {
                let url = format!("{}/{form}", scene.page);
                seen.push(thief.post(&url, fields).await);
            }
            for page in &seen {
                assert_eq!(page.status, StatusCode::FORBIDDEN, "{stage:?}");
                assert_eq!(page.reason(), Some(reason), "{stage:?}");
                assert!(!page.html.contains("id=\"ticket\""), "{stage:?}");
                assert!(!page.html.contains("Sample portal"), "{stage:?}");
            }
            assert_nothing_learned(&seen, &stage);
            // Later time also lets the sweep write.
            if stage != Stage::Expired {
                assert_eq!(rows(&world), before, "{stage:?}");
            }
        }
        // Its owner goes on as if nothing had happened.
        let own = scene.browser.get(&scene.page).await;
        assert_ne!(own.reason(), Some("cookies_required"), "{stage:?}");
    }
}

#[tokio::test]
async fn a_stolen_authorization_link_opens_no_second_session() {
    let world = World::start().await;
    let url = world.server.authorization(&[]).await;
    let mut owner = Browser::new(&world.server);
    let page = owner.get(&url).await.location.unwrap();
    for mut thief in [Browser::new(&world.server), world.server.begin(&[]).await.0] {
        let shown = thief.get(&url).await;
        assert_eq!(shown.reason(), Some("wrong_browser"));
        assert_eq!(shown.location, None);
    }
    assert_eq!(owner.get(&page).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_return_url_does_not_work_before_it_exists_nor_without_its_last_letter() {
    let world = World::start().await;
    let mut tap = world.claimed("same-phone").await;
    let return_url = tap.accepted(&world.card("taro")).await.unwrap();
    let before = rows(&world);
    let cut = &return_url[..return_url.len() - 1];
    let mut guesses = vec![cut.to_owned(), format!("{return_url}A"), format!("{cut}.")];
    guesses.push(format!("{}/return/", world.server.origin));
    for guess in &guesses {
        let shown = tap.browser.get(guess).await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND, "{guess}");
        assert_eq!(shown.location, None);
    }
    assert_eq!(rows(&world), before);
    let back = tap.browser.get(&return_url).await;
    assert_eq!(back.location, Some(tap.page), "the right one still works");
}

#[tokio::test]
async fn a_cookie_planted_beside_the_own_one_is_no_way_in() {
    let world = World::start().await;
    let (attacker, _) = world.server.begin(&[]).await;
    let planted = attacker.cookie.clone().unwrap();

    // Planted before the tap began: the browser sends both from then on, so neither counts.
    let mut victim = Browser::new(&world.server);
    let second = planted.replace("__Host-kazasu=", "__Host-kazasu=A");
    victim.cookie = Some(format!("{planted}; {second}"));
    let url = world.server.authorization(&[]).await;
    let page = victim.get(&url).await.location.unwrap();
    let own = victim.cookie.clone().unwrap();
    assert!(!own.contains(planted.split_once('=').unwrap().1));
    let mut thief = Browser::new(&world.server);
    thief.cookie = Some(planted.clone());
    assert_eq!(thief.get(&page).await.reason(), Some("wrong_browser"));

    // Planted later: the page stops working, and still shows the attacker nothing.
    victim.cookie = Some(format!("{planted}; {own}"));
    assert_eq!(victim.get(&page).await.reason(), Some("cookies_required"));
    victim.cookie = Some(own.clone());
    assert_eq!(victim.get(&page).await.status, StatusCode::OK);

    // A name that a neighbouring host could set means nothing.
    for name in ["kazasu", "__host-kazasu", "__Secure-kazasu"] {
        let value = own.split_once('=').unwrap().1;
        thief.cookie = Some(format!("{name}={value}"));
        let shown = thief.get(&page).await;
        assert_eq!(shown.reason(), Some("cookies_required"), "{name}");
    }
}

#[tokio::test]
async fn the_attackers_result_cannot_be_slipped_into_the_victims_browser() {
    let world = World::start().await;
    let mut attack = world.claimed("same-phone").await;
    let assertion = attack.assertion(&world.card("taro")).await;
    let return_url = attack.submit(assertion.clone()).await.unwrap();
    let (mut victim, page) = world.server.begin(&[]).await;
    let shown = victim.get(&return_url).await;
    assert_eq!(shown.reason(), Some("wrong_browser"));
    assert_eq!(shown.location, None, "the victim is not signed in as taro");
    let own = victim.get(&page).await;
    assert_eq!(own.status, StatusCode::OK, "the victim's own tap goes on");
    let again = attack.submit(assertion).await;
    assert_eq!(again, Err(Reason::WrongBrowser));
}
