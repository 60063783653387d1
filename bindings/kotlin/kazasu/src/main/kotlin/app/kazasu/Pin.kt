package app.kazasu

import app.kazasu.ffi.PinEntryException

/**
 * A PIN that is being typed. Its digits live in the library's memory and never come back from there:
 * they are wiped when they are taken back, when the PIN turned out to be wrong, and when this is
 * closed or collected. Never gather them in a `String` or a text field of your own.
 */
class Pin : AutoCloseable {
    internal val generated = app.kazasu.ffi.Pin()

    /** How many digits were typed, 0 to 4: as many dots to show. */
    val length: Int get() = generated.length().toInt()

    /** Whether it has its four digits. */
    val isComplete: Boolean get() = generated.isComplete()

    /**
     * Takes one more digit. Returns whether it did: a fifth is not taken.
     *
     * @throws IllegalArgumentException if [digit] is not 0 to 9
     */
    fun push(digit: Int): Boolean {
        require(digit in 0..9) { "a digit is 0 to 9" }
        return try {
            generated.push(digit.toUByte())
            true
        } catch (_: PinEntryException.Full) {
            false
        }
    }

    /** Takes the last digit back, if there is one. */
    fun deleteLast() {
        generated.deleteLast()
    }

    /** Takes all digits back. */
    fun clear() = generated.clear()

    /** Wipes the digits. This object is of no use afterwards. */
    override fun close() {
        clear()
        generated.close()
    }

    /** Shows no digit. */
    override fun toString(): String = "Pin(****)"
}

/**
 * The PINs of a tap.
 *
 * @property authentication the PIN for signing in (利用者証明用暗証番号)
 * @property profile the PIN for the name (券面事項入力補助用暗証番号); needed where [TapDetails] says
 *   `providesName`
 * @property useLastAuthenticationTry whether the last try of the PIN for signing in may be used: only
 *   after the person was told what a lock means
 * @property useLastProfileTry the same for the PIN for the name
 */
data class Pins(
    val authentication: Pin,
    val profile: Pin? = null,
    val useLastAuthenticationTry: Boolean = false,
    val useLastProfileTry: Boolean = false,
) {
    internal fun generated() = app.kazasu.ffi.Pins(
        authentication = authentication.generated,
        profile = profile?.generated,
        useLastAuthenticationTry = useLastAuthenticationTry,
        useLastProfileTry = useLastProfileTry,
    )
}
