//! A My Number card with state: it answers command APDUs as a card does,
//! as far as that is known (docs/card.md; "Where the emulator guesses" lists the rest).
//!
//! Pure and synchronous: no I/O, no clock. Where it takes what happens between commands, the
//! caller says so: [`EmulatedCard::power_off`], [`EmulatedCard::warm_reset`].

mod files;
mod jpki;
mod key;
mod pins;
mod profile;
mod provenance;
mod sw;
#[cfg(test)]
mod tests;
mod tlv;

use crate::authority::IssuedCard;
use crate::holder::{FRAME_SIZES, Holder, Token};
use files::{Access, Application, File, Outcome, Pin};
use kazasu_card::CommandApdu;
pub use key::KeyError;
use rsa::rand_core::{OsRng, RngCore};
use std::collections::BTreeSet;

/// AID of the GlobalPlatform issuer security domain, selected when the card is powered.
const ISD_AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];

/// P2 of SELECT that asks for no file control information (ISO/IEC 7816-4 §7.1.1).
const NO_FCI: u8 = 0x0C;

/// What the card itself observed of its PINs: how tests find a client that wastes tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PinCounters {
    /// VERIFY commands that carried a secret.
    pub verifies: u64,
    /// Times the very same wrong secret came twice in a row.
    pub repeated_wrong_pins: u64,
}

/// The secrets whose counters can be asked for without a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// Authentication PIN.
    Authentication,
    /// Signature password.
    Signature,
    /// Profile PIN.
    Profile,
}

/// A My Number card.
pub struct EmulatedCard {
    holder: Holder,
    applications: Vec<Application>,
    /// The current application; `None` is the issuer security domain.
    current: Option<usize>,
    current_file: Option<u16>,
    /// PIN files verified, and the application they belong to.
    verified_in: Option<usize>,
    verified: BTreeSet<u16>,
}

impl EmulatedCard {
    /// Makes a card for this holder.
    ///
    /// # Errors
    /// [`KeyError`] when a key is not RSA or P-384 in PKCS #8, or none can be made.
    pub fn new(holder: &Holder, credentials: &IssuedCard) -> Result<Self, KeyError> {
        let mut applications = vec![jpki::application(holder, credentials)?];
        if holder.token == Token::MyNumberCard {
            applications.push(profile::application(holder)?);
        }
        Ok(Self {
            holder: holder.clone(),
            applications,
            current: None,
            current_file: None,
            verified_in: None,
            verified: BTreeSet::new(),
        })
    }

    /// Replaces certificates and keys, as a renewal at the counter does. PINs and their counters
    /// stay as they are.
    ///
    /// # Errors
    /// [`KeyError`]; the card is then unchanged.
    pub fn install(&mut self, credentials: &IssuedCard) -> Result<(), KeyError> {
        jpki::install(&mut self.applications[0], &self.holder, credentials)
    }

    /// The holder this card belongs to.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// What the card observed of all its PINs since it was made.
    pub fn pin_counters(&self) -> PinCounters {
        let files = self.applications.iter().flat_map(|a| a.files.values());
        files.fold(PinCounters::default(), |sum, file| match file {
            File::Pin(pin) => PinCounters {
                verifies: sum.verifies + pin.counters().verifies,
                repeated_wrong_pins: sum.repeated_wrong_pins + pin.counters().repeated_wrong_pins,
            },
            _ => sum,
        })
    }

    /// What the card observed of one secret; `None` where it lacks the application.
    pub fn counters_of(&self, secret: Secret) -> Option<PinCounters> {
        self.pin(secret).map(Pin::counters)
    }

    /// Tries left of a secret; `None` where the card lacks the application.
    pub fn tries_left(&self, secret: Secret) -> Option<u8> {
        self.pin(secret).map(Pin::tries_left)
    }

    fn pin(&self, secret: Secret) -> Option<&Pin> {
        let (aid, file) = secret_location(secret);
        let application = self.applications.iter().find(|a| a.aid == aid)?;
        match application.files.get(&file) {
            Some(File::Pin(pin)) => Some(pin),
            _ => None,
        }
    }

    /// Sets the tries left of a secret, at most to its maximum, as a municipal counter does when
    /// it unblocks a card; and forgets which wrong one came last.
    pub fn set_tries_left(&mut self, secret: Secret, tries: u8) {
        let (aid, file) = secret_location(secret);
        for application in self.applications.iter_mut().filter(|a| a.aid == aid) {
            if let Some(File::Pin(pin)) = application.files.get_mut(&file) {
                pin.set_tries_left(tries);
            }
        }
    }

