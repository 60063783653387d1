//! Why a transaction or an assertion was refused: one list for Rust, proto, metrics, FFI and
//! pages. A rejection is an outcome; infrastructure that failed is another type.

use crate::Language;
use std::fmt;

/// Why a tap was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// No such ticket, or it was replaced.
    #[error("ticket_unknown")]
    TicketUnknown,
    /// The ticket's two minutes are over.
    #[error("ticket_expired")]
    TicketExpired,
    /// Another companion claimed the ticket first.
    #[error("ticket_already_claimed")]
    TicketAlreadyClaimed,
    /// The browser keeps no cookies, so it could not be recognised again.
    #[error("cookies_required")]
    CookiesRequired,
    /// The six digits have not been typed yet.
    #[error("pairing_required")]
    PairingRequired,
    /// The six digits were wrong too often, or too late.
    #[error("pairing_failed")]
    PairingFailed,
    /// The return URL was opened in a browser that did not start the transaction.
    #[error("wrong_browser")]
    WrongBrowser,
    /// The challenge is too old, or belongs to an earlier claim.
    #[error("challenge_expired")]
    ChallengeExpired,
    /// The challenge or the signed statement is not this transaction's.
    #[error("statement_mismatch")]
    StatementMismatch,
    /// The signature does not verify.
    #[error("signature_invalid")]
    SignatureInvalid,
    /// The certificate's key is of a kind or size that is not accepted.
    #[error("key_not_allowed")]
    KeyNotAllowed,
    /// The certificate cannot be parsed.
    #[error("certificate_malformed")]
    CertificateMalformed,
    /// No trusted authority issued the certificate.
    #[error("issuer_unknown")]
    IssuerUnknown,
    /// The certificate breaks a rule of the profile.
    #[error("profile_violation({0})")]
    ProfileViolation(ProfileRule),
    /// The certificate is not valid yet.
    #[error("certificate_not_yet_valid")]
    CertificateNotYetValid,
    /// The certificate has expired.
    #[error("certificate_expired")]
    CertificateExpired,
    /// The certificate was revoked.
    #[error("certificate_revoked")]
    CertificateRevoked,
    /// The certificate is on hold.
    #[error("certificate_on_hold")]
    CertificateOnHold,
    /// The revocation status could not be learned.
    #[error("revocation_unavailable")]
    RevocationUnavailable,
    /// Whether the card continues an earlier one could not be learned.
    #[error("lineage_unavailable")]
    LineageUnavailable,
    /// The name was asked for and not provided.
    #[error("name_missing")]
    NameMissing,
    /// This purpose does not allow this mode.
    #[error("mode_not_allowed")]
    ModeNotAllowed,
    /// The person cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The transaction's time is over.
    #[error("transaction_expired")]
    TransactionExpired,
    /// Another assertion was already accepted for this transaction.
    #[error("already_accepted")]
    AlreadyAccepted,
    /// Too many tries in a short time.
    #[error("rate_limited")]
    RateLimited,
    /// The relying party is not the one this transaction belongs to.
    #[error("wrong_relying_party")]
    WrongRelyingParty,
}

/// A rule of the certificate profile (docs/protocol.md describes each).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileRule {
    /// X.509 version 3.
    Version,
    /// A positive serial number of sensible length.
    Serial,
    /// One signature algorithm, the same inside and outside, without surprising parameters.
    SignatureAlgorithm,
    /// A subject that is a country and a common name.
    Subject,
    /// Dates in order and in the right encoding.
    Validity,
    /// keyUsage: digitalSignature alone.
    KeyUsage,
    /// extendedKeyUsage: clientAuth.
    ExtendedKeyUsage,
    /// certificatePolicies: the authentication policy.
    CertificatePolicies,
    /// authorityKeyIdentifier: present and the issuer's.
    AuthorityKeyIdentifier,
    /// subjectKeyIdentifier: present.
    SubjectKeyIdentifier,
    /// basicConstraints: not a certification authority.
    BasicConstraints,
    /// A critical extension outside the closed list.
    UnknownCriticalExtension,
    /// An extension that appears twice.
    DuplicateExtension,
    /// An extension whose criticality is not the profile's.
    Criticality,
    /// An extension that this profile must not have.
    UnexpectedExtension,
    /// cRLDistributionPoints: a directory name.
    DistributionPoint,
    /// issuerAltName: a directory name.
    IssuerAlternativeName,
    /// authorityInfoAccess: one OCSP URI.
    AuthorityInformationAccess,
    /// issuerUniqueID and subjectUniqueID: absent.
    UniqueIdentifier,
}

