//! What the host of ticket links shows: a link that no app opened, and the two files by which
//! phones know which apps may open them. Looking at a ticket claims nothing.

use crate::app::App;
use crate::settings::{Apps, Stores};
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use kazasu_service::page::{Page, Visitor, Words};
use serde_json::{Value, json};
use std::sync::Arc;

/// Where Android looks (Digital Asset Links, "Statement list").
pub(super) const ANDROID_PATH: &str = "/.well-known/assetlinks.json";

/// Where iOS looks (Apple, "Supporting associated domains"): no extension, application/json.
pub(super) const IOS_PATH: &str = "/.well-known/apple-app-site-association";

#[derive(Template)]
#[template(path = "ticket.html")]
struct Body<'a> {
    words: Words<'a>,
    stores: &'a Stores,
}

pub(super) async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    let language = visitor.language(None);
    let words = app.frame.words(language);
    let stores = &app.settings.apps.stores;
    let body = Body { words, stores };
    let body = body.render().expect("writing to a string does not fail");
    let title = words.say("ticket-page");
    app.frame.show(&visitor, &Page::new(language, &title, body))
}

pub(super) async fn android(State(app): State<Arc<App>>) -> Json<Value> {
    Json(statements(&app.settings.apps))
}

pub(super) async fn ios(State(app): State<Arc<App>>) -> Json<Value> {
    Json(association(&app.settings.apps))
}

/// One statement for each app; the relation is the one of app links.
fn statements(apps: &Apps) -> Value {
    let statement = |app: &crate::settings::AndroidApp| {
        json!({
            "relation": ["delegate_permission/common.handle_all_urls"],
            "target": {
                "namespace": "android_app",
                "package_name": app.package,
                "sha256_cert_fingerprints": app.sha256_fingerprints,
            },
        })
    };
    apps.android.iter().map(statement).collect()
}

/// The format since iOS 13: the apps, and the addresses that they open.
fn association(apps: &Apps) -> Value {
    let mut details = Vec::new();
    if !apps.ios.is_empty() {
        details.push(json!({ "appIDs": apps.ios, "components": [{ "/": "/t/*" }] }));
    }
    json!({ "applinks": { "details": details } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::AndroidApp;

    #[test]
    fn phones_are_told_which_apps_open_tickets() {
        let apps = Apps {
            android: vec![AndroidApp {
                package: "example.kazasu".into(),
                sha256_fingerprints: vec!["AB:CD".into()],
            }],
            ios: vec!["ABCDE12345.example.kazasu".into()],
            stores: Stores::default(),
        };
        let android = statements(&apps);
        assert_eq!(android[0]["target"]["namespace"], "android_app");
        assert_eq!(android[0]["target"]["sha256_cert_fingerprints"][0], "AB:CD");
        assert_eq!(
            association(&apps),
            json!({ "applinks": { "details": [{
                "appIDs": ["ABCDE12345.example.kazasu"], "components": [{ "/": "/t/*" }],
            }] } })
        );
    }

    #[test]
    fn without_apps_the_files_are_there_and_name_none() {
        assert_eq!(statements(&Apps::default()), json!([]));
        assert_eq!(
            association(&Apps::default()),
            json!({ "applinks": { "details": [] } })
        );
    }
}
