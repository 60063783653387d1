package app.kazasu.testing

import app.kazasu.Companion
import app.kazasu.Language
import app.kazasu.Outcome
import app.kazasu.PinKind
import app.kazasu.Pins
import app.kazasu.Purpose
import app.kazasu.Tap
import app.kazasu.TapError
import app.kazasu.TapProgress
import app.kazasu.TapStep
import app.kazasu.getOrElse
import java.lang.ref.WeakReference
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class TapTest {
    @Test
    fun `a tap tells its steps in order and then how it ended`() = runBlocking {
        val progress = opened().tap(card().connect(), pins()).toList()
        val steps = TapStep.entries.map { TapProgress.Step(it) }
        assertEquals(steps, progress.dropLast(1))
        assertTrue(progress.last() is TapProgress.Accepted)
    }

    @Test
    fun `without the name no name is read`() = runBlocking {
        val progress = opened(withName = false).tap(card().connect(), Pins(pin("1234"))).toList()
        assertEquals(TapProgress.Step(TapStep.READING_CERTIFICATE), progress.first())
    }

    @Test
    fun `the card may go as soon as the verifier checks`() = runBlocking {
        val channel = card().connect()
        val closedAt = mutableListOf<Boolean>()
        opened().awaitTap(channel, pins()) { closedAt += channel.isClosed }
        assertEquals(listOf(false, false, false, true), closedAt)
    }

    @Test
    fun `a flow that nobody collects does not touch the card`() = runBlocking {
        val channel = WatchedChannel(card().connect())
        val flow = opened().tap(channel, pins())
        assertEquals(0, channel.exchanges.get())
        assertTrue(flow.last() is TapProgress.Accepted)
    }

    @Test
    fun `a collector that throws ends the tap, and another can follow`() = runBlocking {
        val (tap, card) = opened() to card()
        card.setFaults(TestFault.Slow(at = 8, by = 20.seconds))
        val channel = WatchedChannel(card.connect())
        val stray = StrayException()
        val thrown = runCatching { tap.tap(channel, pins()).onEach { throw stray }.collect() }.exceptionOrNull()
        assertSame(stray, thrown?.cause ?: thrown)
        assertEquals(1, channel.closed.get())
        card.setFaults()
        assertTrue(tap.awaitTap(card.connect(), pins()) is TapProgress.Accepted)
    }

    @Test
    fun `cancelling the transaction ends the tap that is under way`() = runBlocking {
        val (tap, card) = opened() to card()
        card.setFaults(TestFault.Slow(at = 2, by = 20.seconds))
        val channel = WatchedChannel(card.connect(), signalAt = 2)
        val tapping = async { tap.awaitTap(channel, pins()) }
        channel.begun.await()
        assertEquals(Outcome.Done(Unit), tap.cancel())
        assertEquals(TapProgress.Failed(TapError.Cancelled), tapping.await())
        assertEquals(Outcome.Failed(TapError.Over), tap.cancel())
    }

    @Test
    fun `the consent screen is told in both languages who asks for what`() = runBlocking {
        val tap = opened(purpose = Purpose.RECOVER)
        val (japanese, english) = Language.entries.map { tap.consent(it) }
        assertEquals("Recover your account", english.action)
        assertNotEquals(japanese.action, english.action)
        assertEquals(tap.details.host, english.host)
        assertEquals(Purpose.RECOVER, tap.details.purpose)
        assertTrue(tap.details.providesName && tap.details.startedAt < tap.details.expiresAt)
        assertEquals("Tap(${tap.details.transactionId})", tap.toString())
    }

    @Test
    fun `a wrong PIN is empty afterwards and the other one is not`() = runBlocking {
        val pins = Pins(pin("9999"), pin("2345"))
        opened().awaitTap(card().connect(), pins)
        assertEquals(listOf(0, 4), listOf(pins.authentication.length, pins.profile!!.length))
    }

    @Test
    fun `the last try of one PIN is not that of the other`() = runBlocking {
        val (tap, card) = opened() to card()
        card.setTries(authentication = 1, profile = 1)
        suspend fun tapWith(pins: Pins) = tap.awaitTap(card.connect(), pins)
        fun refused(pin: PinKind) = TapProgress.Failed(TapError.LastTry(pin))
        val pins = pins()
        assertEquals(refused(PinKind.PROFILE), tapWith(pins.copy(useLastAuthenticationTry = true)))
        assertEquals(refused(PinKind.AUTHENTICATION), tapWith(pins.copy(useLastProfileTry = true)))
        val both = pins.copy(useLastAuthenticationTry = true, useLastProfileTry = true)
        assertTrue(tapWith(both) is TapProgress.Accepted)
        assertEquals(listOf(3, 3), listOf(card.authenticationTries, card.profileTries))
    }

    @Test
    fun `a page cannot be opened twice`() = runBlocking {
        val university = sharedUniversity()
        val page = university.openPage()
        university.companion().open(page.link).getOrElse { throw AssertionError("$it") }
        val error = (university.companion().open(page.link) as Outcome.Failed).error
        assertTrue(error is TapError.Rejected, "$error")
    }

    @Test
    fun `a ticket of some other verifier is sent nowhere`() = runBlocking {
        val page = sharedUniversity().openPage()
        val stranger = Companion("https://tap.example", "https://verifier.example")
        assertEquals(Outcome.Failed(TapError.UnknownService), stranger.open(page.link))
    }

    @Test
    fun `what was let go of is freed`() {
        val gone = runBlocking { tapAndForget() }
        for (attempt in 1..100) {
            if (gone.all { it.get() == null }) return
            System.gc()
            Thread.sleep(20)
        }
        throw AssertionError("still there: ${gone.mapNotNull { it.get() }}")
    }

    private suspend fun tapAndForget(): List<WeakReference<Any>> {
        val (tap, pins) = opened() to pins()
        val lost = WatchedChannel(card().connect(), throwAt = 3)
        val channel = WatchedChannel(card().connect())
        tap.awaitTap(lost, pins)
        check(tap.awaitTap(channel, pins) is TapProgress.Accepted)
        return listOf(tap, pins, lost, channel).map { WeakReference(it) }
    }
}

internal suspend fun opened(purpose: Purpose = Purpose.LINK, withName: Boolean = true): Tap {
    val university = sharedUniversity()
    val page = university.openPage(purpose, withName = withName)
    return university.companion().open(page.link).getOrElse { throw AssertionError("$it") }
}

internal suspend fun card(): TestCard = sharedUniversity().issueCard()

internal fun pins() = Pins(pin("1234"), pin("2345"))
