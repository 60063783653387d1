// NfcChannel.kt
package com.example.app

import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import app.kazasu.CardChannel
import app.kazasu.CardLostException
import app.kazasu.ChannelLimits
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import java.io.IOException

/** The card that reader mode found. Make it off the main thread: connecting talks to the card. */
class NfcChannel(private val card: IsoDep) : CardChannel {
    init {
        card.connect()
        card.timeout = 20_000 // milliseconds; a signature takes longer than the default
    }

    override val limits = ChannelLimits.of(card.maxTransceiveLength)

    override suspend fun transceive(command: ByteArray): ByteArray = withContext(Dispatchers.IO) {
        try {
            card.transceive(command)
        } catch (lost: TagLostException) {
            throw CardLostException(lost)
        }
    }

    // This also ends an exchange that still blocks its thread.
    override fun close() = try {
        card.close()
    } catch (_: IOException) {
    }
}
