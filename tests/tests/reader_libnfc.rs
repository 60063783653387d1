//! Real libnfc, in its child process, on the emulator's virtual PN532.

use kazasu_card::{
    AuthPin, Card, CardError, ChannelError, CommandApdu, Digest, LastTry, ProfilePin, Transceive,
};
use kazasu_demo::emulator::Emulator;
use kazasu_demo::process::binary;
use kazasu_reader::{
    CardChannel, ChildProgram, OpenedReader, ReaderError, ReaderInfo, ReaderKind, ReaderState,
    Readers, Settings,
};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// Time for a card on the virtual reader to answer: a hundred times what it needs.
const EXCHANGE: Duration = Duration::from_millis(600);
const WAIT: Duration = Duration::from_secs(10);

/// An emulator and the readers of a machine that has only its PN532.
struct Bench {
    emulator: Emulator,
    readers: Readers,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let emulator = Emulator::start("emulator", &[], folder.path(), &[])
            .await
            .expect("the emulator starts");
        emulator.present("taro").await.expect("taro has a card");
        let kazasu = binary("kazasu").expect("kazasu is built");
        let readers = Readers::new(Settings {
            connection_strings: vec![emulator.reader()],
            pcsc: false,
            exchange_timeout: EXCHANGE,
            child: ChildProgram::at(kazasu),
        });
        Self {
            emulator,
            readers,
            _folder: folder,
        }
    }

    async fn open(&self) -> OpenedReader {
        let opened = self.readers.open(None, Duration::ZERO).await;
        opened.expect("the reader can be opened")
    }

    async fn state(&self) -> ReaderState {
        let listing = self.readers.list().await.expect("a listing");
        let [ReaderInfo { name, kind, state }] = &listing.readers[..] else {
            panic!("not one reader: {:?}", listing.readers);
        };
        assert_eq!((name, *kind), (&self.emulator.reader(), ReaderKind::Libnfc));
        *state
    }

    async fn faults(&self, faults: Value) {
        self.emulator
            .faults(faults)
            .await
            .expect("the faults are known");
    }

    /// Opens the reader, has one exchange go wrong, and makes sure that the next activation of
    /// the card works. Says what went wrong with the one exchange.
    async fn one_fault(&self, fault: Value) -> Result<u16, ChannelError> {
        let mut reader = self.open().await;
        let mut channel = reader.wait_for_card(WAIT).await.expect("a card");
        self.faults(json!([fault])).await;
        let outcome = channel.transceive(&select_isd()).await;
        self.faults(json!([])).await;
        self.emulator
            .present("taro")
            .await
            .expect("taro has a card");
        let channel = reader.wait_for_card(WAIT).await.expect("the card again");
        check_card(channel).await;
        reader.close().await;
        outcome.map(|response| response.status().into())
    }
}

fn select_isd() -> CommandApdu {
    CommandApdu::new(0x00, 0xA4, 0x04, 0x0C)
        .with_data(&[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00])
        .expect("seven bytes fit")
}

/// Everything a tap needs from the card.
async fn check_card(channel: CardChannel<'_>) {
    let mut card = Card::new(channel);
    let pin = ProfilePin::new("2345").expect("four digits");
    let mut profile = card.profile().await.expect("a profile");
    let name = profile.name(&pin, LastTry::Refuse).await.expect("a name");
    assert_eq!(name, "見本　太郎");
    let pin = AuthPin::new("1234").expect("four digits");
    let mut jpki = card.jpki().await.expect("a JPKI application");
    let certificate = jpki
        .authentication_certificate()
        .await
        .expect("a certificate");
    assert!(certificate.der().len() > 1_000);
    let signature = jpki
        .sign_for_authentication(&pin, &Digest::Sha256([7; 32]), LastTry::Refuse)
        .await
        .expect("a signature");
    assert_eq!(signature.len(), 256);
    card.leave().await.expect("the card can be left");
}

#[tokio::test]
async fn a_card_is_read_and_signs_through_libnfc() {
    let bench = Bench::new().await;
    let mut reader = bench.open().await;
    let channel = reader.wait_for_card(WAIT).await.expect("a card");
    check_card(channel).await;
    reader.close().await;
}

