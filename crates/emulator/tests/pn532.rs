//! The virtual PN532, seen from the host's side of its serial line.

#![allow(clippy::unwrap_used, reason = "a test ends where its helpers fail")]

use kazasu_emulator::authority::{Authority, AuthorityOptions, IssuedCard, KeyAlgorithm};
use kazasu_emulator::card::EmulatedCard;
use kazasu_emulator::fault::{Fault, Pn532Fault};
use kazasu_emulator::field::{Field, SharedCard};
use kazasu_emulator::holder::Holder;
use kazasu_emulator::reader::{Frame, FrameError, VirtualPn532};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SELECT_JPKI: &str = "00A4040C0AD392F000260100000001";
/// One type B target at 106 kbit/s.
const LIST_TYPE_B: &str = "D44A010300";

fn card() -> SharedCard {
    card_with(|_| {})
}

fn card_with(change: impl FnOnce(&mut Holder)) -> SharedCard {
    static ISSUED: OnceLock<IssuedCard> = OnceLock::new();
    let issued = ISSUED.get_or_init(|| {
        let now = 1_800_000_000;
        Authority::new(AuthorityOptions::default(), now)
            .and_then(|mut authority| authority.enrol("taro", KeyAlgorithm::Rsa2048, now))
            .unwrap()
    });
    let mut holder = Holder::samples().remove(0);
    change(&mut holder);
    Arc::new(Mutex::new(EmulatedCard::new(&holder, issued).unwrap()))
}

/// A PN532 and a host that talks to it.
struct Bench {
    field: Field,
    pn532: VirtualPn532,
    host: Host,
    _folder: TempDir,
}

struct Host {
    line: File,
    buffer: Vec<u8>,
}

