//! Generalized times.

use chrono::NaiveDateTime;

/// Seconds since the Unix epoch of a generalized time, RFC 4517, 3.3.13. A fraction is for
/// seconds only.
pub(super) fn generalized_time(text: &str) -> Option<i64> {
    let (local, zone) = text.split_at(text.find(['Z', '+', '-'])?);
    let (whole, fraction) = local.split_once(['.', ',']).unwrap_or((local, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || (whole != local && whole.len() != 14) {
        return None;
    }
    let rest = match whole.len() {
        10 => "0000",
        12 => "00",
        14 => "",
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&format!("{whole}{rest}"), "%Y%m%d%H%M%S").ok()?;
    Some(time.and_utc().timestamp() - offset(zone)?)
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits = &zone[1..];
    let is_known = matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = digits.parse().ok().filter(|_| is_known)?;
    let (hours, minutes) = match digits.len() {
        2 => (number, 0),
        _ => (number / 100, number % 100),
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_that_servers_write() {
        let expected = Some(1_806_505_200);
        for text in [
            "20270331150000Z",
            "202703311500Z",
            "2027033115Z",
            "20270331150000.0Z",
            "20270331150000,999Z",
            "20270401000000+0900",
            "20270401000000+09",
            "20270331103000-0430",
        ] {
            assert_eq!(generalized_time(text), expected, "{text}");
        }
        assert_eq!(generalized_time("19700101000000Z"), Some(0));
        assert!(generalized_time("000001010000Z").is_some_and(|time| time < 0));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Z",
            "20270331150000",
            "20271331150000Z",
            "20270230150000Z",
            "2027033115.5Z",
            "20270331150000.Z",
            "20270331150000+9",
            "20270331150000+0960",
            "20270331150000Zx",
            "20270331150000+０９",
            "+20270331150000Z",
            "133000000000000000",
        ] {
            assert_eq!(generalized_time(text), None, "{text}");
        }
    }
}
