//! In which form a client wants its answer: the `Accept` header (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, header};

/// A form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`, for which any well-formed request is answered with status 200.
    Json,
    /// `application/graphql-response+json`, for which the status tells whether the request was carried out.
    GraphqlJson,
    /// `text/event-stream`: server-sent events.
    EventStream,
    /// `multipart/mixed`: one part an answer.
    Multipart,
    /// `text/html`: the page, for people.
    Html,
}

impl Media {
    const ALL: [Self; 5] = [
        Self::Json,
        Self::GraphqlJson,
        Self::EventStream,
        Self::Multipart,
        Self::Html,
    ];

    /// Its type and subtype.
    pub(super) const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::GraphqlJson => ("application", "graphql-response+json"),
            Self::EventStream => ("text", "event-stream"),
            Self::Multipart => ("multipart", "mixed"),
            Self::Html => ("text", "html"),
        }
    }

    /// Whether it can carry more than one answer.
    pub(super) fn streams(self) -> bool {
        matches!(self, Self::EventStream | Self::Multipart)
    }
}

/// The forms that a client accepts, the most welcome first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Accepted(Vec<Media>);

impl Accepted {
    /// Reads the header. Without one, everything is as welcome as `application/json`.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let given = headers.get_all(header::ACCEPT).iter();
        let text: Vec<&str> = given.filter_map(|value| value.to_str().ok()).collect();
        if text.is_empty() {
            return Self::from("*/*");
        }
        Self::from(text.join(",").as_str())
    }

    /// The first of these that fits.
    pub(super) fn first(&self, fits: impl Fn(Media) -> bool) -> Option<Media> {
        self.0.iter().copied().find(|media| fits(*media))
    }

    /// The form for one answer: JSON of either kind if possible, for not every stream is one answer long.
    pub(super) fn single(&self) -> Option<Media> {
        self.first(|media| matches!(media, Media::Json | Media::GraphqlJson | Media::EventStream))
            .or_else(|| self.first(Media::streams))
    }

    /// Whether a person looks at it.
    pub(super) fn wants_page(&self) -> bool {
        self.0.first() == Some(&Media::Html)
    }
}

impl From<&str> for Accepted {
    fn from(header: &str) -> Self {
        let ranges: Vec<Range<'_>> = split(header, ',').filter_map(Range::read).collect();
        let mut found: Vec<(Media, u16, usize)> = Vec::new();
        for media in Media::ALL {
            // The most exact range decides; of equal ones the first.
            let best = ranges
                .iter()
                .enumerate()
                .filter_map(|(at, range)| Some((range.exactness(media)?, at, range.quality)))
                .max_by_key(|(exactness, at, _)| (*exactness, std::cmp::Reverse(*at)));
            let Some((exactness, at, quality)) = best else {
                continue;
            };
            // A client that takes anything gets plain JSON, and nothing that it would have to ask for by name.
            let is_named = exactness == Exactness::Named;
            if quality > 0 && (is_named || media == Media::Json) {
                found.push((media, quality, if is_named { at } else { usize::MAX }));
            }
        }
        found.sort_by_key(|(_, quality, at)| (std::cmp::Reverse(*quality), *at));
        Self(found.into_iter().map(|(media, ..)| media).collect())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exactness {
    Anything,
    Kind,
    Named,
}

/// One entry of the header.
struct Range<'a> {
    kind: &'a str,
    name: &'a str,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = split(text, ';').map(str::trim);
        let (kind, name) = parts.next()?.split_once('/')?;
        let quality = parts.find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case("q").then(|| value.trim())
        });
        Some(Self {
            kind: kind.trim(),
            name: name.trim(),
            quality: quality.map_or(1_000, thousandths),
        })
    }

    fn exactness(&self, media: Media) -> Option<Exactness> {
        let (kind, name) = media.name();
        if self.kind == "*" && self.name == "*" {
            Some(Exactness::Anything)
        } else if !self.kind.eq_ignore_ascii_case(kind) {
            None
        } else if self.name == "*" {
            Some(Exactness::Kind)
        } else {
            self.name
                .eq_ignore_ascii_case(name)
                .then_some(Exactness::Named)
        }
    }
}

/// A weight between `0` and `1`; nonsense counts as `1`, as if it were not there.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("0", Ok(digits)) => digits,
        _ => 1_000,
    }
}

/// Splits at a character, but not within quotes.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == at && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::{Accepted, Media};
    use Media::{EventStream, GraphqlJson, Html, Json, Multipart};

    #[test]
    fn what_is_most_welcome_comes_first() {
        for (header, expected) in [
            ("*/*", vec![Json]),
            ("application/*", vec![Json]),
            ("application/json", vec![Json]),
            ("application/graphql-response+json", vec![GraphqlJson]),
            (
                "application/graphql-response+json,application/json;q=0.9",
                vec![GraphqlJson, Json],
            ),
            (
                "application/json;q=0.5, application/graphql-response+json; q=1.0",
                vec![GraphqlJson, Json],
            ),
            (
                "application/json, application/graphql-response+json",
                vec![Json, GraphqlJson],
            ),
            (
                "multipart/mixed;boundary=\"graphql, a;b\";subscriptionSpec=1.0,application/json",
                vec![Multipart, Json],
            ),
            ("text/event-stream", vec![EventStream]),
            (
                "text/html,application/xhtml+xml,*/*;q=0.8",
                vec![Html, Json],
            ),
            ("application/json;q=0, */*", vec![]),
            (
                "application/graphql-response+json;q=0, */*;q=0.1",
                vec![Json],
            ),
            ("image/png", vec![]),
            ("APPLICATION/JSON ; charset=utf-8", vec![Json]),
            ("nonsense", vec![]),
        ] {
            assert_eq!(Accepted::from(header), Accepted(expected), "{header}");
        }
    }
}
