package app.kazasu.testing

import app.kazasu.CancelToken
import app.kazasu.CardChannel
import app.kazasu.ChannelLimits
import app.kazasu.Companion
import app.kazasu.Mode
import app.kazasu.Pins
import app.kazasu.Resumed
import app.kazasu.Tap
import app.kazasu.TapError
import app.kazasu.TapProgress
import app.kazasu.getOrElse
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.supervisorScope
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import org.junit.jupiter.api.Assertions.assertEquals

private const val NAME = "見本　太郎"

/** One walk through a scenario: a page, a card, and the taps between them. */
class ScenarioRun(private val scenario: Scenario, private val university: TestUniversity, private val card: TestCard) {
    private lateinit var page: TestPage
    private lateinit var companion: Companion
    private lateinit var tap: Tap
    private lateinit var pins: Pins
    private var returnUrl: String? = null

    /** Opens the page's ticket, and pairs if the page wants that. */
    suspend fun open() {
        page = university.openPage(mode = mode(), withName = scenario.withName)
        companion = university.companion()
        tap = companion.open(page.link).getOrElse { fail(it) }
        assertEquals(mode() == Mode.OTHER_DEVICE, tap.details.needsPairing)
        if (tap.details.needsPairing) {
            page.typeDigits(tap.startPairing().getOrElse { fail(it) }.digits)
            tap.waitUntilPaired().getOrElse { fail(it) }
        }
    }

    /** Everything from there on. */
    suspend fun run() {
        if (scenario.cancelPage) page.cancel()
        if (scenario.cancelTap) tap.cancel().getOrElse { fail(it) }
        val saved = tap.save()
        if (scenario.lostAtEachExchange) loseAtEachExchange()
        scenario.attempts.forEach { attempt(it) }
        when (scenario.resumeAfter) {
            null -> Unit
            "accepted" -> {
                restart()
                val resumed = companion.resume(saved).getOrElse { fail(it) }
                returnUrl = checkNotNull((resumed as Resumed.Accepted).returnUrl)
            }
            else -> fail(scenario.resumeAfter)
        }
        scenario.answer?.let { answered(page.finish(returnUrl)) }
        scenario.pinsSent?.let { assertEquals(it, card.exchanges.count(TestExchange::carriesPin), "PINs sent") }
    }

    private fun mode() = Mode.valueOf(scenario.mode.uppercase().replace('-', '_'))

    private suspend fun restart() {
        tap.close()
        companion.close()
        companion = university.companion()
    }

    private suspend fun loseAtEachExchange() {
        pins = Pins(pin("1234"), pin("2345"))
        for (exchange in 0..99) {
            card.present()
            card.setFaults(TestFault.CardLeaves(after = exchange))
            val end = once { tap.tap(it, pins).last() }
            if (end is TapProgress.Accepted) {
                check(exchange > 5) { "it was never lost" }
                returnUrl = end.returnUrl
                return
            }
            assertEquals(TapProgress.Failed(TapError.CardLost), end, "exchange $exchange")
        }
        fail("it is never done")
    }

    private suspend fun attempt(attempt: Attempt) {
        attempt.pass?.let { university.pass(it.seconds) }
        if (attempt.restart) {
            val saved = tap.save()
            restart()
            tap = (companion.resume(saved).getOrElse { fail(it) } as Resumed.Open).tap
        }
        if (!attempt.keepPins) {
            pins = Pins(
                pin(attempt.authenticationPin),
                pin(attempt.profilePin).takeIf { scenario.withName },
                useLastAuthenticationTry = attempt.useLastAuthenticationTry,
            )
        }
        card.present()
        card.setFaults(*attempt.faults.map { fault(it) }.toTypedArray())
        if (attempt.offline) university.setOnline(false)
        assertEquals(attempt.expect, ended { tapOnce(attempt) }, "how the attempt ended")
        if (attempt.offline) university.setOnline(true)
    }

    private suspend fun tapOnce(attempt: Attempt): TapProgress {
        val slow = attempt.faults.firstNotNullOfOrNull { it.slowAt }
        val token = CancelToken()
        return once(slow, attempt.channelThrowsAt) { channel ->
            supervisorScope {
                val tapping = async { tapThrough(channel, attempt, token) }
                when (attempt.cancel) {
                    null -> Unit
                    "token" -> channel.begun.await().also { token.cancel() }
                    "language" -> channel.begun.await().also { tapping.cancel() }
                    else -> fail(attempt.cancel)
                }
                tapping.await()
            }
        }
    }

