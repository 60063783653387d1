//! Dates as cards have them.

use serde::Deserialize;

/// A calendar date, `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Date {
    /// Year, 1868 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
}

impl TryFrom<String> for Date {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const EXPECTED: &str = "a date must look like 1980-02-17";
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else {
            return Err(EXPECTED);
        };
        if (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return Err(EXPECTED);
        }
        let date = Self {
            year: year.parse().map_err(|_| EXPECTED)?,
            month: month.parse().map_err(|_| EXPECTED)?,
            day: day.parse().map_err(|_| EXPECTED)?,
        };
        let in_range = (1868..=9999).contains(&date.year)
            && (1..=12).contains(&date.month)
            && (1..=31).contains(&date.day);
        in_range.then_some(date).ok_or(EXPECTED)
    }
}

impl Date {
    /// The date as the profile file has it: `YYYYMMDD`.
    pub(crate) fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }

    /// The date as verification codes have it: the year of the Japanese era, month, day.
    pub(crate) fn era_digits(self) -> String {
        let today = (self.year, self.month, self.day);
        // First day of each era: Reiwa, Heisei, Shōwa, Taishō, Meiji.
        let starts = [
            (2019, 5, 1),
            (1989, 1, 8),
            (1926, 12, 25),
            (1912, 7, 30),
            (1868, 1, 1),
        ];
        let era_start = starts.into_iter().find(|start| today >= *start);
        let first_year = era_start.map_or(1868, |(year, _, _)| year);
        format!(
            "{:02}{:02}{:02}",
            (self.year - first_year + 1) % 100,
            self.month,
            self.day
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_date_is_refused() {
        for date in [
            "1980-13-01",
            "1980-00-10",
            "80-01-01",
            "1980-1-1",
            "someday",
        ] {
            assert!(Date::try_from(date.to_owned()).is_err(), "{date}");
        }
    }

    #[test]
    fn code_dates_count_the_years_of_the_era() {
        let date = |text: &str| Date::try_from(text.to_owned()).unwrap().era_digits();
        assert_eq!(date("1980-02-17"), "550217");
        assert_eq!(date("1989-01-07"), "640107");
        assert_eq!(date("1989-01-08"), "010108");
        assert_eq!(date("2004-07-01"), "160701");
    }
}
