//! The test certificate authority: it issues, renews, re-issues, revokes and holds certificates
//! with the profile of the published test card, and answers OCSP, CRL and lineage queries.
//!
//! Everything is a function of the state and of the time that is handed in, in seconds since
//! 1970 UTC. [`router`] puts the answers on HTTP.

mod crl;
mod delivery;
mod der;
mod deviate;
mod error;
mod generation;
mod http;
mod keys;
mod lineage;
mod names;
mod ocsp;
mod ocsp_answer;
mod profile;
mod record;
mod store;
mod variant;

pub use crl::CrlAnswer;
pub use delivery::{Delivery, Endpoint};
pub use error::AuthorityError;
pub use generation::IssuedCard;
pub use http::{Clock, Outage, router, system_clock};
pub use keys::KeyAlgorithm;
pub use lineage::{LineageRequest, LineageResponse, LineageStatus, Predecessor};
pub use ocsp_answer::{OcspAnswer, OcspSigner};
pub use record::RevocationReason;
pub use variant::{Variant, VariantCertificate};

use generation::Generation;
use keys::SigningKey;
use record::{Person, Record, Status};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

const DAY: i64 = 86_400;
/// A certificate runs to a fifth birthday; the authority knows none, and takes five years.
const LEAF_LIFETIME: i64 = 1826 * DAY;

/// The number of the generation with P-384 keys: an invention of this emulator, since the
/// profile of the next card is not published.
pub const P384_GENERATION: u8 = 4;
/// The number of the last RSA generation, as many as the production hierarchy has had.
pub const LAST_RSA_GENERATION: u8 = 3;

/// What can be chosen about an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityOptions {
    /// The OCSP address in the certificates.
    pub ocsp_url: String,
    /// Whether every generation counts its serials from the same number, so that a serial alone
    /// names several certificates.
    pub serials_repeat: bool,
    /// How long an OCSP answer may be kept, in seconds; `None` leaves nextUpdate out.
    pub ocsp_lifetime: Option<u32>,
    /// Who signs OCSP answers.
    pub ocsp_signer: OcspSigner,
}

impl Default for AuthorityOptions {
    fn default() -> Self {
        Self {
            ocsp_url: "http://test-ocspauthnorm.jpki.go.jp".to_owned(),
            serials_repeat: false,
            ocsp_lifetime: Some(3600),
            ocsp_signer: OcspSigner::Delegated,
        }
    }
}

/// The certificate authority and its records.
pub struct Authority {
    options: AuthorityOptions,
    generations: BTreeMap<u8, Generation>,
    current_generation: u8,
    people: BTreeMap<String, Person>,
    /// Counts changes of status; the CRL number.
    revision: u32,
    outage: Outage,
    ocsp_answer: OcspAnswer,
    crl_answer: CrlAnswer,
    deliveries: BTreeMap<Endpoint, Delivery>,
    requests: BTreeMap<Endpoint, u64>,
    /// A CA of the same name that nobody trusts.
    impostor: OnceLock<Generation>,
    /// The key in certificates made by [`Authority::issue_variant`].
    variant_key: OnceLock<SigningKey>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("current_generation", &self.current_generation)
            .field("people", &self.people.len())
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// An authority with its first generation and no cards.
    ///
    /// # Errors
    /// When no key pair can be made.
    pub fn new(options: AuthorityOptions, now: i64) -> Result<Self, AuthorityError> {
        let mut authority = Self {
            options,
            generations: BTreeMap::new(),
            current_generation: 1,
            people: BTreeMap::new(),
            revision: 1,
            outage: Outage::default(),
            ocsp_answer: OcspAnswer::default(),
            crl_answer: CrlAnswer::default(),
            deliveries: BTreeMap::new(),
            requests: BTreeMap::new(),
            impostor: OnceLock::new(),
            variant_key: OnceLock::new(),
        };
        authority.generation_or_new(1, now)?;
        Ok(authority)
    }

