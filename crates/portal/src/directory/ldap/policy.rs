//! Why a password policy refused, as far as a server tells: draft-behera-ldap-password-policy-10.

use ldap3::controls::{Control, RawControl};

/// Both of the question and of the answer: section 6.
const OID: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// `passwordTooYoung`: section 6.2.
const TOO_YOUNG: u8 = 7;

/// Asks for the reason. A server that does not know how to tell ignores it.
pub(super) fn request() -> RawControl {
    RawControl {
        ctype: OID.to_owned(),
        crit: false,
        val: None,
    }
}

/// The last change was so lately that no other password would do either.
pub(super) fn is_too_young(answered: &[Control]) -> bool {
    let mut answers = answered.iter().filter(|control| control.1.ctype == OID);
    answers.any(|control| error(control.1.val.as_deref()) == Some(TOO_YOUNG))
}

/// The `error` of an answer: the last part of a short sequence, context tag 1.
fn error(answer: Option<&[u8]>) -> Option<u8> {
    match answer? {
        [0x30, _, .., 0x81, 1, error] => Some(*error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_read_where_there_is_one() {
        for (answer, expected) in [
            (None, None),
            (Some(&[][..]), None),
            (Some(&[0x30, 0][..]), None),
            (Some(&[0x30, 3, 0x81, 1, 7][..]), Some(7)),
            // After a warning.
            (
                Some(&[0x30, 8, 0xa0, 3, 0x80, 1, 9, 0x81, 1, 8][..]),
                Some(8),
            ),
            (Some(&[0x30, 5, 0xa0, 3, 0x80, 1, 7][..]), None),
        ] {
            assert_eq!(error(answer), expected, "{answer:?}");
        }
    }
}
