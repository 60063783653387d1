//! Telling systemd that the service is ready: sd_notify(3), over the socket it names.

use std::env::var_os;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Tells whoever started this process, if they want to know, that it serves.
pub(crate) fn ready() {
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
fn address(name: &[u8]) -> std::io::Result<SocketAddr> {
    match name.split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name),
        _ => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name)),
    }
}
