//! The organization's users and groups, their last activity, and the actions that its log can report.
//!
//! What an entry says is read here from upstream's words; what has changed since the last listing is not known here.

use super::client::{Client, GROUPS, USERS};
use super::entry;
use super::wire::Listing;
use crate::event::ActorKind;
use crate::event::directory::{DirectoryUser, Entry, Listing as Kind, UserStatus};
use crate::source::http::{CallError, Guard};
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Stands for all directories of the organization.
const ALL: &str = "-";

/// What is listed next.
enum Step {
    Users {
        directory: String,
        cursor: Option<String>,
    },
    Accounts {
        next: Option<String>,
        directory: String,
    },
    Groups {
        directory: String,
        cursor: Option<String>,
    },
}

struct Walk<'a> {
    client: &'a Client,
    /// `None` until it is known which directory to ask.
    step: Option<Step>,
    guard: Guard,
}

/// The whole directory, page by page.
pub(super) fn pages(client: &Client) -> impl Stream<Item = Result<Page, SourceError>> {
    let walk = Walk {
        client,
        step: None,
        guard: Guard::default(),
    };
    stream::try_unfold(Some(walk), |walk| async {
        match walk {
            Some(walk) => walk.step().await,
            None => Ok(None),
        }
    })
}

impl<'a> Walk<'a> {
    async fn step(mut self) -> Result<Option<(Page, Option<Walk<'a>>)>, SourceError> {
        let step = match self.step.take() {
            Some(step) => step,
            None => Step::Users {
                directory: directory(self.client).await?,
                cursor: None,
            },
        };
        let mut entries = Vec::new();
        self.step = match step {
            Step::Users { directory, cursor } => {
                match self.client.users(&directory, cursor.as_deref(), true).await {
                    Err(error) if cursor.is_none() && is_closed(&error) => Some(Step::Accounts {
                        next: None,
                        directory,
                    }),
                    page => {
                        let page = page?;
                        entries.extend(users(&page).map(boxed));
                        Some(match self.turn(USERS, "users", page.next())? {
                            None => {
                                entries.push(Entry::End(Kind::Users));
                                Step::Groups {
                                    directory,
                                    cursor: None,
                                }
                            }
                            cursor => Step::Users { directory, cursor },
                        })
                    }
                }
            }
            // Managed accounts are not all users, so this listing is never complete.
            Step::Accounts { next, directory } => {
                let page = self.client.managed_accounts(next.as_deref()).await?;
                entries.extend(page.items().filter_map(entry::account).map(boxed));
                Some(match self.turn(USERS, "accounts", page.next())? {
                    None => Step::Groups {
                        directory,
                        cursor: None,
                    },
                    next => Step::Accounts { next, directory },
                })
            }
            Step::Groups { directory, cursor } => {
                match self.client.groups(&directory, cursor.as_deref()).await {
                    Err(error) if cursor.is_none() && is_closed(&error) => None,
                    page => {
                        let page = page?;
                        entries.extend(page.items().filter_map(entry::group).map(Entry::Group));
                        let next = self.turn(GROUPS, "groups", page.next())?;
                        if next.is_none() {
                            entries.push(Entry::End(Kind::Groups));
                        }
                        next.map(|next| Step::Groups {
                            directory,
                            cursor: Some(next),
                        })
                    }
                }
            }
        };
        let page = Page {
            entries,
            ..Page::default()
        };
        let more = self.step.is_some();
        Ok(Some((page, more.then_some(self))))
    }

    /// Lets `next` through unless this listing has been there.
    fn turn(
        &mut self,
        what: &str,
        listing: &str,
        next: Option<String>,
    ) -> Result<Option<String>, SourceError> {
        if let Some(next) = &next {
            self.guard.pass(what, next, [listing])?;
        }
        Ok(next)
    }
}

