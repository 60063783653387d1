//! A tap without pages, for what happened before the demo begins: the person agrees, knows the
//! PINs, and holds the card still.

use super::line::Line;
use crate::cards::Cards;
use crate::cast::Person;
use anyhow::{Context, Result, bail};
use kazasu_card::{AuthPin, Card, ChannelLimits, LastTry, ProfilePin};
use kazasu_companion::{Outcome, Pins, Ticket, Transaction};
use kazasu_emulator::EmulatedChannel;
use kazasu_emulator::field::Field;

/// Taps on the same phone, and returns the address to go back to.
pub(crate) async fn tap(
    line: &Line,
    cards: &Cards,
    person: &Person,
    ticket: &str,
) -> Result<String> {
    let ticket = Ticket::parse(ticket, std::slice::from_ref(&line.deployment))?;
    let mut transaction = Transaction::claim(line.connect()?, &ticket).await?;
    let field = Field::new();
    cards.hold(person.id(), &field)?;
    let mut card = Card::new(EmulatedChannel::connect(&field, ChannelLimits::EXTENDED));
    let pins = Pins {
        auth: AuthPin::new(&person.card.pins.authentication)?,
        auth_last_try: LastTry::Refuse,
        profile: Some(ProfilePin::new(&person.card.pins.profile)?),
        profile_last_try: LastTry::Refuse,
    };
    let outcome = transaction.tap(&mut card, &pins, &mut |_| {}).await?;
    field.remove();
    match outcome {
        Outcome::Accepted { return_url } => return_url.context("a tap on the same phone"),
        Outcome::Rejected(reason) => bail!("the tap was refused: {reason}"),
    }
}
