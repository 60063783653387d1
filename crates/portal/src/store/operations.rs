//! What directories are asked to change: recorded before, completed after.

use crate::account::AccountId;
use crate::directory::{Operation, OperationId, OperationKind, Outcome};
use kazasu_service::store::{Connection, Row, SqlError};
use kazasu_service::values;

/// An operation as it is recorded.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) operation: Operation,
    /// The link that allowed it.
    pub(crate) link: Option<String>,
    /// Where it was asked for.
    pub(crate) procedure: Option<String>,
    /// Coarse description, for notices.
    pub(crate) browser: String,
    pub(crate) state: OperationState,
}

/// How far an operation got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationState {
    /// Whether it was made is not known yet.
    Recorded,
    /// It was made.
    Done,
    /// It was not made.
    NotDone,
    /// Nobody can tell whether it was made.
    Unknown,
}

impl OperationState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Done => "done",
            Self::NotDone => "not_done",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Outcome> for OperationState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::NotDone => Self::NotDone,
            Outcome::Unknown => Self::Unknown,
            Outcome::Open => Self::Recorded,
        }
    }
}

fn read(row: &Row<'_>) -> Result<Recorded, SqlError> {
    let (kind, state): (String, String) = (row.get("kind")?, row.get("state")?);
    let account: String = row.get("account")?;
    let id: String = row.get("id")?;
    let kinds = [
        OperationKind::Password,
        OperationKind::AccessPass,
        OperationKind::Lock,
    ];
    let states = [
        OperationState::Recorded,
        OperationState::Done,
        OperationState::NotDone,
        OperationState::Unknown,
    ];
    let known_kind = kinds.into_iter().find(|known| known.as_str() == kind);
    let known_state = states.into_iter().find(|known| known.as_str() == state);
    Ok(Recorded {
        operation: Operation {
            id: OperationId::new(id),
            kind: known_kind.ok_or(SqlError::Kind)?,
            account: AccountId::parse(&account, None).ok_or(SqlError::Kind)?,
            recorded_at: row.get("recorded_at")?,
        },
        link: row.get("link")?,
        procedure: row.get("procedure")?,
        browser: row.get("browser")?,
        state: known_state.ok_or(SqlError::Kind)?,
    })
}

/// Records an operation before the directory is asked. `false` if its procedure asked for one of
/// the kind before, and that may have been made.
pub(crate) fn record(
    c: &mut Connection<'_>,
    recorded: &Recorded,
    leased_until: i64,
) -> Result<bool, SqlError> {
    let Operation {
        id,
        kind,
        account,
        recorded_at,
    } = &recorded.operation;
    let inserted = c.execute(
        "INSERT INTO operations (id, kind, account, link, procedure, browser, state, recorded_at,
                                 leased_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'recorded', ?7, ?8) ON CONFLICT DO NOTHING",
        values![
            id.as_str(),
            kind.as_str(),
            account.as_str(),
            &recorded.link,
            &recorded.procedure,
            &recorded.browser,
            *recorded_at,
            leased_until,
        ],
    )?;
    Ok(inserted == 1)
}

/// Notes what became of an operation, once.
pub(crate) fn finish(
    c: &mut Connection<'_>,
    id: &OperationId,
    state: OperationState,
    now: i64,
) -> Result<bool, SqlError> {
    let finished = c.execute(
        "UPDATE operations SET state = ?2, finished_at = ?3 WHERE id = ?1 AND state = 'recorded'",
        values![id.as_str(), state.as_str(), now],
    )?;
    Ok(finished == 1)
}

/// Gives up the locks of an account whose outcome is not known; returns them.
pub(crate) fn give_up_locks(
    c: &mut Connection<'_>,
    account: &AccountId,
    now: i64,
) -> Result<Vec<Recorded>, SqlError> {
    c.query(
        "UPDATE operations SET state = 'not_done', finished_at = ?2
         WHERE account = ?1 AND kind = 'lock' AND state = 'recorded' RETURNING *",
        values![account.as_str(), now],
        read,
    )
}

/// Sets until when whoever works on an operation is left alone.
pub(crate) fn renew(
    c: &mut Connection<'_>,
    id: &OperationId,
    leased_until: i64,
) -> Result<(), SqlError> {
    c.execute(
        "UPDATE operations SET leased_until = ?2 WHERE id = ?1 AND state = 'recorded'",
        values![id.as_str(), leased_until],
    )?;
    Ok(())
}

/// The operation of a procedure of which it is not known that it was not made.
pub(crate) fn of_procedure(
    c: &mut Connection<'_>,
    procedure: &str,
    kind: OperationKind,
) -> Result<Option<Recorded>, SqlError> {
    c.optional(
        "SELECT * FROM operations WHERE procedure = ?1 AND kind = ?2 AND state <> 'not_done'",
        values![procedure, kind.as_str()],
        read,
    )
}

/// How many passwords and access passes were asked for since then, and when the last was.
pub(crate) fn recoveries_since(
    c: &mut Connection<'_>,
    account: &AccountId,
    since: i64,
) -> Result<(i64, Option<i64>), SqlError> {
    let found = c.optional(
        "SELECT count(*) AS number, max(recorded_at) AS last FROM operations
         WHERE account = ?1 AND recorded_at > ?2 AND kind <> 'lock' AND state <> 'not_done'",
        values![account.as_str(), since],
        |row| Ok((row.get("number")?, row.get("last")?)),
    )?;
    Ok(found.unwrap_or((0, None)))
}

/// Whether it is not known yet of a password or an access pass whether it was issued.
pub(crate) fn is_recovery_open(
    c: &mut Connection<'_>,
    account: &AccountId,
) -> Result<bool, SqlError> {
    let open = c.optional(
        "SELECT 1 AS one FROM operations
         WHERE account = ?1 AND state = 'recorded' AND kind <> 'lock' LIMIT 1",
        values![account.as_str()],
        |row| row.get::<i64>("one"),
    )?;
    Ok(open.is_some())
}

/// Everything that was asked for an account, the newest first, with when.
pub(crate) fn all_of_account(
    c: &mut Connection<'_>,
    account: &AccountId,
) -> Result<Vec<Recorded>, SqlError> {
    c.query(
        "SELECT * FROM operations WHERE account = ?1 ORDER BY recorded_at DESC, id",
        values![account.as_str()],
        read,
    )
}

/// Takes over operations that somebody left: whose lease is over. They are the caller's until
/// `leased_until`.
pub(crate) fn take_over(
    c: &mut Connection<'_>,
    leased_until: i64,
    now: i64,
) -> Result<Vec<Recorded>, SqlError> {
    c.query(
        "UPDATE operations SET leased_until = ?1
         WHERE id IN (SELECT id FROM operations WHERE state = 'recorded' AND leased_until <= ?2
                      ORDER BY leased_until LIMIT 20)
           AND state = 'recorded' AND leased_until <= ?2
         RETURNING *",
        values![leased_until, now],
        read,
    )
}
