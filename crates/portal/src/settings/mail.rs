//! `[mail]`: how people are told what happened.

use kazasu_service::secret::{SecretTable, SecretText};
use kazasu_service::settings::Problems;
use lettre::message::Mailbox;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use url::Url;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The ports of RFC 6409 and RFC 8314.
const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;

/// How people are told what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// How mails leave.
    pub delivery: Delivery,
    /// Whom they are from.
    pub from: Mailbox,
    /// Where answers go.
    pub reply_to: Option<Mailbox>,
    /// For how many seconds a mail is tried.
    pub give_up_after: i64,
    /// For how many seconds it is remembered that something was sent, though not to whom.
    pub kept: i64,
}

/// How mails leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// To a server.
    Smtp(SmtpServer),
    /// Into a folder, for demonstrations and trials: nobody is told anything.
    Folder(PathBuf),
}

/// A server that takes mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// A name or an IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// A file with the authority of its certificate, PEM; without one, the system's authorities.
    pub authority: Option<PathBuf>,
    /// Name and password.
    pub login: Option<(String, SecretText)>,
}

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all: it does not leave the machine.
    Loopback,
    /// By STARTTLS, without which nothing is sent.
    StartTls,
    /// From the first byte on.
    Tls,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MailTable {
    smtp: Option<Url>,
    folder: Option<PathBuf>,
    /// Whether STARTTLS is required; only on loopback it need not be.
    starttls: Option<bool>,
    authority: Option<PathBuf>,
    username: Option<String>,
    password: Option<SecretTable>,
    from: Option<String>,
    reply_to: Option<String>,
    give_up_after: i64,
    kept: i64,
}

impl Default for MailTable {
    fn default() -> Self {
        Self {
            smtp: None,
            folder: None,
            starttls: None,
            authority: None,
            username: None,
            password: None,
            from: None,
            reply_to: None,
            give_up_after: 5 * DAY,
            kept: 30 * DAY,
        }
    }
}

impl MailTable {
    /// `None` only if a problem is noted.
    pub(super) fn check(mut self, problems: &mut Problems, folder: &Path) -> Option<Mail> {
        let from = problems.required("mail.from", self.from.take());
        let from = from.and_then(|text| mailbox(problems, "mail.from", &text));
        let reply_to = self.reply_to.take();
        let reply_to = reply_to.and_then(|text| mailbox(problems, "mail.reply_to", &text));
        if !(HOUR..=30 * DAY).contains(&self.give_up_after) {
            problems.add("mail.give_up_after: must be one hour to 30 days");
        }
        if !(DAY..=366 * DAY).contains(&self.kept) {
            problems.add("mail.kept: must be one day to a year");
        }
        let (give_up_after, kept) = (self.give_up_after, self.kept);
        Some(Mail {
            delivery: self.delivery(problems, folder)?,
            from: from?,
            reply_to,
            give_up_after,
            kept,
        })
    }

    fn delivery(self, problems: &mut Problems, folder: &Path) -> Option<Delivery> {
        match (&self.smtp, &self.folder) {
            (Some(_), None) => self.server(problems, folder).map(Delivery::Smtp),
            (None, Some(mails)) => {
                problems.warn("mail.folder: mails are only written there; nobody gets one");
                Some(Delivery::Folder(folder.join(mails)))
            }
            _ => {
                problems.add("mail: name one of smtp and folder");
                None
            }
        }
    }

