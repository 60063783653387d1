//! The objects in a token: which there are, and how they are made.

use super::{Connection, Token, TokenError};
use crate::keys::date::midnight_from;
use crate::keys::kind::{Inventory, KeyKind, Label};
use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use pkcs8::PrivateKeyInfo;
use zeroize::{Zeroize as _, Zeroizing};

/// secp256r1, 1.2.840.10045.3.1.7 (RFC 5480 §2.1.1.1), as DER.
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// 65537.
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

/// A public key as the token shows it.
pub(in crate::keys) enum Public {
    /// The uncompressed point: SEC 1 §2.3.3.
    P256(Vec<u8>),
    /// Big-endian numbers.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

impl Token {
    /// Which keys of ours there are. Objects with other labels are somebody else's.
    pub(in crate::keys) fn inventory(&self) -> Result<Inventory, TokenError> {
        self.0.run(|c| {
            let mut found = Inventory::new();
            for class in [ObjectClass::SECRET_KEY, ObjectClass::PRIVATE_KEY] {
                let wanted = [Attribute::Token(true), Attribute::Class(class)];
                for object in c.session.find_objects(&wanted)? {
                    let Some((label, use_from)) = c.describe(object)? else {
                        continue;
                    };
                    if found.insert(label, use_from).is_some() {
                        let label = label.in_token(0);
                        return Err(TokenError::Twice { label });
                    }
                }
            }
            Ok(found)
        })
    }

    /// The public half of a signing key.
    pub(in crate::keys) fn public(
        &self,
        label: Label,
        use_from: i64,
    ) -> Result<Public, TokenError> {
        self.0.run(|c| {
            let object = c.find(ObjectClass::PUBLIC_KEY, &label.in_token(use_from))?;
            let wanted = match label.kind {
                KeyKind::SigningRs256 => {
                    [AttributeType::Modulus, AttributeType::PublicExponent].to_vec()
                }
                _ => [AttributeType::EcPoint].to_vec(),
            };
            match &c.session.get_attributes(object, &wanted)?[..] {
                [Attribute::EcPoint(point)] => Ok(Public::P256(without_header(point).to_vec())),
                [
                    Attribute::Modulus(modulus),
                    Attribute::PublicExponent(exponent),
                ] => Ok(Public::Rsa {
                    modulus: modulus.clone(),
                    exponent: exponent.clone(),
                }),
                _ => Err(TokenError::WrongKind {
                    label: label.in_token(use_from),
                }),
            }
        })
    }

    /// Makes a key inside the token, used from the first midnight (UTC) at or after `use_from`.
    pub(in crate::keys) fn generate(&self, label: Label, use_from: i64) -> Result<(), TokenError> {
        let template = for_us(label, use_from);
        self.0.writing(|session| {
            match label.kind {
                KeyKind::SigningEs256 | KeyKind::SigningRs256 => {
                    let (mechanism, mut public) = match label.kind {
                        KeyKind::SigningRs256 => (
                            Mechanism::RsaPkcsKeyPairGen,
                            vec![
                                Attribute::ModulusBits(2048.into()),
                                Attribute::PublicExponent(RSA_EXPONENT.to_vec()),
                            ],
                        ),
                        _ => (
                            Mechanism::EccKeyPairGen,
                            vec![Attribute::EcParams(P256.to_vec())],
                        ),
                    };
                    public.extend(for_everybody(label, use_from));
                    session.generate_key_pair(&mechanism, &public, &template)?;
                }
                _ => {
                    let mut template = template;
                    template.push(Attribute::ValueLen(32.into()));
                    session.generate_key(&Mechanism::GenericSecretKeyGen, &template)?;
                }
            }
            Ok(())
        })
    }

    /// Copies a secret key of 32 bytes into the token.
    pub(in crate::keys) fn import_secret(
        &self,
        label: Label,
        use_from: i64,
        key: &Zeroizing<[u8; 32]>,
    ) -> Result<(), TokenError> {
        let mut template = for_us(label, use_from);
        template.extend([
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::GENERIC_SECRET),
            Attribute::Value(key.to_vec()),
        ]);
        let created = self.0.writing(|session| {
            session.create_object(&template)?;
            Ok(())
        });
        wipe(&mut template);
        created
    }

