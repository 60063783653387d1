//! Encryption and passwords.

use super::*;
use crate::mail::PostError;
use kazasu_demo::smtp::SmtpTls;
use kazasu_service::secret::SecretText;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A certificate for 127.0.0.1 that is its own authority.
fn certificate(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let [certificate, key] = ["pem", "key"].map(|end| folder.join(format!("{name}.{end}")));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

fn secret(folder: &Path, word: &str) -> SecretText {
    let path = folder.join(word);
    std::fs::write(&path, format!("{word}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    SecretText::File(path)
}

/// A mail for Hanako over this connection.
async fn tell(server: Server, store: &Store) -> Result<Round, PostError> {
    let post = Post::new(
        &settings(Delivery::Smtp(server)),
        letterhead(),
        &Metrics::new(),
    )?;
    let whom = recipient("hanako@mihon.example");
    let told =
        store.write(move |c| enqueue(c, &notice("O1", Kind::Password), &whom, &key(1), START));
    told.await.unwrap();
    Ok(post.deliver(store, &|| START).await.unwrap())
}

#[tokio::test]
async fn encryption_is_kept_to_and_the_server_has_to_prove_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate_file, key) = certificate(folder.path(), "server");
    let (other, _) = certificate(folder.path(), "other");
    for security in [Security::StartTls, Security::Tls] {
        let tls = SmtpTls {
            starttls: security == Security::StartTls,
            certificate: certificate_file.clone(),
            key: key.clone(),
        };
        let login = Some(("portal".to_owned(), "word".to_owned()));
        let options = SmtpOptions {
            tls: Some(tls),
            login,
        };
        let Some(smtp) = super::server("encryption", options).await else {
            return;
        };
        let good = Server {
            security,
            authority: Some(certificate_file.clone()),
            login: Some(("portal".to_owned(), secret(folder.path(), "word"))),
            ..server_settings(smtp.port())
        };
        let bad = [
            Server {
                authority: Some(other.clone()),
                ..good.clone()
            },
            Server {
                authority: None,
                ..good.clone()
            },
            Server {
                login: None,
                ..good.clone()
            },
            Server {
                login: Some(("portal".to_owned(), secret(folder.path(), "wrong"))),
                ..good.clone()
            },
        ];
        for server in bad {
            let (store, _kept) = store().await;
            let round = tell(server.clone(), &store).await.unwrap();

            assert_eq!(round, Round::ServerTrouble, "{server:?}");
            assert_eq!(
                store.read(waiting).await.unwrap().0,
                1,
                "nobody is given up"
            );
        }
        assert_eq!(smtp.received().unwrap().len(), 0);
        let (store, _kept) = store().await;
        assert_eq!(tell(good, &store).await.unwrap(), Round::Done);
        let received = smtp.received().unwrap();
        assert!(received[0].encrypted && received[0].authenticated);
    }
}

#[tokio::test]
async fn a_server_that_insists_on_encryption_gets_nothing_without() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(folder.path(), "server");
    let tls = SmtpTls {
        starttls: true,
        certificate,
        key,
    };
    let options = SmtpOptions {
        tls: Some(tls),
        login: None,
    };
    let Some(smtp) = super::server("insists", options).await else {
        return;
    };
    let (store, _kept) = store().await;
    let round = tell(server_settings(smtp.port()), &store).await.unwrap();
    assert_eq!(round, Round::ServerTrouble);
    assert_eq!(smtp.received().unwrap().len(), 0);
}

#[tokio::test]
async fn nothing_is_sent_where_the_server_offers_no_encryption() {
    let Some(smtp) = super::server("no STARTTLS", SmtpOptions::default()).await else {
        return;
    };
    for security in [Security::StartTls, Security::Tls] {
        let server = Server {
            security,
            ..server_settings(smtp.port())
        };
        let (store, _kept) = store().await;
        assert_eq!(tell(server, &store).await.unwrap(), Round::ServerTrouble);
    }
    assert_eq!(smtp.received().unwrap().len(), 0);
}

#[tokio::test]
async fn settings_that_cannot_work_are_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _kept) = store().await;
    let server = server_settings(25);
    let missing = Server {
        security: Security::Tls,
        authority: Some(folder.path().join("nothing.pem")),
        ..server.clone()
    };
    assert!(matches!(
        tell(missing, &store).await,
        Err(PostError::File(_))
    ));
    let nowhere = SecretText::File(folder.path().join("nothing"));
    let unknown = Server {
        login: Some(("portal".to_owned(), nowhere)),
        ..server
    };
    assert!(matches!(
        tell(unknown, &store).await,
        Err(PostError::Password(_))
    ));
}
