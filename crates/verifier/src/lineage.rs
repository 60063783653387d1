//! Which certificates came before one, asked for unknown credentials only. docs/lineage.md
//! describes the protocol.

use crate::app::App;
use crate::failure::Failure;
use crate::ppid::credential_index;
use crate::store::subjects::Predecessor;
use crate::upstream::Limits;
use kazasu_assertion::ValidCertificate;
use kazasu_statement::Reason;
use serde::{Deserialize, Serialize};

const JSON: &str = "application/json";

/// More octets than the longest answer that is understood has.
const MAX_ANSWER: usize = 64 * 1024;

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
/// [`Failure`] if an index key cannot be used; [`Reason::LineageUnavailable`] is an outcome.
pub(crate) async fn predecessors(
    app: &App,
    certificate: &ValidCertificate,
) -> Result<Result<Vec<Predecessor>, Reason>, Failure> {
    let question = Question {
        issuer_key_id: hex::encode(certificate.issuer_key_id()),
        serial: hex::encode(certificate.serial()),
    };
    let body = serde_json::to_vec(&question).expect("two strings are JSON");
    let settings = &app.settings.lineage;
    let limits = Limits {
        time: settings.timeout,
        size: MAX_ANSWER,
    };
    let answer = app
        .upstream
        .ask(&settings.url, JSON, JSON, body, limits)
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(%error, source = std::error::Error::source(&error), "no lineage answer");
            return Ok(Err(Reason::LineageUnavailable));
        }
    };
    let Some(earlier) = parse(&answer) else {
        // The answer has serial numbers in it, so it is not shown.
        tracing::warn!("a lineage answer could not be understood");
        return Ok(Err(Reason::LineageUnavailable));
    };
    let mut predecessors = Vec::new();
    for one in earlier {
        predecessors.push(Predecessor {
            credential: credential_index(&app.keys, &one.issuer_key_id, &one.serial).await?,
            continued: one.continued,
        });
    }
    Ok(Ok(predecessors))
}

/// An earlier certificate, as the service named it.
#[derive(Debug, PartialEq, Eq)]
struct Earlier {
    issuer_key_id: Vec<u8>,
    /// Minimal big-endian.
    serial: Vec<u8>,
    continued: bool,
}

fn parse(answer: &[u8]) -> Option<Vec<Earlier>> {
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    if answer.predecessors.len() > MAX_PREDECESSORS {
        return None;
    }
    answer.predecessors.iter().map(Entry::earlier).collect()
}

impl Entry {
    fn earlier(&self) -> Option<Earlier> {
        let serial = hex::decode(&self.serial).ok()?;
        let zeros = serial.iter().take_while(|byte| **byte == 0).count();
        Some(Earlier {
            issuer_key_id: hex::decode(&self.issuer_key_id).ok()?,
            serial: serial[zeros..].to_vec(),
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

    fn continued(status: &str, reason: &str) -> bool {
        let json = format!(
            r#"{{"predecessors":[{{"issuer_key_id":"aa","serial":"01","status":"{status}","reason":{reason}}}]}}"#
        );
        parse(json.as_bytes()).unwrap()[0].continued
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
        let serial = |serial: &str| {
            let json = format!(
                r#"{{"predecessors":[{{"issuer_key_id":"aa","serial":"{serial}","status":"good","reason":null}}]}}"#
            );
            parse(json.as_bytes()).unwrap().remove(0).serial
        };
        assert_eq!(serial("0001"), [1]);
        assert_eq!(serial("0100"), [1, 0]);
    }

    #[test]
    fn an_answer_that_is_not_understood_is_no_answer() {
        for answer in [
            "",
            "{}",
            "[]",
            r#"{"predecessors":[{"issuer_key_id":"zz","serial":"01","status":"good"}]}"#,
        ] {
            assert_eq!(parse(answer.as_bytes()), None, "{answer}");
        }
        let many = r#"{"issuer_key_id":"aa","serial":"01","status":"good"},"#.repeat(65);
        let many = format!(r#"{{"predecessors":[{}]}}"#, many.trim_end_matches(','));
        assert_eq!(parse(many.as_bytes()), None);
    }
}
