//! Whom the portal talks to, and who it is there.

use crate::intermediary::url;
use crate::world::*;
use kazasu_demo::slapd::Slapd;
use kazasu_portal::directory::ldap::{Ldap, LdapSetupError};
use kazasu_portal::directory::{Directory as _, DirectoryError, OperationId};
use kazasu_portal::{Bind, LdapSettings};
use kazasu_service::secret::SecretText;
use std::error::Error as _;
use std::os::unix::fs::PermissionsExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What a directory says, and why, when it is asked for a password.
async fn refusal(settings: LdapSettings) -> String {
    let directory = Ldap::new(settings).unwrap();
    let (student, operation) = (id(STUDENT), OperationId::new("A"));
    let password = password(SECOND_PASSWORD);
    let set = directory.set_password(&student, &operation, &password, now());
    let error = set.await.unwrap_err();
    let why = error.source().unwrap().to_string();
    match error {
        DirectoryError::Refused(_) => format!("refused: {why}"),
        DirectoryError::Unavailable(_) => format!("unavailable: {why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_another_authority_vouches_for_gets_no_password() {
    let slapd = Slapd::start().await.unwrap();
    let other = Slapd::start().await.unwrap();
    let mut settings = settings(&slapd);
    settings.ca = Some(other.ca());
    let refused = refusal(settings).await;
    assert_eq!(refused, "refused: the server's certificate is refused");
    assert!(slapd.accepts(STUDENT, FIRST_PASSWORD).await.unwrap());
}

#[tokio::test]
async fn a_server_under_another_name_gets_no_password() {
    let slapd = Slapd::start().await.unwrap();
    let mut settings = settings(&slapd);
    let named = settings.url.as_str().replace("127.0.0.1", "127.0.0.2");
    settings.url = named.parse().unwrap();
    // It listens there or not; its certificate is for 127.0.0.1.
    let listener = TcpListener::bind(("127.0.0.2", 0)).await.unwrap();
    settings
        .url
        .set_port(Some(listener.local_addr().unwrap().port()))
        .unwrap();
    let server = slapd.url().replace("ldap://", "");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = tokio::net::TcpStream::connect(&server).await.unwrap();
            tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let refused = refusal(settings).await;
    assert_eq!(refused, "refused: the server's certificate is refused");
}

/// Somebody on the way, who answers the first question with `answer`. Returns all that was said
/// to them.
async fn impostor(answer: &'static [u8]) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let length = client.read(&mut heard).await.unwrap();
        heard.truncate(length);
        client.write_all(answer).await.unwrap();
        client.read_to_end(&mut heard).await.unwrap();
        heard
    });
    (port, heard)
}

#[tokio::test]
async fn whoever_talks_startls_away_hears_no_password() {
    let slapd = Slapd::start().await.unwrap();
    // An extended response to message 1: protocolError.
    let (port, heard) = impostor(&[
        0x30, 0x0c, 0x02, 0x01, 0x01, 0x78, 0x07, 0x0a, 0x01, 0x02, 0x04, 0x00, 0x04, 0x00,
    ])
    .await;
    let mut settings = settings(&slapd);
    settings.url.set_port(Some(port)).unwrap();
    assert_eq!(
        refusal(settings).await,
        "refused: the server answered with result code 2"
    );
    let heard = heard.await.unwrap();
    let secret = std::fs::read(slapd.bind_password()).unwrap();
    assert!(heard.len() < 64, "nothing but the question for StartTLS");
    assert!(!heard.windows(secret.len()).any(|said| said == secret));
}

#[tokio::test]
async fn what_is_no_ldap_costs_a_connection_and_nothing_else() {
    let slapd = Slapd::start().await.unwrap();
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"",
        // A bind response without anything in it, one with a result code that is a text, and an
        // answer to a question that was not asked.
        &[0x30, 0x05, 0x02, 0x01, 0x01, 0x61, 0x00],
        &[
            0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x04, 0x01, 0x41, 0x04, 0x00, 0x04, 0x00,
        ],
        &[
            0x30, 0x0c, 0x02, 0x01, 0x07, 0x61, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00,
        ],
    ] {
        let (port, _heard) = impostor(answer).await;
        let mut settings = settings(&slapd);
        settings.url.set_port(Some(port)).unwrap();
        settings.starttls = false;
        settings.timeout = std::time::Duration::from_millis(500);
        let refused = refusal(settings).await;
        assert!(refused.starts_with("unavailable: "), "{refused}");
    }
}

#[tokio::test]
async fn a_wrong_bind_password_is_the_operators_affair() {
    let slapd = Slapd::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("word");
    let mut settings = settings(&slapd);
    let Bind::Simple { dn, .. } = settings.bind.clone() else {
        panic!("{:?}", settings.bind);
    };
    let word = SecretText::File(path.clone());
    settings.bind = Bind::Simple { dn, password: word };
    let unreadable = "refused: the password to bind with cannot be read";
    assert_eq!(refusal(settings.clone()).await, unreadable);
    std::fs::write(&path, "wrong").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let wrong = "refused: the server answered with result code 49";
    assert_eq!(refusal(settings.clone()).await, wrong);
    // Read anew for each connection, so that it can be replaced.
    std::fs::copy(slapd.bind_password(), &path).unwrap();
    Ldap::new(settings).unwrap().check().await.unwrap();
}

#[tokio::test]
async fn over_a_socket_the_process_itself_is_known() {
    let slapd = Slapd::start().await.unwrap();
    let mut settings = settings(&slapd);
    settings.url = url(&slapd.socket());
    settings.starttls = false;
    settings.bind = Bind::External;
    let directory = Ldap::new(settings).unwrap();
    let found = directory.account(&id(STUDENT), now()).await.unwrap();
    assert!(found.is_some());
}

#[tokio::test]
async fn what_the_server_says_about_whom_stays_out_of_errors() {
    let slapd = Slapd::start().await.unwrap();
    let mut elsewhere = settings(&slapd);
    elsewhere.base = "ou=nobody,dc=univ,dc=example".to_owned();
    assert_eq!(
        refusal(elsewhere).await,
        "refused: the server answered with result code 32"
    );
}

#[tokio::test]
async fn a_file_without_certificates_is_noticed_before_anybody_is_asked() {
    let slapd = Slapd::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(&slapd);
    settings.ca = Some(folder.path().join("ca.pem"));
    assert!(matches!(
        Ldap::new(settings.clone()),
        Err(LdapSetupError::Authorities { .. })
    ));
    std::fs::write(folder.path().join("ca.pem"), "").unwrap();
    assert!(matches!(
        Ldap::new(settings),
        Err(LdapSetupError::NoAuthority)
    ));
}
