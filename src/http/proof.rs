//! What proves that a request comes from whom it says: a signature over its body, or the secret itself.
//!
//! Whatever is compared with a secret is compared in a time that does not depend on how much of it is right.

use super::credentials;
use axum::http::HeaderMap;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Where a signature stands, as `sha256=` and 64 hexadecimal digits.
const SIGNATURE: &str = "x-hub-signature";

/// The secrets in a setting: one, or several with commas between them.
pub(super) fn secrets(setting: &SecretString) -> impl Iterator<Item = &str> {
    let secrets = setting.expose_secret().split(',').map(str::trim);
    secrets.filter(|secret| !secret.is_empty())
}

/// The proof that a request offers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proof<'a> {
    signature: Option<&'a str>,
    bearer: Option<&'a str>,
}

impl<'a> Proof<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        let signature = headers.get(SIGNATURE);
        Self {
            signature: signature.and_then(|value| value.to_str().ok()),
            bearer: credentials::of_headers(headers),
        }
    }

    /// What was offered, in words that tell two offers apart; nothing when there is none.
    pub(super) fn offered(&self) -> Option<&'a str> {
        self.signature.or(self.bearer)
    }

    /// The bearer token.
    pub(super) fn bearer(&self) -> Option<&'a str> {
        self.bearer
    }

    /// Whether there is a signature, for which the body must be read.
    pub(super) fn is_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// Whether it is one of the secrets itself.
    pub(super) fn shows(&self, setting: &SecretString) -> bool {
        // Two texts are the same when they sign the same way.
        let Some(given) = self.bearer else {
            return false;
        };
        let given = signed(given, b"").finalize().into_bytes();
        secrets(setting).any(|secret| signed(secret, b"").verify_slice(&given).is_ok())
    }

    /// Whether it is a signature over the body with one of the secrets.
    pub(super) fn signs(&self, body: &[u8], setting: &SecretString) -> bool {
        let Some(given) = self.signature.and_then(bytes) else {
            return false;
        };
        secrets(setting).any(|secret| signed(secret, body).verify_slice(&given).is_ok())
    }
}

fn signed(secret: &str, body: &[u8]) -> Hmac<Sha256> {
    // A key of any length will do, so this cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
    mac.update(body);
    mac
}

/// The digest in `sha256=…`.
fn bytes(signature: &str) -> Option<[u8; 32]> {
    let (method, digits) = signature.trim().split_once('=')?;
    let digits = digits.as_bytes();
    if !method.eq_ignore_ascii_case("sha256") || digits.len() != 64 {
        return None;
    }
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16)?).ok();
    let mut found = [0; 32];
    for (byte, pair) in found.iter_mut().zip(digits.chunks(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{Proof, SIGNATURE};
    use axum::http::{HeaderMap, header};
    use secrecy::SecretString;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_signature_holds_for_its_body_and_secret_only() {
        // The example in the documentation of Bitbucket's webhooks.
        let setting = |text: &str| SecretString::from(text.to_owned());
        let digest = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
        let signs = |value: &str, body: &str, secret: &str| {
            Proof::of(&headers(SIGNATURE, value)).signs(body.as_bytes(), &setting(secret))
        };
        let (body, secret) = ("Hello World!", "It's a Secret to Everybody");
        let good = format!("sha256={digest}");
        assert!(signs(&good, body, secret));
        assert!(signs(&good.to_uppercase(), body, &format!("new, {secret}")));
        assert!(!signs(&good, "Hello World", secret));
        assert!(!signs(&good, body, "another"));
        assert!(!signs(&good, body, ""));
        for wrong in [digest, "sha1=00", "sha256=", &good[..70], "sha256=zz"] {
            assert!(!signs(wrong, body, secret), "{wrong}");
        }
    }

    #[test]
    fn the_secret_itself_is_a_proof() {
        let name = header::AUTHORIZATION.as_str();
        assert_eq!(name, "authorization");
        let shows = |value: &str, setting: &str| {
            Proof::of(&headers("authorization", value)).shows(&SecretString::from(setting))
        };
        assert!(shows("Bearer one", "one"));
        assert!(shows("bearer two", "one,two"));
        assert!(!shows("Bearer one,two", "one,two"));
        assert!(!shows("Bearer on", "one"));
        assert!(!shows("Bearer one", ""));
        assert!(!shows("Basic one", "one"));
    }
}
