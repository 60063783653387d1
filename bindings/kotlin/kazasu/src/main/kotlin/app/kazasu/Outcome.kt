package app.kazasu

import app.kazasu.ffi.InternalException
import app.kazasu.ffi.TapException
import app.kazasu.ffi.uniffiRustFutureContinuationCallbackImpl
import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/** What a call came to: a value, or a situation that a screen shows. */
sealed interface Outcome<out T> {
    /**
     * It went through.
     *
     * @property value what it came to
     */
    data class Done<out T>(val value: T) : Outcome<T>

    /**
     * It did not.
     *
     * @property error why
     */
    data class Failed(val error: TapError) : Outcome<Nothing>
}

/**
 * The value, or what [onFailed] makes of the error, which is often a `return`:
 *
 * `val tap = companion.open(link).getOrElse { error -> return show(error) }`
 */
inline fun <T> Outcome<T>.getOrElse(onFailed: (TapError) -> T): T = when (this) {
    is Outcome.Done -> value
    is Outcome.Failed -> onFailed(error)
}

/**
 * What a call into the library came to. It runs on the default dispatcher, whatever the caller's is,
 * so that the exchanges with a card never queue behind a screen that is being drawn.
 */
internal suspend fun <T> outcome(call: suspend () -> T): Outcome<T> = withContext(Dispatchers.Default) {
    check(threadsAreKept)
    try {
        Outcome.Done(call())
    } catch (error: TapException) {
        Outcome.Failed(error.asTapError())
    } catch (error: InternalException) {
        // A panic of the library: a fault of ours, which ends this call and not the app.
        Outcome.Failed(TapError.Internal(error.message ?: "panic"))
    }
}

/**
 * A thread of the library that wakes a coroutine stays known to the JVM. Otherwise JNA makes a `Thread`
 * of it for each time and forgets it again, which takes longer than an exchange with the card.
 */
private val threadsAreKept: Boolean = run {
    val initializer = CallbackThreadInitializer(/* daemon = */ true, /* detach = */ false, "kazasu")
    Native.setCallbackThreadInitializer(uniffiRustFutureContinuationCallbackImpl, initializer)
    true
}
