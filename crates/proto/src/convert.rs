//! Between the generated types and the domain types of `kazasu_statement`.

use crate::companion::v1;
use kazasu_statement::{Assertion, Claim, Mode, ProfileRule, Purpose, Reason};

/// A message that does not say what it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// A value that is unspecified or that this version does not know.
    #[error("{field} is unspecified or unknown")]
    Unknown {
        /// The field or type it was found in.
        field: &'static str,
    },
}

// Each list is written once and converts both ways; the compiler misses no variant of ours,
// `conversions_cover_every_wire_value` none of the wire's.
macro_rules! both_ways {
    ($type:ident, $field:literal, $($variant:ident)+) => {
        impl From<$type> for v1::$type {
            fn from(value: $type) -> Self {
                match value { $($type::$variant => Self::$variant,)+ }
            }
        }

        impl TryFrom<v1::$type> for $type {
            type Error = ConversionError;

            fn try_from(value: v1::$type) -> Result<Self, ConversionError> {
                match value {
                    $(v1::$type::$variant => Ok(Self::$variant),)+
                    v1::$type::Unspecified => Err(ConversionError::Unknown { field: $field }),
                }
            }
        }
    };
}

both_ways!(Purpose, "purpose", View Link Unlink Recover Rescue Join Counter);
both_ways!(Mode, "mode", SamePhone OtherDevice Local);
both_ways!(Claim, "claim", Name);

/// The claims of a repeated field; an unknown one is an error, because the statement signs them
/// all.
///
/// # Errors
/// [`ConversionError::Unknown`] if one of the values is unspecified or unknown.
pub fn claims(values: &[i32]) -> Result<Vec<Claim>, ConversionError> {
    values
        .iter()
        .map(|value| {
            v1::Claim::try_from(*value)
                .map_err(|_| ConversionError::Unknown { field: "claim" })?
                .try_into()
        })
        .collect()
}

macro_rules! profile_rules {
    ($($variant:ident)+) => {
        impl From<ProfileRule> for v1::ProfileRule {
            fn from(rule: ProfileRule) -> Self {
                match rule {
                    $(ProfileRule::$variant => Self::$variant,)+
                }
            }
        }

        impl TryFrom<v1::ProfileRule> for ProfileRule {
            type Error = ConversionError;

            fn try_from(rule: v1::ProfileRule) -> Result<Self, ConversionError> {
                match rule {
                    $(v1::ProfileRule::$variant => Ok(Self::$variant),)+
                    v1::ProfileRule::Unspecified => {
                        Err(ConversionError::Unknown { field: "profile_rule" })
                    }
                }
            }
        }
    };
}

profile_rules!(Version Serial SignatureAlgorithm Subject Validity KeyUsage ExtendedKeyUsage
    CertificatePolicies AuthorityKeyIdentifier SubjectKeyIdentifier BasicConstraints
    UnknownCriticalExtension DuplicateExtension Criticality UnexpectedExtension DistributionPoint
    IssuerAlternativeName AuthorityInformationAccess UniqueIdentifier);

macro_rules! reasons {
    ($($variant:ident)+) => {
        impl From<Reason> for v1::Reason {
            fn from(reason: Reason) -> Self {
                let (code, rule) = match reason {
                    $(Reason::$variant => (v1::ReasonCode::$variant, v1::ProfileRule::Unspecified),)+
                    Reason::ProfileViolation(rule) => (v1::ReasonCode::ProfileViolation, rule.into()),
                };
                Self { code: code.into(), profile_rule: rule.into() }
            }
        }

        impl TryFrom<v1::Reason> for Reason {
            type Error = ConversionError;

            fn try_from(reason: v1::Reason) -> Result<Self, ConversionError> {
                match reason.code() {
                    $(v1::ReasonCode::$variant => Ok(Self::$variant),)+
                    v1::ReasonCode::ProfileViolation => {
                        Ok(Self::ProfileViolation(reason.profile_rule().try_into()?))
                    }
                    v1::ReasonCode::Unspecified => Err(ConversionError::Unknown { field: "reason" }),
                }
            }
        }
    };
}

reasons!(TicketUnknown TicketExpired TicketAlreadyClaimed CookiesRequired PairingRequired
    PairingFailed WrongBrowser ChallengeExpired StatementMismatch SignatureInvalid KeyNotAllowed
    CertificateMalformed IssuerUnknown CertificateNotYetValid CertificateExpired
    CertificateRevoked CertificateOnHold RevocationUnavailable LineageUnavailable NameMissing
    ModeNotAllowed Cancelled TransactionExpired AlreadyAccepted RateLimited WrongRelyingParty);

impl From<v1::SubmitAssertionRequest> for Assertion {
    /// An empty name is a name that was not read.
    fn from(request: v1::SubmitAssertionRequest) -> Self {
        Self {
            challenge: request.challenge,
            certificate: request.certificate,
            signature: request.signature,
            name: Some(request.name).filter(|name| !name.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_cover_every_wire_value() {
        for number in 1.. {
            let Ok(wire) = v1::Purpose::try_from(number) else {
                break;
            };
            assert_eq!(v1::Purpose::from(Purpose::try_from(wire).unwrap()), wire);
        }
        for number in 1.. {
            let Ok(wire) = v1::Mode::try_from(number) else {
                break;
            };
            assert_eq!(v1::Mode::from(Mode::try_from(wire).unwrap()), wire);
        }
        for number in 1.. {
            let Ok(wire) = v1::Claim::try_from(number) else {
                break;
            };
            assert_eq!(v1::Claim::from(Claim::try_from(wire).unwrap()), wire);
        }
        for number in 1.. {
            let Ok(wire) = v1::ProfileRule::try_from(number) else {
                break;
            };
            assert_eq!(
                v1::ProfileRule::from(ProfileRule::try_from(wire).unwrap()),
                wire
            );
        }
    }

    #[test]
    fn every_reason_survives_the_wire() {
        for number in 1.. {
            let Ok(code) = v1::ReasonCode::try_from(number) else {
                break;
            };
            let profile_rule = match code {
                v1::ReasonCode::ProfileViolation => v1::ProfileRule::KeyUsage,
                _ => v1::ProfileRule::Unspecified,
            };
            let wire = v1::Reason {
                code: code.into(),
                profile_rule: profile_rule.into(),
            };
            assert_eq!(v1::Reason::from(Reason::try_from(wire).unwrap()), wire);
        }
    }

    #[test]
    fn wire_names_and_domain_words_agree() {
        for number in 1.. {
            let Ok(code) = v1::ReasonCode::try_from(number) else {
                break;
            };
            let wire = v1::Reason {
                code: code.into(),
                profile_rule: 1,
            };
            let word = Reason::try_from(wire).unwrap().to_string();
            let word = word.split('(').next().unwrap().to_uppercase();
            assert_eq!(code.as_str_name(), format!("REASON_CODE_{word}"));
        }
    }

    #[test]
    fn unspecified_and_unknown_values_are_refused() {
        assert!(Purpose::try_from(v1::Purpose::Unspecified).is_err());
        assert!(Reason::try_from(v1::Reason::default()).is_err());
        let future = v1::Reason {
            code: 9999,
            profile_rule: 0,
        };
        assert!(Reason::try_from(future).is_err());
        assert!(claims(&[1, 9999]).is_err());
        assert_eq!(claims(&[1]), Ok(vec![Claim::Name]));
    }
}
