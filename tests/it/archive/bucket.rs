//! An archive in a bucket: a small store on the loopback interface that keeps what is put, and fails as it is told.

use super::{archive, around_midnight, catch_up};
use crate::world::{Kind, World, on_both};
use auditgraph::deliver::archive;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

on_both!(c38_a_bucket_holds_the_same_files_after_failures);

#[derive(Default)]
struct Kept {
    objects: BTreeMap<String, Bytes>,
    /// Answers to come before anything works.
    failures: Vec<StatusCode>,
    puts: usize,
}

type Bucket = Arc<Mutex<Kept>>;

async fn answer(
    State(bucket): State<Bucket>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    (
        decide(&bucket, &method, &uri, &headers, body),
        [("etag", "\"1\"")],
    )
}

fn decide(
    bucket: &Bucket,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut bucket = bucket.lock().unwrap();
    let signed = headers["authorization"].to_str().unwrap();
    let expected = "AWS4-HMAC-SHA256 Credential=key-id/";
    if !signed.starts_with(expected)
        || !signed.contains("/eu-test-1/s3/aws4_request")
        || !signed.contains("Signature=")
    {
        return StatusCode::FORBIDDEN;
    }
    if let Some(failure) = bucket.failures.pop() {
        return failure;
    }
    let name = percent_encoding::percent_decode_str(uri.path());
    let name = name.decode_utf8().unwrap().into_owned();
    match *method {
        Method::PUT => {
            bucket.puts += 1;
            bucket.objects.insert(name, body);
            StatusCode::OK
        }
        // Who may only add gets no further.
        _ => StatusCode::FORBIDDEN,
    }
}

async fn c38_a_bucket_holds_the_same_files_after_failures(kind: Kind) {
    let mut world = World::new(kind).await;
    let bucket = Bucket::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&bucket));
    let stop = world.stop.clone();
    world.tasks.spawn(async move {
        let served = axum::serve(listener, routes);
        tokio::select! {
            served = async { served.await } => served.unwrap(),
            () = stop.cancelled() => {}
        }
    });
    let settings = format!(
        "[archive]\nbucket = \"audit\"\nurl = \"http://{address}\"\nregion = \"eu-test-1\"\nprefix = \"a/b\"\n\
         access_key_id = \"key-id\"\nsecret_access_key = \"secret\"\n"
    );
    let settings: auditgraph::config::Config = settings.parse().unwrap();
    world.config.archive = settings.archive;
    world.append(around_midnight()).await;
    let writes = archive(&world, 1);
    let consumer = format!("archive/bucket audit at http://{address} in a/b");
    for (failure, told) in [
        (StatusCode::SERVICE_UNAVAILABLE, "503"),
        (StatusCode::FORBIDDEN, "403"),
        (StatusCode::INSUFFICIENT_STORAGE, "507"),
    ] {
        bucket.lock().unwrap().failures = vec![failure];
        let error = writes.turn().await.unwrap_err().to_string();
        assert!(
            error.contains(told) && error.contains("bucket audit"),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
        assert_eq!(world.store().position(&consumer).await.unwrap(), 0);
        // Requests that were under way when one failed have been given up, or have come.
        bucket.lock().unwrap().failures.clear();
    }
    catch_up(&writes).await;
    assert_eq!(world.store().position(&consumer).await.unwrap(), 5);
    {
        let kept = bucket.lock().unwrap();
        assert_eq!(kept.objects.len(), 10);
        let first = &kept.objects["/audit/a/b/2026/11/18/first.json"];
        assert_eq!(first, r#"{"id":"first"}"#.as_bytes());
        assert!(
            kept.objects
                .contains_key("/audit/a/b/2026/11/17/zoned.meta.json")
        );
        assert!(kept.puts >= 10);
    }
    // Nobody has to be allowed to delete.
    let checked = archive::check(&world.config.archive)
        .await
        .unwrap()
        .unwrap();
    assert!(checked.ends_with("in a/b can be written"), "{checked}");
    bucket.lock().unwrap().failures = vec![StatusCode::FORBIDDEN; 2];
    let refused = archive::check(&world.config.archive).await.unwrap_err();
    assert!(refused.to_string().contains("403"), "{refused}");
}
