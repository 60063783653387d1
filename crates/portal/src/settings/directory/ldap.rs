//! `[directory.ldap]`: how the server is reached, and what its attributes mean.

use kazasu_service::secret::{SecretTable, SecretText};
use kazasu_service::settings::Problems;
use serde::Deserialize;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// An LDAP server and what its attributes mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapSettings {
    /// `ldap`, `ldaps`, or `ldapi` with a socket's path.
    pub url: Url,
    /// The connection becomes secret by StartTLS.
    pub starttls: bool,
    /// Who vouches for the server, PEM; the system's authorities if there is none.
    pub ca: Option<PathBuf>,
    /// Who the portal is there.
    pub bind: Bind,
    /// The entry under which accounts are.
    pub base: String,
    /// The class that every account has.
    pub object_class: String,
    /// What is where.
    pub attributes: LdapAttributes,
    /// How long anything may take.
    pub timeout: Duration,
    /// Seconds after which a request that was not answered is not carried out any more.
    pub carried_out_within: i64,
    /// How many connections at most.
    pub connections: usize,
}

/// Who the portal is to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// An entry with a password.
    Simple {
        /// The entry.
        dn: String,
        /// Its password.
        password: SecretText,
    },
    /// The user whose process this is, over a socket: SASL EXTERNAL.
    External,
}

/// Which attribute holds what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapAttributes {
    /// The account's name.
    pub account: String,
    /// Names that may be on the card, the registered one first.
    pub names: Vec<String>,
    /// Addresses of the account itself.
    pub own_mailbox: Vec<String>,
    /// Other addresses of its person.
    pub outside_mailbox: Vec<String>,
    /// Languages, as in `ja, en;q=0.8`.
    pub language: Option<String>,
    /// The same value in all accounts of one person.
    pub person: Option<String>,
    /// A generalized time from which on the account is revoked.
    pub revoked_at: Option<String>,
    /// What marks a revoked account.
    pub inactive: Option<Marker>,
    /// What marks a locked account, and locks it.
    pub locked: Option<Lock>,
    /// When the password was last changed.
    pub password_changed_at: Option<String>,
    /// Whose it is.
    pub kind: KindAttribute,
}

/// Values of an attribute that mean something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// Which attribute.
    pub attribute: String,
    /// Any of these.
    pub values: Vec<String>,
}

/// One value of an attribute, which is read and written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Which attribute.
    pub attribute: String,
    /// Exactly this.
    pub value: String,
}

/// Whose an account is. One that is both is a student's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindAttribute {
    /// Which attribute.
    pub attribute: String,
    /// Its values of students.
    pub student: Vec<String>,
    /// Its values of members of staff.
    pub staff: Vec<String>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LdapTable {
    url: Option<Url>,
    starttls: Option<bool>,
    ca: Option<PathBuf>,
    bind_dn: Option<String>,
    bind_password: Option<SecretTable>,
    base: Option<String>,
    object_class: String,
    account: String,
    names: Vec<String>,
    own_mailbox: Vec<String>,
    outside_mailbox: Vec<String>,
    language: Option<String>,
    person: Option<String>,
    revoked_at: Option<String>,
    inactive: Option<Marker>,
    locked: Option<Lock>,
    password_changed_at: Option<String>,
    account_kind: Option<KindAttribute>,
    timeout_ms: u64,
    carried_out_within: i64,
    connections: usize,
}

impl Default for LdapTable {
    fn default() -> Self {
        Self {
            url: None,
            starttls: None,
            ca: None,
            bind_dn: None,
            bind_password: None,
            base: None,
            object_class: "person".to_owned(),
            account: "uid".to_owned(),
            names: vec!["cn".to_owned()],
            own_mailbox: vec!["mail".to_owned()],
            outside_mailbox: Vec::new(),
            language: Some("preferredLanguage".to_owned()),
            person: None,
            revoked_at: None,
            inactive: None,
            locked: None,
            password_changed_at: None,
            account_kind: None,
            timeout_ms: 5000,
            carried_out_within: 300,
            connections: 8,
        }
    }
}

