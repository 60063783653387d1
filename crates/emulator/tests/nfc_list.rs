//! The virtual PN532 seen by libnfc itself, through its own tool `nfc-list`.

#![allow(clippy::unwrap_used, reason = "a test ends where its helpers fail")]

use kazasu_emulator::authority::{Authority, AuthorityOptions, IssuedCard, KeyAlgorithm};
use kazasu_emulator::card::EmulatedCard;
use kazasu_emulator::field::{Field, SharedCard};
use kazasu_emulator::holder::Holder;
use kazasu_emulator::reader::VirtualPn532;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::process::Command;

/// A card that takes frames of so many bytes.
fn card(frame_size: u16) -> SharedCard {
    static ISSUED: OnceLock<IssuedCard> = OnceLock::new();
    let issued = ISSUED.get_or_init(|| {
        let now = 1_800_000_000;
        Authority::new(AuthorityOptions::default(), now)
            .and_then(|mut authority| authority.enrol("taro", KeyAlgorithm::Rsa2048, now))
            .unwrap()
    });
    let mut holder = Holder::samples().remove(0);
    holder.behaviour.frame_size = frame_size;
    Arc::new(Mutex::new(EmulatedCard::new(&holder, issued).unwrap()))
}

/// Whether libnfc's tool is there. Where it must be, its absence fails; elsewhere it is said past
/// any capture, so that nobody takes the test for one that passed.
async fn is_installed(test: &str) -> bool {
    let installed = Command::new("nfc-list").arg("-h").output().await.is_ok();
    let why = "nfc-list is not installed (apt-get install libnfc-bin)";
    if !installed {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "{test} cannot run: {why}");
        let _ = writeln!(std::io::stderr(), "DID NOT RUN: {test}: {why}");
    }
    installed
}

async fn nfc_list(path: &Path) -> String {
    let output = Command::new("nfc-list")
        .args(["-t", "8"])
        .env("LIBNFC_DEVICE", format!("pn532_uart:{}", path.display()))
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(60), output)
        .await
        .unwrap()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nfc_list_sees_one_type_b_card_and_none_once_it_is_gone() {
    if !is_installed("nfc_list_sees_one_type_b_card_and_none_once_it_is_gone").await {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pn532");
    let field = Field::new();
    let _pn532 = VirtualPn532::open(&path, field.clone()).unwrap();

    field.present(card(256));
    let seen = nfc_list(&path).await;
    let one = "1 ISO14443B passive target(s) found";
    assert!(seen.contains(one), "{seen}");
    assert!(seen.contains("Application Data: 00  00  05  e0"), "{seen}");
    assert!(seen.contains("Protocol Info: b3  81  a1"), "{seen}");
    field.remove();
    let seen = nfc_list(&path).await;
    assert!(seen.contains("device opened"), "{seen}");
    assert!(!seen.contains("ISO14443B"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nfc_list_sees_the_frame_size_that_the_holder_file_states() {
    if !is_installed("nfc_list_sees_the_frame_size_that_the_holder_file_states").await {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pn532");
    let field = Field::new();
    let _pn532 = VirtualPn532::open(&path, field.clone()).unwrap();
    // Code 5 is 64 bytes, code 0 is 16 (ISO/IEC 14443-3 §7.9.4.4).
    for (size, info) in [(64, "b3  51  a1"), (16, "b3  01  a1")] {
        field.present(card(size));
        let seen = nfc_list(&path).await;
        assert!(seen.contains(&format!("Protocol Info: {info}")), "{seen}");
    }
}
