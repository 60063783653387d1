//! Sessions, their procedures, and the requests of these to OpenID Providers.

use crate::account::AccountId;
use crate::procedure::{Procedure, ProcedureKind, SignIn, Tap};
use crate::session::SessionSecret;
use kazasu_service::store::{Connection, Row, SqlError};
use kazasu_service::values;
use zeroize::Zeroizing;

/// What is written when somebody starts.
pub(crate) struct New {
    pub(crate) id: String,
    pub(crate) kind: ProcedureKind,
    pub(crate) browser: String,
    pub(crate) expires_at: i64,
    pub(crate) session_expires_at: i64,
}

/// Starts a procedure in the session of a cookie, or in a new one with the identifier
/// `new_session`.
pub(crate) fn start(
    c: &mut Connection<'_>,
    cookie_hash: &[u8; 32],
    new_session: &str,
    new: &New,
    now: i64,
) -> Result<(), SqlError> {
    c.execute(
        "INSERT INTO sessions (id, cookie_hash, expires_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (cookie_hash) DO UPDATE SET expires_at = ?3",
        values![new_session, cookie_hash, new.session_expires_at],
    )?;
    c.execute(
        "INSERT INTO procedures (id, session, kind, started_at, expires_at, browser)
         SELECT ?1, id, ?2, ?3, ?4, ?5 FROM sessions WHERE cookie_hash = ?6",
        values![
            &new.id,
            new.kind.as_str(),
            now,
            new.expires_at,
            &new.browser,
            cookie_hash
        ],
    )?;
    Ok(())
}

/// A row as it is stored: the name is still sealed.
struct Stored {
    procedure: Procedure,
    sealed_name: Option<Vec<u8>>,
}

/// The procedure `id`, if it belongs to the browser with this cookie and its time is not over.
pub(crate) fn own(
    c: &mut Connection<'_>,
    id: &str,
    secret: &SessionSecret,
    now: i64,
) -> Result<Option<Procedure>, SqlError> {
    let stored = c.optional(
        "SELECT p.id AS id, p.kind AS kind, p.started_at AS started_at,
                p.browser AS browser, p.ppid AS ppid,
                p.sealed_name AS sealed_name, p.tapped_at AS tapped_at,
                p.relink_required AS relink_required, p.account AS account,
                p.signed_in_at AS signed_in_at, p.done AS done
         FROM procedures p JOIN sessions s ON s.id = p.session
         WHERE p.id = ?1 AND s.cookie_hash = ?2 AND p.expires_at > ?3 AND s.expires_at > ?3",
        values![id, secret.hash(), now],
        read,
    )?;
    Ok(stored.map(|stored| open(stored, secret)))
}

fn read(row: &Row<'_>) -> Result<Stored, SqlError> {
    let kind: String = row.get("kind")?;
    let ppid: Option<String> = row.get("ppid")?;
    let tapped_at: Option<i64> = row.get("tapped_at")?;
    let relink_required = row.get("relink_required")?;
    let account: Option<String> = row.get("account")?;
    let signed_in_at: Option<i64> = row.get("signed_in_at")?;
    let tap = ppid.zip(tapped_at).map(|(ppid, at)| Tap {
        ppid,
        name: Zeroizing::default(),
        at,
        relink_required,
    });
    let account = account.and_then(|text| AccountId::parse(&text, None));
    let sign_in = account.zip(signed_in_at);
    Ok(Stored {
        procedure: Procedure {
            id: row.get("id")?,
            kind: ProcedureKind::from_word(&kind).ok_or(SqlError::Kind)?,
            started_at: row.get("started_at")?,
            browser: row.get("browser")?,
            tap,
            sign_in: sign_in.map(|(account, at)| SignIn { account, at }),
            done: row.get("done")?,
        },
        sealed_name: row.get("sealed_name")?,
    })
}

fn open(stored: Stored, secret: &SessionSecret) -> Procedure {
    let mut procedure = stored.procedure;
    let name = stored
        .sealed_name
        .and_then(|sealed| secret.open_name(&procedure.id, &sealed));
    // A tap whose name cannot be read any more is as good as none.
    procedure.tap = procedure
        .tap
        .zip(name)
        .map(|(tap, name)| Tap { name, ..tap });
    procedure
}

/// Notes a request, so that its answer is known. Earlier ones of the procedure to the same provider
/// are forgotten: the newest tab counts.
pub(crate) fn ask(
    c: &mut Connection<'_>,
    procedure: &str,
    provider: &str,
    state_hash: &[u8; 32],
    nonce: &str,
    code_verifier: &str,
) -> Result<(), SqlError> {
    c.execute(
        "DELETE FROM requests WHERE procedure = ?1 AND provider = ?2",
        values![procedure, provider],
    )?;
    c.execute(
        "INSERT INTO requests (state_hash, procedure, provider, nonce, code_verifier)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        values![state_hash, procedure, provider, nonce, code_verifier],
    )?;
    Ok(())
}

/// A request whose answer came.
pub(crate) struct Answered {
    pub(crate) procedure: String,
    pub(crate) nonce: String,
    pub(crate) code_verifier: String,
}

/// Takes the request that an answer belongs to: only in the browser that made it, and only once.
pub(crate) fn answered(
    c: &mut Connection<'_>,
    provider: &str,
    state_hash: &[u8; 32],
    cookie_hash: &[u8; 32],
) -> Result<Option<Answered>, SqlError> {
    c.optional(
        "DELETE FROM requests WHERE state_hash = ?1 AND provider = ?2 AND procedure IN
           (SELECT p.id FROM procedures p JOIN sessions s ON s.id = p.session
            WHERE s.cookie_hash = ?3)
         RETURNING procedure, nonce, code_verifier",
        values![state_hash, provider, cookie_hash],
        |row| {
            Ok(Answered {
                procedure: row.get("procedure")?,
                nonce: row.get("nonce")?,
                code_verifier: row.get("code_verifier")?,
            })
        },
    )
}

