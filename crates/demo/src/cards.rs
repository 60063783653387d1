//! The cards of the browser demo, and the authority that issued them, in this process. The
//! verifier asks that authority over HTTP, as it would the real one.

use anyhow::{Context, Result};
use kazasu_emulator::authority::{self, Authority, AuthorityOptions};
use kazasu_emulator::card::Secret;
pub use kazasu_emulator::control::Order;
use kazasu_emulator::control::{Emulator, Target};
use kazasu_emulator::field::{Field, SharedCard};
use kazasu_emulator::holder::Holder;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_blocking};

/// A full counter of either PIN.
const ALL_TRIES: u8 = 3;

/// Every card, where each lies, and the authority.
pub struct Cards {
    emulator: Emulator,
    /// By holder: the field that the card was last held into. A card is in one place only.
    held: Mutex<BTreeMap<String, Field>>,
    authority: String,
    server: JoinHandle<()>,
}

/// Tries left for the two PINs of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriesLeft {
    /// For the PIN for signing in.
    pub auth: u8,
    /// For the PIN for the name.
    pub name: u8,
}

impl Cards {
    /// Issues a card to each of `holders` and serves their authority. With `state`, both outlive
    /// this program in that folder; the PINs' counters do not.
    ///
    /// # Errors
    /// If keys cannot be made, what is in `state` cannot be used, or there is no free port.
    pub async fn start(holders: Vec<Holder>, state: Option<&Path>) -> Result<Self> {
        let state = state.map(Path::to_owned);
        let emulator = spawn_blocking(move || {
            let clock = authority::system_clock();
            let options = AuthorityOptions::default();
            let kept = match &state {
                Some(folder) => {
                    std::fs::create_dir_all(folder)?;
                    Authority::load(folder, options.clone())?
                }
                None => None,
            };
            let authority = match kept {
                Some(authority) => authority,
                None => Authority::new(options, clock())?,
            };
            anyhow::Ok(Emulator::new(holders, authority, clock, state)?)
        })
        .await??;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = authority::router(emulator.authority().clone(), emulator.clock().clone());
        let server = tokio::spawn(async move {
            // It ends with the task only.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            emulator,
            held: Mutex::default(),
            authority: format!("http://{address}"),
            server,
        })
    }

    /// Where the verifier asks about certificates.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The certificate that the verifier trusts, DER.
    ///
    /// # Errors
    /// Never, as long as the authority has a first generation.
    pub fn anchor(&self) -> Result<Vec<u8>> {
        let authority = self.emulator.authority();
        let authority = authority.lock().unwrap_or_else(PoisonError::into_inner);
        let anchor = authority.ca_certificate(1).context("a first generation")?;
        Ok(anchor.to_vec())
    }

    /// Whether somebody has a card.
    pub fn has(&self, holder: &str) -> bool {
        self.emulator.card(holder).is_ok()
    }

    /// Has the authority do something with a holder's certificate.
    ///
    /// # Errors
    /// If it refuses.
    pub async fn order(&self, order: Order, holder: &str) -> Result<()> {
        let (emulator, holder) = (self.emulator.clone(), holder.to_owned());
        // It may make keys.
        spawn_blocking(move || {
            let target = Target {
                holder,
                reason: None,
            };
            Ok(emulator.order(order, &target)?)
        })
        .await?
    }

    /// Gives both PINs of a card all their tries back, as a municipal counter does.
    ///
    /// # Errors
    /// If there is no such holder.
    pub fn unblock(&self, holder: &str) -> Result<()> {
        let mut card = locked(self.emulator.card(holder)?);
        for secret in [Secret::Authentication, Secret::Profile] {
            card.set_tries_left(secret, ALL_TRIES);
        }
        Ok(())
    }

    /// What a card would say of its counters.
    ///
    /// # Errors
    /// If there is no such holder, or the card has no profile application.
    pub fn tries_left(&self, holder: &str) -> Result<TriesLeft> {
        let card = locked(self.emulator.card(holder)?);
        let of = |secret| card.tries_left(secret).context("a card with both PINs");
        Ok(TriesLeft {
            auth: of(Secret::Authentication)?,
            name: of(Secret::Profile)?,
        })
    }

    /// Holds a card into a field; it leaves the one where it was.
    pub(crate) fn hold(&self, holder: &str, field: &Field) -> Result<()> {
        let card = self.emulator.card(holder)?;
        let mut held = self.held.lock().expect("no holder panics");
        if let Some(before) = held.insert(holder.to_owned(), field.clone()) {
            before.remove();
        }
        field.present(card.clone());
        Ok(())
    }
}

impl Drop for Cards {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn locked(card: &SharedCard) -> std::sync::MutexGuard<'_, kazasu_emulator::card::EmulatedCard> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}
