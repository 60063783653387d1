//! Faults as data: what goes wrong between reader and card, and at which exchange.

use serde::{Deserialize, Serialize};

/// Something that goes wrong. Exchanges are counted from one, and from the moment the faults were
/// set. Each fault happens once, except [`Fault::TwoCards`], which lasts until it is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The card leaves the field after this many exchanges: the one after finds nothing.
    Drop {
        /// Completed exchanges; 0 removes the card before the first.
        after: u64,
        /// Whether it is back at the next activation, as when it was only lifted for a moment.
        #[serde(default)]
        back: bool,
        /// Whether it still carries out the command whose answer is lost.
        #[serde(default)]
        carried_out: bool,
    },
    /// The card carries the command out, but this status word comes back, without data.
    Status {
        /// Which exchange.
        at: u64,
        /// Four hexadecimal digits.
        #[serde(with = "hex_status")]
        sw: u16,
    },
    /// The answer comes late.
    Slow {
        /// Which exchange.
        at: u64,
        /// Milliseconds to wait before the answer.
        ms: u64,
    },
    /// Instead of the answer come bytes that mean nothing.
    Garbage {
        /// Which exchange.
        at: u64,
        /// How many bytes; 0 and 1 are no response APDU at all.
        length: usize,
    },
    /// Only the beginning of the answer comes.
    Truncated {
        /// Which exchange.
        at: u64,
        /// Bytes that come.
        keep: usize,
    },
    /// Bytes are inserted before the status word.
    OverLong {
        /// Which exchange.
        at: u64,
        /// How many.
        extra: usize,
    },
    /// Two cards answer together and none can be activated.
    TwoCards,
    /// The PN532 or its line misbehaves; other readers do not see this fault.
    Pn532 {
        /// Which exchange (InDataExchange frame).
        at: u64,
        /// What it does.
        what: Pn532Fault,
    },
}

/// How a PN532 or its serial line misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pn532Fault {
    /// Status 29: the target released itself.
    TargetReleased,
    /// Status with bit 7 set, at which libnfc aborts its process.
    StatusBit7,
    /// The answer's data checksum is wrong.
    BadChecksum,
    /// The chip's error frame instead of an answer.
    ErrorFrame,
    /// The answer's frame stops half way.
    TruncatedFrame,
    /// The command is acknowledged and never answered.
    Silence,
    /// The command is answered but not acknowledged.
    NoAck,
    /// A NACK instead of the acknowledgement, and no answer.
    Nack,
    /// Random bytes instead of an answer.
    Noise,
    /// The serial line goes away and comes back at once as another one under the same path.
    Unplugged,
}

/// What the faults do to one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Effects {
    pub(crate) leaving: Option<Leaving>,
    pub(crate) slow_ms: u64,
    pub(crate) pn532: Option<Pn532Fault>,
    answer: Vec<Fault>,
}

/// How the card leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaving {
    pub(crate) back: bool,
    pub(crate) carried_out: bool,
}

/// Faults that are set, and the exchanges since then.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    exchanges: u64,
}

impl Faults {
    pub(crate) fn new(list: Vec<Fault>) -> Self {
        Self { list, exchanges: 0 }
    }

    pub(crate) fn remaining(&self) -> &[Fault] {
        &self.list
    }

    pub(crate) fn two_cards(&self) -> bool {
        self.list.contains(&Fault::TwoCards)
    }

    /// Counts one exchange and takes what goes wrong with it off the list.
    pub(crate) fn next_exchange(&mut self) -> Effects {
        self.exchanges += 1;
        let now = self.exchanges;
        let mut effects = Effects::default();
        self.list.retain(|fault| match fault {
            Fault::Drop {
                after,
                back,
                carried_out,
            } if now == after.saturating_add(1) => {
                effects.leaving = Some(Leaving {
                    back: *back,
                    carried_out: *carried_out,
                });
                false
            }
            Fault::Slow { at, ms } if *at == now => {
                effects.slow_ms = effects.slow_ms.saturating_add(*ms);
                false
            }
            Fault::Pn532 { at, what } if *at == now => {
                effects.pn532 = Some(*what);
                false
            }
            Fault::Status { at, .. }
            | Fault::Garbage { at, .. }
            | Fault::Truncated { at, .. }
            | Fault::OverLong { at, .. }
                if *at == now =>
            {
                effects.answer.push(fault.clone());
                false
            }
            _ => true,
        });
        effects
    }
}

impl Effects {
    /// Turns the card's answer into what comes back.
    pub(crate) fn distort(&self, mut answer: Vec<u8>) -> Vec<u8> {
        for fault in &self.answer {
            answer = match fault {
                Fault::Status { sw, .. } => sw.to_be_bytes().to_vec(),
                // A fixed pattern: never 9000, and the same on every run.
                Fault::Garbage { length, .. } => (0..*length)
                    .map(|i| (i as u8).wrapping_mul(167) ^ 0x5A)
                    .collect(),
                Fault::Truncated { keep, .. } => {
                    answer.truncate(*keep);
                    answer
                }
                Fault::OverLong { extra, .. } => {
                    let data = answer.len().saturating_sub(2);
                    let status = answer.split_off(data);
                    answer.resize(data + extra, 0xA5);
                    answer.extend(status);
                    answer
                }
                _ => answer,
            };
        }
        answer
    }
}

/// Status words in JSON: four hexadecimal digits.
mod hex_status {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(sw: &u16, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{sw:04X}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
        let text = String::deserialize(from)?;
        if text.len() != 4 {
            return Err(D::Error::custom(
                "a status word has four hexadecimal digits",
            ));
        }
        u16::from_str_radix(&text, 16)
            .map_err(|_| D::Error::custom("a status word has four hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_json() {
        let text = r#"[{"fault":"drop","after":3},{"fault":"status","at":2,"sw":"6F00"},
            {"fault":"two_cards"},{"fault":"pn532","at":1,"what":"bad_checksum"}]"#;
        let faults: Vec<Fault> = serde_json::from_str(text).unwrap();
        assert_eq!(
            faults,
            [
                Fault::Drop {
                    after: 3,
                    back: false,
                    carried_out: false
                },
                Fault::Status { at: 2, sw: 0x6F00 },
                Fault::TwoCards,
                Fault::Pn532 {
                    at: 1,
                    what: Pn532Fault::BadChecksum
                },
            ]
        );
    }

    #[test]
    fn a_misspelt_fault_is_refused() {
        for text in [
            r#"[{"fault":"dorp","after":3}]"#,
            r#"[{"fault":"status","at":1,"sw":"6F0"}]"#,
            r#"[{"fault":"slow","at":1,"milliseconds":5}]"#,
        ] {
            assert!(serde_json::from_str::<Vec<Fault>>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_fault_happens_once_and_at_its_exchange() {
        let mut faults = Faults::new(vec![Fault::Status { at: 2, sw: 0x6F00 }]);
        let answers: Vec<_> = (0..4)
            .map(|_| faults.next_exchange().distort(vec![1, 0x90, 0x00]))
            .collect();
        assert_eq!(answers[1], [0x6F, 0x00]);
        for at in [0, 2, 3] {
            assert_eq!(answers[at], [1, 0x90, 0x00]);
        }
    }

    #[test]
    fn an_over_long_answer_keeps_its_status_word() {
        let mut faults = Faults::new(vec![Fault::OverLong { at: 1, extra: 3 }]);
        let answer = faults.next_exchange().distort(vec![1, 0x90, 0x00]);
        assert_eq!(answer, [1, 0xA5, 0xA5, 0xA5, 0x90, 0x00]);
    }
}
