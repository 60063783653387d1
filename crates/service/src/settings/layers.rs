//! Where settings are written: a file, and environment variables over it.

use super::{Problems, SettingsError};
use figment::error::Kind;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::path::Path;
use toml::de::DeTable;

/// What parts of a variable's name stand for `.` in a key.
const SEPARATOR: &str = "__";

/// The layers of settings, lowest first.
pub struct Layers {
    figment: Figment,
}

impl Layers {
    /// Reads the file at `path`, and the environment over it: `PREFIX__LIMITS__ADDRESS=5` sets
    /// `limits.address`. Values are written as in TOML, and may leave out the quotes of a text that
    /// does not read as something else; a list of tables is replaced as a whole.
    ///
    /// # Errors
    /// [`SettingsError`]: the file cannot be read or is not TOML.
    pub fn read(
        path: &Path,
        prefix: &str,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File {
            path: path.into(),
            source,
        })?;
        let mut layers = Self::parse(&text)?;
        for (name, value) in environment {
            // What is not Unicode is not one of ours: the prefix is ASCII, and so are all keys.
            let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else {
                continue;
            };
            let key = name
                .strip_prefix(prefix)
                .and_then(|rest| rest.strip_prefix(SEPARATOR));
            if let Some(key) = key {
                let key = key.to_ascii_lowercase().replace(SEPARATOR, ".");
                let parsed: Value = value.parse().expect("any text is at least a text");
                layers.figment = layers.figment.merge(Layer {
                    name: format!("environment variable {name}"),
                    dict: figment::util::nest(&key, parsed)
                        .into_dict()
                        .unwrap_or_default(),
                });
            }
        }
        Ok(layers)
    }

    /// Only the file, given as text.
    ///
    /// # Errors
    /// [`SettingsError::Invalid`] with all errors of syntax. Lines are named, not quoted: they may
    /// hold a password.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let (_, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let problems = errors.iter().map(|error| syntax(text, error)).collect();
            return Err(SettingsError::Invalid(problems));
        }
        let table: toml::Table = toml::from_str(text)
            .map_err(|error| SettingsError::Invalid(vec![syntax(text, &error)]))?;
        let value = Value::serialize(table).expect("TOML has maps with text as keys");
        Ok(Self {
            figment: Figment::from(Layer {
                name: "the file".to_owned(),
                dict: value.into_dict().unwrap_or_default(),
            }),
        })
    }

    /// The settings as `T`. What cannot be read is noted in `problems` and left out, so that
    /// reading goes on; `None` only where a key without a default is missing.
    pub fn extract<T: DeserializeOwned>(&self, problems: &mut Problems) -> Option<T> {
        let mut value = Value::from(self.figment.data().ok()?.remove(&Profile::Default)?);
        loop {
            let error = match value.deserialize::<T>() {
                Ok(settings) => return Some(settings),
                Err(error) => error,
            };
            let mut path = error.path;
            let (what, can_go_on) = match error.kind {
                Kind::UnknownField(name, known) => {
                    let known = known.join(", ");
                    // The path ends with the field itself where a map was read.
                    if path.last() != Some(&name) {
                        path.push(name);
                    }
                    (format!("is not a known key; known are {known}"), true)
                }
                Kind::UnknownVariant(_, known) => {
                    (format!("must be one of {}", known.join(", ")), true)
                }
                Kind::MissingField(name) => {
                    path.push(name.into_owned());
                    ("is missing".to_owned(), false)
                }
                // The value itself is not shown: it may be a password.
                Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
                    (format!("must be {expected}"), true)
                }
                Kind::Message(message) => (message, true),
                other => (other.to_string(), true),
            };
            let place = path.join(".");
            let source = self.source(&place);
            problems.unreadable(place, &format!("{what}{source}"));
            if !can_go_on || !remove(&mut value, &path) {
                return None;
            }
        }
    }

    /// Names the environment variable that a value came from.
    fn source(&self, place: &str) -> String {
        match self.figment.find_metadata(place) {
            Some(metadata) if metadata.name.starts_with("environment") => {
                format!(" ({})", metadata.name)
            }
            _ => String::new(),
        }
    }
}

struct Layer {
    name: String,
    dict: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.dict.clone())]))
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let line = text
        .bytes()
        .take(start)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1;
    format!("line {line}: {}", error.message())
}

/// Takes out the value at `path`; `false` if there is none, or it is the whole. Of a list the whole
/// is taken, because the numbers of the others would no longer be those in the file.
fn remove(value: &mut Value, path: &[String]) -> bool {
    let Some((key, rest)) = path.split_first() else {
        return false;
    };
    match value {
        Value::Dict(_, dict) => {
            let Some(inner) = dict.get_mut(key) else {
                return false;
            };
            let is_element = rest.len() == 1 && matches!(inner, Value::Array(..));
            if rest.is_empty() || is_element {
                return dict.remove(key).is_some();
            }
            remove(inner, rest)
        }
        Value::Array(_, list) => key
            .parse()
            .ok()
            .and_then(|index: usize| list.get_mut(index))
            .is_some_and(|element| remove(element, rest)),
        _ => false,
    }
}
