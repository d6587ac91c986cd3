//! The spaces of a site and, where asked for, its groups and users.
//!
//! Who is in a group is listed by group, while a user is handed out with all their groups: so groups come first. What
//! has changed since the last listing is not known here.

use super::client::{Client, GROUPS, MEMBERS, SPACES, USERS};
use super::normalise::site;
use crate::event::directory::{DirectoryGroup, DirectoryUser, Entry, Listing, UserStatus};
use crate::event::{ActorKind, Alias, Container, ContainerKind};
use crate::source::http::{CallError, Guard};
use crate::source::look::{self, Look};
use crate::source::offset::{Offset, Taken};
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, VecDeque};
use url::Url;

/// Accounts a request for details, the most that upstream takes.
const DETAILS: usize = 250;

/// What is listed next.
enum Step {
    Spaces(Url),
    Containers,
    Groups,
    Users,
    Details(Vec<String>),
    End,
}

struct Walk<'a> {
    client: &'a Client,
    scope: &'a str,
    steps: VecDeque<Step>,
    guard: Guard,
    /// Everybody found so far, by account.
    found: BTreeMap<String, DirectoryUser>,
}

/// The whole directory, page by page.
pub(super) fn pages<'a>(
    client: &'a Client,
    scope: &'a str,
    people: bool,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let spaces = ["current", "archived"].map(|status| Step::Spaces(client.spaces(status)));
    let mut steps = VecDeque::from(spaces);
    steps.push_back(Step::Containers);
    if people {
        steps.extend([Step::Groups, Step::Users]);
    }
    let walk = Walk {
        client,
        scope,
        steps,
        guard: Guard::default(),
        found: BTreeMap::new(),
    };
    stream::try_unfold(walk, Walk::step)
}

impl<'a> Walk<'a> {
    async fn step(mut self) -> Result<Option<(Page, Walk<'a>)>, SourceError> {
        let Some(step) = self.steps.pop_front() else {
            return Ok(None);
        };
        let entries = match step {
            Step::Spaces(url) => self.spaces(url).await?,
            Step::Containers => vec![Entry::End(Listing::Containers)],
            Step::Groups => self.groups().await?,
            Step::Users => self.users().await?,
            Step::Details(accounts) => self.details(&accounts).await?,
            Step::End => vec![Entry::End(Listing::Users)],
        };
        let page = Page {
            entries,
            ..Page::default()
        };
        Ok(Some((page, self)))
    }

    async fn spaces(&mut self, url: Url) -> Result<Vec<Entry>, SourceError> {
        let (listing, next) = self.client.listing(SPACES, url).await?;
        if let Some(next) = next {
            self.guard.pass(SPACES, next.as_str(), [])?;
            self.steps.push_front(Step::Spaces(next));
        }
        let base = listing.base();
        let space = |item| space(item, self.scope, base.as_deref());
        let spaces = listing.items().filter_map(space);
        Ok(spaces.map(Entry::Container).collect())
    }

    /// All groups, each with its members.
    async fn groups(&mut self) -> Result<Vec<Entry>, SourceError> {
        let client = self.client;
        let groups = all(GROUPS, |start| client.groups(start)).await?;
        let groups: Vec<DirectoryGroup> = groups
            .iter()
            .filter_map(|group| self::group(Look::new(&look::value(group))))
            .collect();
        for group in &groups {
            let members = all(MEMBERS, |start| client.members(&group.id, start)).await?;
            for member in &members {
                let Some((account, user)) = user(Look::new(&look::value(member))) else {
                    continue;
                };
                let known = self.found.entry(account).or_insert(user);
                known.groups.get_or_insert_default().push(group.clone());
            }
        }
        let entries = groups.into_iter().map(Entry::Group);
        Ok(entries.chain([Entry::End(Listing::Groups)]).collect())
    }

