//! How people look in the JSON of the organization API: managed accounts (v1) and directory users (v2).
//!
//! Pure: who is on a page, and where, is the business of the routes.

use super::company::{Company, Kind, PRODUCTS, Person, Standing};
use super::names;
use super::record::time;
use crate::event::Timestamp;
use serde_json::{Value, json};

/// A managed account, in the `snake_case` of v1.
pub(super) fn managed(company: &Company, person: &Person) -> Value {
    let card = &company.cards[person.card as usize];
    let products: Vec<_> = access(company, person)
        .map(|(key, _, active)| {
            let mut access = json!({"key": key, "name": key, "url": names::SITES[0].1});
            if let Some(active) = active {
                access["last_active"] = time(active).into();
            }
            access
        })
        .collect();
    let mut item = json!({
        "account_id": person.account_id,
        "account_type": kind(person.kind),
        "account_status": account_status(person.standing),
        "name": card.name,
        "picture": picture(person),
        "access_billable": person.standing == Standing::Active,
        "product_access": products,
        "links": {"self": format!("{}/users/{}/manage/profile", names::API, person.account_id)},
    });
    if let Some(email) = &card.email {
        item["email"] = email.clone().into();
    }
    if let Some(active) = person.active.iter().flatten().max() {
        item["last_active"] = time(*active).into();
    }
    item
}

/// A user of the directory, in the `camelCase` of v2, without what has to be asked for.
pub(super) fn user(company: &Company, index: u32, person: &Person) -> Value {
    let card = &company.cards[person.card as usize];
    let place = &names::PLACES[person.place];
    let source = match (person.synced, index % 3) {
        (true, _) => Some("synced"),
        (false, 0) => None,
        (false, _) => Some("invited"),
    };
    let mut item = json!({
        "accountId": person.account_id,
        "accountType": kind(person.kind),
        "status": status(person.standing),
        "accountStatus": account_status(person.standing),
        "membershipStatus": membership(person.standing),
        "addedToOrg": time(person.added),
        "name": card.name,
        "nickname": card.nickname,
        "claimStatus": claimed(person),
        "managementSource": source,
        "mfaEnabled": index % 4 != 1,
        "picture": picture(person),
        "avatar": picture(person),
    });
    // A kind of account that came after the specification.
    if person.kind == Kind::App && index % 2 == 1 {
        item["accountType"] = "agent".into();
    }
    if let Some(email) = &card.email {
        item["email"] = email.clone().into();
        item["emailVerified"] = (index % 11 != 3).into();
    }
    // Profiles are filled in by people, so not always.
    if person.kind == Kind::Person && index % 9 != 4 {
        item["jobTitle"] = person.title.clone().into();
        item["department"] = person.department.clone().into();
        item["organization"] = names::COMPANY.into();
        item["location"] = place.city.into();
        item["timeZone"] = format!("Etc/GMT{:+}", -place.offset).into();
    }
    if let Some(deactivated) = person.deactivated {
        item["deactivatedOn"] = time(deactivated).into();
    }
    item
}

/// The products somebody may use: key, resource id, and when they last did.
pub(super) fn access<'a>(
    company: &'a Company,
    person: &'a Person,
) -> impl Iterator<Item = (&'static str, String, Option<Timestamp>)> + 'a {
    let may = [
        person.groups.contains(&2) || person.kind == Kind::App,
        person.groups.contains(&3),
        person.workspace.is_some(),
    ];
    PRODUCTS
        .into_iter()
        .zip(may)
        .zip(person.active)
        .filter(|((_, may), active)| *may || active.is_some())
        .map(|((key, _), active)| {
            let id = if key == "bitbucket" {
                format!(
                    "ari:cloud:bitbucket::workspace/{}",
                    company.workspace.trim_matches(['{', '}'])
                )
            } else {
                format!("ari:cloud:{key}::site/{}", company.sites[0])
            };
            (key, id, active)
        })
}

/// Where somebody's picture is.
pub(super) fn picture(person: &Person) -> String {
    format!(
        "https://avatars.example/{}.png",
        person.uuid.trim_matches(['{', '}'])
    )
}

/// A time with nine digits, of which the last three mean nothing.
pub(super) fn nanos(moment: Timestamp, host: u64) -> String {
    format!(
        "{}{:03}Z",
        moment.to_utc().format("%Y-%m-%dT%H:%M:%S%.6f"),
        host % 1_000
    )
}

/// The status of a membership, in the words of v2.
pub(super) fn status(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Suspended => "suspended",
        Standing::Deactivated | Standing::Gone => "deactivated",
    }
}

/// The status of a membership as a filter knows it.
pub(super) fn membership(standing: Standing) -> &'static str {
    match standing {
        Standing::Active | Standing::Deactivated => "active",
        Standing::Suspended => "suspended",
        Standing::Gone => "no_membership",
    }
}

/// Whether the organization owns the account.
pub(super) fn claimed(person: &Person) -> &'static str {
    if person.managed {
        "managed"
    } else {
        "unmanaged"
    }
}

/// The kind of an account, in the API's words.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Person => "atlassian",
        Kind::Customer => "customer",
        Kind::App => "app",
    }
}

/// The status of an account, in the API's words.
pub(super) fn account_status(standing: Standing) -> &'static str {
    match standing {
        Standing::Active | Standing::Suspended => "active",
        Standing::Deactivated => "inactive",
        Standing::Gone => "closed",
    }
}
