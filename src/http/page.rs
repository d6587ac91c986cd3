//! The GraphiQL page and its files, from inside the binary.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::GzDecoder;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::io::Read;

/// What the build has put there: the page made by npm, or a small one that says how to make it.
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// What the page may load: its own files only.
///
/// Style sheets that the editor writes as it runs carry the nonce of the page they run in. Its lines of text carry their
/// places as `style` attributes, which no nonce covers: they are the one thing allowed anywhere. An attribute styles only
/// its own element, so it can neither read the page nor, as `img-src` holds for it too, tell anybody.
fn policy(style_nonce: Option<&str>) -> String {
    let styles = style_nonce.map_or_else(String::new, |nonce| format!(" 'nonce-{nonce}'"));
    format!(
        "default-src 'none'; script-src 'self'; style-src-elem 'self'{styles}; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
         worker-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'none'"
    )
}

/// The page. No two readers get the same nonce, so nothing keeps a copy.
pub(super) fn index() -> Response {
    let Some((file, is_gzip)) = find("index.html") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(page) = plain(&file, is_gzip).and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let nonce = URL_SAFE_NO_PAD.encode(StdRng::from_os_rng().random::<[u8; 16]>());
    let mut response = page.replace("{nonce}", &nonce).into_response();
    set_headers(
        &mut response,
        &[
            (header::CONTENT_TYPE, content_type("index.html")),
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "accept"),
            (header::CONTENT_SECURITY_POLICY, &policy(Some(&nonce))),
        ],
    );
    response
}

/// One of its files.
pub(super) async fn asset(Path(path): Path<String>, request: HeaderMap) -> Response {
    let path = format!("assets/{path}");
    let Some((file, is_gzip)) = find(&path) else {
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
        match plain(&file, is_gzip) {
            Some(plain) => plain.into_response(),
            None => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    // The name of an asset changes with its content; only the licences keep theirs.
    let caching = if extension(&path) == "md" {
        "no-cache"
    } else {
        "public, max-age=31536000, immutable"
    };
    set_headers(
        &mut response,
        &[
            (header::CONTENT_TYPE, content_type(&path)),
            (header::CACHE_CONTROL, caching),
            (header::ETAG, &etag),
            (header::VARY, "accept-encoding"),
            (header::CONTENT_SECURITY_POLICY, &policy(None)),
        ],
    );
    response
}

/// A file, and whether it is compressed.
fn find(path: &str) -> Option<(EmbeddedFile, bool)> {
    let compressed = Files::get(&format!("{path}.gz")).map(|file| (file, true));
    compressed.or_else(|| Files::get(path).map(|file| (file, false)))
}

fn plain(file: &EmbeddedFile, is_gzip: bool) -> Option<Vec<u8>> {
    if !is_gzip {
        return Some(file.data.to_vec());
    }
    let mut plain = Vec::new();
    let read = GzDecoder::new(&*file.data).read_to_end(&mut plain);
    read.is_ok().then_some(plain)
}

/// Sets these, and keeps every file out of other people's frames.
fn set_headers(response: &mut Response, headers: &[(HeaderName, &str)]) {
    let frames = (header::X_FRAME_OPTIONS, "DENY");
    for (name, value) in headers.iter().chain([&frames]) {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn etag(hash: &[u8; 32]) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..12]))
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
