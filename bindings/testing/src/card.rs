//! Emulated cards, and the channel an app taps them through.

use kazasu_card::{ChannelError, ChannelLimits, CommandApdu};
use kazasu_emulator::authority::{Authority, Clock, RevocationReason};
use kazasu_emulator::card::{EmulatedCard, Secret};
use kazasu_emulator::fault::Fault;
use kazasu_emulator::field::{Field, SharedCard};
use kazasu_emulator::holder::{Holder, Token};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What carries the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TestToken {
    /// The plastic My Number card.
    MyNumberCard,
    /// The older 住基カード.
    JukiCard,
    /// The certificates of an Android phone.
    AndroidPhone,
    /// The certificates of an iPhone.
    Iphone,
}

/// A person and the card they hold.
#[derive(Debug, Clone, uniffi::Record)]
pub struct TestHolder {
    /// The name on the card.
    #[uniffi(default = "見本　太郎")]
    pub name: String,
    /// The PIN for signing in, four digits.
    #[uniffi(default = "1234")]
    pub authentication_pin: String,
    /// The PIN for the name, four digits.
    #[uniffi(default = "2345")]
    pub profile_pin: String,
    /// What carries the certificates.
    #[uniffi(default = None)]
    pub token: Option<TestToken>,
}

/// Something that goes wrong between reader and card, once. Exchanges are counted from one, and
/// from the moment the faults were set.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TestFault {
    /// The card leaves after so many exchanges.
    CardLeaves {
        /// Completed exchanges; 0 removes it before the first.
        after: u32,
        /// Whether it still carries out the command whose answer is lost.
        carried_out: bool,
    },
    /// The card carries the command out, but this status word comes back.
    Status {
        /// Which exchange.
        at: u32,
        /// Two bytes.
        status: u16,
    },
    /// The answer comes late.
    Slow {
        /// Which exchange.
        at: u32,
        /// How late.
        milliseconds: u32,
    },
    /// Instead of the answer come bytes that mean nothing.
    Garbage {
        /// Which exchange.
        at: u32,
        /// How many bytes; 0 and 1 are no answer at all.
        length: u32,
    },
}

/// One exchange as the card saw it; never its data.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TestExchange {
    /// CLA INS P1 P2 in hexadecimal.
    pub command: String,
    /// Bytes of the command. A VERIFY with more than 4 carries a PIN.
    pub sent: u32,
    /// The status word in hexadecimal; absent if the card left.
    pub status: Option<String>,
}

/// Tries left for the two PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct TestTries {
    /// For signing in.
    pub authentication: u8,
    /// For the name.
    pub profile: u8,
}

/// A card, and the reader it is held to. It begins in the reader's field.
#[derive(uniffi::Object)]
pub struct TestCard {
    holder: String,
    card: SharedCard,
    field: Field,
    authority: Arc<Mutex<Authority>>,
    clock: Clock,
}

impl TestCard {
    /// Has the authority issue a card to somebody it does not know yet.
    pub(crate) fn issue(
        holder: &Holder,
        authority: Arc<Mutex<Authority>>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let issued = lock(&authority).enrol(&holder.id, holder.key, clock())?;
        let card = Arc::new(Mutex::new(EmulatedCard::new(holder, &issued)?));
        let field = Field::new();
        field.present(card.clone());
        Ok(Self {
            holder: holder.id.clone(),
            card,
            field,
            authority,
            clock,
        })
    }
}

/// Locks, also after a test panicked while it held the lock: that panic is its result.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[uniffi::export]
impl TestCard {
    /// Puts the card into the field.
    pub fn present(&self) {
        self.field.present(self.card.clone());
    }

    /// Takes the card away.
    pub fn remove(&self) {
        self.field.remove();
    }

    /// Activates the card in the field, as a phone does when it finds one. Without a card, each
    /// exchange finds it lost.
    pub fn connect(&self) -> Arc<EmulatedChannel> {
        self.connect_with(TestChannelLimits {
            command: ChannelLimits::EXTENDED.command as u32,
            response: ChannelLimits::EXTENDED.response as u32,
        })
    }

    /// The same, through a reader that carries less: 261 and 258 are short APDUs only.
    pub fn connect_with(&self, limits: TestChannelLimits) -> Arc<EmulatedChannel> {
        let inner = kazasu_emulator::EmulatedChannel::connect(
            &self.field,
            ChannelLimits {
                command: limits.command as usize,
                response: limits.response as usize,
            },
        );
        Arc::new(EmulatedChannel {
            limits,
            inner,
            closed: AtomicBool::new(false),
        })
    }

