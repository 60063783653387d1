//! The OCSP responder (RFC 6960): right answers, and the wrong ones that are asked for.

use super::crl::CERTIFICATE_HOLD;
use super::generation::Generation;
use super::keys::{self, SigningKey};
use super::lineage::serial_of;
use super::profile::{self, Extension};
use super::record::Status;
use super::{Authority, DAY, OcspAnswer, OcspSigner, der, names};
use ::der::{Decode, Encode};
use x509_ocsp::{CertId, OcspRequest};

// OCSPResponseStatus (RFC 6960 §4.2.1).
const SUCCESSFUL: u8 = 0;
const MALFORMED_REQUEST: u8 = 1;
const INTERNAL_ERROR: u8 = 2;
const TRY_LATER: u8 = 3;
const UNAUTHORIZED: u8 = 6;

/// The status of one certificate, as OCSP says it.
#[derive(Clone, Copy)]
enum CertStatus {
    Good,
    Revoked { at: i64, reason: u8 },
    Unknown,
}

/// Dates of an answer.
#[derive(Clone, Copy)]
struct Freshness {
    this_update: i64,
    next_update: Option<i64>,
}

impl Authority {
    /// Answers an OCSP request given as DER; the answer is DER, also when the request is not.
    pub fn ocsp(&self, request: &[u8], now: i64) -> Vec<u8> {
        let answer = self.ocsp_answer;
        match answer {
            OcspAnswer::MalformedRequest => return error(MALFORMED_REQUEST),
            OcspAnswer::InternalError => return error(INTERNAL_ERROR),
            OcspAnswer::TryLater => return error(TRY_LATER),
            OcspAnswer::Unauthorized => return error(UNAUTHORIZED),
            OcspAnswer::SuccessfulWithoutResponse => return error(SUCCESSFUL),
            OcspAnswer::Garbage => return b"<html>Service unavailable</html>".to_vec(),
            _ => {}
        }
        let Ok(request) = OcspRequest::from_der(request) else {
            return error(MALFORMED_REQUEST);
        };
        let ids: Vec<&CertId> = request
            .tbs_request
            .request_list
            .iter()
            .map(|single| &single.req_cert)
            .collect();
        // A responder speaks for one CA; a request about several gets that of the first.
        let Some(generation) = ids.first().and_then(|id| self.issuer_of(id)) else {
            return error(UNAUTHORIZED);
        };
        let tbs = self.response_data(&request, &ids, generation, answer, now);
        let response = self.sign_response(&tbs, generation, answer, now);
        match answer {
            OcspAnswer::Truncated => response[..response.len() / 2].to_vec(),
            OcspAnswer::TrailingByte => [response.as_slice(), &[0]].concat(),
            _ => response,
        }
    }

    fn issuer_of(&self, id: &CertId) -> Option<u8> {
        let hash: fn(&[u8]) -> Vec<u8> = match id.hash_algorithm.oid {
            names::SHA1 => keys::sha1,
            names::SHA256 => keys::sha256,
            _ => return None,
        };
        let parameters = id.hash_algorithm.parameters.as_ref();
        if parameters.is_some_and(|parameters| !parameters.is_null()) {
            return None;
        }
        let name = names::ca_name(names::Service::Authentication);
        if id.issuer_name_hash.as_bytes() != hash(&name) {
            return None;
        }
        self.generations
            .iter()
            .find(|(_, generation)| {
                hash(generation.auth.key.public_bits()) == id.issuer_key_hash.as_bytes()
            })
            .map(|(number, _)| *number)
    }

    fn status_of(&self, id: &CertId) -> CertStatus {
        let record = self.issuer_of(id).and_then(|generation| {
            let serial = serial_of(id.serial_number.as_bytes())?;
            self.find(generation, serial)
        });
        match record.map(|(record, _)| record.status) {
            None => CertStatus::Unknown,
            Some(Status::Good) => CertStatus::Good,
            Some(Status::Revoked { at, reason }) => CertStatus::Revoked {
                at,
                reason: reason.code(),
            },
            Some(Status::OnHold { since }) => CertStatus::Revoked {
                at: since,
                reason: CERTIFICATE_HOLD,
            },
        }
    }