    /// Issues a first card: RSA from the current generation, P-384 from the generation of its own.
    ///
    /// # Errors
    /// When the person has a card, or no key pair can be made.
    pub fn enrol(
        &mut self,
        person: &str,
        algorithm: KeyAlgorithm,
        now: i64,
    ) -> Result<IssuedCard, AuthorityError> {
        if self.people.contains_key(person) {
            return Err(AuthorityError::AlreadyEnrolled);
        }
        let (card, record) = self.issue(algorithm, now)?;
        let issued = card.clone();
        self.people.insert(
            person.to_owned(),
            Person {
                card,
                records: vec![record],
            },
        );
        Ok(issued)
    }

    /// The card a person has now.
    pub fn card(&self, person: &str) -> Option<&IssuedCard> {
        self.people.get(person).map(|person| &person.card)
    }

    /// Renews: new keys and certificates; the old certificate is revoked as superseded.
    ///
    /// # Errors
    /// When the person has no card, the certificate is revoked (then it takes a re-issue), or no
    /// key pair can be made.
    pub fn renew(&mut self, person: &str, now: i64) -> Result<IssuedCard, AuthorityError> {
        let algorithm = self
            .card(person)
            .ok_or(AuthorityError::NotEnrolled)?
            .algorithm;
        self.renew_with(person, algorithm, now)
    }

    /// Renews onto a card with another kind of key.
    ///
    /// # Errors
    /// As [`Authority::renew`].
    pub fn renew_with(
        &mut self,
        person: &str,
        algorithm: KeyAlgorithm,
        now: i64,
    ) -> Result<IssuedCard, AuthorityError> {
        self.revoke(person, RevocationReason::Superseded, now)?;
        self.replace(person, algorithm, now)
    }

    /// Issues a new card after the old one was lost: the old certificate is revoked for `reason`,
    /// unless it was revoked before.
    ///
    /// # Errors
    /// When the person has no card, or no key pair can be made.
    pub fn reissue(
        &mut self,
        person: &str,
        reason: RevocationReason,
        now: i64,
    ) -> Result<IssuedCard, AuthorityError> {
        match self.revoke(person, reason, now) {
            Ok(()) | Err(AuthorityError::AlreadyRevoked) => {}
            Err(other) => return Err(other),
        }
        let algorithm = self
            .card(person)
            .ok_or(AuthorityError::NotEnrolled)?
            .algorithm;
        self.replace(person, algorithm, now)
    }

    /// Revokes the person's certificate, whether good or on hold.
    ///
    /// # Errors
    /// When the person has no card, or the certificate is revoked already.
    pub fn revoke(
        &mut self,
        person: &str,
        reason: RevocationReason,
        now: i64,
    ) -> Result<(), AuthorityError> {
        self.change_status(person, |status| match status {
            Status::Revoked { .. } => Err(AuthorityError::AlreadyRevoked),
            Status::Good | Status::OnHold { .. } => Ok(Status::Revoked { at: now, reason }),
        })
    }

    /// Puts the person's certificate on hold; holding it twice changes nothing.
    ///
    /// # Errors
    /// When the person has no card, or the certificate is revoked.
    pub fn hold(&mut self, person: &str, now: i64) -> Result<(), AuthorityError> {
        self.change_status(person, |status| match status {
            Status::Revoked { .. } => Err(AuthorityError::AlreadyRevoked),
            Status::OnHold { since } => Ok(Status::OnHold { since }),
            Status::Good => Ok(Status::OnHold { since: now }),
        })
    }

    /// Lifts the hold.
    ///
    /// # Errors
    /// When the person has no card, or the certificate is not on hold.
    pub fn release(&mut self, person: &str) -> Result<(), AuthorityError> {
        self.change_status(person, |status| match status {
            Status::OnHold { .. } => Ok(Status::Good),
            Status::Good | Status::Revoked { .. } => Err(AuthorityError::NotOnHold),
        })
    }

    /// Moves to the next RSA generation of the CAs: a new key under the same name. Returns its
    /// number. Certificates of earlier generations stay as they are.
    ///
    /// # Errors
    /// When the last generation is in use, or no key pair can be made.
    pub fn advance_generation(&mut self, now: i64) -> Result<u8, AuthorityError> {
        let next = self.current_generation + 1;
        if next > LAST_RSA_GENERATION {
            return Err(AuthorityError::NoNextGeneration);
        }
        self.generation_or_new(next, now)?;
        self.current_generation = next;
        Ok(next)
    }

