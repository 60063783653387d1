//! `kazasu` as a person and as a program uses it, on the emulator's virtual PN532.

mod bench;
mod tap;

use crate::bench::{Bench, text};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use der::Decode;
use kazasu_demo::process::binary;
use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use x509_cert::Certificate;

const SIGN_ZEROS: [&str; 6] = [
    "card",
    "sign",
    "--sha256",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "--pin-fd",
    "3",
];

#[tokio::test]
async fn a_signature_verifies_with_the_key_in_the_certificate() {
    let bench = Bench::new().await;
    let file = bench.folder.path().join("message");
    fs::write(&file, "a message").expect("a file");
    let file = file.to_str().expect("UTF-8");
    let sign = ["card", "sign", file, "--format", "raw", "--pin-fd", "3"];
    let signature = bench.kazasu("1234\n", &sign);
    assert!(signature.status.success(), "{}", text(&signature.stderr));
    let der = bench
        .kazasu("", &["card", "certificate", "--format", "der"])
        .stdout;
    assert_eq!(
        der,
        bench
            .emulator
            .certificate("taro")
            .await
            .expect("it was issued")
    );
    let certificate = Certificate::from_der(&der).expect("a certificate");
    let key = certificate
        .tbs_certificate
        .subject_public_key_info
        .subject_public_key;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.raw_bytes())
        .verify(b"a message", &signature.stdout)
        .expect("a good signature");
}

#[tokio::test]
async fn pem_and_der_are_the_same_certificate_and_the_issuers_is_another() {
    let bench = Bench::new().await;
    let der = bench
        .kazasu("", &["card", "certificate", "--format", "der"])
        .stdout;
    let pem = bench.kazasu("", &["card", "certificate"]).stdout;
    let (label, content) = der::pem::decode_vec(&pem).expect("PEM");
    assert_eq!((label, &content), ("CERTIFICATE", &der));
    let (events, _) = bench.events("", &["card", "certificate"]);
    assert_eq!(events[0]["pem"], text(&pem));
    let ca = bench
        .kazasu("", &["card", "certificate", "--ca", "--format", "der"])
        .stdout;
    let [own, ca] = [&der, &ca].map(|der| Certificate::from_der(der).expect("a certificate"));
    assert_eq!(own.tbs_certificate.issuer, ca.tbs_certificate.subject);
}

#[tokio::test]
async fn what_is_not_a_pin_never_reaches_a_card() {
    let bench = Bench::new().await;
    for pin in [
        "",
        "\n",
        "123\n",
        "12345\n",
        "abcd\n",
        "１２３４\n",
        "1234 \n",
    ] {
        for command in [&SIGN_ZEROS[..], &["card", "name", "--profile-pin-fd", "3"]] {
            let refused = ("malformed_pin".to_owned(), 2);
            assert_eq!(bench.error(pin, command), refused, "{pin:?}");
        }
    }
    assert_eq!(bench.count("count").await, 0);
}

#[tokio::test]
async fn tries_are_shown_before_each_pin_and_the_last_is_used_only_when_allowed() {
    let bench = Bench::new().await;
    for (before, after) in [(3, 2), (2, 1)] {
        let (events, exit) = bench.events("9999\n", &SIGN_ZEROS);
        assert_eq!(exit, 5);
        let [shown, error] = &events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(shown["event"], "pin_status");
        assert_eq!(shown["retries_left"], before);
        assert_eq!(error["code"], "wrong_pin");
        assert_eq!(error["retries_left"], after);
    }
    assert_eq!(bench.count("verifies").await, 2);
    assert_eq!(
        bench.error("1234\n", &SIGN_ZEROS),
        ("last_try".to_owned(), 5)
    );
    assert_eq!(bench.count("verifies").await, 2);
    let allowed = [&SIGN_ZEROS[..], &["--allow-last-try"]].concat();
    assert_eq!(
        bench.error("9999\n", &allowed),
        ("pin_blocked".to_owned(), 5)
    );
    assert_eq!(bench.count("verifies").await, 3);
    // Nothing is sent to a blocked PIN, and the other PIN has nothing to do with it.
    assert_eq!(
        bench.error("1234\n", &allowed),
        ("pin_blocked".to_owned(), 5)
    );
    assert_eq!(bench.count("verifies").await, 3);
    let (events, _) = bench.events("", &["card", "pin-status"]);
    assert_eq!(events[0]["authentication_pin"]["state"], "blocked");
    assert_eq!(events[0]["name_pin"]["retries_left"], 3);
}

