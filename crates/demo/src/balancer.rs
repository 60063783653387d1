//! A balancer in front of several nodes: each connection goes to the next node that takes it, and
//! ends with it. Clients connect again and find another.

use anyhow::Result;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A running balancer.
pub struct Balancer {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    nodes: Vec<SocketAddr>,
    /// The number of the next connection.
    next: usize,
    /// Dropping it ends them all.
    connections: JoinSet<()>,
}

impl Balancer {
    /// Listens, with no node behind it yet.
    ///
    /// # Errors
    /// If the machine has no free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Mutex::new(Shared::default()));
        let server = tokio::spawn(serve(listener, shared.clone()));
        Ok(Self {
            address,
            shared,
            server,
        })
    }

    /// Sends new connections to these nodes in turn, and cuts off those there are.
    pub fn forward_to(&self, nodes: &[SocketAddr]) {
        let mut shared = self.shared.lock().expect("no holder panics");
        shared.nodes = nodes.to_vec();
        shared.connections = JoinSet::new();
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.server.abort();
        self.forward_to(&[]);
    }
}

async fn serve(listener: TcpListener, shared: Arc<Mutex<Shared>>) {
    while let Ok((client, _)) = listener.accept().await {
        let mut guard = shared.lock().expect("no holder panics");
        guard.next += 1;
        let mut nodes = guard.nodes.clone();
        let turn = guard.next % nodes.len().max(1);
        nodes.rotate_left(turn);
        while guard.connections.try_join_next().is_some() {}
        guard.connections.spawn(connect(client, nodes));
    }
}

/// Joins a client to the first node that answers; without one the client is cut off.
async fn connect(mut client: TcpStream, nodes: Vec<SocketAddr>) {
    for node in nodes {
        if let Ok(mut server) = TcpStream::connect(node).await {
            // Two connections in a row would wait for each other's acknowledgements.
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            // An error is one side gone, and so is the end.
            let _ = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpSocket;

    /// A node that says its number to everybody.
    async fn node(number: u8) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                client.write_all(&[number]).await.unwrap();
            }
        });
        address
    }

    async fn ask(balancer: &Balancer) -> Option<u8> {
        let mut connection = TcpStream::connect(balancer.address).await.unwrap();
        connection.read_u8().await.ok()
    }

    #[tokio::test]
    async fn nodes_take_turns_and_a_dead_one_is_passed_over() {
        let balancer = Balancer::start().await.unwrap();
        assert_eq!(ask(&balancer).await, None);
        let (one, two) = (node(1).await, node(2).await);
        balancer.forward_to(&[one, two]);
        let (first, second) = (ask(&balancer).await, ask(&balancer).await);
        let mut both = [first.unwrap(), second.unwrap()];
        both.sort_unstable();
        assert_eq!(both, [1, 2]);
        // Its port is taken, so that nobody else answers there, and nothing listens.
        let dead = TcpSocket::new_v4().unwrap();
        dead.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        balancer.forward_to(&[one, dead.local_addr().unwrap()]);
        for _ in 0..4 {
            assert_eq!(ask(&balancer).await, Some(1));
        }
    }
}
