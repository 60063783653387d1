//! Recovering: after a tap for it, a password or a temporary access pass, each shown once.

use super::breach::{self, length};
use super::home::{Token, token};
use super::refusal::{PageError, PageResult, Reason};
use super::secret::{self, Secret};
use super::state::{self, RemedyRow};
use super::unlink::Done;
use super::visit::{Visit, page, page_of};
use crate::directory::OperationKind;
use crate::operations::{Issue, Issued, NotIssued, Wanted, issue};
use crate::procedure::{Procedure, ProcedureKind};
use crate::session::SessionSecret;
use crate::standing::{Person, Remedy, Standing, look};
use crate::store::operations::{self, OperationState};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path};
use axum::response::Response;
use kazasu_service::page::Words;
use kazasu_service::page::redirect;
use serde::Deserialize;
use zeroize::Zeroizing;

#[derive(Template)]
#[template(path = "recover.html")]
struct Options<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    name: &'a str,
    account: Option<String>,
    /// Another card took this one's place.
    replaced: bool,
    /// The card could not be tied to the one that was linked.
    relink: bool,
    /// Whether there is anything to choose.
    possible: bool,
    remedies: Vec<RemedyRow>,
    until: String,
    support: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordForm<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    account: String,
    shortest: i64,
    longest: i64,
    symbols: String,
    own: bool,
    /// What the chosen password lacks.
    problems: Vec<String>,
}

#[derive(Template)]
#[template(path = "access-pass.html")]
struct AccessPassForm<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    account: String,
    minutes: i64,
}

#[derive(Template)]
#[template(path = "not-issued.html")]
struct Nothing<'a> {
    words: Words<'a>,
    procedure: &'a str,
    token: &'a str,
    /// Names the text.
    key: String,
    support: Option<&'a str>,
}

/// A procedure in which somebody tapped to recover, and where they stand.
struct Open {
    procedure: Procedure,
    token: String,
    standing: Standing,
}

pub(super) async fn show(visit: &Visit, procedure: &Procedure, token: &str) -> PageResult {
    let Some(tap) = &procedure.tap else {
        return Ok(redirect("/recover"));
    };
    let evidence = visit.app.settings.lifetimes.evidence;
    if !visit.is_fresh(tap.at) {
        return Err(PageError::refused(Reason::EvidenceOld, "/recover"));
    }
    let standing = look(&visit.app, Person::Ppid(tap.ppid.clone()), visit.now).await?;
    let mut remedies = state::rows(visit, &standing);
    for row in &mut remedies {
        let remedy = Remedy::ALL
            .into_iter()
            .find(|remedy| remedy.as_str() == row.word);
        let asked = match remedy {
            Some(remedy) => asked_before(visit, &procedure.id, kind(remedy)).await?,
            None => None,
        };
        if asked.is_some() {
            row.obstacle = Some(visit.words().say("obstacle-issued"));
        }
    }
    let possible = remedies.iter().any(|row| row.obstacle.is_none());
    let body = Options {
        words: visit.words(),
        procedure: &procedure.id,
        token,
        name: &tap.name,
        account: standing.link.as_ref().map(|link| link.account.to_string()),
        replaced: standing.replaced_by.is_some(),
        relink: tap.relink_required,
        possible,
        remedies,
        until: visit.when(tap.at + evidence),
        support: visit.support(),
    };
    let title = if possible {
        "recover-options"
    } else {
        "recover-none"
    };
    Ok(visit.show(title, &body))
}

fn kind(remedy: Remedy) -> OperationKind {
    match remedy {
        Remedy::Password => OperationKind::Password,
        Remedy::AccessPass => OperationKind::AccessPass,
    }
}

async fn asked_before(
    visit: &Visit,
    procedure: &str,
    kind: OperationKind,
) -> Result<Option<OperationState>, PageError> {
    let procedure = procedure.to_owned();
    let found = visit
        .app
        .store
        .read(move |c| operations::of_procedure(c, &procedure, kind));
    Ok(found.await?.map(|recorded| recorded.state))
}

