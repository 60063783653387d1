//! "This was not me", while whoever it was is at it.

use crate::line::Cut;
use crate::world::{ACCOUNT, World, missing, submit, until};
use kazasu_demo::browser::Browser;
use kazasu_tests::not_run;
use rusqlite::Connection;
use url::Url;

const THIEFS: &str = "Thiefs-Password-1!";

/// What is known of the operation that locks the account.
fn lock(world: &World) -> Option<String> {
    let database = Connection::open(world.portal.folder().join("portal.db")).unwrap();
    let state = "SELECT state FROM operations WHERE kind = 'lock'";
    database.query_row(state, [], |row| row.get(0)).ok()
}

async fn is_locked(world: &World) -> bool {
    let locked = world.slapd.values(ACCOUNT, "pwdAccountLockedTime").await;
    !locked.unwrap().is_empty()
}

#[tokio::test]
async fn a_password_that_overtakes_the_lock_is_locked_out_again() {
    let test = "a_password_that_overtakes_the_lock_is_locked_out_again";
    if let Some(why) = missing() {
        return not_run(test, why);
    }
    let world = World::start().await;
    world.link(&mut Browser::new()).await;
    let told = world.mail("taro@mail.example", 0).await;
    let notice = told.links.iter().find(|link| link.contains("/notice/"));
    let notice = Url::parse(notice.unwrap()).unwrap();

    let mut thief = Browser::new();
    let options = world.begin(&mut thief, "recover").await;
    let path = format!("{}/password", options.url.path());
    let form = world.open(&mut thief, &path).await;
    world.line.cut(Cut::Wait);
    let chosen = [("choice", "own"), ("password", THIEFS), ("again", THIEFS)];
    let objecting = async {
        world.line.has_cut().await;
        let mut browser = Browser::new();
        let page = browser.open(&notice).await.unwrap().page().unwrap();
        let page = browser.press(&page, "freeze", &[]).await.unwrap();
        assert!(
            page.attribute("freeze", "action").is_none(),
            "{}",
            page.html
        );
        until(async || is_locked(&world).await).await;
        world.line.cut(Cut::Never);
    };
    tokio::join!(submit(&mut thief, &form, "own", &chosen), objecting);
    until(async || lock(&world).as_deref() == Some("done")).await;
    assert!(is_locked(&world).await);
    // Nor does it work once staff opened the account.
    let unlock = format!(
        "dn: uid={ACCOUNT},{}\nchangetype: modify\ndelete: pwdAccountLockedTime\n",
        kazasu_demo::slapd::PEOPLE_DN
    );
    world.slapd.change(&unlock).await.unwrap();
    assert!(!world.slapd.accepts(ACCOUNT, THIEFS).await.unwrap());
}
