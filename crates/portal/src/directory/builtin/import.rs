//! Adding and changing accounts: lines of JSON, one account a line, described as a whole.
//!
//! ```json
//! {"account": "0123456789", "kind": "student", "names": ["見本　太郎", "MIHON Taro"],
//!  "contacts": [{"address": "taro@mail.example", "outside": true}],
//!  "language": "ja", "revoked_at": "2027-04-01T00:00:00+09:00", "password": "…"}
//! ```
//!
//! (On one line.) `account`, `kind` (`student` or `staff`) and `names` (the registered one first)
//! must be there. `student_account` of a member of staff names the same person's student account.
//! `password` is for people who have none yet. Without `revoked_at` the account is not revoked.

use super::hash;
use crate::account::{AccountId, AccountKind};
use chrono::DateTime;
use kazasu_service::page::Language;
use kazasu_service::store::{Connection, SqlError, Store, StoreError};
use kazasu_service::values;
use serde::Deserialize;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Accounts that are new.
    pub added: usize,
    /// Accounts that were there, and are now as the file has them.
    pub updated: usize,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file says what cannot be; everything that was found. Names, addresses and passwords are
    /// not quoted.
    #[error("nothing was imported:\n{}", .0.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<String>),
    /// The database.
    #[error("the directory's database failed")]
    Store(#[from] StoreError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    account: String,
    kind: String,
    names: Vec<String>,
    #[serde(default)]
    contacts: Vec<ContactLine>,
    language: Option<String>,
    student_account: Option<String>,
    revoked_at: Option<String>,
    password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactLine {
    address: String,
    outside: bool,
}

/// A line, checked.
struct Person {
    account: AccountId,
    kind: AccountKind,
    names: Vec<String>,
    contacts: Vec<ContactLine>,
    language: Option<Language>,
    student_account: Option<AccountId>,
    revoked_at: Option<i64>,
    password: Option<Zeroizing<String>>,
}

/// Adds the accounts of `lines`, or makes those that are there as the lines have them: all of
/// them, or none. What a line does not describe stays: locks, and passwords where it has none. A
/// contact with a new address is one since `now`; a new account has had its own from the start.
/// Accounts may be written with `@domain`.
///
/// # Errors
/// [`ImportError`].
pub async fn import(
    store: &Store,
    lines: &str,
    domain: Option<&str>,
    now: i64,
) -> Result<Imported, ImportError> {
    let people = read(lines, domain).map_err(ImportError::Invalid)?;
    let mut hashed = Vec::new();
    for mut person in people {
        let hash = match person.password.take() {
            Some(password) => new_hash(store, &person.account, password).await?,
            None => None,
        };
        hashed.push((person, hash));
    }
    let write = move |c: &mut Connection<'_>| {
        let mut imported = Imported::default();
        for (person, hash) in &hashed {
            match put(c, person, now)? {
                true => imported.added += 1,
                false => imported.updated += 1,
            }
            if let Some(hash) = hash {
                let values = values![person.account.as_str(), hash];
                c.execute(SET_PASSWORD, values)?;
            }
        }
        Ok(imported)
    };
    Ok(store.write(write).await?)
}

const SET_PASSWORD: &str = "UPDATE directory_accounts
  SET password = ?2, session_generation = session_generation + 1 WHERE id = ?1";

/// `None` if it is the password that the account has.
async fn new_hash(
    store: &Store,
    account: &AccountId,
    password: Zeroizing<String>,
) -> Result<Option<String>, StoreError> {
    let id = account.as_str().to_owned();
    let kept = store.read(move |c| {
        c.optional(
            "SELECT password FROM directory_accounts WHERE id = ?1",
            values![id],
            |row| row.get::<Option<String>>("password"),
        )
    });
    let kept = kept.await?.flatten();
    if kept.is_some() && hash::matches(password.clone(), kept).await {
        return Ok(None);
    }
    Ok(Some(hash::hash(password).await))
}

fn read(lines: &str, domain: Option<&str>) -> Result<Vec<Person>, Vec<String>> {
    let mut people: Vec<Person> = Vec::new();
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for (line, number) in lines.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let mut problem = |text: &str| problems.push(format!("line {number}: {text}"));
        match serde_json::from_str(line) {
            Ok(line) => {
                let Some(person) = check(line, domain, &mut problem) else {
                    continue;
                };
                if !seen.insert(person.account.clone()) {
                    problem("the account has a line already");
                }
                people.push(person);
            }
            // Its message would quote what is there.
            Err(error) => problem(&format!(
                "is no account: reading ended at column {}",
                error.column()
            )),
        }
    }
    match problems.is_empty() {
        true => Ok(people),
        false => Err(problems),
    }
}

