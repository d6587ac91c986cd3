//! What the log tells of webhook endpoints: everything but secrets.

use super::{Secret, filter_of, row};
use crate::event::node::{NodeId, NodeKind};
use crate::event::webhook::{WebhookEndpointState, WebhookFormat};
use crate::event::{Object, search};
use crate::store::observation::Observation;

/// What the log tells of an endpoint: no secrets, and of an address not what may be one.
pub(super) fn told(row: &row::Model) -> [(&'static str, Option<String>); 6] {
    let filter = filter_of(row).map_or(row.filter.clone(), |filter| search::print(&filter));
    let saved = row
        .saved_filter_id
        .map(|id| NodeId::new(NodeKind::SavedFilter, id).encode());
    [
        ("url", Some(place_of(&row.url))),
        (
            "format",
            Some(WebhookFormat::from_number(row.format).as_str().to_owned()),
        ),
        ("filter", Some(filter).filter(|filter| !filter.is_empty())),
        ("saved filter", saved),
        (
            "state",
            Some(
                WebhookEndpointState::from_number(row.state)
                    .as_str()
                    .to_owned(),
            ),
        ),
        ("owner", Some(row.holder_name.clone())),
    ]
}

/// What was changed of an endpoint, if anything was.
pub(super) fn changed<'a>(before: &row::Model, after: &row::Model) -> Option<Observation<'a>> {
    let mut deed = Observation::of_own("webhook_endpoint.changed", object(after));
    if before.name != after.name {
        deed = deed.change("name", Some(before.name.clone()), Some(after.name.clone()));
    }
    for ((field, from), (_, to)) in told(before).into_iter().zip(told(after)) {
        if from != to {
            deed = deed.change(field, from, to);
        }
    }
    // What is secret is only said to have changed.
    if before.authorization != after.authorization {
        let mask = |header: &Option<Secret>| header.as_ref().map(|_| "***".to_owned());
        let (from, to) = (mask(&before.authorization), mask(&after.authorization));
        deed = deed.change("authorization", from, to);
    }
    if before.url != after.url && place_of(&before.url) == place_of(&after.url) {
        deed = deed.change("url", Some("***".to_owned()), Some("***".to_owned()));
    }
    if before.holder != after.holder && before.holder_name == after.holder_name {
        let (from, to) = (before.holder.clone(), after.holder.clone());
        deed = deed.change("owner", Some(from), Some(to));
    }
    deed.has_changes().then_some(deed)
}

/// An address without what is often a key: anything behind the host.
fn place_of(url: &str) -> String {
    let behind = url.find("://").map_or(0, |at| at + 3);
    match url[behind..].find('/') {
        Some(at) if behind + at + 1 < url.len() => format!("{}/***", &url[..behind + at]),
        _ => url.to_owned(),
    }
}

/// An endpoint as the target of an event.
pub(in crate::store) fn object(row: &row::Model) -> Object {
    Object {
        kind: "webhook_endpoint".to_owned(),
        id: Some(NodeId::new(NodeKind::WebhookEndpoint, row.id).encode()),
        name: Some(row.name.clone()),
        ..Object::default()
    }
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn an_address_is_told_without_what_may_be_a_key() {
        for (url, told) in [
            ("https://example.com/", "https://example.com/"),
            (
                "https://example.com/hooks/T0/B1?k=x",
                "https://example.com/***",
            ),
            ("https://example.com/?key=x", "https://example.com/***"),
            ("https://example.com:8443/a", "https://example.com:8443/***"),
        ] {
            assert_eq!(place_of(url), told);
        }
    }
}
