//! An assertion, from its arrival to its outcome.

use crate::app::App;
use crate::challenge::{self, Binding};
use crate::failure::Failure;
use crate::keys::derived_code;
use crate::ppid::{CredentialIndex, credential_index};
use crate::store::acceptance::{self as store, Acceptance};
use crate::store::subjects::{self, Predecessor};
use crate::store::transactions;
use crate::transaction::{State, Transaction};
use crate::{lineage, revocation, sealed_name};
use kazasu_assertion::{ValidCertificate, Verified};
use kazasu_service::secret::{hash, length_prefixed, random};
use kazasu_statement::{Assertion, Mode, Reason, Statement};

/// Keeps codes of return URLs apart from anything else derived from a companion secret.
const RETURN_DOMAIN: &[u8] = b"kazasu/return/v1";

/// Judges an assertion and, if it holds, accepts the transaction. Accepted comes with the return
/// URL, empty where none is needed. The same assertion again gets the same outcome.
pub(crate) async fn submit(
    app: &App,
    companion_secret: &[u8],
    assertion: &Assertion,
) -> Result<Result<String, Reason>, Failure> {
    let now = app.now();
    let companion_hash = hash(companion_secret);
    let found = app
        .store
        .read(move |c| transactions::by_companion(c, &companion_hash, now))
        .await?;
    let Some(transaction) = found else {
        return Ok(Err(Reason::TicketUnknown));
    };
    let assertion_hash = hash(length_prefixed(&[
        &assertion.challenge,
        &assertion.certificate,
        &assertion.signature,
        assertion.name.as_deref().unwrap_or_default().as_bytes(),
    ]));
    let is_accepted = matches!(transaction.state, State::Accepted | State::Redeemed);
    if is_accepted && transaction.assertion_hash == Some(assertion_hash) {
        return Ok(Ok(return_url(app, &transaction, companion_secret)));
    }
    if let Some(reason) = transaction.not_ready_because() {
        return Ok(Err(reason));
    }
    let submitted = Submitted {
        transaction: &transaction,
        companion_secret,
        assertion,
        assertion_hash,
    };
    let outcome = decide(app, &submitted, now).await?;
    app.counted.assertion(outcome.err());
    if let Err(reason) = outcome {
        tracing::info!(%reason, "an assertion was refused");
        // Sealed events stay for ever: whoever comes too often must not make more of them.
        if reason != Reason::RateLimited {
            let id = transaction.id.clone();
            app.store
                .write(move |c| store::refuse(c, &id, reason, now))
                .await?;
        }
        return Ok(Err(reason));
    }
    app.reached(&transaction.id, State::Accepted);
    Ok(Ok(return_url(app, &transaction, companion_secret)))
}

/// An assertion, and what it was submitted to.
struct Submitted<'a> {
    transaction: &'a Transaction,
    companion_secret: &'a [u8],
    assertion: &'a Assertion,
    assertion_hash: [u8; 32],
}

/// Judges and, if everything holds, accepts.
async fn decide(
    app: &App,
    submitted: &Submitted<'_>,
    now: i64,
) -> Result<Result<(), Reason>, Failure> {
    let verified = match verify(app, submitted.transaction, submitted.assertion, now) {
        Ok(verified) => verified,
        Err(reason) => return Ok(Err(reason)),
    };
    let certificate = verified.certificate();
    let credential =
        credential_index(&app.keys, certificate.issuer_key_id(), certificate.serial()).await?;
    // Only a valid signature of its own counts against a card.
    if app.limits.credential.check(&credential).is_err() {
        return Ok(Err(Reason::RateLimited));
    }
    let may_be_spared = revocation::may_be_spared(app, certificate, now);
    if let Some(answered_after) = may_be_spared {
        let known = acceptance(app, submitted, &verified, credential, now);
        if store::accept_known(&app.store, known, answered_after).await? {
            revocation::count_spared(app);
            return Ok(Ok(()));
        }
    }
    let predecessors = match ask(app, certificate, &credential, now).await? {
        Ok(predecessors) => predecessors,
        Err(reason) => return Ok(Err(reason)),
    };
    // The services were asked meanwhile: what counts is when it is accepted.
    let now = app.now().max(now);
    let accepted = Acceptance {
        predecessors,
        ..acceptance(app, submitted, &verified, credential, now)
    };
    let accepted = app.store.write(move |c| store::accept(c, &accepted));
    Ok(accepted.await?)
}