    fn response_data(
        &self,
        request: &OcspRequest,
        ids: &[&CertId],
        generation: u8,
        answer: OcspAnswer,
        now: i64,
    ) -> Vec<u8> {
        let freshness = self.freshness(answer, now);
        let mut singles = Vec::new();
        for id in ids {
            singles.extend(self.single_responses(id, answer, freshness));
        }
        let signer = self.signer(generation, answer, now);
        let mut parts = vec![
            // byKey: the key is what a relying party compares, since the names are all equal.
            der::context(2, &der::octet_string(&signer.identifier())),
            der::generalized_time(now),
            der::sequence(&singles),
        ];
        if let Some(nonce) = nonce_extension(request, answer) {
            parts.push(der::context(1, &profile::encode_extensions(&[nonce])));
        }
        der::sequence(&parts)
    }

    fn freshness(&self, answer: OcspAnswer, now: i64) -> Freshness {
        let lifetime = self.options.ocsp_lifetime.map(i64::from);
        let next = |this_update: i64| lifetime.map(|lifetime| this_update + lifetime);
        let (this_update, next_update) = match answer {
            OcspAnswer::Stale => (now - 2 * DAY, Some(now - DAY)),
            OcspAnswer::NotYetValid => (now + DAY, Some(now + 2 * DAY)),
            OcspAnswer::NoNextUpdate => (now, None),
            OcspAnswer::OldWithoutNextUpdate => (now - 365 * DAY, None),
            _ => (now, next(now)),
        };
        Freshness {
            this_update,
            next_update,
        }
    }

    fn single_responses(
        &self,
        id: &CertId,
        answer: OcspAnswer,
        freshness: Freshness,
    ) -> Vec<Vec<u8>> {
        let status = self.status_of(id);
        let own = cert_id(
            id,
            id.serial_number.as_bytes(),
            id.issuer_key_hash.as_bytes(),
        );
        let neighbour = |distance: u8| {
            let mut serial = id.serial_number.as_bytes().to_vec();
            if let Some(last) = serial.last_mut() {
                *last = last.wrapping_add(distance);
            }
            cert_id(id, &serial, id.issuer_key_hash.as_bytes())
        };
        let statuses = match answer {
            OcspAnswer::NoStatuses => vec![],
            OcspAnswer::WrongSerial => vec![(neighbour(1), status)],
            OcspAnswer::WrongIssuerKey => {
                let key_hash = keys::sha1(id.issuer_key_hash.as_bytes());
                vec![(cert_id(id, id.serial_number.as_bytes(), &key_hash), status)]
            }
            OcspAnswer::SeveralStatuses => {
                let revoked = CertStatus::Revoked {
                    at: freshness.this_update,
                    reason: 1,
                };
                vec![
                    (own.clone(), CertStatus::Good),
                    (own.clone(), revoked),
                    (own, CertStatus::Good),
                ]
            }
            OcspAnswer::Crowded => vec![
                (neighbour(1), CertStatus::Unknown),
                (
                    neighbour(2),
                    CertStatus::Revoked {
                        at: freshness.this_update,
                        reason: 4,
                    },
                ),
                (own, status),
            ],
            _ => vec![(own, status)],
        };
        statuses
            .into_iter()
            .map(|(id, status)| single_response(&id, status, freshness))
            .collect()
    }

    fn signer(&self, generation: u8, answer: OcspAnswer, now: i64) -> &SigningKey {
        let generation = &self.generations[&generation];
        match (answer, self.options.ocsp_signer) {
            (OcspAnswer::SignedByImpostor, _) => &self.impostor(now).auth.key,
            (OcspAnswer::ResponderOfImpostor, _) => &self.impostor(now).responder,
            (OcspAnswer::SignedByCard, _) => self.variant_key(),
            (OcspAnswer::ResponderWithoutPurpose | OcspAnswer::ResponderExpired, _)
            | (_, OcspSigner::Delegated) => &generation.responder,
            (_, OcspSigner::Ca) => &generation.auth.key,
        }
    }

    fn sign_response(&self, tbs: &[u8], number: u8, answer: OcspAnswer, now: i64) -> Vec<u8> {
        let signer = self.signer(number, answer, now);
        let algorithm = signer.signature_algorithm();
        let mut signature = signer.sign(algorithm, tbs);
        if let (OcspAnswer::AlteredSignature, Some(last)) = (answer, signature.last_mut()) {
            *last ^= 1;
        }
        let certificates = self.response_certificates(number, answer, now);
        let mut parts = vec![
            tbs.to_vec(),
            algorithm.identifier(),
            der::bit_string(&signature),
        ];
        if !certificates.is_empty() {
            parts.push(der::context(0, &der::sequence(&certificates)));
        }
        let response_bytes = der::sequence(&[
            der::oid(names::OCSP_BASIC),
            der::octet_string(&der::sequence(&parts)),
        ]);
        der::sequence(&[
            der::enumerated(SUCCESSFUL),
            der::context(0, &response_bytes),
        ])
    }

