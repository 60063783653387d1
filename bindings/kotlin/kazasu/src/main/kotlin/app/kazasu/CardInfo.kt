package app.kazasu

/**
 * A card, without anything personal.
 *
 * @property kind what it is
 * @property authenticationPin what it says about the PIN for signing in
 * @property profilePin what it says about the PIN for the name
 */
data class CardInfo(val kind: CardKind, val authenticationPin: PinState, val profilePin: PinState)

/** What the card says about a PIN. */
sealed interface PinState {
    /**
     * So many wrong tries remain.
     *
     * @property tries at least 1
     */
    data class TriesLeft(val tries: Int) : PinState

    /** Blocked: only a municipal office resets it. */
    data object Blocked : PinState

    /** The card keeps no counter, or is not one that has this PIN. */
    data object Unknown : PinState
}

/**
 * Says what kind of card is in [channel], and how many tries its PINs have. No ticket is needed, no
 * PIN is sent, and nothing personal is read. The channel is closed afterwards.
 *
 * Fails with [TapError.CardLost], [TapError.ReaderGone] or [TapError.CardFailed]; some other card is a
 * [CardKind].
 */
suspend fun inspectCard(channel: CardChannel): Outcome<CardInfo> = outcome {
    val info = app.kazasu.ffi.inspectCard(ForeignChannel(channel))
    CardInfo(info.kind, info.authenticationPin.asPinState(), info.profilePin.asPinState())
}

private fun app.kazasu.ffi.PinState.asPinState(): PinState = when (this) {
    is app.kazasu.ffi.PinState.TriesLeft -> PinState.TriesLeft(tries.toInt())
    app.kazasu.ffi.PinState.Blocked -> PinState.Blocked
    app.kazasu.ffi.PinState.Unknown -> PinState.Unknown
}
