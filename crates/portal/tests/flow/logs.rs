//! What is logged when others say more than they should.

use crate::harness::*;
use kazasu_service::telemetry::{Telemetry, TelemetrySettings};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn what_a_provider_says_of_somebody_is_not_logged_where_it_cannot_be_read() {
    let log = Log::default();
    let (settings, writer) = (TelemetrySettings::default(), log.clone());
    let (subscriber, _) =
        Telemetry::prepare(&settings, "tested", "trace", move || writer.clone(), false).unwrap();
    let _default = tracing::subscriber::set_default(subscriber);
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.tap(&site, "link", &TAROS).await;
    for (claim, value) in [
        ("address", json!("1-2-3 Somewhere")),
        ("birthdate", json!({"day": "20010203"})),
        ("email_verified", json!("taro@mail.example")),
    ] {
        let request = browser.leave_to_sign_in(&page).await;
        let answer = site.sign_in_to(TARO).but(claim, value);
        let answer = site.sign_in.answer(&request, answer);
        browser.get(&answer).await.refuses("sign_in_cancelled");
    }
    let text = log.text();
    assert!(text.contains("cannot be read at"), "{text}");
    for said in ["Somewhere", "20010203", "taro@mail.example"] {
        assert!(!text.contains(said), "{said}: {text}");
    }
}
