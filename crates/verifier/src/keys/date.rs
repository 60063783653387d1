//! Times as people read them: the Gregorian calendar, in UTC.

const DAY: i64 = 86_400;

/// The first midnight at or after a time; both in seconds since the Unix epoch.
pub(super) fn midnight_from(time: i64) -> i64 {
    time + (-time).rem_euclid(DAY)
}

/// A time in seconds since the Unix epoch, as RFC 3339 has it.
pub(super) fn text(time: i64) -> String {
    let second = time.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", day_text(time))
}

/// The day of a time, as in 2026-11-24.
pub(super) fn day_text(time: i64) -> String {
    let (year, month, day) = civil(time.div_euclid(DAY));
    format!("{year:04}-{month:02}-{day:02}")
}

/// The midnight a day begins with; `None` if the text is not what [`day_text`] writes.
pub(super) fn midnight_of(text: &str) -> Option<i64> {
    let mut numbers = text.splitn(3, '-').map(str::parse);
    let mut next = || numbers.next()?.ok();
    let midnight = days(next()?, next()?, next()?) * DAY;
    (day_text(midnight) == text).then_some(midnight)
}

/// Days from 1970-01-01 on. A year is counted from March, so that the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let from_march = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * from_march + 2) / 5 + day - 1 - DAYS_BEFORE_1970
}

/// From March 1 of the year 0 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;

/// The date of a day from 1970-01-01 on: the last one that is not later.
fn civil(day: i64) -> (i64, i64, i64) {
    let mut year = 1970 + day.div_euclid(366);
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    let starts = |month: &i64| days(year, *month, 1) <= day;
    let month = (1..=12).rfind(starts).unwrap_or(1);
    (year, month, day - days(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_is_read_as_it_was_written() {
        for day in 0..146_097 {
            assert_eq!(midnight_of(&day_text(day * DAY)), Some(day * DAY));
        }
    }

    #[test]
    fn a_day_is_the_calendars() {
        assert_eq!(day_text(1_709_164_800), "2024-02-29");
        assert_eq!(text(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(midnight_from(1_709_164_800), 1_709_164_800);
        assert_eq!(midnight_from(1_709_164_801), 1_709_251_200);
        for text in ["", "2023-02-29", "2024-2-29", "2024-02-29-1", "2024-13-01"] {
            assert_eq!(midnight_of(text), None, "{text}");
        }
    }
}
