//! What a PN532 does with a command, as far as libnfc's `pn532_uart` driver asks. It has one
//! type B target, the card in the field.

use crate::fault::Pn532Fault;
use crate::field::{Activation, Field, Reply, Start};
use std::time::Duration;

/// First byte of a command, and of a response (PN532 User Manual §6.2.1.1).
const HOST_TO_CHIP: u8 = 0xD4;
const CHIP_TO_HOST: u8 = 0xD5;

/// Commands, PN532 User Manual §7.
mod command {
    pub(super) const DIAGNOSE: u8 = 0x00;
    pub(super) const GET_FIRMWARE_VERSION: u8 = 0x02;
    pub(super) const READ_REGISTER: u8 = 0x06;
    pub(super) const WRITE_REGISTER: u8 = 0x08;
    pub(super) const SET_PARAMETERS: u8 = 0x12;
    pub(super) const SAM_CONFIGURATION: u8 = 0x14;
    pub(super) const POWER_DOWN: u8 = 0x16;
    pub(super) const RF_CONFIGURATION: u8 = 0x32;
    pub(super) const IN_DATA_EXCHANGE: u8 = 0x40;
    pub(super) const IN_COMMUNICATE_THRU: u8 = 0x42;
    pub(super) const IN_DESELECT: u8 = 0x44;
    pub(super) const IN_LIST_PASSIVE_TARGET: u8 = 0x4A;
    pub(super) const IN_RELEASE: u8 = 0x52;
    pub(super) const IN_AUTO_POLL: u8 = 0x60;
}

/// Error codes, PN532 User Manual §7.1.
const STATUS_OK: u8 = 0x00;
const STATUS_TIMEOUT: u8 = 0x01;
const STATUS_CONTEXT: u8 = 0x27;
const STATUS_RELEASED: u8 = 0x29;
/// Bit 6 of the status: more of the answer waits in the chip.
const MORE: u8 = 0x40;

/// PN532 1.6 with ISO 14443-A, -B and ISO 18092.
const FIRMWARE: [u8; 4] = [0x32, 0x01, 0x06, 0x07];
/// "106 kbit/s type B" in InListPassiveTarget, and as a type in InAutoPoll.
const TYPE_B: u8 = 0x03;
/// The retry count, and poll count, that means "for ever".
const FOR_EVER: u8 = 0xFF;
/// Unit of the InAutoPoll period.
const POLL_PERIOD: Duration = Duration::from_millis(150);
/// The most response data libnfc takes in one InDataExchange answer.
const CHUNK: usize = 263;

/// ATTRIB response: its length, and CID 1.
const ATTRIB: [u8; 2] = [0x01, 0x01];

/// What the chip does after a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Answers with this data (D5 …), after a delay.
    Answer {
        data: Vec<u8>,
        delay: Duration,
        fault: Option<Pn532Fault>,
    },
    /// Waits for a card, and tries the command again when something changes in the field; after
    /// `limit` it answers `otherwise`.
    Wait {
        limit: Option<Duration>,
        otherwise: Vec<u8>,
    },
    /// Does not know the command: the error frame.
    Refuse,
}

fn answer(command: u8, data: &[u8]) -> Action {
    let mut bytes = vec![CHIP_TO_HOST, command.wrapping_add(1)];
    bytes.extend_from_slice(data);
    Action::Answer {
        data: bytes,
        delay: Duration::ZERO,
        fault: None,
    }
}

/// A PN532.
pub(crate) struct Chip {
    field: Field,
    target: Option<Activation>,
    passive_retries: u8,
    /// Rest of an answer too long for one frame.
    unread: Vec<u8>,
}

impl Chip {
    pub(crate) fn new(field: Field) -> Self {
        Self {
            field,
            target: None,
            // Power-up default, User Manual §7.3.1.
            passive_retries: FOR_EVER,
            unread: Vec::new(),
        }
    }

    /// Carries out the data of an information frame.
    pub(crate) fn carry_out(&mut self, data: &[u8]) -> Action {
        let &[HOST_TO_CHIP, code, ref parameters @ ..] = data else {
            return Action::Refuse;
        };
        match code {
            // Echoes its test number and data: "communication line test".
            command::DIAGNOSE => answer(code, parameters),
            command::GET_FIRMWARE_VERSION => answer(code, &FIRMWARE),
            command::READ_REGISTER => answer(code, &vec![0; parameters.len() / 2]),
            command::WRITE_REGISTER | command::SET_PARAMETERS | command::SAM_CONFIGURATION => {
                answer(code, &[])
            }
            command::RF_CONFIGURATION => self.configure_rf(parameters),
            command::POWER_DOWN => {
                self.leave_target();
                self.field.power_off();
                answer(code, &[STATUS_OK])
            }
            command::IN_LIST_PASSIVE_TARGET => self.list_targets(parameters),
            command::IN_AUTO_POLL => self.auto_poll(parameters),
            command::IN_DATA_EXCHANGE => self.exchange(parameters),
            command::IN_COMMUNICATE_THRU => self.communicate_thru(parameters),
            command::IN_DESELECT | command::IN_RELEASE => {
                self.leave_target();
                answer(code, &[STATUS_OK])
            }
            _ => Action::Refuse,
        }
    }

