//! The configuration as it is written, and the way to what it means. Each table has its own file.

use super::apps::{self, Apps};
use super::keys::KeysSetting;
use super::lifetimes::{self, Lifetimes};
use super::limits::Limits;
use super::lineage::LineageTable;
use super::relying_party::{self, RelyingPartyTable};
use super::revocation::RevocationTable;
use super::trust::TrustTable;
use super::{Settings, SettingsError};
use ipnet::IpNet;
use kazasu_service::settings::{
    AdminTable, AuditTable, Checked, Layers, ListeningTables, PagesTable, Problems, web,
};
use kazasu_service::store::DatabaseTable;
use kazasu_service::telemetry::TelemetrySettings;
use kazasu_service::tls::TlsFiles;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::Path;
use url::Url;

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct File {
    origin: Option<String>,
    ticket_origin: Option<String>,
    listen: Option<SocketAddr>,
    tls: Option<TlsFiles>,
    trusted_proxies: Vec<IpNet>,
    database: Option<DatabaseTable>,
    keys: Option<KeysSetting>,
    trust: Option<TrustTable>,
    revocation: RevocationTable,
    lineage: LineageTable,
    audit: AuditTable,
    lifetimes: Lifetimes,
    limits: Limits,
    admin: Option<AdminTable>,
    telemetry: TelemetrySettings,
    pages: PagesTable,
    apps: Apps,
    relying_party: Vec<RelyingPartyTable>,
}

/// Checks what the layers say; relative paths start at `folder`.
pub(super) fn check(layers: &Layers, folder: &Path) -> Result<Checked<Settings>, SettingsError> {
    let mut problems = Problems::default();
    let file: Option<File> = layers.extract(&mut problems);
    let settings = file.and_then(|file| file.check(&mut problems, folder));
    problems.finish(settings)
}

impl File {
    /// `None` only if a problem is noted.
    fn check(self, problems: &mut Problems, folder: &Path) -> Option<Settings> {
        // Everything is looked at before the first `?`, so that one attempt shows it all.
        let origin = problems.required("origin", self.origin);
        let origin = origin.and_then(|text| web::origin(problems, "origin", &text));
        let ticket_origin = problems.required("ticket_origin", self.ticket_origin);
        let ticket_origin =
            ticket_origin.and_then(|text| web::origin(problems, "ticket_origin", &text));
        two_hosts(problems, origin.as_deref(), ticket_origin.as_deref());
        let listen = problems.required("listen", self.listen);
        let tables = ListeningTables {
            tls: self.tls,
            trusted_proxies: self.trusted_proxies,
            admin: self.admin,
            telemetry: self.telemetry,
        };
        let listening = tables.check(problems, listen, folder);
        let database = problems.required("database", self.database);
        let database = database.and_then(|table| table.check(problems, folder));
        let keys = problems.required("keys", self.keys);
        let keys = keys.and_then(|setting| setting.check(problems, folder));
        let trust = problems.required("trust", self.trust);
        let trust = trust.and_then(|table| table.check(problems, folder));
        let revocation = self.revocation.check(problems);
        let lineage = self.lineage.check(problems);
        lifetimes::check(problems, &self.lifetimes);
        self.limits.check(problems);
        let institution = self.pages.check(problems, folder);
        apps::check(problems, &self.apps);
        let relying_parties = relying_party::check(problems, self.relying_party, folder);
        let (database, schema) = database?;
        Some(Settings {
            origin: origin?,
            ticket_origin: ticket_origin?,
            listening: listening?,
            limits: self.limits,
            database,
            schema,
            keys: keys?,
            trust: trust?,
            revocation: revocation?,
            lineage: lineage?,
            audit: self.audit.check(folder),
            lifetimes: self.lifetimes,
            institution,
            apps: self.apps,
            relying_parties,
        })
    }
}

/// Ticket links need a host of their own: iOS opens no app links to the host of the page.
fn two_hosts(problems: &mut Problems, origin: Option<&str>, tickets: Option<&str>) {
    let host = |origin: Option<&str>| Some(Url::parse(origin?).ok()?.host_str()?.to_owned());
    if host(origin).is_some() && host(origin) == host(tickets) {
        problems.add("ticket_origin: must have another host than origin");
    }
}

#[cfg(test)]
mod tests;
