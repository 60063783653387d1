//! OpenSC, which knows this card, against the emulated one through real PC/SC.

use kazasu_emulator::card::{EmulatedCard, Secret};
use kazasu_emulator::holder::{EmptyVerify, Holder};
use kazasu_tests::pcscd::{self, FIRST_READER, PcSc};
use pcsc::{Context, Protocols, Scope, ShareMode};
use std::ffi::CString;
use std::fs;
use std::process::{Command, Output};

fn taro() -> Holder {
    Holder::samples().swap_remove(0)
}

fn path(pcsc: &PcSc, name: &str) -> String {
    pcsc.folder.join(name).display().to_string()
}

fn tries_left(pcsc: &PcSc) -> Option<u8> {
    let card = pcsc.card.lock().expect("nobody panicked");
    card.tries_left(Secret::Authentication)
}

/// An OpenSC program, told the card's driver so that it does not try 29 others first.
fn opensc(pcsc: &PcSc, program: &str, arguments: &[&str]) -> Output {
    let configuration = path(pcsc, "opensc.conf");
    let text = "app default {\n  card_drivers = jpki;\n}\n";
    fs::write(&configuration, text).expect("the folder can be written");
    let mut command = Command::new(program);
    command.args(arguments).env("OPENSC_CONF", configuration);
    command.output().expect("the program was found before")
}

/// Signs `message` as the holder with this PIN.
fn sign(pcsc: &PcSc, pin: &str) -> Output {
    fs::write(path(pcsc, "message"), "a statement").expect("the folder can be written");
    let module = module();
    let [message, signature] = ["message", "signature"].map(|name| path(pcsc, name));
    let arguments = [
        &["--module", &module, "--slot-index", "0"][..],
        &["--login", "--pin", pin, "--sign", "--id", "01"],
        &["-m", "SHA256-RSA-PKCS", "-i", &message, "-o", &signature],
    ];
    opensc(pcsc, "pkcs11-tool", &arguments.concat())
}

/// OpenSC's PKCS #11 module, in the folder of this machine's kind.
fn module() -> String {
    let folders = fs::read_dir("/usr/lib").expect("every system has it");
    let modules = folders
        .flatten()
        .map(|folder| folder.path().join("opensc-pkcs11.so"));
    let module = modules.into_iter().find(|module| module.is_file());
    module
        .expect("opensc-pkcs11 is installed")
        .display()
        .to_string()
}

fn openssl(arguments: &[&str]) -> Output {
    let output = Command::new("openssl").args(arguments).output();
    output.expect("openssl was found before")
}

