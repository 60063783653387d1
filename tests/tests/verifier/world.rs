//! A verifier, an authority on the same clock, and people who tap.

use crate::gate::{Gate, Held};
use crate::harness::{Browser, CODE_VERIFIER, REDIRECT_URI, START, Server, Trust};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use kazasu_emulator::authority::{
    Authority, AuthorityOptions, IssuedCard, KeyAlgorithm, Outage, router,
};
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use kazasu_proto::companion::v1::submit_assertion_response::Outcome;
use kazasu_proto::companion::v1::{
    BeginAssertionRequest, ClaimTicketRequest, StartPairingRequest, SubmitAssertionRequest,
    SubmitAssertionResponse,
};
use kazasu_statement::{Claim, Purpose, Reason, Statement};
use reqwest::StatusCode;
use serde_json::Value;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::Response;
use tonic::transport::Channel;
use url::Url;

pub(crate) const NAME: &str = "見本　太郎";

/// Whoever waits for a list in the background taps more often than people do.
const UNLIMITED: &str = "limits = { credential = { per_minute = 0, burst = 1 } }";

/// One authority with `taro`'s card, copied into every world: RSA keys take long to make.
static SAVED: LazyLock<TempDir> = LazyLock::new(|| {
    // A static is never dropped, so the folder stays: where the build puts its own.
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut authority = Authority::new(AuthorityOptions::default(), START).unwrap();
    let enrolled = authority.enrol("taro", KeyAlgorithm::Rsa2048, START);
    enrolled.unwrap();
    authority.save(folder.path()).unwrap();
    folder
});

pub(crate) struct World {
    pub(crate) server: Server,
    authority: Arc<Mutex<Authority>>,
    gate: Gate,
    /// Read again when the verifier restarts.
    _anchors: Arc<TempDir>,
}

impl World {
    /// One person, `taro`, with a card of the first generation.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// What `prepare` adds before the verifier starts; it trusts every generation there is then.
    pub(crate) async fn start_with(prepare: impl FnOnce(&mut Authority)) -> Self {
        Self::start_as(prepare, "").await
    }

    /// The same with further tables in the verifier's configuration.
    pub(crate) async fn start_as(
        prepare: impl FnOnce(&mut Authority),
        tables: &'static str,
    ) -> Self {
        Self::built(prepare, "", tables).await
    }

    /// With these settings about revocation; `LISTS` stands for the addresses of all lists.
    pub(crate) async fn asking(revocation: &str) -> Self {
        Self::asking_about(revocation, |_| {}).await
    }

    /// Both.
    pub(crate) async fn asking_about(
        revocation: &str,
        prepare: impl FnOnce(&mut Authority),
    ) -> Self {
        Self::built(prepare, revocation, "").await
    }

