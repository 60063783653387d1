//! Beginning and ending to serve, as whoever started the process is told.

use std::env::var_os;
use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// An address is not free, or not of this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    /// Which address.
    address: SocketAddr,
    /// What the system says.
    source: io::Error,
}

/// Takes an address.
///
/// # Errors
/// [`BindError`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| BindError { address, source })
}

/// Completes when the process is told to end, by SIGTERM or SIGINT.
///
/// # Errors
/// If the process cannot be told about SIGTERM.
pub fn told_to_end() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            // An error means that there is no such signal to wait for; SIGTERM remains.
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("ending after the requests under way");
    })
}

/// Says on standard output, and to the service manager, that the process serves, and on which
/// addresses.
pub fn ready(listen: SocketAddr, admin: Option<SocketAddr>) {
    let mut ready = serde_json::json!({ "ready": true, "listen": listen });
    if let Some(admin) = admin {
        ready["admin"] = serde_json::json!(admin);
    }
    println!("{ready}");
    notify();
}

/// Tells whoever started this process, if they want to know, that it serves: sd_notify(3), over
/// the socket that systemd names.
fn notify() {
    let Some(name) = var_os("NOTIFY_SOCKET") else {
        return;
    };
    let told = address(name.as_bytes())
        .and_then(|address| UnixDatagram::unbound()?.send_to_addr(b"READY=1", &address));
    if let Err(error) = told {
        tracing::warn!(%error, "cannot tell the service manager that this is ready");
    }
}

/// A leading `@` stands for the zero byte of an abstract name.
fn address(name: &[u8]) -> io::Result<UnixAddress> {
    match name.split_first() {
        Some((b'@', name)) => UnixAddress::from_abstract_name(name),
        _ => UnixAddress::from_pathname(OsStr::from_bytes(name)),
    }
}