/// What a program that succeeded said.
fn said(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn opensc_names_the_card() {
    let test = "opensc_names_the_card";
    pcscd::alone(test, &["opensc-tool"], &taro(), |_| {
        // Here no driver is named: it has to find out among all those it knows.
        let output = Command::new("opensc-tool").arg("-n").output();
        assert_eq!(said(output.expect("it was found before")).trim(), "jpki");
    });
}

#[test]
fn opensc_lists_pins_keys_and_certificates() {
    let test = "opensc_lists_pins_keys_and_certificates";
    pcscd::alone(test, &["pkcs15-tool"], &taro(), |pcsc| {
        let dump = said(opensc(pcsc, "pkcs15-tool", &["--dump"]));
        let tries: Vec<_> = dump.lines().filter(|l| l.contains("Tries left")).collect();
        assert_eq!(
            tries,
            ["\tTries left     : 3", "\tTries left     : 5"],
            "{dump}"
        );
        for object in [
            "PIN [User Authentication PIN]",
            "PIN [Digital Signature PIN]",
            "Private RSA Key [User Authentication Key]",
            "Private RSA Key [Digital Signature Key]",
            "X.509 Certificate [User Authentication Certificate]",
            "X.509 Certificate [Digital Signature Certificate]",
            "X.509 Certificate [User Authentication Certificate CA]",
            "X.509 Certificate [Digital Signature Certificate CA]",
        ] {
            assert!(dump.lines().any(|line| line == object), "{object}\n{dump}");
        }
    });
}

#[test]
fn opensc_reads_the_certificates_that_were_issued() {
    let test = "opensc_reads_the_certificates_that_were_issued";
    pcscd::alone(test, &["pkcs15-tool", "openssl"], &taro(), |pcsc| {
        let certificates = [
            ("01", &pcsc.issued.auth_certificate_der),
            ("03", &pcsc.issued.auth_ca_certificate_der),
            ("04", &pcsc.issued.sign_ca_certificate_der),
        ];
        for (id, issued) in certificates {
            let arguments = ["--read-certificate", id, "-o", &path(pcsc, "pem")];
            said(opensc(pcsc, "pkcs15-tool", &arguments));
            let pem = path(pcsc, "pem");
            let read = openssl(&["x509", "-in", &pem, "-outform", "DER"]);
            assert_eq!(read.stdout, *issued, "certificate {id}");
        }
    });
}

#[test]
fn a_signature_by_opensc_verifies_with_openssl() {
    let test = "a_signature_by_opensc_verifies_with_openssl";
    pcscd::alone(test, &["pkcs11-tool", "openssl"], &taro(), |pcsc| {
        said(sign(pcsc, &taro().pins.authentication));
        let [certificate, key] = ["certificate", "key"].map(|name| path(pcsc, name));
        fs::write(&certificate, &pcsc.issued.auth_certificate_der)
            .expect("the folder can be written");
        let public = ["-pubkey", "-noout", "-out", &key];
        let from = ["x509", "-inform", "DER", "-in", &certificate];
        said(openssl(&[&from[..], &public].concat()));
        let [message, signature] = ["message", "signature"].map(|name| path(pcsc, name));
        let verify = ["dgst", "-sha256", "-verify", &key];
        let verdict = openssl(&[&verify[..], &["-signature", &signature, &message]].concat());
        assert_eq!(said(verdict).trim(), "Verified OK");
        assert_eq!(tries_left(pcsc), Some(3));
    });
}

#[test]
fn a_wrong_pin_at_opensc_costs_one_try() {
    let test = "a_wrong_pin_at_opensc_costs_one_try";
    pcscd::alone(test, &["pkcs11-tool"], &taro(), |pcsc| {
        let refused = sign(pcsc, "9999");
        let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(errors.contains("CKR_PIN_INCORRECT"), "{errors}");
        assert_eq!(tries_left(pcsc), Some(2));
    });
}

/// Here OpenSC and the emulator disagree. To an empty VERIFY of a PIN that is verified some cards
/// answer 9000, by the crate `myna-card` and docs/card.md; OpenSC knows 63Cx only and then refuses
/// the card. The emulated card answers 9000 unless told otherwise.
#[test]
fn opensc_refuses_a_card_that_tells_it_the_pin_is_verified() {
    let test = "opensc_refuses_a_card_that_tells_it_the_pin_is_verified";
    pcscd::alone(test, &["pkcs15-tool"], &taro(), |pcsc| {
        let usual = dump_with_pin_verified(pcsc, taro());
        let errors = String::from_utf8_lossy(&usual.stderr).into_owned();
        assert!(errors.contains("PKCS#15 binding failed"), "{errors}");

        let mut counting = taro();
        counting.behaviour.empty_verify_after_login = EmptyVerify::Counter;
        let dump = said(dump_with_pin_verified(pcsc, counting));
        assert!(dump.contains("User Authentication Key"), "{dump}");
    });
}

/// `pkcs15-tool --dump` of a card whose authentication PIN another program has verified.
fn dump_with_pin_verified(pcsc: &PcSc, holder: Holder) -> Output {
    let card = EmulatedCard::new(&holder, &pcsc.issued).expect("the keys fit");
    *pcsc.card.lock().expect("nobody panicked") = card;
    let context = Context::establish(Scope::User).expect("pcscd runs");
    let reader = CString::new(FIRST_READER).expect("a name");
    // Held until the dump is made, or the card would lose its power.
    let holding = context
        .connect(&reader, ShareMode::Shared, Protocols::ANY)
        .expect("the card is there");
    let select = b"\x00\xA4\x04\x0C\x0A\xD3\x92\xF0\x00\x26\x01\x00\x00\x00\x01";
    let verify = [
        b"\x00\x20\x00\x98\x04",
        holder.pins.authentication.as_bytes(),
    ]
    .concat();
    for command in [&select[..], &verify] {
        let mut buffer = [0; 258];
        let answer = holding.transmit(command, &mut buffer);
        assert_eq!(answer, Ok(&[0x90, 0x00][..]));
    }
    opensc(pcsc, "pkcs15-tool", &["--dump"])
}
