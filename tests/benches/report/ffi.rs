//! What the way through another language costs: one exchange with a card, and a whole tap, beside
//! the same in Rust. Each language's `bindings/<language>/bench` measures itself.

use crate::report::Report;
use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use kazasu_ffi::{CardChannel, ChannelError, ChannelLimits, Companion, Pin, Pins, inspect_card};
use kazasu_testing::{
    EmulatedChannel, TestCard, TestHolder, TestRequest, TestUniversity, start_university,
};
use serde::Deserialize;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Conversations and taps that count, after as many for warming up as a fifth of them.
const CONVERSATIONS: usize = 2_000;
const TAPS: usize = 100;
/// The aims, which are also bounds with room for a busy machine.
const AIM_TAP: f64 = 1.3;
const GUARD_TAP: f64 = 2.0;
const AIM_MIB: f64 = 6.0;

/// What a language says of itself.
#[derive(Deserialize)]
struct Measured {
    /// Microseconds for one exchange.
    apdu_us: f64,
    /// Milliseconds for one tap, its median.
    tap_ms: f64,
}

/// Measures everything about the bindings.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    let rust = tokio::runtime::Runtime::new()?.block_on(in_rust())?;
    report.line(String::new());
    report.line(format!(
        "{:<52} {:>9} {:>8} {:>8}",
        "Bindings, through each language", "apdu µs", "tap ms", "÷ Rust"
    ));
    say(report, "rust", &rust, &rust);
    for language in ["kotlin", "python", "swift"] {
        match in_language(language)? {
            Some(measured) => say(report, language, &measured, &rust),
            None => report.line(format!("  {language:<50} was NOT measured: see above")),
        }
    }
    let size = size_of_library()?;
    report.line(format!(
        "  {:<50} {size:>9.2}  (aim: at most {AIM_MIB})",
        "ffi.cdylib_mib"
    ));
    report.record_at_most("ffi.cdylib_mib", size, AIM_MIB);
    Ok(())
}

fn say(report: &mut Report, language: &str, measured: &Measured, rust: &Measured) {
    let ratio = measured.tap_ms / rust.tap_ms;
    let Measured { apdu_us, tap_ms } = measured;
    report.line(format!(
        "  {language:<50} {apdu_us:>9.1} {tap_ms:>8.2} {ratio:>8.2}"
    ));
    report.record(&format!("ffi.{language}.apdu_us"), *apdu_us);
    if language == "kotlin" {
        let met = if ratio <= AIM_TAP { "met" } else { "MISSED" };
        report.line(format!(
            "  {:<50} {ratio:>9.2}  (aim: at most {AIM_TAP}, {met})",
            "ffi.kotlin.tap_over_rust"
        ));
        report.record_at_most("ffi.kotlin.tap_over_rust", ratio, GUARD_TAP);
    }
}

/// What `bindings/<language>/bench` prints as its last line; nothing where it could not run.
fn in_language(language: &str) -> Result<Option<Measured>> {
    let script = bindings().join(language).join("bench");
    let ran = Command::new(&script)
        .env("KAZASU_LIBRARIES", libraries()?)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} cannot be started", script.display()))?;
    if !ran.status.success() {
        ensure!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "{} failed",
            script.display()
        );
        return Ok(None);
    }
    let printed = String::from_utf8(ran.stdout)?;
    let last = printed.lines().last().context("it printed nothing")?;
    Ok(serde_json::from_str(last).ok())
}

fn bindings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings")
}

/// Where the optimised libraries are: two folders above this very program.
fn libraries() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.ancestors().nth(2).context("target/release/deps")?;
    Ok(folder.to_owned())
}

