//! The tap, start to finish: ticket → consent → pairing → card → assertion → outcome.
//!
//! The caller brings what differs between a phone, a daemon and a terminal: the gRPC channel, the
//! channel to the card, the PINs, and what the person sees. The order and the rules are here, once.
//!
//! ```no_run
//! # async fn example(
//! #     grpc: tonic::transport::Channel, card: impl kazasu_card::Transceive, pins: kazasu_companion::Pins,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! use kazasu_companion::{Deployment, Outcome, Ticket, Transaction};
//!
//! let deployment = Deployment::new("https://tap.example", "https://verifier.example")?;
//! let ticket = Ticket::parse("https://tap.example/t/0123456789abcdefghijkl", &[deployment])?;
//! let mut transaction = Transaction::claim(grpc, &ticket).await?;
//! println!("{:?}", transaction.details()); // the person reads this and agrees, or:
//! // transaction.cancel().await?;
//! if transaction.needs_pairing() {
//!     let pairing = transaction.start_pairing().await?;
//!     println!("type {} into the page", pairing.digits);
//!     transaction.wait_until_paired().await?;
//! }
//! let mut card = kazasu_card::Card::new(card);
//! match transaction.tap(&mut card, &pins, &mut |step| println!("{step:?}")).await? {
//!     Outcome::Accepted { return_url } => println!("done: {return_url:?}"),
//!     Outcome::Rejected(reason) => println!("refused: {reason}"),
//! }
//! # Ok(())
//! # }
//! ```

mod details;
mod error;
mod tap;
mod ticket;
mod transaction;

pub use details::{Details, RelyingParty};
pub use error::CompanionError;
pub use tap::{Pins, Step};
pub use ticket::{Deployment, DeploymentError, Ticket, TicketError};
pub use transaction::{Outcome, Pairing, Resumed, Transaction};
