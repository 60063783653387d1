//! VERIFY and CHANGE REFERENCE DATA.

use super::files::{File, Outcome, Pin, Presented};
use super::{EmulatedCard, sw};
use crate::holder::EmptyVerify;
use kazasu_card::CommandApdu;

impl EmulatedCard {
    pub(super) fn verify(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != 0x00 {
            return Err(sw::WRONG_P1_P2);
        }
        if command.expected().is_some() {
            return Err(sw::WRONG_LENGTH);
        }
        let id = self.refer(command.p2())?;
        if command.data().is_empty() {
            return self.empty_verify(id);
        }
        let presented = self.pin_file(id)?.present(command.data());
        match presented {
            Presented::Right => {
                self.verified_in = self.current;
                self.verified.insert(id);
                Ok(Vec::new())
            }
            Presented::Wrong { tries_left } => {
                self.verified.remove(&id);
                Err(sw::retries(tries_left))
            }
            Presented::Blocked if self.holder.behaviour.blocked_is_6983 => Err(sw::BLOCKED_ISO),
            Presented::Blocked => Err(sw::BLOCKED),
        }
    }

    /// Tells the retry counter without spending a try.
    fn empty_verify(&mut self, id: u16) -> Outcome {
        let tries = self.pin_file(id)?.tries_left();
        let as_verified = self.holder.behaviour.empty_verify_after_login == EmptyVerify::Ok;
        if self.is_verified(id) && as_verified {
            return Ok(Vec::new());
        }
        Err(sw::retries(tries))
    }

    pub(super) fn change_pin(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != 0x01 {
            return Err(sw::WRONG_P1_P2);
        }
        let id = self.refer(command.p2())?;
        let verified = self.is_verified(id);
        let pin = self.pin_file(id)?;
        if !verified {
            return Err(sw::PIN_MISSING);
        }
        let allowed = if pin.secret_length() == 4 {
            4..=4
        } else {
            6..=16
        };
        if !allowed.contains(&command.data().len()) {
            return Err(sw::WRONG_DATA);
        }
        pin.change(command.data());
        Ok(Vec::new())
    }

    fn pin_file(&mut self, id: u16) -> Result<&mut Pin, u16> {
        let index = self.current.ok_or(sw::NO_CURRENT_FILE)?;
        match self.applications[index].files.get_mut(&id) {
            Some(File::Pin(pin)) => Ok(pin),
            _ => Err(sw::WRONG_FILE_KIND),
        }
    }
}
