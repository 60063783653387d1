//! One tap on the phone, from consent to outcome: the person acts, the phone shows. The order and
//! the rules are the companion's; here is what an app would put around it.

use super::channel::Unhurried;
use super::screen::{Act, Ending, Interruption, Pin, Screen, Slip};
use crate::cards::Cards;
use kazasu_card::{AuthPin, Card, CardError, ChannelLimits, LastTry, PinStatus, ProfilePin};
use kazasu_companion::{CompanionError, Outcome, Pins, Step, Transaction};
use kazasu_emulator::EmulatedChannel;
use kazasu_emulator::field::Field;
use kazasu_statement::Claim;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use zeroize::Zeroizing;

/// Between two attempts to hear from the verifier.
const AGAIN: Duration = Duration::from_secs(1);

/// What the phone shows now. The number grows with every change, so that what a person does can
/// be told from what they did before.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) number: u64,
    pub(super) screen: Screen,
}

/// A running tap.
pub(super) struct Tapping {
    pub(super) cards: Arc<Cards>,
    pub(super) holder: String,
    pub(super) field: Field,
    pub(super) shown: watch::Sender<Shown>,
    /// What the person did, and the number of the screen they did it on.
    pub(super) acts: mpsc::Receiver<(u64, Act)>,
    pub(super) pause: Duration,
}

/// Why a tap goes no further.
enum Stop {
    /// Here: the verifier still waits and is told.
    Here(Ending),
    /// There.
    There(Ending),
}

/// The PINs as far as they are known, and what may be offered as "the same as before".
struct Typed {
    pins: Pins,
    before: Option<Zeroizing<String>>,
}

impl Tapping {
    /// Runs to the end, and shows it.
    pub(super) async fn run(mut self, mut transaction: Transaction) {
        let end = self.go(&mut transaction).await;
        self.field.remove();
        let screen = match end {
            Ok(return_url) => Screen::Done { return_url },
            Err(Stop::There(ending)) => Screen::Over(ending),
            Err(Stop::Here(ending)) => {
                // If this does not arrive, the transaction expires.
                let _ = transaction.cancel().await;
                Screen::Over(ending)
            }
        };
        self.show(screen);
    }

    async fn go(&mut self, transaction: &mut Transaction) -> Result<Option<String>, Stop> {
        while !matches!(self.act().await?, Act::Allow) {}
        if transaction.needs_pairing() {
            self.pair(transaction).await?;
        }
        let needs_name = transaction.details().claims.contains(&Claim::Name);
        let mut typed = self.ask_for_pins(needs_name).await?;
        let mut after = None;
        loop {
            self.show(Screen::Hold { after });
            while !matches!(self.act().await?, Act::Hold) {}
            match self.read(transaction, &typed.pins).await? {
                Ok(Outcome::Accepted { return_url }) => return Ok(return_url),
                Ok(Outcome::Rejected(reason)) => return Err(Stop::There(Ending::Refused(reason))),
                Err((error, step)) => after = self.interrupted(error, step, &mut typed).await?,
            }
        }
    }

    fn show(&self, screen: Screen) {
        show(&self.shown, screen);
    }

    /// What the person does next about what is shown.
    async fn act(&mut self) -> Result<Act, Stop> {
        let number = self.shown.borrow().number;
        loop {
            match self.acts.recv().await {
                None | Some((_, Act::Cancel)) => return Err(Stop::Here(Ending::Cancelled)),
                Some((on, act)) if on == number => return Ok(act),
                Some(_) => {}
            }
        }
    }

    /// Shows six digits, until they were typed into the page.
    async fn pair(&mut self, transaction: &mut Transaction) -> Result<(), Stop> {
        loop {
            let pairing = transaction.start_pairing().await.map_err(stop)?;
            self.show(Screen::Digits {
                digits: pairing.digits,
                expires_at: pairing.expires_at,
            });
            tokio::select! {
                paired = paired(transaction) => return paired.map_err(stop),
                act = self.act() => drop(act?),
            }
        }
    }

    async fn ask_for_pins(&mut self, needs_name: bool) -> Result<Typed, Stop> {
        let (auth_tries, name_tries) = self.counters(needs_name).await.map_err(at_card)?;
        let (auth, before, auth_last_try) = self
            .ask(Pin::Auth, auth_tries, None, None, |text| {
                AuthPin::new(text).ok()
            })
            .await?;
        let mut typed = Typed {
            pins: Pins {
                auth,
                auth_last_try,
                profile: None,
                profile_last_try: LastTry::Refuse,
            },
            before: Some(before),
        };
        if needs_name {
            self.ask_for_name_pin(name_tries, None, &mut typed).await?;
        }
        // It was kept for that one question only.
        typed.before = None;
        Ok(typed)
    }

    async fn ask_for_auth_pin(
        &mut self,
        tries: Option<u8>,
        slip: Slip,
        typed: &mut Typed,
    ) -> Result<(), Stop> {
        let (pin, _, last_try) = self
            .ask(Pin::Auth, tries, Some(slip), None, |text| {
                AuthPin::new(text).ok()
            })
            .await?;
        (typed.pins.auth, typed.pins.auth_last_try) = (pin, last_try);
        Ok(())
    }

    async fn ask_for_name_pin(
        &mut self,
        tries: Option<u8>,
        slip: Option<Slip>,
        typed: &mut Typed,
    ) -> Result<(), Stop> {
        let before = typed.before.take();
        let (pin, _, last_try) = self
            .ask(Pin::Name, tries, slip, before, |text| {
                ProfilePin::new(text).ok()
            })
            .await?;
        (typed.pins.profile, typed.pins.profile_last_try) = (Some(pin), last_try);
        Ok(())
    }