impl ProfileRule {
    /// The rule's name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Serial => "serial",
            Self::SignatureAlgorithm => "signature_algorithm",
            Self::Subject => "subject",
            Self::Validity => "validity",
            Self::KeyUsage => "key_usage",
            Self::ExtendedKeyUsage => "extended_key_usage",
            Self::CertificatePolicies => "certificate_policies",
            Self::AuthorityKeyIdentifier => "authority_key_identifier",
            Self::SubjectKeyIdentifier => "subject_key_identifier",
            Self::BasicConstraints => "basic_constraints",
            Self::UnknownCriticalExtension => "unknown_critical_extension",
            Self::DuplicateExtension => "duplicate_extension",
            Self::Criticality => "criticality",
            Self::UnexpectedExtension => "unexpected_extension",
            Self::DistributionPoint => "distribution_point",
            Self::IssuerAlternativeName => "issuer_alternative_name",
            Self::AuthorityInformationAccess => "authority_information_access",
            Self::UniqueIdentifier => "unique_identifier",
        }
    }
}

impl fmt::Display for ProfileRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a person is told: what happened, and what to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// One sentence, without codes.
    pub sentence: &'static str,
    /// What to do now.
    pub next_step: &'static str,
}

impl Reason {
    /// The reason in a person's words.
    pub fn message(self, language: Language) -> Message {
        let (ja, ja_next, en, en_next) = self.texts();
        match language {
            Language::Japanese => Message {
                sentence: ja,
                next_step: ja_next,
            },
            Language::English => Message {
                sentence: en,
                next_step: en_next,
            },
        }
    }