#[tokio::test]
async fn each_kind_of_failure_has_its_exit_code() {
    let bench = Bench::new().await;
    let error = |arguments: &[&str]| bench.error("1234\n", arguments);
    let expected = |code: &str, exit| (code.to_owned(), exit);
    let missing = ["card", "sign", "/nonexistent", "--pin-fd", "3"];
    assert_eq!(error(&missing), expected("file", 7));
    let unknown = ["--reader", "no such reader", "card", "info"];
    assert_eq!(error(&unknown), expected("unknown_reader", 3));
    let gone = ["--reader", "pn532_uart:/nonexistent", "card", "info"];
    assert_eq!(error(&gone), expected("reader_gone", 3));
    assert_eq!(error(&["card", "name"]), expected("pin_needed", 2));

    let ticket = "http://localhost:1/t/0123456789abcdefghijkl";
    let tap = |deployment| {
        [
            "tap",
            ticket,
            "--yes",
            "--pin-fd",
            "3",
            "--deployment",
            deployment,
        ]
    };
    let elsewhere = tap("https://tap.example=https://verifier.example");
    assert_eq!(error(&elsewhere), expected("unknown_host", 2));
    let insecure = tap("http://tap.example=http://verifier.example");
    assert_eq!(error(&insecure), expected("bad_deployment", 2));
    // Nothing listens on port 1 of this machine.
    for origin in ["http://localhost:1", "https://localhost:1"] {
        let ticket = format!("{origin}/t/0123456789abcdefghijkl");
        let deployment = format!("{origin}={origin}");
        let offline = [
            "tap",
            &ticket,
            "--yes",
            "--pin-fd",
            "3",
            "--deployment",
            &deployment,
        ];
        assert_eq!(error(&offline), expected("offline", 6));
    }
    // What nobody could answer is noticed before anything is sent.
    let local = "http://localhost:1=http://localhost:1";
    let silent = ["tap", ticket, "--deployment", local, "--pin-fd", "3"];
    assert_eq!(error(&silent), expected("consent_needed", 2));
    let no_pin = ["tap", ticket, "--deployment", local, "--yes"];
    assert_eq!(error(&no_pin), expected("pin_needed", 2));
    let plain = [&tap(local)[..], &["--connect-to", "192.0.2.1:80"]].concat();
    assert_eq!(error(&plain), expected("insecure_address", 2));

    let lost = json!([{"fault": "drop", "after": 1}]);
    bench.emulator.faults(lost).await.expect("a known fault");
    assert_eq!(error(&["card", "info"]), expected("card_lost", 4));
    assert_eq!(error(&["card", "info"]), expected("no_card", 3));
    let usage = bench.kazasu("", &["card", "sign"]);
    assert_eq!(usage.status.code(), Some(2));
}

#[tokio::test]
async fn the_counter_is_asked_for_once_before_a_pin() {
    let bench = Bench::new().await;
    let name = ["card", "name", "--profile-pin-fd", "3"];
    assert!(bench.kazasu("2345\n", &name).status.success());
    assert_eq!(bench.sent("00200091").await, (2, 1));
    assert!(bench.kazasu("1234\n", &SIGN_ZEROS).status.success());
    assert_eq!(bench.sent("00200098").await, (2, 1));
}

#[tokio::test]
async fn an_unclear_answer_to_a_pin_says_that_a_try_may_have_been_used() {
    let bench = Bench::new().await;
    // SELECT, the counter, the PIN.
    let unclear = json!([{"fault": "status", "at": 3, "sw": "6F00"}]);
    bench.emulator.faults(unclear).await.expect("a known fault");
    let (events, exit) = bench.events("9999\n", &["card", "name", "--profile-pin-fd", "3"]);
    let error = events.last().expect("an event");
    assert_eq!((&error["code"], exit), (&json!("pin_outcome_unknown"), 4));
    let message = error["message"].as_str().expect("a sentence");
    assert!(message.contains("A try may have been used"), "{message}");
    let (events, _) = bench.events("", &["card", "pin-status"]);
    assert_eq!(events[0]["name_pin"]["retries_left"], 2);
}

#[tokio::test]
async fn programs_are_told_which_file_a_result_went_to() {
    let bench = Bench::new().await;
    let der = bench.emulator.certificate("taro").await.expect("it is");
    let (events, _) = bench.events("", &["card", "certificate", "--format", "der"]);
    assert_eq!(events, [json!({ "der": BASE64_STANDARD.encode(&der) })]);

    let file = bench.folder.path().join("result");
    let file = file.to_str().expect("UTF-8");
    let certificate = ["card", "certificate", "--format", "der", "-o", file];
    let (events, _) = bench.events("", &certificate);
    assert_eq!(events, [json!({"output": file, "format": "der"})]);
    assert_eq!(fs::read(file).expect("it was written"), der);

    let sign = [&SIGN_ZEROS[..], &["--format", "raw", "-o", file]].concat();
    let (events, _) = bench.events("1234\n", &sign);
    let expected = json!({"algorithm": "rsa-pkcs1-sha256", "output": file, "format": "raw"});
    assert_eq!(events.last(), Some(&expected));
    assert_eq!(fs::read(file).expect("it was written").len(), 256);
}

