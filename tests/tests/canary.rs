//! Canaries: a holder whose every secret is unmistakable taps, mistypes, and is refused; then
//! every log, database file and page is searched for them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use der::{Decode, Encode};
use kazasu_demo::started::Started;
use kazasu_demo::tap::{Tap, TapOptions};
use kazasu_emulator::holder::Holder;
use kazasu_emulator::reader::VirtualPn532;
use kazasu_tests::world::World;
use std::fs::File;
use std::path::Path;
use x509_cert::Certificate;

const HOLDER: &str = r#"
id = "canary"
name = "金糸雀　鳴子"
address = "金糸雀県鳥籠市止まり木町九丁目"
birth = "1987-06-05"
sex = "female"
my_number = "314159265358"

[pins]
authentication = "7391"
profile = "8264"
signature = "CANARY99"
"#;

/// Something that must not be found, and how it may look.
struct Canary {
    what: &'static str,
    forms: Vec<Vec<u8>>,
}

impl Canary {
    fn new(what: &'static str, bytes: &[u8]) -> Self {
        let hex = hex::encode(bytes);
        let forms = vec![
            bytes.to_vec(),
            hex.to_uppercase().into_bytes(),
            hex.into_bytes(),
            BASE64_STANDARD_NO_PAD.encode(bytes).into_bytes(),
            BASE64_URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
            // How Debug shows a list of bytes.
            format!("{bytes:?}")
                .trim_matches(['[', ']'])
                .as_bytes()
                .to_vec(),
        ];
        Self { what, forms }
    }

    /// Four digits turn up by chance; as a PIN they stand alone or in a VERIFY command.
    fn pin(what: &'static str, pin: &str) -> Self {
        let forms = [
            format!("\"{pin}\""),
            format!(" {pin} "),
            format!("={pin} "),
            format!("{pin}\n"),
            format!("04{}", hex::encode(pin)),
            format!("{:?}", pin.as_bytes())
                .trim_matches(['[', ']'])
                .to_owned(),
        ];
        Self {
            what,
            forms: forms.map(String::into_bytes).into(),
        }
    }

    fn found_in(&self, haystack: &[u8]) -> bool {
        self.forms
            .iter()
            .any(|form| haystack.windows(form.len()).any(|w| w == form))
    }
}

fn canaries(certificate: &[u8]) -> Vec<Canary> {
    let parsed = Certificate::from_der(certificate).unwrap();
    let tbs = &parsed.tbs_certificate;
    let subject = tbs.subject.to_string();
    let common_name = subject
        .split(',')
        .find_map(|part| part.strip_prefix("CN="))
        .unwrap();
    let serial = tbs.serial_number.as_bytes();
    let decimal = serial
        .iter()
        .fold(0u64, |n, byte| n << 8 | u64::from(*byte));
    let key = tbs
        .subject_public_key_info
        .subject_public_key
        .to_der()
        .unwrap();
    vec![
        Canary::pin("authentication PIN", "7391"),
        Canary::pin("profile PIN", "8264"),
        Canary::pin("mistyped PIN", "7193"),
        Canary::new("signature password", b"CANARY99"),
        Canary::new("My Number", b"314159265358"),
        Canary::new("address", "金糸雀県".as_bytes()),
        Canary::new("birth date", b"19870605"),
        Canary::new("name", "金糸雀　鳴子".as_bytes()),
        Canary::new("subject", common_name.as_bytes()),
        Canary::new("serial", serial),
        Canary::new("serial in decimal", decimal.to_string().as_bytes()),
        Canary::new("certificate", &key[64..96]),
        Canary::new(
            "end of the certificate",
            &certificate[certificate.len() - 32..],
        ),
    ]
}

