//! The words that a request, the person's consent, the statement and the ID token share.

use std::fmt;
use std::str::FromStr;

/// A word that is not one of the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind}")]
pub struct UnknownWord {
    kind: &'static str,
}

// Four closed word lists with the same three conversions: a macro keeps each list in one place.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $kind:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { kind: $kind }),
                }
            }
        }
    };
}

words! {
    /// What a tap is for. The relying party asks for it, the person consents to it, the card
    /// signs it and the ID token states it; a relying party acts only on an equal purpose.
    Purpose, "purpose" {
        /// See what is linked.
        View = "view",
        /// Link the card to an account.
        Link = "link",
        /// Remove the link.
        Unlink = "unlink",
        /// Recover access: password re-issue, MFA re-registration.
        Recover = "recover",
        /// Rescue cloud data after the account was revoked.
        Rescue = "rescue",
        /// Join the alumni service.
        Join = "join",
        /// Evidence for a member of staff at a counter.
        Counter = "counter",
    }
}

words! {
    /// How the browser and the card come together.
    Mode, "mode" {
        /// The page and the card are on one phone.
        SamePhone = "same-phone",
        /// The page is on another device: QR code and six digits.
        OtherDevice = "other-device",
        /// A reader daemon on the machine that shows the page.
        Local = "local",
    }
}

words! {
    /// What a relying party may ask for besides the PPID.
    Claim, "claim" {
        /// The name on the card.
        Name = "name",
    }
}

words! {
    /// A language people are spoken to in.
    Language, "language" {
        /// Japanese.
        Japanese = "ja",
        /// English.
        English = "en",
    }
}
