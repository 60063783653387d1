package app.kazasu

import java.util.Locale

/** What a ticket asks for, and who asks. Times are instants of the wall clock. */
typealias TapDetails = app.kazasu.ffi.TapDetails

/** The details as sentences for the consent screen, in one language. */
typealias Consent = app.kazasu.ffi.Consent

/** Six digits for the person to type into the page, the only origin to type them at, and when they end. */
typealias PairingDigits = app.kazasu.ffi.PairingDigits

/** What happened, in one sentence, and what to do now: empty where there is nothing to do. */
typealias Message = app.kazasu.ffi.Message

/** A language that every text comes in: `JAPANESE` or `ENGLISH`. */
typealias Language = app.kazasu.ffi.Language

/** How browser and card come together: `SAME_PHONE`, `OTHER_DEVICE` or `LOCAL`. */
typealias Mode = app.kazasu.ffi.Mode

/** What a tap is for: `VIEW`, `LINK`, `UNLINK`, `RECOVER`, `RESCUE`, `JOIN` or `COUNTER`. */
typealias Purpose = app.kazasu.ffi.Purpose

/** Which of the card's two PINs: `AUTHENTICATION` (利用者証明用) or `PROFILE` (券面事項入力補助用). */
typealias PinKind = app.kazasu.ffi.PinKind

/** What is happening at the card: `READING_NAME`, `READING_CERTIFICATE`, `SIGNING` or `CHECKING`. */
typealias TapStep = app.kazasu.ffi.TapStep

/** What kind of card lies there: `MY_NUMBER_CARD`, `JUKI_CARD`, `ANDROID_PHONE`, `IPHONE` or `OTHER`. */
typealias CardKind = app.kazasu.ffi.CardKind

/** A rule of the certificate profile that a certificate broke. */
typealias ProfileRule = app.kazasu.ffi.ProfileRule

/** The language for a person who uses [locale]. */
fun languageOf(locale: Locale = Locale.getDefault()): Language =
    if (locale.language == "ja") Language.JAPANESE else Language.ENGLISH

/** What the person who holds the card is told during this step. */
fun TapStep.message(language: Language): String = app.kazasu.ffi.stepMessage(this, language)