    fn leave_target(&mut self) {
        self.target = None;
        self.unread.clear();
    }

    fn configure_rf(&mut self, parameters: &[u8]) -> Action {
        match *parameters {
            // Item 1, bit 0: the field.
            [0x01, on] if on & 0x01 == 0 => {
                self.leave_target();
                self.field.power_off();
            }
            // Item 5: retries of ATR_REQ, PSL_REQ and passive activation.
            [0x05, _, _, passive] => self.passive_retries = passive,
            _ => {}
        }
        answer(command::RF_CONFIGURATION, &[])
    }

    /// Activates the card and returns its ATQB and ATTRIB response.
    fn activate(&mut self) -> Option<Vec<u8>> {
        self.leave_target();
        self.target = self.field.activate(Start::Warm);
        self.target?;
        let protocol_info = self.field.protocol_info()?;
        // The card draws its PUPI when it gets power. Scattered, so that it does not look like
        // the counter it is.
        let pupi = self
            .field
            .power_ups()
            .wrapping_mul(0x9E37_79B9)
            .to_be_bytes();
        let mut target = vec![0x50];
        target.extend_from_slice(&pupi);
        target.extend_from_slice(&protocol_info);
        target.extend_from_slice(&ATTRIB);
        Some(target)
    }

    fn list_targets(&mut self, parameters: &[u8]) -> Action {
        let code = command::IN_LIST_PASSIVE_TARGET;
        let found = match *parameters {
            [_, TYPE_B, ..] => self.activate(),
            [_, _, ..] => None,
            _ => return Action::Refuse,
        };
        match found {
            Some(target) => answer(code, &[&[0x01, 0x01], target.as_slice()].concat()),
            None if self.passive_retries == FOR_EVER => Action::Wait {
                limit: None,
                otherwise: vec![CHIP_TO_HOST, code + 1, 0x00],
            },
            None => answer(code, &[0x00]),
        }
    }

    fn auto_poll(&mut self, parameters: &[u8]) -> Action {
        let code = command::IN_AUTO_POLL;
        let &[polls, period, ref types @ ..] = parameters else {
            return Action::Refuse;
        };
        let found = types.contains(&TYPE_B).then(|| self.activate()).flatten();
        if let Some(target) = found {
            let mut data = vec![0x01, TYPE_B, target.len() as u8 + 1, 0x01];
            data.extend(target);
            return answer(code, &data);
        }
        let rounds = u32::from(polls) * u32::from(period) * types.len() as u32;
        Action::Wait {
            limit: (polls != FOR_EVER).then(|| POLL_PERIOD.saturating_mul(rounds)),
            otherwise: vec![CHIP_TO_HOST, code + 1, 0x00],
        }
    }

    fn exchange(&mut self, parameters: &[u8]) -> Action {
        let code = command::IN_DATA_EXCHANGE;
        let &[target, ref apdu @ ..] = parameters else {
            return Action::Refuse;
        };
        let Some(activation) = self.target.filter(|_| target == 0x01) else {
            return answer(code, &[STATUS_CONTEXT]);
        };
        if apdu.is_empty() && !self.unread.is_empty() {
            return self.next_chunk(Duration::ZERO, None);
        }
        match self.field.exchange(activation, apdu) {
            Reply::Lost => answer(code, &[STATUS_TIMEOUT]),
            Reply::Answer {
                bytes,
                delay,
                pn532,
            } => {
                self.unread = bytes;
                self.next_chunk(delay, pn532)
            }
        }
    }

    fn next_chunk(&mut self, delay: Duration, fault: Option<Pn532Fault>) -> Action {
        let rest = self.unread.split_off(self.unread.len().min(CHUNK));
        let chunk = std::mem::replace(&mut self.unread, rest);
        let more = if self.unread.is_empty() { 0 } else { MORE };
        let status = match fault {
            Some(Pn532Fault::TargetReleased) => STATUS_RELEASED,
            Some(Pn532Fault::StatusBit7) => 0x80,
            _ => more | STATUS_OK,
        };
        let mut data = vec![CHIP_TO_HOST, command::IN_DATA_EXCHANGE + 1, status];
        if status & !MORE == STATUS_OK {
            data.extend(chunk);
        }
        Action::Answer { data, delay, fault }
    }

    /// Knows one raw frame: the R(NAK) with CID by which libnfc asks whether the target is there.
    fn communicate_thru(&mut self, data: &[u8]) -> Action {
        let present = self
            .target
            .is_some_and(|target| self.field.is_active(target));
        let reply: &[u8] = match data {
            [0xBA, 0x01] if present => &[STATUS_OK, 0xA2],
            _ => &[STATUS_TIMEOUT],
        };
        answer(command::IN_COMMUNICATE_THRU, reply)
    }
}
