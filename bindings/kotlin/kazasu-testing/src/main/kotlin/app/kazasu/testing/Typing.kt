package app.kazasu.testing

import app.kazasu.Pin

/** A new PIN that [digits] were typed into. For tests only: an app never has digits in a `String`. */
fun pin(digits: String): Pin = Pin().apply { digits.forEach { push(it.digitToInt()) } }