/// The stripped library that a phone would carry, in MiB.
fn size_of_library() -> Result<f64> {
    let folder = libraries()?;
    let folder = folder.parent().context("the target folder")?.join("phone");
    let name = format!(
        "{}kazasu_ffi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let library = folder.join(name);
    let size = std::fs::metadata(&library).with_context(|| library.display().to_string())?;
    Ok(size.len() as f64 / f64::from(1 << 20))
}

async fn in_rust() -> Result<Measured> {
    let university = start_university().await?;
    let card = university.issue_card(holder()).await?;
    Ok(Measured {
        apdu_us: exchange(&card).await?,
        tap_ms: tap(&university, &card).await?,
    })
}

fn holder() -> TestHolder {
    TestHolder {
        name: "見本　太郎".to_owned(),
        authentication_pin: "1234".to_owned(),
        profile_pin: "2345".to_owned(),
        token: None,
    }
}

/// An emulated channel, which notes what the card answered.
struct Recording {
    emulated: Arc<EmulatedChannel>,
    answers: Mutex<Vec<Vec<u8>>>,
}

/// The same answers again, at once.
struct Replay(Mutex<VecDeque<Vec<u8>>>);

fn limits_of(channel: &EmulatedChannel) -> ChannelLimits {
    let limits = channel.limits();
    ChannelLimits {
        command: limits.command,
        response: limits.response,
    }
}

#[async_trait]
impl CardChannel for Recording {
    fn limits(&self) -> Result<ChannelLimits, ChannelError> {
        Ok(limits_of(&self.emulated))
    }

    async fn transceive(&self, command: Vec<u8>) -> Result<Vec<u8>, ChannelError> {
        let answer = self.emulated.exchange(command);
        let answer = answer.map_err(|_| ChannelError::CardLost)?.bytes;
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.push(answer.clone());
        Ok(answer)
    }

    fn close(&self) -> Result<(), ChannelError> {
        Ok(())
    }
}

#[async_trait]
impl CardChannel for Replay {
    fn limits(&self) -> Result<ChannelLimits, ChannelError> {
        Ok(ChannelLimits {
            command: 65_544,
            response: 65_538,
        })
    }

    async fn transceive(&self, _: Vec<u8>) -> Result<Vec<u8>, ChannelError> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.pop_front().ok_or(ChannelError::CardLost)
    }

    fn close(&self) -> Result<(), ChannelError> {
        Ok(())
    }
}

/// Microseconds for one exchange of a conversation that asks for the card's kind and counters.
async fn exchange(card: &TestCard) -> Result<f64> {
    let recording = Arc::new(Recording {
        emulated: card.connect(),
        answers: Mutex::default(),
    });
    inspect_card(recording.clone(), None).await?;
    let answers: VecDeque<_> = {
        let answers = recording.answers.lock();
        let answers = answers.unwrap_or_else(PoisonError::into_inner);
        answers.iter().cloned().collect()
    };
    let mut spent = Duration::ZERO;
    for turn in 0..CONVERSATIONS * 6 / 5 {
        let replay = Arc::new(Replay(Mutex::new(answers.clone())));
        let start = Instant::now();
        inspect_card(replay, None).await?;
        if turn >= CONVERSATIONS / 5 {
            spent += start.elapsed();
        }
    }
    let exchanges = (CONVERSATIONS * answers.len()) as f64;
    Ok(spent.as_secs_f64() * 1e6 / exchanges)
}

/// Milliseconds for one tap, its median.
async fn tap(university: &Arc<TestUniversity>, card: &TestCard) -> Result<f64> {
    let companion = Companion::new(university.ticket_origin(), university.verifier_origin())?;
    let mut times = Vec::with_capacity(TAPS);
    for turn in 0..TAPS * 6 / 5 {
        let request = TestRequest {
            purpose: "link".to_owned(),
            mode: "same-phone".to_owned(),
            with_name: true,
        };
        let page = university.clone().open_page(request).await?;
        let opened = companion.open(page.link(), None).await?;
        let channel = Arc::new(Recording {
            emulated: card.connect(),
            answers: Mutex::default(),
        });
        let pins = Pins {
            authentication: typed("1234")?,
            profile: Some(typed("2345")?),
            use_last_authentication_try: false,
            use_last_profile_try: false,
        };
        let start = Instant::now();
        let accepted = opened.tap(channel, pins, None, None).await?;
        if turn >= TAPS / 5 {
            times.push(start.elapsed());
        }
        page.finish(accepted.return_url).await?;
    }
    times.sort();
    Ok(times[times.len() / 2].as_secs_f64() * 1e3)
}

fn typed(digits: &str) -> Result<Arc<Pin>> {
    let pin = Pin::new();
    for digit in digits.bytes() {
        pin.push(digit - b'0')?;
    }
    Ok(pin)
}
