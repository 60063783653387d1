//! `./dev bench`: exchanges and bytes counted at the emulated card, how fast a certificate's path
//! is verified, how fast a whole verifier is, how soon the portal's pages come, and what the way
//! through another language costs. It prints a table and writes one flat map of name to number.
//!
//! The counts are exact, and the run fails when one exceeds its bound. The speeds are ratios of
//! what was measured in the same run; missing an aim is told, and fails nothing, because a busy
//! machine may be the reason. Falling below a floor fails.

mod card;
mod ffi;
mod minimum;
mod path;
mod peers;
mod portal;
mod report;
mod verifier;

use report::Report;
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    if std::env::args().any(|argument| argument == verifier::echo::ARGUMENT) {
        verifier::echo::serve()?;
        return Ok(ExitCode::SUCCESS);
    }
    let full = std::env::args().any(|argument| argument == "--full");
    let mut report = Report::default();
    card::measure(&mut report)?;
    path::measure(&mut report, full)?;
    verifier::measure(&mut report, full)?;
    portal::measure(&mut report)?;
    ffi::measure(&mut report)?;
    report.print();
    if let Some(path) = std::env::var_os("KAZASU_BENCH_REPORT") {
        report.write(path.as_ref())?;
    }
    Ok(if report.bounds_hold() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
