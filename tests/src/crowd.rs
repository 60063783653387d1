//! A crowd that taps without a break while nodes come and go, and what it was told.

use crate::cluster::Cluster;
use crate::taps::{ReadyTap, Stand};
use anyhow::{Context, Result, bail, ensure};
use kazasu_demo::browser::Browser;
use kazasu_demo::relying_party::Answer;
use kazasu_demo::started::Started;
use kazasu_proto::companion::v1 as pb;
use pb::companion_service_client::CompanionServiceClient;
use pb::submit_assertion_response::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use url::Url;

const PEOPLE: usize = 8;
/// Between two tries.
const BREATH: Duration = Duration::from_millis(20);
/// Far more than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// People who tap one after the other.
pub struct Crowd {
    stand: Arc<Stand>,
    stop: Arc<AtomicBool>,
    acknowledged: watch::Receiver<usize>,
    people: Vec<JoinHandle<Result<Told>>>,
}

/// What one or all of them were told.
#[derive(Default)]
pub struct Told {
    /// Acceptances that were answered, and not handed back yet.
    waiting: Vec<Accepted>,
    /// Transactions that were answered with an acceptance, and in the end with an identity.
    transactions: BTreeSet<String>,
    /// The pseudonyms of each card.
    ppids: BTreeMap<usize, BTreeSet<String>>,
    /// Why hand-backs broke off, so that nobody knows whether the code was used.
    unclear: Vec<anyhow::Error>,
}

struct Accepted {
    card: usize,
    started: Started,
    return_url: Url,
}

impl Crowd {
    /// Sends people to the cluster. Each assertion is submitted to every node at once.
    ///
    /// # Errors
    /// If a node listens nowhere.
    pub fn start(cluster: &Cluster) -> Result<Self> {
        let (stop, number) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let (acknowledge, acknowledged) = watch::channel(0);
        let mut people = Vec::new();
        for _ in 0..PEOPLE {
            let person = Person {
                stand: cluster.stand.clone(),
                channel: cluster.channel()?,
                nodes: cluster.channels()?,
                number: number.clone(),
                stop: stop.clone(),
                acknowledge: acknowledge.clone(),
            };
            people.push(tokio::spawn(person.tap_on()));
        }
        Ok(Self {
            stand: cluster.stand.clone(),
            stop,
            acknowledged,
            people,
        })
    }

    /// Waits until so many more taps were answered with an acceptance.
    ///
    /// # Errors
    /// If that takes too long.
    pub async fn wait_for(&mut self, more: usize) -> Result<()> {
        let goal = *self.acknowledged.borrow_and_update() + more;
        let reached = self.acknowledged.wait_for(|count| *count >= goal);
        tokio::time::timeout(PATIENCE, reached)
            .await
            .with_context(|| format!("{goal} acceptances are not reached"))??;
        Ok(())
    }

    /// Sends everybody home.
    ///
    /// # Errors
    /// If somebody was refused.
    pub async fn stop(self) -> Result<Told> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Told::default();
        for person in self.people {
            let told = person.await??;
            all.waiting.extend(told.waiting);
            all.transactions.extend(told.transactions);
            for (card, ppids) in told.ppids {
                all.ppids.entry(card).or_default().extend(ppids);
            }
            all.unclear.extend(told.unclear);
        }
        for accepted in std::mem::take(&mut all.waiting) {
            let card = accepted.card;
            let ppid = hand_back(&self.stand, accepted).await;
            let ppid = ppid.context("an acknowledged acceptance is lost")?;
            all.ppids.entry(card).or_default().insert(ppid);
        }
        Ok(all)
    }
}