/// Gives the session a new cookie: whoever knew the one before has no part in what follows. The
/// names in its other procedures open with the new cookie from then on. `false` if the session is
/// gone.
pub(crate) fn rotate(
    c: &mut Connection<'_>,
    old: &SessionSecret,
    new: &SessionSecret,
) -> Result<bool, SqlError> {
    // First of all, so that of two at once the second finds nothing, and seals no name for itself.
    let rotated = c.execute(
        "UPDATE sessions SET cookie_hash = ?2 WHERE cookie_hash = ?1",
        values![old.hash(), new.hash()],
    )?;
    if rotated == 0 {
        return Ok(false);
    }
    let sealed: Vec<(String, Vec<u8>)> = c.query(
        "SELECT p.id AS id, p.sealed_name AS sealed_name
         FROM procedures p JOIN sessions s ON s.id = p.session
         WHERE s.cookie_hash = ?1 AND p.sealed_name IS NOT NULL",
        values![new.hash()],
        |row| Ok((row.get("id")?, row.get("sealed_name")?)),
    )?;
    for (id, sealed) in sealed {
        let anew = old
            .open_name(&id, &sealed)
            .map(|name| new.seal_name(&id, &name));
        c.execute(
            "UPDATE procedures SET sealed_name = ?2 WHERE id = ?1",
            values![&id, anew],
        )?;
    }
    Ok(true)
}

/// Notes who tapped. A sign-in from before is void. `false` if the procedure is over.
pub(crate) fn tapped(
    c: &mut Connection<'_>,
    procedure: &str,
    tap: &Tap,
    secret: &SessionSecret,
    now: i64,
) -> Result<bool, SqlError> {
    let sealed = secret.seal_name(procedure, &tap.name);
    let changed = c.execute(
        "UPDATE procedures SET ppid = ?2, sealed_name = ?3, tapped_at = ?4, relink_required = ?5,
                account = NULL, signed_in_at = NULL
         WHERE id = ?1 AND done IS NULL AND expires_at > ?6",
        values![
            procedure,
            &tap.ppid,
            sealed,
            tap.at,
            tap.relink_required,
            now
        ],
    )?;
    Ok(changed == 1)
}

/// Notes who signed in. Where somebody else had before, the tap is void. `false` if the procedure is
/// over.
pub(crate) fn signed_in(
    c: &mut Connection<'_>,
    procedure: &str,
    sign_in: &SignIn,
    now: i64,
) -> Result<bool, SqlError> {
    c.execute(
        "UPDATE procedures SET ppid = NULL, sealed_name = NULL, tapped_at = NULL
         WHERE id = ?1 AND account IS NOT NULL AND account <> ?2 AND done IS NULL",
        values![procedure, sign_in.account.as_str()],
    )?;
    let changed = c.execute(
        "UPDATE procedures SET account = ?2, signed_in_at = ?3
         WHERE id = ?1 AND done IS NULL AND expires_at > ?4",
        values![procedure, sign_in.account.as_str(), sign_in.at, now],
    )?;
    Ok(changed == 1)
}

/// Notes what a procedure did, once: `false` if it did something before.
pub(crate) fn done(c: &mut Connection<'_>, procedure: &str, what: &str) -> Result<bool, SqlError> {
    let changed = c.execute(
        "UPDATE procedures SET done = ?2 WHERE id = ?1 AND done IS NULL",
        values![procedure, what],
    )?;
    Ok(changed == 1)
}

/// Ends a session and everything in it.
pub(crate) fn end_session(c: &mut Connection<'_>, cookie_hash: &[u8; 32]) -> Result<(), SqlError> {
    c.execute(
        "DELETE FROM sessions WHERE cookie_hash = ?1",
        values![cookie_hash],
    )?;
    Ok(())
}

/// A procedure of whatever browser, as far as it can be told without that one's cookie.
pub(crate) struct UnderWay {
    pub(crate) kind: String,
    pub(crate) started_at: i64,
    pub(crate) browser: String,
}

/// Every procedure in which this account, its card or this pseudonym took part, the newest first.
pub(crate) fn of_person(
    c: &mut Connection<'_>,
    account: Option<&AccountId>,
    ppid: Option<&str>,
    now: i64,
) -> Result<Vec<UnderWay>, SqlError> {
    c.query(
        "SELECT kind, started_at, browser FROM procedures
         WHERE expires_at > ?3 AND (account = CAST(?1 AS TEXT) OR ppid = CAST(?2 AS TEXT) OR ppid IN
           (SELECT ppid FROM links WHERE account = CAST(?1 AS TEXT) AND ended_at IS NULL))
         ORDER BY started_at DESC, id",
        values![account.map(AccountId::as_str), ppid, now],
        |row| {
            Ok(UnderWay {
                kind: row.get("kind")?,
                started_at: row.get("started_at")?,
                browser: row.get("browser")?,
            })
        },
    )
}

/// Ends every procedure in which this account or pseudonym took part.
pub(crate) fn end_of_person(
    c: &mut Connection<'_>,
    account: &AccountId,
    ppid: Option<&str>,
) -> Result<(), SqlError> {
    c.execute(
        "DELETE FROM procedures WHERE account = ?1 OR ppid = CAST(?2 AS TEXT)",
        values![account.as_str(), ppid],
    )?;
    Ok(())
}
