//! What the phone shows, and what the person does about it.

use kazasu_card::CardError;
use kazasu_companion::Step;
use kazasu_statement::Reason;
use zeroize::Zeroizing;

/// One of the card's two PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pin {
    /// The PIN for signing in.
    Auth,
    /// The PIN for the name.
    Name,
}

/// What the phone shows.
#[derive(Debug, Clone)]
pub(super) enum Screen {
    /// Who asks, what for, what they get.
    Consent,
    /// Six digits for the page, until `expires_at`.
    Digits { digits: String, expires_at: i64 },
    /// A PIN, with the tries that the card says are left.
    Pin {
        pin: Pin,
        tries_left: Option<u8>,
        slip: Option<Slip>,
    },
    /// The card is wanted.
    Hold { after: Option<Interruption> },
    /// The card is being read.
    Reading(Step),
    /// Accepted. On the same phone there is an address to go back to.
    Done { return_url: Option<String> },
    /// It ended without.
    Over(Ending),
}

/// Why a PIN is asked for once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slip {
    /// It was not four digits, and the card was not asked.
    NotFourDigits,
    /// The card says that it was wrong.
    Wrong,
    /// The last try was not agreed to.
    NotAgreed,
}

/// Why the card is wanted once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// It slipped away.
    Lost,
    /// It slipped away while it checked a PIN.
    LostWhileVerifying,
    /// The verifier could not be reached.
    Offline,
}

/// How a tap ended that was not accepted.
#[derive(Debug, Clone)]
pub(super) enum Ending {
    /// The person did not want it.
    Cancelled,
    /// The verifier refused.
    Refused(Reason),
    /// No tries are left for a PIN.
    Blocked(Pin),
    /// Something else about the card.
    Card(CardError),
    /// The verifier could not be understood, or failed.
    Failed,
}

/// What the person does. Whatever does not fit what the phone shows is not taken.
#[derive(Debug)]
pub(super) enum Act {
    Allow,
    Cancel,
    NewDigits,
    /// Types a PIN; `last_try` if they agreed to use the last one.
    Type {
        digits: Zeroizing<String>,
        last_try: bool,
    },
    /// The same digits as for the PIN before.
    Same {
        last_try: bool,
    },
    Hold,
}
