//! The emulator as a whole, and its control interface on HTTP: for tests and the demo, never
//! reachable from another machine.

use crate::authority::{Authority, AuthorityError, Clock, Outage, RevocationReason};
use crate::card::{EmulatedCard, KeyError, Secret};
use crate::fault::Fault;
use crate::field::{Field, SharedCard, lock};
use crate::holder::Holder;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Why the emulator did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No holder has that id.
    #[error("there is no holder {0:?}")]
    UnknownHolder(String),
    /// Two holders have the same id.
    #[error("there are two holders {0:?}")]
    DuplicateHolder(String),
    /// The authority refused.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The authority's key does not fit on a card.
    #[error("the card cannot hold the key")]
    Key(#[from] KeyError),
}

/// Cards, the field they are put into, and the authority that issues them. Clones are the same
/// emulator.
#[derive(Clone)]
pub struct Emulator {
    first: Option<String>,
    cards: Arc<BTreeMap<String, SharedCard>>,
    field: Field,
    authority: Arc<Mutex<Authority>>,
    clock: Clock,
    state: Option<PathBuf>,
}

impl Emulator {
    /// Issues a card to every holder that the authority does not know yet, and puts none into the
    /// field. With `state`, the authority is saved there after every change.
    ///
    /// # Errors
    /// [`ControlError`] when ids repeat, keys cannot be made, or the state cannot be saved.
    pub fn new(
        holders: Vec<Holder>,
        mut authority: Authority,
        clock: Clock,
        state: Option<PathBuf>,
    ) -> Result<Self, ControlError> {
        let first = holders.first().map(|holder| holder.id.clone());
        let mut cards = BTreeMap::new();
        for holder in holders {
            let issued = match authority.card(&holder.id) {
                Some(issued) => issued.clone(),
                None => authority.enrol(&holder.id, holder.key, clock())?,
            };
            let card = EmulatedCard::new(&holder, &issued)?;
            let card = Arc::new(Mutex::new(card));
            if cards.insert(holder.id.clone(), card).is_some() {
                return Err(ControlError::DuplicateHolder(holder.id));
            }
        }
        let emulator = Self {
            first,
            cards: Arc::new(cards),
            field: Field::new(),
            authority: Arc::new(Mutex::new(authority)),
            clock,
            state,
        };
        emulator.save()?;
        Ok(emulator)
    }

    /// The field all readers share.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// The authority.
    pub fn authority(&self) -> &Arc<Mutex<Authority>> {
        &self.authority
    }

    /// The clock the authority goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The card of a holder.
    ///
    /// # Errors
    /// [`ControlError::UnknownHolder`].
    pub fn card(&self, holder: &str) -> Result<&SharedCard, ControlError> {
        self.cards
            .get(holder)
            .ok_or_else(|| ControlError::UnknownHolder(holder.to_owned()))
    }

    /// The holder named first.
    pub fn first_holder(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// Puts a holder's card into the field.
    ///
    /// # Errors
    /// [`ControlError::UnknownHolder`].
    pub fn present(&self, holder: &str) -> Result<(), ControlError> {
        self.field.present(self.card(holder)?.clone());
        Ok(())
    }

    /// Carries out an order to the authority and, where that makes a new certificate, puts it on
    /// the card.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn order(&self, order: Order, target: &Target) -> Result<(), ControlError> {
        let card = self.card(&target.holder)?;
        let now = (self.clock)();
        let mut authority = lock(&self.authority);
        match order {
            Order::Renew => {
                let issued = authority.renew(&target.holder, now)?;
                lock(card).install(&issued)?;
            }
            Order::Reissue => {
                let reason = target.reason.unwrap_or(RevocationReason::KeyCompromise);
                let issued = authority.reissue(&target.holder, reason, now)?;
                let mut card = lock(card);
                *card = EmulatedCard::new(card.holder(), &issued)?;
            }
            Order::Revoke => {
                let reason = target.reason.unwrap_or(RevocationReason::Unspecified);
                authority.revoke(&target.holder, reason, now)?;
            }
            Order::Hold => authority.hold(&target.holder, now)?,
            Order::Release => authority.release(&target.holder)?,
        }
        drop(authority);
        self.save()
    }

    fn save(&self) -> Result<(), ControlError> {
        if let Some(directory) = &self.state {
            lock(&self.authority).save(directory)?;
        }
        Ok(())
    }

    fn status(&self) -> Value {
        let holders: BTreeMap<&String, Value> = self
            .cards
            .iter()
            .map(|(id, card)| {
                let card = lock(card);
                let tries = json!({
                    "authentication": card.tries_left(Secret::Authentication),
                    "signature": card.tries_left(Secret::Signature),
                    "profile": card.tries_left(Secret::Profile),
                });
                (id, json!({ "tries_left": tries }))
            })
            .collect();
        let present = self
            .field
            .card()
            .map(|card| lock(&card).holder().id.clone());
        json!({
            "present": present,
            "holders": holders,
            "faults": self.field.faults(),
            "generation": lock(&self.authority).current_generation(),
        })
    }

