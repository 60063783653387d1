//! One tap: from consent to the outcome.

use crate::cancel::{CancelToken, unless_cancelled};
use crate::channel::{CardChannel, ForeignChannel};
use crate::details::{Consent, Language, PairingDigits, TapDetails, provides_name, time};
use crate::error::{PinKind, TapError};
use crate::pin::Pin;
use kazasu_card::{AuthPin, Card, LastTry, ProfilePin};
use kazasu_companion::{CompanionError, Details, Outcome, Step, Transaction};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Mutex as AsyncMutex;

/// The PINs of a tap.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Pins {
    /// The PIN for signing in.
    pub authentication: Arc<Pin>,
    /// The PIN for the name; needed where `TapDetails.provides_name`.
    #[uniffi(default = None)]
    pub profile: Option<Arc<Pin>>,
    /// Whether the last try of the PIN for signing in may be used: only after the person was told
    /// what a lock means.
    #[uniffi(default = false)]
    pub use_last_authentication_try: bool,
    /// The same for the PIN for the name.
    #[uniffi(default = false)]
    pub use_last_profile_try: bool,
}

/// What is happening, for the person who holds the card still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TapStep {
    /// Reading the name.
    ReadingName,
    /// Reading the certificate.
    ReadingCertificate,
    /// The card signs.
    Signing,
    /// The card can be taken away: the verifier checks.
    Checking,
}

/// A listener that failed. The tap goes on without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ListenerError {
    /// It threw something.
    #[error("the listener failed: {detail}")]
    Failed {
        /// What.
        detail: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed {
            detail: error.reason,
        }
    }
}

/// Who is told how far a tap is.
#[uniffi::export(rust, foreign)]
pub trait ProgressListener: Send + Sync {
    /// A step begins.
    fn on_step(&self, step: TapStep) -> Result<(), ListenerError>;
}

/// An accepted tap.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Accepted {
    /// The one-time address to open in the browser that started; absent where the page goes on by
    /// itself.
    pub return_url: Option<String>,
}

/// A ticket that this companion opened. Letting go of it leaves the transaction to expire.
#[derive(uniffi::Object)]
pub struct Tap {
    details: Details,
    needs_pairing: bool,
    verifier_origin: String,
    saved: zeroize::Zeroizing<Vec<u8>>,
    /// `None` once it is over.
    transaction: AsyncMutex<Option<Transaction>>,
    /// Ends the call that has the transaction, so that `cancel` need not wait for it.
    running: Mutex<Option<Arc<CancelToken>>>,
}

#[uniffi::export(async_runtime = "tokio")]
impl Tap {
    /// What the ticket asks for.
    pub fn details(&self) -> TapDetails {
        TapDetails::of(&self.details, self.needs_pairing)
    }

    /// The same as sentences for the consent screen. No PIN is to be asked before the person agreed.
    pub fn consent(&self, language: Language) -> Consent {
        Consent::of(&self.details, language)
    }

    /// What `Companion.resume` needs if the app is ended before the tap is over. It is a secret:
    /// keep it where the platform keeps secrets, and delete it after the tap. It holds neither PINs
    /// nor anything of the card.
    pub fn save(&self) -> Vec<u8> {
        self.saved.to_vec()
    }

