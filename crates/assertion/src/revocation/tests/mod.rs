//! Answers by a forged authority, right and wrong.

mod crl;
mod ocsp;

use super::*;
use crate::der::{self, write};
use crate::forge::*;
use crate::{ValidCertificate, oid};

const THIS: &str = "20260528202000Z"; // 400 s before NOW
const THIS_UNIX: i64 = NOW - 400;
const NEXT: &str = "20260528212000Z";
const NEXT_UNIX: i64 = 1_780_003_200;
const OLD: &str = "20260501000000Z";

const GOOD: &[u8] = b"\x80\x00";
const UNKNOWN: &[u8] = b"\x82\x00";

struct World {
    authority: Forge,
    card: ValidCertificate,
}

impl World {
    fn new() -> Self {
        let authority = Forge::new();
        let card = authority.sign(&authority.card());
        let card = authority.anchors().validate(&card, NOW).expect("a card");
        Self { authority, card }
    }

    /// The CertID of the card, taken from our request as the responder would.
    fn cert_id(&self) -> Vec<u8> {
        let request = ocsp_request(&self.card, None);
        let mut reader = der::Reader::new(&request);
        let mut requests = reader
            .nested(der::SEQUENCE)
            .and_then(|mut r| r.nested(der::SEQUENCE))
            .and_then(|mut r| r.nested(der::SEQUENCE))
            .and_then(|mut r| r.nested(der::SEQUENCE))
            .expect("a request");
        requests
            .element(der::SEQUENCE)
            .expect("a CertID")
            .whole
            .to_vec()
    }

    fn answer(&self, status: &[u8], this: &str, next: Option<&str>) -> Vec<u8> {
        let next = next.map_or(Vec::new(), |next| {
            write(der::constructed(0), &[&time(next)])
        });
        write(
            der::SEQUENCE,
            &[&self.cert_id(), status, &time(this), &next],
        )
    }

    fn by_authority(&self) -> Vec<u8> {
        write(der::constructed(1), &[&self.authority.card().0[3]])
    }

    fn judge(&self, response: &[u8]) -> Result<Judgement, RevocationError> {
        judge_ocsp(response, &self.card, NonceCheck::NotSent, NOW)
    }

    /// The judgement on these answers, signed by the authority itself.
    fn judge_answers(&self, answers: &[Vec<u8>]) -> Result<Judgement, RevocationError> {
        self.judge(&response(
            &self.authority,
            &self.by_authority(),
            answers,
            &[],
            &[],
        ))
    }

    fn judge_status(&self, status: &[u8]) -> Result<Status, RevocationError> {
        let judgement = self.judge_answers(&[self.answer(status, THIS, Some(NEXT))]);
        judgement.map(|judgement| judgement.status)
    }

    fn crl(&self, dates: &[&str], entries: &[Vec<u8>], extensions: &[Vec<u8>]) -> Vec<u8> {
        crl(
            &self.authority,
            &self.authority.card().0[3],
            dates,
            entries,
            extensions,
        )
    }

    fn judge_crl(&self, crl: &[u8]) -> Result<Judgement, RevocationError> {
        RevocationList::parse(crl, &self.authority.anchors(), NOW)?.judge(&self.card, NOW)
    }

    fn entry(&self, reason: Option<u8>) -> Vec<u8> {
        let reason = reason.map_or(Vec::new(), |reason| {
            let value = write(der::ENUMERATED, &[&[reason]]);
            write(der::SEQUENCE, &[&extension(oid::CRL_REASON, false, &value)])
        });
        let serial = write(der::INTEGER, &[self.card.serial_der()]);
        write(der::SEQUENCE, &[&serial, &time(OLD), &reason])
    }
}

fn time(text: &str) -> Vec<u8> {
    write(der::GENERALIZED_TIME, &[text.as_bytes()])
}

fn revoked_with(reason: Option<u8>) -> Vec<u8> {
    let reason = reason.map_or(Vec::new(), |reason| {
        write(
            der::constructed(0),
            &[&write(der::ENUMERATED, &[&[reason]])],
        )
    });
    write(der::constructed(1), &[&time(OLD), &reason])
}

fn response(
    signer: &Forge,
    responder: &[u8],
    answers: &[Vec<u8>],
    extensions: &[Vec<u8>],
    certificates: &[&[u8]],
) -> Vec<u8> {
    let answers = write(der::SEQUENCE, &[&answers.concat()]);
    let extensions = if extensions.is_empty() {
        Vec::new()
    } else {
        write(
            der::constructed(1),
            &[&write(der::SEQUENCE, &[&extensions.concat()])],
        )
    };
    let data = write(
        der::SEQUENCE,
        &[responder, &time(THIS), &answers, &extensions],
    );
    let certificates = if certificates.is_empty() {
        Vec::new()
    } else {
        write(der::constructed(0), &[&write(der::SEQUENCE, certificates)])
    };
    let basic = signer.sign_object(&data, &certificates);
    let kind = write(der::OID, &[oid::OCSP_BASIC]);
    let bytes = write(
        der::SEQUENCE,
        &[&kind, &write(der::OCTET_STRING, &[&basic])],
    );
    write(
        der::SEQUENCE,
        &[b"\x0a\x01\x00", &write(der::constructed(0), &[&bytes])],
    )
}

fn crl(
    signer: &Forge,
    issuer: &[u8],
    dates: &[&str],
    entries: &[Vec<u8>],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    let dates: Vec<u8> = dates.iter().flat_map(|date| time(date)).collect();
    let entries = if entries.is_empty() {
        Vec::new()
    } else {
        write(der::SEQUENCE, &[&entries.concat()])
    };
    let extensions = if extensions.is_empty() {
        Vec::new()
    } else {
        write(
            der::constructed(0),
            &[&write(der::SEQUENCE, &[&extensions.concat()])],
        )
    };
    let parts: [&[u8]; 6] = [
        b"\x02\x01\x01",
        RSA_SHA256,
        issuer,
        &dates,
        &entries,
        &extensions,
    ];
    signer.sign_object(&write(der::SEQUENCE, &parts), &[])
}
