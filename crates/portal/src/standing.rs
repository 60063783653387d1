//! Where a person stands: what is linked, what they can do now, and why not the rest.

use crate::account::{AccountId, AccountState};
use crate::app::App;
use crate::directory::{Account, DirectoryError};
use crate::failure::Failure;
use crate::link::Link;
use crate::store::{contacts, freezes, links, operations};
use kazasu_service::store::{Connection, SqlError};

const DAY: i64 = 86_400;

/// By whom somebody is known.
#[derive(Debug, Clone)]
pub(crate) enum Person {
    /// By a tap.
    Ppid(String),
    /// By a sign-in.
    Account(AccountId),
}

/// Where a person stands.
pub(crate) struct Standing {
    /// The active link, if there is one.
    pub(crate) link: Option<Link>,
    /// The account that is linked, or that was signed in to; `None` if there is none, or the
    /// directory has none of the name any more.
    pub(crate) account: Option<Account>,
    /// Since when the account is frozen.
    pub(crate) frozen_since: Option<i64>,
    /// Passwords and access passes of the last day.
    pub(crate) recoveries_today: i64,
    /// The link that another card made for this person's account, to which they can object.
    pub(crate) replaced_by: Option<Link>,
    /// The directory did not answer, so the account is not known now.
    pub(crate) directory_down: bool,
}

/// Why something cannot be done now. Each has a text under `obstacle-` and its word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Nothing is linked.
    NotLinked,
    /// The link can be used from then on.
    Maturing(i64),
    /// Somebody said "this was not me".
    Frozen,
    /// The directory locked the account.
    Locked,
    /// The account was revoked, perhaps one knows when.
    Revoked(Option<i64>),
    /// The directory has no such account any more.
    Gone,
    /// Whoever has a student account recovers that one.
    UseStudentAccount(AccountId),
    /// Accounts of staff cannot be recovered here.
    Staff,
    /// This institution does not offer it.
    NotOffered,
    /// Too many times today.
    TooOften,
    /// The directory does not answer.
    DirectoryDown,
}

impl Obstacle {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::NotLinked => "not_linked",
            Self::Maturing(_) => "maturing",
            Self::Frozen => "frozen",
            Self::Locked => "locked",
            Self::Revoked(_) => "revoked",
            Self::Gone => "gone",
            Self::UseStudentAccount(_) => "use_student_account",
            Self::Staff => "staff",
            Self::NotOffered => "not_offered",
            Self::TooOften => "too_often",
            Self::DirectoryDown => "directory_down",
        }
    }
}

/// What a recovery can issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    Password,
    AccessPass,
}

impl Remedy {
    pub(crate) const ALL: [Self; 2] = [Self::Password, Self::AccessPass];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::AccessPass => "access-pass",
        }
    }
}

/// Looks where somebody stands, and remembers the contacts that the directory tells.
pub(crate) async fn look(app: &App, person: Person, now: i64) -> Result<Standing, Failure> {
    let asked = person.clone();
    let link = app.store.read(move |c| match &asked {
        Person::Ppid(ppid) => links::of_ppid(c, ppid),
        Person::Account(account) => links::of_account(c, account),
    });
    let link = link.await?;
    let id = match (&person, &link) {
        (Person::Account(account), _) => Some(account.clone()),
        (Person::Ppid(_), Some(link)) => Some(link.account.clone()),
        (Person::Ppid(_), None) => None,
    };
    let (mut account, mut directory_down) = (None, false);
    if let Some(id) = &id {
        match app.directory.account(id, now).await {
            Ok(found) => account = found,
            Err(DirectoryError::Unavailable(source)) => {
                tracing::warn!(%source, "the directory does not answer");
                directory_down = true;
            }
            Err(other) => return Err(other.into()),
        }
    }
    let remembered = account.clone();
    let rest = app.store.write(move |c| {
        if let Some(account) = &remembered {
            contacts::remember(c, &account.id, &account.contacts, account.language, now)?;
        }
        rest(c, &person, id.as_ref(), now)
    });
    let (frozen_since, recoveries_today, replaced_by) = rest.await?;
    Ok(Standing {
        link,
        account,
        frozen_since,
        recoveries_today,
        replaced_by,
        directory_down,
    })
}

type Rest = (Option<i64>, i64, Option<Link>);

fn rest(
    c: &mut Connection<'_>,
    person: &Person,
    account: Option<&AccountId>,
    now: i64,
) -> Result<Rest, SqlError> {
    let replaced_by = match person {
        Person::Ppid(ppid) => links::replacement_of(c, ppid, now)?.map(|found| found.by),
        Person::Account(_) => None,
    };
    let Some(account) = account else {
        return Ok((None, 0, replaced_by));
    };
    let frozen_since = freezes::since(c, account)?;
    let (recoveries, _) = operations::recoveries_since(c, account, now - DAY)?;
    Ok((frozen_since, recoveries, replaced_by))
}

impl Standing {
    /// What keeps this account from being recovered, whatever is asked for.
    pub(crate) fn obstacle(&self, app: &App, now: i64) -> Option<Obstacle> {
        let Some(link) = &self.link else {
            return Some(Obstacle::NotLinked);
        };
        if self.frozen_since.is_some() {
            return Some(Obstacle::Frozen);
        }
        if self.directory_down {
            return Some(Obstacle::DirectoryDown);
        }
        let Some(account) = &self.account else {
            return Some(Obstacle::Gone);
        };
        if let Some(obstacle) = unusable(account, app) {
            return Some(obstacle);
        }
        if !link.is_mature(now) {
            return Some(Obstacle::Maturing(link.matures_at));
        }
        let often = self.recoveries_today >= i64::from(app.settings.recovery.per_day);
        often.then_some(Obstacle::TooOften)
    }

    /// What keeps this person from a remedy.
    pub(crate) fn obstacle_to(&self, remedy: Remedy, app: &App, now: i64) -> Option<Obstacle> {
        let can = app.directory.capabilities();
        let offered = match remedy {
            Remedy::Password => can.password,
            Remedy::AccessPass => can.access_pass,
        };
        if !offered {
            return Some(Obstacle::NotOffered);
        }
        self.obstacle(app, now)
    }
}

/// Why an account can neither be linked nor recovered, by what the directory says.
pub(crate) fn unusable(account: &Account, app: &App) -> Option<Obstacle> {
    use crate::account::AccountKind;
    match account.state {
        AccountState::Active => {}
        AccountState::Revoked { since } => return Some(Obstacle::Revoked(since)),
        AccountState::Locked => return Some(Obstacle::Locked),
    }
    match (&account.kind, &account.student_account) {
        (AccountKind::Staff, Some(student)) => Some(Obstacle::UseStudentAccount(student.clone())),
        (AccountKind::Staff, None) if !app.settings.accounts.staff => Some(Obstacle::Staff),
        _ => None,
    }
}
