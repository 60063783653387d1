//! `[pages]`: whose pages these are, and the institution's own.

use super::{Problems, web};
use crate::page::{Bilingual, Institution, Logo};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use url::Url;

/// `[pages]`.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct PagesTable {
    institution: Option<Bilingual>,
    logo: Option<PathBuf>,
    help: Option<Bilingual>,
    privacy: Option<Bilingual>,
    terms: Option<Bilingual>,
}

impl PagesTable {
    /// Whose pages these are; without an institution they carry the product's name. Relative paths
    /// start at `folder`.
    pub fn check(self, problems: &mut Problems, folder: &Path) -> Institution {
        for (key, link) in [
            ("help", &self.help),
            ("privacy", &self.privacy),
            ("terms", &self.terms),
        ] {
            for (language, text) in link.iter().flat_map(|l| [("ja", &l.ja), ("en", &l.en)]) {
                if !Url::parse(text).is_ok_and(|url| web::is_web(&url)) {
                    problems.add(format!("pages.{key}.{language}: must be an https address"));
                }
            }
        }
        let logo = self.logo.and_then(|path| {
            let logo = Logo::read(&folder.join(&path));
            logo.map_err(|error| problems.add(format!("pages.logo: {} {error}", path.display())))
                .ok()
        });
        Institution {
            name: self.institution.unwrap_or_else(|| Bilingual {
                ja: "かざす".into(),
                en: "Kazasu".into(),
            }),
            logo,
            help: self.help,
            privacy: self.privacy,
            terms: self.terms,
        }
    }
}