impl LdapTable {
    pub(super) fn check(self, problems: &mut Problems, folder: &Path) -> Option<LdapSettings> {
        let url = problems.required("directory.ldap.url", self.url);
        let starttls = url
            .as_ref()
            .map(|url| check_url(problems, url, self.starttls));
        let bind = check_bind(
            problems,
            url.as_ref(),
            self.bind_dn,
            self.bind_password.map(|table| table.in_folder(folder)),
        );
        let base = problems.required("directory.ldap.base", self.base);
        if base.as_deref() == Some("") {
            problems.add("directory.ldap.base: must be the name of an entry");
        }
        if self.outside_mailbox.is_empty() {
            problems.warn(
                "directory.ldap.outside_mailbox: nobody learns of a recovery but whoever reads \
                 the account's own mail; name an attribute with other addresses",
            );
        }
        if !(1..=30_000).contains(&self.timeout_ms) {
            problems.add("directory.ldap.timeout_ms: must be between 1 and 30000");
        }
        if !(10..=86_400).contains(&self.carried_out_within) {
            problems.add("directory.ldap.carried_out_within: must be between 10 and 86400");
        }
        if !(1..=64).contains(&self.connections) {
            problems.add("directory.ldap.connections: must be between 1 and 64");
        }
        let kind = problems.required("directory.ldap.account_kind", self.account_kind);
        let object_class = self.object_class;
        check_name(problems, "object_class", &object_class);
        let attributes = LdapAttributes {
            account: self.account,
            names: self.names,
            own_mailbox: self.own_mailbox,
            outside_mailbox: self.outside_mailbox,
            language: self.language,
            person: self.person,
            revoked_at: self.revoked_at,
            inactive: self.inactive,
            locked: self.locked,
            password_changed_at: self.password_changed_at,
            kind: kind?,
        };
        attributes.check(problems);
        Some(LdapSettings {
            url: url?,
            starttls: starttls?,
            ca: self.ca.map(|path| folder.join(path)),
            bind: bind?,
            base: base?,
            object_class,
            attributes,
            timeout: Duration::from_millis(self.timeout_ms),
            carried_out_within: self.carried_out_within,
            connections: self.connections,
        })
    }
}

impl LdapAttributes {
    fn check(&self, problems: &mut Problems) {
        if self.names.is_empty() {
            problems.add("directory.ldap.names: name at least one attribute");
        }
        if self.kind.student.is_empty() && self.kind.staff.is_empty() {
            problems.add(
                "directory.ldap.account_kind: somebody has to be a student or a member of staff",
            );
        }
        let inactive = self.inactive.as_ref().map(|marker| &marker.attribute);
        let locked = self.locked.as_ref().map(|lock| &lock.attribute);
        for (key, names) in [
            ("account", vec![&self.account]),
            ("names", self.names.iter().collect()),
            ("own_mailbox", self.own_mailbox.iter().collect()),
            ("outside_mailbox", self.outside_mailbox.iter().collect()),
            ("language", self.language.iter().collect()),
            ("person", self.person.iter().collect()),
            ("revoked_at", self.revoked_at.iter().collect()),
            ("inactive.attribute", inactive.into_iter().collect()),
            ("locked.attribute", locked.into_iter().collect()),
            (
                "password_changed_at",
                self.password_changed_at.iter().collect(),
            ),
            ("account_kind.attribute", vec![&self.kind.attribute]),
        ] {
            for name in names {
                check_name(problems, key, name);
            }
        }
    }
}

/// A name goes into filters as it is, so it has to be one: RFC 4512, 2.5.
fn check_name(problems: &mut Problems, key: &str, name: &str) {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ';' | '.');
    if name.is_empty() || !name.chars().all(known) {
        problems.add(format!(
            "directory.ldap.{key}: {name:?} is no name of LDAP's"
        ));
    }
}

/// Whether StartTLS is used. Passwords must not be read on the way.
fn check_url(problems: &mut Problems, url: &Url, wanted: Option<bool>) -> bool {
    let host = url.host_str().unwrap_or_default();
    let scheme = url.scheme();
    if !matches!(scheme, "ldap" | "ldaps" | "ldapi") || host.is_empty() {
        problems
            .add("directory.ldap.url: must be as in ldap://host, ldaps://host or ldapi://%2Fpath");
    }
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
    if !is_bare
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        problems.add("directory.ldap.url: must name the server and nothing else");
    }
    let starttls = wanted.unwrap_or(scheme == "ldap");
    if starttls && scheme != "ldap" {
        problems.add("directory.ldap.starttls: is for ldap:// alone");
    }
    if scheme == "ldap" && !starttls && !is_loopback(host) {
        problems.add("directory.ldap.starttls: only loopback may do without");
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if (starttls || scheme == "ldaps") && bare.parse::<Ipv6Addr>().is_ok() {
        problems.add("directory.ldap.url: the certificate needs a name or an IPv4 address here");
    }
    starttls
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn check_bind(
    problems: &mut Problems,
    url: Option<&Url>,
    dn: Option<String>,
    password: Option<SecretText>,
) -> Option<Bind> {
    let is_socket = url.is_some_and(|url| url.scheme() == "ldapi");
    match (dn, password) {
        (None, None) if is_socket => Some(Bind::External),
        (dn, password) => {
            let dn = problems.required("directory.ldap.bind_dn", dn);
            let password = problems.required("directory.ldap.bind_password", password);
            // RFC 4513: with an empty one a server would take the portal for nobody.
            if dn.as_deref() == Some("") {
                problems.add("directory.ldap.bind_dn: must be the name of an entry");
            }
            Some(Bind::Simple {
                dn: dn?,
                password: password?,
            })
        }
    }
}