/// The directory to ask: the only one by its id, several all at once so that nobody is listed twice.
async fn directory(client: &Client) -> Result<String, SourceError> {
    let listing = match client.directories().await {
        Err(error) if is_closed(&error) => Listing::default(),
        listing => listing?,
    };
    let ids: Vec<_> = listing
        .items()
        .filter_map(|one| one.at("directoryId").text().or_else(|| one.at("id").text()))
        .collect();
    Ok(match (<[_; 1]>::try_from(ids), listing.next()) {
        (Ok([id]), None) => id,
        _ => ALL.to_owned(),
    })
}

/// Whether upstream does not offer a listing, or not to this key; other listings may still work.
fn is_closed(error: &CallError) -> bool {
    matches!(error.status(), Some(403 | 404 | 410))
}

fn users(page: &Listing) -> impl Iterator<Item = DirectoryUser> {
    page.items().filter_map(entry::user)
}

fn boxed(user: DirectoryUser) -> Entry {
    Entry::User(Box::new(user))
}

/// Where the round of last-active dates has got to; kept as JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Round {
    /// Upstream's cursor to the users that come next; without it a new round begins.
    next: Option<String>,
}

/// When each user was last active: a page for every page of users, a request for every user.
pub(super) fn activity<'a>(
    client: &'a Client,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let round: Option<Round> = cursor.and_then(|cursor| serde_json::from_str(cursor).ok());
    let start = (None, round.unwrap_or_default().next, Guard::default());
    stream::try_unfold(Some(start), move |state| async move {
        let Some((known, next, mut guard)) = state else {
            return Ok(None);
        };
        let place = match known {
            Some(place) => place,
            None => directory(client).await?,
        };
        let page = match client.users(&place, next.as_deref(), false).await {
            // The cursor of an interrupted round may have died since.
            Err(error) if next.is_some() && error.status() == Some(400) => {
                client.users(&place, None, false).await?
            }
            page => page?,
        };
        let mut entries = Vec::new();
        for user in users(&page).filter(is_worth_asking) {
            let active = last_active(client, user).await?;
            entries.extend(active.map(|user| Entry::Activity(Box::new(user))));
        }
        let next = page.next();
        if let Some(next) = &next {
            guard.pass(USERS, next, [])?;
        }
        let page = Page {
            entries,
            cursor: Some(super::to_cursor(&Round { next: next.clone() })),
            ..Page::default()
        };
        let more = next.is_some();
        Ok(Some((page, more.then_some((Some(place), next, guard)))))
    })
}

fn is_worth_asking(user: &DirectoryUser) -> bool {
    user.kind == ActorKind::Person && matches!(user.status, None | Some(UserStatus::Active))
}

async fn last_active(
    client: &Client,
    user: DirectoryUser,
) -> Result<Option<DirectoryUser>, SourceError> {
    let Some(account) = user.aliases.first().map(|alias| alias.value.clone()) else {
        return Ok(None);
    };
    let mut user = DirectoryUser {
        groups: None,
        activity: Vec::new(),
        ..user
    };
    let mut guard = Guard::default();
    let mut cursor = None;
    loop {
        let page = match client.last_active(&account, cursor.as_deref()).await {
            // Gone since the list of users was read.
            Err(error) if matches!(error.status(), Some(404 | 410)) => return Ok(None),
            page => page?,
        };
        user.activity.extend(entry::last_active(page.data()));
        user.added_at = user.added_at.or_else(|| entry::added_to_org(page.data()));
        cursor = page.next();
        match &cursor {
            Some(next) => guard.pass(USERS, next, [])?,
            None => return Ok(Some(user)),
        }
    }
}

/// The actions that upstream can report, in one page.
pub(super) fn actions(client: &Client) -> impl Stream<Item = Result<Page, SourceError>> {
    stream::once(async {
        let listing = client.actions().await?;
        let mut seen = HashSet::new();
        let actions = listing.items().filter_map(entry::action);
        Ok(Page {
            entries: actions
                .filter(|action| seen.insert(action.name.clone()))
                .map(Entry::Action)
                .collect(),
            ..Page::default()
        })
    })
}
