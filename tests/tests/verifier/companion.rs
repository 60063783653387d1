//! The companion against a verifier that is not the pinned one.

use crate::world::World;
use kazasu_companion::{CompanionError, Deployment, Ticket, Transaction};
use tonic::transport::Endpoint;

#[tokio::test]
async fn a_verifier_that_is_not_the_pinned_one_is_not_trusted() {
    let world = World::start().await;
    // The same verifier, under a name that is not its own.
    let port = world.server.origin.rsplit_once(':').unwrap().1;
    let ticket_origin = format!("http://localhost:{port}");
    for (pinned, trusted) in [(&ticket_origin, false), (&world.server.origin, true)] {
        let (_, _, ticket) = world.server.ticket("same-phone").await;
        let deployment = Deployment::new(&ticket_origin, pinned).unwrap();
        let ticket = Ticket::parse(&format!("{ticket_origin}/t/{ticket}"), &[deployment]).unwrap();
        let channel = Endpoint::from_shared(world.server.origin.clone()).unwrap();
        let claimed = Transaction::claim(channel.connect().await.unwrap(), &ticket).await;
        match claimed {
            Ok(_) => assert!(trusted),
            Err(error) => assert!(matches!(error, CompanionError::WrongVerifier) && !trusted),
        }
    }
}
