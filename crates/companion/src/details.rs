//! What the person consents to.

use crate::error::CompanionError;
use kazasu_proto::companion::v1 as pb;
use kazasu_statement::{Claim, Language, Mode, Purpose, misleads};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    /// The identifier that the statement signs.
    pub id: String,
    /// Its name in Japanese.
    pub name_ja: String,
    /// Its name in English.
    pub name_en: String,
    /// The host its answers go to.
    pub host: String,
}

impl RelyingParty {
    /// Its name in `language`.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.name_ja,
            Language::English => &self.name_en,
        }
    }
}

/// What the person reads before agreeing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// The transaction's identifier; also the reference for support.
    pub transaction_id: String,
    /// Who asks.
    pub relying_party: RelyingParty,
    /// What the tap is for.
    pub purpose: Purpose,
    /// What is provided besides the pseudonymous ID.
    pub claims: Vec<Claim>,
    /// How browser and card come together.
    pub mode: Mode,
    /// The language of the page that started.
    pub language: Language,
    /// A coarse description of the browser that started.
    pub browser: String,
    /// When it started, in seconds since the Unix epoch.
    pub started_at: i64,
    /// When it ends by itself, in seconds since the Unix epoch.
    pub expires_at: i64,
}

/// What the verifier's answer to a claim says, if all of it can be shown and agreed to.
pub(crate) fn details(response: &pb::ClaimTicketResponse) -> Result<Details, CompanionError> {
    let bad = CompanionError::BadAnswer;
    let asked_by = response
        .relying_party
        .as_ref()
        .ok_or(bad("relying party"))?;
    let name = asked_by.display_name.as_ref().ok_or(bad("display name"))?;
    let shown = [&name.ja, &name.en, &asked_by.host, &response.browser];
    if shown.iter().any(|text| text.chars().any(misleads)) {
        return Err(bad("text to show"));
    }
    Ok(Details {
        transaction_id: response.transaction_id.clone(),
        relying_party: RelyingParty {
            id: asked_by.id.clone(),
            name_ja: name.ja.clone(),
            name_en: name.en.clone(),
            host: asked_by.host.clone(),
        },
        purpose: response.purpose().try_into().map_err(|_| bad("purpose"))?,
        // One that is unknown here cannot be agreed to, so it is not passed over.
        claims: kazasu_proto::claims(&response.requested_claims).map_err(|_| bad("claim"))?,
        mode: response.mode().try_into().map_err(|_| bad("mode"))?,
        language: response.language.parse().map_err(|_| bad("language"))?,
        browser: response.browser.clone(),
        started_at: response.started_at,
        expires_at: response.expires_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response() -> pb::ClaimTicketResponse {
        pb::ClaimTicketResponse {
            relying_party: Some(pb::RelyingParty {
                display_name: Some(pb::LocalizedText::default()),
                ..Default::default()
            }),
            purpose: pb::Purpose::Link.into(),
            requested_claims: vec![pb::Claim::Name.into()],
            mode: pb::Mode::OtherDevice.into(),
            language: "ja".into(),
            ..Default::default()
        }
    }

    #[test]
    fn what_nobody_can_agree_to_is_refused() {
        assert_eq!(details(&response()).unwrap().claims, [Claim::Name]);
        let mut answers = vec![response(); 6];
        answers[0].requested_claims.push(99);
        answers[1].requested_claims.push(0);
        answers[2].purpose = 99;
        answers[3].mode = 99;
        answers[4].relying_party = None;
        answers[5].language = "fr".into();
        for answer in answers {
            let refused = details(&answer);
            assert!(matches!(refused, Err(CompanionError::BadAnswer(_))));
        }
    }
    #[test]
    fn text_that_would_rearrange_what_is_shown_is_refused() {
        for mark in [
            "\u{1b}[2J",
            "\n",
            "\u{202E}",
            "\u{2067}",
            "\u{200F}",
            "\u{2028}",
        ] {
            let mut answers = vec![response(); 4];
            let text = format!("example{mark}");
            let party = |answer: &mut pb::ClaimTicketResponse| answer.relying_party.take().unwrap();
            for (answer, field) in answers.iter_mut().zip(0..) {
                let mut asked_by = party(answer);
                let mut name = asked_by.display_name.take().unwrap();
                match field {
                    0 => name.ja = text.clone(),
                    1 => name.en = text.clone(),
                    2 => asked_by.host = text.clone(),
                    _ => answer.browser = text.clone(),
                }
                asked_by.display_name = Some(name);
                answer.relying_party = Some(asked_by);
                let refused = details(answer);
                assert!(
                    matches!(refused, Err(CompanionError::BadAnswer(_))),
                    "{field} {mark:?}"
                );
            }
        }
    }
}
