//! `[apps]`: the apps that may open ticket links, and where people get them.

use kazasu_service::settings::{Problems, web};
use serde::Deserialize;
use url::Url;

/// The apps that may open ticket links.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Apps {
    /// For Android.
    pub android: Vec<AndroidApp>,
    /// For iOS: team identifier, a dot, bundle identifier.
    pub ios: Vec<String>,
    /// Where people get them.
    #[serde(rename = "store")]
    pub stores: Stores,
}

/// An Android app, as Digital Asset Links name it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AndroidApp {
    /// Its package name.
    pub package: String,
    /// SHA-256 of the certificates it may be signed with: 32 upper-case hexadecimal bytes with
    /// colons between them.
    pub sha256_fingerprints: Vec<String>,
}

/// Addresses in app stores.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stores {
    /// For Android.
    pub android: Option<String>,
    /// For iOS.
    pub ios: Option<String>,
}

pub(super) fn check(problems: &mut Problems, apps: &Apps) {
    for (number, app) in apps.android.iter().enumerate() {
        let place = format!("apps.android.{number}");
        if !app.package.contains('.') {
            problems.add(format!("{place}.package: must be a package name"));
        }
        if app.sha256_fingerprints.is_empty() {
            problems.add(format!("{place}.sha256_fingerprints: name at least one"));
        }
        for fingerprint in &app.sha256_fingerprints {
            if !is_fingerprint(fingerprint) {
                problems.add(format!(
                    "{place}.sha256_fingerprints: {fingerprint:?} must be 32 upper-case hexadecimal bytes with colons"
                ));
            }
        }
    }
    for app in &apps.ios {
        let is_named = app
            .split_once('.')
            .is_some_and(|(team, bundle)| team.len() == 10 && !bundle.is_empty());
        if !is_named {
            problems.add(format!(
                "apps.ios: {app:?} must be a team identifier of ten characters, a dot, and a bundle identifier"
            ));
        }
    }
    for (place, address) in [
        ("apps.store.android", &apps.stores.android),
        ("apps.store.ios", &apps.stores.ios),
    ] {
        let is_fine = |text: &String| Url::parse(text).is_ok_and(|url| web::is_web(&url));
        if !address.as_ref().is_none_or(is_fine) {
            problems.add(format!("{place}: must be an https address"));
        }
    }
}

fn is_fingerprint(text: &str) -> bool {
    let is_byte = |pair: &str| {
        pair.len() == 2
            && pair
                .chars()
                .all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c))
    };
    text.split(':').count() == 32 && text.split(':').all(is_byte)
}
