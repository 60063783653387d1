//! What the card crate says and hears, as recorded conversations: commands from the reference
//! tables of every known client, answers as those clients document them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod channel;
mod files;
mod pins;

use kazasu_card::{AuthPin, Card, ChannelLimits, Digest, ProfilePin, Transcript};

const SELECT_JPKI: &str = "> 00A4040C0AD392F000260100000001\n< 9000\n";
const SELECT_PROFILE: &str = "> 00A4040C0AD3921000310001010408\n< 9000\n";

const DIGEST: Digest = Digest::Sha256([0x11; 32]);

fn card(lines: &str) -> Card<Transcript> {
    Card::new(Transcript::parse(lines, ChannelLimits::LIBNFC).unwrap())
}

fn pin() -> AuthPin {
    AuthPin::new("1234").unwrap()
}

fn profile_pin() -> ProfilePin {
    ProfilePin::new("5678").unwrap()
}