    /// Application data and protocol info, as they end an ATQB (ISO/IEC 14443-3 §7.9) and stand in
    /// a PC/SC ATR: an issued card's (docs/card.md, "Radio and readers"), with 106 to 424 kbit/s,
    /// FWI 10, CID; and the frame size its holder file says. Frames, and their chaining, are the
    /// reader chip's business: no APDU ever depends on them.
    pub(crate) fn protocol_info(&self) -> [u8; 7] {
        let size = self.holder.behaviour.frame_size;
        let code = FRAME_SIZES.iter().position(|known| *known == size);
        // Bits 8 to 5 are the code; bit 1 says ISO/IEC 14443-4.
        let frames = (code.unwrap_or(FRAME_SIZES.len() - 1) as u8) << 4 | 0x01;
        [0x00, 0x00, 0x05, 0xE0, 0xB3, frames, 0xA1]
    }

    /// Power goes: the next command finds the ISD selected and no PIN verified.
    pub fn power_off(&mut self) {
        self.warm_reset();
        self.forget_pins();
    }

    /// A reset without loss of power: the ISD is selected again, but verified PINs survive until
    /// another application is selected (measured by the crate `myna-card`).
    pub fn warm_reset(&mut self) {
        self.current = None;
        self.current_file = None;
    }

    /// Answers one command: response data and status word.
    pub fn respond(&mut self, command: &[u8]) -> Vec<u8> {
        let (mut data, status) = match self.carry_out(command) {
            Ok(done) => done,
            Err(status) => (Vec::new(), status),
        };
        data.extend_from_slice(&status.to_be_bytes());
        data
    }

    fn carry_out(&mut self, bytes: &[u8]) -> Result<(Vec<u8>, u16), u16> {
        let command = CommandApdu::parse(bytes).map_err(|_| sw::WRONG_LENGTH)?;
        let extended = bytes.len() > 5 && bytes[4] == 0;
        if extended && !self.holder.behaviour.extended_length {
            return Err(sw::WRONG_LENGTH);
        }
        check_class(command.class())?;
        let ok = |data| (data, sw::OK);
        match (command.class(), command.instruction()) {
            (0x00, 0xA4) => self.select(&command).map(ok),
            (0x00, 0xB0) => self.read_binary(&command),
            (0x00, 0x20) => self.verify(&command).map(ok),
            (0x00, 0x24) => self.change_pin(&command).map(ok),
            (0x00, 0x84) => get_challenge(&command, extended).map(ok),
            (0x00, 0xCA) => Err(sw::REFERENCE_NOT_FOUND),
            (0x80, 0x2A) => self.sign(&command).map(ok),
            // Exists on the iPhone's token only; cards answer 6700.
            (0x80, 0xFC) => Err(sw::WRONG_LENGTH),
            _ => Err(sw::INSTRUCTION),
        }
    }

    fn select(&mut self, command: &CommandApdu) -> Outcome {
        match (command.p1(), command.p2()) {
            // iOS selects on its own with P2 = 00; no client shows what the card then returns.
            (0x04, NO_FCI | 0x00) => self.select_application(command.data()),
            (0x02, NO_FCI) => self.select_file(command.data()),
            // SELECT MF: refused when cold, later answered without doing anything.
            (0x00, 0x00) if self.current.is_some() => Ok(Vec::new()),
            _ => Err(sw::WRONG_P1_P2),
        }
    }

    fn select_application(&mut self, aid: &[u8]) -> Outcome {
        if aid == ISD_AID {
            self.current = None;
            self.forget_pins();
        } else {
            let found = self.applications.iter().position(|a| a.aid == aid);
            let index = found.ok_or(sw::NOT_FOUND)?;
            if self.verified_in != Some(index) {
                self.forget_pins();
            }
            self.current = Some(index);
        }
        self.current_file = None;
        Ok(Vec::new())
    }

    fn select_file(&mut self, id: &[u8]) -> Outcome {
        let &[high, low] = id else {
            return Err(sw::WRONG_LENGTH);
        };
        self.make_current(u16::from_be_bytes([high, low]))?;
        Ok(Vec::new())
    }

    fn make_current(&mut self, id: u16) -> Result<(), u16> {
        let application = self.application().ok_or(sw::NOT_FOUND)?;
        if !application.files.contains_key(&id) {
            return Err(sw::NOT_FOUND);
        }
        self.current_file = Some(id);
        Ok(())
    }

    fn application(&self) -> Option<&Application> {
        self.current.map(|index| &self.applications[index])
    }

    /// Makes the file current that a reference byte names: 80 is the current one, 80 | SFI
    /// another.
    fn refer(&mut self, reference: u8) -> Result<u16, u16> {
        let short_id = u16::from(reference & 0x1F);
        match reference & 0xE0 {
            0x80 if short_id == 0 => self.current_file.ok_or(sw::NO_CURRENT_FILE),
            0x80 if self.holder.behaviour.short_file_ids => {
                self.make_current(short_id)?;
                Ok(short_id)
            }
            _ => Err(sw::WRONG_P1_P2),
        }
    }