    /// Replaces all faults; their exchanges count from now.
    pub fn set_faults(&self, faults: Vec<TestFault>) {
        self.field
            .set_faults(faults.into_iter().map(Fault::from).collect());
    }

    /// The exchanges since the last [`TestCard::clear_exchanges`].
    pub fn exchanges(&self) -> Vec<TestExchange> {
        let exchanges = self.field.exchanges().into_iter();
        exchanges
            .map(|exchange| TestExchange {
                command: exchange.command,
                sent: exchange.sent as u32,
                status: exchange.sw,
            })
            .collect()
    }

    /// Forgets the exchanges.
    pub fn clear_exchanges(&self) {
        self.field.clear_exchanges();
    }

    /// The card's counters.
    pub fn tries_left(&self) -> TestTries {
        let card = lock(&self.card);
        let of = |secret| card.tries_left(secret).unwrap_or_default();
        TestTries {
            authentication: of(Secret::Authentication),
            profile: of(Secret::Profile),
        }
    }

    /// Sets the card's counters; 0 is blocked. A token without the PIN for the name has none to set.
    pub fn set_tries_left(&self, tries: TestTries) {
        let mut card = lock(&self.card);
        card.set_tries_left(Secret::Authentication, tries.authentication);
        if card.tries_left(Secret::Profile).is_some() {
            card.set_tries_left(Secret::Profile, tries.profile);
        }
    }

    /// Has the authority revoke the certificate.
    ///
    /// # Errors
    /// If it does not.
    pub fn revoke(&self) -> Result<(), crate::TestError> {
        let (reason, now) = (RevocationReason::Unspecified, (self.clock)());
        let revoked = lock(&self.authority).revoke(&self.holder, reason, now);
        Ok(revoked.map_err(anyhow::Error::from)?)
    }
}

/// The largest APDUs a reader carries, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct TestChannelLimits {
    /// Largest command.
    pub command: u32,
    /// Largest response, its two status bytes included.
    pub response: u32,
}

/// Why an exchange has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum TestChannelError {
    /// The card is not there, or was closed.
    #[error("the card was lost")]
    CardLost,
    /// The command is none that a card could be sent.
    #[error("{detail}")]
    Failed {
        /// Why.
        detail: String,
    },
}

/// What came back for a command.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TestResponse {
    /// The bytes, which are no response after [`TestFault::Garbage`].
    pub bytes: Vec<u8>,
    /// How late they come. Whoever makes a channel of this waits so long.
    pub late_by_ms: u32,
}

/// One activation of a card. Each language's package makes the app library's `CardChannel` of it.
#[derive(uniffi::Object)]
pub struct EmulatedChannel {
    limits: TestChannelLimits,
    inner: kazasu_emulator::EmulatedChannel,
    closed: AtomicBool,
}

#[uniffi::export]
impl EmulatedChannel {
    /// The largest APDUs it carries.
    pub fn limits(&self) -> TestChannelLimits {
        self.limits
    }

    /// Has the card carry out one command. It does not wait, so that no exchange costs a test more
    /// than the card's work: a wait goes through a language's own event loop.
    ///
    /// # Errors
    /// [`TestChannelError`].
    pub fn exchange(&self, command: Vec<u8>) -> Result<TestResponse, TestChannelError> {
        let failed = |detail: String| TestChannelError::Failed { detail };
        let command = CommandApdu::parse(&command).map_err(|error| failed(error.to_string()))?;
        if self.is_closed() {
            return Err(TestChannelError::CardLost);
        }
        match self.inner.exchange(&command) {
            Ok(answer) => Ok(TestResponse {
                bytes: answer.bytes,
                late_by_ms: answer.delay.as_millis() as u32,
            }),
            Err(ChannelError::CardLost) => Err(TestChannelError::CardLost),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Gives the card back: from now on it is lost.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

impl From<TestFault> for Fault {
    fn from(fault: TestFault) -> Self {
        match fault {
            TestFault::CardLeaves { after, carried_out } => Self::Drop {
                after: after.into(),
                back: false,
                carried_out,
            },
            TestFault::Status { at, status } => Self::Status {
                at: at.into(),
                sw: status,
            },
            TestFault::Slow { at, milliseconds } => Self::Slow {
                at: at.into(),
                ms: milliseconds.into(),
            },
            TestFault::Garbage { at, length } => Self::Garbage {
                at: at.into(),
                length: length as usize,
            },
        }
    }
}

impl From<TestToken> for Token {
    fn from(token: TestToken) -> Self {
        match token {
            TestToken::MyNumberCard => Self::MyNumberCard,
            TestToken::JukiCard => Self::JukiCard,
            TestToken::AndroidPhone => Self::Android,
            TestToken::Iphone => Self::Iphone,
        }
    }
}
