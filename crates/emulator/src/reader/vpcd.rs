//! The card for vpcd, the virtual PC/SC reader of the vsmartcard project: two bytes of length,
//! then a control byte or an APDU.

use crate::field::{Activation, Field, Reply, Start};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Control messages: one byte long (vsmartcard's `vpcd.h`).
const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const ATR: u8 = 4;

/// How long to wait before asking again for a vpcd that is not there yet.
const RETRY: Duration = Duration::from_millis(100);

/// Who connects to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VpcdMode {
    /// The card connects to a vpcd that listens.
    Connect(SocketAddr),
    /// The card listens, for a vpcd configured to connect. Such a vpcd (3.3 was tried) connects
    /// once, to this port and to the next one for its second slot, and takes pcscd down with it
    /// when either connection fails or ends; the other mode has no such trouble.
    Listen(SocketAddr),
}

/// The card in a field, as vpcd sees it. A connection stands only while a card is in the field:
/// that is how vpcd knows. It stops when it is dropped.
#[derive(Debug)]
pub struct VpcdCard {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl VpcdCard {
    /// Starts on the current Tokio runtime.
    ///
    /// # Errors
    /// In listen mode, what the system says when the address cannot be bound.
    pub async fn start(mode: VpcdMode, field: Field) -> io::Result<Self> {
        let (address, task) = match mode {
            VpcdMode::Connect(address) => (address, tokio::spawn(connect(address, field))),
            VpcdMode::Listen(address) => {
                let listener = TcpListener::bind(address).await?;
                (
                    listener.local_addr()?,
                    tokio::spawn(listen(listener, field)),
                )
            }
        };
        Ok(Self { address, task })
    }

    /// The address connected to, or listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for VpcdCard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connect(address: SocketAddr, field: Field) {
    loop {
        until_card(&field).await;
        match TcpStream::connect(address).await {
            Ok(stream) => serve_and_report(stream, &field).await,
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

async fn listen(listener: TcpListener, field: Field) {
    loop {
        until_card(&field).await;
        match listener.accept().await {
            Ok((stream, _)) => serve_and_report(stream, &field).await,
            Err(error) => {
                tracing::warn!(%error, "no connection from vpcd");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

async fn until_card(field: &Field) {
    let mut changes = field.changes();
    while !field.has_one_card() {
        // The field outlives its own subscriber, so this ends only with a change.
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Returns when there is no card any more.
async fn until_no_card(field: &Field) {
    let mut changes = field.changes();
    while field.has_one_card() {
        if changes.changed().await.is_err() {
            return;
        }
    }
}

async fn serve_and_report(stream: TcpStream, field: &Field) {
    let result = tokio::select! {
        result = serve(stream, field) => result,
        () = until_no_card(field) => Ok(()),
    };
    field.power_off();
    if let Err(error) = result {
        tracing::debug!(%error, "vpcd closed the connection");
    }
}

async fn serve(mut stream: TcpStream, field: &Field) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut activation: Option<Activation> = None;
    loop {
        // The kernel leaves this mode by itself, so it is asked for before every message; without
        // it each exchange waits 40 ms for a delayed acknowledgement.
        #[cfg(target_os = "linux")]
        stream.set_quickack(true)?;
        let length = stream.read_u16().await?;
        let mut message = vec![0; usize::from(length)];
        stream.read_exact(&mut message).await?;
        match *message {
            [POWER_OFF] => {
                activation = None;
                field.power_off();
            }
            [POWER_ON] => activation = field.activate(Start::Cold),
            [RESET] => activation = field.activate(Start::Warm),
            [ATR] => {
                let Some(info) = field.protocol_info() else {
                    return Ok(());
                };
                send(&mut stream, &atr(info)).await?;
            }
            _ => {
                let Some(answer) = exchange(field, activation, &message).await else {
                    return Ok(());
                };
                send(&mut stream, &answer).await?;
            }
        }
    }
}

/// PC/SC ATR of a contactless type B card (PC/SC part 3 §3.1.3.2.3): 3B 88 80 01, the application
/// data and protocol info of the ATQB, a byte for MBLI, and the check byte.
fn atr(protocol_info: [u8; 7]) -> Vec<u8> {
    let mut atr = vec![0x3B, 0x88, 0x80, 0x01];
    atr.extend(protocol_info);
    atr.push(0x00);
    // The check byte covers all but the first (ISO/IEC 7816-3 §8.2.5).
    atr.push(atr[1..].iter().fold(0, |sum, byte| sum ^ byte));
    atr
}

/// The card's answer; nothing if it left, which ends the connection.
async fn exchange(field: &Field, activation: Option<Activation>, apdu: &[u8]) -> Option<Vec<u8>> {
    match field.exchange(activation?, apdu) {
        Reply::Lost => None,
        Reply::Answer { bytes, delay, .. } => {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            Some(bytes)
        }
    }
}

async fn send(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend_from_slice(message);
    stream.write_all(&bytes).await
}
