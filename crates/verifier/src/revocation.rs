//! Whether a certificate is still good, asked at every use. No answer is never a pass.
//!
//! The sources, in this order: a revocation list that names the certificate as revoked; a good
//! answer of the responder that is young enough; the responder; and if that has no usable answer,
//! the newer of its last word and the list. Revoked is final, whoever says it.

mod lists;
mod measures;

pub(crate) use lists::keep_lists;

use crate::app::App;
use crate::ppid::CredentialIndex;
use crate::settings;
use crate::store::answers::{self, LastWord, Word};
use crate::store::subjects;
use crate::upstream::Limits;
use kazasu_assertion::ValidCertificate;
use kazasu_assertion::revocation::{Judgement, NonceCheck, Status, judge_ocsp, ocsp_request};
use kazasu_service::secret::random;
use kazasu_service::store::StoreError;
use kazasu_statement::Reason;
use lists::Lists;
use measures::{Measures, Source};
use prometheus::Registry;

/// What is at hand for judging: the lists, and what is counted.
pub(crate) struct Revocation {
    lists: Lists,
    measures: Measures,
}

impl Revocation {
    /// Nothing known and nothing counted yet.
    pub(crate) fn new(settings: &settings::Revocation, registry: &Registry) -> Self {
        Self {
            lists: Lists::new(&settings.crl_urls, settings.crl_refresh),
            measures: Measures::new(registry),
        }
    }
}

/// Media types of OCSP over HTTP: RFC 6960 appendix A.
const REQUEST_TYPE: &str = "application/ocsp-request";
const RESPONSE_TYPE: &str = "application/ocsp-response";

/// More than any OCSP answer needs.
const MAX_ANSWER: usize = 64 * 1024;

/// Says whether the certificate may be used at `now`. `last_word` is what the database remembers
/// of this credential. What is learned is in the database when this returns; a revocation stays
/// there.
///
/// # Errors
/// The database's. As an outcome: [`Reason::CertificateRevoked`], [`Reason::CertificateOnHold`], or
/// [`Reason::RevocationUnavailable`] if nothing usable could be learned.
pub(crate) async fn check(
    app: &App,
    certificate: &ValidCertificate,
    credential: &CredentialIndex,
    last_word: Option<LastWord>,
    now: i64,
) -> Result<Result<(), Reason>, StoreError> {
    let listed = app.revocation.lists.judge(certificate, now);
    let answer = match listed {
        Some(listed) if is_revoked(listed.status) => Some((Source::List, listed)),
        _ if last_word.is_some_and(|word| word.spares_asking(answered_after(app, now), now)) => {
            count_spared(app);
            return Ok(Ok(()));
        }
        _ => ask(app, certificate, now)
            .await
            .map(|said| (Source::Responder, said)),
    };
    let Some((source, said)) = answer else {
        let (source, status) = without_answer(last_word, listed, now);
        app.revocation.measures.count(source, status);
        return Ok(outcome(status));
    };
    app.revocation.measures.count(source, said.status);
    let credential = *credential;
    match said.status {
        Status::Revoked { .. } => {
            app.store
                .write(move |c| subjects::record_revoked(c, &credential, now))
                .await?;
        }
        _ => {
            app.store
                .write(move |c| answers::remember(c, &credential, &said, now))
                .await?;
        }
    }
    Ok(outcome(said.status))
}

/// After when the responder has to have been asked for its word to spare asking again at `now`;
/// `None` where a list has more to say.
pub(crate) fn may_be_spared(app: &App, certificate: &ValidCertificate, now: i64) -> Option<i64> {
    let listed = app.revocation.lists.judge(certificate, now);
    if listed.is_some_and(|listed| is_revoked(listed.status)) {
        return None;
    }
    Some(answered_after(app, now))
}

fn answered_after(app: &App, now: i64) -> i64 {
    now.saturating_sub(app.settings.revocation.max_age)
}

/// Counts a certificate for which nobody was asked.
pub(crate) fn count_spared(app: &App) {
    app.revocation.measures.count(Source::Cache, Status::Good);
}

