//! What is wrong with settings, collected.

use super::SettingsError;
use std::collections::BTreeSet;
use std::str::FromStr;

/// Collects what is wrong, so that one attempt shows it all.
#[derive(Debug, Default)]
pub struct Problems {
    found: Vec<String>,
    warnings: Vec<String>,
    /// Values that are gone because they could not be read; they are not also "missing".
    unreadable: BTreeSet<String>,
}

/// What passed, and what its operator should still know.
#[derive(Debug)]
pub struct Checked<T> {
    /// The settings.
    pub settings: T,
    /// Sentences for the operator; the settings can be used nevertheless.
    pub warnings: Vec<String>,
}

impl Problems {
    /// Notes a problem; it starts with the place, as in `limits.address: must be positive`.
    pub fn add(&mut self, problem: impl Into<String>) {
        self.found.push(problem.into());
    }

    /// Notes something that works and is probably not meant.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// The value of a key that must be there. `place` is its whole path; elements of a list are
    /// numbered from 0, as in `relying_party.0.sector`.
    pub fn required<T>(&mut self, place: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.unreadable.contains(place) {
            self.add(format!("{place}: is missing"));
        }
        value
    }

    /// Words that have a meaning, each parsed; the others are problems.
    pub fn words<T: FromStr>(&mut self, place: &str, words: &[String]) -> Vec<T> {
        let mut known = Vec::new();
        for word in words {
            match word.parse() {
                Ok(meaning) => known.push(meaning),
                Err(_) => self.add(format!("{place}: {word:?} is not a known word")),
            }
        }
        known
    }

    /// Notes that the value at `place` is of the wrong type, or is no key at all.
    pub(super) fn unreadable(&mut self, place: String, what: &str) {
        self.add(format!("{place}: {what}"));
        self.unreadable.insert(place);
    }

    /// `settings`, unless something is wrong.
    ///
    /// # Errors
    /// [`SettingsError::Invalid`] with every problem.
    pub fn finish<T>(self, settings: Option<T>) -> Result<Checked<T>, SettingsError> {
        match settings {
            Some(settings) if self.found.is_empty() => Ok(Checked {
                settings,
                warnings: self.warnings,
            }),
            _ => Err(SettingsError::Invalid(self.found)),
        }
    }
}
