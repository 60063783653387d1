//! Removing a link: by a tap, or by a sign-in. And objecting to a link that took one's place.

use super::home::{Token, token};
use super::refusal::{PageError, PageResult, Reason};
use super::visit::{Visit, page};
use crate::counted::Step;
use crate::link::Link;
use crate::linking;
use crate::procedure::{Procedure, ProcedureKind};
use crate::store::links;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path};
use kazasu_service::page::Words;
use kazasu_service::page::redirect;
use kazasu_service::store::{Connection, SqlError};

#[derive(Template)]
#[template(path = "unlink.html")]
struct Unlink<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    name: Option<&'a str>,
    account: &'a str,
    since: String,
}

#[derive(Template)]
#[template(path = "veto.html")]
struct Veto<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    account: &'a str,
    since: String,
    until: String,
}

#[derive(Template)]
#[template(path = "nothing-linked.html")]
struct Nothing<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
}

/// A page that says that something is so, and leads on.
#[derive(Template)]
#[template(path = "done.html")]
pub(super) struct Done<'a> {
    pub(super) words: Words<'a>,
    pub(super) procedure: &'a str,
    pub(super) token: &'a str,
    /// Names the text.
    pub(super) key: &'a str,
}

/// What somebody may remove or object to.
enum Found {
    Active(Link),
    /// The link that took the place of theirs.
    Replacement(Link),
    Nothing,
}

fn find(c: &mut Connection<'_>, procedure: &Procedure, now: i64) -> Result<Found, SqlError> {
    let active = match (&procedure.tap, &procedure.sign_in) {
        (Some(tap), _) => links::of_ppid(c, &tap.ppid)?,
        (None, Some(sign_in)) => links::of_account(c, &sign_in.account)?,
        (None, None) => None,
    };
    if let Some(link) = active {
        return Ok(Found::Active(link));
    }
    let replacement = match &procedure.tap {
        Some(tap) => links::replacement_of(c, &tap.ppid, now)?.map(|found| found.by),
        None => None,
    };
    Ok(replacement.map_or(Found::Nothing, Found::Replacement))
}

pub(super) async fn show(visit: &Visit, procedure: &Procedure, token: &str) -> PageResult {
    let words = visit.words();
    let id = &procedure.id;
    if let Some(what) = &procedure.done {
        if what.starts_with("erase") {
            return Ok(redirect(&format!("{}/erase", page(id))));
        }
        let key = if what == "vetoed" {
            "vetoed"
        } else {
            "unlinked"
        };
        let body = Done {
            words,
            procedure: id,
            token,
            key,
        };
        return Ok(visit.show(key, &body));
    }
    if procedure.tap.is_none() && procedure.sign_in.is_none() {
        return Ok(redirect("/unlink"));
    }
    let (asked, now) = (procedure.clone(), visit.now);
    let found = visit.app.store.read(move |c| find(c, &asked, now)).await?;
    Ok(match found {
        Found::Active(link) => {
            let body = Unlink {
                words,
                procedure: id,
                token,
                name: procedure.tap.as_ref().map(|tap| tap.name.as_str()),
                account: link.account.as_str(),
                since: visit.when(link.linked_at),
            };
            visit.show("unlink-confirm", &body)
        }
        Found::Replacement(link) => {
            let body = Veto {
                words,
                procedure: id,
                token,
                account: link.account.as_str(),
                since: visit.when(link.linked_at),
                until: visit.when(link.matures_at),
            };
            visit.show("veto", &body)
        }
        Found::Nothing => {
            let body = Nothing {
                words,
                procedure: id,
                token,
            };
            visit.show("nothing-linked", &body)
        }
    })
}

/// "Remove the link", on the page of an unlink procedure, or after a sign-in.
pub(super) async fn confirm(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<Token>, FormRejection>,
) -> PageResult {
    act(&visit, &id, form, |c, procedure, teller, now| {
        match find(c, procedure, now)? {
            Found::Active(link) => linking::unlink(c, &link, procedure, teller, now),
            _ => Ok(false),
        }
    })
    .await
}

/// "This was not me": the link that took the place of one's own goes.
pub(super) async fn veto(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<Token>, FormRejection>,
) -> PageResult {
    act(
        &visit,
        &id,
        form,
        |c, procedure, teller, now| match &procedure.tap {
            Some(tap) => linking::veto(c, &tap.ppid, procedure, teller, now),
            None => Ok(false),
        },
    )
    .await
}

type Act =
    fn(&mut Connection<'_>, &Procedure, &crate::telling::Teller, i64) -> Result<bool, SqlError>;

async fn act(
    visit: &Visit,
    id: &str,
    form: Result<Form<Token>, FormRejection>,
    act: Act,
) -> PageResult {
    let token = token(form);
    let (_, procedure) = visit.own_form(ProcedureKind::Unlink, id, &token).await?;
    let back = page(&procedure.id);
    if procedure.done.is_some() {
        return Ok(redirect(&back));
    }
    if !procedure.proven_at().is_some_and(|at| visit.is_fresh(at)) {
        return Err(PageError::refused(Reason::EvidenceOld, "/unlink"));
    }
    let (teller, now) = (visit.app.teller.clone(), visit.now);
    let acted = visit
        .app
        .store
        .write(move |c| act(c, &procedure, &teller, now))
        .await?;
    if acted {
        visit
            .app
            .counted
            .procedure(ProcedureKind::Unlink, Step::Done);
    }
    // Where another click was faster, the page shows what it did.
    Ok(redirect(&back))
}
