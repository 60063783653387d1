//! SIGKILL between what the directory did and what the portal knows of it.

use crate::line::Cut;
use crate::world::{ACCOUNT, CARRIED_OUT_WITHIN, World, missing, submit};
use kazasu_demo::browser::Browser;
use kazasu_demo::slapd::FIRST_PASSWORD;
use kazasu_tests::not_run;
use rusqlite::Connection;
use std::time::Duration;

/// Kills the portal when a request to change the password was cut, starts it again, and waits until
/// the operation's outcome is known. Returns it.
async fn crash(world: &mut World, cut: Cut) -> String {
    let mut browser = Browser::new();
    world.link(&mut browser).await;
    let mut browser = Browser::new();
    let options = world.begin(&mut browser, "recover").await;
    let path = format!("{}/password", options.url.path());
    let form = world.open(&mut browser, &path).await;
    world.line.cut(cut);
    {
        let asking = submit(&mut browser, &form, "random", &[("choice", "random")]);
        tokio::select! {
            _ = asking => panic!("the directory's answer was cut off"),
            () = world.line.has_cut() => {}
        }
    }
    if cut == Cut::After {
        // Carried out, although nobody knows.
        while world.slapd.accepts(ACCOUNT, FIRST_PASSWORD).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    world.portal.crash().await.unwrap();
    world.line.cut(Cut::Never);
    assert_eq!(state(world).as_deref(), Some("recorded"));
    world.portal.start().await.unwrap();
    for _ in 0..1800 {
        if let Some(known) = state(world).filter(|state| state != "recorded") {
            return known;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the operation was not finished");
}

fn state(world: &World) -> Option<String> {
    let database = Connection::open(world.portal.folder().join("portal.db")).unwrap();
    let states = database.query_row("SELECT state FROM operations", [], |row| row.get(0));
    states.ok()
}

/// For how many seconds the operation was open.
fn waited(world: &World) -> i64 {
    let database = Connection::open(world.portal.folder().join("portal.db")).unwrap();
    let waited = "SELECT finished_at - recorded_at FROM operations";
    database.query_row(waited, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_password_that_was_set_before_a_crash_is_found_and_told() {
    let test = "a_password_that_was_set_before_a_crash_is_found_and_told";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let mut world = World::start().await;
    assert_eq!(crash(&mut world, Cut::After).await, "done");
    let told = world.mail("taro@mail.example", 1).await;
    assert!(told.text.contains("パスワード"), "{}", told.text);
    // The person goes on with another tap.
    let mut browser = Browser::new();
    let options = world.begin(&mut browser, "recover").await;
    assert!(
        options.attribute("remedy-password", "href").is_some(),
        "{}",
        options.html
    );
}

#[tokio::test]
async fn a_password_that_was_not_set_before_a_crash_is_not_told_as_set() {
    let test = "a_password_that_was_not_set_before_a_crash_is_not_told_as_set";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let mut world = World::start().await;
    assert_eq!(crash(&mut world, Cut::Before).await, "not_done");
    // It might have been on its way.
    assert!(waited(&world) >= CARRIED_OUT_WITHIN);
    assert!(world.slapd.accepts(ACCOUNT, FIRST_PASSWORD).await.unwrap());
    // One mail about the link, and none about a password.
    world.mail("taro@mail.example", 0).await;
    let mails = world.smtp.received().unwrap();
    let to_taro = mails.iter().filter(|mail| mail.to == ["taro@mail.example"]);
    assert_eq!(to_taro.count(), 1);
}
