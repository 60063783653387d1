//! PINs at the card: one empty VERIFY before each, and each PIN once.

use crate::apdu::{CommandApdu, ResponseApdu};
use crate::card::{Card, FileId, unexpected};
use crate::error::CardError;
use crate::pin::{LastTry, PinStatus};
use crate::status::StatusWord;
use crate::transceive::{ChannelError, Transceive};

/// What an empty VERIFY told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    pin: FileId,
    status: PinStatus,
    /// P2 of the VERIFY that this card understands for the PIN.
    reference: u8,
}

impl<T: Transceive> Card<T> {
    /// Asks for a PIN's state: an empty VERIFY. It costs no try.
    pub(crate) async fn pin_status(&mut self, pin: FileId) -> Result<PinStatus, CardError> {
        let probe = self.probe_pin(pin).await?;
        self.probe = Some(probe);
        Ok(probe.status)
    }

    async fn probe_pin(&mut self, pin: FileId) -> Result<Probe, CardError> {
        let probe = |status, reference| Probe {
            pin,
            status,
            reference,
        };
        if !self.plain_files {
            // Exactly four bytes: with Le a card answers 6700.
            let reference = pin.short_reference();
            let command = CommandApdu::new(0x00, 0x20, 0x00, reference);
            let response = self.exchange(&command).await?;
            if !response.status().suggests_plain_form() {
                let status = read_pin_status(&command, &response)?;
                return Ok(probe(status, reference));
            }
        }
        self.select_file(pin).await?;
        let reference = 0x80;
        let command = CommandApdu::new(0x00, 0x20, 0x00, reference);
        let response = self.exchange(&command).await?;
        let status = read_pin_status(&command, &response)?;
        self.plain_files = true;
        Ok(probe(status, reference))
    }

    /// Verifies a PIN: one empty VERIFY, unless it was the last exchange, then the PIN once.
    pub(crate) async fn verify_pin(
        &mut self,
        pin: FileId,
        digits: &[u8],
        last_try: LastTry,
    ) -> Result<(), CardError> {
        let Probe {
            status, reference, ..
        } = match self.probe.take().filter(|probe| probe.pin == pin) {
            Some(probe) => probe,
            None => self.probe_pin(pin).await?,
        };
        match status {
            PinStatus::Blocked => return Err(CardError::PinBlocked),
            PinStatus::RetriesLeft(1) if last_try == LastTry::Refuse => {
                return Err(CardError::LastTry);
            }
            PinStatus::RetriesLeft(_) | PinStatus::Verified | PinStatus::NoCounter => {}
        }
        let command = CommandApdu::new(0x00, 0x20, 0x00, reference)
            .with_data(digits)
            .expect("four digits fit");
        let retries_before = status.retries();
        let response = self.exchange(&command).await.map_err(|error| match error {
            // Nothing was sent.
            CardError::Channel(ChannelError::Poisoned | ChannelError::CommandTooLong { .. }) => {
                error
            }
            _ => CardError::LostWhileVerifying { retries_before },
        })?;
        match (response.status(), response.status().retries_left()) {
            (StatusWord::OK, _) => Ok(()),
            (_, Some(retries_left)) => Err(CardError::WrongPin { retries_left }),
            (sw, None) if sw.is_blocked() => Err(CardError::PinBlocked),
            (sw, None) => Err(CardError::PinOutcomeUnknown { retries_before, sw }),
        }
    }
}

fn read_pin_status(command: &CommandApdu, response: &ResponseApdu) -> Result<PinStatus, CardError> {
    match (response.status(), response.status().retries_left()) {
        (StatusWord::OK, _) => Ok(PinStatus::Verified),
        (StatusWord::NO_COUNTER, _) => Ok(PinStatus::NoCounter),
        (sw, _) if sw.is_blocked() => Ok(PinStatus::Blocked),
        (_, Some(left)) => Ok(PinStatus::RetriesLeft(left)),
        _ => Err(unexpected(command, response)),
    }
}
