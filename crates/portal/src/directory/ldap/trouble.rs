//! What goes wrong with a server, without what it says about whom.

use crate::directory::DirectoryError;
use kazasu_service::secret::SecretError;
use ldap3::LdapError;
use std::io;

/// What went wrong. A server's own words are left out: they name accounts.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the connection failed")]
    Connection(#[source] io::Error),
    #[error("the connection ended, or what came over it was no LDAP")]
    Ended,
    #[error("there was no answer in time")]
    Timeout,
    #[error("the server's certificate is refused")]
    Certificate(#[source] rustls::Error),
    #[error("the password to bind with cannot be read")]
    Secret(#[from] SecretError),
    #[error("the server answered with result code {0}")]
    Code(u32),
    #[error("the server's policy allows no password to be changed so soon again")]
    TooYoung,
    #[error("several entries have one account's name")]
    Ambiguous,
    #[error("the attribute {0} is no time")]
    NoTime(String),
    #[error("this server issues no access passes")]
    NoAccessPass,
}

/// Result codes of RFC 4511, appendix A.
pub(super) mod code {
    pub(in super::super) const SUCCESS: u32 = 0;
    pub(super) const TIME_LIMIT_EXCEEDED: u32 = 3;
    pub(in super::super) const SIZE_LIMIT_EXCEEDED: u32 = 4;
    pub(in super::super) const CONSTRAINT_VIOLATION: u32 = 19;
    pub(super) const BUSY: u32 = 51;
    pub(super) const UNAVAILABLE: u32 = 52;
    pub(super) const OTHER: u32 = 80;
}

impl Trouble {
    /// The connection cannot be used any more, and another one might do.
    pub(super) fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Connection(_) | Self::Ended)
    }
}

impl From<LdapError> for Trouble {
    fn from(error: LdapError) -> Self {
        match error {
            LdapError::Io { source } => match certificate(&source) {
                Some(refused) => Self::Certificate(refused),
                None => Self::Connection(source),
            },
            LdapError::LdapResult { result } => Self::Code(result.rc),
            LdapError::Timeout { .. } => Self::Timeout,
            LdapError::Rustls { source } => Self::Certificate(source),
            _ => Self::Ended,
        }
    }
}

/// Why a handshake failed, if it did because of the certificate.
fn certificate(error: &io::Error) -> Option<rustls::Error> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let refused = matches!(error, rustls::Error::InvalidCertificate(_));
    refused.then(|| error.clone())
}

impl From<Trouble> for DirectoryError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Connection(_)
            | Trouble::Ended
            | Trouble::Timeout
            | Trouble::Code(
                code::TIME_LIMIT_EXCEEDED | code::BUSY | code::UNAVAILABLE | code::OTHER,
            ) => Self::Unavailable(Box::new(trouble)),
            _ => Self::Refused(Box::new(trouble)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_surely_did_nothing_has_refused() {
        for (code, has_refused) in [
            (code::BUSY, false),
            (code::UNAVAILABLE, false),
            (code::OTHER, false),
            (code::TIME_LIMIT_EXCEEDED, false),
            // invalidCredentials, insufficientAccessRights, unwillingToPerform
            (49, true),
            (50, true),
            (53, true),
        ] {
            let error = DirectoryError::from(Trouble::Code(code));
            assert_eq!(
                matches!(error, DirectoryError::Refused(_)),
                has_refused,
                "{code}"
            );
        }
        let ended = DirectoryError::from(Trouble::Ended);
        assert!(matches!(ended, DirectoryError::Unavailable(_)));
    }
}
