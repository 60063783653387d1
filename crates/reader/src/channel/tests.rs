//! Children that misbehave. They are shell scripts that write the frames of
//! `libnfc/wire.rs`, whatever they are asked.

use super::*;
use std::{fs, io};

/// "The device is open", "there is a card", "there is none".
const OPENED: &str = r"printf '\000\000\000\001o'";
const CARD: &str = r"printf '\000\000\000\001c'";
const NO_CARD: &str = r"printf '\000\000\000\001n'";
/// Responses 9000 and 6A82.
const OK: &str = r"printf '\000\000\000\003r\220\000'";
const NOT_FOUND: &str = r"printf '\000\000\000\003r\152\202'";

fn opening(script: &str) -> Opening {
    Opening {
        name: "pn532_uart:/dev/null".to_owned(),
        kind: ReaderKind::Libnfc,
        child: ChildProgram::script(script),
        exchange_timeout: Duration::from_secs(5),
    }
}

async fn open(script: &str) -> OpenedReader {
    OpenedReader::open(opening(script))
        .await
        .expect("the script says that it is open")
}

fn command() -> CommandApdu {
    CommandApdu::new(0x00, 0xA4, 0x04, 0x0C)
}

/// Notices the end of a process: it holds a FIFO open for writing, and `ended` reads it until
/// nobody does.
struct Pulse {
    directory: tempfile::TempDir,
    ended: std::thread::JoinHandle<io::Result<Vec<u8>>>,
}

impl Pulse {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let fifo = directory.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
        let ended = std::thread::spawn(move || fs::read(fifo));
        Self { directory, ended }
    }

    /// What the script begins with.
    fn hold(&self) -> String {
        format!("exec 3>{}/fifo", self.directory.path().display())
    }

    /// Waits for the end. Where it never comes, the test never ends.
    fn wait(self) {
        let read = self.ended.join().expect("reading does not panic");
        read.expect("a FIFO can be read");
    }
}

#[tokio::test]
async fn a_child_that_dies_is_a_reader_that_is_gone_and_a_new_one_is_started() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let marker = directory.path().join("second");
    // The first aborts in the middle of an exchange, as libnfc does; the second works.
    let script = format!(
        "{OPENED}; {CARD}; if [ -e {marker} ]; then {OK}; cat >/dev/null; \
         else touch {marker}; head -c 20 >/dev/null; kill -ABRT $$; fi",
        marker = marker.display()
    );
    let mut reader = open(&script).await;
    let mut channel = reader.wait_for_card(Duration::ZERO).await.expect("a card");
    assert_eq!(
        channel.transceive(&command()).await,
        Err(ChannelError::ReaderGone)
    );
    assert_eq!(
        channel.transceive(&command()).await,
        Err(ChannelError::ReaderGone)
    );
    let mut channel = reader
        .wait_for_card(Duration::ZERO)
        .await
        .expect("a card again");
    channel.transceive(&command()).await.expect("an answer");
}

#[tokio::test]
async fn a_child_that_hangs_is_killed() {
    let pulse = Pulse::new();
    // It does not even end when its standard input does.
    let mut reader = open(&format!("{}; {OPENED}; exec sleep 1000", pulse.hold())).await;
    // From here on time passes as soon as everybody waits.
    tokio::time::pause();
    let reply = reader.request(Request::Poll).await;
    assert!(reply == Reply::ReaderGone);
    tokio::time::resume();
    tokio::task::spawn_blocking(|| pulse.wait())
        .await
        .expect("it ended");
}

#[tokio::test]
async fn a_child_that_ignores_the_end_of_its_input_is_killed_on_closing() {
    let pulse = Pulse::new();
    let reader = open(&format!("{}; {OPENED}; exec sleep 1000", pulse.hold())).await;
    reader.close().await;
    pulse.wait();
}

