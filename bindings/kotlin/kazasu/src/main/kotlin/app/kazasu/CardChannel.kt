package app.kazasu

import app.kazasu.ffi.ChannelException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import java.io.IOException

/**
 * A channel to one activation of one card, which the app brings: over `IsoDep`, or a reader. After
 * the card was lost, bring a new one.
 *
 * Throw [CardLostException] when the card left and [ReaderGoneException] when NFC was switched off;
 * whatever else is thrown ends the tap with [TapError.CardFailed].
 */
interface CardChannel {
    /** The largest APDUs this channel carries. */
    val limits: ChannelLimits

    /**
     * Sends one command APDU, once, and returns the card's whole answer, its status word included.
     * It must never repeat a command, nor log one: it may carry a PIN.
     *
     * It is called on the default dispatcher. An exchange that blocks, as `IsoDep`'s does, belongs on
     * `Dispatchers.IO`. It is cancelled when the tap is.
     */
    suspend fun transceive(command: ByteArray): ByteArray

    /**
     * Gives the card back. Called once, when the card is not needed any more: before the verifier
     * has answered, and also while an exchange is under way that was cancelled. It may come on any
     * thread, and must not wait for that exchange, but may end it.
     */
    fun close()
}

/**
 * The largest APDUs a channel carries.
 *
 * @property command bytes of the largest command; some phones carry no more than 261
 * @property response bytes of the largest answer, its two status bytes included
 */
data class ChannelLimits(val command: Int, val response: Int) {
    /** Limits to choose from. */
    companion object {
        /** Short APDUs only. Every channel carries these. */
        val SHORT = ChannelLimits(command = 261, response = 258)

        /** What a phone carries whose `maxTransceiveLength` is [bytes]. */
        fun of(bytes: Int) = ChannelLimits(command = bytes, response = bytes)
    }
}

/** The card left the field. */
class CardLostException(cause: Throwable? = null) : IOException("the card was lost", cause)

/** Reader or NFC went away, or was switched off. */
class ReaderGoneException(cause: Throwable? = null) : IOException("the reader is gone", cause)

/** An app's channel as the library calls it. */
internal class ForeignChannel(private val channel: CardChannel) : app.kazasu.ffi.CardChannel {
    override fun limits() = try {
        val limits = channel.limits
        app.kazasu.ffi.ChannelLimits(limits.command.toUInt(), limits.response.toUInt())
    } catch (thrown: Throwable) {
        throw typed(thrown)
    }

    override suspend fun transceive(command: ByteArray): ByteArray = try {
        channel.transceive(command)
    } catch (thrown: CancellationException) {
        // Nobody waits for the answer any more; or the channel cancelled something of its own.
        currentCoroutineContext().ensureActive()
        throw typed(thrown)
    } catch (thrown: Throwable) {
        // Errors, too: one that is not handed over would leave the tap waiting for ever.
        throw typed(thrown)
    }

    override fun release() = try {
        channel.close()
    } catch (thrown: Throwable) {
        throw typed(thrown)
    }

    private fun typed(thrown: Throwable): ChannelException = when (thrown) {
        is CardLostException -> ChannelException.CardLost()
        is ReaderGoneException -> ChannelException.ReaderGone()
        // Not its text: that may hold an APDU.
        else -> ChannelException.Failed(thrown.javaClass.name)
    }
}
