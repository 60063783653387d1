//! PC/SC readers: the real pcscd, vpcd as its reader, and the emulated card.

use kazasu_card::{
    AuthPin, Card, ChannelError, ChannelLimits, CommandApdu, Digest, LastTry, PinStatus,
    ProfilePin, Transceive,
};
use kazasu_demo::process::binary;
use kazasu_emulator::card::EmulatedCard;
use kazasu_emulator::fault::Fault;
use kazasu_emulator::field::Field;
use kazasu_emulator::holder::Holder;
use kazasu_emulator::reader::{VpcdCard, VpcdMode};
use kazasu_reader::{
    CardChannel, ChildProgram, OpenedReader, ReaderError, ReaderInfo, ReaderKind, ReaderState,
    Readers, Settings,
};
use kazasu_tests::pcscd::{self, FIRST_READER, PcSc, SECOND_READER, SECOND_SLOT};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(20);

fn taro() -> Holder {
    Holder::samples().swap_remove(0)
}

/// Runs the async `body` beside a PC/SC service of its own.
fn alone(test: &str, body: impl AsyncFnOnce(&PcSc, Readers)) {
    pcscd::alone(test, &[], &taro(), |pcsc| {
        let readers = Readers::new(Settings {
            connection_strings: Vec::new(),
            pcsc: true,
            exchange_timeout: Duration::from_secs(10),
            child: ChildProgram::at(binary("kazasu").expect("kazasu is built")),
        });
        pcsc.runtime().block_on(body(pcsc, readers));
    });
}

async fn open(readers: &Readers) -> OpenedReader {
    let opened = readers.open(Some(FIRST_READER), Duration::ZERO).await;
    opened.expect("the reader is there")
}

async fn card_on(reader: &mut OpenedReader) -> CardChannel<'_> {
    reader.wait_for_card(WAIT).await.expect("a card")
}

fn select_isd() -> CommandApdu {
    CommandApdu::new(0x00, 0xA4, 0x04, 0x0C)
        .with_data(&[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00])
        .expect("seven bytes fit")
}

fn profile_pin() -> ProfilePin {
    ProfilePin::new("2345").expect("four digits")
}

async fn read_name<T: Transceive>(card: &mut Card<T>) -> String {
    let mut profile = card.profile().await.expect("a profile");
    let name = profile.name(&profile_pin(), LastTry::Refuse).await;
    name.expect("a name")
}

#[test]
fn everything_on_the_card_is_read_over_pcsc() {
    alone(
        "everything_on_the_card_is_read_over_pcsc",
        async |pcsc, readers| {
            let mut reader = open(&readers).await;
            let channel = card_on(&mut reader).await;
            assert_eq!(channel.limits(), ChannelLimits::EXTENDED);
            let mut card = Card::new(channel);
            assert_eq!(read_name(&mut card).await, "見本　太郎");
            let mut jpki = card.jpki().await.expect("a JPKI application");
            let certificate = jpki
                .authentication_certificate()
                .await
                .expect("a certificate");
            assert_eq!(certificate.der(), pcsc.issued.auth_certificate_der);
            let pin = AuthPin::new("1234").expect("four digits");
            let digest = Digest::Sha256([7; 32]);
            let signature = jpki
                .sign_for_authentication(&pin, &digest, LastTry::Refuse)
                .await;
            assert_eq!(signature.expect("a signature").len(), 256);
            card.leave().await.expect("the card can be left");
            reader.close().await;
        },
    );
}

#[test]
fn readers_with_and_without_a_card_are_listed() {
    alone(
        "readers_with_and_without_a_card_are_listed",
        async |_, readers| {
            let info = |name: &str, state| ReaderInfo {
                name: name.to_owned(),
                kind: ReaderKind::PcSc,
                state,
            };
            let listing = readers.list().await.expect("a listing");
            let expected = [
                info(FIRST_READER, ReaderState::CardPresent),
                info(SECOND_READER, ReaderState::Empty),
            ];
            assert_eq!(listing.readers, expected);
            let unknown = readers.open(Some("no such reader"), Duration::ZERO).await;
            assert!(matches!(unknown, Err(ReaderError::UnknownReader { .. })));
            let empty = readers.open(Some(SECOND_READER), Duration::ZERO).await;
            let mut empty = empty.expect("the reader is there");
            let outcome = empty.wait_for_card(Duration::ZERO).await;
            assert!(matches!(outcome, Err(ReaderError::NoCard { .. })));
        },
    );
}

#[test]
fn the_only_card_tells_which_reader_is_meant_and_two_cards_do_not() {
    let test = "the_only_card_tells_which_reader_is_meant_and_two_cards_do_not";
    alone(test, async |pcsc, readers| {
        let chosen = readers.open(None, WAIT).await.expect("one card");
        assert_eq!(chosen.name(), FIRST_READER);
        chosen.close().await;

        let field = Field::new();
        let card = EmulatedCard::new(&taro(), &pcsc.issued).expect("a card");
        field.present(Arc::new(Mutex::new(card)));
        let _vpcd = VpcdCard::start(VpcdMode::Connect(SECOND_SLOT), field).await;
        let second = readers.open(Some(SECOND_READER), Duration::ZERO).await;
        let mut second = second.expect("the reader is there");
        card_on(&mut second).await;
        second.close().await;
        let outcome = readers.open(None, WAIT).await;
        let Err(ReaderError::SeveralCards { names }) = outcome else {
            panic!("not told apart: {outcome:?}");
        };
        assert_eq!(names, [FIRST_READER, SECOND_READER]);
    });
}