/// As [`open`], for what a form asks: where this is its second click, the page that the first one got.
/// That is asked last, for the first one may begin at any moment before.
async fn open_form(
    visit: &Visit,
    own: (SessionSecret, Procedure),
    remedy: Remedy,
) -> Result<Result<Open, Response>, PageError> {
    let (token, id) = (own.0.form_token(&own.1.id), own.1.id.clone());
    let refused = match open(visit, own, remedy).await {
        Ok(Ok(open)) => return Ok(Ok(open)),
        refused => refused,
    };
    let app = &visit.app;
    let issued = app
        .issuing
        .second_click(&id, kind(remedy), &app.clock)
        .await;
    match issued {
        Some(issued) => Ok(Err(shown(visit, &id, &token, &issued))),
        None => refused,
    }
}

fn shown(visit: &Visit, procedure: &str, token: &str, issued: &Issued) -> Response {
    let secret = Secret {
        procedure,
        token,
        issued,
    };
    secret::show(visit, &secret)
}

/// The procedure, if it may lead to `remedy` now; else the page that says why not.
async fn open(
    visit: &Visit,
    (secret, procedure): (SessionSecret, Procedure),
    remedy: Remedy,
) -> Result<Result<Open, Response>, PageError> {
    let token = secret.form_token(&procedure.id);
    let back = page(&procedure.id);
    let Some(tap) = &procedure.tap else {
        return Ok(Err(redirect("/recover")));
    };
    if !visit.is_fresh(tap.at) {
        return Err(PageError::refused(Reason::EvidenceOld, "/recover"));
    }
    if let Some(state) = asked_before(visit, &procedure.id, kind(remedy)).await? {
        let word = match state {
            OperationState::Recorded => "uncertain",
            _ => "asked_before",
        };
        return Ok(Err(nothing(visit, &procedure.id, &token, word)));
    }
    let standing = look(&visit.app, Person::Ppid(tap.ppid.clone()), visit.now).await?;
    if standing
        .obstacle_to(remedy, &visit.app, visit.now)
        .is_some()
    {
        // The page of the procedure says which.
        return Ok(Err(redirect(&back)));
    }
    Ok(Ok(Open {
        procedure,
        token,
        standing,
    }))
}

impl Open {
    fn account(&self) -> String {
        let link = self.standing.link.as_ref();
        link.map(|link| link.account.to_string())
            .unwrap_or_default()
    }

    fn issue(&self) -> Option<Issue> {
        let link = self.standing.link.as_ref()?;
        Some(Issue {
            procedure: self.procedure.id.clone(),
            account: link.account.clone(),
            link: link.id.clone(),
            browser: self.procedure.browser.clone(),
        })
    }
}

pub(super) async fn password(visit: Visit, Path(id): Path<String>) -> PageResult {
    let own = visit.own_of(ProcedureKind::Recover, &id).await?;
    match open(&visit, own, Remedy::Password).await? {
        Ok(open) => Ok(password_form(&visit, &open, Vec::new())),
        Err(response) => Ok(response),
    }
}

fn password_form(visit: &Visit, open: &Open, problems: Vec<String>) -> Response {
    let recovery = &visit.app.settings.recovery;
    let body = PasswordForm {
        words: visit.words(),
        procedure: &open.procedure.id,
        token: &open.token,
        account: open.account(),
        shortest: length(recovery.password.shortest),
        longest: length(recovery.password.longest),
        symbols: recovery.password.symbols(),
        own: recovery.own_password,
        problems,
    };
    show_live(visit, "password", &body)
}

/// A page whose form the script sends once, however often its button is pressed: what answers a second
/// one would hide the secret, should another node get it.
fn show_live(visit: &Visit, key: &str, body: &impl Template) -> Response {
    visit.show_page(&visit.words().say(key), body, |page| page.live = true)
}

#[derive(Deserialize)]
pub(super) struct PasswordWish {
    token: String,
    /// `own` to set the password that was typed.
    #[serde(default)]
    choice: String,
    #[serde(default)]
    password: Zeroizing<String>,
    #[serde(default)]
    again: Zeroizing<String>,
}

