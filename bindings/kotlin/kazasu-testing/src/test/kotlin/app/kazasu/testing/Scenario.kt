package app.kazasu.testing

import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonPrimitive
import java.io.File

/** The repository, as the build says. */
val repository: File = File(System.getProperty("kazasu.repository"))

/** The one list that every language's package is tested with. A field that is not known here is an error. */
@Serializable
data class Scenarios(val about: String, val scenarios: List<Scenario>) {
    companion object {
        fun read(): List<Scenario> =
            Json.decodeFromString<Scenarios>(repository.resolve("bindings/scenarios.json").readText()).scenarios
    }
}

@Serializable
data class Scenario(
    val name: String,
    @SerialName("with_name") val withName: Boolean = true,
    val mode: String = "same-phone",
    val token: String = "my_number_card",
    val limits: Limits? = null,
    val tries: Tries? = null,
    val revoked: Boolean = false,
    @SerialName("own_university") val ownUniversity: Boolean = false,
    @SerialName("cancel_tap") val cancelTap: Boolean = false,
    @SerialName("cancel_page") val cancelPage: Boolean = false,
    @SerialName("lost_at_each_exchange") val lostAtEachExchange: Boolean = false,
    val parallel: Int = 1,
    val attempts: List<Attempt> = emptyList(),
    @SerialName("resume_after") val resumeAfter: String? = null,
    val answer: JsonObject? = null,
    @SerialName("pins_sent") val pinsSent: Int? = null,
)

@Serializable
data class Limits(val command: Int, val response: Int)

@Serializable
data class Tries(val authentication: Int, val profile: Int)

@Serializable
data class Attempt(
    val expect: JsonElement,
    @SerialName("authentication_pin") val authenticationPin: String = "1234",
    @SerialName("profile_pin") val profilePin: String = "2345",
    @SerialName("keep_pins") val keepPins: Boolean = false,
    @SerialName("use_last_authentication_try") val useLastAuthenticationTry: Boolean = false,
    val faults: List<Fault> = emptyList(),
    val cancel: String? = null,
    @SerialName("channel_throws_at") val channelThrowsAt: Int? = null,
    @SerialName("listener_throws") val listenerThrows: Boolean = false,
    val offline: Boolean = false,
    // That the channel is closed exactly once is looked at after every attempt.
    @SerialName("keeps_channel_closed") val keepsChannelClosed: Boolean = true,
    val pass: Int? = null,
    val restart: Boolean = false,
)

@Serializable
data class Fault(
    @SerialName("slow_at") val slowAt: Int? = null,
    @SerialName("card_leaves_after") val cardLeavesAfter: Int? = null,
    @SerialName("card_leaves_at_pin") val cardLeavesAtPin: Boolean = false,
    @SerialName("carried_out") val carriedOut: Boolean = false,
    @SerialName("garbage_at") val garbageAt: Int? = null,
    val length: Int? = null,
)

/** The word that an answer or expectation consists of. */
fun word(text: String): JsonElement = JsonPrimitive(text)

/** The only field of an object that must have no other. */
fun JsonObject.only(): Pair<String, JsonPrimitive> = entries.single().let { it.key to it.value.jsonPrimitive }
