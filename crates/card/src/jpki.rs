//! The JPKI application (公的個人認証AP): certificate and signature for user authentication.

use crate::card::{Card, FileId};
use crate::certificate::Certificate;
use crate::error::CardError;
use crate::pin::{AuthPin, LastTry, PinStatus};
use crate::transceive::Transceive;
use std::fmt;

/// The application's identifier (OpenSC `card-jpki.c`, and every other client).
pub(crate) const AID: [u8; 10] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];

/// Files (OpenSC `jpki.h`; token information by `myna-card`).
const TOKEN_INFORMATION: FileId = FileId(0x06);
const AUTHENTICATION_CERTIFICATE: FileId = FileId(0x0A);
const AUTHENTICATION_CA_CERTIFICATE: FileId = FileId(0x0B);
const AUTHENTICATION_KEY: FileId = FileId(0x17);
const AUTHENTICATION_PIN: FileId = FileId(0x18);

/// Length of a CK_TOKEN_INFO label (PKCS#11 §3.2), which starts the token information.
const LABEL: u32 = 32;

/// P1 of COMPUTE DIGITAL SIGNATURE. 00: the data is padded as it is; every client uses it.
/// 02: the data is a SHA-256 digest and the card builds the DigestInfo (`myna-card`).
const SIGN_VERBATIM: u8 = 0x00;
const SIGN_SHA256_DIGEST: u8 = 0x02;

/// DER of a DigestInfo for SHA-256, up to the digest (RFC 8017 §9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// Length of an RSA-2048 signature.
const RSA_SIGNATURE: usize = 256;

/// What kind of token answers as JPKI, by its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// The My Number card.
    MyNumberCard,
    /// The older 住基カード.
    JukiCard,
    /// An Android phone's token (スマホ用電子証明書).
    AndroidPhone,
    /// An iPhone's token.
    IPhone,
    /// A label nobody has described.
    Unknown,
}

impl TokenKind {
    fn from_label(label: &[u8]) -> Self {
        match label.trim_ascii_end() {
            b"JPKIAPICCTOKEN2" => Self::MyNumberCard,
            b"JPKIAPICCTOKEN" => Self::JukiCard,
            b"JPKIAPGPSETOKEN" => Self::AndroidPhone,
            b"JPKIAPIOSTOKEN" => Self::IPhone,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MyNumberCard => "a My Number card",
            Self::JukiCard => "an old Juki card (住基カード)",
            Self::AndroidPhone => "the token of an Android phone",
            Self::IPhone => "the token of an iPhone",
            Self::Unknown => "an unknown token",
        })
    }
}

/// A digest to be signed. The certificate's key fixes which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// For an RSA-2048 key.
    Sha256([u8; 32]),
    /// For a P-384 key. No such card exists yet: the form on the wire is this project's own.
    Sha384([u8; 48]),
}

/// The selected JPKI application. It borrows the card, so that no other application can be
/// selected while it is in use.
#[derive(Debug)]
pub struct Jpki<'a, T> {
    card: &'a mut Card<T>,
}

impl<'a, T: Transceive> Jpki<'a, T> {
    pub(crate) fn new(card: &'a mut Card<T>) -> Self {
        Self { card }
    }

    /// Reads which kind of token this is.
    ///
    /// # Errors
    /// The card's.
    pub async fn token_kind(&mut self) -> Result<TokenKind, CardError> {
        let label = self.card.read_start(TOKEN_INFORMATION, LABEL).await?;
        Ok(TokenKind::from_label(&label))
    }

    /// Reads the certificate for user authentication (利用者証明用電子証明書). It is personal data.
    ///
    /// # Errors
    /// The card's; [`CardError::Malformed`] for something that is not a certificate.
    pub async fn authentication_certificate(&mut self) -> Result<Certificate, CardError> {
        Certificate::parse(self.card.read_der(AUTHENTICATION_CERTIFICATE).await?)
    }

    /// Reads the certificate of the authority that issued it.
    ///
    /// # Errors
    /// As for [`Jpki::authentication_certificate`].
    pub async fn authentication_ca_certificate(&mut self) -> Result<Certificate, CardError> {
        Certificate::parse(self.card.read_der(AUTHENTICATION_CA_CERTIFICATE).await?)
    }

    /// Asks how many tries the authentication PIN has left. It costs none, and spares the same
    /// question to [`Jpki::sign_for_authentication`] if that comes next.
    ///
    /// # Errors
    /// The card's.
    pub async fn pin_status(&mut self) -> Result<PinStatus, CardError> {
        self.card.pin_status(AUTHENTICATION_PIN).await
    }

    /// Verifies the PIN, once, and signs `digest` with the authentication key. The answer is a
    /// PKCS#1 v1.5 signature of 256 bytes, or for P-384 a DER ECDSA-Sig-Value.
    ///
    /// # Errors
    /// [`CardError::WrongPin`], [`CardError::PinBlocked`], [`CardError::LastTry`] before the last
    /// try if it is refused, and the card's others.
    pub async fn sign_for_authentication(
        &mut self,
        pin: &AuthPin,
        digest: &Digest,
        last_try: LastTry,
    ) -> Result<Vec<u8>, CardError> {
        self.card
            .verify_pin(AUTHENTICATION_PIN, pin.bytes(), last_try)
            .await?;
        match digest {
            Digest::Sha256(digest) => {
                let digest_info = [&SHA256_DIGEST_INFO[..], digest].concat();
                let forms = [
                    (SIGN_SHA256_DIGEST, &digest[..]),
                    (SIGN_VERBATIM, &digest_info),
                ];
                let signature = self
                    .card
                    .compute_signature(AUTHENTICATION_KEY, &forms)
                    .await?;
                if signature.len() != RSA_SIGNATURE {
                    return Err(CardError::Malformed("signature"));
                }
                Ok(signature)
            }
            Digest::Sha384(digest) => {
                let forms = [(SIGN_VERBATIM, &digest[..])];
                self.card
                    .compute_signature(AUTHENTICATION_KEY, &forms)
                    .await
            }
        }
    }
}
