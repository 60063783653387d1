//! Accounts in an LDAP server. Passwords are set with its password-modify operation (RFC 3062), so
//! its own policy decides about them.
//!
//! It keeps no identifiers of operations: the same password set twice is set once as far as anybody
//! can see (a server that remembers passwords refuses it the second time), and whether a change was
//! made is told by the time of the last one, where the server keeps that.

mod connection;
mod entry;
mod policy;
mod time;
mod trouble;

pub use connection::LdapSetupError;

use super::{
    Account, Capabilities, Directory, DirectoryError, Operation, OperationId, OperationKind,
    Outcome,
};
use crate::account::{AccountId, AccountKind, AccountState};
use crate::password::{AccessPass, Password, Rule};
use crate::settings::{LdapSettings, Lock};
use async_trait::async_trait;
use connection::{Lease, Pool};
use entry::Entry;
use ldap3::exop::PasswordModify;
use ldap3::{Mod, Scope, SearchEntry, SearchOptions, ldap_escape};
use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use trouble::{Trouble, code};

/// By how many seconds the server's clock may be behind, and a change nevertheless be this one.
const CLOCK_SKEW: i64 = 300;

/// Entries of one person that are looked at, at most.
const ACCOUNTS_OF_ONE: i32 = 20;

/// A password nobody knows is this long.
const UNGUESSABLE: usize = 40;

/// An LDAP server.
#[derive(Clone)]
pub struct Ldap {
    timeout: Duration,
    server: Arc<Server>,
}

struct Server {
    settings: LdapSettings,
    pool: Pool,
    wanted: Vec<String>,
}

impl Ldap {
    /// Connects to nobody yet; [`Directory::check`] does.
    ///
    /// # Errors
    /// [`LdapSetupError`].
    pub fn new(settings: LdapSettings) -> Result<Self, LdapSetupError> {
        let server = Server {
            pool: Pool::new(&settings)?,
            wanted: entry::wanted(&settings.attributes),
            settings,
        };
        Ok(Self {
            timeout: server.settings.timeout,
            server: Arc::new(server),
        })
    }

    /// Runs `work` to its end, whether or not the caller waits for it: what was half asked of a
    /// server cannot be taken back. A client that panics at what is no LDAP costs a connection.
    async fn finish<T, F>(&self, work: impl FnOnce(Arc<Server>) -> F) -> Result<T, DirectoryError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, DirectoryError>> + Send + 'static,
    {
        let work = work(self.server.clone());
        match tokio::spawn(tokio::time::timeout(self.timeout, work)).await {
            Ok(Ok(result)) => result,
            Ok(Err(_elapsed)) => Err(Trouble::Timeout.into()),
            Err(_panicked) => Err(Trouble::Ended.into()),
        }
    }
}

#[async_trait]
impl Directory for Ldap {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            password: true,
            access_pass: false,
            lock: true,
        }
    }

    async fn account(&self, id: &AccountId, now: i64) -> Result<Option<Account>, DirectoryError> {
        let id = id.clone();
        self.finish(|server| async move { server.account(&id, now).await })
            .await
    }

    async fn set_password(
        &self,
        id: &AccountId,
        _operation: &OperationId,
        password: &Password,
        now: i64,
    ) -> Result<(), DirectoryError> {
        let (id, password) = (id.clone(), password.clone());
        self.finish(|server| async move {
            let (mut lease, entry) = server.find(&id).await?;
            let entry = entry.ok_or(DirectoryError::NoSuchAccount)?;
            let state = entry.state(&server.settings.attributes, now)?;
            if state != AccountState::Active {
                return Err(DirectoryError::NotActive);
            }
            match modify_password(&mut lease, &entry.dn, &password).await {
                Err(Trouble::Code(code::CONSTRAINT_VIOLATION)) => {
                    server.pool.give_back(lease);
                    Err(DirectoryError::PasswordRefused)
                }
                Err(trouble) => Err(trouble.into()),
                Ok(()) => {
                    server.pool.give_back(lease);
                    Ok(())
                }
            }
        })
        .await
    }

    async fn issue_access_pass(
        &self,
        _: &AccountId,
        _: &OperationId,
        _: i64,
        _: i64,
    ) -> Result<AccessPass, DirectoryError> {
        Err(Trouble::NoAccessPass.into())
    }

    async fn lock(
        &self,
        id: &AccountId,
        _operation: &OperationId,
        _now: i64,
    ) -> Result<(), DirectoryError> {
        let id = id.clone();
        self.finish(|server| async move { server.lock(&id).await })
            .await
    }

    async fn outcome(&self, operation: &Operation, now: i64) -> Result<Outcome, DirectoryError> {
        if operation.kind == OperationKind::AccessPass {
            return Ok(Outcome::NotDone);
        }
        let operation = operation.clone();
        self.finish(|server| async move {
            let (lease, entry) = server.find(&operation.account).await?;
            server.pool.give_back(lease);
            Ok(match entry {
                Some(entry) => server.outcome(&entry, &operation, now)?,
                None => Outcome::Unknown,
            })
        })
        .await
    }

    async fn check(&self) -> Result<(), DirectoryError> {
        self.finish(|server| async move {
            let found = server.search(Scope::Base, "(objectClass=*)", 1).await?;
            server.pool.give_back(found.0);
            Ok(())
        })
        .await
    }
}

