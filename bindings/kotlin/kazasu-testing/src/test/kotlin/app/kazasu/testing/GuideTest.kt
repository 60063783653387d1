package app.kazasu.testing

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class GuideTest {
    @Test
    fun `the code on the page is the code that is tested`() {
        val page = repository.resolve("docs/bindings/kotlin.md").readText()
        val blocks = Regex("```kotlin\n(// (\\S+)\n.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(page)
            .associate { it.groupValues[2] to it.groupValues[1] }
        val files = listOf("kazasu-android", "kazasu-testing")
            .flatMap { repository.resolve("bindings/kotlin/$it/src/test/kotlin/guide").listFiles()!!.toList() }
            .associate { it.name to it.readText() }
        assertEquals(files, blocks)
        assertEquals(files.size, Regex("```kotlin").findAll(page).count(), "no code that nobody tests")
    }
}
