//! What people are told, and the links with which they object. The mail server of these tests never
//! answers, so every mail waits.

use super::{Site, path_of};
use kazasu_service::values;
use serde_json::Value;

impl Site {
    /// Whom the newest event of this kind of an account is told.
    pub(crate) async fn told(&self, account: &str, kind: &str) -> Vec<String> {
        let newest = "SELECT m.recipient AS value FROM mails m JOIN notices n ON n.event = m.event
                      WHERE n.account = ?1 AND n.kind = ?2 AND n.at =
                        (SELECT max(at) FROM notices WHERE account = ?1 AND kind = ?2)
                      ORDER BY m.recipient";
        self.query(newest, values![account, kind]).await
    }

    /// How many events of this kind people are told about.
    pub(crate) async fn notices(&self, kind: &str) -> usize {
        let all = "SELECT event AS value FROM notices WHERE kind = ?1";
        self.query::<String>(all, values![kind]).await.len()
    }

    /// The path of the link in the mail about the newest event of this kind of an account.
    pub(crate) async fn notice(&self, account: &str, kind: &str) -> String {
        let newest = "SELECT m.details AS value FROM mails m JOIN notices n ON n.event = m.event
                      WHERE n.account = ?1 AND n.kind = ?2 ORDER BY n.at DESC LIMIT 1";
        let details = self.query::<String>(newest, values![account, kind]).await;
        let details: Value = serde_json::from_str(&details[0]).unwrap();
        path_of(details["objection"].as_str().unwrap())
    }

    /// Somebody says "this was not me" about the newest event of this kind; afterwards the
    /// directory has locked the account.
    pub(crate) async fn freeze(&self, account: &str, kind: &str) {
        let mut browser = self.browser();
        let page = browser.get(&self.notice(account, kind).await).await;
        browser.press(&page, "freeze").await.is("frozen");
        self.until("locked", async || self.state_of(account).await == "locked")
            .await;
    }
}
