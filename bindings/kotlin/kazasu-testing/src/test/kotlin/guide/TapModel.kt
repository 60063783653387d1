// TapModel.kt
package com.example.app

import app.kazasu.CardChannel
import app.kazasu.Pins
import app.kazasu.Tap
import app.kazasu.TapProgress
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.launch

class TapModel(private val scope: CoroutineScope) { // in an app: a ViewModel and its viewModelScope
    private val current = MutableStateFlow<TapProgress?>(null)
    private var tapping: Job? = null

    val progress: StateFlow<TapProgress?> get() = current

    fun onCard(tap: Tap, channel: CardChannel, pins: Pins) {
        tapping = scope.launch { tap.tap(channel, pins).collect { current.value = it } }
    }

    /** Gives the card back at once. The transaction stays open for another tap. */
    fun stop() = tapping?.cancel()
}
