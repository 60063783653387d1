//! Keys in a token behind PKCS#11 v2.40: what they do is asked of the token, and they never leave.
//!
//! Calls block, so they run beside the runtime, a few at a time and each with an end. A session
//! that failed is thrown away with all others of its login, and the call is made once more with a
//! new one, if need be of a module started anew: so a token that was removed and is back, or was
//! logged out, is found again.

mod objects;
#[cfg(test)]
mod tests;

pub(super) use objects::Public;

use aws_lc_rs::digest;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use jsonwebtoken::Algorithm;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Calls that may be under way at once; tokens allow few sessions.
const SESSIONS: usize = 8;

/// A token that takes longer counts as gone.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why a token did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The PKCS#11 module cannot be loaded or started.
    #[error("the PKCS#11 module {path} cannot be loaded")]
    Module {
        /// Which file.
        path: PathBuf,
        /// What the module or the system says.
        #[source]
        source: Error,
    },
    /// No initialised token with this label is present.
    #[error("no token is labelled {label}")]
    NoToken {
        /// Which label.
        label: String,
    },
    /// The token refused the PIN. It is not sent again: each try counts.
    #[error("the token refused the PIN; it is not tried again before a restart")]
    PinRefused,
    /// No such object.
    #[error("the token has no object labelled {label}")]
    Missing {
        /// Which label.
        label: String,
    },
    /// Two objects that cannot be told apart.
    #[error("the token has two objects labelled {label}")]
    Twice {
        /// Which label.
        label: String,
    },
    /// An object, or what the token made with it, is not what it must be.
    #[error("the token's object {label} is not of the right kind")]
    WrongKind {
        /// Which label.
        label: String,
    },
    /// The token or its module refused.
    #[error("the token failed")]
    Failed(#[from] Error),
    /// The token did not answer in time.
    #[error("the token does not answer")]
    TimedOut,
}

/// An open token. Clones share its sessions.
#[derive(Clone)]
pub(super) struct Token(Arc<Inner>);

struct Inner {
    /// Read while a call is under way, written to start the module anew.
    context: RwLock<Pkcs11>,
    label: String,
    pin: AuthPin,
    pin_refused: AtomicBool,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// A session that is logged in, and the objects it has found.
struct Connection {
    session: Session,
    handles: BTreeMap<String, ObjectHandle>,
}

/// One private or secret key in a token.
pub(super) struct TokenKey {
    token: Token,
    label: String,
}

impl Token {
    /// Loads a module and logs in to the token with this label.
    pub(super) fn open(module: &Path, label: &str, pin: AuthPin) -> Result<Self, TokenError> {
        let module_error = |source| TokenError::Module {
            path: module.into(),
            source,
        };
        let context = Pkcs11::new(module).map_err(module_error)?;
        start(&context).map_err(module_error)?;
        let token = Self(Arc::new(Inner {
            context: RwLock::new(context),
            label: label.to_owned(),
            pin,
            pin_refused: AtomicBool::new(false),
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(SESSIONS)),
        }));
        token.0.run(|_| Ok(()))?;
        Ok(token)
    }

    pub(super) fn key(&self, label: String) -> TokenKey {
        TokenKey {
            token: self.clone(),
            label,
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        call: impl Fn(&mut Connection) -> Result<T, TokenError> + Send + 'static,
    ) -> Result<T, TokenError> {
        let inner = self.0.clone();
        let answer = async {
            let permit = inner.permits.clone().acquire_owned().await;
            tokio::task::spawn_blocking(move || {
                // Held while the token works, not only while somebody waits for it.
                let _permit = permit.expect("the semaphore is never closed");
                inner.run(call)
            })
            .await
            .expect("calls do not panic")
        };
        tokio::time::timeout(TIMEOUT, answer)
            .await
            .map_err(|_| TokenError::TimedOut)?
    }
}

impl TokenKey {
    /// HMAC-SHA-256 of a message.
    pub(super) async fn mac(&self, message: Vec<u8>) -> Result<[u8; 32], TokenError> {
        let label = self.label.clone();
        self.token.run(move |c| c.mac(&label, &message)).await
    }

    /// The same for callers that may wait.
    pub(super) fn mac_blocking(&self, message: &[u8]) -> Result<[u8; 32], TokenError> {
        self.token.0.run(|c| c.mac(&self.label, message))
    }