/// Asks the configured responder. The URL inside the certificate is not followed: where we
/// connect to is the operator's decision.
async fn ask(app: &App, certificate: &ValidCertificate, now: i64) -> Option<Judgement> {
    let settings = &app.settings.revocation;
    let nonce = random::<16>();
    let check = settings.nonce.check(&nonce);
    let sent = (check != NonceCheck::NotSent).then_some(&nonce[..]);
    let limits = Limits {
        time: settings.timeout,
        size: MAX_ANSWER,
    };
    let question = ocsp_request(certificate, sent);
    let answer = app
        .upstream
        .ask(
            &settings.ocsp_url,
            REQUEST_TYPE,
            RESPONSE_TYPE,
            question,
            limits,
        )
        .await
        .inspect_err(|error| unusable(error))
        .ok()?;
    let judgement = judge_ocsp(&answer, certificate, check, now)
        .inspect_err(|error| unusable(error))
        .ok()?;
    app.revocation.measures.responder_answered(now);
    if judgement.status == Status::Unknown {
        tracing::warn!("the OCSP responder does not know a certificate of its own authority");
    }
    Some(judgement)
}

fn unusable(error: &dyn std::error::Error) {
    tracing::warn!(%error, source = error.source(), "no usable OCSP answer");
}

/// What to go by while the responder has no usable answer: the newer of its last word and the
/// list. A list cannot tell a good certificate from one that was never issued, so it does not
/// outweigh "unknown".
fn without_answer(
    last_word: Option<LastWord>,
    listed: Option<Judgement>,
    now: i64,
) -> (Source, Status) {
    let last_word = last_word.filter(|word| now < word.valid_until);
    match (last_word, listed) {
        (None, None) => (Source::Nothing, Status::Unknown),
        (Some(word), Some(listed))
            if word.word != Word::Unknown && listed.this_update > word.this_update =>
        {
            (Source::List, listed.status)
        }
        (Some(word), _) => (Source::LastWord, word.status()),
        (None, Some(listed)) => (Source::List, listed.status),
    }
}

fn outcome(status: Status) -> Result<(), Reason> {
    match status {
        Status::Good => Ok(()),
        Status::OnHold { .. } => Err(Reason::CertificateOnHold),
        Status::Revoked { .. } => Err(Reason::CertificateRevoked),
        Status::Unknown => Err(Reason::RevocationUnavailable),
    }
}

fn is_revoked(status: Status) -> bool {
    matches!(status, Status::Revoked { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    fn word(word: Word, this_update: i64) -> Option<LastWord> {
        Some(LastWord {
            word,
            this_update,
            asked_at: this_update,
            valid_until: NOW + 1,
        })
    }

    fn listed(status: Status, this_update: i64) -> Option<Judgement> {
        Some(Judgement {
            status,
            this_update,
            fresh_until: Some(NOW + 1),
        })
    }

    #[test]
    fn without_an_answer_the_newer_of_last_word_and_list_counts() {
        let hold = |at| Status::OnHold { at };
        let (good, unknown) = (Status::Good, Status::Unknown);
        for (last_word, list, expected) in [
            (None, None, (Source::Nothing, unknown)),
            (word(Word::Good, 1), None, (Source::LastWord, good)),
            (None, listed(good, 1), (Source::List, good)),
            (None, listed(hold(1), 1), (Source::List, hold(1))),
            (
                word(Word::Good, 1),
                listed(hold(2), 2),
                (Source::List, hold(2)),
            ),
            (
                word(Word::Good, 2),
                listed(hold(1), 1),
                (Source::LastWord, good),
            ),
            (word(Word::OnHold, 1), listed(good, 2), (Source::List, good)),
            (
                word(Word::OnHold, 2),
                listed(good, 1),
                (Source::LastWord, hold(2)),
            ),
            (
                word(Word::OnHold, 2),
                listed(good, 2),
                (Source::LastWord, hold(2)),
            ),
            (
                word(Word::Unknown, 1),
                listed(good, 2),
                (Source::LastWord, unknown),
            ),
        ] {
            let came = without_answer(last_word, list, NOW);
            assert_eq!(came, expected, "{last_word:?} {list:?}");
        }
        // A last word that has run out is none.
        let over = word(Word::Good, 1);
        assert_eq!(without_answer(over, None, NOW + 1).1, unknown);
    }
}
