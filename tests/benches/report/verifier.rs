//! How many verifications a second a verifier makes durable, beside what gRPC alone allows on the
//! same cores in the same run. Only `SubmitAssertion` is timed; opening, claiming, the challenge
//! and the card's signature come before, through the verifier's own HTTP and gRPC. All checks and
//! the audit rows are on; the authority has answered once for each card and is idle then.

pub(crate) mod echo;
mod load;
mod site;

use crate::report::Report;
use anyhow::{Result, ensure};
use kazasu_demo::process::Process;
use kazasu_tests::cluster::Trusted;
use kazasu_tests::engine::Engine;
use load::{CONCURRENT, Companions, Measured, Taps, percentile};
use site::Site;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CARDS: usize = 64;
/// Submissions to one verifier in one round.
const TAPS: usize = 2000;
/// Each of them goes to the echo so many times, which is that much faster.
const ECHOES: usize = 5;
const ROUNDS: usize = 7;
/// Submissions at half load.
const HALF_LOAD: usize = 8000;
/// Stored credentials: a department's, and a large university's with its alumni (with `--full`:
/// more than there will ever be).
const FEW: u64 = 1_000;
const MANY: u64 = 100_000;
const MANY_FULL: u64 = 10_000_000;
/// Between two commits of one row, which are what a submission is measured by.
const BETWEEN_COMMITS: Duration = Duration::from_millis(5);
const STARTS: usize = 5;

/// Measures everything about the verifier.
pub(crate) fn measure(report: &mut Report, full: bool) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(run(report, full))
}

async fn run(report: &mut Report, full: bool) -> Result<()> {
    let trusted = Trusted::start(CARDS).await?;
    let echo = Echo::start().await?;
    let stored = if full { MANY_FULL } else { MANY };
    let mut many = Site::start(&trusted, Engine::Sqlite, stored).await?;
    let few = Site::start(&trusted, Engine::Sqlite, FEW).await?;
    report.line(String::new());
    let title = format!("Verifier, {CONCURRENT} at a time, medians of {ROUNDS}");
    report.line(format!(
        "{title:<52} {:>9} {:>8} {:>8}",
        "a second", "p50 ms", "p99 ms"
    ));

    let [many_rounds, few_rounds] = rounds(&echo, [&many, &few]).await?;
    line(
        report,
        "tonic, answering in the same sizes",
        many_rounds.iter().map(|r| &r.echo),
    );
    line(
        report,
        &format!("SQLite, {stored} credentials"),
        many_rounds.iter().map(|r| &r.verifier),
    );
    line(
        report,
        &format!("SQLite, {FEW} credentials"),
        few_rounds.iter().map(|r| &r.verifier),
    );
    over_echo(
        report,
        "verifier.over_echo.sqlite",
        &many_rounds,
        0.25,
        0.18,
    );
    let slowdown = few_rounds.iter().zip(&many_rounds);
    let slowdown = median(slowdown.map(|(few, many)| few.verifier.rate / many.verifier.rate));
    aim(report, "verifier.flatness", slowdown, 1.2);
    few.verifier.stop().await?;
    half_load(report, &many, &many_rounds).await?;

    aim(report, "verifier.rss_mib.idle", many.idle, f64::INFINITY);
    aim(
        report,
        "verifier.rss_mib.loaded",
        many.resident()?,
        f64::INFINITY,
    );
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(many.start_up().await?);
    }
    aim(report, "verifier.startup_ms", median(starts), 1000.0);
    many.verifier.stop().await?;
    on_postgres(report, &trusted, &echo, stored).await
}

async fn on_postgres(
    report: &mut Report,
    trusted: &Trusted,
    echo: &Echo,
    stored: u64,
) -> Result<()> {
    let site = Site::start(trusted, Engine::Postgres, stored).await?;
    let [rounds] = rounds(echo, [&site]).await?;
    line(
        report,
        &format!("PostgreSQL, {stored} credentials"),
        rounds.iter().map(|r| &r.verifier),
    );
    over_echo(report, "verifier.over_echo.postgres", &rounds, 0.12, 0.09);
    site.verifier.stop().await
}

/// The echo server's process and its clients.
struct Echo {
    companions: Companions,
    _process: Process,
    _folder: TempDir,
}

impl Echo {
    async fn start() -> Result<Self> {
        let folder = TempDir::new()?;
        let (process, origin) = echo::start(folder.path()).await?;
        Ok(Self {
            companions: Companions::connect(&origin).await?,
            _process: process,
            _folder: folder,
        })
    }
}

