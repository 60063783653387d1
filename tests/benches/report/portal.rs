//! How soon the portal's pages come while many people are at it, and how heavy they are. Requests
//! leave at their appointed times whether or not earlier ones were answered, so a page that waits
//! for another one counts as slow.

use crate::report::Report;
use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use kazasu_tests::portal::{Parties, Portal};
use reqwest::Client;
use rusqlite::{Connection, params};
use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Requests a second.
const RATE: u32 = 200;
/// Before anything counts.
const WARMING: u32 = RATE * 2;
/// What counts.
const COUNTED: u32 = RATE * 20;
/// Linked people, of whom each request is another.
const PEOPLE: u32 = 20_000;
/// The aim, and a guard wide enough for a busy machine.
const AIM_MS: f64 = 50.0;
const GUARD_MS: f64 = 500.0;
/// The aim for a page with all it loads, which is also its bound: it is a count.
const AIM_KB: f64 = 60.0;

/// Measures everything about the portal.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(run(report))
}

async fn run(report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut portal = Portal::prepare(folder.path()).await?;
    let parties = Parties {
        // Nobody asks them: what they would have proven is in the database.
        verifier: "http://127.0.0.1:9",
        sign_in: "http://127.0.0.1:9",
        sign_in_with: "acr_values = [\"urn:example:mfa\"]",
        tables: "[mail]\nfrom = \"noreply@univ.example\"\nfolder = \"mails\"\n\n\
                 [limits]\naddress = { per_minute = 0, burst = 1 }\n",
    };
    portal.configure("portal.db", &parties)?;
    portal.command(&["migrate"]).await?;
    fill(&portal)?;
    portal.start().await?;
    let http = Client::new();
    let heaviest = weigh(&http, &portal.origin).await?;
    let times = load(&http, &portal.origin).await?;
    portal.stop().await?;

    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    let (p50, p99) = (at(0.5), at(0.99));
    report.line(String::new());
    let title = format!("Portal, {RATE} pages a second, {PEOPLE} people linked");
    report.line(format!(
        "{title:<52} {:>9} {:>8} {:>8}",
        "", "p50 ms", "p99 ms"
    ));
    report.line(format!("  {:<50} {:>9} {p50:>8.2} {p99:>8.2}", "pages", ""));
    let met = |value: f64, aim: f64| if value <= aim { "met" } else { "MISSED" };
    report.line(format!(
        "  {:<50} {p99:>9.2}  (aim: at most {AIM_MS}, {})",
        "portal.p99_ms",
        met(p99, AIM_MS)
    ));
    report.record_at_most("portal.p99_ms", p99, GUARD_MS);
    report.line(format!(
        "  {:<50} {heaviest:>9.1}  (aim: at most {AIM_KB}, {})",
        "portal.page_kb",
        met(heaviest, AIM_KB)
    ));
    report.record_at_most("portal.page_kb", heaviest, AIM_KB);
    Ok(())
}

/// Accounts, links, and a procedure of each person in which they just signed in.
fn fill(portal: &Portal) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    let mut database = Connection::open(portal.folder().join("portal.db"))?;
    let all = database.transaction()?;
    for number in 0..PEOPLE {
        let account = format!("{number:010}");
        all.execute(
            "INSERT INTO directory_accounts (id, kind, locked, failures, refused_until,
                                             session_generation)
             VALUES (?1, 'student', 0, 0, 0, 1)",
            params![account],
        )?;
        all.execute(
            "INSERT INTO directory_names (account, position, name) VALUES (?1, 0, '見本　太郎')",
            params![account],
        )?;
        all.execute(
            "INSERT INTO links (id, ppid, account, linked_at, matures_at, name_match)
             VALUES (?1, ?1, ?1, ?2, ?2, 'equal')",
            params![account, now],
        )?;
        all.execute(
            "INSERT INTO sessions (id, cookie_hash, expires_at) VALUES (?1, ?2, ?3)",
            params![
                account,
                digest(&SHA256, &secret(number)).as_ref(),
                now + 3600
            ],
        )?;
        all.execute(
            "INSERT INTO procedures (id, session, kind, started_at, expires_at, browser, account,
                                     signed_in_at)
             VALUES (?1, ?1, 'state', ?2, ?3, 'Firefox, Linux', ?1, ?2)",
            params![account, now, now + 3600],
        )?;
    }
    Ok(all.commit()?)
}

/// What is in a person's cookie.
fn secret(number: u32) -> [u8; 32] {
    let mut secret = [0; 32];
    secret[..4].copy_from_slice(&number.to_be_bytes());
    secret
}

/// A person's cookie, and the pages they look at, one after the other.
fn page(number: u32) -> (String, String) {
    let person = number.wrapping_mul(7919) % PEOPLE;
    let cookie = format!("__Host-portal={}", BASE64URL.encode(secret(person)));
    let path = match number % 4 {
        0 => "/".to_owned(),
        1 => "/recover".to_owned(),
        // What is linked, what can be done, and all that is stored.
        _ => format!("/p/{person:010}"),
    };
    (cookie, path)
}

async fn load(http: &Client, origin: &str) -> Result<Vec<Duration>> {
    let begun = Instant::now();
    let mut requests = Vec::new();
    for number in 0..WARMING + COUNTED {
        let due = begun + Duration::from_secs(1) * number / RATE;
        tokio::time::sleep_until(due.into()).await;
        let (cookie, path) = page(number);
        let request = http
            .get(format!("{origin}{path}"))
            .header("cookie", cookie)
            .header("accept", "text/html");
        requests.push(tokio::spawn(async move {
            let answer = request.send().await?;
            let status = answer.status();
            answer.bytes().await?;
            anyhow::Ok((status.is_success(), due.elapsed()))
        }));
    }
    let mut times = Vec::new();
    for request in requests {
        let (succeeded, time) = request.await??;
        ensure!(succeeded, "a page was not shown");
        times.push(time);
    }
    let mut counted = times.split_off(WARMING as usize);
    counted.sort_unstable();
    Ok(counted)
}

/// The heaviest of the pages that [`page`] names with everything it loads, in thousands of bytes. The
/// others are weighed by the portal's own tests.
async fn weigh(http: &Client, origin: &str) -> Result<f64> {
    let mut heaviest: f64 = 0.0;
    let mut looked_at = String::new();
    for number in 0..4 {
        let (cookie, path) = page(number);
        let get = |path: String| {
            http.get(format!("{origin}{path}"))
                .header("cookie", &cookie)
        };
        let html = get(path.clone())
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?;
        let mut weight = html.len();
        for part in html.split("\"/assets/").skip(1) {
            let (name, _) = part.split_once('"').context("an address ends")?;
            let file = get(format!("/assets/{name}")).send().await?;
            weight += file.error_for_status()?.bytes().await?.len();
        }
        // Whatever else it loaded would come from here, too: the policy allows nothing else.
        ensure!(!html.contains("src=\"http"), "{path} loads from elsewhere");
        write!(looked_at, " {path}")?;
        heaviest = heaviest.max(weight as f64 / 1000.0);
    }
    ensure!(heaviest > 5.0, "pages without a stylesheet:{looked_at}");
    Ok(heaviest)
}
