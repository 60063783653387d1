//! Which key signs ID tokens.

use crate::harness::{CODE_VERIFIER, REDIRECT_URI};
use crate::world::World;
use kazasu_service::secret::SecretText;
use kazasu_verifier::{KeyKind, KeySource, KeyStore};
use std::collections::BTreeSet;

const DAY: i64 = 86_400;

/// The key that signs for the portal now.
async fn signs(world: &World) -> String {
    let mut claimed = world.claimed("other-device").await;
    claimed.accepted(&world.card("taro")).await.unwrap();
    let code = claimed.code().await;
    let token = world.token("portal", REDIRECT_URI, &code, CODE_VERIFIER);
    let header = jsonwebtoken::decode_header(token.await.unwrap()).unwrap();
    header.kid.unwrap()
}

async fn shown(world: &World) -> BTreeSet<String> {
    let keys = world.jwks().await.keys.into_iter();
    keys.map(|key| key.common.key_id.unwrap()).collect()
}

/// A key of which the file says that it is used at once.
fn place_by_hand(world: &World) {
    let file = world.server.folder.path().join("keys.toml");
    let store = KeyStore::open(&KeySource::Text(SecretText::File(file))).unwrap();
    store.rotate(KeyKind::SigningEs256, 0).unwrap();
}

#[tokio::test]
async fn a_key_placed_by_hand_signs_once_relying_parties_could_see_it_for_a_day() {
    let world = World::start().await;
    let first = signs(&world).await;
    world.server.pass(10 * DAY);
    place_by_hand(&world);
    let world = world.restart().await;
    assert_eq!(signs(&world).await, first);
    assert_eq!(shown(&world).await.len(), 3, "both, and the one for RS256");
    // Starting again, or another node, does not begin anew.
    world.server.pass(DAY - 1);
    let world = world.restart().await;
    let node = world.another_node().await;
    assert_eq!(signs(&node).await, first);
    world.server.pass(1);
    let second = signs(&world).await;
    assert_ne!(second, first);
    assert_eq!(signs(&node).await, second);
    assert!(shown(&world).await.is_superset(&[first, second].into()));
}