#[tokio::test]
async fn the_listing_tells_card_empty_in_use_and_unreachable_apart() {
    let bench = Bench::new().await;
    assert_eq!(bench.state().await, ReaderState::CardPresent);
    bench
        .emulator
        .remove()
        .await
        .expect("the card can be taken");
    assert_eq!(bench.state().await, ReaderState::Empty);
    bench.faults(json!([{"fault": "two_cards"}])).await;
    bench
        .emulator
        .present("taro")
        .await
        .expect("taro has a card");
    assert_eq!(bench.state().await, ReaderState::Empty);
    bench.faults(json!([])).await;
    let reader = bench.open().await;
    assert_eq!(bench.state().await, ReaderState::InUse);
    reader.close().await;
    assert_eq!(bench.state().await, ReaderState::CardPresent);
    let killed = bench.emulator.process.crash().await;
    killed.expect("the emulator can be killed");
    let listing = bench.readers.list().await.expect("a listing");
    let states: Vec<_> = listing.readers.iter().map(|reader| reader.state).collect();
    assert_eq!(states, [ReaderState::Unreachable]);
}

#[tokio::test]
async fn a_second_user_of_a_reader_is_told_that_it_is_in_use() {
    let bench = Bench::new().await;
    let mut reader = bench.open().await;
    let outcome = bench.readers.open(None, Duration::ZERO).await;
    assert!(matches!(outcome, Err(ReaderError::InUse { .. })));
    let channel = reader.wait_for_card(WAIT).await.expect("a card");
    check_card(channel).await;
}

#[tokio::test]
async fn a_card_that_leaves_or_falls_silent_is_card_lost() {
    let bench = Bench::new().await;
    for fault in [
        json!({"fault": "drop", "after": 0}),
        json!({"fault": "drop", "after": 0, "back": true}),
        json!({"fault": "pn532", "at": 1, "what": "target_released"}),
        json!({"fault": "pn532", "at": 1, "what": "truncated_frame"}),
        json!({"fault": "pn532", "at": 1, "what": "silence"}),
        json!({"fault": "slow", "at": 1, "ms": 900}),
    ] {
        let outcome = bench.one_fault(fault.clone()).await;
        assert_eq!(outcome, Err(ChannelError::CardLost), "{fault}");
    }
}

#[tokio::test]
async fn a_reader_that_fails_or_aborts_libnfc_is_gone_and_comes_back() {
    let bench = Bench::new().await;
    for fault in [
        "status_bit7",
        "no_ack",
        "bad_checksum",
        "error_frame",
        "nack",
        "unplugged",
    ] {
        let fault = json!({"fault": "pn532", "at": 1, "what": fault});
        let outcome = bench.one_fault(fault.clone()).await;
        assert_eq!(outcome, Err(ChannelError::ReaderGone), "{fault}");
    }
}

#[tokio::test]
async fn noise_on_the_line_is_an_error_and_never_an_answer() {
    let bench = Bench::new().await;
    let noise = json!({"fault": "pn532", "at": 1, "what": "noise"});
    bench.one_fault(noise).await.expect_err("noise");
}

