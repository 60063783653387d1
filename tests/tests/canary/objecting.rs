//! Whoever says "this was not me", and what they say it about.

use crate::university::{ACCOUNT, University};
use kazasu_demo::browser::Browser;

/// "This was not me"; the directory locks the account, and staff lets the portal go on.
pub(crate) async fn object(university: &University, token: &str) {
    let mut browser = Browser::new();
    let page = university
        .open(&mut browser, &format!("/notice/{token}"))
        .await;
    browser.press(&page, "freeze", &[]).await.unwrap();
    let locks = |row: &String| row.contains(" kind=lock ") && row.contains(" state=done ");
    university
        .until(|rows| rows.of("operations").iter().any(locks))
        .await;
    let portal = &university.portal;
    portal.command(&["unfreeze", ACCOUNT]).await.unwrap();
}

/// The tokens of notices that tell of a new password: whoever objects to a link ends it.
pub(crate) async fn about_passwords(university: &University, tokens: &[String]) -> Vec<String> {
    let mut browser = Browser::new();
    let mut about = Vec::new();
    for token in tokens {
        let path = format!("/notice/{token}");
        let page = university.open(&mut browser, &path).await;
        if page.html.contains("<dd>パスワードの再発行</dd>") {
            about.push(token.clone());
        }
    }
    about
}