    fn server(self, problems: &mut Problems, folder: &Path) -> Option<SmtpServer> {
        let url = self.smtp?;
        let (port, implicit) = match url.scheme() {
            "smtp" => (SUBMISSION, false),
            "smtps" => (SUBMISSIONS, true),
            _ => (0, false),
        };
        let bare = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none();
        let host = url.host_str().filter(|host| !host.is_empty());
        let Some(host) = host.filter(|_| port != 0 && bare) else {
            problems.add("mail.smtp: must be smtp://host:port or smtps://host:port");
            return None;
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        let address: Option<IpAddr> = host.parse().ok();
        let loopback = host == "localhost" || address.is_some_and(|ip| ip.is_loopback());
        if self.starttls == Some(false) && !loopback {
            problems.add("mail.starttls: only mails that stay on this machine go without");
        }
        let security = match (implicit, self.starttls.unwrap_or(!loopback)) {
            (true, _) => Security::Tls,
            (false, true) => Security::StartTls,
            (false, false) => Security::Loopback,
        };
        let login = match (self.username, self.password) {
            (None, None) => None,
            (Some(name), Some(password)) => Some((name, password.in_folder(folder))),
            _ => {
                problems.add("mail: username and password belong together");
                return None;
            }
        };
        Some(SmtpServer {
            port: url.port().unwrap_or(port),
            host,
            security,
            authority: self.authority.map(|path| folder.join(path)),
            login,
        })
    }
}

fn mailbox(problems: &mut Problems, place: &str, text: &str) -> Option<Mailbox> {
    let mailbox: Option<Mailbox> = text.parse().ok();
    let mailbox = mailbox.filter(|m| m.email.to_string().is_ascii());
    if mailbox.is_none() {
        problems.add(format!(
            "{place}: must be an address, or a name and an <address>"
        ));
    }
    mailbox
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_service::settings::{Checked, SettingsError};

    const FROM: &str = "from = 'Mihon University <noreply@mihon.example>'\n";

    fn check(text: &str) -> Result<Checked<Mail>, SettingsError> {
        let mut problems = Problems::default();
        let table: MailTable = toml::from_str(&format!("{FROM}{text}")).unwrap();
        let mail = table.check(&mut problems, Path::new("/etc/portal"));
        problems.finish(mail)
    }

    fn server(text: &str) -> SmtpServer {
        match check(text).unwrap().settings.delivery {
            Delivery::Smtp(server) => server,
            Delivery::Folder(_) => panic!("a folder"),
        }
    }

    #[test]
    fn mails_leave_the_machine_encrypted_or_not_at_all() {
        let far = server("smtp = 'smtp://mail.mihon.example'");
        assert_eq!((far.port, far.security), (587, Security::StartTls));
        let tls = server("smtp = 'smtps://mail.mihon.example'");
        assert_eq!((tls.port, tls.security), (465, Security::Tls));
        for near in ["127.0.0.1", "localhost", "[::1]"] {
            let near = server(&format!("smtp = 'smtp://{near}:25'"));
            assert_eq!((near.port, near.security), (25, Security::Loopback));
        }
        let near = server("smtp = 'smtp://[::1]:25'\nstarttls = true");
        assert_eq!(near.security, Security::StartTls);
        assert_eq!(near.host, "::1");
        assert!(check("smtp = 'smtp://mail.mihon.example'\nstarttls = false").is_err());
        assert!(check("smtp = 'smtp://127.0.0.1.mihon.example'\nstarttls = false").is_err());
    }

    #[test]
    fn a_login_is_a_name_and_where_the_password_is() {
        let server =
            server("smtp = 'smtp://mail.mihon.example'\nusername = 'portal'\npassword = 'word'");
        let file = SecretText::File("/etc/portal/word".into());
        assert_eq!(server.login, Some(("portal".to_owned(), file)));
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        for text in [
            "",
            "folder = 'mails'\nsmtp = 'smtp://mail.mihon.example'",
            "smtp = 'https://mail.mihon.example'",
            "smtp = 'smtp://portal:word@mail.mihon.example'",
            "smtp = 'smtp://mail.mihon.example/inbox'",
            "smtp = 'smtp:mail.mihon.example'",
            "smtp = 'smtp://mail.mihon.example'\nusername = 'portal'",
            "folder = 'mails'\nreply_to = 'desk'",
            "folder = 'mails'\nreply_to = \"a@mihon.example\\r\\nBcc: b@mihon.example\"",
            "folder = 'mails'\ngive_up_after = 60",
            "folder = 'mails'\nkept = 0",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        let folder = check("folder = 'mails'").unwrap();
        assert_eq!(folder.warnings.len(), 1);
        let mails = Delivery::Folder("/etc/portal/mails".into());
        assert_eq!(folder.settings.delivery, mails);
    }
}
