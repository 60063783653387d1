//! The certificates of the test hierarchy: fields and extensions in the order, criticality and
//! encoding of the published test card's.

use super::der;
use super::keys::{SignatureAlgorithm, SigningKey};
use super::names::{self, Service};
use const_oid::ObjectIdentifier;

/// keyUsage bits (RFC 5280 §4.2.1.3), counted from the most significant.
pub(super) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(super) const NON_REPUDIATION: u8 = 0x40;
pub(super) const KEY_CERT_SIGN: u8 = 0x04;
pub(super) const CRL_SIGN: u8 = 0x02;

const DAY: i64 = 86_400;

/// One extension, its value still without the OCTET STRING around it.
#[derive(Clone)]
pub(super) struct Extension {
    pub(super) id: ObjectIdentifier,
    pub(super) critical: bool,
    pub(super) value: Vec<u8>,
}

impl Extension {
    pub(super) fn new(id: ObjectIdentifier, critical: bool, value: Vec<u8>) -> Self {
        Self {
            id,
            critical,
            value,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut parts = vec![der::oid(self.id)];
        if self.critical {
            parts.push(der::boolean_true());
        }
        parts.push(der::octet_string(&self.value));
        der::sequence(&parts)
    }
}

/// A list of extensions.
pub(super) fn encode_extensions(extensions: &[Extension]) -> Vec<u8> {
    der::sequence(&extensions.iter().map(Extension::encode).collect::<Vec<_>>())
}

/// What is signed, as loosely as a bad certificate needs it.
#[derive(Clone)]
pub(super) struct Tbs {
    /// The version field's value; `None` leaves it out, which means version 1.
    pub(super) version: Option<u8>,
    /// The INTEGER, complete.
    pub(super) serial: Vec<u8>,
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) issuer: Vec<u8>,
    /// The two Time elements.
    pub(super) not_before: Vec<u8>,
    pub(super) not_after: Vec<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) public_key_info: Vec<u8>,
    /// issuerUniqueID and subjectUniqueID, complete.
    pub(super) unique_ids: Vec<u8>,
    /// `None` leaves the field out.
    pub(super) extensions: Option<Vec<Extension>>,
}

impl Tbs {
    /// The TBSCertificate.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        if let Some(version) = self.version {
            parts.push(der::context(0, &der::unsigned(&[version])));
        }
        parts.extend([
            self.serial.clone(),
            self.algorithm.identifier(),
            self.issuer.clone(),
            der::sequence(&[self.not_before.clone(), self.not_after.clone()]),
            self.subject.clone(),
            self.public_key_info.clone(),
            self.unique_ids.clone(),
        ]);
        if let Some(extensions) = &self.extensions {
            parts.push(der::context(3, &encode_extensions(extensions)));
        }
        der::sequence(&parts)
    }

    /// The Certificate.
    pub(super) fn sign(&self, key: &SigningKey) -> Vec<u8> {
        signed(&self.encode(), self.algorithm, key)
    }
}

/// SIGNED{}: the content, the algorithm, the signature (RFC 5280 §4.1).
pub(super) fn signed(tbs: &[u8], algorithm: SignatureAlgorithm, key: &SigningKey) -> Vec<u8> {
    let signature = key.sign(algorithm, tbs);
    der::sequence(&[
        tbs.to_vec(),
        algorithm.identifier(),
        der::bit_string(&signature),
    ])
}

/// The issuer as a leaf names it.
pub(super) struct Issuer<'a> {
    pub(super) service: Service,
    pub(super) key: &'a SigningKey,
    pub(super) serial: u32,
}

/// A CA's own certificate, ten years long.
pub(super) fn ca_certificate(issuer: &Issuer<'_>, not_before: i64) -> Vec<u8> {
    let name = names::ca_name(issuer.service);
    base(
        issuer,
        issuer.serial,
        (not_before, end_of_day(not_before + 3652 * DAY)),
        name.clone(),
        issuer.key,
        vec![
            Extension::new(
                names::KEY_USAGE,
                true,
                der::named_bits(KEY_CERT_SIGN | CRL_SIGN),
            ),
            Extension::new(
                names::SUBJECT_ALT_NAME,
                false,
                directory_general_names(&names::ca_japanese_name(issuer.service)),
            ),
            Extension::new(
                names::BASIC_CONSTRAINTS,
                true,
                der::sequence(&[der::boolean_true()]),
            ),
            distribution_points(&name),
            subject_key_id(issuer.key),
        ],
    )
    .sign(issuer.key)
}