    /// Copies a signing key, PKCS#8, into the token; [`TokenError::WrongKind`] if it is no such key.
    pub(in crate::keys) fn import_signing(
        &self,
        label: Label,
        use_from: i64,
        pkcs8: &[u8],
    ) -> Result<(), TokenError> {
        let (mut private, mut public) = match label.kind {
            KeyKind::SigningRs256 => rsa_attributes(pkcs8),
            _ => p256_attributes(pkcs8),
        }
        .ok_or_else(|| TokenError::WrongKind {
            label: label.in_token(use_from),
        })?;
        private.extend(for_us(label, use_from));
        public.extend(for_everybody(label, use_from));
        private.push(Attribute::Class(ObjectClass::PRIVATE_KEY));
        public.push(Attribute::Class(ObjectClass::PUBLIC_KEY));
        let created = self.0.writing(|session| {
            for template in [&private, &public] {
                session.create_object(template)?;
            }
            Ok(())
        });
        wipe(&mut private);
        created
    }

    /// Destroys a key and its public half.
    pub(in crate::keys) fn destroy(&self, label: Label, use_from: i64) -> Result<(), TokenError> {
        let label = Attribute::Label(label.in_token(use_from).into_bytes());
        self.0.writing(|session| {
            for object in session.find_objects(&[Attribute::Token(true), label])? {
                session.destroy_object(object)?;
            }
            Ok(())
        })
    }
}

impl Connection {
    /// What the label of an object says; `None` if it is not one of ours.
    fn describe(&self, object: ObjectHandle) -> Result<Option<(Label, i64)>, TokenError> {
        let attributes = self
            .session
            .get_attributes(object, &[AttributeType::Label])?;
        let Some(Attribute::Label(label)) = attributes.into_iter().next() else {
            return Ok(None);
        };
        let label = String::from_utf8(label).ok();
        Ok(label.and_then(|label| Label::from_token(&label)))
    }
}

/// What every secret or private key of ours is: it signs, and stays in the token.
fn for_us(label: Label, use_from: i64) -> Vec<Attribute> {
    vec![
        Attribute::Label(named(label, use_from)),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
    ]
}

/// Nothing secret stays in memory once the token has it.
fn wipe(template: &mut [Attribute]) {
    for attribute in template {
        if let Attribute::Value(secret)
        | Attribute::PrivateExponent(secret)
        | Attribute::Prime1(secret)
        | Attribute::Prime2(secret)
        | Attribute::Exponent1(secret)
        | Attribute::Exponent2(secret)
        | Attribute::Coefficient(secret) = attribute
        {
            secret.zeroize();
        }
    }
}

fn for_everybody(label: Label, use_from: i64) -> Vec<Attribute> {
    vec![
        Attribute::Label(named(label, use_from)),
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
    ]
}

fn named(label: Label, use_from: i64) -> Vec<u8> {
    label.in_token(midnight_from(use_from)).into_bytes()
}

/// Some tokens show the point itself, most a DER OCTET STRING of it (PKCS#11 v2.40 §2.3.3).
fn without_header(point: &[u8]) -> &[u8] {
    match point {
        [0x04, 0x41, rest @ ..] if rest.len() == 65 => rest,
        _ => point,
    }
}

type Halves = (Vec<Attribute>, Vec<Attribute>);

fn p256_attributes(pkcs8: &[u8]) -> Option<Halves> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?;
    let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().ok()?;
    let mut point = vec![0x04, 0x41];
    point.extend_from_slice(pair.public_key().as_ref());
    let curve = || {
        [
            Attribute::KeyType(KeyType::EC),
            Attribute::EcParams(P256.to_vec()),
        ]
    };
    let mut private = curve().to_vec();
    private.push(Attribute::Value(scalar.as_ref().to_vec()));
    let mut public = curve().to_vec();
    public.push(Attribute::EcPoint(point));
    Some((private, public))
}

fn rsa_attributes(pkcs8: &[u8]) -> Option<Halves> {
    let outer = PrivateKeyInfo::try_from(pkcs8).ok()?;
    let key = pkcs1::RsaPrivateKey::try_from(outer.private_key).ok()?;
    let bytes = |number: pkcs1::UintRef<'_>| number.as_bytes().to_vec();
    let both = || {
        [
            Attribute::KeyType(KeyType::RSA),
            Attribute::Modulus(bytes(key.modulus)),
            Attribute::PublicExponent(bytes(key.public_exponent)),
        ]
    };
    let mut private = both().to_vec();
    private.extend([
        Attribute::PrivateExponent(bytes(key.private_exponent)),
        Attribute::Prime1(bytes(key.prime1)),
        Attribute::Prime2(bytes(key.prime2)),
        Attribute::Exponent1(bytes(key.exponent1)),
        Attribute::Exponent2(bytes(key.exponent2)),
        Attribute::Coefficient(bytes(key.coefficient)),
    ]);
    Some((private, both().to_vec()))
}
