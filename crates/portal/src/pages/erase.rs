//! Erasing everything that is stored about oneself.

use super::home::{Token, token};
use super::refusal::{PageError, PageResult, Reason};
use super::unlink::Done;
use super::visit::{Visit, page};
use crate::account::AccountId;
use crate::counted::Step;
use crate::link::EndedBecause;
use crate::mail::Kind;
use crate::procedure::{Procedure, ProcedureKind};
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
}

const DAY: i64 = 86_400;

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> PageResult {
    let (secret, procedure) = visit.own_of(ProcedureKind::State, &id).await?;
    require_fresh(&visit, &procedure)?;
    let token = secret.form_token(&procedure.id);
    let words = visit.words();
    if let Some(what) = &procedure.done {
        let key = if what == "erase_frozen" {
            "erase-frozen"
        } else {
            "erased"
        };
        let body = Done {
            words,
            procedure: &procedure.id,
            token: &token,
            key,
        };
        return Ok(visit.show(key, &body));
    }
    let body = Erase {
        words,
        procedure: &procedure.id,
        token: &token,
        days: visit.app.settings.lifetimes.objection / DAY,
    };
    Ok(visit.show("erase", &body))
}

fn require_fresh(visit: &Visit, procedure: &Procedure) -> Result<(), PageError> {
    match procedure.proven_at() {
        Some(at) if visit.is_fresh(at) => Ok(()),
        _ => Err(PageError::refused(Reason::EvidenceOld, "/state")),
    }
}

pub(super) async fn confirm(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<Token>, FormRejection>,
) -> PageResult {
    let token = token(form);
    let (_, procedure) = visit.own_form(ProcedureKind::State, &id, &token).await?;
    require_fresh(&visit, &procedure)?;
    let back = format!("{}/erase", page(&procedure.id));
    if procedure.done.is_some() {
        return Ok(redirect(&back));
    }
    let (teller, now) = (visit.app.teller.clone(), visit.now);
    let objection = visit.app.settings.lifetimes.objection;
    let step = visit
        .app
        .store
        .write(move |c| erase(c, &procedure, &teller, objection, now))
        .await?;
    visit.app.counted.procedure(ProcedureKind::State, step);
    Ok(redirect(&back))
}

fn erase(
    c: &mut Connection<'_>,
    procedure: &Procedure,
    teller: &Teller,
    objection: i64,
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
        retention::erase(c, account, objection, now)?;
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
