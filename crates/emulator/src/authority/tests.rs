use super::*;

/// 2026-04-01 00:00 UTC.
const NOW: i64 = 1_775_001_600;

fn authority() -> Authority {
    Authority::new(AuthorityOptions::default(), NOW).unwrap()
}

/// Asks about a certificate that the authority knows by generation and serial.
fn ask(authority: &Authority, generation: u8, serial: u32, now: i64) -> LineageResponse {
    let request = LineageRequest {
        issuer_key_id: hex::encode(authority.generations[&generation].key_id()),
        serial: format!("{serial:08x}"),
    };
    authority.lineage(&request, now)
}

fn current(authority: &Authority, person: &str) -> (u8, u32) {
    let record = authority.people[person].records.last().unwrap();
    (record.generation, record.serial)
}

#[test]
fn a_person_has_one_card_at_a_time() {
    let mut authority = authority();
    authority.enrol("taro", KeyAlgorithm::P384, NOW).unwrap();
    let again = authority.enrol("taro", KeyAlgorithm::P384, NOW);
    assert!(matches!(again, Err(AuthorityError::AlreadyEnrolled)));
    assert!(matches!(
        authority.renew("hanako", NOW),
        Err(AuthorityError::NotEnrolled)
    ));
}

#[test]
fn a_renewal_has_new_keys_and_supersedes_the_old_certificate() {
    let mut authority = authority();
    let old = authority.enrol("taro", KeyAlgorithm::P384, NOW).unwrap();
    let new = authority.renew("taro", NOW + 60).unwrap();
    assert_ne!(old.auth_key_pkcs8, new.auth_key_pkcs8);
    assert_ne!(old.auth_certificate_der, new.auth_certificate_der);
    assert_eq!(
        authority.card("taro").unwrap().auth_certificate_der,
        new.auth_certificate_der
    );
    let at = NOW + 60;
    let superseded = Status::Revoked {
        at,
        reason: RevocationReason::Superseded,
    };
    assert_eq!(authority.people["taro"].records[0].status, superseded);
    assert_eq!(authority.people["taro"].records[1].status, Status::Good);
}

#[test]
fn lineage_lists_the_earlier_certificates_newest_first() {
    let mut authority = authority();
    authority.enrol("taro", KeyAlgorithm::P384, NOW).unwrap();
    let first = current(&authority, "taro");
    authority.renew("taro", NOW).unwrap();
    let second = current(&authority, "taro");
    authority
        .reissue("taro", RevocationReason::KeyCompromise, NOW)
        .unwrap();
    let third = current(&authority, "taro");

    let key_id = hex::encode(authority.generations[&third.0].key_id());
    let predecessor = |serial: u32, reason| Predecessor {
        issuer_key_id: key_id.clone(),
        serial: format!("{serial:08x}").trim_start_matches("00").to_owned(),
        status: LineageStatus::Revoked,
        reason: Some(reason),
    };
    let compromised = predecessor(second.1, RevocationReason::KeyCompromise);
    let superseded = predecessor(first.1, RevocationReason::Superseded);
    let all = ask(&authority, third.0, third.1, NOW).predecessors;
    assert_eq!(all, [compromised, superseded.clone()]);
    assert_eq!(
        ask(&authority, second.0, second.1, NOW).predecessors,
        [superseded]
    );
    assert_eq!(ask(&authority, first.0, first.1, NOW).predecessors, []);
    assert_eq!(ask(&authority, third.0, third.1 + 1, NOW).predecessors, []);
}

#[test]
fn lineage_tells_hold_expiry_and_revocation_apart() {
    let mut authority = authority();
    authority.enrol("taro", KeyAlgorithm::P384, NOW).unwrap();
    let (generation, _) = current(&authority, "taro");
    let (card, record) = authority.issue(KeyAlgorithm::P384, NOW).unwrap();
    let serial = record.serial;
    let person = authority.people.get_mut("taro").unwrap();
    (person.card, person.records) = (card, vec![person.records[0].clone(), record]);

    let state = |authority: &Authority, now| {
        let [ref earlier] = ask(authority, generation, serial, now).predecessors[..] else {
            panic!("one certificate came before");
        };
        (earlier.status, earlier.reason)
    };
    let last_second = authority.people["taro"].records[0].not_after;
    assert_eq!(state(&authority, last_second), (LineageStatus::Good, None));
    assert_eq!(
        state(&authority, last_second + 1),
        (LineageStatus::Expired, None)
    );

    let first = &mut authority.people.get_mut("taro").unwrap().records[0];
    first.status = Status::OnHold { since: NOW };
    assert_eq!(
        state(&authority, last_second + 1),
        (LineageStatus::OnHold, None)
    );
}