/// Searches every file below `folder`, and returns how many bytes that were.
fn search(folder: &Path, canaries: &[Canary], found: &mut Vec<String>) -> usize {
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            searched += search(&path, canaries, found);
        } else if path.is_file() {
            let content = std::fs::read(&path).unwrap();
            searched += content.len();
            for canary in canaries.iter().filter(|canary| canary.found_in(&content)) {
                found.push(format!("{} in {}", canary.what, path.display()));
            }
        }
    }
    searched
}

#[tokio::test]
async fn no_secret_reaches_a_log_a_database_or_a_page() {
    let world = World::with_holders(vec![Holder::parse(HOLDER).unwrap()])
        .await
        .unwrap();
    let pn532 = world.folder.path().join("pn532");
    let _reader = VirtualPn532::open(&pn532, world.emulator.field().clone()).unwrap();
    let logs = world.folder.path().join("kazasu.log");
    let certificate = {
        let authority = world.emulator.authority().lock().unwrap();
        authority
            .card("canary")
            .unwrap()
            .auth_certificate_der
            .clone()
    };
    let canaries = canaries(&certificate);
    let mut found = Vec::new();

    for purpose in ["link", "view"] {
        let mut started = Started::begin(&world.portal, purpose, "other-device")
            .await
            .unwrap();
        let mut tap = Tap::start(TapOptions {
            ticket: &started.ticket,
            reader: &format!("pn532_uart:{}", pn532.display()),
            deployment: &format!("{}={}", world.verifier.ticket_origin, world.verifier.origin),
            pins: &["7193", "7391"],
            profile_pins: &["8264"],
            connect_to: None,
            log: Some(
                File::options()
                    .create(true)
                    .append(true)
                    .open(&logs)
                    .unwrap(),
            ),
        })
        .await
        .unwrap();
        let event = tap.until("pairing").await.unwrap();
        let digits = event["digits"].as_str().unwrap().to_owned();
        let page = started.type_digits(&digits).await.unwrap();
        let end = tap.finish().await.unwrap();
        if purpose == "link" {
            assert_eq!(end.last["outcome"], "accepted", "{}", end.last);
            // Accepted and not yet redeemed: now the name is in the database.
            search(world.folder.path(), &canaries, &mut found);
            let callback = started
                .browser
                .open(&started.page.url)
                .await
                .unwrap()
                .callback()
                .unwrap();
            world
                .portal
                .finish(started.request, &callback)
                .await
                .unwrap();
            world
                .emulator
                .authority()
                .lock()
                .unwrap()
                .hold("canary", (world.emulator.clock())())
                .unwrap();
        } else {
            assert_eq!(end.last["reason"], "certificate_on_hold", "{}", end.last);
        }
        let mut shown = [started.page.html, page.html].concat();
        for event in end.events {
            shown.push_str(&event.to_string());
        }
        for canary in canaries
            .iter()
            .filter(|canary| canary.found_in(shown.as_bytes()))
        {
            found.push(format!("{} on a page or in an event", canary.what));
        }
    }
    let searched = search(world.folder.path(), &canaries, &mut found);
    assert!(found.is_empty(), "{found:#?}");
    for log in ["verifier.log", "kazasu.log"] {
        let log = std::fs::read_to_string(world.folder.path().join(log)).unwrap();
        assert!(log.contains("TRACE"), "there is no log: {log}");
    }
    assert!(
        searched > 50_000,
        "the logs are not there: {searched} bytes"
    );
}

#[test]
fn a_planted_canary_is_found_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let canary = Canary::new("serial", &[0x12, 0x34, 0x56, 0x78]);
    for form in &canary.forms {
        std::fs::write(
            folder.path().join("log"),
            [b"before ", &form[..], b" after"].concat(),
        )
        .unwrap();
        let mut found = Vec::new();
        search(folder.path(), std::slice::from_ref(&canary), &mut found);
        assert_eq!(found.len(), 1);
    }
    let pin = Canary::pin("PIN", "7391");
    assert!(pin.found_in(b"pin=7391 ") && pin.found_in(b"00200098 0437333931"));
    assert!(!pin.found_in(b"a73914f"));
}