impl Server {
    async fn account(&self, id: &AccountId, now: i64) -> Result<Option<Account>, DirectoryError> {
        let attributes = &self.settings.attributes;
        let (lease, entry) = self.find(id).await?;
        self.pool.give_back(lease);
        let Some(entry) = entry else {
            return Ok(None);
        };
        let mut account = entry.account(id, attributes, now)?;
        if let Some(account) = &mut account
            && account.kind == AccountKind::Staff
        {
            account.student_account = self.student_account(&entry, now).await?;
        }
        Ok(account)
    }

    /// The student account of a member of staff, if it is not revoked.
    async fn student_account(&self, staff: &Entry, now: i64) -> Result<Option<AccountId>, Trouble> {
        let attributes = &self.settings.attributes;
        let person = attributes.person.as_deref();
        let Some((name, person)) = person.and_then(|p| Some((p, staff.values(p).next()?))) else {
            return Ok(None);
        };
        let filter = self.filter(name, person);
        let (lease, entries) = self
            .search(Scope::Subtree, &filter, ACCOUNTS_OF_ONE)
            .await?;
        self.pool.give_back(lease);
        for entry in &entries {
            let is_student = entry.kind(attributes) == Some(AccountKind::Student);
            let state = entry.state(attributes, now)?;
            if is_student && !matches!(state, AccountState::Revoked { .. }) {
                return Ok(entry.id(attributes));
            }
        }
        Ok(None)
    }

    /// A mark alone locks, too: a policy that refuses the password does not keep it from being set.
    async fn lock(&self, id: &AccountId) -> Result<(), DirectoryError> {
        let (mut lease, entry) = self.find(id).await?;
        let entry = entry.ok_or(DirectoryError::NoSuchAccount)?;
        let unguessable = Rule {
            generated: UNGUESSABLE,
            ..Rule::default()
        };
        let replaced = modify_password(&mut lease, &entry.dn, &unguessable.generate()).await;
        // After it: a policy may unlock an account that gets a new password.
        let lock = self.settings.attributes.locked.as_ref();
        if let Some(lock) = lock {
            mark(&mut lease, &entry.dn, lock).await?;
        }
        self.pool.give_back(lease);
        match replaced.map_err(DirectoryError::from) {
            Err(DirectoryError::Refused(source)) if lock.is_some() => {
                tracing::warn!(%source, "an account is locked, and its password stays what it was");
                Ok(())
            }
            replaced => replaced,
        }
    }

    /// What was not made may be on its way for a while: a request that was given up is carried out
    /// all the same once the server comes to it.
    fn outcome(&self, entry: &Entry, operation: &Operation, now: i64) -> Result<Outcome, Trouble> {
        let on_its_way_until = operation.recorded_at + self.settings.carried_out_within;
        Ok(match self.looks(entry, operation)? {
            Outcome::NotDone if now < on_its_way_until => Outcome::Open,
            outcome => outcome,
        })
    }

