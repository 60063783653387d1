package app.kazasu

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class PinTest {
    @Test
    fun `four digits are a PIN and a fifth is not taken`() {
        val pin = Pin()
        for (count in 1..4) {
            assertFalse(pin.isComplete)
            assertTrue(pin.push(7))
            assertEquals(count, pin.length)
        }
        assertTrue(pin.isComplete)
        assertFalse(pin.push(7))
        assertEquals(4, pin.length)
    }

    @Test
    fun `digits are taken back from the end`() {
        val pin = Pin()
        pin.deleteLast()
        repeat(4) { pin.push(it) }
        pin.deleteLast()
        assertEquals(3, pin.length)
        pin.clear()
        assertEquals(0, pin.length)
    }

    @Test
    fun `what is no digit is a mistake of the caller`() {
        val pin = Pin()
        for (wrong in listOf(-1, 10, '0'.code, 256)) {
            assertThrows(IllegalArgumentException::class.java) { pin.push(wrong) }
        }
        assertEquals(0, pin.length)
    }

    @Test
    fun `a PIN shows no digit`() {
        val pin = Pin().apply { repeat(4) { push(7) } }
        assertEquals("Pin(****)", pin.toString())
        assertFalse("7" in Pins(pin).toString())
    }

    @Test
    fun `a closed PIN is of no use`() {
        val pin = Pin()
        pin.push(1)
        pin.close()
        assertThrows(IllegalStateException::class.java) { pin.length }
    }
}
