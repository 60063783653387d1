//! How each [`Variant`] is made out of an ordinary authentication certificate.

use super::generation::{Generation, auth_common_name};
use super::keys::{self, SignatureAlgorithm, SigningKey};
use super::names::{self, Service};
use super::profile::{self, Extension, Tbs};
use super::variant::{Variant, VariantCertificate};
use super::{Authority, DAY, KeyAlgorithm, LEAF_LIFETIME, der};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use const_oid::ObjectIdentifier;

/// A serial that no card has: it is below the first one.
const VARIANT_SERIAL: u32 = 0x0010_0001;
/// An extension nobody knows, under the documentation arc (IANA enterprise number 32473).
const UNKNOWN_EXTENSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1");
const ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");

impl Authority {
    /// Issues a certificate with a deviation, from the current generation. It belongs to nobody:
    /// OCSP and lineage do not know it.
    pub fn issue_variant(&self, variant: Variant, now: i64) -> VariantCertificate {
        let generation = &self.generations[&self.current_generation];
        let mut tbs = self.ordinary(generation, now);
        self.deviate_fields(variant, &mut tbs, generation, now);
        deviate_key(variant, &mut tbs);
        if let Some(extensions) = &mut tbs.extensions {
            self.deviate_extensions(variant, extensions, generation, now);
        }
        let signer = match variant {
            Variant::UnknownCa | Variant::UnknownCaClaimingOurs => &self.impostor(now).auth.key,
            Variant::SigningCa => &generation.sign.key,
            Variant::SelfSigned | Variant::IssuedByCard => self.variant_key(),
            _ => &generation.auth.key,
        };
        let certificate_der = deviate_encoding(variant, &tbs, signer);
        VariantCertificate {
            variant,
            certificate_der,
            expected_reason: variant.expected_reason(),
        }
    }

    /// The key in certificates that belong to nobody.
    pub(super) fn variant_key(&self) -> &SigningKey {
        self.variant_key.get_or_init(|| {
            SigningKey::generate(KeyAlgorithm::Rsa2048)
                .expect("key generation fails only without system randomness")
        })
    }

    /// An ordinary certificate of the variants' key.
    pub(super) fn variant_leaf(&self, generation: u8, now: i64) -> Vec<u8> {
        let generation = &self.generations[&generation];
        self.ordinary(generation, now).sign(&generation.auth.key)
    }

    fn ordinary(&self, generation: &Generation, now: i64) -> Tbs {
        profile::auth_leaf(
            &generation.auth.issuer(),
            VARIANT_SERIAL,
            (now, profile::end_of_day(now + LEAF_LIFETIME)),
            &auth_common_name(),
            self.variant_key(),
            &self.options.ocsp_url,
        )
    }

    fn deviate_fields(&self, variant: Variant, tbs: &mut Tbs, generation: &Generation, now: i64) {
        let common_name = (names::COMMON_NAME, "00000000000000131010001");
        let country = (names::COUNTRY, "JP");
        match variant {
            Variant::Version1 => (tbs.version, tbs.extensions) = (None, None),
            Variant::Version2 => tbs.version = Some(1),
            Variant::NegativeSerial => tbs.serial = der::integer_content(&[0x90, 0x00, 0x01]),
            Variant::ZeroSerial => tbs.serial = der::unsigned(&[0]),
            Variant::LongSerial => tbs.serial = der::unsigned(&[0x11; 21]),
            Variant::Sha1Signature => tbs.algorithm = SignatureAlgorithm::RsaSha1,
            Variant::Sha384Signature => tbs.algorithm = SignatureAlgorithm::RsaSha384,
            Variant::SigningCa => tbs.issuer = names::ca_name(Service::Signing),
            Variant::OtherIssuerName => tbs.issuer = names::relative_names(&[country, common_name]),
            Variant::IssuedByCard => tbs.issuer = self.ordinary(generation, now).subject,
            Variant::SelfSigned => tbs.issuer = tbs.subject.clone(),
            Variant::NotYetValid => tbs.not_before = der::time(now + DAY),
            Variant::Expired => {
                tbs.not_before = der::time(now - LEAF_LIFETIME);
                tbs.not_after = der::time(now - DAY);
            }
            Variant::GeneralizedTime => {
                tbs.not_after = der::generalized_time(profile::end_of_day(now + LEAF_LIFETIME));
            }
            Variant::EmptySubject => tbs.subject = names::relative_names(&[]),
            Variant::SubjectOrganization => {
                let organization = (names::ORGANIZATION, "Sample");
                tbs.subject = names::relative_names(&[country, organization, common_name]);
            }
            Variant::SubjectWithoutCountry => tbs.subject = names::relative_names(&[common_name]),
            Variant::UniqueIds => {
                let bits = [0, 0x01];
                tbs.unique_ids = [
                    der::context_primitive(1, &bits),
                    der::context_primitive(2, &bits),
                ]
                .concat();
            }
            Variant::EmptyExtensions => tbs.extensions = Some(Vec::new()),
            _ => {}
        }
    }

