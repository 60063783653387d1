//! The command line. PINs are not on it: other users can read command lines, and environments.

use crate::language::Language;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused: the person, the verifier or the card's state said no
  2  the command line, nobody to ask, or a PIN that is not four digits and was not sent
  3  no reader, no card in time, or the reader stopped working
  4  the card: lost, of another kind, or its answer cannot be used
  5  wrong PIN, blocked PIN, or the last try was not allowed
  6  the verifier cannot be reached, or its answer cannot be used
  7  a file cannot be read or written

PINs are typed at a prompt, or read from an inherited file descriptor, one line a try:
  kazasu card name --profile-pin-fd 3 3<pin.txt";

/// Reads My Number cards, and proves who holds one.
#[derive(Debug, Parser)]
#[command(name = "kazasu", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Write JSON for programs, one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Speak this language (default: as LANG says)
    #[arg(long, global = true, value_enum)]
    pub(crate) lang: Option<Language>,
    #[command(flatten)]
    pub(crate) at_reader: AtReader,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct AtReader {
    /// Use this reader: a name from `kazasu readers`, or a libnfc connection string
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) reader: Option<String>,
    /// Wait so long for a card
    #[arg(long, global = true, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) wait: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    // A day is for ever at a reader, and keeps sums of times far from their limits.
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("a number of seconds from 0 to 86400".to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the readers, and say what lies on them
    Readers,
    /// Read the card on a reader
    #[command(subcommand)]
    Card(CardCommand),
    /// Prove who you are to a service: follow a ticket link with your card
    Tap(TapOptions),
    /// Write a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages, one for each command
    Man {
        /// An existing folder
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// Say what kind of card it is, and how many PIN tries are left
    Info,
    /// Read the certificate for user authentication (no PIN)
    Certificate {
        /// Read the certificate of the authority that issued it instead
        #[arg(long)]
        ca: bool,
        /// How to write it
        #[arg(long, value_enum, default_value = "pem")]
        format: CertificateFormat,
        /// Write it to this file instead of standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Say how many tries each PIN has left; it costs none
    PinStatus,
    /// Read the name (the PIN for the name)
    Name {
        #[command(flatten)]
        pin: ProfilePinOptions,
        #[command(flatten)]
        last_try: LastTryOption,
    },
    /// Sign a file or a digest with the key for user authentication (the PIN for signing in)
    Sign(SignOptions),
}

#[derive(Debug, Args)]
pub(crate) struct SignOptions {
    /// The file to sign; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "sha256")]
    pub(crate) file: Option<PathBuf>,
    /// Sign this SHA-256 digest, 64 hexadecimal digits
    #[arg(long, value_name = "HEX", conflicts_with = "file", value_parser = sha256)]
    pub(crate) sha256: Option<[u8; 32]>,
    /// How to write the signature
    #[arg(long, value_enum, default_value = "base64")]
    pub(crate) format: SignatureFormat,
    /// Write it to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pin: AuthPinOptions,
    #[command(flatten)]
    pub(crate) last_try: LastTryOption,
}

fn sha256(text: &str) -> Result<[u8; 32], String> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest)
        .map(|()| digest)
        .map_err(|_| "64 hexadecimal digits".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct TapOptions {
    /// The link from the QR code or the page: https://…/t/…
    #[arg(value_name = "TICKET-URL")]
    pub(crate) ticket: String,
    /// A service to trust: the origin of its ticket links, and its verifier's origin
    #[arg(
        long = "deployment",
        env = "KAZASU_DEPLOYMENTS",
        value_name = "TICKET_ORIGIN=VERIFIER_ORIGIN",
        value_delimiter = ',',
        required = true
    )]
    pub(crate) deployments: Vec<String>,
    /// Connect to this address instead of looking the verifier's up; its name is still checked, and
    /// plain http goes to this machine only
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) connect_to: Option<SocketAddr>,
    /// Agree to what the service asks, without being asked
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) auth: AuthPinOptions,
    #[command(flatten)]
    pub(crate) profile: ProfilePinOptions,
    #[command(flatten)]
    pub(crate) last_try: LastTryOption,
}

#[derive(Debug, Args)]
pub(crate) struct AuthPinOptions {
    /// Read the PIN for signing in from this file descriptor
    #[arg(long, value_name = "N")]
    pub(crate) pin_fd: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ProfilePinOptions {
    /// Read the PIN for the name from this file descriptor
    #[arg(long, value_name = "N")]
    pub(crate) profile_pin_fd: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct LastTryOption {
    /// Use a PIN's last try without asking; if it is wrong, only a municipal office can help
    #[arg(long)]
    pub(crate) allow_last_try: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CertificateFormat {
    /// Text (RFC 7468)
    Pem,
    /// Binary
    Der,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignatureFormat {
    /// Text, one line
    Base64,
    /// Binary
    Raw,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_pin_cannot_be_given_on_the_command_line() {
        for line in [
            ["kazasu", "card", "name", "--pin", "1234"],
            ["kazasu", "card", "name", "--profile-pin", "1234"],
            ["kazasu", "card", "sign", "-", "1234"],
        ] {
            assert!(Arguments::try_parse_from(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        assert!(sha256(&"0f".repeat(32)).is_ok());
        assert!(sha256(&"0f".repeat(31)).is_err());
        assert!(sha256(&"0g".repeat(32)).is_err());
    }

    #[test]
    fn waiting_times_are_bounded() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["-1", "NaN", "inf", "1e300", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
