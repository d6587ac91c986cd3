//! Several processes on one SQLite file: one writes the log, small things may happen beside it.

use crate::world::{Kind, World};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use std::process::{Command, Output, Stdio};

fn auditgraph(world: &World, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_auditgraph"))
        .args(arguments)
        .args(["--database-url", &world.database.url])
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test]
async fn a_second_writer_is_refused() {
    let world = World::new(Kind::Sqlite).await;
    for arguments in [
        &["sync", "--once"][..],
        &["import", "-"],
        &["serve", "--listen", "127.0.0.1:0"],
        &["migrate"],
    ] {
        let refused = auditgraph(&world, arguments);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success(), "{arguments:?}");
        assert!(
            said.contains("is in use by another auditgraph process; stop that one first"),
            "{arguments:?}: {said}"
        );
    }
}

#[tokio::test]
async fn a_token_is_made_beside_a_writer() {
    let world = World::new(Kind::Sqlite).await;
    let made = ["token", "create", "--role", "administrator", "--name", "me"];
    let made = auditgraph(&world, &made);
    assert!(made.status.success(), "{made:?}");
    let tokens = world.store().tokens().await.unwrap();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].name, "me");
    let revoked = auditgraph(&world, &["token", "revoke", "me"]);
    assert!(revoked.status.success(), "{revoked:?}");
    // Both are in the log, which a server beside it reads on from.
    let query = "{ events(orderBy: {field: RECORDED, direction: ASC}) { nodes {
        action { code } target { type name } method actor { name } changes { field to } } } }";
    let told = &world.data(query).await["events"]["nodes"];
    let token = json!({"type": "token", "name": "me"});
    assert_eq!(
        *told,
        json!([
            {"action": {"code": "token.created"}, "target": token, "method": "command line", "actor": null,
                "changes": [{"field": "role", "to": "administrator"}]},
            {"action": {"code": "token.revoked"}, "target": token, "method": "command line", "actor": null, "changes": []},
        ])
    );
}

#[tokio::test]
async fn the_file_has_a_write_ahead_log() {
    let world = World::new(Kind::Sqlite).await;
    let mut plain = SqliteConnection::connect(&world.database.url)
        .await
        .unwrap();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut plain)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
}
