//! What people do at the portal, step by step.

use super::{Browser, Card, DAY, Page, Site};

impl Browser {
    /// Opens the first page of a procedure and starts it with the card; returns the request that
    /// the verifier gets.
    pub(crate) async fn begin(&mut self, site: &Site, kind: &str) -> String {
        let page = self.get(&format!("/{kind}")).await;
        let left = self.press(page.is(kind), "begin-tap").await;
        assert!(left.url.starts_with(&site.verifier.issuer), "{left:?}");
        left.url
    }

    /// The same with a sign-in; returns the request that the sign-in gets.
    pub(crate) async fn begin_with_sign_in(&mut self, kind: &str) -> String {
        let page = self.get(&format!("/{kind}")).await;
        let page = self.press(page.is(kind), "begin-sign-in").await;
        page.is("leave").attribute("leave", "href").unwrap()
    }

    /// Starts a procedure and taps a card in it.
    pub(crate) async fn tap(&mut self, site: &Site, kind: &str, card: &Card) -> Page {
        let request = self.begin(site, kind).await;
        self.get(&site.answer_tap(&request, card)).await
    }

    /// Starts a procedure and signs in in it.
    pub(crate) async fn start_by_sign_in(
        &mut self,
        site: &Site,
        kind: &str,
        account: &str,
    ) -> Page {
        let request = self.begin_with_sign_in(kind).await;
        let answer = site.sign_in_to(account);
        self.get(&site.sign_in.answer(&request, answer)).await
    }

    /// Presses "sign in"; returns the request that the sign-in gets.
    pub(crate) async fn leave_to_sign_in(&mut self, page: &Page) -> String {
        let page = self.press(page, "sign-in").await;
        page.is("leave").attribute("leave", "href").unwrap()
    }

    /// Presses "sign in", and does.
    pub(crate) async fn sign_in(&mut self, site: &Site, page: &Page, account: &str) -> Page {
        let request = self.leave_to_sign_in(page).await;
        let answer = site.sign_in_to(account);
        self.get(&site.sign_in.answer(&request, answer)).await
    }

    /// As far as the page on which a link is confirmed.
    pub(crate) async fn almost_link(&mut self, site: &Site, card: &Card, account: &str) -> Page {
        let page = self.tap(site, "link", card).await;
        self.sign_in(site, page.is("link-sign-in"), account).await
    }

    /// Links a card; returns the page that says so.
    pub(crate) async fn link(&mut self, site: &Site, card: &Card, account: &str) -> Page {
        let page = self.almost_link(site, card, account).await;
        let page = self.press(page.is("link-confirm"), "link").await;
        page.is("linked").clone()
    }

    /// Gets a password that is made, from the page with the choices.
    pub(crate) async fn new_password(&mut self, options: &Page) -> String {
        let page = self.follow(options, "remedy-password").await;
        let page = self.press(page.is("password"), "random").await;
        page.is("secret-password").inside("secret").unwrap()
    }

    /// Gets an access pass, from the page with the choices.
    pub(crate) async fn new_access_pass(&mut self, options: &Page) -> String {
        let page = self.follow(options, "remedy-access-pass").await;
        let page = self.press(page.is("access-pass"), "access-pass").await;
        page.is("secret-access-pass").inside("secret").unwrap()
    }
}

impl Site {
    /// Links a card in some browser, and waits until the link can be used.
    pub(crate) async fn with_link(self, card: &Card, account: &str) -> Self {
        self.browser().link(&self, card, account).await;
        self.pass(DAY);
        self
    }

    /// A browser in which a card was tapped to recover.
    pub(crate) async fn recovering(&self, card: &Card) -> (Browser, Page) {
        let mut browser = self.browser();
        let page = browser.tap(self, "recover", card).await;
        page.is("recover-options");
        (browser, page)
    }
}
