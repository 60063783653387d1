// IdentifyTest.kt
package com.example.app

import app.kazasu.Language
import app.kazasu.Pins
import app.kazasu.Resumed
import app.kazasu.TapProgress
import app.kazasu.getOrElse
import app.kazasu.testing.TestAnswer
import app.kazasu.testing.TestCard
import app.kazasu.testing.TestFault
import app.kazasu.testing.TestUniversity
import app.kazasu.testing.pin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Who holds a card to an emulated reader, and types these digits. */
class Person(private val held: TestCard, digits: String) : Screen {
    private val digits = digits.map { it.digitToInt() }.iterator()
    val seen = mutableListOf<String>()

    override fun show(vararg lines: String) {
        seen += lines
    }

    override suspend fun yes() = true
    override suspend fun digit() = digits.next()
    override suspend fun card() = held.run { present(); connect() }
}

class IdentifyTest {
    @Test
    fun `a wrong PIN can be typed again`() = runBlocking {
        TestUniversity.start().use { university ->
            val person = Person(university.issueCard(), "9999" + "2345" + "1234")
            val page = university.openPage()
            val accepted = Identify(university.companion(), person, Language.ENGLISH).from(page.link)
            assertTrue("The PIN for signing in was wrong. 2 tries left." in person.seen)
            val who = page.finish(accepted?.returnUrl) as TestAnswer.Identity
            assertEquals("見本　太郎", who.name)
        }
    }

    @Test
    fun `a card that slips away is put back`() = runBlocking {
        TestUniversity.start().use { university ->
            val card = university.issueCard()
            card.setFaults(TestFault.CardLeaves(after = 5))
            val person = Person(card, "1234" + "2345")
            val page = university.openPage()
            val accepted = Identify(university.companion(), person, Language.ENGLISH).from(page.link)
            assertTrue("The card slipped away." in person.seen && accepted != null)
        }
    }

    @Test
    fun `an app that was ended goes on`() = runBlocking {
        TestUniversity.start().use { university ->
            val saved = university.companion().open(university.openPage().link)
                .getOrElse { throw AssertionError(it) }.save()
            val resumed = university.companion().resume(saved).getOrElse { throw AssertionError(it) }
            val end = coroutineScope {
                val model = TapModel(this)
                val pins = Pins(pin("1234"), pin("2345"))
                model.onCard((resumed as Resumed.Open).tap, university.issueCard().connect(), pins)
                model.progress.first { it is TapProgress.End }
            }
            assertTrue(end is TapProgress.Accepted)
        }
    }
}