    /// Six digits for the person to type into the page; calling it again replaces them.
    ///
    /// # Errors
    /// [`TapError`].
    #[uniffi::method(default(cancel = None))]
    pub async fn start_pairing(
        &self,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<PairingDigits, TapError> {
        let pairing = self
            .run(cancel, async |transaction| {
                transaction.start_pairing().await.map_err(not_at_the_card)
            })
            .await?;
        Ok(PairingDigits {
            digits: pairing.digits,
            expires_at: time(pairing.expires_at),
            only_at: self.verifier_origin.clone(),
        })
    }

    /// Waits until the digits were typed. After [`TapError::Offline`], call it again.
    ///
    /// # Errors
    /// [`TapError`].
    #[uniffi::method(default(cancel = None))]
    pub async fn wait_until_paired(
        &self,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), TapError> {
        self.run(cancel, async |transaction| {
            transaction
                .wait_until_paired()
                .await
                .map_err(not_at_the_card)
        })
        .await
    }

    /// Reads the card in `channel`, has it sign, and submits that. After [`TapError::CardLost`],
    /// [`TapError::WrongPin`], [`TapError::LastTry`] or [`TapError::Offline`], call it again with
    /// a new channel. A PIN goes to the card at most once for each time it was typed, also if the
    /// card was lost at that moment. The channel is closed as soon as the card is not needed.
    ///
    /// # Errors
    /// [`TapError`].
    #[uniffi::method(default(progress = None, cancel = None))]
    pub async fn tap(
        &self,
        channel: Arc<dyn CardChannel>,
        pins: Pins,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Accepted, TapError> {
        let needs_name = provides_name(&self.details);
        let channel = ForeignChannel::new(channel).map_err(|error| TapError::CardFailed {
            detail: error.to_string(),
        })?;
        let typed = typed(&pins, needs_name)?;
        let outcome = self
            .run(cancel, async |transaction| {
                let mut step = None;
                let opened = channel.opened();
                let mut on_step = |now: Step| {
                    step = Some(now);
                    if now == Step::Checking {
                        opened.close();
                    }
                    if let Some(listener) = &progress {
                        // A tap does not fail for want of an audience.
                        let _ = listener.on_step(now.into());
                    }
                };
                let mut card = Card::new(channel);
                let outcome = transaction.tap(&mut card, &typed, &mut on_step).await;
                outcome.map_err(|error| TapError::of(error, pin_in_use(step)))
            })
            .await;
        match outcome {
            Ok(Outcome::Accepted { return_url }) => {
                *self.transaction.lock().await = None;
                Ok(Accepted { return_url })
            }
            Ok(Outcome::Rejected(reason)) => Err(reason.into()),
            Err(error) => {
                forget_wrong(&pins, &error);
                Err(error)
            }
        }
    }

    /// Ends the transaction: whoever asked is told that the person cancelled. A call that is under
    /// way ends with [`TapError::Cancelled`].
    ///
    /// # Errors
    /// [`TapError`]; without an answer the transaction expires.
    pub async fn cancel(&self) -> Result<(), TapError> {
        let running = self.running();
        if let Some(running) = running {
            running.cancel();
        }
        let mut held = self.transaction.lock().await;
        let transaction = held.as_mut().ok_or(TapError::Over)?;
        transaction.cancel().await.map_err(not_at_the_card)?;
        *held = None;
        Ok(())
    }
}

impl Tap {
    pub(crate) fn new(transaction: Transaction) -> Arc<Self> {
        Arc::new(Self {
            details: transaction.details().clone(),
            needs_pairing: transaction.needs_pairing(),
            verifier_origin: transaction.verifier_origin().to_owned(),
            saved: transaction.save(),
            transaction: AsyncMutex::new(Some(transaction)),
            running: Mutex::default(),
        })
    }

    fn running(&self) -> Option<Arc<CancelToken>> {
        let running = self.running.lock();
        running.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does something with the transaction, one call at a time, until the token or [`Tap::cancel`]
    /// ends it.
    async fn run<T>(
        &self,
        token: Option<Arc<CancelToken>>,
        call: impl AsyncFnOnce(&mut Transaction) -> Result<T, TapError>,
    ) -> Result<T, TapError> {
        let work = async {
            let mut held = self.transaction.lock().await;
            let running = CancelToken::new();
            *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running.clone());
            let transaction = held.as_mut().ok_or(TapError::Over)?;
            let done = unless_cancelled(Some(&running), call(transaction)).await;
            done.ok_or(TapError::Cancelled)?
        };
        let done = unless_cancelled(token.as_deref(), work).await;
        done.ok_or(TapError::Cancelled)?
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tap({})", self.details.transaction_id)
    }
}

impl From<Step> for TapStep {
    fn from(step: Step) -> Self {
        match step {
            Step::ReadingName => Self::ReadingName,
            Step::ReadingCertificate => Self::ReadingCertificate,
            Step::Signing => Self::Signing,
            Step::Checking => Self::Checking,
        }
    }
}

fn not_at_the_card(error: CompanionError) -> TapError {
    TapError::of(error, PinKind::Authentication)
}

fn pin_in_use(step: Option<Step>) -> PinKind {
    match step {
        Some(Step::ReadingName) => PinKind::Profile,
        _ => PinKind::Authentication,
    }
}

/// The typed digits as the card's code wants them.
fn typed(pins: &Pins, needs_name: bool) -> Result<kazasu_companion::Pins, TapError> {
    let missing = |pin| TapError::PinMissing { pin };
    let auth = pins.authentication.read(AuthPin::new);
    let auth = auth.ok_or(missing(PinKind::Authentication))?;
    let profile = match pins.profile.as_ref().filter(|_| needs_name) {
        Some(pin) => {
            let digits = pin.read(ProfilePin::new);
            Some(digits.ok_or(missing(PinKind::Profile))?)
        }
        None if needs_name => return Err(missing(PinKind::Profile)),
        None => None,
    };
    let allow = |is_allowed| match is_allowed {
        true => LastTry::Allow,
        false => LastTry::Refuse,
    };
    Ok(kazasu_companion::Pins {
        auth: auth.expect("four digits are a PIN"),
        auth_last_try: allow(pins.use_last_authentication_try),
        profile: profile.map(|pin| pin.expect("four digits are a PIN")),
        profile_last_try: allow(pins.use_last_profile_try),
    })
}

/// A PIN that was wrong is not to be sent again by mistake.
fn forget_wrong(pins: &Pins, error: &TapError) {
    match error {
        TapError::WrongPin { pin, .. } | TapError::PinBlocked { pin } => match pin {
            PinKind::Authentication => pins.authentication.clear(),
            PinKind::Profile => {
                if let Some(pin) = &pins.profile {
                    pin.clear();
                }
            }
        },
        _ => {}
    }
}
