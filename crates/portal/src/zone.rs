//! Times as people read them: where the institution is, whose clocks they know.

use kazasu_service::page::Language;
use serde::Deserialize;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// How far clocks are ahead of Coordinated Universal Time; in settings `"+09:00"`, which is the
/// default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Zone(UtcOffset);

/// Japan has no summer time.
const JAPAN: i8 = 9;

/// No country's clocks are farther ahead, or behind.
const FARTHEST: i8 = 14;

const OFFSET: &[BorrowedFormatItem<'_>] =
    format_description!("[offset_hour sign:mandatory]:[offset_minute]");

/// What is no offset.
#[derive(Debug, thiserror::Error)]
#[error("must be an offset such as \"+09:00\"")]
pub struct NoOffset;

impl Default for Zone {
    fn default() -> Self {
        let japan = UtcOffset::from_hms(JAPAN, 0, 0);
        Self(japan.expect("nine hours is less than a day"))
    }
}

impl TryFrom<String> for Zone {
    type Error = NoOffset;

    fn try_from(text: String) -> Result<Self, NoOffset> {
        let offset = UtcOffset::parse(&text, OFFSET).map_err(|_| NoOffset)?;
        match offset.whole_hours().abs() {
            0..=FARTHEST => Ok(Self(offset)),
            _ => Err(NoOffset),
        }
    }
}

impl Zone {
    /// Such as `2026年11月3日 21:05（日本時間）` or `3 November 2026, 21:05 (Japan time, UTC+09:00)`;
    /// `at` is in seconds since the Unix epoch.
    pub fn say(self, at: i64, language: Language) -> String {
        // A time that no calendar has comes from no clock.
        let at = OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let at = at.checked_to_offset(self.0).unwrap_or(at);
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, _) = at.to_hms();
        match language {
            Language::Japanese => format!(
                "{year}年{}月{day}日 {hour}:{minute:02}（{}）",
                u8::from(month),
                self.name(language)
            ),
            Language::English => format!(
                "{day} {month} {year}, {hour:02}:{minute:02} ({})",
                self.name(language)
            ),
        }
    }

    fn name(self, language: Language) -> String {
        let offset = self
            .0
            .format(OFFSET)
            .expect("an offset has hours and minutes");
        match (self == Self::default(), language) {
            (true, Language::Japanese) => "日本時間".to_owned(),
            (true, Language::English) => format!("Japan time, UTC{offset}"),
            (false, _) => format!("UTC{offset}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(offset: &str, at: i64) -> [String; 2] {
        let zone = Zone::try_from(offset.to_owned()).unwrap();
        Language::ALL.map(|language| zone.say(at, language))
    }

    #[test]
    fn times_are_said_where_the_institution_is() {
        // 2026-11-03 23:05:59 UTC
        let at = 1_793_747_159;
        assert_eq!(
            said("+09:00", at),
            [
                "2026年11月4日 8:05（日本時間）",
                "4 November 2026, 08:05 (Japan time, UTC+09:00)"
            ]
        );
        assert_eq!(
            said("-03:30", at),
            [
                "2026年11月3日 19:35（UTC-03:30）",
                "3 November 2026, 19:35 (UTC-03:30)"
            ]
        );
        assert_eq!(
            Zone::default(),
            Zone::try_from("+09:00".to_owned()).unwrap()
        );
    }

    #[test]
    fn no_clock_and_no_offset_is_a_panic() {
        for at in [i64::MIN, -1, 0, i64::MAX] {
            said("-14:30", at);
            said("+14:00", at);
        }
        for text in ["", "9", "+9", "JST", "+15:00", "+09:60", "09:00"] {
            assert!(Zone::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
