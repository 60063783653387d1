//! Submitting prepared taps: as fast as 128 companions can, or at a steady rate.

use anyhow::{Context, Result, ensure};
use kazasu_proto::companion::v1 as pb;
use pb::companion_service_client::CompanionServiceClient;
use pb::submit_assertion_response::Outcome;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tonic::transport::Channel;

/// How many submissions are under way at once: enough that the processors are busy while the disk
/// is waited for.
pub(crate) const CONCURRENT: usize = 128;
/// Over how many connections they go, as companions do not share one.
const CONNECTIONS: usize = 8;

/// Taps that are ready to be submitted.
pub(crate) type Taps = Arc<Vec<pb::SubmitAssertionRequest>>;

/// What a server did with a load.
pub(crate) struct Measured {
    /// Accepted submissions a second.
    pub(crate) rate: f64,
    /// How long each took, in ascending order.
    latencies: Vec<Duration>,
}

impl Measured {
    /// The latency that this share of the submissions did not exceed, in milliseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        percentile(&self.latencies, share)
    }
}

/// The value that this share of the sorted durations does not exceed, in milliseconds.
pub(crate) fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    sorted[index.min(sorted.len() - 1)].as_secs_f64() * 1000.0
}

/// Companions connected to one server.
pub(crate) struct Companions {
    clients: Vec<CompanionServiceClient<Channel>>,
}

impl Companions {
    /// Connects to the server at `origin`.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub(crate) async fn connect(origin: &str) -> Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let channel = Channel::from_shared(origin.to_owned())?.connect().await?;
            clients.push(CompanionServiceClient::new(channel));
        }
        Ok(Self { clients })
    }

    /// Submits everything, [`CONCURRENT`] at a time.
    ///
    /// # Errors
    /// If one is not accepted.
    pub(crate) async fn submit_all(&self, taps: &Taps) -> Result<Measured> {
        let next = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        let workers = (0..CONCURRENT).map(|worker| {
            let mut client = self.clients[worker % CONNECTIONS].clone();
            let (taps, next) = (taps.clone(), next.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while let Some(tap) = taps.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let sent = Instant::now();
                    submit(&mut client, tap.clone()).await?;
                    latencies.push(sent.elapsed());
                }
                anyhow::Ok(latencies)
            })
        });
        let workers: Vec<_> = workers.collect();
        let mut latencies = Vec::with_capacity(taps.len());
        for worker in workers {
            latencies.extend(worker.await??);
        }
        Ok(measured(latencies, start.elapsed()))
    }

    /// Submits everything at `rate` a second, whether the server keeps up or not. Latencies count
    /// from when a submission was due.
    ///
    /// # Errors
    /// If one is not accepted.
    pub(crate) async fn submit_at(
        &self,
        rate: f64,
        taps: Vec<pb::SubmitAssertionRequest>,
    ) -> Result<Measured> {
        let (sender, mut due_taps) = mpsc::unbounded_channel();
        // On a thread of its own: the runtime's clock is a thousand times coarser.
        let pacing = std::thread::spawn(move || {
            let start = Instant::now();
            for (number, tap) in taps.into_iter().enumerate() {
                let due = start + Duration::from_secs_f64(number as f64 / rate);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if sender.send((due, tap)).is_err() {
                    break;
                }
            }
            start
        });
        let mut under_way = Vec::new();
        while let Some((due, tap)) = due_taps.recv().await {
            let mut client = self.clients[under_way.len() % CONNECTIONS].clone();
            under_way.push(tokio::spawn(async move {
                submit(&mut client, tap).await?;
                anyhow::Ok(due.elapsed())
            }));
        }
        let start = pacing.join().expect("the pace was kept");
        let mut latencies = Vec::with_capacity(under_way.len());
        for submission in under_way {
            latencies.push(submission.await??);
        }
        Ok(measured(latencies, start.elapsed()))
    }
}

async fn submit(
    client: &mut CompanionServiceClient<Channel>,
    tap: pb::SubmitAssertionRequest,
) -> Result<()> {
    let answer = client.submit_assertion(tap).await?.into_inner();
    let outcome = answer.outcome.context("an outcome")?;
    ensure!(
        matches!(outcome, Outcome::Accepted(_)),
        "a prepared tap was refused: {outcome:?}"
    );
    Ok(())
}

fn measured(mut latencies: Vec<Duration>, elapsed: Duration) -> Measured {
    latencies.sort_unstable();
    Measured {
        rate: latencies.len() as f64 / elapsed.as_secs_f64(),
        latencies,
    }
}
