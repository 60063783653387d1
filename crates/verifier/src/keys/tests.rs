use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

fn fresh() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    Keys::create(&path).unwrap();
    (dir, path)
}

#[tokio::test]
async fn fresh_keys_are_private_never_overwritten_and_readable() {
    let (_dir, path) = fresh();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(matches!(Keys::create(&path), Err(KeysError::Exists)));
    let keys = Keys::read(&path).unwrap();
    assert_eq!(keys.pairwise_version_at(0), 1);
    for algorithm in [Algorithm::ES256, Algorithm::RS256] {
        assert!(keys.sign_token(algorithm, &"claims", 0).await.is_ok());
    }
    assert_eq!(format!("{keys:?}"), "Keys(..)");
}

#[test]
fn keys_open_to_others_are_refused() {
    let (_dir, path) = fresh();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        Keys::read(&path),
        Err(KeysError::OpenToOthers { .. })
    ));
}

#[test]
fn a_message_about_a_broken_file_does_not_quote_it() {
    let (_dir, path) = fresh();
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("index = [\"", "index = [\"zz-canary");
    fs::write(&path, text).unwrap();
    let error = Keys::read(&path).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn keys_without_an_audit_key_say_how_to_get_one() {
    let mut file = KeysFile::generate().unwrap();
    file.audit.clear();
    let error = Keys::from_file(&file).unwrap_err();
    assert!(error.to_string().contains("keys rotate audit"), "{error}");
}

#[test]
fn the_audit_key_is_the_same_after_every_start_and_signs() {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    let file = KeysFile::generate().unwrap();
    let (one, two) = (
        Keys::from_file(&file).unwrap(),
        Keys::from_file(&file).unwrap(),
    );
    assert_eq!(one.audit().public(), two.audit().public());
    let public = UnparsedPublicKey::new(&ED25519, two.audit().public());
    assert!(public.verify(b"head", &one.audit().sign(b"head")).is_ok());
    assert!(public.verify(b"other", &one.audit().sign(b"head")).is_err());
    assert_eq!(one.audit_version(1).unwrap().version(), 1);
    assert!(one.audit_version(2).is_none());
}

#[tokio::test]
async fn an_id_token_is_signed_by_the_youngest_key_whose_time_has_come() {
    use jsonwebtoken::{DecodingKey, Validation, decode_header};
    let mut file = KeysFile::generate().unwrap();
    for algorithm in [Algorithm::ES256, Algorithm::RS256] {
        let entry = file::SigningKeyEntry::generate(algorithm, 2, 100).unwrap();
        file.signing.push(entry);
    }
    let keys = Keys::from_file(&file).unwrap();
    assert_eq!(keys.signing().len(), 4, "all are published");
    for algorithm in [Algorithm::ES256, Algorithm::RS256] {
        for now in [99, 100] {
            let claims = serde_json::json!({"exp": 4_102_444_800_i64});
            let token = keys.sign_token(algorithm, &claims, now).await.unwrap();
            let header = decode_header(&token).unwrap();
            let mut published = keys.signing().iter();
            let key = published
                .find(|key| Some(&key.kid) == header.kid.as_ref())
                .unwrap();
            assert_eq!(key.use_from, if now == 100 { 100 } else { 0 });
            let public = DecodingKey::from_jwk(&key.public).unwrap();
            let read = jsonwebtoken::decode::<serde_json::Value>(
                &token,
                &public,
                &Validation::new(algorithm),
            );
            assert_eq!(read.unwrap().claims, claims);
        }
    }
}

#[test]
fn a_signing_key_waits_until_it_was_seen_for_a_day_and_the_longest_seen_one_never() {
    const NOW: i64 = 1_000_000;
    let es256 = |use_from| SigningKey::fresh(Algorithm::ES256, use_from);
    let times = |keys: [(SigningKey, i64); 3]| {
        let published = keys.each_ref().map(|(key, at)| (key.kid.clone(), *at));
        let mut all = Keys::from_file(&KeysFile::generate().unwrap()).unwrap();
        all.signing = keys.map(|(key, _)| key).into();
        all.wait_until_seen(&BTreeMap::from(published), NOW);
        let times: Vec<_> = all.signing.iter().map(|key| key.use_from).collect();
        times
    };
    // In use, placed by hand just now, rotated in time.
    let (old, soon, far) = (es256(0), es256(0), es256(NOW + 2 * SEEN_AHEAD));
    let waiting = times([(old, NOW - 500), (soon, NOW - 100), (far, NOW)]);
    assert_eq!(waiting, [0, NOW - 100 + SEEN_AHEAD, NOW + 2 * SEEN_AHEAD]);
    // Of an installation that did not count yet: its keys' own times are all there is.
    let together = [es256(0), es256(NOW - 1), es256(NOW + 1)].map(|key| (key, NOW));
    assert_eq!(times(together), [0, NOW - 1, NOW + 1]);
    // The old key is gone, and another algorithm has its first.
    let rs256 = SigningKey::fresh(Algorithm::RS256, 0);
    let alone = times([
        (es256(0), NOW - 50),
        (rs256, NOW),
        (es256(NOW + 1), NOW - 60),
    ]);
    assert_eq!(alone, [0, 0, NOW + 1]);
}

#[test]
fn the_oldest_signing_key_needs_no_time_to_come() {
    let mut file = KeysFile::generate().unwrap();
    file.signing
        .retain(|entry| entry.label().kind == KeyKind::SigningEs256);
    file.add(KeyKind::SigningEs256.version(2), 100).unwrap();
    file.add(KeyKind::SigningEs256.version(3), 200).unwrap();
    file.remove(KeyKind::SigningEs256.version(1));
    let keys = Keys::from_file(&file).unwrap();
    let times: Vec<_> = keys.signing().iter().map(|key| key.use_from).collect();
    assert_eq!(times, [0, 200]);
}

#[tokio::test]
async fn no_key_of_an_algorithm_means_no_token() {
    let mut file = KeysFile::generate().unwrap();
    file.signing.truncate(1);
    let keys = Keys::from_file(&file).unwrap();
    let refused = keys.sign_token(Algorithm::RS256, &"claims", 0).await;
    assert!(matches!(refused, Err(KeyFailure::NoSigningKey { .. })));
}

/// Computed once, with another program: whoever changes how these are made loses every person that
/// a database knows, or can check no seal of the past.
#[tokio::test]
async fn what_is_known_for_ever_is_computed_as_it_always_was() {
    use crate::ppid::{credential_index, ppid};
    let mut file = KeysFile::generate().unwrap();
    let key = |byte: u8| hex::encode([byte; 32]);
    file.index = vec![key(1)];
    file.pairwise[0].key = key(3);
    file.audit[0].key = key(6);
    let keys = Keys::from_file(&file).unwrap();
    let index = async |keys: &Keys| {
        let index = credential_index(keys, b"issuer", &[1, 2]).await;
        hex::encode(index.unwrap())
    };
    assert_eq!(
        index(&keys).await,
        "3b04b459a2b045b5fa95a7b4062b435aba8eaaad99c5dba34ea838f23c73c269"
    );
    file.index.push(key(2));
    assert_eq!(
        index(&Keys::from_file(&file).unwrap()).await,
        "8070d6e10cf1d1323f3fa2a2a23d5a588275653720c22cfc806e17a19a4ab96f"
    );
    let sub = ppid(&keys, 1, "portal.example", &[7; 16]).await;
    assert_eq!(sub.unwrap(), "LwdKiCu896Ucuk8zNrpgAGXj_9ETiUEM09BdmrmmqBc");
    let pairwise = keys.checks().unwrap().pop().unwrap();
    assert_eq!(
        hex::encode(pairwise.value),
        "a9e1b6b088d3ef5c96dbf4b160dd9e91ed8c4438cb3119f67a27eaac5171ea74"
    );
    assert_eq!(
        hex::encode(keys.audit().public()),
        "c0b17ecf18d614050db25cf064e9a343c35f25b7cd9e1c14a3e77b132bb4122c"
    );
}
