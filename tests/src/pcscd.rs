//! A PC/SC service of a test's own: pcscd, the virtual reader vpcd, and the emulated card in it.
//!
//! pcscd exists once per machine (`/run/pcscd`), and vpcd listens on all interfaces. So a test
//! that needs them runs in namespaces of its own, where `/run` is empty and the only network is a
//! loopback: the machine's own service is neither disturbed nor seen, tests run beside each other,
//! and nothing listens where others could reach it.

use crate::isolated;
use kazasu_emulator::authority::{
    Authority, AuthorityOptions, IssuedCard, KeyAlgorithm, system_clock,
};
use kazasu_emulator::card::EmulatedCard;
use kazasu_emulator::field::{Field, SharedCard};
use kazasu_emulator::holder::Holder;
use kazasu_emulator::reader::{VpcdCard, VpcdMode};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// vpcd's two readers, as PC/SC lists them. The card starts in the first.
pub const FIRST_READER: &str = "Virtual PCD 00 00";
/// The second one.
pub const SECOND_READER: &str = "Virtual PCD 00 01";
/// Where vpcd waits for the second reader's card: one port further.
pub const SECOND_SLOT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT + 1);
/// How both are called in pcscd's configuration.
const FRIENDLY_NAME: &str = "Virtual PCD";
/// vsmartcard's default port.
const PORT: u16 = 0x8C7B;
/// Where Debian's vsmartcard-vpcd puts the driver.
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/// Long enough for a debug build on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long to wait before asking again for a service that is not there yet.
const RETRY: Duration = Duration::from_millis(20);

/// A running pcscd with one emulated card in its reader.
pub struct PcSc {
    /// The reader's field.
    pub field: Field,
    /// The card, whether it is in the field or not.
    pub card: SharedCard,
    /// What its authority put on it.
    pub issued: IssuedCard,
    /// A folder that goes with the test.
    pub folder: PathBuf,
    runtime: Runtime,
    _vpcd: VpcdCard,
    _pcscd: Stopped,
    _temporary: tempfile::TempDir,
}

/// Runs `body` with a PC/SC service of its own that holds a card of `holder`. `test` is the
/// calling test's full name; `programs` are those that `body` starts.
///
/// Where the service or a program cannot be had, this fails if `CI` is `true`; otherwise it says
/// so on standard error, past any capture, and returns.
///
/// # Panics
/// If `body` does.
pub fn alone(test: &str, programs: &[&str], holder: &Holder, body: impl FnOnce(&PcSc)) {
    let missing = || {
        let programs = [&["pcscd"], programs].concat();
        isolated::not_installed(&programs).or_else(|| {
            let absent = !Path::new(DRIVER).exists();
            absent.then(|| "not installed: vsmartcard-vpcd".to_owned())
        })
    };
    isolated::alone(test, "mount -t tmpfs tmpfs /run", missing, || {
        body(&PcSc::start(holder).expect("a PC/SC service of the test's own"));
    });
}

impl PcSc {
    fn start(holder: &Holder) -> anyhow::Result<Self> {
        let now = system_clock()();
        let mut authority = Authority::new(AuthorityOptions::default(), now)?;
        let issued = authority.enrol(&holder.id, KeyAlgorithm::Rsa2048, now)?;
        let card = Arc::new(Mutex::new(EmulatedCard::new(holder, &issued)?));
        let field = Field::new();
        field.present(card.clone());

        let temporary = tempfile::tempdir()?;
        let folder = temporary.path().to_owned();
        let pcscd = start_pcscd(&folder)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
        let vpcd = runtime.block_on(VpcdCard::start(VpcdMode::Connect(address), field.clone()))?;
        wait_for_card()?;
        Ok(Self {
            field,
            card,
            issued,
            folder,
            runtime,
            _vpcd: vpcd,
            _pcscd: pcscd,
            _temporary: temporary,
        })
    }

    /// The runtime that drives the card; for tests that need one themselves.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }
}

/// Kills the process when it goes out of scope.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts pcscd and waits until it says that it is ready.
fn start_pcscd(folder: &Path) -> anyhow::Result<Stopped> {
    let configuration = folder.join("reader.conf.d");
    std::fs::create_dir(&configuration)?;
    // /dev/null instead of a host makes vpcd listen. Told to connect, version 3.3 aborts pcscd as
    // soon as a card is taken away.
    let reader = format!(
        "FRIENDLYNAME \"{FRIENDLY_NAME}\"\nDEVICENAME /dev/null:{PORT:#X}\nLIBPATH {DRIVER}\nCHANNELID {PORT:#X}\n"
    );
    std::fs::write(configuration.join("vpcd"), reader)?;
    let program = isolated::find("pcscd").expect("it was found before");
    let help = Command::new(&program).arg("--help").output()?;
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    // Versions that know polkit would ask a D-Bus that is not here.
    let polkit = ["--disable-polkit"];
    let polkit = polkit.iter().filter(|option| help.contains(**option));
    let mut child = Command::new(program)
        .args(["--foreground", "--info", "--config"])
        .arg(&configuration)
        .args(polkit)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let stdout = child.stdout.take().expect("it is piped");
    let stopped = Stopped(child);
    let mut lines = BufReader::new(stdout).lines();
    let mut said = Vec::new();
    loop {
        match lines.next() {
            Some(Ok(line)) if line.contains("daemon ready") => break,
            Some(Ok(line)) => said.push(line),
            _ => anyhow::bail!("pcscd ended:\n{}", said.join("\n")),
        }
    }
    // It must never wait for somebody to read its log.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(stopped)
}

/// Waits until PC/SC has powered the card.
fn wait_for_card() -> anyhow::Result<()> {
    use pcsc::{Context, ReaderState, Scope, State};
    // pcscd says that it is ready just before it opens its socket.
    let give_up = Instant::now() + START_LIMIT;
    let context = loop {
        match Context::establish(Scope::User) {
            Err(pcsc::Error::NoService) if Instant::now() < give_up => std::thread::sleep(RETRY),
            context => break context?,
        }
    };
    let name = std::ffi::CString::new(FIRST_READER)?;
    let mut states = [ReaderState::new(name, State::UNAWARE)];
    while !states[0].event_state().contains(State::PRESENT) {
        context.get_status_change(START_LIMIT, &mut states)?;
        states[0].sync_current_state();
    }
    Ok(())
}
