#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
use super::*;

#[tokio::test]
async fn it_knows_its_people_and_nothing_outlives_it() {
    let server = Slapd::start().await.unwrap();
    assert!(server.accepts("0123456789", FIRST_PASSWORD).await.unwrap());
    assert!(!server.accepts("0123456789", "other").await.unwrap());
    server.stop().await.unwrap();
    assert!(server.accepts("0123456789", FIRST_PASSWORD).await.is_err());
    server.start_again().await.unwrap();
    let kinds = server.values("s1234567", "employeeType").await.unwrap();
    assert_eq!(kinds, ["staff"]);
    let folder = server.folder.clone();
    let process = fs::read_to_string(folder.join("slapd.pid")).unwrap();
    let process = Path::new("/proc").join(process.trim());
    assert!(process.exists());
    drop(server);
    assert!(!folder.exists());
    // One that ended and that nobody asked about yet has no command line any more.
    let left = fs::read(process.join("cmdline"));
    assert!(left.is_err() || left.is_ok_and(|line| line.is_empty()));
}

#[tokio::test]
async fn a_password_is_not_taken_in_the_clear() {
    let server = Slapd::start().await.unwrap();
    let mut whoami = Command::new("ldapwhoami");
    whoami.args(["-x", "-H", &server.url(), "-w", FIRST_PASSWORD]);
    whoami.args(["-D", &format!("uid=0123456789,{PEOPLE_DN}")]);
    // RFC 4511: confidentialityRequired.
    let ended = whoami.output().await.unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(13), "{said}");
}
