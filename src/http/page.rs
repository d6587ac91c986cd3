//! The GraphiQL page and its files, from inside the binary.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use rust_embed::RustEmbed;
use std::io::Read;

/// What the build has put there: the page made by npm, or a small one that says how to make it.
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// What the page may load: its own files only. The editor writes its own style sheets, hence the one exception.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; worker-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'none'";

/// The page.
pub(super) fn index(request: &HeaderMap) -> Response {
    file("index.html", request)
}

/// One of its files.
pub(super) async fn asset(Path(path): Path<String>, request: HeaderMap) -> Response {
    file(&format!("assets/{path}"), &request)
}

fn file(path: &str, request: &HeaderMap) -> Response {
    let compressed = Files::get(&format!("{path}.gz"));
    let is_gzip = compressed.is_some();
    let Some(file) = compressed.or_else(|| Files::get(path)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let has = |name, value: &str| {
        request
            .get_all(name)
            .iter()
            .any(|given| given.to_str().is_ok_and(|given| given.contains(value)))
    };
    let etag = etag(&file.metadata.sha256_hash());
    let mut response = if has(header::IF_NONE_MATCH, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if !is_gzip {
        file.data.into_owned().into_response()
    } else if has(header::ACCEPT_ENCODING, "gzip") {
        ([(header::CONTENT_ENCODING, "gzip")], file.data.into_owned()).into_response()
    } else {
        let mut plain = Vec::new();
        match GzDecoder::new(&*file.data).read_to_end(&mut plain) {
            Ok(_) => plain.into_response(),
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    // The name of an asset changes with its content; only the page and the licences keep theirs.
    let is_hashed = path.starts_with("assets/") && extension(path) != "md";
    let caching = if is_hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    for (name, value) in [
        (header::CONTENT_TYPE, content_type(path)),
        (header::CACHE_CONTROL, caching),
        (header::ETAG, &etag),
        (header::VARY, "accept-encoding, accept"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn etag(hash: &[u8; 32]) -> String {
    use base64::Engine;
    format!(
        "\"{}\"",
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash[..12])
    )
}

fn extension(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

fn content_type(path: &str) -> &'static str {
    match extension(path) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "ttf" => "font/ttf",
        "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