#[test]
fn lineage_needs_issuer_and_serial_since_serials_repeat() {
    let options = AuthorityOptions {
        serials_repeat: true,
        ..AuthorityOptions::default()
    };
    let mut authority = Authority::new(options, NOW).unwrap();
    authority.enrol("taro", KeyAlgorithm::Rsa2048, NOW).unwrap();
    authority.enrol("hanako", KeyAlgorithm::P384, NOW).unwrap();
    let (taro, hanako) = (current(&authority, "taro"), current(&authority, "hanako"));
    assert_eq!(taro.1, hanako.1, "the serials repeat");
    assert_ne!(taro.0, hanako.0, "the issuers differ");

    authority
        .renew_with("hanako", KeyAlgorithm::Rsa2048, NOW)
        .unwrap();
    let renewed = current(&authority, "hanako");
    let [ref before] = ask(&authority, renewed.0, renewed.1, NOW).predecessors[..] else {
        panic!("one certificate came before");
    };
    assert_eq!(
        before.issuer_key_id,
        hex::encode(authority.generations[&hanako.0].key_id())
    );
    assert_eq!(ask(&authority, taro.0, taro.1, NOW).predecessors, []);
}

#[test]
fn a_malformed_lineage_request_finds_nothing() {
    let mut authority = authority();
    authority.enrol("taro", KeyAlgorithm::P384, NOW).unwrap();
    authority.renew("taro", NOW).unwrap();
    let (generation, serial) = current(&authority, "taro");
    assert_eq!(
        ask(&authority, generation, serial, NOW).predecessors.len(),
        1
    );
    for serial in ["", "zz", "123", "0102030405060708"] {
        let issuer_key_id = hex::encode(authority.generations[&generation].key_id());
        let request = LineageRequest {
            issuer_key_id,
            serial: serial.to_owned(),
        };
        assert_eq!(authority.lineage(&request, NOW).predecessors, []);
    }
}

#[test]
fn a_hold_can_be_lifted_and_a_revocation_cannot() {
    let mut authority = authority();
    authority.enrol("taro", KeyAlgorithm::P384, NOW).unwrap();
    assert!(matches!(
        authority.release("taro"),
        Err(AuthorityError::NotOnHold)
    ));
    authority.hold("taro", NOW).unwrap();
    authority.hold("taro", NOW + 5).unwrap();
    assert_eq!(
        authority.people["taro"].records[0].status,
        Status::OnHold { since: NOW }
    );
    authority.release("taro").unwrap();
    assert_eq!(authority.people["taro"].records[0].status, Status::Good);

    authority
        .revoke("taro", RevocationReason::CessationOfOperation, NOW)
        .unwrap();
    assert!(matches!(
        authority.release("taro"),
        Err(AuthorityError::NotOnHold)
    ));
    assert!(matches!(
        authority.hold("taro", NOW),
        Err(AuthorityError::AlreadyRevoked)
    ));
    assert!(matches!(
        authority.renew("taro", NOW),
        Err(AuthorityError::AlreadyRevoked)
    ));
    let reason = RevocationReason::Superseded;
    assert!(matches!(
        authority.revoke("taro", reason, NOW),
        Err(AuthorityError::AlreadyRevoked)
    ));
}

#[test]
fn a_reissue_keeps_the_reason_of_an_earlier_revocation() {
    let mut authority = authority();
    authority.enrol("taro", KeyAlgorithm::P384, NOW).unwrap();
    authority
        .revoke("taro", RevocationReason::AffiliationChanged, NOW)
        .unwrap();
    authority
        .reissue("taro", RevocationReason::KeyCompromise, NOW + 9)
        .unwrap();
    let kept = Status::Revoked {
        at: NOW,
        reason: RevocationReason::AffiliationChanged,
    };
    assert_eq!(authority.people["taro"].records[0].status, kept);
}

