//! Against SoftHSM, each test in a process of its own: SoftHSM reads its configuration from the
//! environment when it is loaded.

use crate::keys::kind::KeyKind;
use crate::keys::load::open_token;
use crate::keys::{KeyFailure, KeyStore, Keys, KeysError, TokenError};
use crate::settings::{KeySource, TokenSource};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use cryptoki::types::AuthPin;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use kazasu_service::secret::SecretText;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

const FOLDER: &str = "KAZASU_TEST_SOFTHSM";
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Runs `body` where SoftHSM has one empty token; by running this test again, alone.
fn with_token(test: &str, body: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return body(Path::new(&folder));
    }
    if !Path::new(MODULE).exists() {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "SoftHSM is missing: install softhsm2");
        eprintln!("DID NOT RUN: SoftHSM is missing (install softhsm2)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let text = format!("directories.tokendir = {}\n", tokens.display());
    std::fs::write(&configuration, text).unwrap();
    std::fs::write(folder.path().join("pin"), "1234\n").unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.path().join("pin"), private).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "kazasu"])
        .args(["--so-pin", "4321", "--pin", "1234"])
        .env("SOFTHSM2_CONF", &configuration)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg(format!("keys::token::tests::{test}"))
        .env("SOFTHSM2_CONF", &configuration)
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{ran:?}");
}

fn source(folder: &Path) -> KeySource {
    KeySource::Token(token(folder))
}

fn token(folder: &Path) -> TokenSource {
    TokenSource {
        module: MODULE.into(),
        token: "kazasu".to_owned(),
        pin: SecretText::File(folder.join("pin")),
    }
}

