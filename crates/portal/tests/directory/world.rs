//! Directories with the same people.

use kazasu_demo::slapd::{LEFT_BEFORE, Slapd};
use kazasu_portal::account::AccountId;
use kazasu_portal::directory::builtin::{self, Builtin};
use kazasu_portal::directory::ldap::Ldap;
use kazasu_portal::directory::{
    Account, Directory, DirectoryError, Operation, OperationId, OperationKind,
};
use kazasu_portal::password::{Password, Rule};
use kazasu_portal::{DirectorySettings, LdapSettings, Settings};
use kazasu_service::store::{Location, Migration, Schema, Store};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use zeroize::Zeroizing;

pub(crate) use kazasu_demo::slapd::FIRST_PASSWORD;

pub(crate) const STUDENT: &str = "0123456789";
pub(crate) const STUDENT_AND_STAFF: &str = "1234567890";
pub(crate) const STAFF_AND_STUDENT: &str = "s1234567";
pub(crate) const STAFF: &str = "s2345678";
pub(crate) const LEFT: &str = "2345678901";

pub(crate) const SECOND_PASSWORD: &str = "second-Passw0rd";

const MIGRATIONS: &[Migration] = &[&[builtin::SCHEMA]];

/// A directory, and a look at it from elsewhere.
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) directory: Box<dyn Directory>,
    backing: Backing,
}

enum Backing {
    Builtin { store: Arc<Store>, _folder: TempDir },
    Ldap(Box<Slapd>),
}

/// One of each.
pub(crate) async fn worlds() -> [World; 2] {
    [built_in().await, ldap().await]
}

pub(crate) async fn built_in() -> World {
    let folder = tempfile::tempdir().unwrap();
    let text = kazasu_demo::postgres::test_database().await.unwrap();
    let location = Location::parse(&text, folder.path()).unwrap();
    let location = location.with_connections(2);
    let store = Store::open(&location, MIGRATIONS, Schema::Migrate).unwrap();
    let store = Arc::new(store);
    let left = chrono::DateTime::from_timestamp(now() - LEFT_BEFORE, 0).unwrap();
    let people = include_str!("people.jsonl").replace("{left}", &left.to_rfc3339());
    builtin::import(&store, &people, None, now()).await.unwrap();
    World {
        name: "built-in",
        directory: Box::new(Builtin::new(store.clone())),
        backing: Backing::Builtin {
            store,
            _folder: folder,
        },
    }
}

pub(crate) async fn ldap() -> World {
    let slapd = Slapd::start().await.unwrap();
    World {
        name: "LDAP",
        directory: Box::new(Ldap::new(settings(&slapd)).unwrap()),
        backing: Backing::Ldap(Box::new(slapd)),
    }
}

/// The launcher's own settings for the server, in an otherwise exemplary file.
pub(crate) fn settings(slapd: &Slapd) -> LdapSettings {
    let example = include_str!("../../portal.example.toml");
    let (before, after) = example.split_once("\n[directory]\n").unwrap();
    let (_, after) = after.split_once("\n[").unwrap();
    let before = before.replace("acr_values = []", "acr_values = [\"urn:mfa\"]");
    let text = format!("{before}\n{}\n[{after}", slapd.settings());
    match Settings::parse(&text, Path::new("/")).unwrap().directory {
        DirectorySettings::Ldap(settings) => *settings,
        other => panic!("{other:?}"),
    }
}

impl World {
    pub(crate) async fn account(&self, account: &str) -> Option<Account> {
        self.account_at(account, now()).await
    }

    pub(crate) async fn account_at(&self, account: &str, now: i64) -> Option<Account> {
        self.directory.account(&id(account), now).await.unwrap()
    }

    pub(crate) async fn set_password(
        &self,
        account: &str,
        operation: &str,
        text: &str,
    ) -> Result<(), DirectoryError> {
        let operation = OperationId::new(operation);
        self.directory
            .set_password(&id(account), &operation, &password(text), now())
            .await
    }

    pub(crate) async fn lock(&self, account: &str, operation: &str) -> Result<(), DirectoryError> {
        let operation = OperationId::new(operation);
        self.directory.lock(&id(account), &operation, now()).await
    }

    /// Whether somebody gets in with this password.
    pub(crate) async fn accepts(&self, account: &str, password: &str) -> bool {
        match &self.backing {
            Backing::Builtin { store, .. } => {
                let secret = Zeroizing::new(password.to_owned());
                builtin::sign_in(store, &id(account), secret, now())
                    .await
                    .is_ok()
            }
            Backing::Ldap(slapd) => slapd.accepts(account, password).await.unwrap(),
        }
    }

    /// The server behind it.
    pub(crate) fn slapd(&self) -> &Slapd {
        match &self.backing {
            Backing::Ldap(slapd) => slapd,
            Backing::Builtin { .. } => panic!("there is no server"),
        }
    }
}

pub(crate) fn id(account: &str) -> AccountId {
    AccountId::parse(account, None).unwrap()
}

/// Also one that a stricter directory refuses.
pub(crate) fn password(text: &str) -> Password {
    let lax = Rule {
        shortest: 4,
        ..Rule::default()
    };
    lax.check(text).unwrap()
}

pub(crate) fn operation(id_: &str, kind: OperationKind, account: &str, at: i64) -> Operation {
    Operation {
        id: OperationId::new(id_),
        kind,
        account: id(account),
        recorded_at: at,
    }
}

pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs().try_into().unwrap()
}