    /// All users; their details are asked for next.
    async fn users(&mut self) -> Result<Vec<Entry>, SourceError> {
        let client = self.client;
        let users = all(USERS, |start| client.users(start)).await?;
        for item in &users {
            let value = look::value(item);
            if let Some((account, user)) = user(Look::new(&value).at("user")) {
                let known = self.found.entry(account).or_default();
                let groups = known.groups.take().unwrap_or_default();
                *known = DirectoryUser {
                    groups: Some(groups),
                    ..user
                };
            }
        }
        let accounts: Vec<String> = self.found.keys().cloned().collect();
        let details = accounts.chunks(DETAILS).map(<[String]>::to_vec);
        self.steps.extend(details.map(Step::Details));
        self.steps.push_back(Step::End);
        Ok(Vec::new())
    }

    async fn details(&mut self, accounts: &[String]) -> Result<Vec<Entry>, SourceError> {
        let listing = match self.client.details(accounts).await {
            // Without details there is still what the search said.
            Err(error) if is_closed(&error) => None,
            listing => Some(listing?),
        };
        let items = listing.iter().flat_map(super::wire::Listing::items);
        for item in items {
            let account = item.at("accountId").text();
            if let Some(known) = account.and_then(|account| self.found.get_mut(&account)) {
                complete(known, item);
            }
        }
        let known = accounts
            .iter()
            .filter_map(|account| self.found.remove(account));
        Ok(known.map(|user| Entry::User(Box::new(user))).collect())
    }
}

/// All of a list that is read by offset.
async fn all<F>(
    what: &str,
    mut ask: impl FnMut(usize) -> F,
) -> Result<Vec<Box<RawValue>>, SourceError>
where
    F: Future<Output = Result<Vec<Box<RawValue>>, CallError>>,
{
    let (mut offset, mut found) = (Offset::default(), Vec::new());
    loop {
        let page = ask(offset.start()).await?;
        match offset.take(what, page)? {
            Taken::New(records) => found.extend(records),
            Taken::Moved => found.clear(),
            Taken::End => return Ok(found),
        }
    }
}

/// Whether upstream does not offer a call, or not to this credential.
fn is_closed(error: &CallError) -> bool {
    matches!(error.status(), Some(403 | 404 | 410))
}

fn space(item: Look<'_>, scope: &str, base: Option<&str>) -> Option<Container> {
    let (id, key) = (item.at("id").text(), item.at("key").text());
    if id.is_none() && key.is_none() {
        return None;
    }
    let page = item.at("_links").at("webui").text();
    Some(Container {
        id,
        key,
        name: item.at("name").text(),
        url: base.zip(page).map(|(base, page)| format!("{base}{page}")),
        parent: site(scope).map(Box::new),
        ..Container::new(ContainerKind::Space, scope, "")
    })
}

fn group(item: Look<'_>) -> Option<DirectoryGroup> {
    Some(DirectoryGroup {
        id: item.at("id").text()?,
        name: item.at("name").text(),
        description: None,
    })
}

fn user(item: Look<'_>) -> Option<(String, DirectoryUser)> {
    let account = item.at("accountId").text()?;
    let mut user = DirectoryUser {
        aliases: vec![Alias::account(&*account)],
        ..DirectoryUser::default()
    };
    complete(&mut user, item);
    Some((account, user))
}

/// Adds what an item says of somebody.
fn complete(user: &mut DirectoryUser, item: Look<'_>) {
    let text = |key: &str| item.at(key).text();
    user.name = text("displayName").or(user.name.take());
    user.email = text("email").or(user.email.take());
    if item.at("accountType").is("app") {
        user.kind = ActorKind::App;
    } else if item.at("accountType").is("customer") {
        user.kind = ActorKind::Customer;
    }
    let status = item.at("accountStatus");
    user.status = if status.is("active") {
        Some(UserStatus::Active)
    } else if status.is("inactive") {
        Some(UserStatus::Inactive)
    } else if status.is("closed") {
        Some(UserStatus::Closed)
    } else {
        user.status
    };
}
