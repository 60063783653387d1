//! What gRPC alone costs: tonic's own server, answering the verifier's messages in the verifier's
//! sizes, and doing nothing else.

use anyhow::Result;
use kazasu_demo::process::Process;
use kazasu_proto::companion::v1 as pb;
use pb::companion_service_server::{CompanionService, CompanionServiceServer};
use std::net::Ipv4Addr;
use std::path::Path;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// The argument that turns this program into the echo server.
pub(crate) const ARGUMENT: &str = "--echo-server";

/// Starts the server as a process of its own and returns it with its origin.
///
/// # Errors
/// If it does not start.
pub(crate) async fn start(folder: &Path) -> Result<(Process, String)> {
    let mut command = tokio::process::Command::new(std::env::current_exe()?);
    command.arg(ARGUMENT);
    let (process, ready) = Process::start("echo", command, folder).await?;
    let origin = ready["origin"].as_str().unwrap_or_default().to_owned();
    Ok((process, origin))
}

/// Is the server, until killed.
///
/// # Errors
/// If it cannot listen.
#[tokio::main]
pub(crate) async fn serve() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{{\"origin\":\"http://{}\"}}", listener.local_addr()?);
    tonic::transport::Server::builder()
        .add_service(CompanionServiceServer::new(Echo))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await?;
    Ok(())
}

struct Echo;

#[tonic::async_trait]
impl CompanionService for Echo {
    type WatchTransactionStream = tokio_stream::Empty<Result<pb::WatchTransactionResponse, Status>>;

    async fn submit_assertion(
        &self,
        _: Request<pb::SubmitAssertionRequest>,
    ) -> Result<Response<pb::SubmitAssertionResponse>, Status> {
        use pb::submit_assertion_response::Outcome;
        // As long as the verifier's: an origin on loopback, a path, a code of 256 bits.
        let return_url = format!("http://127.0.0.1:65535/return/{}", "x".repeat(43));
        Ok(Response::new(pb::SubmitAssertionResponse {
            outcome: Some(Outcome::Accepted(pb::Accepted { return_url })),
        }))
    }

    async fn claim_ticket(
        &self,
        _: Request<pb::ClaimTicketRequest>,
    ) -> Result<Response<pb::ClaimTicketResponse>, Status> {
        Err(Status::unimplemented("not timed"))
    }

    async fn start_pairing(
        &self,
        _: Request<pb::StartPairingRequest>,
    ) -> Result<Response<pb::StartPairingResponse>, Status> {
        Err(Status::unimplemented("not timed"))
    }

    async fn watch_transaction(
        &self,
        _: Request<pb::WatchTransactionRequest>,
    ) -> Result<Response<Self::WatchTransactionStream>, Status> {
        Err(Status::unimplemented("not timed"))
    }

    async fn begin_assertion(
        &self,
        _: Request<pb::BeginAssertionRequest>,
    ) -> Result<Response<pb::BeginAssertionResponse>, Status> {
        Err(Status::unimplemented("not timed"))
    }

    async fn cancel(
        &self,
        _: Request<pb::CancelRequest>,
    ) -> Result<Response<pb::CancelResponse>, Status> {
        Err(Status::unimplemented("not timed"))
    }
}