impl Host {
    async fn open(path: &Path) -> Self {
        let line = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .await
            .unwrap();
        Self {
            line,
            buffer: Vec::new(),
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.line.write_all(bytes).await.unwrap();
        self.line.flush().await.unwrap();
    }

    async fn command(&mut self, data: &str) {
        let frame = Frame::Information(hex::decode(data).unwrap());
        self.send(&frame.to_bytes()).await;
    }

    /// The next frame, or why the line holds none.
    async fn next(&mut self) -> Result<Frame, FrameError> {
        loop {
            let (result, used) = match Frame::parse(&self.buffer) {
                Ok((frame, used)) => (Ok(frame), used),
                Err(FrameError::Incomplete) => {
                    let mut bytes = [0; 1024];
                    let count = self.line.read(&mut bytes).await.unwrap();
                    self.buffer.extend_from_slice(&bytes[..count]);
                    continue;
                }
                Err(error @ (FrameError::Length { skip } | FrameError::Checksum { skip })) => {
                    (Err(error), skip)
                }
            };
            self.buffer.drain(..used);
            return result;
        }
    }

    async fn answer(&mut self) -> String {
        match self.next().await {
            Ok(Frame::Information(data)) => hex::encode_upper(data),
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    /// Sends a command and returns its answer.
    async fn ask(&mut self, data: &str) -> String {
        self.command(data).await;
        assert_eq!(self.next().await, Ok(Frame::Ack));
        self.answer().await
    }

    async fn exchange(&mut self, apdu: &str) -> String {
        self.ask(&format!("D44001{apdu}")).await
    }

    /// That nothing more comes before the answer to another command.
    async fn expect_silence(&mut self) {
        assert_eq!(self.ask("D402").await, "D50332010607");
    }
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let field = Field::new();
        let pn532 = VirtualPn532::open(&folder.path().join("pn532"), field.clone()).unwrap();
        let mut host = Host::open(pn532.path()).await;
        // Wake-up, then finite retries, as libnfc does it.
        host.send(&[0x55, 0x55, 0, 0, 0, 0]).await;
        assert_eq!(host.ask("D41401").await, "D515");
        assert_eq!(host.ask("D43205000102").await, "D533");
        Self {
            field,
            pn532,
            host,
            _folder: folder,
        }
    }

    async fn with_selected_card() -> Self {
        let mut bench = Self::new().await;
        bench.field.present(card());
        bench.select().await;
        bench
    }

    async fn select(&mut self) {
        let target = self.host.ask(LIST_TYPE_B).await;
        assert!(target.starts_with("D54B010150"), "{target}");
        assert!(target.ends_with("000005E0B381A10101"), "{target}");
    }

    fn fault(&self, at: u64, what: Pn532Fault) {
        self.field.set_faults(vec![Fault::Pn532 { at, what }]);
    }
}

#[tokio::test]
async fn the_chip_answers_what_the_driver_asks_when_it_opens() {
    let mut bench = Bench::new().await;
    assert_eq!(
        bench.host.ask("D400006C69626E6663").await,
        "D501006C69626E6663"
    );
    assert_eq!(bench.host.ask("D402").await, "D50332010607");
    assert_eq!(bench.host.ask("D41214").await, "D513");
    assert_eq!(bench.host.ask("D40663026303").await, "D5070000");
    assert_eq!(bench.host.ask("D408630280").await, "D509");
    assert_eq!(bench.host.ask("D4320100").await, "D533");
    assert_eq!(bench.host.ask("D416F0").await, "D51700");
}

#[tokio::test]
async fn an_unknown_command_gets_the_error_frame() {
    let mut bench = Bench::new().await;
    bench.host.command("D499").await;
    assert_eq!(bench.host.next().await, Ok(Frame::Ack));
    assert_eq!(bench.host.next().await, Ok(Frame::Error));
}

#[tokio::test]
async fn an_empty_field_has_no_target() {
    let mut bench = Bench::new().await;
    assert_eq!(bench.host.ask(LIST_TYPE_B).await, "D54B00");
    assert_eq!(bench.host.exchange(SELECT_JPKI).await, "D54127");
}

#[tokio::test]
async fn a_card_is_of_type_b_only() {
    let mut bench = Bench::new().await;
    bench.field.present(card());
    assert_eq!(bench.host.ask("D44A0100").await, "D54B00");
    bench.select().await;
}

#[tokio::test]
async fn apdus_reach_the_card_and_a_full_read_comes_back_whole() {
    let mut bench = Bench::with_selected_card().await;
    assert_eq!(bench.host.exchange(SELECT_JPKI).await, "D541009000");
    let read = bench.host.exchange("00B08A0000").await;
    assert_eq!(read.len(), 2 * (3 + 256 + 2));
    assert!(read.starts_with("D541003082") && read.ends_with("9000"));
    assert_eq!(bench.field.totals().exchanges, 2);
}

#[tokio::test]
async fn an_apdu_longer_than_the_cards_frames_reaches_it_whole() {
    let mut bench = Bench::new().await;
    let small = card_with(|holder| holder.behaviour.frame_size = 16);
    bench.field.present(small);
    let target = bench.host.ask(LIST_TYPE_B).await;
    assert!(target.ends_with("000005E0B301A10101"), "{target}");
    assert_eq!(bench.host.exchange(SELECT_JPKI).await, "D541009000");
    let read = bench.host.exchange("00B08A0000").await;
    assert_eq!(read.len(), 2 * (3 + 256 + 2));
}

#[tokio::test]
async fn an_answer_too_long_for_a_frame_waits_in_the_chip() {
    let mut bench = Bench::with_selected_card().await;
    bench.host.exchange(SELECT_JPKI).await;
    let first = bench.host.exchange("00B08A00000000").await;
    assert!(first.starts_with("D54140"), "status says that more waits");
    let mut length = first.len() / 2 - 3;
    loop {
        let chunk = bench.host.ask("D44001").await;
        length += chunk.len() / 2 - 3;
        if chunk.starts_with("D54100") {
            break;
        }
    }
    let certificate = 4 + usize::from_str_radix(&first[10..14], 16).unwrap();
    assert_eq!(length, certificate + 2);
}

#[tokio::test]
async fn a_card_that_went_is_a_timeout_and_the_ping_says_so() {
    let mut bench = Bench::with_selected_card().await;
    assert_eq!(bench.host.ask("D442BA01").await, "D54300A2");
    let card = bench.field.remove().unwrap();
    assert_eq!(bench.host.ask("D442BA01").await, "D54301");
    assert_eq!(bench.host.exchange(SELECT_JPKI).await, "D54101");
    // It is back, but not activated.
    bench.field.present(card);
    assert_eq!(bench.host.exchange(SELECT_JPKI).await, "D54101");
    bench.select().await;
    assert_eq!(bench.host.exchange(SELECT_JPKI).await, "D541009000");
}

#[tokio::test]
async fn switching_the_field_off_forgets_the_pin_and_reactivating_does_not() {
    let mut bench = Bench::with_selected_card().await;
    let verified = "00200098";
    bench.host.exchange(SELECT_JPKI).await;
    bench.host.exchange("002000980431323334").await;
    bench.select().await;
    bench.host.exchange(SELECT_JPKI).await;
    assert_eq!(bench.host.exchange(verified).await, "D541009000");
    bench.host.ask("D4320100").await;
    bench.host.ask("D4320101").await;
    bench.select().await;
    bench.host.exchange(SELECT_JPKI).await;
    assert_eq!(bench.host.exchange(verified).await, "D5410063C3");
}

#[tokio::test]
async fn two_cards_cannot_be_activated() {
    let mut bench = Bench::new().await;
    bench.field.present(card());
    bench.field.set_faults(vec![Fault::TwoCards]);
    assert_eq!(bench.host.ask(LIST_TYPE_B).await, "D54B00");
}

#[tokio::test]
async fn auto_poll_finds_a_card_that_comes_later() {
    let mut bench = Bench::new().await;
    bench.host.command("D460FF0103").await;
    assert_eq!(bench.host.next().await, Ok(Frame::Ack));
    bench.field.present(card());
    let found = bench.host.answer().await;
    assert!(found.starts_with("D56101030F0150"), "{found}");
}

#[tokio::test]
async fn an_endless_poll_ends_when_the_host_aborts() {
    let mut bench = Bench::new().await;
    assert_eq!(bench.host.ask("D43205FFFFFF").await, "D533");
    bench.host.command(LIST_TYPE_B).await;
    assert_eq!(bench.host.next().await, Ok(Frame::Ack));
    bench.host.send(&Frame::Ack.to_bytes()).await;
    bench.host.expect_silence().await;
}

#[tokio::test]
async fn an_abort_drops_a_slow_answer() {
    let mut bench = Bench::with_selected_card().await;
    bench.field.set_faults(vec![Fault::Slow {
        at: 1,
        ms: 3_600_000,
    }]);
    bench.host.command(&format!("D44001{SELECT_JPKI}")).await;
    assert_eq!(bench.host.next().await, Ok(Frame::Ack));
    bench.host.send(&Frame::Ack.to_bytes()).await;
    bench.host.expect_silence().await;
}

#[tokio::test]
async fn faults_of_the_chip_show_in_its_answer() {
    let mut bench = Bench::with_selected_card().await;
    bench.fault(1, Pn532Fault::TargetReleased);
    assert_eq!(bench.host.exchange(SELECT_JPKI).await, "D54129");
    bench.fault(1, Pn532Fault::StatusBit7);
    assert_eq!(bench.host.exchange(SELECT_JPKI).await, "D54180");
    bench.fault(2, Pn532Fault::ErrorFrame);
    assert_eq!(bench.host.exchange(SELECT_JPKI).await, "D541009000");
    bench.host.command(&format!("D44001{SELECT_JPKI}")).await;
    assert_eq!(bench.host.next().await, Ok(Frame::Ack));
    assert_eq!(bench.host.next().await, Ok(Frame::Error));
}

#[tokio::test]
async fn faults_of_the_line_show_in_its_frames() {
    let mut bench = Bench::with_selected_card().await;
    let exchange = format!("D44001{SELECT_JPKI}");

    bench.fault(1, Pn532Fault::BadChecksum);
    bench.host.command(&exchange).await;
    assert_eq!(bench.host.next().await, Ok(Frame::Ack));
    assert!(matches!(
        bench.host.next().await,
        Err(FrameError::Checksum { .. })
    ));

    bench.fault(1, Pn532Fault::Nack);
    bench.host.command(&exchange).await;
    assert_eq!(bench.host.next().await, Ok(Frame::Nack));
    bench.host.expect_silence().await;

    bench.fault(1, Pn532Fault::NoAck);
    bench.host.command(&exchange).await;
    assert_eq!(bench.host.answer().await, "D541009000");

    bench.fault(1, Pn532Fault::Silence);
    bench.host.command(&exchange).await;
    assert_eq!(bench.host.next().await, Ok(Frame::Ack));
    bench.host.expect_silence().await;

    bench.fault(1, Pn532Fault::Noise);
    bench.host.command(&exchange).await;
    assert_eq!(bench.host.next().await, Ok(Frame::Ack));
    bench.host.expect_silence().await;
}

#[tokio::test]
async fn a_truncated_frame_never_becomes_an_answer() {
    let mut bench = Bench::with_selected_card().await;
    bench.fault(1, Pn532Fault::TruncatedFrame);
    bench.host.command(&format!("D44001{SELECT_JPKI}")).await;
    assert_eq!(bench.host.next().await, Ok(Frame::Ack));
    // The next acknowledgement stands where the rest of the frame should.
    bench.host.command("D402").await;
    assert!(bench.host.next().await.is_err());
}

#[tokio::test]
async fn a_reader_that_was_unplugged_comes_back_under_the_same_path() {
    let mut bench = Bench::with_selected_card().await;
    bench.fault(1, Pn532Fault::Unplugged);
    bench.host.command(&format!("D44001{SELECT_JPKI}")).await;
    let mut byte = [0];
    let read = bench.host.line.read(&mut byte);
    let gone = tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .unwrap();
    assert!(!matches!(gone, Ok(1..)), "the old line is dead: {gone:?}");
    bench.host = Host::open(bench.pn532.path()).await;
    assert_eq!(bench.host.ask("D402").await, "D50332010607");
}

#[tokio::test]
async fn the_link_goes_with_the_reader_and_a_file_in_its_place_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pn532");
    drop(VirtualPn532::open(&path, Field::new()).unwrap());
    assert!(path.symlink_metadata().is_err());
    std::fs::write(&path, "mine").unwrap();
    assert!(VirtualPn532::open(&path, Field::new()).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}
