//! How one request fares against an upstream that limits, breaks, lies and leads astray.

use crate::upstream::{SECRET, Upstream, blank, clock, cut, json, status};
use auditgraph::clock::Clock;
use auditgraph::source::http::{Bucket, Call, CallError, Credential, Http};
use auditgraph::source::{Retry, SourceError};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::time::Duration;

struct Client {
    http: Http,
    bucket: Bucket,
}

fn client(upstream: &Upstream, clock: &Clock) -> Client {
    let config = upstream.config("");
    Client {
        http: Http::new(
            "organization",
            &upstream.url.parse().unwrap(),
            Credential::Bearer(SECRET.to_owned().into()),
            "Ask for a better key",
            &config.http_client,
            clock.clone(),
        )
        .unwrap(),
        bucket: Bucket::new(100_000, Duration::from_mins(1), clock),
    }
}

impl Client {
    async fn get(&self, url: url::Url) -> Result<Value, SourceError> {
        let call = Call {
            what: "the list",
            url,
            body: None,
            bucket: &self.bucket,
        };
        let answer: Result<Value, CallError> = self.http.fetch(call).await;
        answer.map_err(SourceError::from)
    }

    async fn list(&self) -> Result<Value, SourceError> {
        self.get(self.http.url(&["list"], &[("q", "a&b")])).await
    }
}

fn good() -> Response {
    json(&json!({"ok": true}))
}

/// What comes of an upstream that answers `bad` the first `times` times, how often it was asked, and how long it took.
async fn after(
    times: usize,
    bad: impl Fn() -> Response + Send + Sync + 'static,
) -> (Result<Value, SourceError>, usize, Duration) {
    let clock = clock();
    let script = move |_: &_, before| if before < times { bad() } else { good() };
    let upstream = Upstream::start(&clock, script).await;
    let start = clock.now();
    let answer = client(&upstream, &clock).list().await;
    (answer, upstream.count(), clock.now().since(start))
}

#[tokio::test]
async fn upstream_says_how_long_to_wait() {
    let cases = [
        (429, "retry-after", "17", 17),
        (429, "retry-after", "Fri, 20 Nov 2026 09:00:40 GMT", 40),
        (503, "retry-after", "5", 5),
        (429, "x-ratelimit-reset", "2026-11-20T09:00:30Z", 30),
    ];
    for (code, header, value, seconds) in cases {
        let limited = move || ([(header, value)], status(code, "")).into_response();
        let (answer, asked, waited) = after(1, limited).await;
        assert_eq!(answer.unwrap(), json!({"ok": true}), "{header}: {value}");
        assert_eq!(
            (asked, waited),
            (2, Duration::from_secs(seconds)),
            "{header}: {value}"
        );
    }
}

#[tokio::test]
async fn waits_are_counted_by_the_server_clock() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, before| {
        if before > 0 {
            return good();
        }
        let mut response = status(429, "");
        for (name, value) in [
            ("date", "Fri, 20 Nov 2026 12:00:00 GMT"),
            ("x-ratelimit-reset", "2026-11-20T12:00:20Z"),
        ] {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    })
    .await;
    let (client, start) = (client(&upstream, &clock), clock.now());
    let call = client.list();
    call.await.unwrap();
    assert_eq!(clock.now().since(start), Duration::from_secs(20));
    assert_eq!(client.http.server_now(), clock.now());
}

#[tokio::test]
async fn without_a_hint_waits_grow_with_jitter() {
    let (answer, asked, waited) = after(3, || status(503, "busy")).await;
    answer.unwrap();
    assert_eq!(asked, 4);
    assert!(
        waited >= Duration::from_secs(7) && waited <= Duration::from_secs(14),
        "{waited:?}"
    );
}

#[tokio::test]
async fn a_wait_that_is_too_long_ends_the_run() {
    for code in [429, 503] {
        let limited = move || {
            let mut response = status(code, "");
            response
                .headers_mut()
                .insert("retry-after", "3600".parse().unwrap());
            response
        };
        let (answer, asked, waited) = after(9, limited).await;
        let error = answer.unwrap_err();
        assert!(matches!(error, SourceError::RateLimited { .. }), "{error}");
        assert_eq!(error.retry(), Retry::After(Duration::from_hours(1)));
        assert_eq!((asked, waited), (1, Duration::ZERO));
    }
}

