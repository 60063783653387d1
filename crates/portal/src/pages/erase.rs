//! Erasing everything that is stored about oneself.

use super::home::{Token, token};
use super::refusal::{PageError, PageResult, Reason};
use super::unlink::Done;
use super::visit::{Visit, page, require_token};
use crate::account::AccountId;
use crate::counted::Step;
use crate::link::EndedBecause;
use crate::mail::Kind;
use crate::procedure::{Procedure, ProcedureKind};
use crate::session::SessionSecret;
use crate::settings::Lifetimes;
use crate::store::{freezes, links, procedures, retention, turns};
use crate::telling::{Event, Teller};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path};
use kazasu_service::audit::{self, Details};
use kazasu_service::page::Words;
use kazasu_service::page::redirect;
use kazasu_service::store::{Connection, SqlError};

#[derive(Template)]
#[template(path = "erase.html")]
struct Erase<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    days: i64,
    /// Hours for which the link itself stays, where its card was not tapped for this.
    hours: Option<i64>,
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> PageResult {
    let (secret, procedure) = own(&visit, &id).await?;
    require_fresh(&visit, &procedure)?;
    let token = secret.form_token(&procedure.id);
    let words = visit.words();
    if let Some(what) = &procedure.done {
        let key = match what.as_str() {
            "erase_frozen" => "erase-frozen",
            "erased" => "erased",
            _ => return Ok(redirect(&page(&procedure.id))),
        };
        let body = Done {
            words,
            procedure: &procedure.id,
            token: &token,
            key,
        };
        return Ok(visit.show(key, &body));
    }
    let lifetimes = visit.app.settings.lifetimes;
    let kept_for = match procedure.tap {
        Some(_) => 0,
        None => 2 * lifetimes.maturity,
    };
    let body = Erase {
        words,
        procedure: &procedure.id,
        token: &token,
        days: lifetimes.objection / DAY,
        hours: (kept_for > 0).then_some(kept_for / HOUR),
    };
    Ok(visit.show("erase", &body))
}

/// A procedure that may erase: a tap has to be for removing the link, and looking takes less. A
/// sign-in is for whatever its procedure offers.
async fn own(visit: &Visit, id: &str) -> Result<(SessionSecret, Procedure), PageError> {
    let (secret, procedure) = visit.own(id).await?;
    match procedure.kind {
        ProcedureKind::Unlink => Ok((secret, procedure)),
        ProcedureKind::State if procedure.tap.is_none() => Ok((secret, procedure)),
        _ => {
            let back = page(&procedure.id);
            Err(PageError::refused(Reason::OtherPurpose, back))
        }
    }
}

fn require_fresh(visit: &Visit, procedure: &Procedure) -> Result<(), PageError> {
    match procedure.proven_at() {
        Some(at) if visit.is_fresh(at) => Ok(()),
        _ => {
            let start = format!("/{}", procedure.kind.as_str());
            Err(PageError::refused(Reason::EvidenceOld, start))
        }
    }
}

pub(super) async fn confirm(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<Token>, FormRejection>,
) -> PageResult {
    let token = token(form);
    visit.require_own_form()?;
    let (secret, procedure) = own(&visit, &id).await?;
    require_token(&secret, &procedure, &token)?;
    require_fresh(&visit, &procedure)?;
    let back = format!("{}/erase", page(&procedure.id));
    if procedure.done.is_some() {
        return Ok(redirect(&back));
    }
    let kind = procedure.kind;
    let (teller, now) = (visit.app.teller.clone(), visit.now);
    let lifetimes = visit.app.settings.lifetimes;
    let step = visit
        .app
        .store
        .write(move |c| erase(c, &procedure, &teller, &lifetimes, now))
        .await?;
    visit.app.counted.procedure(kind, step);
    Ok(redirect(&back))
}

fn erase(
    c: &mut Connection<'_>,
    procedure: &Procedure,
    teller: &Teller,
    lifetimes: &Lifetimes,
    now: i64,
) -> Result<Step, SqlError> {
    let ppid = procedure.tap.as_ref().map(|tap| tap.ppid.as_str());
    let signed_in = procedure.sign_in.as_ref().map(|sign_in| &sign_in.account);
    let find = |c: &mut Connection<'_>| match (ppid, signed_in) {
        (Some(ppid), _) => links::of_ppid(c, ppid),
        (None, Some(account)) => links::of_account(c, account),
        (None, None) => Ok(None),
    };
    let found = find(c)?;
    if let Some(account) = found.as_ref().map(|link| &link.account).or(signed_in) {
        turns::take(c, account)?;
    }
    let link = find(c)?;
    let account = link.as_ref().map(|link| &link.account).or(signed_in);
    if is_on_hold(c, account, ppid)? {
        procedures::done(c, &procedure.id, "erase_frozen")?;
        return Ok(Step::Stopped);
    }
    if let Some(account) = account {
        let event = Event {
            id: procedure.id.clone(),
            kind: Kind::Erased,
            account: account.clone(),
            browser: procedure.browser.clone(),
            matures_at: None,
        };
        // Told before the contacts are gone.
        teller.tell(c, &event, now)?;
        if let Some(link) = &link {
            links::end(c, &link.id, EndedBecause::Erased, now)?;
        }
        retention::erase(c, account, lifetimes, now)?;
    }
    if let Some(ppid) = ppid {
        links::forget_ended(c, ppid)?;
    }
    procedures::done(c, &procedure.id, "erased")?;
    let details = Details::default().with("link", link.as_ref().map(|link| link.id.as_str()));
    audit::record(c, now, "erased", &details)?;
    Ok(Step::Done)
}

/// Whoever froze an account did so because somebody else may be at work: nothing is tidied up then.
fn is_on_hold(
    c: &mut Connection<'_>,
    account: Option<&AccountId>,
    ppid: Option<&str>,
) -> Result<bool, SqlError> {
    let links = links::all_of(c, account, ppid)?;
    let accounts = links.iter().map(|link| &link.account).chain(account);
    for account in accounts {
        if freezes::since(c, account)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