    async fn built(
        prepare: impl FnOnce(&mut Authority),
        revocation: &str,
        tables: &'static str,
    ) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let saved = Authority::load(SAVED.path(), AuthorityOptions::default());
        let mut authority = saved.unwrap().expect("it was saved there");
        prepare(&mut authority);
        let folder = tempfile::tempdir().unwrap();
        let (mut anchors, mut generations) = (Vec::new(), Vec::new());
        for generation in 1..=4 {
            let Some(certificate) = authority.ca_certificate(generation) else {
                continue;
            };
            let path = folder.path().join(format!("{generation}.der"));
            std::fs::write(&path, certificate).unwrap();
            anchors.push(path);
            generations.push(generation);
        }
        let authority = Arc::new(Mutex::new(authority));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let time = clock.clone();
        let service = router(
            authority.clone(),
            Arc::new(move || time.load(Ordering::SeqCst)),
        );
        let gate = Gate::default();
        let service = gate.before(service);
        tokio::spawn(async move { axum::serve(listener, service).await });
        let list = |generation| format!("http://{address}/crl/{generation}.crl");
        let lists: Vec<_> = generations.into_iter().map(list).collect();
        let (revocation, more) = match revocation.replace("LISTS", &format!("{lists:?}")) {
            none if none.is_empty() => (none, ""),
            some => (format!(", {some}"), UNLIMITED),
        };
        let trust = Trust {
            anchors,
            authority: format!("http://{address}"),
            revocation,
            more,
        };
        Self {
            server: Server::start_as(trust, clock, |configuration| configuration + tables).await,
            authority,
            gate,
            _anchors: Arc::new(folder),
        }
    }

    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|configuration| configuration).await
    }

    /// As [`World::restart`], after somebody changed the configuration.
    pub(crate) async fn restart_with(self, change: impl FnOnce(String) -> String) -> Self {
        Self {
            server: self.server.restart_with(change).await,
            ..self
        }
    }

    /// Another verifier on the same database, beside it.
    pub(crate) async fn another_node(&self) -> Self {
        Self {
            server: self.server.another().await,
            authority: self.authority.clone(),
            gate: self.gate.clone(),
            _anchors: self._anchors.clone(),
        }
    }

    pub(crate) fn authority(&self) -> MutexGuard<'_, Authority> {
        self.authority.lock().unwrap()
    }

    pub(crate) fn card(&self, person: &str) -> IssuedCard {
        self.authority().card(person).unwrap().clone()
    }

    pub(crate) fn outage(&self, ocsp: bool, lineage: bool) {
        self.authority().set_outage(Outage {
            ocsp,
            crl: true,
            lineage,
        });
    }

    /// Lets whoever asks the authority wait, until the answer is let go.
    pub(crate) async fn hold_authority(&self) -> Held {
        self.gate.hold().await
    }

    /// A claimed, and where needed paired, transaction of the portal's.
    pub(crate) async fn claimed(&self, mode: &str) -> Claimed {
        let (browser, page) = self.server.begin(&[]).await;
        self.claim(browser, page, mode).await
    }

    /// The same of a relying party in another sector that does not ask for the name.
    pub(crate) async fn claimed_elsewhere(&self) -> Claimed {
        let changes = [
            ("scope", "openid"),
            ("purpose", "view"),
            ("redirect_uri", "https://nameless.example/"),
        ];
        let (browser, page) = self.server.begin_as("nameless", &changes).await;
        let mut claimed = self.claim(browser, page, "other-device").await;
        claimed.party = "nameless";
        claimed.purpose = Purpose::View;
        claimed.name = None;
        claimed
    }

    pub(crate) async fn claim(&self, mut browser: Browser, page: String, mode: &str) -> Claimed {
        browser
            .post(&format!("{page}/start"), &[("mode", mode)])
            .await;
        let ticket = browser.get(&page).await.ticket();
        self.claim_ticket(browser, page, ticket, mode).await
    }

    /// Claims the ticket on a page and, where needed, types the digits.
    pub(crate) async fn claim_ticket(
        &self,
        mut browser: Browser,
        page: String,
        ticket: String,
        mode: &str,
    ) -> Claimed {
        let mut companion = self.server.companion().await;
        let claimed = companion
            .claim_ticket(ClaimTicketRequest { ticket })
            .await
            .unwrap();
        let claimed = claimed.into_inner();
        let secret = claimed.companion_secret;
        if mode == "other-device" {
            let request = StartPairingRequest {
                companion_secret: secret.clone(),
            };
            let digits = companion
                .start_pairing(request)
                .await
                .unwrap()
                .into_inner()
                .digits;
            browser
                .post(&format!("{page}/pair"), &[("digits", &digits)])
                .await;
        }
        Claimed {
            browser,
            page,
            companion,
            secret,
            origin: self.server.origin.clone(),
            transaction_id: claimed.transaction_id,
            party: "portal",
            purpose: Purpose::Link,
            name: Some(NAME),
        }
    }

    /// A whole tap for the portal; the claims of its ID token, or why there is none.
    pub(crate) async fn tap(&self, card: &IssuedCard) -> Result<Value, Reason> {
        let mut claimed = self.claimed("other-device").await;
        claimed.accepted(card).await?;
        let code = claimed.code().await;
        Ok(self
            .redeem(&code, CODE_VERIFIER)
            .await
            .expect("a fresh code"))
    }

    /// The same for the other relying party.
    pub(crate) async fn tap_elsewhere(&self, card: &IssuedCard) -> Value {
        let mut claimed = self.claimed_elsewhere().await;
        claimed.accepted(card).await.unwrap();
        let code = claimed.code().await;
        let redirect_uri = "https://nameless.example/";
        self.redeem_as("nameless", redirect_uri, &code, CODE_VERIFIER)
            .await
            .unwrap()
    }

    /// Redeems a code of the portal's: the verified claims of the ID token, or the error.
    pub(crate) async fn redeem(&self, code: &str, verifier: &str) -> Result<Value, String> {
        self.redeem_as("portal", REDIRECT_URI, code, verifier).await
    }

    pub(crate) async fn redeem_as(
        &self,
        party: &str,
        redirect_uri: &str,
        code: &str,
        verifier: &str,
    ) -> Result<Value, String> {
        let id_token = self.token(party, redirect_uri, code, verifier).await?;
        Ok(self.id_token(party, &id_token).await)
    }

    /// Redeems a code of any relying party's: the ID token as it is sent, or the error.
    pub(crate) async fn token(
        &self,
        party: &str,
        redirect_uri: &str,
        code: &str,
        verifier: &str,
    ) -> Result<String, String> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let assertion = self.server.sign(&self.server.client_claims_of(party));
        let (status, body) = self.server.post("/oidc/token", &assertion, &form).await;
        if status != StatusCode::OK {
            return Err(body["error"].as_str().unwrap().to_owned());
        }
        Ok(body["id_token"].as_str().unwrap().to_owned())
    }

    /// The keys that relying parties are shown.
    pub(crate) async fn jwks(&self) -> JwkSet {
        let url = format!("{}/oidc/jwks", self.server.origin);
        let answer = self.server.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn id_token(&self, party: &str, id_token: &str) -> Value {
        let keys = self.jwks().await;
        let kid = jsonwebtoken::decode_header(id_token).unwrap().kid.unwrap();
        let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
        // What the harness configures.
        let algorithm = match party {
            "nameless" => Algorithm::RS256,
            _ => Algorithm::ES256,
        };
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[party]);
        validation.set_issuer(&[&self.server.origin]);
        validation.validate_exp = false; // its clock is not the tests'
        jsonwebtoken::decode(id_token, &key, &validation)
            .unwrap()
            .claims
    }
}