    #[rustfmt::skip] // a table reads best with one reason a paragraph
    fn texts(self) -> (&'static str, &'static str, &'static str, &'static str) {
        const START_JA: &str = "元のページに戻り、最初からやり直してください。";
        const START_EN: &str = "Go back to the page you came from and start again.";
        const DESK_JA: &str = "窓口にご相談ください。";
        const DESK_EN: &str = "Please ask the support desk.";
        const LATER_JA: &str = "しばらく待ってから、もう一度お試しください。";
        const LATER_EN: &str = "Wait a little and try again.";
        const REISSUE_JA: &str = "市区町村の窓口で電子証明書の手続きをしてください。";
        const REISSUE_EN: &str = "Have the certificate renewed or re-issued at your municipal office.";
        match self {
            Self::TicketUnknown => ("このリンクは使えません。", "ページに新しいコードを表示して、もう一度読み取ってください。",
                "This link cannot be used.", "Show a new code on the page and scan it again."),
            Self::TicketExpired => ("リンクの有効時間が過ぎました。", "ページに新しいコードを表示して、もう一度読み取ってください。",
                "This link has run out.", "Show a new code on the page and scan it again."),
            Self::TicketAlreadyClaimed => ("このリンクは、ほかの端末ですでに使われています。", "心当たりがなければ、ページで取り消して最初からやり直してください。",
                "Another device is already using this link.", "If that was not you, cancel on the page and start again."),
            Self::CookiesRequired => ("ブラウザーのCookieが使えないため、進めません。", "Cookieを有効にして、ページを開き直してください。",
                "This browser keeps no cookies, so we cannot go on.", "Allow cookies and open the page again."),
            Self::PairingRequired => ("ページに6桁の番号がまだ入力されていません。", "アプリに表示された番号をページに入力してください。",
                "The six digits have not been typed into the page yet.", "Type the number that the app shows into the page."),
            Self::PairingFailed => ("6桁の番号が合いませんでした。", "アプリで番号を出し直し、もう一度入力してください。",
                "The six digits did not match.", "Get a new number in the app and type it again."),
            Self::WrongBrowser => ("手続きを始めたブラウザーとは別のブラウザーで開かれたため、止めました。", START_JA,
                "This was opened in another browser than the one that started, so we stopped.", START_EN),
            Self::ChallengeExpired => ("カードを読み取るまでに時間がかかりすぎました。", "もう一度カードをかざしてください。",
                "Reading the card took too long.", "Hold the card to the reader once more."),
            Self::StatementMismatch => ("カードの署名が、この手続きのものではありません。", START_JA,
                "What the card signed does not belong to this procedure.", START_EN),
            Self::SignatureInvalid => ("カードの署名を確認できませんでした。", "もう一度カードをかざしてください。続くときは窓口にご相談ください。",
                "The card's signature could not be confirmed.", "Hold the card to the reader once more; if it happens again, ask the support desk."),
            Self::KeyNotAllowed => ("このカードの鍵の方式には対応していません。", DESK_JA,
                "This card uses a kind of key that is not supported.", DESK_EN),
            Self::CertificateMalformed => ("カードの電子証明書を読み取れませんでした。", "もう一度カードをかざしてください。続くときは窓口にご相談ください。",
                "The card's certificate could not be read.", "Hold the card to the reader once more; if it happens again, ask the support desk."),
            Self::IssuerUnknown => ("このカードの電子証明書は、信頼できる発行者のものではありません。", "マイナンバーカードをお使いください。",
                "The card's certificate was not issued by an authority that is trusted here.", "Use a My Number card."),
            Self::ProfileViolation(_) => ("この電子証明書は、利用者証明用のものではありません。", DESK_JA,
                "This certificate is not one for user authentication.", DESK_EN),
            Self::CertificateNotYetValid => ("カードの電子証明書は、まだ有効になっていません。", LATER_JA,
                "The card's certificate is not valid yet.", LATER_EN),
            Self::CertificateExpired => ("カードの電子証明書の有効期限が切れています。", REISSUE_JA,
                "The card's certificate has expired.", REISSUE_EN),
            Self::CertificateRevoked => ("カードの電子証明書は失効しています。", REISSUE_JA,
                "The card's certificate has been revoked.", REISSUE_EN),
            Self::CertificateOnHold => ("カードの電子証明書は一時停止されています。", "一時停止を解除してから、もう一度お試しください。",
                "The card's certificate is on hold.", "Have the hold lifted, then try again."),
            Self::RevocationUnavailable => ("電子証明書が有効かどうかを、いま確認できません。", LATER_JA,
                "Whether the certificate is still valid cannot be checked right now.", LATER_EN),
            Self::LineageUnavailable => ("以前のカードとのつながりを、いま確認できません。", LATER_JA,
                "Whether this card continues an earlier one cannot be checked right now.", LATER_EN),
            Self::NameMissing => ("カードの氏名が読み取られていません。", "券面事項入力補助用の暗証番号を入力して、もう一度かざしてください。",
                "The name on the card was not read.", "Enter the PIN for the name and hold the card to the reader again."),
            Self::ModeNotAllowed => ("この手続きは、この方法では行えません。", "スマートフォンでページを開いて始めてください。",
                "This procedure cannot be done this way.", "Open the page on the phone and start there."),
            Self::Cancelled => ("手続きは取り消されました。", START_JA,
                "The procedure was cancelled.", START_EN),
            Self::TransactionExpired => ("手続きの有効時間が過ぎました。", START_JA,
                "The procedure has run out of time.", START_EN),
            Self::AlreadyAccepted => ("この手続きは、すでに完了しています。", START_JA,
                "This procedure is already complete.", START_EN),
            Self::RateLimited => ("短い時間に何度も行われたため、少しお待ちいただいています。", LATER_JA,
                "There were too many tries in a short time.", LATER_EN),
            Self::WrongRelyingParty => ("この手続きは、別のサービスのものです。", START_JA,
                "This procedure belongs to another service.", START_EN),
        }
    }
}
