package app.kazasu.testing

import app.kazasu.Companion as KazasuCompanion
import app.kazasu.Mode
import app.kazasu.Purpose
import app.kazasu.testing.ffi.TestHolder
import app.kazasu.testing.ffi.TestRequest
import app.kazasu.testing.ffi.startUniversity
import kotlin.time.Duration

/**
 * A university with a verifier and an authority, each on a port of loopback, in this process. They end
 * with it. One takes many cards, pages and taps, also at once: a whole test suite can share it.
 */
class TestUniversity private constructor(
    private val generated: app.kazasu.testing.ffi.TestUniversity,
) : AutoCloseable {
    /** Where its tickets point to. */
    val ticketOrigin: String = generated.ticketOrigin()

    /** Where its verifier is. */
    val verifierOrigin: String = generated.verifierOrigin()

    /** A new companion for its tickets, as an app makes one. */
    fun companion() = KazasuCompanion(ticketOrigin, verifierOrigin)

    /**
     * Issues a card, which begins in the reader's field.
     *
     * @param name the name on it
     * @param authenticationPin the PIN for signing in, four digits
     * @param profilePin the PIN for the name, four digits
     * @param token what carries the certificates
     */
    suspend fun issueCard(
        name: String = "見本　太郎",
        authenticationPin: String = "1234",
        profilePin: String = "2345",
        token: TestToken = TestToken.MY_NUMBER_CARD,
    ): TestCard = TestCard(generated.issueCard(TestHolder(name, authenticationPin, profilePin, token)))

    /**
     * Opens the university's page in a new browser, up to the ticket.
     *
     * @param purpose what the tap is for; a page asks for `VIEW`, `LINK`, `UNLINK`, `RECOVER` or `COUNTER`
     * @param mode `SAME_PHONE`, or `OTHER_DEVICE` for one that waits for six digits
     * @param withName whether it asks for the name
     */
    suspend fun openPage(
        purpose: Purpose = Purpose.LINK,
        mode: Mode = Mode.SAME_PHONE,
        withName: Boolean = true,
    ): TestPage = TestPage(generated.openPage(TestRequest(word(purpose), word(mode), withName)))

    /**
     * Lets time pass, to the second, for verifier and authority. The university's own clock stays, so
     * that a tap cannot be finished more than a minute later.
     */
    fun pass(time: Duration) = generated.pass(time.inWholeSeconds.toUInt())

    /** Whether the verifier can be reached. Connections end when it cannot. */
    fun setOnline(online: Boolean) = generated.setOnline(online)

    /** Ends its servers. */
    override fun close() = generated.close()

    /** What makes one. */
    companion object {
        /** Starts one. */
        suspend fun start(): TestUniversity = TestUniversity(startUniversity())

        private fun word(value: Enum<*>) = value.name.lowercase().replace('_', '-')
    }
}

/** A page that shows a ticket, in a browser of its own. */
class TestPage internal constructor(private val generated: app.kazasu.testing.ffi.TestPage) : AutoCloseable {
    /** The ticket: what an app link carries, or a QR code shows. */
    val link: String = generated.link()

    /** Types the six digits that the app shows. */
    suspend fun typeDigits(digits: String) = generated.typeDigits(digits)

    /** Cancels on the page. */
    suspend fun cancel() = generated.cancel()

    /**
     * Goes on after the tap, and returns what the university learns of it.
     *
     * @param returnUrl what a tap on this phone returned; without one, the page is looked at again
     */
    suspend fun finish(returnUrl: String? = null): TestAnswer = when (val answer = generated.finish(returnUrl)) {
        is app.kazasu.testing.ffi.TestAnswer.Identity -> TestAnswer.Identity(answer.ppid, answer.name, answer.purpose)
        is app.kazasu.testing.ffi.TestAnswer.Refused -> TestAnswer.Refused(answer.error)
    }

    /** Lets go of it. Otherwise the garbage collector does. */
    override fun close() = generated.close()
}

/** What the university learns of a tap. */
sealed interface TestAnswer {
    /**
     * Who tapped.
     *
     * @property ppid the pseudonym, valid at this university only
     * @property name the name, if it was asked for
     * @property purpose what the tap was for
     */
    data class Identity(val ppid: String, val name: String?, val purpose: String) : TestAnswer

    /**
     * Nobody did.
     *
     * @property error an OpenID Connect error, such as `access_denied`
     */
    data class Refused(val error: String) : TestAnswer
}

/** The other side failed: the test is set up wrongly, or the emulator has a fault. */
typealias TestException = app.kazasu.testing.ffi.TestException
