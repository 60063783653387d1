//! The outbox: what waits to be sent, and what became of it.

use super::{Details, Kind, Notice, Recipient};
use crate::account::AccountId;
use crate::mail::message::parse_address;
use aws_lc_rs::hmac;
use kazasu_service::audit;
use kazasu_service::page::Language;
use kazasu_service::secret::{length_prefixed, random_text};
use kazasu_service::store::{Connection, Row, SqlError};
use kazasu_service::values;
use serde::{Deserialize, Serialize};

/// The pause after the first deferral, and the longest one, in seconds.
const FIRST_PAUSE: i64 = 60;
const LONGEST_PAUSE: i64 = 6 * 3600;

/// What came of enqueueing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enqueued {
    /// It will be sent.
    Waiting,
    /// This recipient is told already.
    Before,
    /// No mail goes to what the directory calls an address; the audit has it.
    NotAnAddress,
}

/// A mail that a node took to send.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) number: i64,
    pub(super) id: String,
    pub(super) event: String,
    pub(super) kind: String,
    pub(super) recipient: String,
    pub(super) language: Option<Language>,
    pub(super) details: String,
    pub(super) queued_at: i64,
    /// Which claim it is; the next one has another number.
    pub(super) claims: i64,
    pub(super) deferrals: i64,
}

/// What `details` holds.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    #[serde(flatten)]
    pub(super) notice: Details,
    pub(super) contact_until: Option<i64>,
}

/// Why a mail was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// The recipient's side refuses it for good.
    Refused,
    /// It was tried for as long as the settings say.
    Late,
    /// The directory's contact is no e-mail address.
    NotAnAddress,
    /// Another version of the program wrote it.
    Unreadable,
}

