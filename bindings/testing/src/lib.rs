//! The other side of a tap, in the process of an app's own tests: emulated cards, the authority
//! that issues them, a real verifier, and a university's page that asks for the tap. No hardware and
//! no network but loopback. It is a library of its own, so that no app contains it.

mod card;
mod folder;
mod page;
mod university;

pub use card::{EmulatedChannel, TestCard, TestChannelError, TestChannelLimits};
pub use card::{TestExchange, TestFault, TestHolder, TestToken, TestTries};
pub use page::{TestAnswer, TestPage};
pub use university::{TestRequest, TestUniversity, start_university};

use std::future::Future;
use std::sync::OnceLock;
use tokio::runtime::Runtime;

uniffi::setup_scaffolding!();

/// The other side failed: the test is set up wrongly, or the emulator has a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum TestError {
    /// It could not do what was asked.
    #[error("{detail}")]
    Failed {
        /// Why, with every cause.
        detail: String,
    },
}

impl From<anyhow::Error> for TestError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed {
            detail: format!("{error:#}"),
        }
    }
}

/// Servers and browsers run here, so that they go on whatever the caller's own loop does.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a test machine can start threads"))
}

async fn there<T: Send + 'static>(
    work: impl Future<Output = anyhow::Result<T>> + Send + 'static,
) -> Result<T, TestError> {
    let done = runtime().spawn(work).await;
    Ok(done.map_err(anyhow::Error::from)??)
}
