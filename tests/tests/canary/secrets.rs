//! What is secret at the portal, and where it may be all the same.

use crate::needles::{Canary, Needles, Place};
use crate::planted::on_the_card;
use crate::scene::after;
use crate::university::{ACCOUNT, FIRST_PASSWORD, MAILBOXES, University};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kazasu_demo::browser::Page;
use std::collections::BTreeSet;
use std::path::Path;

/// Chosen by the person, and refused by the rule.
pub(crate) const REFUSED_PASSWORD: &str = "kanariya-refused-password";
/// Chosen by the person.
pub(crate) const OWN_PASSWORD: &str = "Kanariya-Own-16180!";
/// What somebody made up who wanted to get in.
pub(crate) const GUESSED: &str = "canary-guessed-0123456789abcdef";

const SENT: &[Place] = &[Place::Sent];
const KEPT: &[Place] = &[Place::Kept, Place::Pages];
const ANSWERED: &[Place] = &[Place::Sent, Place::Pages];
const SHOWN: &[Place] = &[Place::Sent, Place::Kept, Place::Pages];
const TOLD_BY_MAIL: &[Place] = &[Place::Sent, Place::Kept, Place::Pages, Place::Mailed];

/// What was planted, and comes to light on the way.
#[derive(Default)]
pub(crate) struct Planted {
    pub(crate) issued: Vec<String>,
    pub(crate) ppids: BTreeSet<String>,
    pub(crate) notices: Vec<String>,
}

/// What the page shows once, as it is written there.
pub(crate) fn secret(page: &Page) -> String {
    let (_, shown) = page.html.split_once("data-secret>").expect("a secret");
    shown.split_once('<').unwrap().0.to_owned()
}

fn as_typed(written: &str) -> String {
    let text = written.replace("&#60;", "<").replace("&#62;", ">");
    let text = text.replace("&#34;", "\"").replace("&#39;", "'");
    text.replace("&#38;", "&")
}

impl Planted {
    /// Everything that must not be found, each with the places that it may be in.
    pub(crate) fn needles(&self, university: &University, midway: bool) -> Needles {
        let certificate = {
            let authority = university.cards.emulator.authority().lock().unwrap();
            let card = authority.card("canary").unwrap();
            card.auth_certificate_der.clone()
        };
        let mut canaries = on_the_card(&certificate);
        canaries.extend(keys(&university.portal.folder().join("portal-keys.toml")));
        for (what, secret) in university.secrets() {
            canaries.push(Canary::text(what, &secret));
        }
        for password in [REFUSED_PASSWORD, OWN_PASSWORD, FIRST_PASSWORD, GUESSED] {
            canaries.push(Canary::text("a password that was typed", password));
        }
        for written in &self.issued {
            canaries.push(Canary::text("what was issued", written).but_in(SENT));
            let typed = as_typed(written);
            canaries.push(Canary::text("what was issued", &typed).but_in(SENT));
        }
        canaries.push(Canary::text("account", ACCOUNT).but_in(SHOWN));
        for address in MAILBOXES {
            canaries.push(Canary::text("an e-mail address", address).but_in(TOLD_BY_MAIL));
        }
        let ppids = self.ppids.iter();
        canaries.extend(ppids.map(|ppid| Canary::text("PPID", ppid).but_in(KEPT)));
        for token in &self.notices {
            canaries.push(Canary::text("a notice's token", token).but_in(TOLD_BY_MAIL));
        }
        canaries.extend(of_sessions(university, midway));
        Needles::new(canaries)
    }
}

/// What passed between browsers, portal and providers and is worth stealing.
fn of_sessions(university: &University, midway: bool) -> Vec<Canary> {
    let [verifier, sign_in] = &university.providers;
    let browsers = &university.browsers;
    let asked = [verifier.requests(), sign_in.requests()].concat();
    let told = [verifier.answers(), sign_in.answers()].concat();
    // Until it is answered a request is kept.
    let open = if midway { SHOWN } else { ANSWERED };
    let mut canaries = Vec::new();
    for (passed, mark, what, allowed, least) in [
        (browsers.answers(), "__Host-portal=", "a cookie", SENT, 10),
        (
            browsers.answers(),
            "name=\"token\" value=\"",
            "a form's token",
            SENT,
            10,
        ),
        (browsers.requests(), "&state=", "a state", SENT, 8),
        (browsers.requests(), "?code=", "a code", &[], 8),
        (asked.clone(), "nonce=", "a nonce", open, 8),
        (asked.clone(), "code_verifier=", "PKCE's secret", open, 8),
        (asked, "client_assertion=", "a client assertion", &[], 12),
        (told.clone(), "\"id_token\":\"", "an ID token", &[], 8),
        (told, "\"access_token\":\"", "an access token", &[], 8),
    ] {
        let values = passed.iter().flat_map(|bytes| after(bytes, mark));
        let values: BTreeSet<String> = values.collect();
        let complete = midway || values.len() >= least;
        assert!(complete, "{what}: {} of {least}", values.len());
        let canary = |value: &String| Canary::text(what, value).but_in(allowed);
        canaries.extend(values.iter().map(canary));
    }
    canaries
}

/// The secret parts of the portal's keys: numbers as they are, and of PKCS#8 of P-256 what comes
/// before the public point (RFC 5915).
fn keys(path: &Path) -> Vec<Canary> {
    let text = std::fs::read_to_string(path).unwrap();
    let quoted: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let quoted = quoted.join("\n");
    let quoted = quoted.split('"').skip(1).step_by(2);
    let canary = |text: &str| match hex::decode(text) {
        Ok(number) => Canary::bytes("a key", &number),
        Err(_) => {
            let pkcs8 = BASE64_STANDARD.decode(text).unwrap();
            Canary::bytes("a private key", &pkcs8[36..68])
        }
    };
    let canaries: Vec<Canary> = quoted.map(canary).collect();
    assert_eq!(canaries.len(), 3, "client, audit, notice");
    canaries
}