fn fresh(folder: &Path) -> Keys {
    KeyStore::open(&source(folder)).unwrap().create().unwrap();
    Keys::load(&source(folder)).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

#[test]
fn keys_copied_from_a_file_do_the_same_in_the_token() {
    with_token(
        "keys_copied_from_a_file_do_the_same_in_the_token",
        |folder| {
            let file = folder.join("keys.toml");
            Keys::create(&file).unwrap();
            let ahead = KeyStore::open(&KeySource::Text(SecretText::File(file.clone()))).unwrap();
            ahead.rotate(KeyKind::Index, 0).unwrap();
            ahead.rotate(KeyKind::Pairwise, 86_400).unwrap();
            let store = KeyStore::open(&source(folder)).unwrap();
            store.import(&file).unwrap();
            assert_eq!(store.list().unwrap(), ahead.list().unwrap());
            assert!(matches!(store.import(&file), Err(KeysError::Exists)));
            let (file, token) = (
                Keys::read(&file).unwrap(),
                Keys::load(&source(folder)).unwrap(),
            );
            block_on(async {
                let fields: [&[u8]; 2] = [b"one", b"two"];
                assert_eq!(
                    token.index_mac(&fields).await.unwrap(),
                    file.index_mac(&fields).await.unwrap()
                );
                for version in [1, 2] {
                    assert_eq!(
                        token.pairwise_mac(version, &fields).await.unwrap(),
                        file.pairwise_mac(version, &fields).await.unwrap()
                    );
                }
            });
            assert_eq!(token.pairwise_version_at(86_399), 1);
            assert_eq!(token.pairwise_version_at(86_400), 2);
            assert_eq!(token.audit().public(), file.audit().public());
            let sealed = crate::sealed_name::seal(&file, "T", "見本　太郎", 0);
            assert!(crate::sealed_name::open(&token, "T", &sealed).is_some());
            let kids = |keys: &Keys| -> std::collections::BTreeSet<_> {
                keys.signing().iter().map(|key| key.kid.clone()).collect()
            };
            assert_eq!(kids(&token), kids(&file));
            signs(&token);
        },
    );
}

/// The token's signatures are what their published keys verify.
fn signs(keys: &Keys) {
    let claims = serde_json::json!({"exp": 4_102_444_800_i64});
    for algorithm in [Algorithm::ES256, Algorithm::RS256] {
        let token = block_on(keys.sign_token(algorithm, &claims, 0)).unwrap();
        let mut published = keys.signing().iter();
        let key = published.find(|key| key.algorithm == algorithm).unwrap();
        let public = DecodingKey::from_jwk(&key.public).unwrap();
        let read =
            jsonwebtoken::decode::<serde_json::Value>(&token, &public, &Validation::new(algorithm));
        assert_eq!(read.unwrap().claims, claims);
    }
    let public = UnparsedPublicKey::new(&ED25519, keys.audit().public());
    assert!(public.verify(b"head", &keys.audit().sign(b"head")).is_ok());
}

#[test]
fn keys_made_in_the_token_sign_rotate_and_retire() {
    with_token("keys_made_in_the_token_sign_rotate_and_retire", |folder| {
        signs(&fresh(folder));
        let store = KeyStore::open(&source(folder)).unwrap();
        assert!(matches!(store.create(), Err(KeysError::Exists)));
        assert_eq!(store.list().unwrap().len(), KeyKind::ALL.len());
        let now = 1_800_000_000;
        let added = store.rotate(KeyKind::SigningEs256, now + 86_400).unwrap();
        assert_eq!(added.version, 2);
        assert!((86_400..2 * 86_400).contains(&(added.use_from - now)));
        let es256 = |now| store.retire(KeyKind::SigningEs256, 1, now);
        let early = es256(added.use_from + 86_399);
        assert!(matches!(early, Err(KeysError::StillNeeded { .. })));
        es256(added.use_from + 86_400).unwrap();
        let keys = Keys::load(&source(folder)).unwrap();
        assert_eq!(keys.signing().len(), 2, "the new one, and RS256");
        for kind in [KeyKind::Index, KeyKind::Pairwise, KeyKind::Audit] {
            store.rotate(kind, 0).unwrap();
            let kept = store.retire(kind, 1, i64::MAX);
            assert!(matches!(kept, Err(KeysError::StillNeeded { .. })), "{kind}");
        }
        Keys::load(&source(folder)).unwrap();
    });
}

#[test]
fn a_missing_object_is_named() {
    with_token("a_missing_object_is_named", |folder| {
        let missing = |folder| match Keys::load(&source(folder)) {
            Err(KeysError::Token(TokenError::Missing { label })) => label,
            other => panic!("{other:?}"),
        };
        assert_eq!(missing(folder), "kazasu-index-1");
        fresh(folder);
        let token = open_token(&token(folder)).unwrap();
        token.destroy(KeyKind::Audit.version(1), 0).unwrap();
        assert_eq!(missing(folder), "kazasu-audit-1");
        token.generate(KeyKind::Audit.version(1), 0).unwrap();
        token.generate(KeyKind::Index.version(3), 0).unwrap();
        assert_eq!(missing(folder), "kazasu-index-2");
        token.generate(KeyKind::Index.version(3), 0).unwrap();
        let twice = Keys::load(&source(folder));
        assert!(matches!(
            twice,
            Err(KeysError::Token(TokenError::Twice { .. }))
        ));
    });
}

#[test]
fn a_token_that_is_not_there_or_refuses_the_pin_says_so_and_spends_one_try() {
    with_token(
        "a_token_that_is_not_there_or_refuses_the_pin_says_so_and_spends_one_try",
        |folder| {
            let mut elsewhere = token(folder);
            elsewhere.token = "other".to_owned();
            let none = Keys::load(&KeySource::Token(elsewhere));
            assert!(matches!(
                none,
                Err(KeysError::Token(TokenError::NoToken { .. }))
            ));
            let mut no_module = token(folder);
            no_module.module = PathBuf::from("/nonexistent.so");
            let none = Keys::load(&KeySource::Token(no_module));
            assert!(matches!(
                none,
                Err(KeysError::Token(TokenError::Module { .. }))
            ));
            let keys = fresh(folder);
            // SoftHSM asks no PIN of a process that is logged in.
            drop(keys);
            let pin = AuthPin::from("9999".to_owned());
            let wrong = super::Token::open(Path::new(MODULE), "kazasu", pin);
            assert!(matches!(wrong, Err(TokenError::PinRefused)));
        },
    );
}

#[test]
fn after_a_logout_the_token_logs_in_again_by_itself() {
    with_token(
        "after_a_logout_the_token_logs_in_again_by_itself",
        |folder| {
            let keys = fresh(folder);
            block_on(async {
                let before = keys.index_mac(&[b"field"]).await.unwrap();
                let other = open_token(&token(folder)).unwrap();
                other.0.writing(|session| Ok(session.logout()?)).unwrap();
                assert_eq!(keys.index_mac(&[b"field"]).await.unwrap(), before);
                keys.check().await.unwrap();
            });
        },
    );
}

#[test]
fn a_token_that_is_gone_is_a_failure_until_it_is_back() {
    with_token(
        "a_token_that_is_gone_is_a_failure_until_it_is_back",
        |folder| {
            let keys = fresh(folder);
            block_on(async {
                keys.check().await.unwrap();
                let (tokens, hidden) = (folder.join("tokens"), folder.join("hidden"));
                std::fs::rename(&tokens, &hidden).unwrap();
                let gone = keys.check().await;
                assert!(matches!(gone, Err(KeyFailure::Token(_))), "{gone:?}");
                std::fs::rename(&hidden, &tokens).unwrap();
                keys.check().await.unwrap();
            });
        },
    );
}

/// A call in which the token works until `end` is dropped; it tells `began` when it is there.
async fn hang(
    token: super::Token,
    began: UnboundedSender<()>,
    end: Arc<Mutex<Receiver<()>>>,
) -> Result<(), TokenError> {
    let call = move |_: &mut _| {
        began.send(()).unwrap();
        // Fails once the sender is gone, and that is the end.
        let _ = end.lock().unwrap().recv();
        Ok(())
    };
    token.run(call).await
}

#[test]
fn a_token_that_hangs_is_a_failure_after_its_time_and_is_used_again_afterwards() {
    with_token(
        "a_token_that_hangs_is_a_failure_after_its_time_and_is_used_again_afterwards",
        |folder| {
            fresh(folder);
            let token = open_token(&token(folder)).unwrap();
            // Its clock stands, and while a thread works nothing moves it but the test.
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let (began, mut hanging) = unbounded_channel();
                let (end, ended) = channel();
                let ended = Arc::new(Mutex::new(ended));
                let calls: Vec<_> = (0..super::SESSIONS)
                    .map(|_| tokio::spawn(hang(token.clone(), began.clone(), ended.clone())))
                    .collect();
                for _ in 0..super::SESSIONS {
                    hanging.recv().await.unwrap();
                }
                let late = tokio::spawn(hang(token.clone(), began, ended));
                tokio::task::yield_now().await;
                let almost = super::TIMEOUT - Duration::from_millis(2);
                tokio::time::advance(almost).await;
                assert!(!calls.iter().any(|call| call.is_finished()));
                tokio::time::advance(Duration::from_millis(4)).await;
                for call in calls.into_iter().chain([late]) {
                    let failed = call.await.unwrap();
                    assert!(matches!(failed, Err(TokenError::TimedOut)), "{failed:?}");
                }
                // The one that found no place never began.
                assert!(hanging.try_recv().is_err());
                drop(end);
                token.run(|_| Ok(())).await.unwrap();
            });
        },
    );
}

#[test]
fn a_pin_that_was_refused_is_not_sent_again() {
    with_token("a_pin_that_was_refused_is_not_sent_again", |folder| {
        let keys = fresh(folder);
        let (old, new) = (
            AuthPin::from("1234".to_owned()),
            AuthPin::from("5678".to_owned()),
        );
        let refused = || {
            matches!(
                block_on(keys.check()),
                Err(KeyFailure::Token(TokenError::PinRefused))
            )
        };
        let token = open_token(&token(folder)).unwrap();
        token
            .0
            .writing(|session| Ok(session.set_pin(&old, &new)?))
            .unwrap();
        token.0.writing(|session| Ok(session.logout()?)).unwrap();
        assert!(refused());
        // Back to the PIN that would be right, and nobody tries it.
        let token = super::Token::open(Path::new(MODULE), "kazasu", new.clone()).unwrap();
        token
            .0
            .writing(|session| Ok(session.set_pin(&new, &old)?))
            .unwrap();
        assert!(refused());
    });
}
