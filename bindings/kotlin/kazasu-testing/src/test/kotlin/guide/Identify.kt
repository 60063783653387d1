// Identify.kt
package com.example.app

import app.kazasu.CardChannel
import app.kazasu.Companion
import app.kazasu.Language
import app.kazasu.Pin
import app.kazasu.PinKind
import app.kazasu.Pins
import app.kazasu.Tap
import app.kazasu.TapError
import app.kazasu.TapProgress
import app.kazasu.getOrElse
import app.kazasu.languageOf
import app.kazasu.message

interface Screen {
    fun show(vararg lines: String)
    suspend fun yes(): Boolean
    suspend fun digit(): Int
    suspend fun card(): CardChannel
}

class Identify(
    private val companion: Companion,
    private val screen: Screen,
    private val language: Language = languageOf(),
) {
    /** From a ticket to an accepted tap; `null` if it ended otherwise, which the screen has shown. */
    suspend fun from(link: String): TapProgress.Accepted? {
        val tap = companion.open(link).getOrElse { return tell(it) }
        val consent = tap.consent(language)
        screen.show(consent.service, consent.host, consent.action, consent.provided)
        if (!screen.yes()) return cancel(tap)
        if (tap.details.needsPairing) {
            val pairing = tap.startPairing().getOrElse { return tell(it) }
            screen.show("Type ${pairing.digits} into the page at ${pairing.onlyAt}, nowhere else.")
            tap.waitUntilPaired().getOrElse { return tell(it) }
        }
        return Pin().use { authentication -> Pin().use { profile -> read(tap, Pins(authentication, profile)) } }
    }

    private suspend fun read(tap: Tap, pins: Pins): TapProgress.Accepted? {
        type(pins.authentication, "The PIN for signing in:")
        pins.profile?.takeIf { tap.details.providesName }?.let { type(it, "The PIN for the name:") }
        val end = tap.awaitTap(screen.card(), pins) { step -> screen.show(step.message(language)) }
        return when (end) {
            is TapProgress.Accepted -> end
            is TapProgress.Failed -> again(tap, pins, end.error)
        }
    }

    private suspend fun again(tap: Tap, pins: Pins, error: TapError): TapProgress.Accepted? {
        tell(error)
        return when (error) {
            TapError.CardLost, is TapError.CardFailed, TapError.ReaderGone,
            TapError.NotMyNumberCard, TapError.PhoneToken, TapError.Offline,
            is TapError.WrongPin -> read(tap, pins)
            is TapError.LastTry -> when {
                !screen.yes() -> cancel(tap)
                error.pin == PinKind.AUTHENTICATION -> read(tap, pins.copy(useLastAuthenticationTry = true))
                else -> read(tap, pins.copy(useLastProfileTry = true))
            }
            else -> null
        }
    }

    private suspend fun type(pin: Pin, prompt: String) {
        if (!pin.isComplete) screen.show(prompt) // a PIN that was wrong is empty again
        while (!pin.isComplete) pin.push(screen.digit())
    }

    private suspend fun cancel(tap: Tap): Nothing? {
        tap.cancel()
        return null
    }

    private fun tell(error: TapError): Nothing? {
        val message = error.message(language)
        screen.show(message.sentence, message.nextStep)
        return null
    }
}