    /// A signature as JWS has it: RFC 7518 §3.3 and §3.4.
    pub(super) async fn sign(
        &self,
        algorithm: Algorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let label = self.label.clone();
        let data = match algorithm {
            Algorithm::RS256 => message.to_vec(),
            _ => digest::digest(&digest::SHA256, message).as_ref().to_vec(),
        };
        self.token
            .run(move |c| c.sign(&label, algorithm, &data))
            .await
    }
}

impl Inner {
    fn run<T>(
        &self,
        call: impl Fn(&mut Connection) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        match self.try_run(&call) {
            Err(TokenError::Failed(_) | TokenError::NoToken { .. }) if self.restart() => {
                self.try_run(&call)
            }
            answer => answer,
        }
    }

    fn try_run<T>(
        &self,
        call: impl Fn(&mut Connection) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let context = self.context.read().unwrap_or_else(PoisonError::into_inner);
        let idle = self.idle().pop();
        if let Some(mut connection) = idle {
            if let Ok(answer) = call(&mut connection) {
                self.idle().push(connection);
                return Ok(answer);
            }
            drop(connection);
            self.idle().clear();
        }
        let mut connection = self.connect(&context, false)?;
        let answer = call(&mut connection)?;
        self.idle().push(connection);
        Ok(answer)
    }

    /// Starts the module anew: many never look again for a token that was gone. Only where no
    /// other call is under way; whether it was done.
    fn restart(&self) -> bool {
        let Ok(context) = self.context.try_write() else {
            return false;
        };
        self.idle().clear();
        // What it says does not matter: the next call sees whether the token is there.
        let _ = context.clone().finalize();
        start(&context).is_ok()
    }

    /// A session of one's own that may change the token.
    fn writing<T>(
        &self,
        call: impl FnOnce(&Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let context = self.context.read().unwrap_or_else(PoisonError::into_inner);
        call(&self.connect(&context, true)?.session)
    }

    fn connect(&self, context: &Pkcs11, writing: bool) -> Result<Connection, TokenError> {
        if self.pin_refused.load(Ordering::Relaxed) {
            return Err(TokenError::PinRefused);
        }
        let slots = context.get_slots_with_initialized_token()?;
        let is_ours = |slot: &_| {
            let info = context.get_token_info(*slot);
            info.is_ok_and(|info| info.label() == self.label)
        };
        let slot = slots.into_iter().find(is_ours);
        let slot = slot.ok_or_else(|| TokenError::NoToken {
            label: self.label.clone(),
        })?;
        let session = match writing {
            true => context.open_rw_session(slot)?,
            false => context.open_ro_session(slot)?,
        };
        match session.login(UserType::User, Some(&self.pin)) {
            // A login is the process's, not the session's.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Error::Pkcs11(
                RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinExpired
                | RvError::PinLocked,
                _,
            )) => {
                self.pin_refused.store(true, Ordering::Relaxed);
                return Err(TokenError::PinRefused);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Connection {
            session,
            handles: BTreeMap::new(),
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start(context: &Pkcs11) -> Result<(), Error> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        started => started,
    }
}

impl Connection {
    fn mac(&mut self, label: &str, message: &[u8]) -> Result<[u8; 32], TokenError> {
        let key = self.handle(ObjectClass::SECRET_KEY, label)?;
        let tag = self.session.sign(&Mechanism::Sha256Hmac, key, message)?;
        tag.try_into().map_err(|_| TokenError::WrongKind {
            label: label.to_owned(),
        })
    }

    /// `data` is the message for RS256, its SHA-256 for ES256.
    fn sign(
        &mut self,
        label: &str,
        algorithm: Algorithm,
        data: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let key = self.handle(ObjectClass::PRIVATE_KEY, label)?;
        let mechanism = match algorithm {
            Algorithm::RS256 => Mechanism::Sha256RsaPkcs,
            _ => Mechanism::Ecdsa,
        };
        Ok(self.session.sign(&mechanism, key, data)?)
    }

    /// The private or secret key with a label; found once for each session.
    fn handle(&mut self, class: ObjectClass, label: &str) -> Result<ObjectHandle, TokenError> {
        if let Some(handle) = self.handles.get(label) {
            return Ok(*handle);
        }
        let handle = self.find(class, label)?;
        self.handles.insert(label.to_owned(), handle);
        Ok(handle)
    }

    fn find(&self, class: ObjectClass, label: &str) -> Result<ObjectHandle, TokenError> {
        let label = label.to_owned();
        let found = self.session.find_objects(&[
            Attribute::Token(true),
            Attribute::Class(class),
            Attribute::Label(label.clone().into_bytes()),
        ])?;
        match found[..] {
            [one] => Ok(one),
            [] => Err(TokenError::Missing { label }),
            _ => Err(TokenError::Twice { label }),
        }
    }
}
