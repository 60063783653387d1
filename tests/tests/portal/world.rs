//! Every party, and a person with a card and a browser.

use crate::line::Line;
use kazasu_card::Card;
use kazasu_companion::Outcome;
use kazasu_demo::browser::{Browser, Page, Visit};
use kazasu_demo::slapd::Slapd;
use kazasu_demo::smtp::{Received, SmtpOptions, SmtpServer};
use kazasu_emulator::holder::Holder;
use kazasu_tests::oidc_provider::OidcProvider;
use kazasu_tests::portal::{Parties, Portal};
use kazasu_tests::world::{TARO, World as Cards, pins};
use std::path::Path;
use std::time::Duration;
use url::Url;

/// The student of slapd's people who is also the emulator's first holder.
pub(crate) const ACCOUNT: &str = "0123456789";

/// For so many seconds what the directory did not answer may still be carried out.
pub(crate) const CARRIED_OUT_WITHIN: i64 = 20;

/// Long enough for a busy machine, and for an operation's lease to end.
const LIMIT: Duration = Duration::from_secs(90);

pub(crate) struct World {
    pub(crate) cards: Cards,
    pub(crate) portal: Portal,
    pub(crate) slapd: Slapd,
    pub(crate) line: Line,
    pub(crate) smtp: SmtpServer,
    _sign_in: OidcProvider,
    folder: tempfile::TempDir,
}

/// What is missing to run a test that needs a [`World`].
pub(crate) fn missing() -> Option<&'static str> {
    if SmtpServer::installed().is_err() || !OidcProvider::is_installed() {
        return Some("needs aiosmtpd and oidc-provider (./dev setup)");
    }
    (!Path::new("/usr/sbin/slapd").is_file()).then_some("needs slapd (./dev setup)")
}