    /// The generation that issues RSA certificates now.
    pub fn current_generation(&self) -> u8 {
        self.current_generation
    }

    /// The certificate of a generation's authentication CA, if that generation was made.
    pub fn ca_certificate(&self, generation: u8) -> Option<&[u8]> {
        self.generations
            .get(&generation)
            .map(|generation| generation.auth.certificate.as_slice())
    }

    /// Chooses how OCSP requests are answered from now on.
    pub fn set_ocsp_answer(&mut self, answer: OcspAnswer) {
        self.ocsp_answer = answer;
    }

    /// Chooses how CRLs are issued from now on.
    pub fn set_crl_answer(&mut self, answer: CrlAnswer) {
        self.crl_answer = answer;
    }

    /// Chooses how answers of an endpoint travel over HTTP from now on.
    pub fn set_delivery(&mut self, endpoint: Endpoint, delivery: Delivery) {
        self.deliveries.insert(endpoint, delivery);
    }

    /// How many requests came over HTTP to an endpoint, whatever was answered.
    pub fn requests(&self, endpoint: Endpoint) -> u64 {
        self.requests.get(&endpoint).copied().unwrap_or_default()
    }

    /// Counts a request, and says how it is to be answered.
    fn take_request(&mut self, endpoint: Endpoint) -> Delivery {
        *self.requests.entry(endpoint).or_default() += 1;
        self.deliveries.get(&endpoint).copied().unwrap_or_default()
    }

    /// Chooses which services are out of order on HTTP.
    pub fn set_outage(&mut self, outage: Outage) {
        self.outage = outage;
    }

    fn replace(
        &mut self,
        person: &str,
        algorithm: KeyAlgorithm,
        now: i64,
    ) -> Result<IssuedCard, AuthorityError> {
        let (card, record) = self.issue(algorithm, now)?;
        let person = self
            .people
            .get_mut(person)
            .ok_or(AuthorityError::NotEnrolled)?;
        person.card = card.clone();
        person.records.push(record);
        Ok(card)
    }

    fn change_status(
        &mut self,
        person: &str,
        change: impl FnOnce(Status) -> Result<Status, AuthorityError>,
    ) -> Result<(), AuthorityError> {
        let record = self
            .people
            .get_mut(person)
            .ok_or(AuthorityError::NotEnrolled)?
            .current();
        record.status = change(record.status)?;
        self.revision += 1;
        Ok(())
    }

    fn issue(
        &mut self,
        algorithm: KeyAlgorithm,
        now: i64,
    ) -> Result<(IssuedCard, Record), AuthorityError> {
        let number = match algorithm {
            KeyAlgorithm::Rsa2048 => self.current_generation,
            KeyAlgorithm::P384 => P384_GENERATION,
        };
        let not_after = profile::end_of_day(now + LEAF_LIFETIME);
        let ocsp_url = self.options.ocsp_url.clone();
        let generation = self.generation_or_new(number, now)?;
        let (card, serial) = generation.issue_card(algorithm, (now, not_after), &ocsp_url)?;
        Ok((
            card,
            Record {
                generation: number,
                serial,
                not_after,
                status: Status::Good,
            },
        ))
    }

    fn generation_or_new(
        &mut self,
        number: u8,
        now: i64,
    ) -> Result<&mut Generation, AuthorityError> {
        if !self.generations.contains_key(&number) {
            let first_serial = generation::first_serial(number, self.options.serials_repeat);
            self.generations
                .insert(number, Generation::new(number, first_serial, now)?);
        }
        Ok(self
            .generations
            .get_mut(&number)
            .expect("it was just inserted"))
    }

    /// The record of an authentication certificate, and the records of the same person before it.
    fn find(&self, generation: u8, serial: u32) -> Option<(&Record, &[Record])> {
        self.people.values().find_map(|person| {
            let index = person
                .records
                .iter()
                .position(|record| record.generation == generation && record.serial == serial)?;
            Some((&person.records[index], &person.records[..index]))
        })
    }

    /// The CA that only its name connects with this authority.
    fn impostor(&self, now: i64) -> &Generation {
        self.impostor.get_or_init(|| {
            Generation::new(1, generation::first_serial(1, true), now)
                .expect("key generation fails only without system randomness")
        })
    }
}

#[cfg(test)]
mod tests;