#[tokio::test]
async fn an_upstream_that_stays_down_is_given_up() {
    for code in [500, 502, 503, 504] {
        let (answer, asked, _) = after(99, move || status(code, r#"{"message":"down"}"#)).await;
        let error = answer.unwrap_err().to_string();
        assert_eq!(
            error,
            format!("the list failed after 6 attempts: status {code}: down")
        );
        assert_eq!(asked, 6);
    }
    let (answer, asked, _) = after(99, || status(429, "")).await;
    assert!(matches!(answer, Err(SourceError::RateLimited { .. })));
    assert_eq!(asked, 6);
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_given_up() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, _| good()).await;
    let client = client(&upstream, &clock);
    drop(upstream);
    tokio::task::yield_now().await;
    let error = client.list().await.unwrap_err();
    assert!(
        matches!(error, SourceError::Unavailable { attempts: 6, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn answers_without_sense_are_asked_for_three_times() {
    type Bad = fn() -> Response;
    let cases: [(Bad, &str); 5] = [
        (
            || status(200, r#"{"ok": tr"#),
            "JSON that is cut off after 9 bytes",
        ),
        (|| status(200, ""), "an empty answer"),
        (
            || axum::response::Html("<html>Sign in</html>").into_response(),
            "text/html; charset=utf-8 instead of JSON: <html>Sign in</html>",
        ),
        (|| cut(r#"{"ok":"#), "an answer that broke off"),
        (|| status(200, SECRET), "instead of JSON: ***"),
    ];
    for (bad, words) in cases {
        let (answer, asked, _) = after(2, bad).await;
        assert_eq!(answer.unwrap(), json!({"ok": true}), "{words}");
        assert_eq!(asked, 3, "{words}");
        let (answer, asked, _) = after(99, bad).await;
        let error = answer.unwrap_err();
        assert!(matches!(error, SourceError::Unusable { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains(SECRET), "{error}");
        assert_eq!(asked, 3, "{words}");
    }
}

#[tokio::test]
async fn refusals_are_final_and_explained() {
    for code in [400, 401, 403, 404, 410, 418] {
        let body = format!(r#"{{"code":{code},"message":"No, not with {SECRET}"}}"#);
        let (answer, asked, _) = after(99, move || status(code, body.clone())).await;
        let error = answer.unwrap_err();
        assert_eq!(asked, 1);
        let words = error.to_string();
        assert!(words.contains("No, not with ***"), "{words}");
        if matches!(code, 401 | 403) {
            assert!(matches!(error, SourceError::Credential { status, .. } if status == code));
            assert!(words.contains("Ask for a better key"), "{words}");
            assert_eq!(error.retry(), Retry::AfterRepair);
        } else {
            assert!(matches!(error, SourceError::Unusable { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn answers_are_limited_in_size() {
    let (answer, asked, _) = after(99, || blank(3)).await;
    let error = answer.unwrap_err().to_string();
    assert_eq!(
        error,
        "the list answered what cannot be used: more than 1 MiB"
    );
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn compressed_answers_are_read_and_bombs_are_not() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, before| {
        if before == 0 {
            json(&json!({"ok": "x".repeat(10_000)}))
        } else {
            // Of these 64 MiB, 64 KiB travel.
            blank(64)
        }
    })
    .await;
    let client = client(&upstream, &clock);
    assert_eq!(
        client.list().await.unwrap()["ok"].as_str().unwrap().len(),
        10_000
    );
    let error = client.list().await.unwrap_err();
    assert!(matches!(error, SourceError::Unusable { .. }), "{error}");
    for asked in upstream.asked() {
        assert_eq!(asked.headers["accept-encoding"], "gzip");
    }
}

#[tokio::test]
async fn the_credential_goes_to_its_own_origin_only() {
    let clock = clock();
    let other = Upstream::start(&clock, |_, _| good()).await;
    let elsewhere = format!("{}/list", other.url);
    let location = elsewhere.clone();
    let upstream = Upstream::start(&clock, move |_, _| {
        let mut response = status(302, "");
        response
            .headers_mut()
            .insert("location", location.parse().unwrap());
        response
    })
    .await;
    let client = client(&upstream, &clock);
    let error = client.list().await.unwrap_err();
    assert!(matches!(error, SourceError::Misdirected { .. }), "{error}");
    assert_eq!(upstream.count(), 1);
    let host = upstream.url.strip_prefix("http://").unwrap();
    for link in [
        elsewhere,
        format!("https://{host}/list"),
        format!("http://somebody@{host}/list"),
        "//other.example/list".to_owned(),
        "http://".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let error = match client.http.link("the list", &link) {
            Ok(url) => client.get(url).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(
            matches!(error, SourceError::Misdirected { .. }),
            "{link}: {error}"
        );
    }
    assert_eq!((upstream.count(), other.count()), (1, 0));
}

#[tokio::test]
async fn requests_say_what_they_want() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, _| good()).await;
    client(&upstream, &clock).list().await.unwrap();
    let asked = &upstream.asked()[0];
    assert_eq!((asked.path.as_str(), asked.get("q")), ("/list", "a&b"));
    assert_eq!(asked.headers["authorization"], format!("Bearer {SECRET}"));
    assert_eq!(asked.headers["accept"], "application/json");
    assert_eq!(asked.headers["accept-language"], "en");
    assert!(
        asked.headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("auditgraph/")
    );
}

#[test]
fn a_client_never_shows_its_credential() {
    let config = "".parse::<auditgraph::config::Config>().unwrap();
    let make = |base: &str, key: &str| {
        Http::new(
            "organization",
            &base.parse().unwrap(),
            Credential::Basic("lila@acme.example".to_owned(), key.to_owned().into()),
            "",
            &config.http_client,
            clock(),
        )
    };
    let shown = format!("{:?}", make("https://api.acme.example", SECRET).unwrap());
    assert!(
        !shown.contains(SECRET) && !shown.contains("Basic "),
        "{shown}"
    );
    let error = make("ftp://api.acme.example", SECRET)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "organization.base_url: `ftp://api.acme.example/` is not a web address"
    );
}
