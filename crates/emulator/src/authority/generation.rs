//! One generation of the CAs. Every generation has the same names and its own keys.

use super::der;
use super::keys::{self, SigningKey};
use super::names::Service;
use super::profile::{self, Issuer};
use super::{AuthorityError, DAY, KeyAlgorithm, P384_GENERATION};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use std::fmt;
use zeroize::Zeroizing;

/// What goes onto a card. Certificates are DER, keys PKCS #8.
#[derive(Clone)]
pub struct IssuedCard {
    /// The kind of both keys.
    pub algorithm: KeyAlgorithm,
    /// 利用者証明用 certificate.
    pub auth_certificate_der: Vec<u8>,
    /// Its private key.
    pub auth_key_pkcs8: Zeroizing<Vec<u8>>,
    /// The CA that issued it.
    pub auth_ca_certificate_der: Vec<u8>,
    /// 署名用 certificate, about a sample person.
    pub sign_certificate_der: Vec<u8>,
    /// Its private key.
    pub sign_key_pkcs8: Zeroizing<Vec<u8>>,
    /// The CA that issued it.
    pub sign_ca_certificate_der: Vec<u8>,
}

impl fmt::Debug for IssuedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedCard")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// One CA: its key, its own certificate and its next serial.
pub(super) struct CertificateAuthority {
    pub(super) service: Service,
    pub(super) key: SigningKey,
    /// The serial of the CA's own certificate.
    pub(super) serial: u32,
    pub(super) certificate: Vec<u8>,
    pub(super) next_serial: u32,
}

impl CertificateAuthority {
    fn new(service: Service, key: SigningKey, serial: u32, first: u32, not_before: i64) -> Self {
        let certificate = profile::ca_certificate(
            &Issuer {
                service,
                key: &key,
                serial,
            },
            not_before,
        );
        Self {
            service,
            key,
            serial,
            certificate,
            next_serial: first,
        }
    }

    pub(super) fn issuer(&self) -> Issuer<'_> {
        Issuer {
            service: self.service,
            key: &self.key,
            serial: self.serial,
        }
    }

    pub(super) fn take_serial(&mut self) -> u32 {
        let serial = self.next_serial;
        self.next_serial += 1;
        serial
    }
}

/// The authentication CA, the signing CA and the OCSP responder of one generation.
pub(super) struct Generation {
    pub(super) auth: CertificateAuthority,
    pub(super) sign: CertificateAuthority,
    pub(super) responder: SigningKey,
}

/// The first serial of a generation: the production serials are dense and fit four bytes.
pub(super) fn first_serial(generation: u8, repeat: bool) -> u32 {
    let high = if repeat { 1 } else { generation };
    (u32::from(high) << 24) + 0x0022_0001
}

/// The kind of key of a generation's CAs.
pub(super) fn algorithm_of(generation: u8) -> KeyAlgorithm {
    if generation == P384_GENERATION {
        KeyAlgorithm::P384
    } else {
        KeyAlgorithm::Rsa2048
    }
}

impl Generation {
    /// Makes the keys. The CA certificates began two years before `now`, and so have eight left.
    pub(super) fn new(number: u8, first_serial: u32, now: i64) -> Result<Self, AuthorityError> {
        let algorithm = algorithm_of(number);
        let not_before = now - 730 * DAY;
        let authority = |service, serial| {
            let key = SigningKey::generate(algorithm)?;
            Ok(CertificateAuthority::new(
                service,
                key,
                serial,
                first_serial,
                not_before,
            ))
        };
        let serial = 0x0021_8880 + u32::from(number);
        Ok(Self {
            auth: authority(Service::Authentication, serial)?,
            sign: authority(Service::Signing, serial + 0x10)?,
            responder: SigningKey::generate(algorithm)?,
        })
    }

    /// A card with new keys, and the serial of its authentication certificate.
    pub(super) fn issue_card(
        &mut self,
        algorithm: KeyAlgorithm,
        validity: (i64, i64),
        ocsp_url: &str,
    ) -> Result<(IssuedCard, u32), AuthorityError> {
        let auth_key = SigningKey::generate(algorithm)?;
        let serial = self.auth.take_serial();
        let auth_leaf = profile::auth_leaf(
            &self.auth.issuer(),
            serial,
            validity,
            &auth_common_name(),
            &auth_key,
            ocsp_url,
        );
        let sign_key = SigningKey::generate(algorithm)?;
        let sign_serial = self.sign.take_serial();
        let sign_leaf = profile::sign_leaf(
            &self.sign.issuer(),
            sign_serial,
            validity,
            &sign_common_name(validity.0),
            &sign_key,
        );
        let card = IssuedCard {
            algorithm,
            auth_certificate_der: auth_leaf.sign(&self.auth.key),
            auth_key_pkcs8: auth_key.pkcs8(),
            auth_ca_certificate_der: self.auth.certificate.clone(),
            sign_certificate_der: sign_leaf.sign(&self.sign.key),
            sign_key_pkcs8: sign_key.pkcs8(),
            sign_ca_certificate_der: self.sign.certificate.clone(),
        };
        Ok((card, serial))
    }

    /// The identifier of the authentication CA's key.
    pub(super) fn key_id(&self) -> Vec<u8> {
        self.auth.key.identifier()
    }
}

/// 23 characters: fourteen without meaning, the municipality (13101, Chiyoda), a counter.
pub(super) fn auth_common_name() -> String {
    let mut random = [0; 7];
    SystemRandom::new()
        .fill(&mut random)
        .expect("the system's randomness worked when the key was made");
    format!("{}13101001A", hex::encode_upper(random))
}

/// 28 characters: date and time, five without meaning, the municipality, a counter.
fn sign_common_name(now: i64) -> String {
    let digest = hex::encode_upper(keys::sha256(&now.to_be_bytes()));
    format!(
        "{}{}13101001A",
        der::generalized_text(now).trim_end_matches('Z'),
        &digest[..5]
    )
}
