package app.kazasu.testing

import app.kazasu.CardChannel
import app.kazasu.ChannelLimits
import app.kazasu.Pins
import app.kazasu.TapProgress
import app.kazasu.getOrElse
import app.kazasu.inspectCard
import kotlinx.coroutines.runBlocking
import java.util.Locale

private const val ROUNDS = 20_000
private const val WARM_UP_TAPS = 1_000
private const val TAPS = 200

/** Prints microseconds per APDU round trip, and milliseconds of a full emulated tap: medians, warm. */
fun main() = runBlocking {
    val university = TestUniversity.start()
    val card = university.issueCard()
    val companion = university.companion()
    suspend fun tap(): Long {
        val page = university.openPage()
        val tap = companion.open(page.link).getOrElse { error -> error("$error") }
        val (channel, pins) = card.connect() to Pins(pin("1234"), pin("2345"))
        val began = System.nanoTime()
        val end = tap.awaitTap(channel, pins)
        val took = System.nanoTime() - began
        page.finish((end as TapProgress.Accepted).returnUrl)
        return took
    }
    repeat(WARM_UP_TAPS) { tap() }
    val tap = median(List(TAPS) { tap() }) / 1e6

    val conversation = Recording(card.connect()).also { inspectCard(it).getOrElse { error -> error("$error") } }.answers
    repeat(ROUNDS) { inspect(conversation) }
    val apdu = median(List(ROUNDS) { inspect(conversation) }) / conversation.size / 1e3
    println(String.format(Locale.ROOT, """{"apdu_us": %.1f, "tap_ms": %.3f}""", apdu, tap))
}

private suspend fun inspect(conversation: List<ByteArray>): Long {
    val channel = Replay(conversation)
    val began = System.nanoTime()
    inspectCard(channel).getOrElse { error -> error("$error") }
    return System.nanoTime() - began
}

private fun median(times: List<Long>): Double = times.sorted().let { it[it.size / 2].toDouble() }

/** Keeps what a card answered. */
private class Recording(private val channel: CardChannel) : CardChannel by channel {
    val answers = mutableListOf<ByteArray>()

    override suspend fun transceive(command: ByteArray): ByteArray =
        channel.transceive(command).also { answers += it }
}

/** Answers the same again, at once. */
private class Replay(answers: List<ByteArray>) : CardChannel {
    private val next = answers.iterator()

    override val limits = ChannelLimits.of(65_544)

    override suspend fun transceive(command: ByteArray): ByteArray = next.next()

    override fun close() = Unit
}
