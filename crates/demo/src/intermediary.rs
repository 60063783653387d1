//! Somebody between companion and verifier: passes every call on, keeps what was submitted, and
//! changes it if told to. It shows what the card's signature protects.

use anyhow::Result;
use kazasu_proto::companion::v1 as pb;
use pb::companion_service_client::CompanionServiceClient;
use pb::companion_service_server::{CompanionService, CompanionServiceServer};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

/// A running intermediary.
pub struct Intermediary {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
}

#[derive(Default)]
struct Shared {
    submitted: Mutex<Option<pb::SubmitAssertionRequest>>,
    name: Mutex<Option<String>>,
}

impl Intermediary {
    /// Stands in front of the verifier at `origin`.
    ///
    /// # Errors
    /// If the verifier cannot be reached.
    pub async fn start(origin: &str) -> Result<Self> {
        let upstream = Channel::from_shared(origin.to_owned())?.connect().await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let service = Forwarding {
            upstream: CompanionServiceClient::new(upstream),
            shared: shared.clone(),
        };
        let server = tokio::spawn(
            Server::builder()
                .add_service(CompanionServiceServer::new(service))
                .serve_with_incoming(TcpListenerStream::new(listener)),
        );
        Ok(Self {
            address,
            shared,
            server,
        })
    }

    /// Puts this name into the next submission, instead of the one that was signed.
    pub fn change_name(&self, name: &str) {
        *self.shared.name.lock().expect("no holder panics") = Some(name.to_owned());
    }

    /// The last assertion that passed through.
    pub fn submitted(&self) -> Option<pb::SubmitAssertionRequest> {
        self.shared
            .submitted
            .lock()
            .expect("no holder panics")
            .clone()
    }
}

impl Drop for Intermediary {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Forwarding {
    upstream: CompanionServiceClient<Channel>,
    shared: Arc<Shared>,
}

#[tonic::async_trait]
impl CompanionService for Forwarding {
    type WatchTransactionStream = Streaming<pb::WatchTransactionResponse>;

    async fn claim_ticket(
        &self,
        request: Request<pb::ClaimTicketRequest>,
    ) -> Result<Response<pb::ClaimTicketResponse>, Status> {
        self.upstream.clone().claim_ticket(request).await
    }

    async fn start_pairing(
        &self,
        request: Request<pb::StartPairingRequest>,
    ) -> Result<Response<pb::StartPairingResponse>, Status> {
        self.upstream.clone().start_pairing(request).await
    }

    async fn watch_transaction(
        &self,
        request: Request<pb::WatchTransactionRequest>,
    ) -> Result<Response<Self::WatchTransactionStream>, Status> {
        self.upstream.clone().watch_transaction(request).await
    }

    async fn begin_assertion(
        &self,
        request: Request<pb::BeginAssertionRequest>,
    ) -> Result<Response<pb::BeginAssertionResponse>, Status> {
        self.upstream.clone().begin_assertion(request).await
    }

    async fn submit_assertion(
        &self,
        request: Request<pb::SubmitAssertionRequest>,
    ) -> Result<Response<pb::SubmitAssertionResponse>, Status> {
        let mut assertion = request.into_inner();
        *self.shared.submitted.lock().expect("no holder panics") = Some(assertion.clone());
        if let Some(name) = self.shared.name.lock().expect("no holder panics").take() {
            assertion.name = name;
        }
        self.upstream.clone().submit_assertion(assertion).await
    }

    async fn cancel(
        &self,
        request: Request<pb::CancelRequest>,
    ) -> Result<Response<pb::CancelResponse>, Status> {
        self.upstream.clone().cancel(request).await
    }
}
