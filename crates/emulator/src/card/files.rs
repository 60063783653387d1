//! The card's memory: applications, elementary files, PINs.

use super::PinCounters;
use super::key::CardKey;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// One application and its files, by EF identifier.
pub(crate) struct Application {
    pub(crate) aid: [u8; 10],
    pub(crate) files: BTreeMap<u16, File>,
    /// The key that P2 = 00 names in COMPUTE DIGITAL SIGNATURE.
    pub(crate) default_key: Option<u16>,
}

/// An elementary file.
pub(crate) enum File {
    /// A transparent EF.
    Data { content: Vec<u8>, access: Access },
    /// An internal EF that holds a secret to verify.
    Pin(Pin),
    /// An internal EF that holds a private key.
    Key { key: Box<CardKey>, access: Access },
}

/// Which PINs open a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    Free,
    /// Any one of these PIN files must be verified.
    AnyOf(&'static [u16]),
    Never,
}

impl Access {
    pub(crate) fn is_open(&self, is_verified: impl Fn(u16) -> bool) -> bool {
        match self {
            Self::Free => true,
            Self::AnyOf(pins) => pins.iter().any(|pin| is_verified(*pin)),
            Self::Never => false,
        }
    }
}

/// A secret with its retry counter.
pub(crate) struct Pin {
    secret: Zeroizing<Vec<u8>>,
    tries_left: u8,
    tries_max: u8,
    last_wrong: Option<Zeroizing<Vec<u8>>>,
    counters: PinCounters,
}

/// What presenting a secret led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    Right,
    Wrong { tries_left: u8 },
    Blocked,
}

impl Pin {
    pub(crate) fn new(secret: &str, tries_max: u8) -> Self {
        Self {
            secret: Zeroizing::new(secret.as_bytes().to_vec()),
            tries_left: tries_max,
            tries_max,
            last_wrong: None,
            counters: PinCounters::default(),
        }
    }

    /// A reference whose counter is used up when the card is issued.
    pub(crate) fn blocked_from_birth() -> Self {
        Self {
            tries_left: 0,
            ..Self::new("", 3)
        }
    }

    pub(crate) fn tries_left(&self) -> u8 {
        self.tries_left
    }

    pub(crate) fn counters(&self) -> PinCounters {
        self.counters
    }

    pub(crate) fn set_tries_left(&mut self, tries: u8) {
        self.tries_left = tries.min(self.tries_max);
        self.last_wrong = None;
    }

    pub(crate) fn change(&mut self, secret: &[u8]) {
        self.secret = Zeroizing::new(secret.to_vec());
        self.last_wrong = None;
    }

    pub(crate) fn secret_length(&self) -> usize {
        self.secret.len()
    }

    pub(crate) fn present(&mut self, secret: &[u8]) -> Presented {
        self.counters.verifies += 1;
        if self.tries_left == 0 {
            return Presented::Blocked;
        }
        if secret == self.secret.as_slice() {
            self.tries_left = self.tries_max;
            self.last_wrong = None;
            return Presented::Right;
        }
        self.tries_left -= 1;
        let repeated = self
            .last_wrong
            .as_ref()
            .is_some_and(|last| last.as_slice() == secret);
        self.counters.repeated_wrong_pins += u64::from(repeated);
        self.last_wrong = Some(Zeroizing::new(secret.to_vec()));
        Presented::Wrong {
            tries_left: self.tries_left,
        }
    }
}

/// What a command leads to: data, or the status word that refuses it.
pub(crate) type Outcome = Result<Vec<u8>, u16>;
