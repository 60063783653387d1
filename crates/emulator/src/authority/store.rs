//! The authority's state as one file, so that a restarted authority is the same authority.

use super::generation::{CertificateAuthority, Generation, algorithm_of};
use super::keys::SigningKey;
use super::names::Service;
use super::record::{Person, Record};
use super::{
    Authority, AuthorityError, AuthorityOptions, CrlAnswer, IssuedCard, KeyAlgorithm, OcspAnswer,
    Outage,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;
use zeroize::Zeroizing;

const FILE: &str = "authority.json";

#[derive(Serialize, Deserialize)]
struct Saved {
    current_generation: u8,
    revision: u32,
    generations: BTreeMap<u8, SavedGeneration>,
    people: BTreeMap<String, SavedPerson>,
}

#[derive(Serialize, Deserialize)]
struct SavedGeneration {
    auth: SavedCa,
    sign: SavedCa,
    responder: Hex,
}

#[derive(Serialize, Deserialize)]
struct SavedCa {
    key: Hex,
    serial: u32,
    certificate: Hex,
    next_serial: u32,
}

#[derive(Serialize, Deserialize)]
struct SavedPerson {
    algorithm: KeyAlgorithm,
    auth_certificate: Hex,
    auth_key: Hex,
    auth_ca_certificate: Hex,
    sign_certificate: Hex,
    sign_key: Hex,
    sign_ca_certificate: Hex,
    records: Vec<Record>,
}

/// Bytes, hexadecimal in the file and wiped from memory afterwards.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Hex(String);

impl Hex {
    fn new(bytes: &[u8]) -> Self {
        Self(hex::encode(bytes))
    }

    fn bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        hex::decode(&self.0).ok().map(Zeroizing::new)
    }
}

impl Drop for Hex {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl Authority {
    /// Writes the state into `directory`, whole or not at all, readable by the owner only.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, directory: &Path) -> Result<(), AuthorityError> {
        let path = directory.join(FILE);
        let text = Zeroizing::new(
            serde_json::to_vec_pretty(&self.to_saved()).expect("strings and numbers only"),
        );
        write_whole(&path, &text).map_err(|source| AuthorityError::StateFile { path, source })
    }

    /// Reads the state from `directory`; `None` when nothing was saved there.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn load(
        directory: &Path,
        options: AuthorityOptions,
    ) -> Result<Option<Self>, AuthorityError> {
        let path = directory.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(AuthorityError::StateFile { path, source }),
        };
        let restored = serde_json::from_slice::<Saved>(&text)
            .ok()
            .and_then(|saved| Self::from_saved(&saved, options));
        restored
            .map(Some)
            .ok_or(AuthorityError::StateDamaged { path })
    }

    fn to_saved(&self) -> Saved {
        Saved {
            current_generation: self.current_generation,
            revision: self.revision,
            generations: self
                .generations
                .iter()
                .map(|(number, generation)| (*number, SavedGeneration::new(generation)))
                .collect(),
            people: self
                .people
                .iter()
                .map(|(id, person)| (id.clone(), SavedPerson::new(person)))
                .collect(),
        }
    }

    fn from_saved(saved: &Saved, options: AuthorityOptions) -> Option<Self> {
        let generations: Option<BTreeMap<u8, Generation>> = saved
            .generations
            .iter()
            .map(|(number, generation)| Some((*number, generation.restore(*number)?)))
            .collect();
        let people: Option<BTreeMap<String, Person>> = saved
            .people
            .iter()
            .map(|(id, person)| Some((id.clone(), person.restore()?)))
            .collect();
        let (generations, people) = (generations?, people?);
        let known = |record: &Record| generations.contains_key(&record.generation);
        let complete = generations.contains_key(&saved.current_generation)
            && people
                .values()
                .all(|person| !person.records.is_empty() && person.records.iter().all(known));
        complete.then(|| Self {
            options,
            generations,
            current_generation: saved.current_generation,
            people,
            revision: saved.revision,
            outage: Outage::default(),
            ocsp_answer: OcspAnswer::default(),
            crl_answer: CrlAnswer::default(),
            deliveries: BTreeMap::new(),
            requests: BTreeMap::new(),
            impostor: OnceLock::new(),
            variant_key: OnceLock::new(),
        })
    }
}

impl SavedGeneration {
    fn new(generation: &Generation) -> Self {
        Self {
            auth: SavedCa::new(&generation.auth),
            sign: SavedCa::new(&generation.sign),
            responder: Hex::new(&generation.responder.pkcs8()),
        }
    }

    fn restore(&self, number: u8) -> Option<Generation> {
        let algorithm = algorithm_of(number);
        Some(Generation {
            auth: self.auth.restore(Service::Authentication, algorithm)?,
            sign: self.sign.restore(Service::Signing, algorithm)?,
            responder: SigningKey::from_pkcs8(algorithm, &self.responder.bytes()?)?,
        })
    }
}

impl SavedCa {
    fn new(ca: &CertificateAuthority) -> Self {
        Self {
            key: Hex::new(&ca.key.pkcs8()),
            serial: ca.serial,
            certificate: Hex::new(&ca.certificate),
            next_serial: ca.next_serial,
        }
    }

    fn restore(&self, service: Service, algorithm: KeyAlgorithm) -> Option<CertificateAuthority> {
        Some(CertificateAuthority {
            service,
            key: SigningKey::from_pkcs8(algorithm, &self.key.bytes()?)?,
            serial: self.serial,
            certificate: self.certificate.bytes()?.to_vec(),
            next_serial: self.next_serial,
        })
    }
}

impl SavedPerson {
    fn new(person: &Person) -> Self {
        let card = &person.card;
        Self {
            algorithm: card.algorithm,
            auth_certificate: Hex::new(&card.auth_certificate_der),
            auth_key: Hex::new(&card.auth_key_pkcs8),
            auth_ca_certificate: Hex::new(&card.auth_ca_certificate_der),
            sign_certificate: Hex::new(&card.sign_certificate_der),
            sign_key: Hex::new(&card.sign_key_pkcs8),
            sign_ca_certificate: Hex::new(&card.sign_ca_certificate_der),
            records: person.records.clone(),
        }
    }

    fn restore(&self) -> Option<Person> {
        let card = IssuedCard {
            algorithm: self.algorithm,
            auth_certificate_der: self.auth_certificate.bytes()?.to_vec(),
            auth_key_pkcs8: self.auth_key.bytes()?,
            auth_ca_certificate_der: self.auth_ca_certificate.bytes()?.to_vec(),
            sign_certificate_der: self.sign_certificate.bytes()?.to_vec(),
            sign_key_pkcs8: self.sign_key.bytes()?,
            sign_ca_certificate_der: self.sign_ca_certificate.bytes()?.to_vec(),
        };
        Some(Person {
            card,
            records: self.records.clone(),
        })
    }
}

fn write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("json.new");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}