    fn deviate_extensions(
        &self,
        variant: Variant,
        list: &mut Vec<Extension>,
        generation: &Generation,
        now: i64,
    ) {
        let authority = |key_id: &[u8], service, serial| {
            profile::authority_key_id_of(key_id, &names::ca_name(service), serial)
        };
        let own = generation.key_id();
        let serial = generation.auth.serial;
        match variant {
            Variant::UnknownCa | Variant::AuthorityKeyIdOther => replace(
                list,
                authority(
                    &self.impostor(now).key_id(),
                    Service::Authentication,
                    serial,
                ),
            ),
            Variant::AuthorityKeyIdSerial => {
                replace(list, authority(&own, Service::Authentication, serial + 1));
            }
            Variant::AuthorityKeyIdName => replace(list, authority(&own, Service::Signing, serial)),
            Variant::SigningCa => {
                replace(list, profile::authority_key_id(&generation.sign.issuer()))
            }
            Variant::SelfSigned | Variant::IssuedByCard => remove(list, names::AUTHORITY_KEY_ID),
            _ => deviate_contents(variant, list),
        }
    }
}

fn deviate_contents(variant: Variant, list: &mut Vec<Extension>) {
    const KEY_ENCIPHERMENT: u8 = 0x20;
    let usage = |bits| Extension::new(names::KEY_USAGE, true, der::named_bits(bits));
    let policies = |policies: &[ObjectIdentifier]| {
        let list: Vec<_> = policies
            .iter()
            .map(|id| profile::policy_information(*id))
            .collect();
        Extension::new(names::CERTIFICATE_POLICIES, true, der::sequence(&list))
    };
    let dns_name = || der::sequence(&[der::context_primitive(2, b"example.jp")]);
    let constraints = |value| Extension::new(names::BASIC_CONSTRAINTS, true, value);
    match variant {
        Variant::NoKeyUsage => remove(list, names::KEY_USAGE),
        Variant::KeyUsageKeyEncipherment => replace(list, usage(KEY_ENCIPHERMENT)),
        Variant::KeyUsageNonRepudiation => {
            replace(
                list,
                usage(profile::DIGITAL_SIGNATURE | profile::NON_REPUDIATION),
            );
        }
        Variant::KeyUsageCertSign => {
            replace(
                list,
                usage(profile::DIGITAL_SIGNATURE | profile::KEY_CERT_SIGN),
            );
        }
        Variant::KeyUsageNotCritical => set_critical(list, names::KEY_USAGE, false),
        Variant::NoExtendedKeyUsage => remove(list, names::EXTENDED_KEY_USAGE),
        Variant::ServerAuth => replace(list, profile::extended_key_usage(&[names::SERVER_AUTH])),
        Variant::AlsoServerAuth => replace(
            list,
            profile::extended_key_usage(&[names::CLIENT_AUTH, names::SERVER_AUTH]),
        ),
        Variant::AnyExtendedKeyUsage => {
            replace(
                list,
                profile::extended_key_usage(&[names::ANY_EXTENDED_KEY_USAGE]),
            );
        }
        Variant::ExtendedKeyUsageCritical => set_critical(list, names::EXTENDED_KEY_USAGE, true),
        Variant::NoPolicies => remove(list, names::CERTIFICATE_POLICIES),
        Variant::SigningPolicy => replace(list, policies(&[names::SIGN_POLICY])),
        Variant::ProductionPolicy => replace(list, policies(&[names::PRODUCTION_AUTH_POLICY])),
        Variant::AnyPolicy => replace(list, policies(&[ANY_POLICY])),
        Variant::SecondPolicy => {
            replace(list, policies(&[names::AUTH_POLICY, names::SIGN_POLICY]));
        }
        Variant::PoliciesNotCritical => set_critical(list, names::CERTIFICATE_POLICIES, false),
        Variant::CaTrue => list.push(constraints(der::sequence(&[der::boolean_true()]))),
        Variant::CaFalse => list.push(constraints(der::sequence(&[]))),
        Variant::SubjectAltName => {
            list.push(Extension::new(names::SUBJECT_ALT_NAME, false, dns_name()));
        }
        Variant::UnknownExtension => {
            list.push(Extension::new(UNKNOWN_EXTENSION, false, der::null()));
        }
        Variant::UnknownCriticalExtension => {
            list.push(Extension::new(UNKNOWN_EXTENSION, true, der::null()));
        }
        Variant::DuplicateExtension => {
            list.push(profile::extended_key_usage(&[names::CLIENT_AUTH]));
        }
        Variant::NoIssuerAltName => remove(list, names::ISSUER_ALT_NAME),
        Variant::IssuerAltNameDns => {
            replace(
                list,
                Extension::new(names::ISSUER_ALT_NAME, false, dns_name()),
            );
        }
        Variant::NoDistributionPoints => remove(list, names::DISTRIBUTION_POINTS),
        Variant::DistributionPointUri => {
            let address = der::context_primitive(6, b"http://example.jp/all.crl");
            replace(list, profile::distribution_points_of(&address));
        }
        Variant::NoInformationAccess => remove(list, names::AUTHORITY_INFORMATION_ACCESS),
        Variant::TwoOcspAddresses => replace(
            list,
            profile::ocsp_access(&["http://example.jp/one", "http://example.jp/two"]),
        ),
        Variant::NoAuthorityKeyId => remove(list, names::AUTHORITY_KEY_ID),
        Variant::NoSubjectKeyId => remove(list, names::SUBJECT_KEY_ID),
        Variant::ShortSubjectKeyId => {
            replace(
                list,
                Extension::new(names::SUBJECT_KEY_ID, false, der::octet_string(&[1; 4])),
            );
        }
        _ => {}
    }
}

