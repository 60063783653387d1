//! Makes `tests/fuzz_seeds/` anew: what the emulator's authority and card say and sign, with keys
//! that end with this program.

use anyhow::{Context, Result};
use kazasu_assertion::TrustAnchors;
use kazasu_assertion::revocation::ocsp_request;
use kazasu_card::{AuthPin, Card, ChannelLimits, Digest, LastTry};
use kazasu_emulator::EmulatedChannel;
use kazasu_emulator::authority::{Authority, AuthorityOptions, KeyAlgorithm, RevocationReason};
use kazasu_emulator::card::EmulatedCard;
use kazasu_emulator::field::Field;
use kazasu_emulator::holder::Holder;
use kazasu_tests::fuzzing::{NAME, NOW, statement};
use std::sync::{Arc, Mutex};

const DAY: i64 = 86_400;

#[tokio::main]
async fn main() -> Result<()> {
    let mut authority = Authority::new(AuthorityOptions::default(), NOW - DAY)?;
    let good = authority.enrol("good", KeyAlgorithm::Rsa2048, NOW - DAY)?;
    let revoked = authority.enrol("revoked", KeyAlgorithm::Rsa2048, NOW - DAY)?;
    authority.revoke("revoked", RevocationReason::KeyCompromise, NOW - 3_600)?;
    let ca = authority.ca_certificate(1).context("a generation")?;
    let anchors = TrustAnchors::test(&[ca.to_vec()])?;
    write("ca.der", ca)?;
    write("authority.crl", &authority.crl(1, NOW).context("a list")?)?;
    for (name, card) in [("good", &good), ("revoked", &revoked)] {
        let certificate = &card.auth_certificate_der;
        let valid = anchors.validate(certificate, NOW)?;
        write(&format!("{name}.der"), certificate)?;
        let answer = authority.ocsp(&ocsp_request(&valid, None), NOW);
        write(&format!("{name}.ocsp"), &answer)?;
    }

    let holder = Holder::samples().remove(0);
    let field = Field::new();
    field.present(Arc::new(Mutex::new(EmulatedCard::new(&holder, &good)?)));
    let mut card = Card::new(EmulatedChannel::connect(&field, ChannelLimits::EXTENDED));
    let statement = statement(&good.auth_certificate_der, Some(NAME));
    let digest = Digest::Sha256(statement.sha256());
    let signature = card
        .jpki()
        .await?
        .sign_for_authentication(&AuthPin::new("1234")?, &digest, LastTry::Refuse)
        .await?;
    write("good.signature", &signature)
}

fn write(name: &str, bytes: &[u8]) -> Result<()> {
    let path = format!("{}/fuzz_seeds/{name}", env!("CARGO_MANIFEST_DIR"));
    Ok(std::fs::write(path, bytes)?)
}
