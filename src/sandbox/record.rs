//! A fact as the organization API words it: the JSON text of one event.
//!
//! Pure: the same fact gives the same bytes every time. It carries all the oddities that real records have: missing
//! context, links, location or e-mail, empty strings, unknown fields. It does not know about pages.

use super::catalogue::{On, deed};
use super::company::{Card, Company, Kind, number};
use super::dice::Dice;
use super::log::{Fact, Log, SYSTEM};
use super::names;
use super::things::Subject;
use crate::event::Timestamp;
use chrono::SecondsFormat;
use serde::{Serialize, Serializer};

/// Which of the two forms of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With the time of processing, as `events-stream` serves it.
    Stream,
    /// Without, as the other calls serve it.
    Plain,
}

/// The text of the fact at a place of the log; `None` when there is none.
pub(super) fn text(company: &Company, log: &Log, place: usize, form: Form) -> Option<String> {
    let fact = log.get(place)?;
    let writer = Writer {
        company,
        fact,
        dice: log.details(place),
    };
    serde_json::to_string(&writer.record(&log.id(place).to_string(), form)).ok()
}

/// A time as records write it: with three digits, or six where there are more.
pub(super) fn time(moment: Timestamp) -> String {
    let digits = if moment.micros() % 1_000 == 0 {
        SecondsFormat::Millis
    } else {
        SecondsFormat::Micros
    };
    moment.to_utc().to_rfc3339_opts(digits, true)
}

#[derive(Serialize)]
struct Record {
    id: String,
    r#type: &'static str,
    attributes: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Links>,
    message: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    classification: Option<Pairs>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    processed_at: Option<String>,
    action: &'static str,
    actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Vec<Thing>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    container: Vec<Thing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Pairs>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Actor {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<Pairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<Pairs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<Thing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Links>,
}

/// A member of `context` or `container`.
#[derive(Serialize)]
pub(super) struct Thing {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<&'static str>,
    pub(super) attributes: Pairs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) links: Option<Links>,
}

/// The links of anything.
#[derive(Serialize)]
pub(super) struct Links {
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    pub(super) self_: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alt: Option<String>,
}

#[derive(Serialize)]
struct Message {
    content: String,
    format: &'static str,
}

