//! How long upstream asks to be left alone, read from its headers. Pure; knows no clock but the given moment.

use crate::event::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};
use std::time::Duration;

/// Upstream's time when it answered.
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(header::DATE)?.to_str().ok()?)
}

/// The wait that a failed answer asks for, where `now` is the moment of the answer by upstream's clock.
pub(super) fn asked_for(
    status: StatusCode,
    headers: &HeaderMap,
    now: Timestamp,
) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(after) = text("retry-after") {
        let seconds = after.parse().ok().map(Duration::from_secs);
        return seconds.or_else(|| http_date(after).map(|until| until.since(now)));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return reset(text("x-ratelimit-reset")?).map(|until| until.since(now));
    }
    None
}

/// The end of a rate limit window: a date and time, or seconds since 1970.
fn reset(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(seconds) => seconds.checked_mul(1_000_000).map(Timestamp::from_micros),
        Err(_) => Timestamp::parse(text),
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    let since_epoch = httpdate::parse_http_date(text)
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    i64::try_from(since_epoch.as_micros())
        .ok()
        .map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use super::{asked_for, date};
    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderName};

    type Pairs = &'static [(&'static str, &'static str)];

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn waits_are_read_relative_to_the_server() {
        let sent = ("date", "Sat, 21 Nov 2026 10:14:30 GMT");
        let cases: [(Pairs, u16, Option<u64>); 8] = [
            (&[("retry-after", "17")], 429, Some(17)),
            (&[("retry-after", "5")], 503, Some(5)),
            (
                &[("retry-after", "Sat, 21 Nov 2026 10:15:00 GMT")],
                429,
                Some(30),
            ),
            (
                &[("retry-after", "Sat, 21 Nov 2026 10:00:00 GMT")],
                429,
                Some(0),
            ),
            (
                &[("x-ratelimit-reset", "2026-11-21T10:15:00Z")],
                429,
                Some(30),
            ),
            (&[("x-ratelimit-reset", "1795256100")], 429, Some(30)),
            (&[("x-ratelimit-reset", "2026-11-21T10:15:00Z")], 500, None),
            (&[("retry-after", "soon")], 429, None),
        ];
        for (pairs, status, seconds) in cases {
            let headers = headers(&[&[sent], pairs].concat());
            let now = date(&headers).unwrap();
            let wait = asked_for(StatusCode::from_u16(status).unwrap(), &headers, now);
            assert_eq!(wait.map(|wait| wait.as_secs()), seconds, "{pairs:?}");
        }
    }
}