impl GivenUp {
    pub(super) const ALL: [Self; 4] = [
        Self::Refused,
        Self::Late,
        Self::NotAnAddress,
        Self::Unreadable,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Late => "late",
            Self::NotAnAddress => "not_an_address",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Has somebody told about an event, once; `recipients` marks whom. Belongs into the transaction of
/// the event: either both happened or neither did.
///
/// # Errors
/// [`SqlError`]. An address that is none is no error: the event happened nevertheless.
pub(crate) fn enqueue(
    c: &mut Connection<'_>,
    notice: &Notice,
    recipient: &Recipient,
    recipients: &hmac::Key,
    now: i64,
) -> Result<Enqueued, SqlError> {
    let address = recipient.address.trim();
    let details = Stored {
        notice: notice.details.clone(),
        contact_until: recipient.contact_until,
    };
    let details = serde_json::to_string(&details).map_err(|_| SqlError::Kind)?;
    let whom = address.to_lowercase();
    let whom = length_prefixed(&[notice.event.as_bytes(), whom.as_bytes()]);
    let id = random_text::<16>();
    let kind = notice.kind.as_str();
    let inserted = c.execute(
        "INSERT INTO mails (id, event, kind, recipient_hash, recipient, language, details, state,
                            queued_at, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting', ?8, ?8) ON CONFLICT DO NOTHING",
        values![
            &id,
            &notice.event,
            kind,
            hmac::sign(recipients, &whom).as_ref(),
            address,
            recipient.language.map(Language::tag),
            details,
            now,
        ],
    )?;
    if inserted == 0 {
        return Ok(Enqueued::Before);
    }
    if parse_address(address).is_none() {
        give_up(c, &id, &notice.event, kind, GivenUp::NotAnAddress, now)?;
        return Ok(Enqueued::NotAnAddress);
    }
    Ok(Enqueued::Waiting)
}

/// Takes up to `most` mails that are due. Until `until` nobody else takes them.
///
/// What was never tried goes first, the newest event before the rest: whoever waits for a mail now
/// is not kept waiting by thousands that have waited for long. Of one event, whoever was enqueued
/// first is told first.
pub(super) fn claim(
    c: &mut Connection<'_>,
    most: u32,
    until: i64,
    now: i64,
) -> Result<Vec<Claimed>, SqlError> {
    let mut claimed = c.query(
        "UPDATE mails SET due_at = ?1, claims = claims + 1
         WHERE number IN (SELECT number FROM mails WHERE state = 'waiting' AND due_at <= ?2
                          ORDER BY claims, queued_at DESC, number LIMIT ?3)
           AND state = 'waiting' AND due_at <= ?2
         RETURNING number, id, event, kind, recipient, language, details, queued_at, claims,
                   deferrals",
        values![until, now, most],
        read,
    )?;
    // An engine may return what it changed in any order.
    claimed.sort_by_key(|mail| (mail.claims, -mail.queued_at, mail.number));
    Ok(claimed)
}

fn read(row: &Row<'_>) -> Result<Claimed, SqlError> {
    let language: Option<String> = row.get("language")?;
    Ok(Claimed {
        number: row.get("number")?,
        id: row.get("id")?,
        event: row.get("event")?,
        kind: row.get("kind")?,
        recipient: row.get("recipient")?,
        language: language.and_then(|tag| Language::from_tag(&tag)),
        details: row.get("details")?,
        queued_at: row.get("queued_at")?,
        claims: row.get("claims")?,
        deferrals: row.get("deferrals")?,
    })
}

/// The server has it. Who was told, and what, is forgotten.
pub(super) fn sent(c: &mut Connection<'_>, id: &str, now: i64) -> Result<bool, SqlError> {
    end(c, id, "sent", None, now)
}

/// It is not tried again; the audit has it.
pub(super) fn give_up(
    c: &mut Connection<'_>,
    id: &str,
    event: &str,
    kind: &str,
    why: GivenUp,
    now: i64,
) -> Result<bool, SqlError> {
    if !end(c, id, "given_up", Some(why.as_str()), now)? {
        return Ok(false);
    }
    let details = audit::Details::default()
        .with("event", event)
        .with("notice", kind)
        .with("reason", why.as_str());
    audit::record(c, now, "mail_given_up", &details)?;
    Ok(true)
}

fn end(
    c: &mut Connection<'_>,
    id: &str,
    state: &str,
    reason: Option<&str>,
    now: i64,
) -> Result<bool, SqlError> {
    let ended = c.execute(
        "UPDATE mails SET state = ?2, reason = ?3, ended_at = ?4,
                          recipient = NULL, language = NULL, details = NULL
         WHERE id = ?1 AND state = 'waiting'",
        values![id, state, reason, now],
    )?;
    Ok(ended == 1)
}

/// Puts a mail off until `due_at`, unless somebody else took it meanwhile.
pub(super) fn put_off(
    c: &mut Connection<'_>,
    mail: &Claimed,
    because_of_recipient: bool,
    due_at: i64,
) -> Result<bool, SqlError> {
    let put_off = c.execute(
        "UPDATE mails SET due_at = ?3, deferrals = deferrals + ?4
         WHERE id = ?1 AND claims = ?2 AND state = 'waiting'",
        values![&mail.id, mail.claims, due_at, because_of_recipient],
    )?;
    Ok(put_off == 1)
}

/// How long a mail rests after its recipient's side put it off so many times.
pub(super) fn pause(deferrals: i64) -> i64 {
    let doublings = u32::try_from(deferrals).unwrap_or(u32::MAX).min(20);
    LONGEST_PAUSE.min(FIRST_PAUSE << doublings)
}

/// How many mails wait, and since when the oldest does.
pub(super) fn waiting(c: &mut Connection<'_>) -> Result<(i64, Option<i64>), SqlError> {
    let found = c.optional(
        "SELECT count(*) AS number, min(queued_at) AS oldest FROM mails WHERE state = 'waiting'",
        &[],
        |row| Ok((row.get("number")?, row.get("oldest")?)),
    )?;
    Ok(found.unwrap_or((0, None)))
}

/// What is left of a mail.
pub(crate) struct Kept {
    pub(crate) kind: String,
    /// `waiting`, `sent` or `given_up`.
    pub(crate) state: String,
    /// The address, until it ended.
    pub(crate) recipient: Option<String>,
    pub(crate) queued_at: i64,
    pub(crate) ended_at: Option<i64>,
}

/// Every mail about an account that is known to be about it, the newest first: those about what can
/// be objected to, and about that the account was frozen.
pub(crate) fn of_account(
    c: &mut Connection<'_>,
    account: &AccountId,
) -> Result<Vec<Kept>, SqlError> {
    c.query(
        "SELECT kind, state, recipient, queued_at, ended_at FROM mails
         WHERE event IN (SELECT event FROM notices WHERE account = ?1
                         UNION ALL
                         SELECT 'frozen:' || id FROM operations WHERE account = ?1)
         ORDER BY number DESC",
        values![account.as_str()],
        |row| {
            Ok(Kept {
                kind: row.get("kind")?,
                state: row.get("state")?,
                recipient: row.get("recipient")?,
                queued_at: row.get("queued_at")?,
                ended_at: row.get("ended_at")?,
            })
        },
    )
}

/// Forgets what ended before `before`; returns how many mails that were.
pub(crate) fn forget(c: &mut Connection<'_>, before: i64) -> Result<u64, SqlError> {
    c.execute(
        "DELETE FROM mails WHERE state <> 'waiting' AND ended_at < ?1",
        values![before],
    )
}

/// What a mail tells; `None` if this version of the program does not know that.
pub(super) fn read_details(mail: &Claimed) -> Option<(Kind, Stored)> {
    let kind = Kind::from_word(&mail.kind)?;
    Some((kind, serde_json::from_str(&mail.details).ok()?))
}
