//! The kinds of keys, and what one key of a kind is called.

use super::date;
use jsonwebtoken::Algorithm;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// Credential indexes; applied one after the other.
    Index,
    /// PPIDs.
    Pairwise,
    /// Challenges; a key derived from it seals them.
    Challenge,
    /// Names; a key derived from it encrypts them.
    Name,
    /// Heads of the audit chain; a key derived from it signs them.
    Audit,
    /// ID tokens, ECDSA with P-256.
    SigningEs256,
    /// ID tokens, RSA.
    SigningRs256,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Index,
        Self::Pairwise,
        Self::Challenge,
        Self::Name,
        Self::Audit,
        Self::SigningEs256,
        Self::SigningRs256,
    ];

    /// Its word, in labels and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Pairwise => "pairwise",
            Self::Challenge => "challenge",
            Self::Name => "name",
            Self::Audit => "audit",
            Self::SigningEs256 => "signing-es256",
            Self::SigningRs256 => "signing-rs256",
        }
    }

    pub(super) fn version(self, version: u32) -> Label {
        Label {
            kind: self,
            version,
        }
    }

    /// The algorithm of ID tokens it is for.
    pub(super) fn algorithm(self) -> Option<Algorithm> {
        match self {
            Self::SigningEs256 => Some(Algorithm::ES256),
            Self::SigningRs256 => Some(Algorithm::RS256),
            _ => None,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the word of a kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of key")]
pub struct UnknownKind;

impl FromStr for KeyKind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str() == word).ok_or(UnknownKind)
    }
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label {
    pub(super) kind: KeyKind,
    pub(super) version: u32,
}

/// Which keys there are, and from when each is used (seconds since the Unix epoch).
pub(super) type Inventory = BTreeMap<Label, i64>;

const PREFIX: &str = "kazasu-";

impl Label {
    /// The label of its object in a token: `kazasu-pairwise-2`, or where it is used only from a
    /// day on `kazasu-pairwise-2@2026-11-24`. A start date would be the attribute made for it, but
    /// not every token keeps one; SoftHSM 2.6 cannot read those of private objects.
    pub(super) fn in_token(self, use_from: i64) -> String {
        let Self { kind, version } = self;
        match use_from {
            0 => format!("{PREFIX}{kind}-{version}"),
            time => format!("{PREFIX}{kind}-{version}@{}", date::day_text(time)),
        }
    }

    /// Reads what [`Label::in_token`] writes; `None` for anything else.
    pub(super) fn from_token(text: &str) -> Option<(Self, i64)> {
        let (name, use_from) = match text.split_once('@') {
            Some((name, day)) => (name, date::midnight_of(day)?),
            None => (text, 0),
        };
        let (kind, version) = name.strip_prefix(PREFIX)?.rsplit_once('-')?;
        let label = kind.parse::<KeyKind>().ok()?.version(version.parse().ok()?);
        // "kazasu-index-01" is not one of ours: it would not be found again.
        (label.in_token(use_from) == text).then_some((label, use_from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_read_as_it_was_written() {
        for kind in KeyKind::ALL {
            for use_from in [0, 1_709_164_800] {
                let label = kind.version(12);
                let text = label.in_token(use_from);
                assert_eq!(Label::from_token(&text), Some((label, use_from)), "{text}");
            }
        }
        for other in [
            "kazasu-index-01",
            "index-1",
            "kazasu-index",
            "kazasu-pin-1",
            "kazasu-name-1@now",
        ] {
            assert_eq!(Label::from_token(other), None, "{other}");
        }
    }
}