#[tokio::test]
async fn a_child_that_talks_nonsense_is_a_reader_that_is_gone() {
    for nonsense in [
        "yes",
        r"printf '\000\000\000\001?'",
        r"printf '\000\000\000\000'",
    ] {
        let outcome = OpenedReader::open(opening(&format!("{nonsense} 2>/dev/null"))).await;
        assert!(
            matches!(outcome, Err(ReaderError::Gone { .. })),
            "{nonsense}"
        );
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_told_from_a_reader_that_is_gone() {
    let mut opening = opening("");
    opening.child = ChildProgram::at("/nonexistent/kazasu".into());
    let outcome = OpenedReader::open(opening).await;
    assert!(matches!(outcome, Err(ReaderError::Child(_))));
}

#[tokio::test]
async fn a_reader_that_fails_again_and_again_is_given_up() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let starts = directory.path().join("starts");
    // It takes the order to open, 25 bytes of it, and is gone before the next.
    let script = format!(
        "echo >>{}; head -c 25 >/dev/null; {OPENED}; kill -ABRT $$",
        starts.display()
    );
    let mut reader = open(&script).await;
    let outcome = reader.wait_for_card(Duration::from_secs(60)).await;
    assert!(matches!(outcome, Err(ReaderError::Gone { .. })));
    let starts = fs::read_to_string(&starts).expect("it was started");
    assert_eq!(starts.lines().count(), 2);
}

#[tokio::test]
async fn no_card_in_time_is_said_so() {
    let mut reader = open(&format!(
        "{OPENED}; {NO_CARD}; {NO_CARD}; {NO_CARD}; cat >/dev/null"
    ))
    .await;
    let outcome = reader.wait_for_card(Duration::from_millis(150)).await;
    assert!(matches!(outcome, Err(ReaderError::NoCard { .. })));
}

#[tokio::test]
async fn a_command_that_would_overflow_libnfc_is_not_sent() {
    // Were it sent, the script would answer.
    let mut reader = open(&format!("{OPENED}; {CARD}; {OK}; cat >/dev/null")).await;
    let mut channel = reader.wait_for_card(Duration::ZERO).await.expect("a card");
    // Header, three bytes of Lc, and data: 263 bytes in all.
    let long = command().with_data(&[0; 256]).expect("an extended APDU");
    assert_eq!(long.to_bytes().len(), 263);
    assert_eq!(
        channel.transceive(&long).await,
        Err(ChannelError::CommandTooLong {
            length: 263,
            limit: 262
        })
    );
    let longest = command()
        .with_data(&[0; 255])
        .expect("a short APDU")
        .expecting(256);
    channel.transceive(&longest).await.expect("an answer");
}

#[tokio::test]
async fn an_abandoned_exchange_leaves_its_answer_to_nobody() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let gate = directory.path().join("gate");
    let script = format!(
        "mkfifo {gate}; {OPENED}; {CARD}; cat {gate}; {OK}; {NOT_FOUND}; cat >/dev/null",
        gate = gate.display()
    );
    let mut reader = open(&script).await;
    let mut channel = reader.wait_for_card(Duration::ZERO).await.expect("a card");
    let command = command();
    tokio::select! {
        biased;
        outcome = channel.transceive(&command) => panic!("answered before the gate: {outcome:?}"),
        () = tokio::task::yield_now() => {}
    }
    let opened = tokio::task::spawn_blocking(move || fs::write(gate, "").is_ok());
    assert!(opened.await.expect("writing does not panic"));
    let response = channel.transceive(&command).await.expect("an answer");
    assert_eq!(u16::from(response.status()), 0x6A82);
}

#[tokio::test]
async fn after_a_lost_card_nothing_is_sent_until_the_next_activation() {
    let lost = r"printf '\000\000\000\001l'";
    let mut reader = open(&format!(
        "{OPENED}; {CARD}; {lost}; {CARD}; {OK}; cat >/dev/null"
    ))
    .await;
    let mut channel = reader.wait_for_card(Duration::ZERO).await.expect("a card");
    assert_eq!(
        channel.transceive(&command()).await,
        Err(ChannelError::CardLost)
    );
    assert_eq!(
        channel.transceive(&command()).await,
        Err(ChannelError::CardLost)
    );
    channel.reset().await.expect("the card is back");
    channel.transceive(&command()).await.expect("an answer");
}

#[tokio::test]
async fn an_answer_that_is_no_response_is_garbage() {
    let short = r"printf '\000\000\000\002r\220'";
    let long = r"printf '\000\000\000\005x\000\000\001\010'";
    let mut reader = open(&format!(
        "{OPENED}; {CARD}; {short}; {long}; cat >/dev/null"
    ))
    .await;
    let mut channel = reader.wait_for_card(Duration::ZERO).await.expect("a card");
    assert_eq!(
        channel.transceive(&command()).await,
        Err(ChannelError::Garbage { length: 1 })
    );
    assert_eq!(
        channel.transceive(&command()).await,
        Err(ChannelError::Garbage { length: 264 })
    );
}
