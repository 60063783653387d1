//! What the tests of this module need.

mod importing;
mod operations;
mod serving;
mod signing_in;

use super::*;
use kazasu_demo::postgres::test_database;
use kazasu_service::store::{Location, Schema};
use tempfile::TempDir;

const MIGRATIONS: &[kazasu_service::store::Migration] = &[&[kazasu_service::audit::SCHEMA, SCHEMA]];

/// Midnight of 2027-04-01 in Japan.
const LEAVES: i64 = 1_806_505_200;
/// Some time before.
const NOW: i64 = LEAVES - 1000;

const PEOPLE: &str = r#"
{"account": "0123456789", "kind": "student", "names": ["見本　太郎", "MIHON Taro"], "contacts": [{"address": "taro@mail.example", "outside": true}, {"address": "0123456789@univ.example", "outside": false}], "language": "ja", "revoked_at": "2027-04-01T00:00:00+09:00", "password": "first-Passw0rd"}
{"account": "staff1", "kind": "staff", "names": ["見本　太郎"], "student_account": "0123456789"}
"#;

struct Tested {
    store: Arc<Store>,
    directory: Builtin,
    _folder: TempDir,
}

/// A directory with these people, imported at [`NOW`].
async fn directory(people: &str) -> Tested {
    let folder = tempfile::tempdir().unwrap();
    let text = test_database().await.unwrap();
    let location = Location::parse(&text, folder.path()).unwrap();
    let location = location.with_connections(2);
    let store = Arc::new(Store::open(&location, MIGRATIONS, Schema::Migrate).unwrap());
    import(&store, people, None, NOW).await.unwrap();
    Tested {
        directory: Builtin::new(store.clone()),
        store,
        _folder: folder,
    }
}

fn id(text: &str) -> AccountId {
    AccountId::parse(text, None).unwrap()
}

fn student() -> AccountId {
    id("0123456789")
}

fn operation(text: &str) -> OperationId {
    OperationId::new(text)
}

fn password(text: &str) -> Password {
    crate::password::Rule::default().check(text).unwrap()
}

impl Tested {
    async fn sign_in(&self, secret: &str, now: i64) -> Result<SignedIn, SignInError> {
        self.sign_in_as(&student(), secret, now).await
    }

    async fn sign_in_as(
        &self,
        account: &AccountId,
        secret: &str,
        now: i64,
    ) -> Result<SignedIn, SignInError> {
        sign_in(&self.store, account, Zeroizing::new(secret.to_owned()), now).await
    }

    async fn set_password(&self, operation_id: &str, text: &str) -> Result<(), DirectoryError> {
        self.directory
            .set_password(&student(), &operation(operation_id), &password(text), NOW)
            .await
    }

    async fn issue(&self, operation_id: &str) -> Result<AccessPass, DirectoryError> {
        self.directory
            .issue_access_pass(&student(), &operation(operation_id), 600, NOW)
            .await
    }

    async fn lock(&self, operation_id: &str) -> Result<(), DirectoryError> {
        self.directory
            .lock(&student(), &operation(operation_id), NOW)
            .await
    }

    async fn outcome(&self, operation_id: &str, kind: OperationKind) -> Outcome {
        let asked = Operation {
            id: operation(operation_id),
            kind,
            account: student(),
            recorded_at: NOW,
        };
        self.directory.outcome(&asked, NOW).await.unwrap()
    }
}