pub(super) async fn set_password(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<PasswordWish>, FormRejection>,
) -> PageResult {
    let Ok(Form(wish)) = form else {
        return Err(PageError::refused(Reason::OldForm, page_of(&id)));
    };
    let own = visit
        .own_form(ProcedureKind::Recover, &id, &wish.token)
        .await?;
    let open = match open_form(&visit, own, Remedy::Password).await? {
        Ok(open) => open,
        Err(response) => return Ok(response),
    };
    let recovery = &visit.app.settings.recovery;
    let chosen = wish.choice == "own" && recovery.own_password;
    let password = match chosen {
        false => Ok(recovery.password.generate()),
        true if *wish.password != *wish.again => {
            let problem = visit.words().say("password-differs");
            return Ok(password_form(&visit, &open, vec![problem]));
        }
        true => recovery.password.check(&wish.password),
    };
    let password = match password {
        Ok(password) => password,
        Err(breaches) => {
            let problems = breaches.iter();
            let problems = problems.map(|lack| breach::text(&visit, *lack)).collect();
            return Ok(password_form(&visit, &open, problems));
        }
    };
    let wanted = match chosen {
        true => Wanted::ChosenPassword(password),
        false => Wanted::Password(password),
    };
    finish(&visit, &open, wanted).await
}

pub(super) async fn access_pass(visit: Visit, Path(id): Path<String>) -> PageResult {
    let own = visit.own_of(ProcedureKind::Recover, &id).await?;
    let open = match open(&visit, own, Remedy::AccessPass).await? {
        Ok(open) => open,
        Err(response) => return Ok(response),
    };
    let body = AccessPassForm {
        words: visit.words(),
        procedure: &open.procedure.id,
        token: &open.token,
        account: open.account(),
        minutes: visit.app.settings.recovery.access_pass_lifetime / 60,
    };
    Ok(show_live(&visit, "access-pass", &body))
}

pub(super) async fn issue_access_pass(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<Token>, FormRejection>,
) -> PageResult {
    let token = token(form);
    let own = visit.own_form(ProcedureKind::Recover, &id, &token).await?;
    match open_form(&visit, own, Remedy::AccessPass).await? {
        Ok(open) => finish(&visit, &open, Wanted::AccessPass).await,
        Err(response) => Ok(response),
    }
}

async fn finish(visit: &Visit, open: &Open, wanted: Wanted) -> PageResult {
    let Some(asked) = open.issue() else {
        return Ok(redirect(&page(&open.procedure.id)));
    };
    match issue(&visit.app, asked, wanted).await {
        Ok(issued) => Ok(shown(visit, &open.procedure.id, &open.token, &issued)),
        Err(NotIssued::PasswordRefused) => {
            let problem = visit.words().say("password-refused");
            Ok(password_form(visit, open, vec![problem]))
        }
        Err(why) => {
            let word = match why {
                NotIssued::AskedBefore => "asked_before",
                NotIssued::TooOften => "too_often",
                NotIssued::NotAllowed => "not_allowed",
                NotIssued::Uncertain => "uncertain",
                NotIssued::PasswordRefused | NotIssued::Failed => "failed",
            };
            Ok(nothing(visit, &open.procedure.id, &open.token, word))
        }
    }
}

fn nothing(visit: &Visit, procedure: &str, token: &str, word: &str) -> Response {
    let body = Nothing {
        words: visit.words(),
        procedure,
        token,
        key: format!("not-issued-{word}"),
        support: visit.support(),
    };
    visit.show(&body.key.clone(), &body)
}

/// "I have saved it".
pub(super) async fn saved(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<Token>, FormRejection>,
) -> PageResult {
    let typed = token(form);
    let (_, procedure) = visit.own_form(ProcedureKind::Recover, &id, &typed).await?;
    let body = Done {
        words: visit.words(),
        procedure: &procedure.id,
        token: &typed,
        key: "saved",
    };
    Ok(visit.show("saved", &body))
}