/// The authentication certificate of a card.
pub(super) fn auth_leaf(
    issuer: &Issuer<'_>,
    serial: u32,
    validity: (i64, i64),
    common_name: &str,
    key: &SigningKey,
    ocsp_url: &str,
) -> Tbs {
    let subject =
        names::relative_names(&[(names::COUNTRY, "JP"), (names::COMMON_NAME, common_name)]);
    base(
        issuer,
        serial,
        validity,
        subject,
        key,
        vec![
            Extension::new(names::KEY_USAGE, true, der::named_bits(DIGITAL_SIGNATURE)),
            extended_key_usage(&[names::CLIENT_AUTH]),
            certificate_policies(names::AUTH_POLICY),
            issuer_alt_name(issuer.service),
            distribution_points(&names::distribution_point_name(issuer.service)),
            ocsp_access(&[ocsp_url]),
            authority_key_id(issuer),
            subject_key_id(key),
        ],
    )
}

/// The signing certificate of a card, with sample attributes in its subjectAltName.
pub(super) fn sign_leaf(
    issuer: &Issuer<'_>,
    serial: u32,
    validity: (i64, i64),
    common_name: &str,
    key: &SigningKey,
) -> Tbs {
    let subject = names::relative_names(&[
        (names::COUNTRY, "JP"),
        (names::LOCALITY, "Tokyo-to"),
        (names::LOCALITY, "Chiyoda-ku"),
        (names::COMMON_NAME, common_name),
    ]);
    base(
        issuer,
        serial,
        validity,
        subject,
        key,
        vec![
            Extension::new(
                names::KEY_USAGE,
                true,
                der::named_bits(DIGITAL_SIGNATURE | NON_REPUDIATION),
            ),
            Extension::new(names::SUBJECT_ALT_NAME, false, sign_attributes()),
            certificate_policies(names::SIGN_POLICY),
            issuer_alt_name(issuer.service),
            distribution_points(&names::distribution_point_name(issuer.service)),
            authority_key_id(issuer),
            subject_key_id(key),
        ],
    )
}

/// A delegated OCSP responder's certificate (RFC 6960 §4.2.2.2).
pub(super) fn responder(
    issuer: &Issuer<'_>,
    serial: u32,
    validity: (i64, i64),
    key: &SigningKey,
) -> Tbs {
    let subject = names::relative_names(&[
        (names::COUNTRY, "JP"),
        (names::ORGANIZATION, "JPKI-TEST"),
        (names::COMMON_NAME, "OCSP Responder"),
    ]);
    base(
        issuer,
        serial,
        validity,
        subject,
        key,
        vec![
            Extension::new(names::KEY_USAGE, true, der::named_bits(DIGITAL_SIGNATURE)),
            extended_key_usage(&[names::OCSP_SIGNING]),
            Extension::new(names::OCSP_NOCHECK, false, der::null()),
            authority_key_id(issuer),
            subject_key_id(key),
        ],
    )
}

pub(super) fn extended_key_usage(purposes: &[ObjectIdentifier]) -> Extension {
    let purposes: Vec<_> = purposes.iter().map(|purpose| der::oid(*purpose)).collect();
    Extension::new(names::EXTENDED_KEY_USAGE, false, der::sequence(&purposes))
}

pub(super) fn certificate_policies(policy: ObjectIdentifier) -> Extension {
    Extension::new(
        names::CERTIFICATE_POLICIES,
        true,
        der::sequence(&[policy_information(policy)]),
    )
}

/// A policy with the practice statement's address.
pub(super) fn policy_information(policy: ObjectIdentifier) -> Vec<u8> {
    const IA5_STRING: u8 = 0x16;
    let qualifier = der::sequence(&[
        der::oid(names::CPS_QUALIFIER),
        der::tlv(IA5_STRING, names::CPS_URI.as_bytes()),
    ]);
    der::sequence(&[der::oid(policy), der::sequence(&[qualifier])])
}