/// A transaction in the hands of a companion.
pub(crate) struct Claimed {
    pub(crate) browser: Browser,
    pub(crate) page: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) name: Option<&'static str>,
    pub(crate) companion: CompanionServiceClient<Channel>,
    pub(crate) origin: String,
    pub(crate) transaction_id: String,
    pub(crate) party: &'static str,
    pub(crate) purpose: Purpose,
}

impl Claimed {
    pub(crate) async fn challenge(&mut self) -> Vec<u8> {
        let request = BeginAssertionRequest {
            companion_secret: self.secret.clone(),
        };
        self.companion
            .begin_assertion(request)
            .await
            .unwrap()
            .into_inner()
            .challenge
    }

    /// What an honest companion submits for a card.
    pub(crate) async fn assertion(&mut self, card: &IssuedCard) -> SubmitAssertionRequest {
        let challenge = self.challenge().await;
        let statement = Statement {
            verifier_origin: &self.origin,
            relying_party: self.party,
            transaction_id: &self.transaction_id,
            purpose: self.purpose,
            challenge: &challenge,
            requested_claims: if self.name.is_some() {
                &[Claim::Name]
            } else {
                &[]
            },
            name: self.name,
            certificate: &card.auth_certificate_der,
        };
        SubmitAssertionRequest {
            companion_secret: self.secret.clone(),
            signature: sign(card, &statement.to_bytes()),
            challenge: challenge.clone(),
            certificate: card.auth_certificate_der.clone(),
            name: self.name.unwrap_or_default().to_owned(),
        }
    }

    /// The return URL, or the refusal.
    pub(crate) async fn submit(&self, request: SubmitAssertionRequest) -> Result<String, Reason> {
        let mut companion = self.companion.clone();
        outcome(companion.submit_assertion(request).await.unwrap())
    }

    pub(crate) async fn accepted(&mut self, card: &IssuedCard) -> Result<String, Reason> {
        let assertion = self.assertion(card).await;
        self.submit(assertion).await
    }

    /// The code that the browser is sent to the relying party with.
    pub(crate) async fn code(&mut self) -> String {
        let location = self
            .browser
            .get(&self.page)
            .await
            .location
            .expect("a way on");
        code_in(&location).expect("a code")
    }
}

/// The return URL, or the refusal.
pub(crate) fn outcome(response: Response<SubmitAssertionResponse>) -> Result<String, Reason> {
    match response.into_inner().outcome.unwrap() {
        Outcome::Accepted(accepted) => Ok(accepted.return_url),
        Outcome::Rejected(reason) => Err(reason.try_into().unwrap()),
    }
}

pub(crate) fn code_in(location: &str) -> Option<String> {
    let url = Url::parse(location).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == "code")
        .map(|(_, code)| code.into_owned())
}

fn sign(card: &IssuedCard, message: &[u8]) -> Vec<u8> {
    let random = SystemRandom::new();
    match card.algorithm {
        KeyAlgorithm::Rsa2048 => {
            let key = RsaKeyPair::from_pkcs8(&card.auth_key_pkcs8).unwrap();
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                .unwrap();
            signature
        }
        KeyAlgorithm::P384 => {
            let algorithm = &ECDSA_P384_SHA384_ASN1_SIGNING;
            let key = EcdsaKeyPair::from_pkcs8(algorithm, &card.auth_key_pkcs8).unwrap();
            key.sign(&random, message).unwrap().as_ref().to_vec()
        }
    }
}
