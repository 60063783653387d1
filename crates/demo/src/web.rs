//! `./dev demo --web`: every party of the browser demo, started together on loopback.

mod directory;
mod portal;

use crate::cards::Cards;
use crate::cast::{Person, people};
use crate::front::{self, FrontSetup};
use crate::phone::line::Line;
use crate::phone::{self, PhoneSetup, at_once};
use crate::process::reserved_port;
use crate::sign_in::{self, Client, ClientProof, DirectoryAddress, SignInSetup};
use crate::site::{Place, Served};
use crate::story::Story;
use crate::verifier::{Setup, Verifier};
use anyhow::{Context, Result};
use portal::{Portal, PortalSetup};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The ports that parties have if these are free, so that bookmarks work.
const FRONT: u16 = 7400;
const PORTAL: u16 = 7401;
const VERIFIER: u16 = 7402;
const PHONE: u16 = 7403;
const SIGN_IN: u16 = 7404;
/// Not for people.
const PORTAL_ADMIN: u16 = 7405;

/// What the card takes for each command: a whole tap then takes some four seconds.
const PAUSE: Duration = Duration::from_millis(250);

/// What the portal is called at the verifier and at the sign-in.
const CLIENT: &str = "portal";

/// The running demo.
pub struct Web {
    /// Where it begins.
    pub front: String,
    /// The account portal.
    pub portal: String,
    /// The verifier.
    pub verifier: String,
    /// The phone.
    pub phone: String,
    /// The sign-in.
    pub sign_in: String,
    running: Running,
}

struct Running {
    verifier: Verifier,
    portal: Portal,
    people: Vec<Person>,
    cards: Arc<Cards>,
    _sites: [Served; 3],
}

impl Web {
    /// Starts everything, with its files in `folder`. What a demo before this one left there goes
    /// on: who is linked, whose card was renewed.
    ///
    /// # Errors
    /// If something does not get ready.
    pub async fn start(folder: &Path) -> Result<Self> {
        let people = people()?;
        let told = folder.join("story-is-told");
        let holders = people.iter().map(|person| person.card.clone()).collect();
        let cards = Cards::start(holders, Some(&folder.join("authority"))).await?;
        let cards = Arc::new(cards);
        let front = Place::take("demo", FRONT).await?;
        let phone = Place::take("phone", PHONE).await?;
        let sign_in = Place::take("sign-in", SIGN_IN).await?;
        let ports = [reserved_port(PORTAL)?, reserved_port(PORTAL_ADMIN)?];
        let [portal_port, admin_port] = ports.each_ref().map(TcpListener::local_addr);
        let (portal_port, admin_port) = (portal_port?.port(), admin_port?.port());
        let portal_origin = format!("http://portal.localhost:{portal_port}");

        let portal_folder = folder.join("portal");
        let keys = portal::make_keys(&portal_folder).await?;
        let party = relying_party(&portal_origin, &keys.jwks);
        let anchor = cards.anchor()?;
        let database = folder.join("verifier.db");
        let setup = Setup {
            name: "verifier",
            authority: cards.authority(),
            anchor: &anchor,
            relying_parties: &[],
            folder,
            database: database.to_str().context("a folder with a name in UTF-8")?,
            origin: Some("http://verifier.localhost:{port}"),
            log: "info",
            // Whoever revokes a card and taps it at once wants to see that.
            revocation: "max_age = 0",
            tables: &party,
            lifetimes: "",
        };
        let verifier = Verifier::start_for_phone(phone.origin(), Some(VERIFIER), setup).await?;
        let lost = match told.exists() {
            true => lost_authenticators(&people),
            false => Vec::new(),
        };
        let router = sign_in::router(SignInSetup {
            origin: sign_in.origin().to_owned(),
            clients: vec![client(&portal_origin, &keys.jwks)?],
            directory: DirectoryAddress {
                origin: format!("http://127.0.0.1:{admin_port}"),
                token: keys.sign_in_token,
            },
            lost_authenticators: lost,
            recovery: format!("{portal_origin}/recover"),
        })?;
        let sign_in_origin = sign_in.origin().to_owned();
        let sign_in_site = sign_in.serve(router);

        let mut portal = Portal::prepare(PortalSetup {
            folder: portal_folder,
            origin: portal_origin.clone(),
            port: portal_port,
            admin_port,
            verifier: verifier.origin.clone(),
            sign_in: sign_in_origin.clone(),
            front: front.origin().to_owned(),
        })?;
        portal.import(&people, !told.exists()).await?;
        drop(ports);
        portal.start().await?;

        if !told.exists() {
            let address = verifier.listen.parse()?;
            let story = Story {
                portal: &portal_origin,
                sign_in: &sign_in_origin,
                line: Line::new(phone.origin(), &verifier.origin, address)?,
                cards: &cards,
            };
            story.tell(&people).await?;
            // Who left did so after linking.
            portal.import(&people, false).await?;
            std::fs::write(&told, "")?;
        }

        let phone_origin = phone.origin().to_owned();
        let phone_site = phone.serve(phone::router(PhoneSetup {
            origin: phone_origin.clone(),
            verifier_origin: verifier.origin.clone(),
            verifier_address: verifier.listen.parse()?,
            cards: cards.clone(),
            people: people.clone(),
            pause: PAUSE,
            desk: format!("{}/desk", front.origin()),
        })?);
        let front_origin = front.origin().to_owned();
        let front_site = front.serve(front::router(FrontSetup {
            origin: front_origin.clone(),
            portal: portal_origin.clone(),
            phone: phone_origin.clone(),
            sign_in: sign_in_origin.clone(),
            people: people.clone(),
            cards: cards.clone(),
            mails: portal.mails(),
            unfreeze: portal.unfreezing(),
        }));
        Ok(Self {
            front: front_origin,
            portal: portal_origin,
            verifier: verifier.origin.clone(),
            phone: phone_origin,
            sign_in: sign_in_origin,
            running: Running {
                verifier,
                portal,
                people,
                cards,
                _sites: [sign_in_site, phone_site, front_site],
            },
        })
    }

