//! Exchanges and bytes, counted at the emulated card.

use crate::minimum;
use crate::peers::{PEERS, Signed};
use crate::report::Report;
use anyhow::{Context, bail, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Decode, Encode};
use kazasu_card::{AuthPin, Card, ChannelLimits, Digest, LastTry, ProfilePin, TokenKind};
use kazasu_emulator::EmulatedChannel;
use kazasu_emulator::authority::{
    Authority, AuthorityOptions, IssuedCard, KeyAlgorithm, system_clock,
};
use kazasu_emulator::card::EmulatedCard;
use kazasu_emulator::field::{Field, Totals};
use kazasu_emulator::holder::Holder;
use std::future::Future;
use std::sync::{Arc, Mutex};
use x509_cert::Certificate;
use x509_cert::ext::Extension;

/// The size that clients are compared at, in bytes. Published certificates have 1,573 to 1,590.
const CERTIFICATE: usize = 1500;

/// An extension of no meaning, under the documentation arc (IANA enterprise number 32473).
const FILLER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.2");

/// What everybody signs.
const MESSAGE: &[u8] = b"a statement";

/// Counts everything about the card.
pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let holder = Holder::samples().swap_remove(0);
    let now = system_clock()();
    let mut authority = Authority::new(AuthorityOptions::default(), now)?;
    let mut issued = authority.enrol(&holder.id, KeyAlgorithm::Rsa2048, now)?;
    issued.auth_certificate_der = of_size(&issued.auth_certificate_der, CERTIFICATE)?;
    let field = Field::new();
    let card = EmulatedCard::new(&holder, &issued)?;
    field.present(Arc::new(Mutex::new(card)));
    let bench = Bench {
        field,
        holder,
        signature: sign(&issued, MESSAGE)?,
        certificate: issued.auth_certificate_der,
        digest: digest(&SHA256, MESSAGE).as_ref().try_into()?,
    };

    report.line(format!(
        "{:<52} {:>9} {:>6} {:>6} {:>6}   {:>9} {:>6}",
        format!("Card, certificate of {CERTIFICATE} bytes"),
        "exchanges",
        "to",
        "from",
        "bytes",
        "minimum",
        "bytes"
    ));
    bench.own(report)?;
    bench.peers(report)
}

struct Bench {
    field: Field,
    holder: Holder,
    certificate: Vec<u8>,
    digest: [u8; 32],
    signature: Vec<u8>,
}

impl Bench {
    fn own(&self, report: &mut Report) -> anyhow::Result<()> {
        let short = self.count(|| self.sign(ChannelLimits::SHORT))?;
        let extended = self.count(|| self.sign(ChannelLimits::EXTENDED))?;
        let name = self.count(|| self.name())?;
        let [token_kind, leave] = self.token_kind_and_leave()?;

        let rows = [
            (
                "sign.short",
                short,
                minimum::sign_short(CERTIFICATE),
                Some(10),
            ),
            (
                "sign.extended",
                extended,
                minimum::sign_extended(CERTIFICATE),
                Some(5),
            ),
            ("name", name, minimum::name(), Some(4)),
            ("token_kind", token_kind, minimum::token_kind(), None),
            ("leave", leave, minimum::leave(), None),
        ];
        for (what, counted, minimum, bound) in rows {
            let key = format!("card.exchanges.{what}");
            match bound {
                Some(bound) => {
                    report.record_at_most(&key, number(counted.exchanges), number(bound))
                }
                None => report.record(&key, number(counted.exchanges)),
            }
            report.record(&format!("card.bytes.{what}"), number(bytes(counted)));
            let minimum_key = |unit| format!("card.minimum.{unit}.{what}");
            report.record(&minimum_key("exchanges"), number(minimum.exchanges));
            report.record(&minimum_key("bytes"), number(bytes(minimum)));
            let bound = bound.map_or(String::new(), |bound| format!("  (at most {bound})"));
            report.line(format!(
                "{}   {:>9} {:>6}{bound}",
                columns(&format!("  {what}"), counted),
                minimum.exchanges,
                bytes(minimum)
            ));
        }
        Ok(())
    }

    fn peers(&self, report: &mut Report) -> anyhow::Result<()> {
        let pins = &self.holder.pins;
        for peer in &PEERS {
            let sign = self.count(|| {
                let signed = (peer.sign)(&self.field, &pins.authentication, self.digest)?;
                self.check_signature(signed)
            })?;
            let name = self.count(|| {
                let name = (peer.read_name)(&self.field, &pins.profile)?;
                self.check_name(&name)
            })?;
            for (what, counted) in [("sign", sign), ("name", name)] {
                let key = |unit| format!("peer.{}.{unit}.{what}", peer.name);
                report.record(&key("exchanges"), number(counted.exchanges));
                report.record(&key("bytes"), number(bytes(counted)));
                report.line(columns(&format!("  {what}, by {}", peer.name), counted));
            }
        }
        Ok(())
    }

