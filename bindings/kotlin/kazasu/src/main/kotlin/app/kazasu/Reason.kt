package app.kazasu

import app.kazasu.ffi.Reason as Generated

/** Why the verifier refused. */
enum class Reason(internal val generated: Generated?) {
    /** No such ticket, or it was replaced. */
    TICKET_UNKNOWN(Generated.TicketUnknown),

    /** The ticket's two minutes are over. */
    TICKET_EXPIRED(Generated.TicketExpired),

    /** Another companion claimed the ticket first. */
    TICKET_ALREADY_CLAIMED(Generated.TicketAlreadyClaimed),

    /** The browser keeps no cookies, so it could not be recognised again. */
    COOKIES_REQUIRED(Generated.CookiesRequired),

    /** The six digits have not been typed yet. */
    PAIRING_REQUIRED(Generated.PairingRequired),

    /** The six digits were wrong too often, or too late. */
    PAIRING_FAILED(Generated.PairingFailed),

    /** The return URL was opened in a browser that did not start the transaction. */
    WRONG_BROWSER(Generated.WrongBrowser),

    /** The challenge is too old, or belongs to an earlier claim. */
    CHALLENGE_EXPIRED(Generated.ChallengeExpired),

    /** The challenge or the signed statement is not this transaction's. */
    STATEMENT_MISMATCH(Generated.StatementMismatch),

    /** The signature does not verify. */
    SIGNATURE_INVALID(Generated.SignatureInvalid),

    /** The certificate's key is of a kind or size that is not accepted. */
    KEY_NOT_ALLOWED(Generated.KeyNotAllowed),

    /** The certificate cannot be parsed. */
    CERTIFICATE_MALFORMED(Generated.CertificateMalformed),

    /** No trusted authority issued the certificate. */
    ISSUER_UNKNOWN(Generated.IssuerUnknown),

    /** The certificate breaks a rule of the profile. */
    PROFILE_VIOLATION(null),

    /** The certificate is not valid yet. */
    CERTIFICATE_NOT_YET_VALID(Generated.CertificateNotYetValid),

    /** The certificate has expired. */
    CERTIFICATE_EXPIRED(Generated.CertificateExpired),

    /** The certificate was revoked. */
    CERTIFICATE_REVOKED(Generated.CertificateRevoked),

    /** The certificate is on hold. */
    CERTIFICATE_ON_HOLD(Generated.CertificateOnHold),

    /** The revocation status could not be learned. */
    REVOCATION_UNAVAILABLE(Generated.RevocationUnavailable),

    /** Whether the card continues an earlier one could not be learned. */
    LINEAGE_UNAVAILABLE(Generated.LineageUnavailable),

    /** The name was asked for and not provided. */
    NAME_MISSING(Generated.NameMissing),

    /** This purpose does not allow this mode. */
    MODE_NOT_ALLOWED(Generated.ModeNotAllowed),

    /** The person cancelled. */
    CANCELLED(Generated.Cancelled),

    /** The transaction's time is over. */
    TRANSACTION_EXPIRED(Generated.TransactionExpired),

    /** Another assertion was already accepted for this transaction. */
    ALREADY_ACCEPTED(Generated.AlreadyAccepted),

    /** Too many tries in a short time. */
    RATE_LIMITED(Generated.RateLimited),

    /** The relying party is not the one this transaction belongs to. */
    WRONG_RELYING_PARTY(Generated.WrongRelyingParty),
}

/** [Reason.PROFILE_VIOLATION] is the one with something to say besides: its rule. */
internal fun Generated.asRejected(): TapError.Rejected = when (this) {
    is Generated.ProfileViolation -> TapError.Rejected(Reason.PROFILE_VIOLATION, v1)
    else -> TapError.Rejected(Reason.entries.first { it.generated == this })
}

internal fun TapError.Rejected.asReason(): Generated =
    reason.generated ?: Generated.ProfileViolation(rule ?: ProfileRule.VERSION)
