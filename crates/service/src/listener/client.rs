//! Who sent a request: the connection's other end, or whom a trusted proxy names.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;

/// The address a request came from; an extension of every request that a
/// [`Listener`](super::Listener) serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Whether `address` is one of the `proxies`.
pub(super) fn is_trusted(proxies: &[IpNet], address: IpAddr) -> bool {
    proxies.iter().any(|net| net.contains(&address))
}

/// An IPv4 address that arrived on an IPv6 socket is that IPv4 address.
pub(super) fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// What counts as one client: an IPv4 address, or the /64 that an IPv6 host picks its addresses from.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(network.into())
        }
        v4 => v4,
    }
}

/// The address behind a connection from `peer`. `X-Forwarded-For` counts from its end, as far as
/// the proxies that wrote it are trusted: what stands before was written by anybody.
pub(super) fn client(headers: &HeaderMap, peer: IpAddr, proxies: &[IpNet]) -> ClientAddress {
    let mut client = peer;
    let lines: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while is_trusted(proxies, client) {
        // The end of the list, or no address: the last proxy is all that is known.
        let Some(Ok(hop)) = hops.next().map(|hop| hop.trim().parse()) else {
            break;
        };
        client = plain(hop);
    }
    ClientAddress(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, lines: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let proxies: Vec<IpNet> = proxies.iter().map(|net| net.parse().unwrap()).collect();
        let ClientAddress(address) = client(&headers, plain(peer.parse().unwrap()), &proxies);
        address.to_string()
    }

    #[test]
    fn a_forwarded_address_of_an_untrusted_peer_is_ignored() {
        assert_eq!(seen("192.0.2.1", &["203.0.113.9"], &[]), "192.0.2.1");
        let elsewhere = ["198.51.100.0/24"];
        assert_eq!(seen("192.0.2.1", &["203.0.113.9"], &elsewhere), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_names_the_client_and_what_the_client_wrote_before_is_ignored() {
        let proxies = ["192.0.2.0/24"];
        let lines = ["10.9.9.9, 203.0.113.9"];
        assert_eq!(seen("192.0.2.1", &lines, &proxies), "203.0.113.9");
        let lines = ["10.9.9.9", "203.0.113.9 , 192.0.2.7"];
        assert_eq!(seen("192.0.2.1", &lines, &proxies), "203.0.113.9");
        assert_eq!(seen("::ffff:192.0.2.1", &lines, &proxies), "203.0.113.9");
        let lines = ["10.9.9.9, 203.0.113.9, ::ffff:192.0.2.7"];
        assert_eq!(seen("192.0.2.1", &lines, &proxies), "203.0.113.9");
    }

    #[test]
    fn what_is_no_address_leaves_the_last_known_proxy() {
        let proxies = ["192.0.2.0/24"];
        for line in ["", "unknown", "203.0.113.9, nonsense", "\u{e9}"] {
            assert_eq!(seen("192.0.2.1", &[line], &proxies), "192.0.2.1", "{line}");
        }
    }
}
