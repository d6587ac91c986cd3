//! Signatures as Standard Webhooks 1.0 has them, so that receivers verify them with a library of their own language.

use crate::event::Timestamp;
use crate::store::entity::webhook_endpoint::{Model, Secret};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use rand::CryptoRng;
use sha2::{Digest, Sha256};

/// What every secret begins with.
const PREFIX: &str = "whsec_";

/// A new secret: 256 random bits.
pub(super) fn secret(randomness: &mut impl CryptoRng) -> Secret {
    let mut bytes = [0_u8; 32];
    randomness.fill_bytes(&mut bytes);
    Secret(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The id of a message: the same whenever the same events are sent to the same endpoint in one request.
pub(super) fn id(endpoint: &Model, what: &str, (first, last): (i64, i64)) -> String {
    let hash = Sha256::new()
        .chain_update(endpoint.key.as_bytes())
        .chain_update(format!("{what}/{first}/{last}"))
        .finalize();
    format!("msg_{}", URL_SAFE_NO_PAD.encode(&hash[..16]))
}

/// The header `webhook-signature`: a signature with each secret that holds at that moment, the newest first.
pub(super) fn signatures(endpoint: &Model, id: &str, at: Timestamp, body: &[u8]) -> String {
    let old = endpoint.old_secret.as_ref().filter(|_| {
        let until = endpoint.old_secret_until;
        until.is_some_and(|until| at.micros() < until)
    });
    let secrets = [Some(&endpoint.secret), old];
    let signed: Vec<String> = secrets
        .into_iter()
        .flatten()
        .map(|secret| signature(secret, id, seconds(at), body))
        .collect();
    signed.join(" ")
}

/// A moment as the header `webhook-timestamp` has it.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}

fn signature(secret: &Secret, id: &str, at: i64, body: &[u8]) -> String {
    let text = secret.0.strip_prefix(PREFIX).unwrap_or(&secret.0);
    let key = STANDARD.decode(text).unwrap_or_default();
    // A key of any length will do, so this cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)
        .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{Secret, signature};

    #[test]
    fn the_signature_is_that_of_the_standards_own_example() {
        let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let signed = signature(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(format!("{secret:?}"), "***");
    }
}
