//! The directory that is part of the portal: for the demonstration, and for sites with no other.
//! It lives in the portal's own database, and a sign-in provider asks it over the second port.
//!
//! Every change commits in one transaction with its identifier, so [`Directory::outcome`] is
//! exact. An access pass works until it expires, as often as its person likes: registering a new
//! second factor may take two attempts.

mod hash;
mod import;
mod manage;
mod once;
mod routes;
mod rows;
mod sign_in;
#[cfg(test)]
mod tests;

pub use import::{ImportError, Imported, import};
pub use manage::{Listed, Shown, list, show, unlock};
pub(crate) use manage::{purge, remove};
pub use routes::routes;
pub use sign_in::{SignInError, SignedIn, With, has_session, sign_in};

use super::{
    Account, Capabilities, Directory, DirectoryError, Operation, OperationId, OperationKind,
    Outcome,
};
use crate::account::AccountId;
use crate::password::{AccessPass, Password};
use async_trait::async_trait;
use kazasu_service::store::{Store, StoreError, Value};
use kazasu_service::values;
use once::{Made, Once};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Its tables, for the portal's migrations.
pub const SCHEMA: &str = include_str!("builtin/schema.sql");

/// The built-in directory.
#[derive(Clone)]
pub struct Builtin {
    store: Arc<Store>,
}

impl Builtin {
    /// A directory in a database that has [`SCHEMA`].
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    async fn make(
        &self,
        once: Once,
        update: &'static str,
        values: Vec<Value>,
    ) -> Result<Made, DirectoryError> {
        let made = self
            .store
            .write(move |c| once.make(c, update, &values))
            .await?;
        match made {
            Made::Now | Made::Before => Ok(made),
            Made::GivenUp => Err(DirectoryError::Settled),
            Made::NotActive => Err(DirectoryError::NotActive),
            Made::NoSuchAccount => Err(DirectoryError::NoSuchAccount),
        }
    }
}

#[async_trait]
impl Directory for Builtin {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            password: true,
            access_pass: true,
            lock: true,
        }
    }

    async fn account(&self, id: &AccountId, now: i64) -> Result<Option<Account>, DirectoryError> {
        let id = id.as_str().to_owned();
        let found = self.store.read(move |c| rows::account(c, &id, now));
        Ok(found.await?)
    }

    async fn set_password(
        &self,
        id: &AccountId,
        operation: &OperationId,
        password: &Password,
        now: i64,
    ) -> Result<(), DirectoryError> {
        let hash = hash::hash(Zeroizing::new(password.expose().to_owned())).await;
        let once = once(OperationKind::Password, id, operation, now);
        let values = values![id.as_str(), hash, now].to_vec();
        self.make(once, SET_PASSWORD, values).await.map(drop)
    }

    async fn issue_access_pass(
        &self,
        id: &AccountId,
        operation: &OperationId,
        lifetime: i64,
        now: i64,
    ) -> Result<AccessPass, DirectoryError> {
        let pass = AccessPass::generate();
        let hash = sign_in::hash_of_pass(pass.expose());
        let once = once(OperationKind::AccessPass, id, operation, now);
        let values = values![id.as_str(), hash, now + lifetime, now].to_vec();
        match self.make(once, SET_ACCESS_PASS, values).await? {
            Made::Now => Ok(pass),
            _ => Err(DirectoryError::Settled),
        }
    }

    async fn lock(
        &self,
        id: &AccountId,
        operation: &OperationId,
        now: i64,
    ) -> Result<(), DirectoryError> {
        let once = once(OperationKind::Lock, id, operation, now);
        let values = values![id.as_str()].to_vec();
        self.make(once, LOCK, values).await.map(drop)
    }

    async fn outcome(&self, operation: &Operation, _now: i64) -> Result<Outcome, DirectoryError> {
        let operation = operation.clone();
        let settled = self.store.write(move |c| once::settle(c, &operation));
        Ok(settled.await?)
    }

    async fn check(&self) -> Result<(), DirectoryError> {
        Ok(self.store.check().await?)
    }
}

/// A new password also ends what an attacker may have begun: sessions, an access pass, and the
/// wait after wrong attempts.
const SET_PASSWORD: &str = "UPDATE directory_accounts SET password = ?2, access_pass = NULL,
    access_pass_until = NULL, failures = 0, refused_until = 0,
    session_generation = session_generation + 1
  WHERE id = ?1 AND locked = 0 AND (revoked_at IS NULL OR revoked_at > ?3)";

const SET_ACCESS_PASS: &str = "UPDATE directory_accounts SET access_pass = ?2,
    access_pass_until = ?3, failures = 0, refused_until = 0
  WHERE id = ?1 AND locked = 0 AND (revoked_at IS NULL OR revoked_at > ?4)";

const LOCK: &str = "UPDATE directory_accounts SET locked = 1, password = NULL, access_pass = NULL,
    access_pass_until = NULL, session_generation = session_generation + 1
  WHERE id = ?1";

fn once(kind: OperationKind, id: &AccountId, operation: &OperationId, now: i64) -> Once {
    Once {
        id: operation.clone(),
        kind,
        account: id.as_str().to_owned(),
        now,
    }
}

impl From<StoreError> for DirectoryError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
