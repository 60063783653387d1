package app.kazasu.testing

import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

private val starting = Mutex()
private var started: TestUniversity? = null

/** One university for all tests that do not change its clock or its line. */
suspend fun sharedUniversity(): TestUniversity = starting.withLock {
    started ?: TestUniversity.start().also { started = it }
}
