//! The reader's field: the place a card is put on and taken from. Every reader of this crate
//! talks to the card through it, so faults and the log of exchanges are in one place.

use crate::card::EmulatedCard;
use crate::fault::{Fault, Faults, Pn532Fault};
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A card that control, readers and tests share.
pub type SharedCard = Arc<Mutex<EmulatedCard>>;

/// Locks, also after a thread panicked while it held the lock: in a test that panic is already
/// the result.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A field with at most one card in it. Clones are the same field.
#[derive(Clone)]
pub struct Field {
    state: Arc<Mutex<State>>,
    changes: watch::Sender<u64>,
}

struct State {
    card: Option<SharedCard>,
    power_ups: u32,
    activation: u64,
    faults: Faults,
    exchanges: Vec<Exchange>,
}

/// One exchange as the log keeps it: never data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// CLA INS P1 P2 in hexadecimal; shorter for a command without a whole header.
    pub command: String,
    /// Bytes of the command.
    pub sent: usize,
    /// Bytes of the response, its status word included; 0 if the card left.
    pub received: usize,
    /// The status word in hexadecimal, or nothing.
    pub sw: Option<String>,
}

/// How many exchanges, and bytes both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Exchanges.
    pub exchanges: usize,
    /// Bytes of all commands.
    pub sent: usize,
    /// Bytes of all responses, status words included.
    pub received: usize,
}

/// One activation of one card. It ends when the card leaves or is activated again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Activation(u64);

/// How a card is activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// The field was off before.
    Cold,
    /// The card kept its power.
    Warm,
}

/// What comes back from an exchange.
pub(crate) enum Reply {
    /// No card, or another activation.
    Lost,
    Answer {
        bytes: Vec<u8>,
        delay: Duration,
        /// For the PN532 only.
        pn532: Option<Pn532Fault>,
    },
}

impl Default for Field {
    fn default() -> Self {
        Self::new()
    }
}

impl Field {
    /// An empty field.
    pub fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                card: None,
                power_ups: 0,
                activation: 0,
                faults: Faults::default(),
                exchanges: Vec::new(),
            })),
            changes: watch::Sender::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Puts a card into the field; one that was there leaves first.
    pub fn present(&self, card: SharedCard) {
        let mut state = self.state();
        state.remove_card();
        lock(&card).power_off();
        state.card = Some(card);
        drop(state);
        self.announce();
    }

    /// Takes the card away and returns it.
    pub fn remove(&self) -> Option<SharedCard> {
        let card = self.state().remove_card();
        self.announce();
        card
    }

    /// The card in the field.
    pub fn card(&self) -> Option<SharedCard> {
        self.state().card.clone()
    }

    /// Replaces all faults; their exchanges count from now.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.state().faults = Faults::new(faults);
        self.announce();
    }

    /// The faults still to come.
    pub fn faults(&self) -> Vec<Fault> {
        self.state().faults.remaining().to_vec()
    }

    /// The exchanges since the log was cleared.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.state().exchanges.clone()
    }

    /// The log in numbers.
    pub fn totals(&self) -> Totals {
        let state = self.state();
        Totals {
            exchanges: state.exchanges.len(),
            sent: state.exchanges.iter().map(|e| e.sent).sum(),
            received: state.exchanges.iter().map(|e| e.received).sum(),
        }
    }

    /// Empties the log.
    pub fn clear_exchanges(&self) {
        self.state().exchanges.clear();
    }

    /// Tells of every change: a card comes or goes, faults are replaced.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn announce(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Whether exactly one card could be activated.
    pub(crate) fn has_one_card(&self) -> bool {
        let state = self.state();
        state.card.is_some() && !state.faults.two_cards()
    }

    /// Activates the card; nothing where there is none, or two.
    pub(crate) fn activate(&self, start: Start) -> Option<Activation> {
        let mut state = self.state();
        if state.faults.two_cards() {
            return None;
        }
        let card = state.card.clone()?;
        match start {
            Start::Cold => state.cut_power(),
            Start::Warm => lock(&card).warm_reset(),
        }
        state.activation += 1;
        Some(Activation(state.activation))
    }

    /// What the card says of itself when it is activated; nothing where there is none.
    pub(crate) fn protocol_info(&self) -> Option<[u8; 7]> {
        let card = self.card()?;
        let info = lock(&card).protocol_info();
        Some(info)
    }

    /// Takes the card's power without taking the card.
    pub(crate) fn power_off(&self) {
        self.state().cut_power();
    }

    /// How often power came back: as long as it is the same, so is the card's PUPI.
    pub(crate) fn power_ups(&self) -> u32 {
        self.state().power_ups
    }

    /// Whether that activation still stands.
    pub(crate) fn is_active(&self, activation: Activation) -> bool {
        let state = self.state();
        state.card.is_some() && Activation(state.activation) == activation
    }

    /// One exchange with the card.
    pub(crate) fn exchange(&self, activation: Activation, command: &[u8]) -> Reply {
        let (reply, left) = self.state().exchange(activation, command);
        if left {
            self.announce();
        }
        reply
    }
}

impl State {
    fn cut_power(&mut self) {
        self.activation += 1;
        self.power_ups = self.power_ups.wrapping_add(1);
        if let Some(card) = &self.card {
            lock(card).power_off();
        }
    }

    fn remove_card(&mut self) -> Option<SharedCard> {
        self.cut_power();
        self.card.take()
    }

    fn exchange(&mut self, activation: Activation, command: &[u8]) -> (Reply, bool) {
        let active = Activation(self.activation) == activation;
        let Some(card) = self.card.clone().filter(|_| active) else {
            return (Reply::Lost, false);
        };
        let effects = self.faults.next_exchange();
        if let Some(leaving) = effects.leaving {
            if leaving.carried_out {
                lock(&card).respond(command);
            }
            self.log(command, &[]);
            if leaving.back {
                self.cut_power();
            } else {
                self.remove_card();
            }
            return (Reply::Lost, true);
        }
        let bytes = effects.distort(lock(&card).respond(command));
        self.log(command, &bytes);
        let reply = Reply::Answer {
            bytes,
            delay: Duration::from_millis(effects.slow_ms),
            pn532: effects.pn532,
        };
        (reply, false)
    }

    fn log(&mut self, command: &[u8], response: &[u8]) {
        let header = command.get(..4).unwrap_or(command);
        self.exchanges.push(Exchange {
            command: hex::encode_upper(header),
            sent: command.len(),
            received: response.len(),
            sw: response.last_chunk::<2>().map(hex::encode_upper),
        });
    }
}
