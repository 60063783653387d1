//! The card for vpcd, seen from vpcd's side of the connection.

#![allow(clippy::unwrap_used, reason = "a test ends where its helpers fail")]

use kazasu_emulator::authority::{Authority, AuthorityOptions, KeyAlgorithm};
use kazasu_emulator::card::EmulatedCard;
use kazasu_emulator::field::{Field, SharedCard};
use kazasu_emulator::holder::Holder;
use kazasu_emulator::reader::{VpcdCard, VpcdMode};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OFF: &str = "00";
const ON: &str = "01";
const RESET: &str = "02";
const ATR: &str = "04";
const SELECT_JPKI: &str = "00A4040C0AD392F000260100000001";
const VERIFY: &str = "002000980431323334";
/// Answers 9000 once the PIN is verified.
const IS_VERIFIED: &str = "00200098";

fn card() -> SharedCard {
    let now = 1_800_000_000;
    let issued = Authority::new(AuthorityOptions::default(), now)
        .and_then(|mut authority| authority.enrol("taro", KeyAlgorithm::Rsa2048, now))
        .unwrap();
    let holder = Holder::samples().remove(0);
    Arc::new(Mutex::new(EmulatedCard::new(&holder, &issued).unwrap()))
}

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

async fn send(stream: &mut TcpStream, message: &str) {
    let message = hex::decode(message).unwrap();
    stream.write_u16(message.len() as u16).await.unwrap();
    stream.write_all(&message).await.unwrap();
}

async fn ask(stream: &mut TcpStream, message: &str) -> String {
    send(stream, message).await;
    let length = stream.read_u16().await.unwrap();
    let mut answer = vec![0; length.into()];
    stream.read_exact(&mut answer).await.unwrap();
    hex::encode_upper(answer)
}

#[tokio::test]
async fn vpcd_sees_a_card_come_and_go() {
    let vpcd = TcpListener::bind(any_port()).await.unwrap();
    let field = Field::new();
    let mode = VpcdMode::Connect(vpcd.local_addr().unwrap());
    let _card = VpcdCard::start(mode, field.clone()).await.unwrap();

    field.present(card());
    let (mut stream, _) = vpcd.accept().await.unwrap();
    assert_eq!(ask(&mut stream, ATR).await, "3B888001000005E0B381A1007F");
    send(&mut stream, ON).await;
    assert_eq!(ask(&mut stream, SELECT_JPKI).await, "9000");

    let card = field.remove().unwrap();
    assert!(
        stream.read_u16().await.is_err(),
        "the connection ends with the card"
    );
    field.present(card);
    let (mut stream, _) = vpcd.accept().await.unwrap();
    send(&mut stream, ON).await;
    assert_eq!(ask(&mut stream, SELECT_JPKI).await, "9000");
}

#[tokio::test]
async fn a_verified_pin_survives_a_reset_but_not_a_loss_of_power() {
    let field = Field::new();
    field.present(card());
    let mode = VpcdMode::Listen(any_port());
    let card = VpcdCard::start(mode, field).await.unwrap();
    let mut stream = TcpStream::connect(card.address()).await.unwrap();

    send(&mut stream, ON).await;
    assert_eq!(ask(&mut stream, SELECT_JPKI).await, "9000");
    assert_eq!(ask(&mut stream, VERIFY).await, "9000");
    send(&mut stream, RESET).await;
    assert_eq!(ask(&mut stream, SELECT_JPKI).await, "9000");
    assert_eq!(ask(&mut stream, IS_VERIFIED).await, "9000");
    send(&mut stream, OFF).await;
    send(&mut stream, ON).await;
    assert_eq!(ask(&mut stream, SELECT_JPKI).await, "9000");
    assert_eq!(ask(&mut stream, IS_VERIFIED).await, "63C3");
}

#[tokio::test]
async fn the_check_byte_of_the_atr_is_right() {
    let field = Field::new();
    field.present(card());
    let card = VpcdCard::start(VpcdMode::Listen(any_port()), field)
        .await
        .unwrap();
    let mut stream = TcpStream::connect(card.address()).await.unwrap();
    let atr = hex::decode(ask(&mut stream, ATR).await).unwrap();
    assert_eq!(atr[1..].iter().fold(0, |sum, byte| sum ^ byte), 0);
}
