//! The part of a tap with the card: until it is read, or cannot be.

use super::{PinSources, Stop, needs_name};
use crate::Session;
use crate::arguments::AtReader;
use crate::card::refuse_other_tokens;
use crate::failure::Failure;
use crate::messages;
use crate::pins::{self, PinName};
use kazasu_card::{Card, CardError, LastTry, PinStatus};
use kazasu_companion::{CompanionError, Outcome, Pins, Step, Transaction};
use kazasu_reader::{CardChannel, OpenedReader};
use serde_json::json;

/// A card that slips away this often lies badly, or the reader is broken.
const TRIES: u32 = 10;

/// A transaction that waits for its card.
pub(super) struct Tapping<'a> {
    transaction: &'a mut Transaction,
    sources: PinSources,
    /// Kept over a card that slipped away, so that nobody types them twice.
    pins: Option<Pins>,
    last_step: Option<Step>,
    session: &'a Session,
}

impl<'a> Tapping<'a> {
    pub(super) fn new(
        transaction: &'a mut Transaction,
        sources: PinSources,
        session: &'a Session,
    ) -> Self {
        Self {
            transaction,
            sources,
            pins: None,
            last_step: None,
            session,
        }
    }

    /// Waits for the card and taps, again where the card slipped away or a PIN was mistyped.
    pub(super) async fn run(
        &mut self,
        reader: &mut OpenedReader,
        at_reader: &AtReader,
    ) -> Result<Outcome, Stop> {
        let language = self.session.language;
        let mut tries_left = TRIES;
        loop {
            tries_left -= 1;
            self.session.progress.step(language.pick(
                "カードをリーダーに置いてください",
                "Put the card on the reader",
            ));
            let channel = reader
                .wait_for_card(at_reader.wait)
                .await
                .map_err(|error| Failure::reader(&error, language))?;
            match self.once(&mut Card::new(channel)).await {
                Err(Stop::Companion(CompanionError::Card(error))) if tries_left > 0 => {
                    self.go_on_after(&error)?;
                }
                outcome => return outcome,
            }
        }
    }

    /// One activation of the card: the PINs, if they are not there yet, and the tap.
    async fn once(&mut self, card: &mut Card<CardChannel<'_>>) -> Result<Outcome, Stop> {
        self.last_step = None;
        let pins = match self.pins.take() {
            Some(pins) => pins,
            None => self.get_pins(card).await?,
        };
        let session = self.session;
        let last_step = &mut self.last_step;
        let mut on_step = |step: Step| {
            *last_step = Some(step);
            if session.json {
                println!(
                    "{}",
                    json!({"event": "step", "step": messages::step_word(step)})
                );
            }
            session
                .progress
                .step(messages::step(step, session.language));
        };
        let outcome = self.transaction.tap(card, &pins, &mut on_step).await;
        self.pins = Some(pins);
        Ok(outcome?)
    }

    /// Shows the card's counters, and gets the PINs.
    async fn get_pins(&mut self, card: &mut Card<CardChannel<'_>>) -> Result<Pins, Stop> {
        // First all that the card may be lost in, so that no PIN is lost with it.
        let (auth_status, name_status) = pin_states(card, needs_name(self.transaction))
            .await
            .map_err(CompanionError::from)?;
        let (session, allowed) = (self.session, self.sources.allow_last_try);
        let auth_last_try =
            pins::consider_tries(auth_status, PinName::Authentication, allowed, session)?;
        let (auth, typed) = self.sources.auth.take(None, session)?;
        let mut pins = Pins {
            auth,
            auth_last_try,
            profile: None,
            profile_last_try: LastTry::Refuse,
        };
        if let Some(status) = name_status {
            pins.profile_last_try = pins::consider_tries(status, PinName::Name, allowed, session)?;
            pins.profile = Some(self.sources.profile.take(typed.as_ref(), session)?.0);
        }
        Ok(pins)
    }

    /// Says what happened at the card, where another try can help.
    fn go_on_after(&mut self, error: &CardError) -> Result<(), Stop> {
        let language = self.session.language;
        match error {
            CardError::CardLost => {
                let text = language.pick(
                    "カードが離れました。置き直してください。失われたものはありません。",
                    "The card slipped away. Put it back: nothing is lost.",
                );
                self.interrupted("card_lost", text);
                Ok(())
            }
            CardError::LostWhileVerifying { .. } => {
                let text = language.pick(
                    "暗証番号を確かめている間にカードが離れました。置き直すと、残りの回数を見てから続けます。",
                    "The card slipped away while it checked the PIN. Put it back: its counter is looked at before the PIN is sent again.",
                );
                self.interrupted("card_lost", text);
                Ok(())
            }
            CardError::ReaderGone => {
                let text = language.pick(
                    "リーダーが応答しなくなりました。つなぎ直しています。カードをもう一度置いてください。",
                    "The reader stopped answering and is opened again. Put the card on it once more.",
                );
                self.interrupted("reader_gone", text);
                Ok(())
            }
            CardError::WrongPin { retries_left } if *retries_left > 0 => {
                self.go_on_after_wrong_pin(*retries_left, error)
            }
            error => Err(Failure::card(error, self.pin_in_use(), language).into()),
        }
    }

    fn interrupted(&self, event: &str, text: &str) {
        self.session
            .note(text, &json!({"event": event, "message": text}));
    }

    fn go_on_after_wrong_pin(&mut self, left: u8, error: &CardError) -> Result<(), Stop> {
        let language = self.session.language;
        let pin = self.pin_in_use();
        let failure = Failure::card(error, pin, language);
        let Some(pins) = self.pins.take() else {
            return Err(failure.into());
        };
        // The other PIN may well be right: nobody types it twice.
        let another = if pin == Some(PinName::Name) {
            self.sources.auth.put_back(Some(pins.auth));
            self.sources.profile.another(language)?
        } else {
            self.sources.profile.put_back(pins.profile);
            self.sources.auth.another(language)?
        };
        if !another {
            return Err(failure.into());
        }
        let event = json!({
            "event": "wrong_pin",
            "pin": pin.map(PinName::word),
            "retries_left": left,
            "message": failure.sentence,
        });
        self.session.note(&failure.sentence, &event);
        Ok(())
    }

    fn pin_in_use(&self) -> Option<PinName> {
        match self.last_step? {
            Step::ReadingName => Some(PinName::Name),
            Step::Signing => Some(PinName::Authentication),
            Step::ReadingCertificate | Step::Checking => None,
        }
    }
}

async fn pin_states(
    card: &mut Card<CardChannel<'_>>,
    needs_name: bool,
) -> Result<(PinStatus, Option<PinStatus>), CardError> {
    let mut jpki = card.jpki().await?;
    refuse_other_tokens(&mut jpki).await?;
    let auth = jpki.pin_status().await?;
    let name = match needs_name {
        true => Some(card.profile().await?.pin_status().await?),
        false => None,
    };
    Ok((auth, name))
}