/// cRLDistributionPoints with one directory name.
pub(super) fn distribution_points(name: &[u8]) -> Extension {
    distribution_points_of(&der::context(4, name))
}

/// cRLDistributionPoints with one point whose full name is one GeneralName.
pub(super) fn distribution_points_of(general_name: &[u8]) -> Extension {
    let full_name = der::context(0, general_name);
    let point = der::sequence(&[der::context(0, &full_name)]);
    Extension::new(names::DISTRIBUTION_POINTS, false, der::sequence(&[point]))
}

/// authorityInfoAccess with an OCSP entry for each address.
pub(super) fn ocsp_access(urls: &[&str]) -> Extension {
    let entries: Vec<_> = urls
        .iter()
        .map(|url| {
            der::sequence(&[
                der::oid(names::OCSP),
                der::context_primitive(6, url.as_bytes()),
            ])
        })
        .collect();
    Extension::new(
        names::AUTHORITY_INFORMATION_ACCESS,
        false,
        der::sequence(&entries),
    )
}

/// authorityKeyIdentifier with key identifier, issuer and serial.
pub(super) fn authority_key_id(issuer: &Issuer<'_>) -> Extension {
    authority_key_id_of(
        &issuer.key.identifier(),
        &names::ca_name(issuer.service),
        issuer.serial,
    )
}

/// authorityKeyIdentifier of whatever is given.
pub(super) fn authority_key_id_of(key_id: &[u8], name: &[u8], serial: u32) -> Extension {
    let value = [
        der::context_primitive(0, key_id),
        der::context(1, &der::context(4, name)),
        // The INTEGER's content under an implicit tag: the element without its first byte.
        [&[0x82], &der::unsigned(&serial.to_be_bytes())[1..]].concat(),
    ];
    Extension::new(names::AUTHORITY_KEY_ID, false, der::sequence(&value))
}

/// GeneralNames of one directory name.
pub(super) fn directory_general_names(name: &[u8]) -> Vec<u8> {
    der::sequence(&[der::context(4, name)])
}

/// 14:59:59 UTC of that day: the last second of the day in Japan.
pub(super) fn end_of_day(unix_seconds: i64) -> i64 {
    unix_seconds.div_euclid(DAY) * DAY + 15 * 3600 - 1
}

fn issuer_alt_name(service: Service) -> Extension {
    Extension::new(
        names::ISSUER_ALT_NAME,
        false,
        directory_general_names(&names::ca_japanese_name(service)),
    )
}

fn subject_key_id(key: &SigningKey) -> Extension {
    Extension::new(
        names::SUBJECT_KEY_ID,
        false,
        der::octet_string(&key.identifier()),
    )
}

/// Name, birth (era digit and date), sex, address and the two substitute-character flags.
fn sign_attributes() -> Vec<u8> {
    let attributes = [
        (1, "見本　太郎"),
        (4, "319850405"),
        (3, "1"),
        (5, "東京都千代田区見本町一丁目１番１号"),
        (2, "00000"),
        (6, "00000000000000000"),
    ];
    let names: Vec<_> = attributes
        .iter()
        .map(|(arc, text)| {
            let id = ObjectIdentifier::new_unwrap(&format!("{}.{arc}", names::SIGN_ATTRIBUTES));
            let value = der::context(0, &der::utf8(text));
            der::context(0, &[der::oid(id), value].concat())
        })
        .collect();
    der::sequence(&names)
}

fn base(
    issuer: &Issuer<'_>,
    serial: u32,
    (not_before, not_after): (i64, i64),
    subject: Vec<u8>,
    key: &SigningKey,
    extensions: Vec<Extension>,
) -> Tbs {
    Tbs {
        version: Some(2),
        serial: der::unsigned(&serial.to_be_bytes()),
        algorithm: issuer.key.signature_algorithm(),
        issuer: names::ca_name(issuer.service),
        not_before: der::time(not_before),
        not_after: der::time(not_after),
        subject,
        public_key_info: key.public_key_info(),
        unique_ids: Vec::new(),
        extensions: Some(extensions),
    }
}