    fn exchanges(&self) -> Value {
        let totals = self.field.totals();
        let pins: Vec<_> = self
            .cards
            .values()
            .map(|card| lock(card).pin_counters())
            .collect();
        json!({
            "exchanges": self.field.exchanges(),
            "count": totals.exchanges,
            "bytes_sent": totals.sent,
            "bytes_received": totals.received,
            "verifies": pins.iter().map(|pin| pin.verifies).sum::<u64>(),
            "repeated_wrong_pins": pins.iter().map(|pin| pin.repeated_wrong_pins).sum::<u64>(),
        })
    }
}

/// What the authority is told to do with a holder's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// New key and certificate on the same card; the old one is superseded.
    Renew,
    /// A new card with fresh retry counters; the old one was lost.
    Reissue,
    /// Revoked for good.
    Revoke,
    /// On hold until released.
    Hold,
    /// Good again.
    Release,
}

/// Whom an order is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The holder's id.
    pub holder: String,
    /// Why, for a revocation or a re-issue.
    #[serde(default)]
    pub reason: Option<RevocationReason>,
}

/// The control interface. Every answer is JSON, except a certificate; an error is
/// `{"error": "…"}`, with 404 for an unknown holder and 409 where the authority refuses.
///
/// | Request | Body | |
/// | --- | --- | --- |
/// | `GET /status` | | card in the field, tries left of every holder, faults to come, CA generation |
/// | `POST /present` | `{"holder": "taro"}` | puts that card into the field |
/// | `POST /remove` | | takes the card away |
/// | `POST /faults` | list of [`Fault`]s | replaces all faults |
/// | `GET`, `DELETE /exchanges` | | the log with its totals, and what the cards noticed of PINs |
/// | `POST /authority/{order}` | [`Target`] | an [`Order`] |
/// | `POST /authority/advance` | | the next CA generation |
/// | `POST /authority/outage` | [`Outage`] | services that answer 503 |
/// | `GET /holders/{id}/certificate` | | the authentication certificate, DER |
pub fn router(emulator: Emulator) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/present", post(present))
        .route("/remove", post(remove))
        .route("/faults", post(faults))
        .route("/exchanges", get(exchanges).delete(clear_exchanges))
        .route("/authority/outage", post(outage))
        .route("/authority/advance", post(advance))
        .route("/authority/{order}", post(order))
        .route("/holders/{id}/certificate", get(certificate))
        .with_state(emulator)
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::UnknownHolder(_) => StatusCode::NOT_FOUND,
            Self::Authority(AuthorityError::KeyGeneration | AuthorityError::StateFile { .. })
            | Self::Key(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Authority(_) | Self::DuplicateHolder(_) => StatusCode::CONFLICT,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

async fn status(State(emulator): State<Emulator>) -> Json<Value> {
    Json(emulator.status())
}

async fn present(
    State(emulator): State<Emulator>,
    Json(target): Json<Target>,
) -> Result<Json<Value>, ControlError> {
    emulator.present(&target.holder)?;
    Ok(Json(json!({ "present": target.holder })))
}

async fn remove(State(emulator): State<Emulator>) -> Json<Value> {
    emulator.field.remove();
    Json(json!({ "present": null }))
}

async fn faults(State(emulator): State<Emulator>, Json(faults): Json<Vec<Fault>>) -> Json<Value> {
    let count = faults.len();
    emulator.field.set_faults(faults);
    Json(json!({ "faults": count }))
}

async fn exchanges(State(emulator): State<Emulator>) -> Json<Value> {
    Json(emulator.exchanges())
}

async fn clear_exchanges(State(emulator): State<Emulator>) -> Json<Value> {
    emulator.field.clear_exchanges();
    Json(json!({ "count": 0 }))
}

async fn outage(State(emulator): State<Emulator>, Json(outage): Json<Outage>) -> Json<Value> {
    lock(&emulator.authority).set_outage(outage);
    Json(json!({ "outage": outage }))
}

/// Runs work that may make keys away from the threads that serve readers.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ControlError> + Send + 'static,
) -> Result<T, ControlError> {
    tokio::task::spawn_blocking(work)
        .await
        .expect("the work neither panics nor is cancelled")
}

async fn advance(State(emulator): State<Emulator>) -> Result<Json<Value>, ControlError> {
    let generation = blocking(move || {
        let now = (emulator.clock)();
        let generation = lock(&emulator.authority).advance_generation(now)?;
        emulator.save()?;
        Ok(generation)
    })
    .await?;
    Ok(Json(json!({ "generation": generation })))
}

async fn order(
    State(emulator): State<Emulator>,
    Path(order): Path<Order>,
    Json(target): Json<Target>,
) -> Result<Json<Value>, ControlError> {
    let holder = target.holder.clone();
    blocking(move || emulator.order(order, &target)).await?;
    Ok(Json(json!({ "holder": holder })))
}

async fn certificate(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
) -> Result<Response, ControlError> {
    let authority = lock(&emulator.authority);
    let card = authority.card(&id).ok_or(ControlError::UnknownHolder(id))?;
    let kind = [(header::CONTENT_TYPE, "application/pkix-cert")];
    Ok((kind, card.auth_certificate_der.clone()).into_response())
}
