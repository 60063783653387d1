//! `tls`, `trusted_proxies`, `[admin]` and `[telemetry]`: how requests arrive, and what is told about
//! them.

use super::Problems;
use crate::telemetry::TelemetrySettings;
use crate::tls::TlsFiles;
use ipnet::IpNet;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::Path;

/// `[admin]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminTable {
    listen: SocketAddr,
}

/// How requests arrive, and what is told about them.
#[derive(Debug)]
pub struct Listening {
    /// Where the public port listens.
    pub address: SocketAddr,
    /// Its certificate; `None` for plain HTTP, behind a proxy.
    pub tls: Option<TlsFiles>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where the second port listens, if there is one: health, reflection, metrics.
    pub admin: Option<SocketAddr>,
    /// The log, and the export of spans.
    pub telemetry: TelemetrySettings,
}

/// What is written about it, besides the address.
pub struct ListeningTables {
    /// `tls`.
    pub tls: Option<TlsFiles>,
    /// `trusted_proxies`.
    pub trusted_proxies: Vec<IpNet>,
    /// `[admin]`.
    pub admin: Option<AdminTable>,
    /// `[telemetry]`.
    pub telemetry: TelemetrySettings,
}

impl ListeningTables {
    /// How requests arrive. `address` is what `listen` says; without one there is nothing to return.
    /// Relative paths start at `folder`.
    pub fn check(
        self,
        problems: &mut Problems,
        address: Option<SocketAddr>,
        folder: &Path,
    ) -> Option<Listening> {
        let admin = self.admin.map(|table| table.listen);
        if admin.is_some() && admin == address && admin.is_some_and(|admin| admin.port() != 0) {
            problems.add("admin.listen: must be another port than listen");
        }
        let collector = self.telemetry.otlp_endpoint.as_ref();
        if collector.is_some_and(|url| url.scheme() != "http") {
            problems
                .add("telemetry.otlp_endpoint: must be http, to a collector beside this server");
        }
        Some(Listening {
            address: address?,
            tls: self.tls.map(|files| files.in_folder(folder)),
            trusted_proxies: self.trusted_proxies,
            admin,
            telemetry: self.telemetry,
        })
    }
}
