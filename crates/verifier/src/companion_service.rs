//! What companions call: `kazasu.companion.v1.CompanionService`.

mod watch;

use crate::app::App;
use crate::challenge;
use crate::failure::Failure;
use crate::store::transactions;
use crate::submit;
use crate::transaction::{State, Transaction};
use kazasu_proto::companion::v1;
use kazasu_proto::companion::v1::companion_service_server::CompanionService;
use kazasu_proto::status_for;
use kazasu_service::secret::{hash, random};
use kazasu_service::store::{Connection, SqlError};
use kazasu_statement::{Assertion, Reason};
use std::sync::Arc;
use tonic::{Request, Response, Status};
use url::Url;

/// The largest message a companion has reason to send: a certificate is about two kilobytes.
pub(crate) const MAX_MESSAGE: usize = 32 * 1024;

pub(crate) struct Companions {
    app: Arc<App>,
}

impl Companions {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

/// The transaction of a companion secret. A new ticket voids the secret.
async fn find(app: &App, companion_secret: &[u8]) -> Result<Transaction, Status> {
    let (hash, now) = (hash(companion_secret), app.now());
    let found = app
        .store
        .read(move |c| transactions::by_companion(c, &hash, now))
        .await;
    found
        .map_err(Failure::from)?
        .ok_or_else(|| status_for(Reason::TicketUnknown))
}

/// The outcome of a write whose refusal is told to the companion.
async fn write<T: Send + 'static>(
    app: &App,
    change: impl FnOnce(&mut Connection<'_>) -> Result<Result<T, Reason>, SqlError> + Send + 'static,
) -> Result<T, Status> {
    app.store
        .write(change)
        .await
        .map_err(Failure::from)?
        .map_err(status_for)
}

#[tonic::async_trait]
impl CompanionService for Companions {
    async fn claim_ticket(
        &self,
        request: Request<v1::ClaimTicketRequest>,
    ) -> Result<Response<v1::ClaimTicketResponse>, Status> {
        let app = &self.app;
        let now = app.now();
        let ticket_hash = hash(request.into_inner().ticket);
        let companion_secret = random::<32>();
        let companion_hash = hash(companion_secret);
        let transaction = write(app, move |c| {
            transactions::claim(c, &ticket_hash, &companion_hash, now)
        })
        .await?;
        app.reached(&transaction.id, State::Claimed);
        let party = app
            .relying_party(&transaction.relying_party)
            .ok_or(Failure::RelyingPartyGone)?;
        let host = Url::parse(&transaction.redirect_uri)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        Ok(Response::new(v1::ClaimTicketResponse {
            companion_secret: companion_secret.to_vec(),
            transaction_id: transaction.id.clone(),
            verifier_origin: app.settings.origin.clone(),
            relying_party: Some(v1::RelyingParty {
                id: party.id.clone(),
                display_name: Some(v1::LocalizedText {
                    ja: party.name_ja.clone(),
                    en: party.name_en.clone(),
                }),
                host: host.unwrap_or_default(),
            }),
            purpose: v1::Purpose::from(transaction.purpose).into(),
            requested_claims: transaction
                .requested_claims()
                .iter()
                .map(|c| v1::Claim::from(*c).into())
                .collect(),
            mode: transaction
                .mode
                .map_or(v1::Mode::Unspecified, Into::into)
                .into(),
            language: transaction.language.to_string(),
            browser: transaction.browser,
            started_at: transaction.created_at,
            expires_at: transaction.expires_at,
        }))
    }

    async fn start_pairing(
        &self,
        request: Request<v1::StartPairingRequest>,
    ) -> Result<Response<v1::StartPairingResponse>, Status> {
        let app = &self.app;
        let now = app.now();
        let companion_hash = hash(request.into_inner().companion_secret);
        let expires_at = now + app.settings.lifetimes.pairing;
        let digits = six_digits();
        let stored = digits.clone();
        write(app, move |c| {
            transactions::start_pairing(c, &companion_hash, &stored, expires_at, now)
        })
        .await?;
        Ok(Response::new(v1::StartPairingResponse {
            digits,
            expires_at,
        }))
    }

    type WatchTransactionStream = watch::Watch;

    async fn watch_transaction(
        &self,
        request: Request<v1::WatchTransactionRequest>,
    ) -> Result<Response<watch::Watch>, Status> {
        let secret = request.into_inner().companion_secret;
        let transaction = find(&self.app, &secret).await?;
        Ok(Response::new(watch::watch(
            self.app.clone(),
            secret,
            transaction,
        )))
    }

    async fn begin_assertion(
        &self,
        request: Request<v1::BeginAssertionRequest>,
    ) -> Result<Response<v1::BeginAssertionResponse>, Status> {
        let transaction = find(&self.app, &request.into_inner().companion_secret).await?;
        if let Some(reason) = transaction.not_ready_because() {
            return Err(status_for(reason));
        }
        let binding =
            submit::binding(&transaction).ok_or_else(|| status_for(Reason::TicketUnknown))?;
        let now = self.app.now();
        let expires_at = now + self.app.settings.lifetimes.challenge;
        let nonce = random();
        let challenge = challenge::seal(&self.app.keys, binding, now, expires_at, nonce);
        Ok(Response::new(v1::BeginAssertionResponse {
            challenge,
            expires_at,
        }))
    }

    async fn submit_assertion(
        &self,
        request: Request<v1::SubmitAssertionRequest>,
    ) -> Result<Response<v1::SubmitAssertionResponse>, Status> {
        use v1::submit_assertion_response::Outcome;
        let mut request = request.into_inner();
        let secret = std::mem::take(&mut request.companion_secret);
        let assertion = Assertion::from(request);
        let outcome = match submit::submit(&self.app, &secret, &assertion).await? {
            Ok(return_url) => Outcome::Accepted(v1::Accepted { return_url }),
            Err(reason) => Outcome::Rejected(reason.into()),
        };
        Ok(Response::new(v1::SubmitAssertionResponse {
            outcome: Some(outcome),
        }))
    }

    async fn cancel(
        &self,
        request: Request<v1::CancelRequest>,
    ) -> Result<Response<v1::CancelResponse>, Status> {
        let app = &self.app;
        let transaction = find(&self.app, &request.into_inner().companion_secret).await?;
        let (id, now) = (transaction.id.clone(), app.now());
        let cancelled = app
            .store
            .write(move |c| transactions::cancel(c, &id, now))
            .await
            .map_err(Failure::from)?;
        if cancelled {
            app.reached(&transaction.id, State::Cancelled);
        } else if transaction.state != State::Cancelled {
            return Err(status_for(
                transaction
                    .closed_because()
                    .unwrap_or(Reason::AlreadyAccepted),
            ));
        }
        Ok(Response::new(v1::CancelResponse {}))
    }
}

/// Six uniform decimal digits.
fn six_digits() -> String {
    // The remainder of 64 random bits by a million is uniform to one part in ten trillion.
    format!("{:06}", u64::from_be_bytes(random()) % 1_000_000)
}