/// What the parties had to say about a test that failed.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let logs = [
                "portal/portal.log",
                "another-portal/portal.log",
                "sign-in/sign-in.log",
            ];
            for log in logs {
                if let Ok(text) = std::fs::read_to_string(self.folder.path().join(log)) {
                    eprintln!("{log}:\n{text}");
                }
            }
        }
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_on("portal.db", None).await
    }

    /// As [`World::start`], on this database. Browsers reach the portal at `origin`, if that is not
    /// where it listens.
    pub(crate) async fn start_on(database: &str, origin: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let portal = Portal::prepare_behind(origin, folder.path()).await;
        let mut portal = portal.unwrap();
        let party = portal.relying_party();
        let cards = Cards::with_tables(Holder::samples(), &party);
        let (cards, slapd, smtp) = tokio::join!(
            cards,
            Slapd::start(),
            SmtpServer::start(SmtpOptions::default())
        );
        let (cards, slapd, smtp) = (cards.unwrap(), slapd.unwrap(), smtp.unwrap());
        let line = Line::open(folder.path(), &slapd.socket());
        let sign_in = OidcProvider::start(folder.path(), &portal, None).await;
        let sign_in = sign_in.unwrap();
        let directory = slapd.settings().replace(&slapd.url(), &line.url());
        // Longer than a test makes the directory wait.
        let patient = "[directory.ldap]\ntimeout_ms = 30000";
        let directory = directory.replace("[directory.ldap]", patient);
        let directory = format!("{directory}carried_out_within = {CARRIED_OUT_WITHIN}\n");
        let tables = format!(
            "[lifetimes]\nmaturity = 0\n\n\
             [mail]\nfrom = \"University <noreply@univ.example>\"\nsmtp = \"smtp://127.0.0.1:{}\"\n\n\
             {directory}",
            smtp.port()
        );
        let parties = Parties {
            verifier: &cards.verifier.origin,
            sign_in: &sign_in.issuer,
            sign_in_with: "acr_values = [\"urn:example:mfa\"]",
            tables: &tables,
        };
        portal.configure(database, &parties).unwrap();
        portal.start().await.unwrap();
        Self {
            cards,
            portal,
            slapd,
            line,
            smtp,
            _sign_in: sign_in,
            folder,
        }
    }

    /// Presses a button of the portal that leads to a tap, taps, and returns the portal's page.
    pub(crate) async fn tap(
        &self,
        browser: &mut Browser,
        from: &Page,
        path: &str,
        form: &[(&str, &str)],
    ) -> Page {
        let sent = browser.submit(from, path, form).await.unwrap();
        let verifier = sent.callback().unwrap();
        let start = browser.open(&verifier).await.unwrap().page().unwrap();
        let action = format!("{}/start", start.url.path());
        let shown = browser
            .submit(&start, &action, &[("mode", "same-phone")])
            .await;
        let shown = shown.unwrap().page().unwrap();
        let ticket = shown.attribute("ticket", "href").unwrap();
        let mut phone = self.cards.claim(&ticket).await.unwrap();
        let mut card = Card::new(self.cards.card());
        let outcome = phone
            .tap(&mut card, &pins(TARO), &mut |_| ())
            .await
            .unwrap();
        let Outcome::Accepted {
            return_url: Some(url),
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        let answer = browser.open(&Url::parse(&url).unwrap()).await.unwrap();
        browser
            .open(&answer.callback().unwrap())
            .await
            .unwrap()
            .page()
            .unwrap()
    }

    /// Begins a procedure with a tap.
    pub(crate) async fn begin(&self, browser: &mut Browser, kind: &str) -> Page {
        let start = self.open(browser, &format!("/{kind}")).await;
        self.tap(browser, &start, &format!("/{kind}"), &[("way", "tap")])
            .await
    }

    pub(crate) async fn open(&self, browser: &mut Browser, path: &str) -> Page {
        let url = Url::parse(&format!("{}{path}", self.portal.origin)).unwrap();
        browser.open(&url).await.unwrap().page().unwrap()
    }

    /// Presses a button that leads to the sign-in, signs in, and returns the portal's page.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, from: &Page, acr: &str) -> Page {
        let leaving = press(browser, from, "sign-in", &[]).await;
        let url = leaving.attribute("leave", "href").unwrap();
        let asked = browser
            .open(&Url::parse(&url).unwrap())
            .await
            .unwrap()
            .page()
            .unwrap();
        let fields = [("account", ACCOUNT), ("acr", acr)];
        let here = asked.url.path().to_owned();
        let answer = browser.submit(&asked, &here, &fields).await.unwrap();
        browser
            .open(&answer.callback().unwrap())
            .await
            .unwrap()
            .page()
            .unwrap()
    }

    /// Links the card to the account.
    pub(crate) async fn link(&self, browser: &mut Browser) -> Page {
        let tapped = self.begin(browser, "link").await;
        let proven = self.sign_in(browser, &tapped, "urn:example:mfa").await;
        press(browser, &proven, "link", &[]).await
    }

    /// Waits for a mail to `recipient` that is not among `before`, and returns it.
    pub(crate) async fn mail(&self, recipient: &str, number: usize) -> Received {
        let wait = async {
            loop {
                let mails = self.smtp.received().unwrap();
                let to = |mail: &&Received| mail.to.iter().any(|to| to == recipient);
                if let Some(mail) = mails.iter().filter(to).nth(number) {
                    return mail.clone();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(LIMIT, wait).await.expect("a mail")
    }
}

/// Waits until it is so.
pub(crate) async fn until(is_so: impl AsyncFn() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let limit = tokio::time::timeout(LIMIT, wait).await;
    limit.expect("it happens");
}

/// Sends the form with this `id`, which has its token, and returns the page that answers.
pub(crate) async fn press(
    browser: &mut Browser,
    page: &Page,
    id: &str,
    more: &[(&str, &str)],
) -> Page {
    match submit(browser, page, id, more).await {
        Visit::Page(page) => page,
        Visit::Callback(url) => panic!("left for {url}"),
    }
}

pub(crate) async fn submit(
    browser: &mut Browser,
    page: &Page,
    id: &str,
    more: &[(&str, &str)],
) -> Visit {
    let action = page.attribute(id, "action");
    let action = action.unwrap_or_else(|| panic!("no form {id} on {}:\n{}", page.url, page.html));
    let token = token(page);
    let mut form = vec![("token", token.as_str())];
    form.extend(more);
    browser.submit(page, &action, &form).await.unwrap()
}

pub(crate) fn token(page: &Page) -> String {
    let (_, after) = page.html.split_once("name=\"token\" value=\"").unwrap();
    after.split_once('"').unwrap().0.to_owned()
}

/// What the page shows once.
pub(crate) fn secret(page: &Page) -> String {
    let found = page.html.split_once("data-secret>");
    let (_, after) = found.unwrap_or_else(|| panic!("no secret on {}:\n{}", page.url, page.html));
    let text = after.split_once('<').unwrap().0;
    text.replace("&#38;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
}
