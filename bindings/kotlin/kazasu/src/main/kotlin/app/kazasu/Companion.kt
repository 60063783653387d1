package app.kazasu

import app.kazasu.ffi.SetupException

/**
 * What opens tickets of one verifier.
 *
 * @param ticketOrigin where tickets point to, such as `https://tap.example`
 * @param verifierOrigin where the verifier is. An app builds both in; a link never brings them.
 * @throws IllegalArgumentException if they are not `https://host[:port]`, or plain HTTP to this machine
 */
class Companion(ticketOrigin: String, verifierOrigin: String) : AutoCloseable {
    private val generated = try {
        app.kazasu.ffi.Companion(ticketOrigin, verifierOrigin)
    } catch (error: SetupException) {
        val what = when (error) {
            is SetupException.NotAnOrigin -> "`${error.address}` is not an origin (scheme://host[:port])"
            is SetupException.Insecure -> "`${error.address}` must be https, or http on this machine"
        }
        throw IllegalArgumentException(what, error)
    }

    /**
     * Opens a ticket that was scanned, or that an app link brought. The first companion that opens it
     * has it.
     *
     * Fails with [TapError.NotATicket] and [TapError.UnknownService] before anything was sent; with
     * [TapError.Offline], [TapError.Expired], [TapError.Rejected].
     */
    suspend fun open(link: String): Outcome<Tap> = outcome { Tap(generated.open(link)) }

    /**
     * Goes on with what [Tap.save] gave, after the app was ended.
     *
     * Fails with [TapError.NotSaved] for bytes that are not of this verifier; otherwise with why the
     * tap cannot go on.
     */
    suspend fun resume(saved: ByteArray): Outcome<Resumed> = outcome {
        when (val resumed = generated.resume(saved)) {
            is app.kazasu.ffi.Resumed.Open -> Resumed.Open(Tap(resumed.tap))
            is app.kazasu.ffi.Resumed.Accepted -> Resumed.Accepted(resumed.returnUrl)
        }
    }

    /** Lets go of it. Otherwise the garbage collector does. */
    override fun close() = generated.close()
}

/** Where a saved tap is. */
sealed interface Resumed {
    /**
     * It waits for pairing or for the card, as it did before. PINs have to be typed again.
     *
     * @property tap to go on with
     */
    data class Open(val tap: Tap) : Resumed

    /**
     * It was accepted; only its answer was missed.
     *
     * @property returnUrl the one-time address to open in the browser that started; `null` where the
     *   page goes on by itself
     */
    data class Accepted(val returnUrl: String?) : Resumed
}