/// Public keys that are only looked at: nothing is ever signed with them, so the moduli are
/// random odd numbers.
fn deviate_key(variant: Variant, tbs: &mut Tbs) {
    tbs.public_key_info = match variant {
        Variant::Rsa1024 => rsa_key(128, 65_537),
        Variant::Rsa3072 => rsa_key(384, 65_537),
        Variant::RsaExponent3 => rsa_key(256, 3),
        Variant::P256 => {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
                .expect("key generation fails only without system randomness");
            keys::ec_public_key_info(names::P256, key.public_key().as_ref())
        }
        Variant::Ed25519 => der::sequence(&[
            der::sequence(&[der::oid(names::ED25519)]),
            der::bit_string(&random(32)),
        ]),
        _ => return,
    };
}

fn deviate_encoding(variant: Variant, tbs: &Tbs, signer: &SigningKey) -> Vec<u8> {
    let honest = tbs.sign(signer);
    match variant {
        Variant::TrailingByte => [honest.as_slice(), &[0]].concat(),
        Variant::Truncated => honest[..honest.len() - 1].to_vec(),
        // 30 82 .. ..: the same length once more, with a leading zero byte.
        Variant::NonMinimalLength => [&[0x30, 0x83, 0x00], &honest[2..]].concat(),
        Variant::AlteredSignature => {
            let mut altered = honest;
            if let Some(last) = altered.last_mut() {
                *last ^= 1;
            }
            altered
        }
        Variant::AlteredSubject => {
            let mut altered = honest;
            let at = position(&altered, b"13101001A");
            altered[at] = b'2';
            altered
        }
        Variant::DifferentAlgorithms => {
            let (outer, bytes) = (SignatureAlgorithm::RsaSha384, tbs.encode());
            let signature = signer.sign(tbs.algorithm, &bytes);
            der::sequence(&[bytes, outer.identifier(), der::bit_string(&signature)])
        }
        Variant::LooseBoolean => profile::signed(&with_boolean(tbs, 0x01), tbs.algorithm, signer),
        Variant::ExplicitDefault => {
            profile::signed(&with_boolean(tbs, 0x00), tbs.algorithm, signer)
        }
        _ => honest,
    }
}

/// The signed part with another value for keyUsage's `critical`.
fn with_boolean(tbs: &Tbs, value: u8) -> Vec<u8> {
    let mut bytes = tbs.encode();
    let key_usage_critical = [0x55, 0x1D, 0x0F, 0x01, 0x01, 0xFF];
    let last = position(&bytes, &key_usage_critical) + key_usage_critical.len() - 1;
    bytes[last] = value;
    bytes
}

/// Where `needle` is; it was put there a moment ago.
fn position(haystack: &[u8], needle: &[u8]) -> usize {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
        .expect("the certificate contains what was just written into it")
}

fn rsa_key(modulus_bytes: usize, exponent: u32) -> Vec<u8> {
    let mut modulus = random(modulus_bytes);
    modulus[0] |= 0x80;
    modulus[modulus_bytes - 1] |= 1;
    let key = [
        der::unsigned(&modulus),
        der::unsigned(&exponent.to_be_bytes()),
    ];
    keys::rsa_public_key_info(&der::sequence(&key))
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's randomness works for keys, too");
    bytes
}

fn remove(list: &mut Vec<Extension>, id: ObjectIdentifier) {
    list.retain(|extension| extension.id != id);
}

fn replace(list: &mut [Extension], by: Extension) {
    if let Some(extension) = list.iter_mut().find(|extension| extension.id == by.id) {
        *extension = by;
    }
}

fn set_critical(list: &mut [Extension], id: ObjectIdentifier, critical: bool) {
    if let Some(extension) = list.iter_mut().find(|extension| extension.id == id) {
        extension.critical = critical;
    }
}
