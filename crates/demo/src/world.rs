//! The parties of the story, and the two ways a tap goes.

use anyhow::{Context, Result, bail, ensure};
use kazasu_demo::emulator::Emulator;
use kazasu_demo::intermediary::Intermediary;
use kazasu_demo::relying_party::{Answer, Identity, Registration, RelyingParty};
use kazasu_demo::started::Started;
use kazasu_demo::tap::{Tap, TapEnd, TapOptions};
use kazasu_demo::verifier::Verifier;
use std::path::{Path, PathBuf};

/// The holders' files, and the PINs in them.
const HOLDERS: [(&str, &str); 2] = [
    (
        "taro.toml",
        include_str!("../../emulator/holders/taro.toml"),
    ),
    (
        "hanako.toml",
        include_str!("../../emulator/holders/hanako.toml"),
    ),
];
/// A person of the story: whose card, and what they type.
pub(crate) struct Holder {
    pub(crate) id: &'static str,
    pins: &'static [&'static str],
    profile_pin: &'static str,
}

pub(crate) const TARO: Holder = Holder {
    id: "taro",
    pins: &["1234"],
    profile_pin: "2345",
};
pub(crate) const HANAKO: Holder = Holder {
    id: "hanako",
    pins: &["5678"],
    profile_pin: "6789",
};
/// Taro, whose finger slips at first.
pub(crate) const TARO_MISTYPING: Holder = Holder {
    pins: &["9999", "1234"],
    ..TARO
};

/// Every party, running.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    /// Cards of an authority that the verifier does not know.
    pub(crate) stranger: Emulator,
    pub(crate) verifier: Verifier,
    pub(crate) portal: RelyingParty,
    pub(crate) library: RelyingParty,
}

impl World {
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let mut holders: Vec<PathBuf> = Vec::new();
        for (name, text) in HOLDERS {
            std::fs::write(folder.join(name), text)?;
            holders.push(folder.join(name));
        }
        let (emulator, stranger) = tokio::try_join!(
            Emulator::start("emulator", &holders, folder, &[]),
            Emulator::start("stranger", &holders[..1], folder, &[]),
        )?;
        let portal = Registration::new("portal", "https://portal.example/callback")?;
        let library = Registration::new("library", "https://library.example/callback")?;
        let parties = [portal, library];
        let anchor = emulator.anchor(1).await?;
        let verifier =
            Verifier::start(&emulator.authority, &anchor, &parties, folder, "info").await?;
        let [portal, library] = parties;
        let portal = portal.connect(&verifier.origin).await?;
        let library = library.connect(&verifier.origin).await?;
        emulator.present(TARO.id).await?;
        stranger.present(TARO.id).await?;
        Ok(Self {
            emulator,
            stranger,
            verifier,
            portal,
            library,
        })
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.verifier.stop().await?;
        self.emulator.process.stop().await?;
        self.stranger.process.stop().await
    }

    pub(crate) fn deployment(&self) -> String {
        format!("{}={}", self.verifier.ticket_origin, self.verifier.origin)
    }

    /// Starts `kazasu tap` for a ticket, at the emulator's reader.
    pub(crate) async fn tap(&self, ticket: &str, holder: &Holder) -> Result<Tap> {
        self.tap_at(&self.emulator, ticket, holder, None).await
    }

    pub(crate) async fn tap_at(
        &self,
        emulator: &Emulator,
        ticket: &str,
        holder: &Holder,
        through: Option<&Intermediary>,
    ) -> Result<Tap> {
        Tap::start(TapOptions {
            ticket,
            reader: &emulator.reader(),
            deployment: &self.deployment(),
            pins: holder.pins,
            profile_pins: &[holder.profile_pin],
            connect_to: through.map(|intermediary| intermediary.address),
            log: None,
        })
        .await
    }

    /// One whole tap on the same phone.
    pub(crate) async fn tap_on_the_phone(
        &self,
        party: &RelyingParty,
        purpose: &str,
        holder: &Holder,
    ) -> Result<Identity> {
        let mut started = Started::begin(party, purpose, "same-phone").await?;
        let end = self.tap(&started.ticket, holder).await?.finish().await?;
        let callback = started.browser.open(&return_url(&end)?).await?.callback()?;
        identity(party.finish(started.request, &callback).await?)
    }

    /// One whole tap with the page on another device: six digits are typed into it.
    pub(crate) async fn tap_beside_a_pc(
        &self,
        party: &RelyingParty,
        purpose: &str,
        holder: &Holder,
    ) -> Result<Identity> {
        let mut started = Started::begin(party, purpose, "other-device").await?;
        let mut tap = self.tap(&started.ticket, holder).await?;
        let digits = tap.until("pairing").await?["digits"]
            .as_str()
            .context("digits")?
            .to_owned();
        started.type_digits(&digits).await?;
        accepted(&tap.finish().await?)?;
        let callback = started.browser.open(&started.page.url).await?.callback()?;
        identity(party.finish(started.request, &callback).await?)
    }
}

/// The verified identity in an answer.
pub(crate) fn identity(answer: Answer) -> Result<Identity> {
    match answer {
        Answer::Identity(identity) => Ok(*identity),
        Answer::Refused(error) => bail!("the relying party got {error}"),
    }
}

/// Makes sure that a tap was accepted.
pub(crate) fn accepted(end: &TapEnd) -> Result<()> {
    ensure!(
        end.code == 0 && end.last["outcome"] == "accepted",
        "the tap ended with {}",
        end.last
    );
    Ok(())
}

/// Where the phone returns to after an accepted tap.
pub(crate) fn return_url(end: &TapEnd) -> Result<url::Url> {
    accepted(end)?;
    Ok(end.last["return_url"]
        .as_str()
        .context("a return URL")?
        .parse()?)
}

/// Makes sure that a tap was refused for exactly this reason.
pub(crate) fn refused(end: &TapEnd, reason: &str) -> Result<String> {
    ensure!(
        end.code != 0 && end.last["reason"] == reason,
        "expected {reason}, the tap ended with {}",
        end.last
    );
    Ok(format!(
        "{reason}: {}",
        end.last["message"].as_str().unwrap_or_default()
    ))
}
