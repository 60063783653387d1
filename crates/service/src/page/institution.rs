//! Whose pages these are.

use super::Language;
use serde::Deserialize;
use std::path::Path;

/// A text in both languages; in a configuration `{ ja = "…", en = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

impl Bilingual {
    /// In one of the two.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.ja,
            Language::English => &self.en,
        }
    }
}

/// The institution that runs the server, and its own pages.
#[derive(Debug, Clone)]
pub struct Institution {
    /// What people call it.
    pub name: Bilingual,
    /// Shown beside the name.
    pub logo: Option<Logo>,
    /// The address of its help.
    pub help: Option<Bilingual>,
    /// The address of what it does with data.
    pub privacy: Option<Bilingual>,
    /// The address of its terms of use.
    pub terms: Option<Bilingual>,
}

/// A picture file.
#[derive(Debug, Clone)]
pub struct Logo {
    pub(super) bytes: Vec<u8>,
    pub(super) extension: &'static str,
    pub(super) media_type: &'static str,
}

/// Why a logo cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogoError {
    /// Its name says no kind that is known.
    #[error("is neither .svg nor .png")]
    Kind,
    /// It cannot be read.
    #[error("cannot be read")]
    File(#[from] std::io::Error),
}

impl Logo {
    /// Reads an SVG or PNG file.
    ///
    /// # Errors
    /// [`LogoError`].
    pub fn read(path: &Path) -> Result<Self, LogoError> {
        let (extension, media_type) = match path.extension().and_then(|e| e.to_str()) {
            Some("svg") => ("svg", "image/svg+xml"),
            Some("png") => ("png", "image/png"),
            _ => return Err(LogoError::Kind),
        };
        Ok(Self {
            bytes: std::fs::read(path)?,
            extension,
            media_type,
        })
    }
}