/// A JSON object of texts, in the order given.
pub(super) struct Pairs(pub(super) Vec<(&'static str, String)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// What a record is written from.
pub(super) struct Writer<'a> {
    pub(super) company: &'a Company,
    pub(super) fact: &'a Fact,
    pub(super) dice: Dice,
}

impl Writer<'_> {
    fn record(mut self, id: &str, form: Form) -> Record {
        let deed = deed(self.fact.deed);
        let actor = self.actor();
        let Subject {
            context,
            container,
            words,
        } = self.subject(deed.on);
        let message = Message {
            content: deed.message.replace("{}", &words),
            format: if self.dice.chance(120) {
                "text/plain"
            } else {
                "simple"
            },
        };
        let links = (!self.dice.chance(20)).then(|| Links {
            self_: Some(format!(
                "{}/admin/v1/orgs/{}/events/{id}",
                names::API,
                self.company.org_id
            )),
            alt: None,
        });
        let context = (!self.dice.chance(15)).then_some(context);
        let location = self.location();
        let classification = self.dice.chance(15).then(|| {
            Pairs(vec![
                ("level", "internal".to_owned()),
                ("scheme", self.dice.below(9).to_string()),
            ])
        });
        Record {
            id: id.to_owned(),
            r#type: "events",
            attributes: Attributes {
                time: time(self.fact.time),
                processed_at: (form == Form::Stream).then(|| time(self.fact.processed)),
                action: deed.action,
                actor,
                context,
                container,
                location,
            },
            links,
            message,
            classification,
        }
    }

    pub(super) fn card(&self, card: u32) -> Option<&Card> {
        self.company.cards.get(card as usize)
    }

    fn actor(&mut self) -> Actor {
        let dice = &mut self.dice;
        let company = self.company;
        if self.fact.actor == SYSTEM {
            return Actor {
                id: "atlassian-internal-system".to_owned(),
                name: dice.chance(500).then(|| "Internal System".to_owned()),
                email: None,
                picture: None,
                auth: None,
                on_behalf_of: None,
                app: None,
                links: None,
            };
        }
        let card = &company.cards[self.fact.actor as usize];
        let person = company.holder(self.fact.actor);
        let is_app = person.kind == Kind::App;
        let method = if is_app {
            dice.pick(&[
                "connect-token",
                "auth-token-for-2LO",
                "auth-token-for-3LO",
                "container-token",
                "api-token",
            ])
        } else if dice.chance(40) && deed(self.fact.deed).on != On::Account {
            "api-token"
        } else if dice.chance(600) {
            "session"
        } else {
            ""
        };
        let auth = (!method.is_empty()).then(|| {
            let mut auth = vec![("authType", method.to_owned())];
            if method == "api-token" {
                auth.push(("tokenId", format!("t-{}", person.host)));
                auth.push((
                    "tokenLabel",
                    dice.pick(&["CI", "reports", "nightly export"]).to_owned(),
                ));
            }
            Pairs(auth)
        });
        let behalf = (is_app && dice.chance(300)).then(|| {
            let card = number(dice.index(company.founders * 9 / 10));
            let holder = company.holder(card);
            Pairs(about(&company.cards[card as usize], &holder.account_id))
        });
        let app = is_app.then(|| Thing {
            id: Some(format!(
                "ari:cloud:ecosystem::app/{}",
                person.uuid.trim_matches(['{', '}'])
            )),
            r#type: Some("apps"),
            attributes: Pairs(vec![("name", card.name.clone())]),
            links: None,
        });
        Actor {
            id: person.account_id.clone(),
            name: Some(card.name.clone()),
            // Some people show their address to nobody.
            email: card
                .email
                .clone()
                .filter(|_| !person.host.is_multiple_of(16)),
            picture: dice
                .chance(40)
                .then(|| format!("https://avatars.example/{}.png", person.host)),
            auth,
            on_behalf_of: behalf,
            app: app.filter(|_| dice.chance(500)),
            links: (!dice.chance(20)).then(|| profile(company, &person.account_id)),
        }
    }

    fn location(&mut self) -> Option<Pairs> {
        if self.fact.actor == SYSTEM || self.dice.chance(30) {
            return None;
        }
        let person = self.company.holder(self.fact.actor);
        let away = self.dice.chance(40);
        let place = if away {
            &names::PLACES[self.dice.index(names::PLACES.len())]
        } else {
            &names::PLACES[person.place]
        };
        let host = if away {
            self.dice.below(250)
        } else {
            person.host
        };
        let mut location = vec![("ip", format!("{}{host}", place.network))];
        if self.dice.chance(600) {
            location.push(("geo", place.geo.to_owned()));
        }
        // Addresses that nobody can place come with empty texts, or with nothing at all.
        match self.dice.below(100) {
            0..4 => {
                for part in ["countryName", "regionName", "city"] {
                    location.push((part, String::new()));
                }
            }
            4..8 => {}
            _ => {
                location.push(("countryName", place.country.to_owned()));
                location.push(("regionName", place.region.to_owned()));
                location.push(("city", place.city.to_owned()));
            }
        }
        Some(Pairs(location))
    }
}

/// A person as other people's records describe them.
fn about(card: &Card, account_id: &str) -> Vec<(&'static str, String)> {
    let mut pairs = vec![("id", account_id.to_owned()), ("name", card.name.clone())];
    if let Some(email) = &card.email {
        pairs.push(("email", email.clone()));
    }
    pairs
}

/// The two links of a person.
pub(super) fn profile(company: &Company, account_id: &str) -> Links {
    Links {
        self_: Some(format!("{}/users/{account_id}/manage/profile", names::API)),
        alt: Some(format!(
            "{}/o/{}/users/{account_id}",
            names::ADMIN,
            company.org_id
        )),
    }
}