/// Asks the authority: whether the certificate is good, and, of an unknown one, which certificates
/// came before.
async fn ask(
    app: &App,
    certificate: &ValidCertificate,
    credential: &CredentialIndex,
    now: i64,
) -> Result<Result<Option<Vec<Predecessor>>, Reason>, Failure> {
    let asked = *credential;
    let known = app.store.read(move |c| subjects::look_up(c, &asked));
    let known = known.await?;
    if known.revoked {
        return Ok(Err(Reason::CertificateRevoked));
    }
    let checked = revocation::check(app, certificate, credential, known.last_word, now);
    if let Err(reason) = checked.await? {
        return Ok(Err(reason));
    }
    if known.has_subject {
        return Ok(Ok(None));
    }
    Ok(lineage::predecessors(app, certificate).await?.map(Some))
}

/// Challenge, statement, signature and path: everything that needs nobody else.
fn verify(
    app: &App,
    transaction: &Transaction,
    assertion: &Assertion,
    now: i64,
) -> Result<Verified, Reason> {
    let binding = binding(transaction).ok_or(Reason::TicketUnknown)?;
    challenge::open(&app.keys, &assertion.challenge, binding, now)?;
    let statement = Statement {
        verifier_origin: &app.settings.origin,
        relying_party: &transaction.relying_party,
        transaction_id: &transaction.id,
        purpose: transaction.purpose,
        challenge: &assertion.challenge,
        requested_claims: transaction.requested_claims(),
        name: assertion.name.as_deref(),
        certificate: &assertion.certificate,
    };
    kazasu_assertion::verify(&app.anchors, assertion, &statement, now)
}

/// What is stored if it is accepted at `now`; the credential is taken for known.
fn acceptance(
    app: &App,
    submitted: &Submitted<'_>,
    verified: &Verified,
    credential: CredentialIndex,
    now: i64,
) -> Acceptance {
    let transaction = submitted.transaction;
    let seal = |name| sealed_name::seal(&app.keys, &transaction.id, name, now);
    Acceptance {
        transaction_id: transaction.id.clone(),
        companion_hash: hash(submitted.companion_secret),
        assertion_hash: submitted.assertion_hash,
        credential,
        predecessors: None,
        new_subject: random(),
        pairwise_version: app.keys.pairwise_version_at(now),
        sealed_name: verified.name().map(seal),
        return_hash: needs_return(transaction)
            .then(|| hash(return_code(transaction, submitted.companion_secret))),
        now,
        expires_at: now + app.settings.lifetimes.accepted,
        details: transactions::details(transaction, None),
    }
}

/// What a challenge of this transaction is bound to; `None` before a ticket was minted.
pub(crate) fn binding(transaction: &Transaction) -> Option<Binding<'_>> {
    Some(Binding {
        transaction_id: &transaction.id,
        claim_number: transaction.ticket_number,
        mode: transaction.mode?,
    })
}

fn needs_return(transaction: &Transaction) -> bool {
    transaction.mode == Some(Mode::SamePhone)
}

/// Derived, not drawn, so that submitting again can return it without its being stored.
fn return_code(transaction: &Transaction, companion_secret: &[u8]) -> String {
    derived_code(
        companion_secret,
        &[RETURN_DOMAIN, transaction.id.as_bytes()],
    )
}

/// Where the browser that started goes on; empty where it goes on by itself.
pub(crate) fn return_url(app: &App, transaction: &Transaction, companion_secret: &[u8]) -> String {
    if !needs_return(transaction) {
        return String::new();
    }
    format!(
        "{}/return/{}",
        app.settings.origin,
        return_code(transaction, companion_secret)
    )
}