#[tokio::test]
async fn answers_too_short_or_too_long_are_garbage() {
    let bench = Bench::new().await;
    for fault in [
        json!({"fault": "garbage", "at": 1, "length": 1}),
        json!({"fault": "truncated", "at": 1, "keep": 1}),
        json!({"fault": "over_long", "at": 1, "extra": 300}),
    ] {
        let outcome = bench.one_fault(fault.clone()).await;
        assert!(
            matches!(outcome, Err(ChannelError::Garbage { .. })),
            "{fault}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_card_that_is_slow_but_in_time_is_waited_for() {
    let bench = Bench::new().await;
    let outcome = bench
        .one_fault(json!({"fault": "slow", "at": 1, "ms": 400}))
        .await;
    assert_eq!(outcome, Ok(0x9000));
}

#[tokio::test]
async fn the_longest_command_arrives_and_one_byte_more_is_refused_here() {
    let bench = Bench::new().await;
    let mut reader = bench.open().await;
    let mut channel = reader.wait_for_card(WAIT).await.expect("a card");
    // INS 00 exists nowhere: the card's answer shows that it got the command.
    let short = CommandApdu::new(0x00, 0x00, 0x00, 0x00)
        .with_data(&[0; 255])
        .expect("a short APDU")
        .expecting(256);
    let response = channel.transceive(&short).await.expect("an answer");
    assert_eq!(u16::from(response.status()), 0x6D00);
    let long = CommandApdu::new(0x00, 0x00, 0x00, 0x00)
        .with_data(&[0; 256])
        .expect("an extended APDU");
    let outcome = channel.transceive(&long).await;
    assert_eq!(
        outcome,
        Err(ChannelError::CommandTooLong {
            length: 263,
            limit: 262
        })
    );
}

#[tokio::test]
async fn a_power_cycle_forgets_the_verified_pin() {
    let bench = Bench::new().await;
    let mut reader = bench.open().await;
    let channel = reader.wait_for_card(WAIT).await.expect("a card");
    let mut card = Card::new(channel);
    let pin = ProfilePin::new("2345").expect("four digits");
    let mut profile = card.profile().await.expect("a profile");
    profile.name(&pin, LastTry::Refuse).await.expect("a name");
    card.reset().await.expect("the card is still there");
    let mut channel = card.into_channel();
    // READ BINARY of EF 0002 by short identifier, in whatever is selected now: never the name.
    let read = CommandApdu::new(0x00, 0xB0, 0x82, 0x00).expecting(48);
    let response = channel.transceive(&read).await.expect("an answer");
    assert!(!response.status().data_is_valid());
}

#[tokio::test]
async fn a_card_lost_while_waiting_is_found_again_when_it_is_back() {
    let bench = Bench::new().await;
    bench
        .emulator
        .remove()
        .await
        .expect("the card can be taken");
    let mut reader = bench.open().await;
    let outcome = reader.wait_for_card(Duration::ZERO).await;
    assert!(matches!(outcome, Err(ReaderError::NoCard { .. })));
    drop(outcome);
    let present = bench.emulator.present("taro");
    let (presented, found) = tokio::join!(present, reader.wait_for_card(WAIT));
    presented.expect("taro has a card");
    check_card(found.expect("the card was put there")).await;
}

#[tokio::test]
async fn a_dropped_exchange_poisons_the_card_until_it_is_reset() {
    let bench = Bench::new().await;
    let mut reader = bench.open().await;
    let channel = reader.wait_for_card(WAIT).await.expect("a card");
    let mut card = Card::new(channel);
    bench
        .faults(json!([{"fault": "slow", "at": 1, "ms": 300}]))
        .await;
    let abandoned = tokio::time::timeout(Duration::from_millis(50), card.jpki()).await;
    assert!(abandoned.is_err());
    let refused = card.jpki().await.expect_err("the exchange was abandoned");
    assert_eq!(refused, CardError::Channel(ChannelError::Poisoned));
    card.reset().await.expect("the card is still there");
    check_card(card.into_channel()).await;
}

#[tokio::test]
async fn when_the_parent_is_killed_the_child_ends_and_frees_the_reader() {
    let bench = Bench::new().await;
    bench
        .emulator
        .remove()
        .await
        .expect("the card can be taken");
    let mut parent = Command::new(binary("kazasu").expect("kazasu is built"))
        .args(["--lang", "en", "--wait", "600", "--reader"])
        .arg(bench.emulator.reader())
        .args(["card", "info"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("kazasu starts");
    let stderr = parent.stderr.take().expect("it is piped");
    let said = BufReader::new(stderr)
        .lines()
        .next_line()
        .await
        .expect("it says something");
    assert!(said.expect("a line").contains("Put the card"));
    assert_eq!(bench.state().await, ReaderState::InUse);
    parent.kill().await.expect("it can be killed");
    assert_eq!(bench.state().await, ReaderState::Empty);
}
