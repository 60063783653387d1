//! Which certificates came before one, asked for unknown credentials only. docs/lineage.md
//! describes the protocol.

use crate::app::App;
use crate::keys::Keys;
use crate::ppid::credential_index;
use crate::store::subjects::Predecessor;
use kazasu_assertion::ValidCertificate;
use kazasu_statement::Reason;
use serde::{Deserialize, Serialize};

const JSON: &str = "application/json";

/// More than anybody's cards: an answer beyond it is taken for a fault.
const MAX_PREDECESSORS: usize = 64;

#[derive(Serialize)]
struct Question {
    issuer_key_id: String,
    serial: String,
}

#[derive(Deserialize)]
struct Answer {
    /// Newest first.
    predecessors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    issuer_key_id: String,
    serial: String,
    status: String,
    reason: Option<String>,
}

/// Asks for the predecessors of a certificate, newest first.
///
/// # Errors
/// [`Reason::LineageUnavailable`].
pub(crate) async fn predecessors(
    app: &App,
    certificate: &ValidCertificate,
) -> Result<Vec<Predecessor>, Reason> {
    let question = Question {
        issuer_key_id: hex::encode(certificate.issuer_key_id()),
        serial: hex::encode(certificate.serial()),
    };
    let body = serde_json::to_vec(&question).expect("two strings are JSON");
    let answer = app
        .upstream
        .ask(&app.settings.lineage_url, JSON, JSON, body)
        .await;
    let answer = answer.map_err(|error| {
        tracing::warn!(%error, source = std::error::Error::source(&error), "no lineage answer");
        Reason::LineageUnavailable
    })?;
    parse(&app.keys, &answer).ok_or_else(|| {
        // The answer has serial numbers in it, so it is not shown.
        tracing::warn!("a lineage answer could not be understood");
        Reason::LineageUnavailable
    })
}

fn parse(keys: &Keys, answer: &[u8]) -> Option<Vec<Predecessor>> {
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    if answer.predecessors.len() > MAX_PREDECESSORS {
        return None;
    }
    answer
        .predecessors
        .iter()
        .map(|entry| entry.predecessor(keys))
        .collect()
}

impl Entry {
    fn predecessor(&self, keys: &Keys) -> Option<Predecessor> {
        let issuer_key_id = hex::decode(&self.issuer_key_id).ok()?;
        let serial = hex::decode(&self.serial).ok()?;
        let zeros = serial.iter().take_while(|byte| **byte == 0).count();
        let credential = credential_index(keys, &issuer_key_id, &serial[zeros..]);
        Some(Predecessor {
            credential,
            continued: self.is_continued(),
        })
    }

    /// A status or reason that is missing or unknown continues nothing.
    fn is_continued(&self) -> bool {
        matches!(
            (self.status.as_str(), self.reason.as_deref()),
            ("expired", None | Some("superseded")) | ("revoked", Some("superseded"))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        Keys::create(&path).unwrap();
        Keys::read(&path).unwrap()
    }

    fn continued(status: &str, reason: &str) -> bool {
        let json = format!(
            r#"{{"predecessors":[{{"issuer_key_id":"aa","serial":"01","status":"{status}","reason":{reason}}}]}}"#
        );
        parse(&keys(), json.as_bytes()).unwrap()[0].continued
    }

    #[test]
    fn superseded_and_expired_continue_and_nothing_else_does() {
        assert!(continued("revoked", "\"superseded\""));
        assert!(continued("expired", "null"));
        for (status, reason) in [
            ("revoked", "null"),
            ("revoked", "\"key_compromise\""),
            ("revoked", "\"unheard_of\""),
            ("expired", "\"key_compromise\""),
            ("good", "null"),
            ("on_hold", "null"),
            ("unheard_of", "\"superseded\""),
        ] {
            assert!(!continued(status, reason), "{status} {reason}");
        }
    }

    #[test]
    fn leading_zeros_of_a_serial_do_not_matter() {
        let keys = keys();
        let credential = |serial: &str| {
            let json = format!(
                r#"{{"predecessors":[{{"issuer_key_id":"aa","serial":"{serial}","status":"good","reason":null}}]}}"#
            );
            parse(&keys, json.as_bytes()).unwrap()[0].credential
        };
        assert_eq!(credential("0001"), credential("01"));
        assert_eq!(credential("01"), credential_index(&keys, &[0xaa], &[1]));
    }

    #[test]
    fn an_answer_that_is_not_understood_is_no_answer() {
        let keys = keys();
        for answer in [
            "",
            "{}",
            "[]",
            r#"{"predecessors":[{"issuer_key_id":"zz","serial":"01","status":"good"}]}"#,
        ] {
            assert_eq!(parse(&keys, answer.as_bytes()), None, "{answer}");
        }
        let many = r#"{"issuer_key_id":"aa","serial":"01","status":"good"},"#.repeat(65);
        let many = format!(r#"{{"predecessors":[{}]}}"#, many.trim_end_matches(','));
        assert_eq!(parse(&keys, many.as_bytes()), None);
    }
}