#[tokio::test]
async fn phones_and_older_cards_are_named_before_any_pin_is_asked_for() {
    for (token, word) in [("android", "android_phone"), ("juki_card", "juki_card")] {
        let bench = Bench::with_holders(|folder| {
            let taro = include_str!("../../../crates/emulator/holders/taro.toml");
            let file = folder.join("taro.toml");
            let text = taro.replacen("\n[pins]", &format!("\ntoken = \"{token}\"\n\n[pins]"), 1);
            fs::write(&file, text).expect("a file");
            vec![file]
        })
        .await;
        let (events, exit) = bench.events("", &["card", "info"]);
        assert_eq!((&events[0]["token"], exit), (&json!(word), 0));
        assert_eq!(events[0]["name_pin"], Value::Null);
        let refused = ("phone_token".to_owned(), 4);
        assert_eq!(bench.error("", &["card", "pin-status"]), refused);
    }
}

#[tokio::test]
async fn a_person_who_pipes_the_output_gets_plain_text_and_what_to_do_next() {
    let bench = Bench::new().await;
    let output = bench.kazasu("2345\n", &["card", "name", "--profile-pin-fd", "3"]);
    assert_eq!(text(&output.stdout), "見本　太郎\n");
    let output = bench.kazasu("9999\n", &["card", "name", "--profile-pin-fd", "3"]);
    let said = text(&output.stderr);
    assert!(
        output.stdout.is_empty() && !said.contains('\x1b'),
        "{said:?}"
    );
    assert!(
        said.contains("3 tries left") && said.contains("2 tries left"),
        "{said}"
    );
    assert!(
        said.lines()
            .last()
            .is_some_and(|line| line.starts_with('→')),
        "{said}"
    );
}

#[tokio::test]
async fn a_pin_typed_on_a_terminal_is_not_echoed() {
    let bench = Bench::new().await;
    let terminal = openpty(None, None).expect("a pseudo-terminal");
    let stderr = terminal.slave.try_clone().expect("it can be cloned");
    // setsid makes the terminal on its standard input the controlling one, which prompts go to.
    let kazasu = Command::new("setsid")
        .args(["--ctty", "--wait"])
        .arg(binary("kazasu").expect("kazasu is built"))
        .args(["--lang", "en", "card", "name"])
        .env("LIBNFC_DEVICE", bench.emulator.reader())
        .stdin(terminal.slave)
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .expect("setsid starts");
    let give_up = Instant::now() + Duration::from_secs(20);
    loop {
        let flags = tcgetattr(&terminal.master)
            .expect("its settings")
            .local_flags;
        if !flags.contains(LocalFlags::ECHO) {
            break;
        }
        assert!(Instant::now() < give_up, "kazasu never asked");
        // A terminal's settings can only be looked at, not waited for.
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut master = File::from(terminal.master);
    master.write_all(b"2345\n").expect("kazasu reads it");
    let mut shown = Vec::new();
    // Reading ends with an error when the last process has left the terminal.
    let _ = master.read_to_end(&mut shown);
    let output = kazasu.wait_with_output().expect("kazasu ends");
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), "見本　太郎\n");
    let shown = String::from_utf8_lossy(&shown);
    assert!(
        shown.contains("3 tries left") && !shown.contains("2345"),
        "{shown}"
    );
}

#[test]
fn help_and_documentation_list_the_same_exit_codes() {
    let help = Command::new(binary("kazasu").expect("kazasu is built"))
        .arg("--help")
        .output();
    let help = text(&help.expect("kazasu runs").stdout);
    let documentation = include_str!("../../../docs/cli.md");
    let rows: Vec<_> = documentation
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .filter(|(code, _)| code.parse::<u8>().is_ok())
        .collect();
    assert_eq!(rows.len(), 8);
    for (code, meaning) in rows {
        assert!(
            help.contains(&format!("  {code}  {meaning}\n")),
            "{code}: {meaning}"
        );
    }
}

#[test]
fn every_command_has_a_manual_page_and_completions() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &[&std::ffi::OsStr]| {
        let done = Command::new(binary("kazasu").expect("kazasu is built"))
            .args(words)
            .output()
            .expect("kazasu runs");
        assert!(done.status.success(), "{words:?}");
        text(&done.stdout)
    };
    run(&["man".as_ref(), folder.path().as_ref()]);
    for page in ["kazasu", "kazasu-tap", "kazasu-card-sign", "kazasu-readers"] {
        let path = folder.path().join(page).with_extension("1");
        assert!(path.is_file(), "{page}");
    }
    let script = run(&["completions".as_ref(), "bash".as_ref()]);
    assert!(script.contains("readers") && script.contains("completions"));
}
