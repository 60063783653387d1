//! A verifier process, a relying party, and an emulator in this process, so that a test can look
//! into the card.

use anyhow::{Context, Result};
use kazasu_card::{AuthPin, ChannelLimits, LastTry, ProfilePin};
use kazasu_companion::{Deployment, Outcome, Pins, Ticket, Transaction};
use kazasu_demo::postgres::test_database;
use kazasu_demo::relying_party::{Answer, Identity, Registration, RelyingParty};
use kazasu_demo::started::Started;
use kazasu_demo::verifier::{Setup, Verifier};
use kazasu_emulator::EmulatedChannel;
use kazasu_emulator::authority::{self, Authority, AuthorityOptions};
use kazasu_emulator::control::Emulator;
use kazasu_emulator::holder::Holder;
use std::net::Ipv4Addr;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::transport::Channel;
use url::Url;

/// The sample holders: who they are, and their two PINs.
pub const TARO: (&str, &str, &str) = ("taro", "1234", "2345");
/// The other one.
pub const HANAKO: (&str, &str, &str) = ("hanako", "5678", "6789");

/// Tests tap the same card more often than a person would.
const ONE_CARD_AS_OFTEN_AS_IT_LIKES: &str =
    "[limits]\ncredential = { per_minute = 0, burst = 1 }\n";

/// Every party of a test.
pub struct World {
    /// Cards and authority.
    pub emulator: Emulator,
    /// The authority's address.
    pub authority: String,
    /// The verifier.
    pub verifier: Verifier,
    /// A relying party called `portal`.
    pub portal: RelyingParty,
    /// Another, called `library`.
    pub library: RelyingParty,
    /// Removed with the world.
    pub folder: TempDir,
}

/// How a world differs from the ordinary one.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// `database` in the verifier's configuration; `None` for the engine that tests are run on.
    pub database: Option<&'a str>,
    /// Where everybody else reaches the verifier; `None` for where it listens.
    pub origin: Option<&'a str>,
    /// Further TOML for the verifier.
    pub tables: &'a str,
    /// Called with the address it listens at, before anybody wants something of it.
    pub started: &'a dyn Fn(&str),
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            database: None,
            origin: None,
            tables: "",
            started: &|_| (),
        }
    }
}

impl World {
    /// Starts everything, with the first sample holder's card in the field.
    ///
    /// # Errors
    /// If a party does not start.
    pub async fn start() -> Result<Self> {
        Self::with_holders(Holder::samples()).await
    }

    /// As [`World::start`], with other holders.
    ///
    /// # Errors
    /// If a party does not start.
    pub async fn with_holders(holders: Vec<Holder>) -> Result<Self> {
        Self::with_tables(holders, ONE_CARD_AS_OFTEN_AS_IT_LIKES).await
    }

    /// As [`World::with_holders`], with further TOML for the verifier: tables, such as relying
    /// parties that come from elsewhere.
    ///
    /// # Errors
    /// If a party does not start.
    pub async fn with_tables(holders: Vec<Holder>, tables: &str) -> Result<Self> {
        let plan = Plan {
            tables,
            ..Plan::default()
        };
        Self::with(holders, plan).await
    }

    /// As [`World::with_holders`], after a plan.
    ///
    /// # Errors
    /// If a party does not start.
    pub async fn with(holders: Vec<Holder>, plan: Plan<'_>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock = authority::system_clock();
        let authority = Authority::new(AuthorityOptions::default(), clock())?;
        let emulator = Emulator::new(holders, authority, clock, None)?;
        emulator.present(emulator.first_holder().context("a holder")?)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let router = authority::router(emulator.authority().clone(), emulator.clock().clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let anchor = {
            let authority = emulator
                .authority()
                .lock()
                .map_err(|_| anyhow::anyhow!("poisoned"))?;
            authority
                .ca_certificate(1)
                .context("a first generation")?
                .to_vec()
        };
        let portal = Registration::new("portal", "https://portal.example/callback")?;
        let library = Registration::new("library", "https://library.example/callback")?;
        let parties = [portal, library];
        let database = match plan.database {
            Some(database) => database.to_owned(),
            None => test_database().await?,
        };
        let verifier = Verifier::start_with(Setup {
            name: "verifier",
            authority: &address,
            anchor: &anchor,
            relying_parties: &parties,
            folder: folder.path(),
            database: &database,
            origin: plan.origin,
            log: "trace",
            // Tests revoke a card and tap it at once.
            revocation: "max_age = 0",
            tables: plan.tables,
            lifetimes: "",
        })
        .await?;
        (plan.started)(&verifier.listen);
        let [portal, library] = parties;
        Ok(Self {
            portal: portal.connect(&verifier.origin).await?,
            library: library.connect(&verifier.origin).await?,
            emulator,
            authority: address,
            verifier,
            folder,
        })
    }

    /// Claims a ticket as a companion.
    ///
    /// # Errors
    /// The verifier's refusal.
    pub async fn claim(&self, ticket: &str) -> Result<Transaction> {
        let deployment = Deployment::new(&self.verifier.ticket_origin, &self.verifier.origin)?;
        let ticket = Ticket::parse(ticket, &[deployment])?;
        Ok(Transaction::claim(self.channel().await?, &ticket).await?)
    }

    /// A gRPC channel to the verifier.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn channel(&self) -> Result<Channel> {
        // To the address, whatever the name: a minimal machine resolves none.
        let address = format!("http://{}", self.verifier.listen);
        let origin = self.verifier.origin.parse()?;
        Ok(Channel::from_shared(address)?
            .origin(origin)
            .connect()
            .await?)
    }

    /// A channel to the card in the field.
    pub fn card(&self) -> EmulatedChannel {
        EmulatedChannel::connect(self.emulator.field(), ChannelLimits::LIBNFC)
    }

    /// One whole tap of the card in the field, on one phone.
    ///
    /// # Errors
    /// If it does not end with an identity.
    pub async fn tap(&self, party: &RelyingParty, purpose: &str, pins: &Pins) -> Result<Identity> {
        let started = Started::begin(party, purpose, "same-phone").await?;
        let mut transaction = self.claim(&started.ticket).await?;
        let mut card = kazasu_card::Card::new(self.card());
        let outcome = transaction.tap(&mut card, pins, &mut |_| ()).await?;
        self.hand_back(party, started, outcome).await
    }

    /// Opens the return URL of an accepted tap in the browser that started.
    ///
    /// # Errors
    /// If the outcome is a refusal, or the relying party does not get an identity.
    pub async fn hand_back(
        &self,
        party: &RelyingParty,
        mut started: Started,
        outcome: Outcome,
    ) -> Result<Identity> {
        let Outcome::Accepted {
            return_url: Some(url),
        } = outcome
        else {
            anyhow::bail!("the tap ended with {outcome:?}");
        };
        let callback = started.browser.open(&Url::parse(&url)?).await?.callback()?;
        match party.finish(started.request, &callback).await? {
            Answer::Identity(identity) => Ok(*identity),
            Answer::Refused(error) => anyhow::bail!("refused: {error}"),
        }
    }
}

/// The PINs of a sample holder.
pub fn pins(holder: (&str, &str, &str)) -> Pins {
    Pins {
        auth: AuthPin::new(holder.1).expect("four digits"),
        auth_last_try: LastTry::Refuse,
        profile: Some(ProfilePin::new(holder.2).expect("four digits")),
        profile_last_try: LastTry::Refuse,
    }
}