impl Told {
    /// Compares what they were told with what is in the database: every acceptance with exactly
    /// one event, no transaction with two, and one pseudonym for each card. Hand-backs may have
    /// broken off in as many `crashes` as there were, one for each person.
    ///
    /// # Errors
    /// What does not agree.
    pub async fn check(&self, cluster: &Cluster, crashes: usize) -> Result<()> {
        let unclear = self.unclear.len();
        ensure!(
            unclear <= crashes * PEOPLE,
            "{unclear} hand-backs broke off: {:?}",
            self.unclear.last()
        );
        let events = cluster.database.accepted().await?;
        for pair in events.windows(2) {
            ensure!(pair[0] != pair[1], "{} was accepted twice", pair[0]);
        }
        for transaction in &self.transactions {
            let found = events.binary_search(transaction).is_ok();
            ensure!(found, "the acceptance of {transaction} is lost");
        }
        for (card, ppids) in &self.ppids {
            ensure!(
                ppids.len() == 1,
                "card {card} has {} pseudonyms",
                ppids.len()
            );
        }
        let subjects = cluster
            .database
            .query("SELECT count(*) FROM subjects")
            .await?;
        ensure!(
            subjects == cluster.stand.cards.len().to_string(),
            "{subjects} subjects for {} cards",
            cluster.stand.cards.len()
        );
        Ok(())
    }
}

struct Person {
    stand: Arc<Stand>,
    channel: Channel,
    nodes: Vec<Channel>,
    /// Counts taps, over everybody.
    number: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    acknowledge: watch::Sender<usize>,
}

impl Person {
    async fn tap_on(self) -> Result<Told> {
        let mut told = Told::default();
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.number.fetch_add(1, Ordering::Relaxed);
            let tap = self.stand.tap(Browser::new(), self.channel.clone(), number);
            // Where a node dies, the person begins again.
            let Ok(tap) = tap.await else {
                tokio::time::sleep(BREATH).await;
                continue;
            };
            let transaction = tap.transaction_id.clone();
            let Some(accepted) = self.submit(number, tap).await? else {
                continue;
            };
            told.transactions.insert(transaction);
            self.acknowledge.send_modify(|count| *count += 1);
            // Every other one comes back only after the storm.
            if number.is_multiple_of(2) {
                told.waiting.push(accepted);
                continue;
            }
            let card = accepted.card;
            match hand_back(&self.stand, accepted).await {
                Ok(ppid) => _ = told.ppids.entry(card).or_default().insert(ppid),
                Err(error) => told.unclear.push(error),
            }
        }
        Ok(told)
    }

    /// Submits to every node at once, and again until one of them answers. `None` if nobody wants
    /// to wait any longer.
    async fn submit(&self, number: usize, tap: ReadyTap) -> Result<Option<Accepted>> {
        let return_url = loop {
            if let Some(return_url) = self.submit_once(&tap).await? {
                break return_url;
            }
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            tokio::time::sleep(BREATH).await;
        };
        Ok(Some(Accepted {
            card: number % self.stand.cards.len(),
            started: tap.started,
            return_url: return_url.parse()?,
        }))
    }

    async fn submit_once(&self, tap: &ReadyTap) -> Result<Option<String>> {
        let answers = self.nodes.iter().map(|node| {
            let mut node = CompanionServiceClient::new(node.clone());
            let submission = tap.submission.clone();
            tokio::spawn(async move { node.submit_assertion(submission).await })
        });
        let answers: Vec<_> = answers.collect();
        let mut return_url = None;
        for answer in answers {
            match answer.await?.map(|answer| answer.into_inner().outcome) {
                Ok(Some(Outcome::Accepted(accepted))) => return_url = Some(accepted.return_url),
                Ok(outcome) => bail!("a good assertion was refused: {outcome:?}"),
                // The node is gone, or its database is.
                Err(_) => {}
            }
        }
        Ok(return_url)
    }
}

/// Brings the code to the browser that started, and redeems what it gets for it.
async fn hand_back(stand: &Stand, accepted: Accepted) -> Result<String> {
    let Accepted {
        mut started,
        return_url,
        ..
    } = accepted;
    let callback = started.browser.open(&return_url).await?.callback()?;
    match stand.party.finish(started.request, &callback).await? {
        Answer::Identity(identity) => Ok(identity.ppid),
        Answer::Refused(error) => bail!("refused: {error}"),
    }
}
