package app.kazasu.testing

import app.kazasu.CardChannel
import kotlinx.coroutines.CompletableDeferred
import java.util.concurrent.atomic.AtomicInteger

/** Nothing the library knows. */
class StrayException : RuntimeException("stray")

/** A channel that says when an exchange begins, throws at another, and counts. Exchanges count from one. */
class WatchedChannel(
    private val channel: CardChannel,
    private val signalAt: Int? = null,
    private val throwAt: Int? = null,
) : CardChannel by channel {
    val begun = CompletableDeferred<Unit>()
    val exchanges = AtomicInteger()
    val closed = AtomicInteger()

    override suspend fun transceive(command: ByteArray): ByteArray {
        val exchange = exchanges.incrementAndGet()
        if (exchange == signalAt) begun.complete(Unit)
        if (exchange == throwAt) throw StrayException()
        return channel.transceive(command)
    }

    override fun close() {
        closed.incrementAndGet()
        channel.close()
    }
}
