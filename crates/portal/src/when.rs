//! Times as people read them: in the institution's time zone, to the minute.

use chrono::{DateTime, Datelike as _, FixedOffset, Timelike as _};
use kazasu_service::page::Language;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `at`, in seconds since the Unix epoch, where clocks are `offset` minutes ahead of UTC:
/// "2026年11月22日 18時05分" or "22 November 2026, 18:05".
pub(crate) fn when(at: i64, offset: i32, language: Language) -> String {
    let Some(time) = local(at, offset) else {
        return String::new();
    };
    let (hour, minute) = (time.hour(), time.minute());
    match language {
        Language::Japanese => format!(
            "{}年{}月{}日 {hour}時{minute:02}分",
            time.year(),
            time.month(),
            time.day()
        ),
        Language::English => format!(
            "{} {} {}, {hour:02}:{minute:02}",
            time.day(),
            MONTHS[time.month0() as usize],
            time.year()
        ),
    }
}

fn local(at: i64, offset: i32) -> Option<DateTime<FixedOffset>> {
    let zone = FixedOffset::east_opt(offset * 60)?;
    Some(DateTime::from_timestamp(at, 0)?.with_timezone(&zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_its_zone_and_language() {
        // 2026-11-22 15:05:59 UTC is the next day in Japan.
        let at = 1_795_359_959;
        assert_eq!(when(at, 540, Language::Japanese), "2026年11月23日 0時05分");
        assert_eq!(when(at, 0, Language::English), "22 November 2026, 15:05");
        assert_eq!(when(i64::MAX, 540, Language::English), "");
    }
}
