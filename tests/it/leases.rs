//! What only one process may do at a time, and how far consumers have come.

use crate::world::{Kind, World, on_both};
use std::time::Duration;
use uuid::Uuid;

on_both!(
    one_at_a_time_holds_a_lease,
    a_position_is_kept_and_may_go_back
);

async fn one_at_a_time_holds_a_lease(kind: Kind) {
    let world = World::new(kind).await;
    let (store, span) = (world.store(), Duration::from_mins(1));
    let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let take = async |name: &str, holder| {
        let taken = store.take_lease(name, holder, world.clock.now(), span);
        taken.await.unwrap()
    };
    assert!(take("mail", ours).await);
    assert!(!take("mail", theirs).await);
    assert!(take("archive", theirs).await);
    // Whoever holds it may go on.
    world.clock.advance(Duration::from_secs(40));
    assert!(take("mail", ours).await);
    world.clock.advance(Duration::from_secs(40));
    assert!(!take("mail", theirs).await);
    // Who does not ask again has lost it.
    world.clock.advance(Duration::from_secs(20));
    assert!(take("mail", theirs).await);
    assert!(!take("mail", ours).await);
    // Nobody gives back what is another's.
    store.return_lease("mail", ours).await.unwrap();
    assert!(!take("mail", ours).await);
    store.return_lease("mail", theirs).await.unwrap();
    assert!(take("mail", ours).await);
}

async fn a_position_is_kept_and_may_go_back(kind: Kind) {
    let world = World::new(kind).await;
    let (store, now) = (world.store(), world.clock.now());
    assert_eq!(store.position("archive").await.unwrap(), 0);
    for seq in [5, 9, 2] {
        store.move_position("archive", seq, now).await.unwrap();
        assert_eq!(store.position("archive").await.unwrap(), seq);
        assert_eq!(store.position("webhooks").await.unwrap(), 0);
    }
}