    /// Asks for a PIN until four digits were typed and, where it is the last try, that was agreed
    /// to. `before` is what "the same as before" means.
    async fn ask<P>(
        &mut self,
        pin: Pin,
        tries_left: Option<u8>,
        mut slip: Option<Slip>,
        before: Option<Zeroizing<String>>,
        parse: impl Fn(&str) -> Option<P>,
    ) -> Result<(P, Zeroizing<String>, LastTry), Stop> {
        if tries_left == Some(0) {
            return Err(Stop::Here(Ending::Blocked(pin)));
        }
        loop {
            self.show(Screen::Pin {
                pin,
                tries_left,
                slip,
            });
            let (digits, agreed) = match (self.act().await?, &before) {
                (Act::Type { digits, last_try }, _) => (digits, last_try),
                (Act::Same { last_try }, Some(before)) => (before.clone(), last_try),
                _ => continue,
            };
            slip = match parse(&digits) {
                None => Some(Slip::NotFourDigits),
                Some(_) if tries_left == Some(1) && !agreed => Some(Slip::NotAgreed),
                Some(parsed) => {
                    let last_try = match agreed {
                        true => LastTry::Allow,
                        false => LastTry::Refuse,
                    };
                    return Ok((parsed, digits, last_try));
                }
            };
        }
    }

    /// The counters, from the card itself, which is at hand for a moment.
    async fn counters(&self, needs_name: bool) -> Result<(Option<u8>, Option<u8>), CardError> {
        let mut card = Card::new(self.channel(Duration::ZERO)?);
        let auth = card.jpki().await?.pin_status().await?;
        let name = match needs_name {
            true => card.profile().await?.pin_status().await?.retries(),
            false => PinStatus::NoCounter.retries(),
        };
        card.leave().await?;
        self.field.remove();
        Ok((auth.retries(), name))
    }

    fn channel(&self, pause: Duration) -> Result<Unhurried, CardError> {
        let held = self.cards.hold(&self.holder, &self.field);
        held.map_err(|_| CardError::CardLost)?;
        let channel = EmulatedChannel::connect(&self.field, ChannelLimits::EXTENDED);
        Ok(Unhurried { channel, pause })
    }

    /// Holds the card to the phone until it is read and judged, or something happens: with the
    /// step in which it did.
    async fn read(
        &mut self,
        transaction: &mut Transaction,
        pins: &Pins,
    ) -> Result<Result<Outcome, (CompanionError, Option<Step>)>, Stop> {
        let channel = self.channel(self.pause).map_err(at_card)?;
        let mut card = Card::new(channel);
        let mut last_step = None;
        let shown = self.shown.clone();
        let mut on_step = |step| {
            last_step = Some(step);
            show(&shown, Screen::Reading(step));
        };
        let outcome = tokio::select! {
            outcome = transaction.tap(&mut card, pins, &mut on_step) => outcome,
            () = cancelled(&mut self.acts) => return Err(Stop::Here(Ending::Cancelled)),
        };
        self.field.remove();
        Ok(outcome.map_err(|error| (error, last_step)))
    }

    /// What to do about it: the card once more, or a PIN, or nothing.
    async fn interrupted(
        &mut self,
        error: CompanionError,
        step: Option<Step>,
        typed: &mut Typed,
    ) -> Result<Option<Interruption>, Stop> {
        let error = match error {
            CompanionError::Card(error) => error,
            CompanionError::Offline(_) => return Ok(Some(Interruption::Offline)),
            other => return Err(stop(other)),
        };
        let pin = match step {
            Some(Step::ReadingName) => Pin::Name,
            _ => Pin::Auth,
        };
        let (left, slip) = match error {
            CardError::CardLost => return Ok(Some(Interruption::Lost)),
            CardError::LostWhileVerifying { .. } => {
                return Ok(Some(Interruption::LostWhileVerifying));
            }
            CardError::WrongPin { retries_left } => (retries_left, Slip::Wrong),
            // Somebody used tries meanwhile.
            CardError::LastTry => (1, Slip::NotAgreed),
            CardError::PinBlocked => (0, Slip::Wrong),
            other => return Err(at_card(other)),
        };
        match pin {
            Pin::Auth => self.ask_for_auth_pin(Some(left), slip, typed).await?,
            Pin::Name => self.ask_for_name_pin(Some(left), Some(slip), typed).await?,
        }
        Ok(None)
    }
}

fn show(shown: &watch::Sender<Shown>, screen: Screen) {
    shown.send_modify(|shown| {
        *shown = Shown {
            number: shown.number + 1,
            screen,
        }
    });
}

/// Waits until the digits were typed, over connections that break.
async fn paired(transaction: &mut Transaction) -> Result<(), CompanionError> {
    loop {
        match transaction.wait_until_paired().await {
            Err(CompanionError::Offline(_)) => tokio::time::sleep(AGAIN).await,
            end => return end,
        }
    }
}

/// Returns when the person cancels; anything else they do meanwhile is too early or too late.
async fn cancelled(acts: &mut mpsc::Receiver<(u64, Act)>) {
    while !matches!(acts.recv().await, None | Some((_, Act::Cancel))) {}
}

fn at_card(error: CardError) -> Stop {
    Stop::Here(Ending::Card(error))
}

/// The verifier knows of its refusals; of anything else it has to be told.
fn stop(error: CompanionError) -> Stop {
    match error {
        CompanionError::Refused(reason) => Stop::There(Ending::Refused(reason)),
        CompanionError::Card(error) => at_card(error),
        _ => Stop::Here(Ending::Failed),
    }
}