    private suspend fun tapThrough(channel: CardChannel, attempt: Attempt, token: CancelToken): TapProgress =
        if (attempt.listenerThrows) {
            tap.awaitTap(channel, pins) { throw StrayException() }
        } else {
            tap.tap(channel, pins, token).last()
        }

    /** Taps through a new channel, which must have been closed exactly once afterwards. */
    private suspend fun once(
        signalAt: Int? = null,
        throwAt: Int? = null,
        use: suspend (WatchedChannel) -> TapProgress,
    ): TapProgress {
        val inner = scenario.limits?.let { card.connect(ChannelLimits(it.command, it.response)) } ?: card.connect()
        val channel = WatchedChannel(inner, signalAt, throwAt)
        try {
            return use(channel)
        } finally {
            assertEquals(1, channel.closed.get(), "how often the channel was closed")
        }
    }

    private suspend fun ended(attempt: suspend () -> TapProgress): JsonElement = try {
        when (val end = attempt()) {
            is TapProgress.Accepted -> word("accepted").also { returnUrl = end.returnUrl }
            is TapProgress.Failed -> described(end.error)
            is TapProgress.Step -> fail("a tap ended with $end")
        }
    } catch (_: CancellationException) {
        word("cancelled_by_language")
    }

    private suspend fun fault(fault: Fault): TestFault = when {
        fault.slowAt != null -> TestFault.Slow(fault.slowAt, 20.seconds)
        fault.cardLeavesAfter != null -> TestFault.CardLeaves(fault.cardLeavesAfter, fault.carriedOut)
        fault.cardLeavesAtPin -> TestFault.CardLeaves(exchangesBeforePin(), fault.carriedOut)
        fault.garbageAt != null -> TestFault.Garbage(fault.garbageAt, checkNotNull(fault.length))
        else -> fail("no fault: $fault")
    }

    /** Counted in another tap of the same kind. */
    private suspend fun exchangesBeforePin(): Int {
        val other = university.openPage(mode = mode(), withName = scenario.withName)
        val tap = university.companion().open(other.link).getOrElse { fail(it) }
        card.clearExchanges()
        val end = tap.awaitTap(card.connect(), Pins(pin("1234"), pin("2345")))
        check(end is TapProgress.Accepted) { "$end" }
        return card.exchanges.indexOfFirst(TestExchange::carriesPin).also { card.clearExchanges() }
    }

    private fun answered(answer: TestAnswer) {
        val (field, value) = scenario.answer!!.only()
        when (field) {
            "name" -> {
                assertEquals(if (value.boolean) NAME else null, (answer as TestAnswer.Identity).name)
                assert(answer.ppid.isNotEmpty())
            }
            "refused" -> assertEquals(TestAnswer.Refused(value.content), answer)
            else -> fail(field)
        }
    }
}

/** Runs a scenario as often as it wants to be, each with a page and a card of its own, and all at once. */
suspend fun run(scenario: Scenario, university: TestUniversity) = coroutineScope {
    val runs = List(scenario.parallel) {
        async {
            val card = university.issueCard(name = NAME, token = TestToken.valueOf(scenario.token.uppercase()))
            scenario.tries?.let { card.setTries(it.authentication, it.profile) }
            if (scenario.revoked) card.revoke()
            ScenarioRun(scenario, university, card).also { it.open() }
        }
    }.awaitAll()
    runs.map { async { it.run() } }.awaitAll()
}

/** An error as the list writes it. */
private fun described(error: TapError): JsonElement = buildJsonObject {
    val name = error::class.java.simpleName.replace(Regex("(?<!^)([A-Z])"), "_$1").lowercase()
    put("error", name)
    when (error) {
        is TapError.PinMissing -> put("pin", error.pin.name.lowercase())
        is TapError.PinBlocked -> put("pin", error.pin.name.lowercase())
        is TapError.LastTry -> put("pin", error.pin.name.lowercase())
        is TapError.WrongPin -> {
            put("pin", error.pin.name.lowercase())
            put("tries_left", error.triesLeft)
        }
        is TapError.Rejected -> put("reason", error.reason.name.lowercase())
        else -> Unit
    }
}

private val TestExchange.carriesPin get() = command.startsWith("0020") && sent > 4

private fun fail(what: Any?): Nothing = throw AssertionError("$what")