#[test]
fn a_new_generation_has_the_same_name_and_another_key() {
    let mut authority = authority();
    assert_eq!(authority.advance_generation(NOW).unwrap(), 2);
    assert_eq!(authority.advance_generation(NOW).unwrap(), 3);
    assert!(matches!(
        authority.advance_generation(NOW),
        Err(AuthorityError::NoNextGeneration)
    ));
    let [first, second, third] = [1, 2, 3].map(|number| &authority.generations[&number]);
    assert_ne!(first.key_id(), second.key_id());
    assert_ne!(second.key_id(), third.key_id());
    authority.enrol("taro", KeyAlgorithm::Rsa2048, NOW).unwrap();
    assert_eq!(current(&authority, "taro").0, 3);
}

#[test]
fn a_restarted_authority_knows_everything_it_knew() {
    let directory = tempfile::tempdir().unwrap();
    assert!(
        Authority::load(directory.path(), AuthorityOptions::default())
            .unwrap()
            .is_none()
    );

    let mut before = authority();
    before.enrol("taro", KeyAlgorithm::Rsa2048, NOW).unwrap();
    before.advance_generation(NOW).unwrap();
    before.renew_with("taro", KeyAlgorithm::P384, NOW).unwrap();
    before.hold("taro", NOW).unwrap();
    before.save(directory.path()).unwrap();
    let mut after = Authority::load(directory.path(), AuthorityOptions::default())
        .unwrap()
        .unwrap();

    let (card, same) = (before.card("taro").unwrap(), after.card("taro").unwrap());
    assert_eq!(card.auth_certificate_der, same.auth_certificate_der);
    assert_eq!(card.auth_key_pkcs8, same.auth_key_pkcs8);
    assert_eq!(card.sign_key_pkcs8, same.sign_key_pkcs8);
    for generation in [1, 2] {
        assert_eq!(
            before.ca_certificate(generation),
            after.ca_certificate(generation)
        );
        // RSA signatures with PKCS #1 v1.5 have no randomness: the same state, the same CRL.
        assert_eq!(before.crl(generation, NOW), after.crl(generation, NOW));
    }
    let (generation, serial) = current(&after, "taro");
    let lineage = ask(&after, generation, serial, NOW);
    assert_eq!(lineage, ask(&before, generation, serial, NOW));
    assert_eq!(lineage.predecessors.len(), 1);
    assert_eq!(after.current_generation(), 2);
    let serial_before = before.generations[&2].auth.next_serial;
    after.enrol("hanako", KeyAlgorithm::Rsa2048, NOW).unwrap();
    assert_eq!(current(&after, "hanako"), (2, serial_before));
}

#[test]
fn a_damaged_state_file_is_not_mistaken_for_a_new_authority() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("authority.json");
    for text in [
        "",
        "{}",
        r#"{"current_generation":1,"revision":1,"generations":{},"people":{}}"#,
    ] {
        std::fs::write(&file, text).unwrap();
        let loaded = Authority::load(directory.path(), AuthorityOptions::default());
        assert!(
            matches!(loaded, Err(AuthorityError::StateDamaged { .. })),
            "{text}"
        );
    }
}

#[test]
fn the_state_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    authority().save(directory.path()).unwrap();
    let mode = directory
        .path()
        .join("authority.json")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn debug_output_shows_no_key_and_no_certificate() {
    let mut authority = authority();
    let card = authority.enrol("taro", KeyAlgorithm::P384, NOW).unwrap();
    assert_eq!(format!("{card:?}"), "IssuedCard { algorithm: P384, .. }");
    assert_eq!(
        format!("{authority:?}"),
        "Authority { current_generation: 1, people: 1, .. }"
    );
}

#[test]
fn a_request_that_is_not_ocsp_is_called_malformed() {
    const MALFORMED_REQUEST: [u8; 5] = [0x30, 0x03, 0x0A, 0x01, 0x01];
    for request in [&b""[..], b"\x30\x80", b"GET / HTTP/1.1"] {
        assert_eq!(authority().ocsp(request, NOW), MALFORMED_REQUEST);
    }
}