    /// What one piece of work costs.
    fn count(&self, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Totals> {
        self.field.clear_exchanges();
        work()?;
        Ok(self.field.totals())
    }

    fn card(&self, limits: ChannelLimits) -> Card<EmulatedChannel> {
        Card::new(EmulatedChannel::connect(&self.field, limits))
    }

    /// From SELECT JPKI to the signature.
    fn sign(&self, limits: ChannelLimits) -> anyhow::Result<()> {
        let pin = AuthPin::new(&self.holder.pins.authentication)?;
        let signed = block_on(async {
            let mut card = self.card(limits);
            let mut jpki = card.jpki().await?;
            let certificate = jpki.authentication_certificate().await?;
            let signature = jpki
                .sign_for_authentication(&pin, &Digest::Sha256(self.digest), LastTry::Refuse)
                .await?;
            anyhow::Ok((certificate.der().to_vec(), signature))
        })?;
        self.check_signature(signed)
    }

    fn name(&self) -> anyhow::Result<()> {
        let pin = ProfilePin::new(&self.holder.pins.profile)?;
        let name = block_on(async {
            let mut card = self.card(ChannelLimits::SHORT);
            let mut profile = card.profile().await?;
            anyhow::Ok(profile.name(&pin, LastTry::Refuse).await?)
        })?;
        self.check_name(&name)
    }

    /// Each alone: the token's kind with JPKI selected already, and leaving the card.
    fn token_kind_and_leave(&self) -> anyhow::Result<[Totals; 2]> {
        block_on(async {
            let mut card = self.card(ChannelLimits::SHORT);
            let mut jpki = card.jpki().await?;
            self.field.clear_exchanges();
            ensure!(jpki.token_kind().await? == TokenKind::MyNumberCard);
            let token_kind = self.field.totals();
            self.field.clear_exchanges();
            card.leave().await?;
            Ok([token_kind, self.field.totals()])
        })
    }

    /// Everybody has to bring the same: PKCS #1 v1.5 leaves no choice.
    fn check_signature(&self, (certificate, signature): Signed) -> anyhow::Result<()> {
        ensure!(
            certificate == self.certificate,
            "not the card's certificate"
        );
        ensure!(signature == self.signature, "not the key's signature");
        Ok(())
    }

    fn check_name(&self, name: &str) -> anyhow::Result<()> {
        ensure!(name == self.holder.name, "not the holder's name");
        Ok(())
    }
}

/// The signature that the card's authentication key makes.
fn sign(issued: &IssuedCard, message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let key = RsaKeyPair::from_pkcs8(&issued.auth_key_pkcs8)?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message,
        &mut signature,
    )?;
    Ok(signature)
}

/// `certificate` brought to `size` bytes: extensions at its end give way to one of filler. Nothing
/// that reads it here looks at extensions or verifies it.
fn of_size(certificate: &[u8], size: usize) -> anyhow::Result<Vec<u8>> {
    let mut certificate = Certificate::from_der(certificate)?;
    let extensions = &mut certificate.tbs_certificate.extensions;
    let extensions = extensions.as_mut().context("it has extensions")?;
    extensions.truncate(2);
    extensions.push(Extension {
        extn_id: FILLER,
        critical: false,
        extn_value: OctetString::new([])?,
    });
    // The first round finds how much is missing, the others what longer length fields added.
    for _ in 0..4 {
        let length = usize::try_from(certificate.encoded_len()?)?;
        if length == size {
            return Ok(certificate.to_der()?);
        }
        let extensions = certificate.tbs_certificate.extensions.iter_mut();
        let filler = extensions.flatten().last().context("the filler")?;
        let filled = (filler.extn_value.as_bytes().len() + size).checked_sub(length);
        filler.extn_value = OctetString::new(vec![0; filled.context("it is too long")?])?;
    }
    bail!("no filler makes a certificate of {size} bytes")
}

fn bytes(totals: Totals) -> usize {
    totals.sent + totals.received
}

fn number(count: usize) -> f64 {
    count as f64
}

fn columns(what: &str, counted: Totals) -> String {
    format!(
        "{what:<52} {:>9} {:>6} {:>6} {:>6}",
        counted.exchanges,
        counted.sent,
        counted.received,
        bytes(counted)
    )
}

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .build()?
        .block_on(work)
}
