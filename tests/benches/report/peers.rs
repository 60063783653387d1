//! The same work by independent crates, on the same emulated card.

use jpki::ap::SupportAp;
use jpki::ap::crypto::{CertType, CryptoAp};
use jpki::nfc::{HandleError, HandlerInCtx};
use kazasu_card::{ChannelLimits, CommandApdu, Transceive};
use kazasu_emulator::EmulatedChannel;
use kazasu_emulator::field::Field;
use myna_card::ap::jpki::{JpkiAp, SignatureScheme};
use myna_card::ap::text::TextAp;
use myna_card::data::sha256_digest_info;
use myna_card::{Card, Pin, Transmit};
use std::cell::RefCell;
use std::rc::Rc;

/// A certificate and a signature.
pub(crate) type Signed = (Vec<u8>, Vec<u8>);

/// One way of doing the work.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Reads the certificate, verifies the PIN, signs the digest.
    pub(crate) sign: fn(&Field, pin: &str, digest: [u8; 32]) -> anyhow::Result<Signed>,
    /// Verifies the PIN, reads the name.
    pub(crate) read_name: fn(&Field, pin: &str) -> anyhow::Result<String>,
}

/// All of them.
pub(crate) const PEERS: [Peer; 3] = [
    Peer {
        name: "myna-card",
        sign: myna_card_signs,
        read_name: myna_card_reads_name,
    },
    Peer {
        name: "jpki",
        sign: |field, pin, digest| jpki_signs(field, Repeats::AsShipped, pin, digest),
        read_name: |field, pin| jpki_reads_name(field, Repeats::AsShipped, pin),
    },
    Peer {
        name: "jpki-sending-once",
        sign: |field, pin, digest| jpki_signs(field, Repeats::Kept, pin, digest),
        read_name: |field, pin| jpki_reads_name(field, Repeats::Kept, pin),
    },
];

/// The emulated card as bytes in, bytes out.
struct Wire {
    channel: EmulatedChannel,
    runtime: tokio::runtime::Runtime,
}

impl Wire {
    fn connect(field: &Field) -> anyhow::Result<Self> {
        Ok(Self {
            channel: EmulatedChannel::connect(field, ChannelLimits::EXTENDED),
            runtime: tokio::runtime::Builder::new_current_thread().build()?,
        })
    }

    fn exchange(&mut self, command: &[u8]) -> Vec<u8> {
        let parsed = CommandApdu::parse(command).expect("the peer sends APDUs");
        // Otherwise the bytes counted would not be the peer's.
        assert_eq!(parsed.to_bytes()[..], *command);
        let response = self
            .runtime
            .block_on(self.channel.transceive(&parsed))
            .expect("the card stays where it is");
        response.to_bytes().to_vec()
    }
}

impl Transmit for Wire {
    fn transmit(&mut self, command: &[u8]) -> myna_card::Result<Vec<u8>> {
        Ok(self.exchange(command))
    }
}

fn myna_card_signs(field: &Field, pin: &str, digest: [u8; 32]) -> anyhow::Result<Signed> {
    let mut card = Card::new(Wire::connect(field)?);
    let mut jpki = JpkiAp::select(&mut card)?;
    let certificate = jpki.read_auth_certificate_der()?;
    jpki.verify_auth_pin(&Pin::numeric(pin)?)?;
    let signature = jpki.sign_with_auth_key(SignatureScheme::PreHashedDigestInfo, &digest)?;
    Ok((certificate, signature))
}

fn myna_card_reads_name(field: &Field, pin: &str) -> anyhow::Result<String> {
    let mut card = Card::new(Wire::connect(field)?);
    let mut profile = TextAp::select(&mut card)?;
    profile.verify_pin(&Pin::numeric(pin)?)?;
    Ok(profile.read_attributes()?.name)
}

/// How the crate `jpki` is given the card.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeats {
    /// As its own PC/SC handler does: the command is transmitted before the buffer is looked at,
    /// and once more when that was too small, which it nearly always is.
    AsShipped,
    /// By a handler that keeps the answer for the second call.
    Kept,
}

struct JpkiHandler {
    repeats: Repeats,
    wire: RefCell<Wire>,
    kept: RefCell<Option<Vec<u8>>>,
}

impl HandlerInCtx<()> for JpkiHandler {
    fn handle_in_ctx(
        &self,
        (): (),
        command: &[u8],
        response: &mut [u8],
    ) -> Result<usize, HandleError> {
        let kept = self.kept.borrow_mut().take();
        let answer = kept.unwrap_or_else(|| self.wire.borrow_mut().exchange(command));
        let Some(room) = response.get_mut(..answer.len()) else {
            let length = answer.len();
            if self.repeats == Repeats::Kept {
                *self.kept.borrow_mut() = Some(answer);
            }
            return Err(HandleError::NotEnoughBuffer(length));
        };
        room.copy_from_slice(&answer);
        Ok(answer.len())
    }
}

fn jpki_card(field: &Field, repeats: Repeats) -> anyhow::Result<Rc<jpki::Card<JpkiHandler, ()>>> {
    let handler = JpkiHandler {
        repeats,
        wire: RefCell::new(Wire::connect(field)?),
        kept: RefCell::new(None),
    };
    Ok(Rc::new(jpki::Card::new(Box::new(handler))))
}

/// Its errors cannot be sent between threads.
fn told(error: jpki::card::Error) -> anyhow::Error {
    anyhow::anyhow!("jpki: {error}")
}

fn jpki_signs(
    field: &Field,
    repeats: Repeats,
    pin: &str,
    digest: [u8; 32],
) -> anyhow::Result<Signed> {
    let jpki = CryptoAp::open((), jpki_card(field, repeats)?).map_err(told)?;
    let certificate = jpki
        .read_certificate((), CertType::Auth, Vec::new())
        .map_err(told)?;
    let signature = jpki
        .auth((), pin.into(), sha256_digest_info(&digest))
        .map_err(told)?;
    Ok((certificate, signature))
}

fn jpki_reads_name(field: &Field, repeats: Repeats, pin: &str) -> anyhow::Result<String> {
    let profile = SupportAp::open((), jpki_card(field, repeats)?).map_err(told)?;
    Ok(profile.read_attributes((), pin.into()).map_err(told)?.name)
}
