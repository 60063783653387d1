//! The answers that the verifier and the sign-in send by way of the browser.

use super::refusal::{PageError, PageResult, Reason};
use super::visit::{Visit, page};
use crate::account::AccountId;
use crate::counted::Step;
use crate::failure::Failure;
use crate::openid::{OpenIdError, SignedIn};
use crate::procedure::{Procedure, SignIn, Tap};
use crate::session::SessionSecret;
use crate::store::procedures::{self, Answered};
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use kazasu_service::audit::{self, Details};
use kazasu_service::page::redirect;
use kazasu_service::secret::hash;
use kazasu_service::store::{Connection, SqlError};
use serde::Deserialize;

/// What comes back: OpenID Connect Core §3.1.2.5, RFC 9207.
#[derive(Deserialize)]
pub(super) struct Answer {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

type Asked = Result<Query<Answer>, QueryRejection>;

/// The browser's session, the request it answers, and the procedure that made it.
struct Known {
    secret: SessionSecret,
    request: Answered,
    procedure: Procedure,
    answer: Answer,
}

/// The answer of a tap.
pub(super) async fn tap(visit: Visit, answer: Asked) -> PageResult {
    let known = know(&visit, answer, "tap").await?;
    let back = page(&known.procedure.id);
    let refused = |reason| PageError::refused(reason, back.clone());
    let provider = &visit.app.verifier;
    let iss = known.answer.iss.as_deref();
    let is_issuer = provider.is_issuer(iss, visit.now).await;
    if !is_issuer.map_err(Failure::Verifier)? {
        return Err(refused(Reason::AnswerUnknown));
    }
    let code = match (known.answer.code, known.answer.error.as_deref()) {
        (Some(code), None) => code,
        (_, Some("access_denied")) => return Err(refused(Reason::TapCancelled)),
        _ => return Err(refused(Reason::TapFailed)),
    };
    let Answered {
        nonce,
        code_verifier,
        ..
    } = known.request;
    let tapped = provider
        .finish(code, &nonce, code_verifier, visit.now)
        .await
        .map_err(|error| failed(&visit, error, Failure::Verifier, Reason::TapFailed, &back))?;
    if tapped.purpose != known.procedure.kind.purpose() {
        return Err(refused(Reason::OtherPurpose));
    }
    if !visit.is_fresh(tapped.at) {
        return Err(refused(Reason::EvidenceOld));
    }
    let tap = Tap {
        ppid: tapped.ppid,
        name: tapped.name,
        at: tapped.at,
        relink_required: tapped.relink_required,
    };
    let kind = known.procedure.kind.as_str();
    attach(
        &visit,
        known.secret,
        &known.procedure,
        Step::Tapped,
        move |c, id, secret, now| {
            let details = Details::default().with("procedure", kind);
            audit::record(c, now, "tapped", &details)?;
            procedures::tapped(c, id, &tap, secret, now)
        },
    )
    .await
}

/// The answer of a sign-in.
pub(super) async fn sign_in(visit: Visit, answer: Asked) -> PageResult {
    let known = know(&visit, answer, "sign-in").await?;
    let back = page(&known.procedure.id);
    let refused = |reason| PageError::refused(reason, back.clone());
    let provider = &visit.app.sign_in;
    let iss = known.answer.iss.as_deref();
    let is_issuer = provider.is_issuer(iss, visit.now).await;
    if !is_issuer.map_err(Failure::SignIn)? {
        return Err(refused(Reason::AnswerUnknown));
    }
    // Whatever the sign-in calls it, nobody signed in.
    let (Some(code), None) = (known.answer.code, known.answer.error) else {
        return Err(refused(Reason::SignInCancelled));
    };
    let Answered {
        nonce,
        code_verifier,
        ..
    } = known.request;
    let since = known.procedure.started_at;
    let signed_in = provider
        .finish(code, &nonce, code_verifier, since, visit.now)
        .await
        .map_err(|error| {
            failed(
                &visit,
                error,
                Failure::SignIn,
                Reason::SignInCancelled,
                &back,
            )
        })?;
    let (account, at) = match signed_in {
        SignedIn::As { account, at } => (account, at),
        SignedIn::Stale => return Err(refused(Reason::SignInStale)),
        SignedIn::Weak => return Err(refused(Reason::SignInWeak)),
    };
    let domain = visit.app.settings.accounts.domain.as_deref();
    let Some(account) = AccountId::parse(&account, domain) else {
        return Err(refused(Reason::AccountUnknown));
    };
    let sign_in = SignIn { account, at };
    let kind = known.procedure.kind.as_str();
    attach(
        &visit,
        known.secret,
        &known.procedure,
        Step::SignedIn,
        move |c, id, _, now| {
            let details = Details::default().with("procedure", kind);
            audit::record(c, now, "signed_in", &details)?;
            procedures::signed_in(c, id, &sign_in, now)
        },
    )
    .await
}

/// What an answer belongs to. The request is used up, whatever the answer says.
async fn know(visit: &Visit, answer: Asked, provider: &'static str) -> Result<Known, PageError> {
    let unknown = || PageError::refused(Reason::AnswerUnknown, "/");
    let Ok(Query(answer)) = answer else {
        return Err(unknown());
    };
    let state = hash(answer.state.as_deref().ok_or_else(unknown)?);
    let secret = visit.secret();
    let secret = secret.ok_or_else(|| PageError::refused(Reason::CookiesRequired, "/"))?;
    let now = visit.now;
    let found = visit.app.store.write(move |c| {
        let Some(request) = procedures::answered(c, provider, &state, &secret.hash())? else {
            return Ok(None);
        };
        let procedure = procedures::own(c, &request.procedure, &secret, now)?;
        Ok(Some((secret, request, procedure)))
    });
    let (secret, request, procedure) = found.await?.ok_or_else(unknown)?;
    let over = || PageError::refused(Reason::ProcedureOver, "/");
    Ok(Known {
        secret,
        request,
        procedure: procedure.ok_or_else(over)?,
        answer,
    })
}

/// A provider that refused a code or sent a token that cannot be used is a refusal; one that was not
/// reached a failure.
fn failed(
    visit: &Visit,
    error: OpenIdError,
    failure: fn(OpenIdError) -> Failure,
    reason: Reason,
    back: &str,
) -> PageError {
    match error {
        OpenIdError::Refused(_)
        | OpenIdError::Error(_)
        | OpenIdError::Unreadable(_)
        | OpenIdError::Token(_) => {
            visit.app.auditor.failed("answer_refused");
            failure(error).log();
            PageError::refused(reason, back)
        }
        other => PageError::from(failure(other)).back_at(back),
    }
}

/// Notes what is proven now, under a new cookie: one that somebody else knew, or had planted, is
/// worth nothing from here on.
async fn attach(
    visit: &Visit,
    old: SessionSecret,
    procedure: &Procedure,
    step: Step,
    note: impl FnOnce(&mut Connection<'_>, &str, &SessionSecret, i64) -> Result<bool, SqlError>
    + Send
    + 'static,
) -> Result<Response, PageError> {
    let (fresh, now) = (SessionSecret::new(), visit.now);
    let cookie = HeaderValue::try_from(fresh.set_cookie());
    let (back, id) = (page(&procedure.id), procedure.id.clone());
    let noted = visit.app.store.write(move |c| {
        let rotated = procedures::rotate(c, &old, &fresh)?;
        if !rotated {
            return Ok((false, false));
        }
        Ok((true, note(c, &id, &fresh, now)?))
    });
    let (rotated, noted) = noted.await?;
    if noted {
        visit.app.counted.procedure(procedure.kind, step);
    }
    // The page says what there is now, also where the procedure ended meanwhile.
    let mut response = redirect(&back);
    // Where another tab was faster, its cookie is the one that counts.
    if rotated {
        response.headers_mut().insert(
            SET_COOKIE,
            cookie.expect("a cookie in ASCII is a header value"),
        );
    }
    Ok(response)
}
