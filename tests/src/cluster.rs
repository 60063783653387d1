//! Nodes of one verifier behind a balancer, on one database.

use crate::engine::{Database, Engine};
use crate::taps::{self, SigningCard, Stand};
use anyhow::{Context, Result};
use kazasu_demo::balancer::Balancer;
use kazasu_demo::relying_party::Registration;
use kazasu_demo::verifier::{Setup, Verifier};
use kazasu_emulator::authority::{self, Authority, AuthorityOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::transport::Channel;

const CARDS: usize = 4;

/// Tables of a verifier whose limits are watched but never met: a few cards tap for many people.
pub const FAR_LIMITS: &str = "[limits]
address = { per_minute = 4_000_000, burst = 1_000_000 }
relying_party = { per_minute = 4_000_000, burst = 1_000_000 }
credential = { per_minute = 4_000_000, burst = 1_000_000 }
";

/// The authority that every verifier of a test trusts, on HTTP, and the cards it issued.
pub struct Trusted {
    /// Its address.
    pub address: String,
    /// Its certificate.
    pub anchor: Vec<u8>,
    /// Its cards.
    pub cards: Arc<Vec<SigningCard>>,
}

impl Trusted {
    /// Issues cards and starts the authority.
    ///
    /// # Errors
    /// If no key can be made.
    pub async fn start(cards: usize) -> Result<Self> {
        let clock = authority::system_clock();
        let mut authority = Authority::new(AuthorityOptions::default(), clock())?;
        let cards = Arc::new(taps::issue(&mut authority, cards, clock())?);
        let anchor = authority.ca_certificate(1).context("it has one")?.to_vec();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let router = authority::router(Arc::new(Mutex::new(authority)), clock);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self {
            address,
            anchor,
            cards,
        })
    }
}

/// Nodes of one verifier.
pub struct Cluster {
    /// The nodes.
    pub nodes: Vec<Verifier>,
    /// In front of them; its address is the verifier's.
    pub balancer: Balancer,
    /// Behind them.
    pub database: Database,
    /// Where people tap.
    pub stand: Arc<Stand>,
    /// The nodes' logs and keys; removed with the cluster.
    pub folder: TempDir,
}

impl Cluster {
    /// Starts `nodes` nodes.
    ///
    /// # Errors
    /// If a party does not start.
    pub async fn start(engine: Engine, nodes: usize) -> Result<Self> {
        let folder = TempDir::new()?;
        let database = Database::new(engine, folder.path()).await?;
        Self::start_on(database, nodes, folder).await
    }

    /// Starts `nodes` nodes on this database, with their other files in `folder`.
    ///
    /// # Errors
    /// If a party does not start.
    pub async fn start_on(database: Database, nodes: usize, folder: TempDir) -> Result<Self> {
        let trusted = Trusted::start(CARDS).await?;
        let balancer = Balancer::start().await?;
        let origin = format!("http://{}", balancer.address);
        let tables = format!("{FAR_LIMITS}\n[admin]\nlisten = \"127.0.0.1:0\"\n");
        let parties = [Registration::new(
            "portal",
            "https://portal.example/callback",
        )?];
        let mut started = Vec::new();
        for number in 0..nodes {
            let (name, database) = (format!("node-{number}"), database.configured());
            let node = Verifier::start_with(Setup {
                name: &name,
                authority: &trusted.address,
                anchor: &trusted.anchor,
                relying_parties: &parties,
                folder: folder.path(),
                database: &database,
                origin: Some(&origin),
                log: "info",
                revocation: "",
                tables: &tables,
                lifetimes: "",
            });
            started.push(node.await?);
        }
        balancer.forward_to(&addresses(&started)?);
        let [party] = parties;
        let stand = Stand {
            party: party.connect(&origin).await?,
            origin,
            cards: trusted.cards,
        };
        Ok(Self {
            nodes: started,
            balancer,
            database,
            stand: Arc::new(stand),
            folder,
        })
    }

    /// What a node has logged.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn log(&self, node: usize) -> Result<String> {
        let log = self.folder.path().join(format!("node-{node}.log"));
        Ok(std::fs::read_to_string(log)?)
    }

    /// What a node's second port says of whether it is ready.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn is_ready(&self, node: usize) -> Result<bool> {
        let admin = self.nodes[node].admin.as_deref().context("a second port")?;
        let answer = reqwest::get(format!("http://{admin}/health/ready")).await?;
        Ok(answer.status().is_success())
    }

    /// Sends everybody to these nodes only.
    ///
    /// # Errors
    /// If a node listens nowhere.
    pub fn go_to(&self, nodes: &[usize]) -> Result<()> {
        let addresses = addresses(&self.nodes)?;
        let chosen: Vec<_> = nodes.iter().map(|node| addresses[*node]).collect();
        self.balancer.forward_to(&chosen);
        Ok(())
    }

    /// A companion's connection to whichever node the balancer chooses; made when it is needed,
    /// and again when it broke.
    ///
    /// # Errors
    /// If the origin is no address.
    pub fn channel(&self) -> Result<Channel> {
        Ok(Channel::from_shared(self.stand.origin.clone())?.connect_lazy())
    }

    /// The same to each node, past the balancer.
    ///
    /// # Errors
    /// If a node listens nowhere.
    pub fn channels(&self) -> Result<Vec<Channel>> {
        let nodes = addresses(&self.nodes)?.into_iter();
        nodes
            .map(|node| Ok(Channel::from_shared(format!("http://{node}"))?.connect_lazy()))
            .collect()
    }
}

fn addresses(nodes: &[Verifier]) -> Result<Vec<SocketAddr>> {
    nodes.iter().map(|node| Ok(node.listen.parse()?)).collect()
}