#[test]
fn a_card_taken_away_at_any_exchange_is_lost_and_found_again() {
    let test = "a_card_taken_away_at_any_exchange_is_lost_and_found_again";
    alone(test, async |pcsc, readers| {
        let mut reader = open(&readers).await;
        for after in 0..3 {
            let mut channel = card_on(&mut reader).await;
            pcsc.field.set_faults(vec![Fault::Drop {
                after,
                back: false,
                carried_out: false,
            }]);
            for _ in 0..after {
                channel.transceive(&select_isd()).await.expect("not yet");
            }
            for _ in 0..2 {
                let outcome = channel.transceive(&select_isd()).await;
                assert_eq!(outcome, Err(ChannelError::CardLost), "after {after}");
            }
            pcsc.field.present(pcsc.card.clone());
        }
        let mut card = Card::new(card_on(&mut reader).await);
        assert_eq!(read_name(&mut card).await, "見本　太郎");
    });
}

#[test]
fn an_answer_that_is_no_response_is_garbage() {
    alone(
        "an_answer_that_is_no_response_is_garbage",
        async |pcsc, readers| {
            let mut reader = open(&readers).await;
            let mut channel = card_on(&mut reader).await;
            pcsc.field
                .set_faults(vec![Fault::Garbage { at: 1, length: 1 }]);
            let outcome = channel.transceive(&select_isd()).await;
            assert_eq!(outcome, Err(ChannelError::Garbage { length: 1 }));
            channel.transceive(&select_isd()).await.expect("an answer");
        },
    );
}

#[test]
fn a_power_cycle_forgets_the_verified_pin() {
    alone(
        "a_power_cycle_forgets_the_verified_pin",
        async |_, readers| {
            let mut reader = open(&readers).await;
            let mut card = Card::new(card_on(&mut reader).await);
            read_name(&mut card).await;
            card.reset().await.expect("the card is still there");
            let mut channel = card.into_channel();
            // READ BINARY of EF 0002 by short identifier, in whatever is selected now.
            let read = CommandApdu::new(0x00, 0xB0, 0x82, 0x00).expecting(48);
            let response = channel.transceive(&read).await.expect("an answer");
            assert!(!response.status().data_is_valid());
        },
    );
}

#[test]
fn closing_the_reader_forgets_the_verified_pin() {
    alone(
        "closing_the_reader_forgets_the_verified_pin",
        async |_, readers| {
            let mut reader = open(&readers).await;
            // The card is not left: the application with the verified PIN stays selected.
            read_name(&mut Card::new(card_on(&mut reader).await)).await;
            reader.close().await;
            let mut reader = open(&readers).await;
            let mut channel = card_on(&mut reader).await;
            let read = CommandApdu::new(0x00, 0xB0, 0x82, 0x00).expecting(48);
            let response = channel.transceive(&read).await.expect("an answer");
            assert!(!response.status().data_is_valid());
        },
    );
}

#[test]
fn a_card_in_use_is_not_shared() {
    alone("a_card_in_use_is_not_shared", async |_, readers| {
        let mut first = open(&readers).await;
        card_on(&mut first).await;
        let mut second = open(&readers).await;
        let outcome = second.wait_for_card(Duration::ZERO).await;
        assert!(
            matches!(outcome, Err(ReaderError::InUse { .. })),
            "{outcome:?}"
        );
        let listing = readers.list().await.expect("a listing");
        let states: Vec<_> = listing.readers.iter().map(|reader| reader.state).collect();
        assert_eq!(states, [ReaderState::InUse, ReaderState::Empty]);
        first.close().await;
        card_on(&mut second).await;
    });
}

#[test]
fn a_service_that_crashes_is_a_reader_that_is_gone() {
    alone(
        "a_service_that_crashes_is_a_reader_that_is_gone",
        async |_, readers| {
            let mut reader = open(&readers).await;
            let mut channel = card_on(&mut reader).await;
            let text =
                std::fs::read_to_string("/run/pcscd/pcscd.pid").expect("it wrote its number");
            let pid = Pid::from_raw(
                text.trim_matches(|c: char| !c.is_ascii_digit())
                    .parse()
                    .expect("a number"),
            );
            kill(pid, Signal::SIGKILL).expect("it can be killed");
            let outcome = channel.transceive(&select_isd()).await;
            assert_eq!(outcome, Err(ChannelError::ReaderGone));
            let outcome = reader.wait_for_card(WAIT).await;
            assert!(
                matches!(outcome, Err(ReaderError::Gone { .. })),
                "{outcome:?}"
            );
        },
    );
}

#[test]
fn with_kazasu_a_wrong_pin_costs_one_try_and_is_sent_once() {
    let test = "with_kazasu_a_wrong_pin_costs_one_try_and_is_sent_once";
    alone(test, async |pcsc, readers| {
        let mut kazasu = Command::new(binary("kazasu").expect("kazasu is built"))
            .args([
                "--json",
                "--reader",
                FIRST_READER,
                "card",
                "name",
                "--profile-pin-fd",
                "0",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("kazasu starts");
        let mut pin = kazasu.stdin.take().expect("it is piped");
        pin.write_all(b"9999\n").expect("kazasu reads it");
        drop(pin);
        let output = kazasu.wait_with_output().expect("kazasu ends");
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.code(), Some(5), "{said}");
        let last = said.lines().last().expect("a line");
        let error: serde_json::Value = serde_json::from_str(last).expect("JSON");
        assert_eq!(error["code"], "wrong_pin");
        assert_eq!(error["retries_left"], 2);
        let sent = pcsc.card.lock().expect("nobody panicked").pin_counters();
        assert_eq!(sent.verifies, 1);
        let mut reader = open(&readers).await;
        let mut card = Card::new(card_on(&mut reader).await);
        let mut profile = card.profile().await.expect("a profile");
        let status = profile.pin_status().await.expect("a counter");
        assert_eq!(status, PinStatus::RetriesLeft(2));
    });
}
