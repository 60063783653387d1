package app.kazasu.testing

import app.kazasu.CardChannel
import app.kazasu.CardLostException
import app.kazasu.ChannelLimits
import app.kazasu.testing.ffi.TestChannelException
import app.kazasu.testing.ffi.TestChannelLimits
import app.kazasu.testing.ffi.TestFault as GeneratedFault
import app.kazasu.testing.ffi.TestTries
import java.io.IOException
import kotlin.time.Duration
import kotlinx.coroutines.delay

/** What carries the certificates: `MY_NUMBER_CARD`, `JUKI_CARD`, `ANDROID_PHONE` or `IPHONE`. */
typealias TestToken = app.kazasu.testing.ffi.TestToken

/** An emulated card, and the reader it is held to. */
class TestCard internal constructor(private val generated: app.kazasu.testing.ffi.TestCard) : AutoCloseable {
    /** Puts the card into the field. */
    fun present() = generated.present()

    /** Takes the card away. */
    fun remove() = generated.remove()

    /**
     * Activates the card in the field, as a phone does when it finds one. Without a card, each exchange
     * finds it lost.
     */
    fun connect(): TestChannel = TestChannel(generated.connect())

    /** The same, through a reader that carries no more than [limits]. */
    fun connect(limits: ChannelLimits): TestChannel =
        TestChannel(generated.connectWith(TestChannelLimits(limits.command.toUInt(), limits.response.toUInt())))

    /** Replaces all faults; their exchanges count from now. None: the card behaves. */
    fun setFaults(vararg faults: TestFault) = generated.setFaults(faults.map(TestFault::generated))

    /** The exchanges since the last [clearExchanges], as the card saw them. */
    val exchanges: List<TestExchange>
        get() = generated.exchanges().map { TestExchange(it.command, it.sent.toInt(), it.status) }

    /** Forgets the exchanges. */
    fun clearExchanges() = generated.clearExchanges()

    /** Tries left for the PIN for signing in. */
    val authenticationTries: Int get() = generated.triesLeft().authentication.toInt()

    /** Tries left for the PIN for the name. */
    val profileTries: Int get() = generated.triesLeft().profile.toInt()

    /** Sets the card's counters, 0 to 3; 0 is blocked. */
    fun setTries(authentication: Int = 3, profile: Int = 3) =
        generated.setTriesLeft(TestTries(authentication.toUByte(), profile.toUByte()))

    /** Has the authority revoke the certificate. */
    fun revoke() = generated.revoke()

    /** Lets go of it. Otherwise the garbage collector does. */
    override fun close() = generated.close()
}

/** One activation of an emulated card: the channel that an app taps through. */
class TestChannel internal constructor(
    private val generated: app.kazasu.testing.ffi.EmulatedChannel,
) : CardChannel {
    /** What its reader carries. */
    override val limits: ChannelLimits =
        generated.limits().let { ChannelLimits(it.command.toInt(), it.response.toInt()) }

    /** Whether it was closed. */
    val isClosed: Boolean get() = generated.isClosed()

    /** Sends one command. Throws [CardLostException] if the card is not there, or was given back. */
    override suspend fun transceive(command: ByteArray): ByteArray {
        val answer = try {
            generated.exchange(command)
        } catch (lost: TestChannelException.CardLost) {
            throw CardLostException(lost)
        } catch (failed: TestChannelException.Failed) {
            throw IOException(failed.detail, failed)
        }
        delay(answer.lateByMs.toLong())
        return answer.bytes
    }

    /** From now on the card is lost. */
    override fun close() = generated.release()
}

/**
 * One exchange as the card saw it; never its data.
 *
 * @property command CLA INS P1 P2 in hexadecimal
 * @property sent bytes of the command; a VERIFY with more than 4 carries a PIN
 * @property status the status word in hexadecimal; `null` if the card left
 */
data class TestExchange(val command: String, val sent: Int, val status: String?)

/**
 * Something that goes wrong between reader and card, once. Exchanges are counted from one, and from the
 * moment the faults were set.
 */
sealed interface TestFault {
    /**
     * The card leaves.
     *
     * @property after so many completed exchanges; 0 removes it before the first
     * @property carriedOut whether it still carries out the command whose answer is lost
     */
    data class CardLeaves(val after: Int, val carriedOut: Boolean = false) : TestFault

    /**
     * The card carries the command out, but another status word comes back.
     *
     * @property at which exchange
     * @property status two bytes
     */
    data class Status(val at: Int, val status: Int) : TestFault

    /**
     * The answer comes late.
     *
     * @property at which exchange
     * @property by how late, to the millisecond
     */
    data class Slow(val at: Int, val by: Duration) : TestFault

    /**
     * Instead of the answer come bytes that mean nothing.
     *
     * @property at which exchange
     * @property length how many bytes; 0 and 1 are no answer at all
     */
    data class Garbage(val at: Int, val length: Int) : TestFault
}

private fun TestFault.generated(): GeneratedFault = when (this) {
    is TestFault.CardLeaves -> GeneratedFault.CardLeaves(after.toUInt(), carriedOut)
    is TestFault.Status -> GeneratedFault.Status(at.toUInt(), status.toUShort())
    is TestFault.Slow -> GeneratedFault.Slow(at.toUInt(), by.inWholeMilliseconds.toUInt())
    is TestFault.Garbage -> GeneratedFault.Garbage(at.toUInt(), length.toUInt())
}
