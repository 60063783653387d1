//! Text that people are shown before they agree.

/// Characters that a name or a host may not contain: control characters, line separators and marks
/// that change the direction of text (UAX #9 §2). With them it could make the sentence around it
/// say something else.
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        )
        || matches!(c, '\u{2066}'..='\u{2069}')
}
