//! The configuration as it is written, and the way to what it means. Each table has its own file.

use super::accounts::AccountsTable;
use super::directory::DirectoryTable;
use super::lifetimes::{Lifetimes, Retention};
use super::limits::Limits;
use super::mail::MailTable;
use super::names::NamesTable;
use super::providers::{SignInTable, VerifierTable};
use super::recovery::RecoveryTable;
use super::{Settings, SettingsError};
use crate::zone::Zone;
use ipnet::IpNet;
use kazasu_service::page::Bilingual;
use kazasu_service::secret::SecretTable;
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
    listen: Option<SocketAddr>,
    tls: Option<TlsFiles>,
    trusted_proxies: Vec<IpNet>,
    database: Option<DatabaseTable>,
    keys: Option<SecretTable>,
    verifier: VerifierTable,
    sign_in: SignInTable,
    directory: DirectoryTable,
    accounts: AccountsTable,
    names: NamesTable,
    mail: MailTable,
    utc_offset: Zone,
    recovery: RecoveryTable,
    lifetimes: Lifetimes,
    retention: Retention,
    audit: AuditTable,
    limits: Limits,
    admin: Option<AdminTable>,
    telemetry: TelemetrySettings,
    pages: PagesTable,
    support: Option<Bilingual>,
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
        let verifier = self.verifier.check(problems);
        let sign_in = self.sign_in.check(problems, folder);
        let directory = self.directory.check(problems, folder);
        let accounts = self.accounts.check(problems);
        let names = self.names.check(problems);
        let mail = self.mail.check(problems, folder);
        let recovery = self.recovery.check(problems);
        self.lifetimes.check(problems);
        self.retention.check(problems, &self.lifetimes);
        self.limits.check(problems);
        let institution = self.pages.check(problems, folder);
        let links = self
            .support
            .iter()
            .flat_map(|l| [("ja", &l.ja), ("en", &l.en)]);
        for (language, text) in links {
            let reachable =
                Url::parse(text).is_ok_and(|u| web::is_web(&u) || u.scheme() == "mailto");
            if !reachable {
                problems.add(format!(
                    "support.{language}: must be an https or mailto address"
                ));
            }
        }
        let (database, schema) = database?;
        Some(Settings {
            origin: origin?,
            listening: listening?,
            limits: self.limits,
            database,
            schema,
            keys: keys?.in_folder(folder),
            verifier: verifier?,
            sign_in: sign_in?,
            directory: directory?,
            accounts: accounts?,
            names,
            mail: mail?,
            zone: self.utc_offset,
            recovery: recovery?,
            lifetimes: self.lifetimes,
            retention: self.retention,
            audit: self.audit.check(folder),
            institution,
            support: self.support,
        })
    }
}

#[cfg(test)]
mod tests;