/// `None` only if a problem is noted.
fn check(line: Line, domain: Option<&str>, problem: &mut impl FnMut(&str)) -> Option<Person> {
    let account = AccountId::parse(&line.account, domain);
    if account.is_none() {
        problem("account: is no account name");
    }
    let kind = AccountKind::from_word(&line.kind);
    if kind.is_none() {
        problem("kind: must be student or staff");
    }
    if line.names.is_empty() || line.names.iter().any(|name| name.trim().is_empty()) {
        problem("names: must be there, and none empty");
    }
    let is_address = |contact: &ContactLine| contact.address.parse::<lettre::Address>().is_ok();
    if !line.contacts.iter().all(is_address) {
        problem("contacts: each address must be an e-mail address");
    }
    let language = line.language.as_deref().map(Language::from_tag);
    if language == Some(None) {
        problem("language: must be ja or en");
    }
    let student = line.student_account.as_deref();
    let student = student.map(|id| AccountId::parse(id, domain));
    if student == Some(None) || (student.is_some() && kind == Some(AccountKind::Student)) {
        problem("student_account: must be an account name, and is for staff");
    }
    let revoked = line.revoked_at.as_deref().map(DateTime::parse_from_rfc3339);
    if revoked.as_ref().is_some_and(Result::is_err) {
        problem("revoked_at: must be as in 2027-04-01T00:00:00+09:00");
    }
    if line.password.as_deref() == Some("") {
        problem("password: must not be empty");
    }
    Some(Person {
        account: account?,
        kind: kind?,
        names: line.names,
        contacts: line.contacts,
        language: language.flatten(),
        student_account: student.flatten(),
        revoked_at: revoked.and_then(Result::ok).map(|time| time.timestamp()),
        password: line.password.map(Zeroizing::new),
    })
}

/// Writes all but the password; whether the account is new.
fn put(c: &mut Connection<'_>, person: &Person, now: i64) -> Result<bool, SqlError> {
    let id = person.account.as_str();
    let columns = values![
        id,
        person.kind.as_str(),
        person.revoked_at,
        person.language.map(Language::tag),
        person.student_account.as_ref().map(AccountId::as_str),
    ];
    let is_new = c.execute(ADD, columns)? == 1;
    if !is_new {
        c.execute(CHANGE, columns)?;
    }
    c.execute(
        "DELETE FROM directory_names WHERE account = ?1",
        values![id],
    )?;
    for (name, position) in person.names.iter().zip(0_i64..) {
        c.execute(
            "INSERT INTO directory_names (account, position, name) VALUES (?1, ?2, ?3)",
            values![id, position, name],
        )?;
    }
    let since = if is_new { 0 } else { now };
    put_contacts(c, id, &person.contacts, since, now)?;
    Ok(is_new)
}

const ADD: &str = "INSERT INTO directory_accounts (id, kind, revoked_at, language, student_account,
    locked, failures, refused_until, session_generation)
  VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0, 0) ON CONFLICT (id) DO NOTHING";

const CHANGE: &str = "UPDATE directory_accounts
  SET kind = ?2, revoked_at = ?3, language = ?4, student_account = ?5 WHERE id = ?1";

fn put_contacts(
    c: &mut Connection<'_>,
    id: &str,
    contacts: &[ContactLine],
    since: i64,
    now: i64,
) -> Result<(), SqlError> {
    let before: Vec<String> = c.query(
        "SELECT address FROM directory_contacts WHERE account = ?1 AND gone_at IS NULL",
        values![id],
        |row| row.get("address"),
    )?;
    let stays = |address: &&String| contacts.iter().any(|new| new.address == **address);
    for gone in before.iter().filter(|address| !stays(address)) {
        c.execute(
            "UPDATE directory_contacts SET gone_at = ?3 WHERE account = ?1 AND address = ?2",
            values![id, gone, now],
        )?;
    }
    for ContactLine { address, outside } in contacts {
        c.execute(PUT_CONTACT, values![id, address, *outside, since])?;
    }
    Ok(())
}

/// One that comes back is as new as any other.
const PUT_CONTACT: &str = "INSERT INTO directory_contacts (account, address, outside, since)
  VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (account, address) DO UPDATE SET
    outside = excluded.outside,
    since = CASE WHEN directory_contacts.gone_at IS NULL THEN directory_contacts.since
                 ELSE excluded.since END,
    gone_at = NULL";
