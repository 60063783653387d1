package app.kazasu.testing

import app.kazasu.CardChannel
import app.kazasu.CardInfo
import app.kazasu.CardKind
import app.kazasu.ChannelLimits
import app.kazasu.Outcome
import app.kazasu.PinState
import app.kazasu.ReaderGoneException
import app.kazasu.TapError
import app.kazasu.TapProgress
import app.kazasu.ffi.uniffiForeignFutureHandleCount
import app.kazasu.inspectCard
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.IOException
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

class ChannelTest {
    @Test
    fun `a cancelled tap cancels the exchange and leaves no call behind`() = runBlocking {
        val (begun, ended) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
        val channel = WatchedChannel(answering {
            try {
                begun.complete(Unit)
                awaitCancellation()
            } finally {
                ended.complete(Unit)
            }
        })
        val tap = opened()
        val tapping = launch { tap.awaitTap(channel, pins()) }
        begun.await()
        tapping.cancelAndJoin()
        assertEquals(1, channel.closed.get())
        withTimeout(10.seconds) { ended.await() }
        eventually { uniffiForeignFutureHandleCount() == 0 }
        assertTrue(tap.awaitTap(card().connect(), pins()) is TapProgress.Accepted)
    }

    @Test
    fun `an exchange that blocks its thread ends when the channel is closed`() = runBlocking {
        val (begun, closed) = CompletableDeferred<Unit>() to CountDownLatch(1)
        val channel = object : CardChannel {
            override val limits = ChannelLimits.SHORT

            override suspend fun transceive(command: ByteArray): ByteArray = withContext(Dispatchers.IO) {
                begun.complete(Unit)
                closed.await()
                throw IOException("the tag was closed")
            }

            override fun close() = closed.countDown()
        }
        val tapping = launch { opened().awaitTap(channel, pins()) }
        begun.await()
        withTimeout(10.seconds) { tapping.cancelAndJoin() }
        assertEquals(0, closed.count)
    }

    @Test
    fun `the card is not read on the thread of the screen`() = runBlocking {
        val threads = mutableSetOf<String>()
        val card = card().connect()
        val channel = object : CardChannel by card {
            override suspend fun transceive(command: ByteArray): ByteArray {
                threads += Thread.currentThread().name
                return card.transceive(command)
            }
        }
        Executors.newSingleThreadExecutor { Thread(it, "screen") }.asCoroutineDispatcher().use { screen ->
            withContext(screen) {
                var stepOn = ""
                val end = opened().awaitTap(channel, pins()) { stepOn = Thread.currentThread().name }
                assertTrue(end is TapProgress.Accepted)
                assertTrue((threads + stepOn).none { it.startsWith("screen") }, "$threads $stepOn")
                assertTrue(Thread.currentThread().name.startsWith("screen"))
            }
        }
    }

    @Test
    fun `a tap can be asked for from any dispatcher`() = runBlocking {
        withContext(Dispatchers.Unconfined) {
            assertTrue(opened().awaitTap(card().connect(), pins()) is TapProgress.Accepted)
        }
    }

    @Test
    fun `an error that is no exception ends the tap, too`() = failsWith<TapError.CardFailed> {
        throw NotImplementedError("an error, not an exception")
    }

    @Test
    fun `a channel that gives up by itself ends the tap`() = failsWith<TapError.CardFailed> {
        withTimeout(1.milliseconds) { awaitCancellation() }
    }

    @Test
    fun `what a channel throws is told by its kind and never by its text, which may hold a PIN`() = runBlocking {
        val channel = answering { throw IOException("00200080 04 39393939") }
        val end = opened().awaitTap(channel, pins()) as TapProgress.Failed
        val detail = (end.error as TapError.CardFailed).detail
        assertTrue("IOException" in detail && "3939" !in detail, detail)
    }

    @Test
    fun `a reader that is gone is said so`() = failsWith<TapError.ReaderGone> { throw ReaderGoneException() }

    @Test
    fun `limits that cannot be said end the tap before it begins`() = runBlocking {
        val inner = card().connect()
        val channel = object : CardChannel by inner {
            override val limits: ChannelLimits get() = throw StrayException()
        }
        val end = opened().awaitTap(channel, pins())
        assertTrue((end as TapProgress.Failed).error is TapError.CardFailed, "$end")
    }

    @Test
    fun `a channel that cannot be closed does not spoil the tap`() = runBlocking {
        val inner = card().connect()
        val channel = object : CardChannel by inner {
            override fun close(): Unit = throw StrayException()
        }
        assertTrue(opened().awaitTap(channel, pins()) is TapProgress.Accepted)
    }

    @Test
    fun `a card says what it is and how many tries are left`() = runBlocking {
        val card = card()
        card.setTries(authentication = 2, profile = 0)
        val channel = WatchedChannel(card.connect())
        val info = CardInfo(CardKind.MY_NUMBER_CARD, PinState.TriesLeft(2), PinState.Blocked)
        assertEquals(Outcome.Done(info), inspectCard(channel))
        assertEquals(1, channel.closed.get())
        assertTrue(card.exchanges.none { it.command.startsWith("0020") && it.sent > 4 })
    }

    @Test
    fun `the certificates of a phone are told from a card`() = runBlocking {
        val phone = sharedUniversity().issueCard(token = TestToken.IPHONE)
        val info = (inspectCard(phone.connect()) as Outcome.Done).value
        assertEquals(CardKind.IPHONE, info.kind)
        assertEquals(PinState.Unknown, info.profilePin)
    }

    @Test
    fun `no card is a lost card`() = runBlocking {
        val card = card()
        card.remove()
        assertEquals(Outcome.Failed(TapError.CardLost), inspectCard(card.connect()))
    }

    private inline fun <reified E : TapError> failsWith(noinline answer: suspend () -> ByteArray) = runBlocking {
        val channel = WatchedChannel(answering(answer))
        val end = withTimeout(20.seconds) { opened().awaitTap(channel, pins()) }
        assertTrue((end as TapProgress.Failed).error is E, "$end")
        assertEquals(1, channel.closed.get())
    }

    private fun answering(answer: suspend () -> ByteArray) = object : CardChannel {
        override val limits = ChannelLimits.SHORT

        override suspend fun transceive(command: ByteArray): ByteArray = answer()

        override fun close() = Unit
    }

    private suspend fun eventually(holds: () -> Boolean) = withTimeout(10.seconds) {
        while (!holds()) delay(5.milliseconds)
    }
}
