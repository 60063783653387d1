package app.kazasu

import app.kazasu.ffi.ListenerException
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.channelFlow

/**
 * A ticket that this companion opened: show what it asks for, pair if it [needs to][TapDetails], tap.
 * Letting go of it leaves the transaction to expire.
 */
class Tap internal constructor(private val generated: app.kazasu.ffi.Tap) : AutoCloseable {
    /** What the ticket asks for. */
    val details: TapDetails = generated.details()

    /** The same as sentences for the consent screen. No PIN is to be asked before the person agreed. */
    fun consent(language: Language): Consent = generated.consent(language)

    /** Gets six digits for the person to type into the page; calling it again replaces them. */
    suspend fun startPairing(): Outcome<PairingDigits> = outcome { generated.startPairing(null) }

    /** Waits until the digits were typed. After [TapError.Offline], call it again. */
    suspend fun waitUntilPaired(): Outcome<Unit> = outcome { generated.waitUntilPaired(null) }

    /**
     * Reads the card in [channel], has it sign, and submits that. Each collection is one tap; it needs
     * a channel of its own. It emits a [TapProgress.Step] as each step begins, and last a
     * [TapProgress.End].
     *
     * After [TapError.CardLost], [TapError.WrongPin], [TapError.LastTry] or [TapError.Offline], tap
     * again with a new channel. A PIN goes to the card at most once for each time it was typed, also if
     * the card was lost at that moment. The channel is closed as soon as the card is not needed.
     *
     * Cancelling the collecting coroutine ends the exchange with the card and closes the channel; the
     * transaction stays open for another tap. So does [cancel], but the flow ends with
     * [TapError.Cancelled] then.
     */
    fun tap(channel: CardChannel, pins: Pins, cancel: CancelToken? = null): Flow<TapProgress> = channelFlow {
        // A channelFlow holds more than the steps there are: nothing is lost to a slow collector.
        send(awaitTap(channel, pins, cancel) { step -> trySend(TapProgress.Step(step)) })
    }

    /**
     * The same as [tap] for a caller that only wants the end. [onStep] is called on a thread of the
     * default dispatcher while the card waits, so it must be quick; what it throws is ignored.
     */
    suspend fun awaitTap(
        channel: CardChannel,
        pins: Pins,
        cancel: CancelToken? = null,
        onStep: (TapStep) -> Unit = {},
    ): TapProgress.End {
        val end = outcome { generated.tap(ForeignChannel(channel), pins.generated(), Listener(onStep), cancel?.generated) }
        return when (end) {
            is Outcome.Done -> TapProgress.Accepted(end.value.returnUrl)
            is Outcome.Failed -> TapProgress.Failed(end.error)
        }
    }

    /**
     * Ends the transaction: whoever asked is told that the person cancelled. A call that is under way
     * ends with [TapError.Cancelled]. Without an answer the transaction expires.
     */
    suspend fun cancel(): Outcome<Unit> = outcome { generated.cancel() }

    /**
     * What [Companion.resume] needs if the app is ended before the tap is over. It is a secret: keep
     * it where the platform keeps secrets, and delete it after the tap. It holds neither PINs nor
     * anything of the card.
     */
    fun save(): ByteArray = generated.save()

    /** Lets go of it. Otherwise the garbage collector does. */
    override fun close() = generated.close()

    /** Shows the transaction's identifier only. */
    override fun toString(): String = "Tap(${details.transactionId})"
}

/** What a tap tells while it goes on. The last one is an [End]. */
sealed interface TapProgress {
    /**
     * A step began.
     *
     * @property step which
     */
    data class Step(val step: TapStep) : TapProgress

    /** How a tap ended. */
    sealed interface End : TapProgress

    /**
     * The verifier accepted it.
     *
     * @property returnUrl the one-time address to open in the browser that started; `null` where the
     *   page goes on by itself
     */
    data class Accepted(val returnUrl: String?) : End

    /**
     * It did not go through.
     *
     * @property error why
     */
    data class Failed(val error: TapError) : End
}

/** Ends the taps it was given to, from wherever there is no coroutine to cancel, such as a button. */
class CancelToken : AutoCloseable {
    internal val generated = app.kazasu.ffi.CancelToken()

    /** Whether it was cancelled. */
    val isCancelled: Boolean get() = generated.isCancelled()

    /** Ends every tap that was given this token, and each that will be, with [TapError.Cancelled]. */
    fun cancel() = generated.cancel()

    /** Lets go of it. Otherwise the garbage collector does. */
    override fun close() = generated.close()
}

private class Listener(private val onStep: (TapStep) -> Unit) : app.kazasu.ffi.ProgressListener {
    override fun onStep(step: TapStep) = try {
        onStep.invoke(step)
    } catch (thrown: Throwable) {
        throw ListenerException.Failed(thrown.toString())
    }
}