    /// What an operation's outcome looks like at this moment.
    fn looks(&self, entry: &Entry, operation: &Operation) -> Result<Outcome, Trouble> {
        let attributes = &self.settings.attributes;
        if operation.kind == OperationKind::Lock && attributes.locked.is_some() {
            let state = entry.state(attributes, operation.recorded_at)?;
            return Ok(match state {
                AccountState::Locked => Outcome::Done,
                _ => Outcome::NotDone,
            });
        }
        let name = attributes.password_changed_at.as_deref();
        let changed = name.map(|name| entry.time(name)).transpose()?.flatten();
        Ok(match changed {
            Some(at) if at >= operation.recorded_at => Outcome::Done,
            Some(at) if at < operation.recorded_at - CLOCK_SKEW => Outcome::NotDone,
            _ => Outcome::Unknown,
        })
    }

    /// The entry of an account, and the connection that found it.
    async fn find(&self, id: &AccountId) -> Result<(Lease, Option<Entry>), Trouble> {
        let filter = self.filter(&self.settings.attributes.account, id.as_str());
        let (lease, mut entries) = self.search(Scope::Subtree, &filter, 2).await?;
        let entry = entries.pop();
        match entries.is_empty() {
            true => Ok((lease, entry)),
            false => Err(Trouble::Ambiguous),
        }
    }

    fn filter(&self, attribute: &str, value: &str) -> String {
        let class = &self.settings.object_class;
        let value = ldap_escape(value);
        format!("(&(objectClass={class})({attribute}={value}))")
    }

    /// Entries, at most `limit` of them. A connection that turns out to be dead is replaced: the
    /// server may have been away, and nothing was changed yet.
    async fn search(
        &self,
        scope: Scope,
        filter: &str,
        limit: i32,
    ) -> Result<(Lease, Vec<Entry>), Trouble> {
        let mut lease = self.pool.lease().await?;
        let found = self.search_with(&mut lease, scope, filter, limit).await;
        let found = match found {
            Err(trouble) if trouble.is_of_the_connection() && lease.is_used => {
                lease = self.pool.renew(lease).await?;
                self.search_with(&mut lease, scope, filter, limit).await
            }
            found => found,
        };
        Ok((lease, found?))
    }

    async fn search_with(
        &self,
        lease: &mut Lease,
        scope: Scope,
        filter: &str,
        limit: i32,
    ) -> Result<Vec<Entry>, Trouble> {
        let options = SearchOptions::new().sizelimit(limit);
        let ldap = lease.ldap.with_search_options(options);
        let found = ldap
            .search(&self.settings.base, scope, filter, &self.wanted)
            .await?;
        match found.1.rc {
            // As many as were asked for is all that matters.
            code::SUCCESS | code::SIZE_LIMIT_EXCEEDED => {}
            refused => return Err(Trouble::Code(refused)),
        }
        let entries = found.0.into_iter().map(SearchEntry::construct);
        Ok(entries.map(Entry::from).collect())
    }
}

async fn modify_password(lease: &mut Lease, dn: &str, password: &Password) -> Result<(), Trouble> {
    let change = PasswordModify {
        user_id: Some(dn),
        old_pass: None,
        new_pass: Some(password.expose()),
    };
    let ask = policy::request();
    let answer = lease.ldap.with_controls(ask).extended(change).await?.1;
    match answer.rc {
        code::SUCCESS => Ok(()),
        code::CONSTRAINT_VIOLATION if policy::is_too_young(&answer.ctrls) => Err(Trouble::TooYoung),
        refused => Err(Trouble::Code(refused)),
    }
}

async fn mark(lease: &mut Lease, dn: &str, lock: &Lock) -> Result<(), Trouble> {
    let values = HashSet::from([lock.value.as_str()]);
    let change = vec![Mod::Replace(lock.attribute.as_str(), values)];
    match lease.ldap.modify(dn, change).await?.rc {
        code::SUCCESS => Ok(()),
        refused => Err(Trouble::Code(refused)),
    }
}