    fn file(&self, id: u16) -> Result<&File, u16> {
        let application = self.application().ok_or(sw::NO_CURRENT_FILE)?;
        application.files.get(&id).ok_or(sw::NOT_FOUND)
    }

    fn is_open(&self, access: &Access) -> bool {
        access.is_open(|pin| self.is_verified(pin))
    }

    fn is_verified(&self, pin: u16) -> bool {
        self.current == self.verified_in && self.verified.contains(&pin)
    }

    fn forget_pins(&mut self) {
        self.verified_in = None;
        self.verified.clear();
    }

    fn read_binary(&mut self, command: &CommandApdu) -> Result<(Vec<u8>, u16), u16> {
        if !command.data().is_empty() {
            return Err(sw::WRONG_LENGTH);
        }
        let expected = command.expected().ok_or(sw::WRONG_LENGTH)?;
        let (id, offset) = if command.p1() & 0x80 != 0 {
            // SFI 0 does not exist here: the current file is read with a 15-bit offset.
            if command.p1() == 0x80 {
                return Err(sw::WRONG_P1_P2);
            }
            (self.refer(command.p1())?, usize::from(command.p2()))
        } else {
            let offset = u16::from_be_bytes([command.p1(), command.p2()]);
            (
                self.current_file.ok_or(sw::NO_CURRENT_FILE)?,
                usize::from(offset),
            )
        };
        let File::Data { content, access } = self.file(id)? else {
            return Err(sw::WRONG_FILE_KIND);
        };
        if !self.is_open(access) {
            return Err(sw::PIN_MISSING);
        }
        let rest = content.get(offset..).unwrap_or_default();
        if rest.is_empty() {
            return Err(sw::WRONG_OFFSET);
        }
        let wanted = expected as usize;
        if wanted <= rest.len() {
            return Ok((rest[..wanted].to_vec(), sw::OK));
        }
        // Le = 00 means "up to the end"; only a length that was really named can be too long.
        let named = !matches!(expected, 256 | 65_536);
        let warn = named && self.holder.behaviour.short_read_warns;
        Ok((rest.to_vec(), if warn { sw::END_OF_FILE } else { sw::OK }))
    }

    fn sign(&mut self, command: &CommandApdu) -> Outcome {
        let schemes = &self.holder.behaviour.signature_schemes;
        if !schemes.contains(&command.p1()) {
            return Err(sw::WRONG_P1_P2);
        }
        let id = match command.p2() {
            0x00 => {
                let application = self.application().ok_or(sw::CONDITIONS)?;
                application.default_key.ok_or(sw::REFERENCE_NOT_FOUND)?
            }
            reference => self.refer(reference)?,
        };
        let File::Key { key, access } = self.file(id)? else {
            return Err(sw::WRONG_FILE_KIND);
        };
        if !self.is_open(access) {
            return Err(sw::PIN_MISSING);
        }
        let signature = key.sign(command.p1(), command.data())?;
        let expected = command.expected().ok_or(sw::WRONG_LENGTH)?;
        if signature.len() > expected as usize {
            return Err(sw::WRONG_LENGTH);
        }
        if id == jpki::SIGN_KEY && self.holder.behaviour.password_per_signature {
            self.verified.remove(&jpki::SIGN_PASSWORD);
        }
        Ok(signature)
    }
}

fn secret_location(secret: Secret) -> ([u8; 10], u16) {
    match secret {
        Secret::Authentication => (jpki::AID, jpki::AUTH_PIN),
        Secret::Signature => (jpki::AID, jpki::SIGN_PASSWORD),
        Secret::Profile => (profile::AID, profile::PIN),
    }
}

/// Classes 00 and 80 on the basic channel; nothing else.
fn check_class(class: u8) -> Result<(), u16> {
    match class {
        0x00 | 0x80 => Ok(()),
        0x01..=0x03 | 0x81..=0x83 => Err(sw::CHANNEL),
        0x10..=0x1F | 0x90..=0x9F => Err(sw::CHAINING),
        _ => Err(sw::CLASS),
    }
}

/// 1 to 256 random bytes; the extended form is refused (measured by the crate `myna-card`).
fn get_challenge(command: &CommandApdu, extended: bool) -> Outcome {
    if (command.p1(), command.p2()) != (0, 0) {
        return Err(sw::WRONG_P1_P2);
    }
    if extended {
        return Err(sw::CONDITIONS);
    }
    let length = command.expected().ok_or(sw::WRONG_LENGTH)?;
    let mut challenge = vec![0; length as usize];
    OsRng.fill_bytes(&mut challenge);
    Ok(challenge)
}
