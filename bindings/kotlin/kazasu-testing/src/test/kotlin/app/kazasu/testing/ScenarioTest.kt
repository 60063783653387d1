package app.kazasu.testing

import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import kotlin.time.Duration.Companion.minutes

class ScenarioTest {
    @TestFactory
    fun scenario(): List<DynamicTest> = Scenarios.read().map { scenario ->
        dynamicTest(scenario.name) {
            runBlocking {
                withTimeout(2.minutes) {
                    if (scenario.ownUniversity) {
                        TestUniversity.start().use { run(scenario, it) }
                    } else {
                        run(scenario, sharedUniversity())
                    }
                }
            }
        }
    }

    @Test
    fun `every scenario of the list is a test`() {
        val list = Json.parseToJsonElement(repository.resolve("bindings/scenarios.json").readText())
        val names = list.jsonObject.getValue("scenarios").jsonArray.map { it.jsonObject.getValue("name") }
        assertEquals(names.map { it.jsonPrimitive.content }, scenario().map { it.displayName })
        assertEquals(names.size, names.toSet().size)
    }

    @Test
    fun `a field nobody knows is not passed over`() {
        assertThrows(SerializationException::class.java) {
            Json.decodeFromString<Scenario>("""{"name": "x", "attempts": [{"expect": "accepted", "gravity": 0}]}""")
        }
    }
}
