//! The JPKI application (公的個人認証) and its files.

use super::files::{Access, Application, File, Pin};
use super::key::{CardKey, KeyError};
use crate::authority::IssuedCard;
use crate::holder::{Holder, Token};
use std::collections::BTreeMap;

/// AID of the JPKI application (docs/card.md, "Applications"): every client, OpenSC's
/// `jpki.h` among them.
pub(super) const AID: [u8; 10] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];

const SIGN_CERTIFICATE: u16 = 0x0001;
const SIGN_CA: u16 = 0x0002;
const TOKEN_INFO: u16 = 0x0006;
const PRESENCE: u16 = 0x0008;
const UNIDENTIFIED: u16 = 0x0009;
const AUTH_CERTIFICATE: u16 = 0x000A;
const AUTH_CA: u16 = 0x000B;
const AUTH_KEY: u16 = 0x0017;
pub(super) const AUTH_PIN: u16 = 0x0018;
pub(super) const SIGN_KEY: u16 = 0x001A;
pub(super) const SIGN_PASSWORD: u16 = 0x001B;

const AUTH_PIN_TRIES: u8 = 3;
const SIGN_PASSWORD_TRIES: u8 = 5;

pub(super) fn application(
    holder: &Holder,
    credentials: &IssuedCard,
) -> Result<Application, KeyError> {
    let mut application = Application {
        aid: AID,
        files: BTreeMap::from([
            (TOKEN_INFO, free(token_info(holder.token))),
            // 8F marks a certificate as present: sign, then authentication.
            (PRESENCE, free(vec![0x8F, 0x8F, 0x00])),
            (
                UNIDENTIFIED,
                File::Data {
                    content: vec![0; 16],
                    access: Access::Never,
                },
            ),
            (
                AUTH_PIN,
                File::Pin(Pin::new(&holder.pins.authentication, AUTH_PIN_TRIES)),
            ),
            (
                SIGN_PASSWORD,
                File::Pin(Pin::new(&holder.pins.signature, SIGN_PASSWORD_TRIES)),
            ),
        ]),
        default_key: None,
    };
    install(&mut application, holder, credentials)?;
    Ok(application)
}

/// Puts certificates and keys on the card; PINs and their counters stay.
pub(super) fn install(
    application: &mut Application,
    holder: &Holder,
    credentials: &IssuedCard,
) -> Result<(), KeyError> {
    let auth_key = CardKey::from_pkcs8(&credentials.auth_key_pkcs8)?;
    let sign_key = CardKey::from_pkcs8(&credentials.sign_key_pkcs8)?;
    let padded = |certificate: &[u8]| {
        let mut file = certificate.to_vec();
        file.resize(file.len() + holder.behaviour.certificate_filler, 0xFF);
        file
    };
    let auth_access = if holder.token.gates_certificate() {
        Access::AnyOf(&[AUTH_PIN])
    } else {
        Access::Free
    };
    application.files.extend([
        (
            SIGN_CERTIFICATE,
            File::Data {
                content: padded(&credentials.sign_certificate_der),
                access: Access::AnyOf(&[SIGN_PASSWORD]),
            },
        ),
        (SIGN_CA, free(padded(&credentials.sign_ca_certificate_der))),
        (
            AUTH_CERTIFICATE,
            File::Data {
                content: padded(&credentials.auth_certificate_der),
                access: auth_access,
            },
        ),
        (AUTH_CA, free(padded(&credentials.auth_ca_certificate_der))),
        (
            AUTH_KEY,
            File::Key {
                key: Box::new(auth_key),
                access: Access::AnyOf(&[AUTH_PIN]),
            },
        ),
        (
            SIGN_KEY,
            File::Key {
                key: Box::new(sign_key),
                access: Access::AnyOf(&[SIGN_PASSWORD]),
            },
        ),
    ]);
    Ok(())
}

fn free(content: Vec<u8>) -> File {
    File::Data {
        content,
        access: Access::Free,
    }
}

/// EF 0006: the 160 bytes of a PKCS #11 `CK_TOKEN_INFO` with 32-bit fields. Only the label tells
/// anything; text is padded with spaces.
fn token_info(token: Token) -> Vec<u8> {
    let label: &[u8] = match token {
        Token::MyNumberCard => b"JPKIAPICCTOKEN2",
        Token::JukiCard => b"JPKIAPICCTOKEN",
        Token::Android => b"JPKIAPGPSETOKEN",
        Token::Iphone => b"JPKIAPIOSTOKEN",
    };
    // label[32] manufacturer[32] model[16] serial[16], then numbers.
    let mut file = vec![b' '; 96];
    file[..label.len()].copy_from_slice(label);
    file.resize(160, 0);
    file
}
