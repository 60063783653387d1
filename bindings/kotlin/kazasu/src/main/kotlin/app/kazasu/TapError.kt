package app.kazasu

import app.kazasu.ffi.TapException

/** Why something did not go through. Each is a situation of its own on the screen. */
sealed interface TapError {
    /** What was scanned or opened is no ticket. */
    data object NotATicket : TapError

    /** A ticket of a verifier that this app was not built for. Nothing was sent anywhere. */
    data object UnknownService : TapError

    /**
     * A PIN that this tap needs has not its four digits yet.
     *
     * @property pin which
     */
    data class PinMissing(val pin: PinKind) : TapError

    /**
     * The PIN was wrong. It is empty again: let the person type it anew.
     *
     * @property pin which
     * @property triesLeft the card's own counter, at least 1
     */
    data class WrongPin(val pin: PinKind, val triesLeft: Int) : TapError

    /**
     * The PIN is blocked, now or before; only a municipal office resets it.
     *
     * @property pin which
     */
    data class PinBlocked(val pin: PinKind) : TapError

    /**
     * One try is left, and it was not used. Tap again with [Pins] that allow it, if the person wants
     * that after having been told what a lock means.
     *
     * @property pin which
     */
    data class LastTry(val pin: PinKind) : TapError

    /** The card left. Nothing is lost: tap again with a new channel and the same PINs. */
    data object CardLost : TapError

    /** Reader or NFC went away, or was switched off. */
    data object ReaderGone : TapError

    /** Some other card. */
    data object NotMyNumberCard : TapError

    /** A certificate held by a phone: the plastic card is needed. */
    data object PhoneToken : TapError

    /**
     * Card or channel did something that makes no sense. Putting the card back may help.
     *
     * @property detail for the developer
     */
    data class CardFailed(val detail: String) : TapError

    /** The verifier could not be reached. The same step can be tried again. */
    data object Offline : TapError

    /** Ticket or transaction have had their time: start again from the page. */
    data object Expired : TapError

    /**
     * The verifier refused.
     *
     * @property reason why
     * @property rule which rule of the certificate profile was broken, for [Reason.PROFILE_VIOLATION]
     */
    data class Rejected(val reason: Reason, val rule: ProfileRule? = null) : TapError

    /** The tap was cancelled by its [CancelToken], or the transaction was: here, or on the page. */
    data object Cancelled : TapError

    /** The transaction is over: it was accepted, or cancelled here. */
    data object Over : TapError

    /** What was to be resumed was not saved by this library, or is of another verifier. */
    data object NotSaved : TapError

    /**
     * A failure that the person can do nothing about; the same step would fail again.
     *
     * @property detail for the developer
     */
    data class Internal(val detail: String) : TapError

    /** What a person is told, and what they can do now. */
    fun message(language: Language): Message = app.kazasu.ffi.messageOf(asException(), language)
}

internal fun TapException.asTapError(): TapError = when (this) {
    is TapException.NotATicket -> TapError.NotATicket
    is TapException.UnknownService -> TapError.UnknownService
    is TapException.PinMissing -> TapError.PinMissing(pin)
    is TapException.WrongPin -> TapError.WrongPin(pin, triesLeft.toInt())
    is TapException.PinBlocked -> TapError.PinBlocked(pin)
    is TapException.LastTry -> TapError.LastTry(pin)
    is TapException.CardLost -> TapError.CardLost
    is TapException.ReaderGone -> TapError.ReaderGone
    is TapException.NotMyNumberCard -> TapError.NotMyNumberCard
    is TapException.PhoneToken -> TapError.PhoneToken
    is TapException.CardFailed -> TapError.CardFailed(detail)
    is TapException.Offline -> TapError.Offline
    is TapException.Expired -> TapError.Expired
    is TapException.Rejected -> reason.asRejected()
    is TapException.Cancelled -> TapError.Cancelled
    is TapException.Over -> TapError.Over
    is TapException.NotSaved -> TapError.NotSaved
    is TapException.Internal -> TapError.Internal(detail)
}

private fun TapError.asException(): TapException = when (this) {
    TapError.NotATicket -> TapException.NotATicket()
    TapError.UnknownService -> TapException.UnknownService()
    is TapError.PinMissing -> TapException.PinMissing(pin)
    is TapError.WrongPin -> TapException.WrongPin(pin, triesLeft.toUByte())
    is TapError.PinBlocked -> TapException.PinBlocked(pin)
    is TapError.LastTry -> TapException.LastTry(pin)
    TapError.CardLost -> TapException.CardLost()
    TapError.ReaderGone -> TapException.ReaderGone()
    TapError.NotMyNumberCard -> TapException.NotMyNumberCard()
    TapError.PhoneToken -> TapException.PhoneToken()
    is TapError.CardFailed -> TapException.CardFailed(detail)
    TapError.Offline -> TapException.Offline()
    TapError.Expired -> TapException.Expired()
    is TapError.Rejected -> TapException.Rejected(asReason())
    TapError.Cancelled -> TapException.Cancelled()
    TapError.Over -> TapException.Over()
    TapError.NotSaved -> TapException.NotSaved()
    is TapError.Internal -> TapException.Internal(detail)
}
