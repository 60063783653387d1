package app.kazasu

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class CompanionTest {
    private val companion = Companion("https://tap.example", "https://verifier.example")

    @Test
    fun `an app built with wrong addresses does not start`() {
        for (wrong in listOf("tap.example", "http://tap.example", "https://tap.example/path")) {
            val thrown = assertThrows(IllegalArgumentException::class.java) { Companion(wrong, "https://verifier.example") }
            assertTrue(wrong in thrown.message!!, thrown.message)
            assertThrows(IllegalArgumentException::class.java) { Companion("https://tap.example", wrong) }
        }
    }

    @Test
    fun `what is no ticket is sent nowhere`() = runBlocking {
        assertEquals(Outcome.Failed(TapError.NotATicket), companion.open("nonsense"))
    }

    @Test
    fun `what was not saved here cannot be resumed`() = runBlocking {
        assertEquals(Outcome.Failed(TapError.NotSaved), companion.resume(byteArrayOf(1, 2, 3)))
    }

    @Test
    fun `an outcome gives its value, or leaves with its error`() {
        fun said(outcome: Outcome<Int>): String = "${outcome.getOrElse { return "$it" } + 1}"
        assertEquals("2", said(Outcome.Done(1)))
        assertEquals("Offline", said(Outcome.Failed(TapError.Offline)))
    }
}
