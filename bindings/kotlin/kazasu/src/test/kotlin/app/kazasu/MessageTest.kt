package app.kazasu

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.Locale

private val ERRORS: List<TapError> = listOf(
    TapError.NotATicket, TapError.UnknownService, TapError.CardLost, TapError.ReaderGone, TapError.NotMyNumberCard,
    TapError.PhoneToken, TapError.CardFailed("detail"), TapError.Offline, TapError.Expired, TapError.Cancelled,
    TapError.Over, TapError.NotSaved, TapError.Internal("detail"),
) + PinKind.entries.flatMap {
    listOf(TapError.PinMissing(it), TapError.WrongPin(it, 2), TapError.PinBlocked(it), TapError.LastTry(it))
} + Reason.entries.map { TapError.Rejected(it) } +
    ProfileRule.entries.map { TapError.Rejected(Reason.PROFILE_VIOLATION, it) }

class MessageTest {
    @Test
    fun `every error is said in both languages`() {
        assertEquals(TapError::class.java.permittedSubclasses.toSet(), ERRORS.map { it::class.java }.toSet())
        for (error in ERRORS) {
            val (japanese, english) = Language.entries.map { error.message(it).sentence }
            assertTrue(japanese.any { it.code > 0x3000 }, "$error: $japanese")
            assertTrue(english.isNotBlank() && english.all { it.code < 0x3000 }, "$error: $english")
            assertTrue("detail" !in japanese + english, "$error shows what is for the developer")
        }
    }

    @Test
    fun `a wrong PIN says which one and how many tries are left`() {
        val message = TapError.WrongPin(PinKind.AUTHENTICATION, 2).message(Language.ENGLISH)
        assertEquals("The PIN for signing in was wrong. 2 tries left.", message.sentence)
        assertNotEquals(message, TapError.WrongPin(PinKind.PROFILE, 2).message(Language.ENGLISH))
    }

    @Test
    fun `every step is said in both languages`() {
        for (step in TapStep.entries) {
            assertNotEquals(step.message(Language.JAPANESE), step.message(Language.ENGLISH))
        }
    }

    @Test
    fun `the reasons are the library's`() {
        val generated = app.kazasu.ffi.Reason::class.java.permittedSubclasses.map { it.simpleName }
        val here = Reason.entries.map { reason -> reason.name.split('_').joinToString("") { it.title() } }
        assertEquals(generated.sorted(), here.sorted())
        for (reason in Reason.entries) {
            assertTrue(reason.generated == null || reason.generated::class.simpleName!! == here[reason.ordinal])
        }
    }

    @Test
    fun `a locale chooses the language`() {
        assertEquals(Language.JAPANESE, languageOf(Locale.JAPAN))
        assertEquals(Language.ENGLISH, languageOf(Locale.FRANCE))
    }

    private fun String.title() = lowercase().replaceFirstChar(Char::uppercase)
}