    /// Taps with somebody's card as the phone does, without its pages and at once. Returns where
    /// the phone sends the browser that shows `ticket`.
    ///
    /// # Errors
    /// If there is no such person, or the tap is refused.
    pub async fn tap(&self, person: &str, ticket: &str) -> Result<String> {
        let Running {
            verifier,
            people,
            cards,
            ..
        } = &self.running;
        let found = people.iter().find(|one| one.id() == person);
        let found = found.context("nobody of that name")?;
        let address = verifier.listen.parse()?;
        let line = Line::new(&self.phone, &self.verifier, address)?;
        at_once::tap(&line, cards, found, ticket).await
    }

    /// Starts the portal again, with other lines in the table `lifetimes` of its configuration; the
    /// demo's own where there are none.
    ///
    /// # Errors
    /// If it does not end cleanly, or does not get ready.
    pub async fn restart_portal(&mut self, lifetimes: Option<&str>) -> Result<()> {
        self.running.portal.restart(lifetimes).await
    }

    /// Ends everything.
    ///
    /// # Errors
    /// If something does not end cleanly.
    pub async fn stop(self) -> Result<()> {
        let Running {
            verifier,
            mut portal,
            ..
        } = self.running;
        portal.stop().await?;
        verifier.stop().await
    }
}

fn lost_authenticators(people: &[Person]) -> Vec<String> {
    let accounts = people.iter().flat_map(|person| &person.accounts);
    let lost = accounts.filter(|account| account.authenticator_lost);
    lost.map(|account| account.id.clone()).collect()
}

/// The portal, as the verifier's configuration has it.
fn relying_party(origin: &str, jwks: &str) -> String {
    format!(
        "[pages]\ninstitution = {{ ja = \"カード確認サービス（デモ）\", en = \"Card verification (demo)\" }}\n\n\
         [[relying_party]]\nid = \"{CLIENT}\"\nsector = \"{CLIENT}\"\n\
         name = {{ ja = \"見本大学 アカウントポータル\", en = \"Account portal of Sample University\" }}\n\
         redirect_uris = [\"{origin}/callback/tap\"]\nstart_url = \"{origin}/\"\njwks = '{jwks}'\n\
         purposes = [\"view\", \"link\", \"unlink\", \"recover\"]\nclaims = [\"name\"]\n"
    )
}

/// The portal, as the sign-in has it.
fn client(origin: &str, jwks: &str) -> Result<Client> {
    Ok(Client {
        id: CLIENT.to_owned(),
        name: [
            "見本大学 アカウントポータル".to_owned(),
            "Account portal of Sample University".to_owned(),
        ],
        redirect_uris: vec![format!("{origin}/callback/sign-in")],
        proof: ClientProof::Keys(serde_json::from_str(jwks)?),
    })
}