/// One round of one verifier, and the echo just before it.
struct Round {
    echo: Measured,
    verifier: Measured,
}

/// Echo and verifiers take turns, so that a busy moment of the machine meets them all.
async fn rounds<const N: usize>(echo: &Echo, sites: [&Site; N]) -> Result<[Vec<Round>; N]> {
    let mut prepared = Vec::new();
    for site in sites {
        let before = site.accepted().await?;
        prepared.push((before, site.taps(ROUNDS * TAPS).await?));
    }
    let mut measured = [const { Vec::new() }; N];
    for round in 0..ROUNDS {
        for ((site, (_, taps)), measured) in sites.iter().zip(&prepared).zip(&mut measured) {
            let taps = &taps[round * TAPS..][..TAPS];
            let echoes: Taps = Arc::new([taps; ECHOES].concat());
            measured.push(Round {
                echo: echo.companions.submit_all(&echoes).await?,
                verifier: site.companions.submit_all(&Arc::new(taps.to_vec())).await?,
            });
        }
    }
    for (site, (before, taps)) in sites.iter().zip(&prepared) {
        let events = site.accepted().await? - before;
        ensure!(
            events == taps.len(),
            "{} acceptances left {events} events",
            taps.len()
        );
    }
    Ok(measured)
}

/// How long a submission takes at half of what the verifier can do, beside what one durable commit
/// takes on this disk at the same time.
async fn half_load(report: &mut Report, site: &Site, rounds: &[Round]) -> Result<()> {
    let rate = median(rounds.iter().map(|round| round.verifier.rate)) / 2.0;
    let taps = site.taps(HALF_LOAD).await?;
    let file = site.folder.path().join("commits.db");
    let ended = Arc::new(AtomicBool::new(false));
    let commits = thread::spawn({
        let ended = ended.clone();
        move || commits(&file, &ended)
    });
    let half = site.companions.submit_at(rate, taps).await?;
    ended.store(true, Ordering::Relaxed);
    let mut commits = commits.join().expect("commits end when told")?;
    commits.sort_unstable();
    line(report, "SQLite, at half load", [&half].into_iter());
    let commit = percentile(&commits, 0.5);
    report.line(format!(
        "{:<62} {commit:>8.2} {:>8.2}",
        "  one durable commit of one row, at the same time",
        percentile(&commits, 0.99)
    ));
    aim(
        report,
        "verifier.p99_over_commit_p50",
        half.percentile(0.99) / commit,
        3.0,
    );
    Ok(())
}

/// How long commits of one row each take, as durable as the verifier's, until `ended`.
fn commits(file: &Path, ended: &AtomicBool) -> Result<Vec<Duration>> {
    let database = rusqlite::Connection::open(file)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS t (i)",
    )?;
    let mut commits = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        let start = Instant::now();
        database.execute("INSERT INTO t VALUES (1)", [])?;
        commits.push(start.elapsed());
        thread::sleep(BETWEEN_COMMITS);
    }
    Ok(commits)
}

fn over_echo(report: &mut Report, key: &str, rounds: &[Round], aim: f64, floor: f64) {
    let ratio = median(
        rounds
            .iter()
            .map(|round| round.verifier.rate / round.echo.rate),
    );
    report.record_at_least(key, ratio, floor);
    let met = if ratio >= aim { "met" } else { "MISSED" };
    report.line(format!(
        "  {key:<50} {ratio:>9.2}  (aim: {aim}, {met}; floor: {floor})"
    ));
}

fn aim(report: &mut Report, key: &str, value: f64, most: f64) {
    report.record(key, value);
    let aim = match most.is_finite() {
        false => String::new(),
        true if value <= most => format!("  (aim: at most {most}, met)"),
        true => format!("  (aim: at most {most}, MISSED)"),
    };
    report.line(format!("  {key:<50} {value:>9.2}{aim}"));
}

fn line<'a>(report: &mut Report, what: &str, measured: impl Iterator<Item = &'a Measured> + Clone) {
    let [rate, p50, p99] = [
        median(measured.clone().map(|m| m.rate)),
        median(measured.clone().map(|m| m.percentile(0.5))),
        median(measured.map(|m| m.percentile(0.99))),
    ];
    report.line(format!("  {what:<50} {rate:>9.0} {p50:>8.2} {p99:>8.2}"));
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