    fn response_certificates(&self, number: u8, answer: OcspAnswer, now: i64) -> Vec<Vec<u8>> {
        let generation = &self.generations[&number];
        let today = now.div_euclid(DAY) * DAY;
        let validity = (today - DAY, today + 30 * DAY);
        match (answer, self.options.ocsp_signer) {
            (OcspAnswer::SignedByImpostor, _) => vec![self.impostor(now).auth.certificate.clone()],
            (OcspAnswer::ResponderOfImpostor, _) => {
                vec![responder_certificate(self.impostor(now), validity)]
            }
            (OcspAnswer::ResponderWithoutPurpose, _) => {
                let mut tbs = responder_tbs(generation, validity);
                tbs.extensions = tbs.extensions.map(|mut list| {
                    list.retain(|extension| extension.id != names::EXTENDED_KEY_USAGE);
                    list
                });
                vec![tbs.sign(&generation.auth.key)]
            }
            (OcspAnswer::ResponderExpired, _) => {
                vec![responder_certificate(
                    generation,
                    (today - 60 * DAY, today - 30 * DAY),
                )]
            }
            (OcspAnswer::SignedByCard, _) => vec![self.variant_leaf(number, now)],
            (OcspAnswer::Crowded, _) => vec![
                self.impostor(now).auth.certificate.clone(),
                responder_certificate(self.impostor(now), validity),
                generation.auth.certificate.clone(),
                responder_certificate(generation, validity),
            ],
            (_, OcspSigner::Delegated) => vec![responder_certificate(generation, validity)],
            (_, OcspSigner::Ca) => vec![],
        }
    }
}

fn responder_certificate(generation: &Generation, validity: (i64, i64)) -> Vec<u8> {
    responder_tbs(generation, validity).sign(&generation.auth.key)
}

fn responder_tbs(generation: &Generation, validity: (i64, i64)) -> profile::Tbs {
    // A serial far from the cards', so that the responder cannot be mistaken for one.
    let serial = generation.auth.serial + 0x20;
    profile::responder(
        &generation.auth.issuer(),
        serial,
        validity,
        &generation.responder,
    )
}

fn error(status: u8) -> Vec<u8> {
    der::sequence(&[der::enumerated(status)])
}

fn nonce_extension(request: &OcspRequest, answer: OcspAnswer) -> Option<Extension> {
    let extensions = request.tbs_request.request_extensions.as_ref()?;
    let asked = extensions
        .iter()
        .find(|extension| extension.extn_id == names::OCSP_NONCE)?;
    let value = match answer {
        OcspAnswer::NoNonce => return None,
        OcspAnswer::WrongNonce => der::octet_string(&keys::sha256(asked.extn_value.as_bytes())),
        _ => asked.extn_value.as_bytes().to_vec(),
    };
    Some(Extension::new(names::OCSP_NONCE, false, value))
}

fn cert_id(asked: &CertId, serial: &[u8], key_hash: &[u8]) -> Vec<u8> {
    der::sequence(&[
        asked
            .hash_algorithm
            .to_der()
            .expect("an algorithm that was parsed can be encoded"),
        der::octet_string(asked.issuer_name_hash.as_bytes()),
        der::octet_string(key_hash),
        der::integer_content(serial),
    ])
}

fn single_response(id: &[u8], status: CertStatus, freshness: Freshness) -> Vec<u8> {
    let status = match status {
        CertStatus::Good => der::context_primitive(0, &[]),
        CertStatus::Unknown => der::context_primitive(2, &[]),
        CertStatus::Revoked { at, reason } => {
            let mut info = der::generalized_time(at);
            if reason != 0 {
                info.extend(der::context(0, &der::enumerated(reason)));
            }
            der::context(1, &info)
        }
    };
    let mut parts = vec![
        id.to_vec(),
        status,
        der::generalized_time(freshness.this_update),
    ];
    if let Some(next_update) = freshness.next_update {
        parts.push(der::context(0, &der::generalized_time(next_update)));
    }
    der::sequence(&parts)
}
