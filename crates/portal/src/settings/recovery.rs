//! `[recovery]`: what a recovery issues.

use crate::password::Rule;
use kazasu_service::page::Bilingual;
use kazasu_service::settings::{Problems, web};
use serde::Deserialize;
use url::Url;

/// What a recovery issues.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// What a password has to be like.
    pub password: Rule,
    /// People may choose a password themselves.
    pub own_password: bool,
    /// How many seconds a temporary access pass works.
    pub access_pass_lifetime: i64,
    /// How often an account may be recovered in a day.
    pub per_day: u32,
    /// Where people sign in with a new password.
    pub sign_in_url: Option<Bilingual>,
    /// Where people register second factors with a temporary access pass.
    pub security_info_url: Option<Bilingual>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RecoveryTable {
    password: Rule,
    own_password: bool,
    access_pass_lifetime: i64,
    per_day: u32,
    sign_in_url: Option<Bilingual>,
    security_info_url: Option<Bilingual>,
}

impl Default for RecoveryTable {
    fn default() -> Self {
        Self {
            password: Rule::default(),
            own_password: true,
            access_pass_lifetime: 3600,
            per_day: 6,
            sign_in_url: None,
            security_info_url: None,
        }
    }
}

impl RecoveryTable {
    pub(super) fn check(self, problems: &mut Problems) -> Option<Recovery> {
        if let Err(why) = self.password.is_possible() {
            problems.add(format!("recovery.password: {why}"));
        }
        if !(60..=86_400).contains(&self.access_pass_lifetime) {
            problems.add("recovery.access_pass_lifetime: must be one minute to one day");
        }
        if self.per_day == 0 {
            problems.add("recovery.per_day: must be at least 1");
        }
        let links = [
            ("sign_in_url", &self.sign_in_url),
            ("security_info_url", &self.security_info_url),
        ];
        for (key, link) in links {
            for text in link.iter().flat_map(|link| [&link.ja, &link.en]) {
                if !Url::parse(text).is_ok_and(|url| web::is_web(&url)) {
                    problems.add(format!("recovery.{key}: must be https addresses"));
                }
            }
        }
        Some(Recovery {
            password: self.password,
            own_password: self.own_password,
            access_pass_lifetime: self.access_pass_lifetime,
            per_day: self.per_day,
            sign_in_url: self.sign_in_url,
            security_info_url: self.security_info_url,
        })
    }
}
