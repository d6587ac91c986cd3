//! Who and what there is in an instance: groups with their members, users, projects or spaces, repositories, and who has
//! been given rights in a project.
//!
//! A list that is refused does not keep the others from being read, but then it is not complete and says nothing of who
//! or what is gone; the reading ends with that refusal.

use super::Product;
use super::client::Client;
use super::entry;
use crate::event::directory::{DirectoryGroup, DirectoryUser, Entry, Listing};
use crate::event::{Alias, Container};
use crate::source::http::{CallError, Guard};
use crate::source::look::Look;
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use std::collections::{BTreeMap, VecDeque};

/// A list that is still to be read.
#[derive(Clone)]
enum Step {
    Groups,
    Members(String),
    Users,
    Projects,
    Repositories,
    Grants(Box<Container>),
    End(Listing),
}

struct Walk<'a> {
    client: &'a Client,
    product: Product,
    scope: &'a str,
    steps: VecDeque<(Step, u64)>,
    guard: Guard,
    /// The groups of each user, by their most telling name.
    groups: BTreeMap<Alias, Vec<DirectoryGroup>>,
    /// Those whom members of groups have shown, where there is no list of users.
    members: BTreeMap<Alias, DirectoryUser>,
    /// Whether the members of all groups have been read.
    whole: bool,
    incomplete: Vec<Listing>,
    refused: Option<SourceError>,
}

/// Everybody and everything, page by page.
pub(super) fn pages<'a>(
    client: &'a Client,
    product: Product,
    scope: &'a str,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let mut steps = vec![
        Step::Groups,
        Step::Users,
        Step::End(Listing::Groups),
        Step::End(Listing::Users),
        Step::Projects,
    ];
    if product == Product::Bitbucket {
        steps.push(Step::Repositories);
    }
    steps.push(Step::End(Listing::Containers));
    if product == Product::Bitbucket {
        steps.push(Step::End(Listing::Members));
    }
    let walk = Walk {
        client,
        product,
        scope,
        steps: steps.into_iter().map(|step| (step, 0)).collect(),
        guard: Guard::default(),
        groups: BTreeMap::new(),
        members: BTreeMap::new(),
        whole: true,
        incomplete: Vec::new(),
        refused: None,
    };
    stream::try_unfold(walk, |mut walk| async {
        let page = walk.step().await?;
        Ok(page.map(|page| (page, walk)))
    })
}

impl Step {
    /// What it asks for, in the words of error messages.
    fn what(&self) -> String {
        match self {
            Self::Groups => "the instance's list of groups".to_owned(),
            Self::Members(group) => format!("the list of members of group {group}"),
            Self::Users => "the instance's list of users".to_owned(),
            Self::Projects => "the instance's list of projects or spaces".to_owned(),
            Self::Repositories => "the instance's list of repositories".to_owned(),
            Self::Grants(project) => format!(
                "the list of users with rights in project {}",
                project.key.as_deref().unwrap_or_default()
            ),
            Self::End(_) => String::new(),
        }
    }

    /// What is not complete without it.
    fn listings(&self, product: Product) -> &'static [Listing] {
        match self {
            Self::Groups if product == Product::Confluence => &[Listing::Groups, Listing::Users],
            Self::Groups => &[Listing::Groups],
            Self::Members(_) if product == Product::Confluence => &[Listing::Users],
            Self::Users => &[Listing::Users],
            Self::Projects => &[Listing::Containers, Listing::Members],
            Self::Repositories => &[Listing::Containers],
            Self::Grants(_) => &[Listing::Members],
            Self::Members(_) | Self::End(_) => &[],
        }
    }
}

impl Walk<'_> {
    async fn step(&mut self) -> Result<Option<Page>, SourceError> {
        let Some((step, start)) = self.steps.pop_front() else {
            return self.refused.take().map_or(Ok(None), Err);
        };
        let entries = match step {
            Step::End(listing) if self.incomplete.contains(&listing) => Vec::new(),
            Step::End(listing) => vec![Entry::End(listing)],
            Step::Users if self.product == Product::Confluence => self.everybody(),
            step => match self.take(&step, start).await {
                Ok(entries) => entries,
                Err(error) if matches!(error.status(), Some(403 | 404)) => {
                    self.whole &= !matches!(step, Step::Groups | Step::Members(_));
                    self.incomplete.extend(step.listings(self.product));
                    self.refused.get_or_insert(error.into());
                    Vec::new()
                }
                Err(error) => return Err(error.into()),
            },
        };
        Ok(Some(Page {
            entries,
            ..Page::default()
        }))
    }

    async fn take(&mut self, step: &Step, start: u64) -> Result<Vec<Entry>, CallError> {
        let what = step.what();
        let (path, query) = self.call(step);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let query: Vec<_> = query
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        let listing = self.client.list(&what, &path, &query, start).await?;
        let entries = listing
            .items()
            .into_iter()
            .flat_map(|item| self.entries(step, item));
        let entries = entries.collect();
        if let Some(next) = listing.next(start) {
            let mark = format!("{what} from {next}");
            self.guard
                .pass(&what, &mark, [])
                .map_err(CallError::Failed)?;
            self.steps.push_front((step.clone(), next));
        }
        Ok(entries)
    }

    /// The path and query of a list.
    fn call(&self, step: &Step) -> (Vec<String>, Vec<(&'static str, String)>) {
        let words = |path: &str| path.split('/').map(ToOwned::to_owned).collect::<Vec<_>>();
        let (path, query) = match (self.product, step) {
            (Product::Bitbucket, Step::Groups) => ("rest/api/latest/admin/groups", vec![]),
            (Product::Bitbucket, Step::Members(group)) => (
                "rest/api/latest/admin/groups/more-members",
                vec![("context", group.clone())],
            ),
            (Product::Bitbucket, Step::Users) => ("rest/api/latest/admin/users", vec![]),
            (Product::Bitbucket, Step::Repositories) => ("rest/api/latest/repos", vec![]),
            (Product::Bitbucket, Step::Grants(project)) => {
                let key = project.key.clone().unwrap_or_default();
                let mut path = words("rest/api/latest/projects");
                path.extend([key, "permissions".to_owned(), "users".to_owned()]);
                return (path, Vec::new());
            }
            (Product::Bitbucket, _) => ("rest/api/latest/projects", vec![]),
            (Product::Jira, Step::Groups) => ("rest/api/2/groups/picker", vec![]),
            (Product::Jira, Step::Members(group)) => (
                "rest/api/2/group/member",
                vec![
                    ("groupname", group.clone()),
                    ("includeInactiveUsers", "true".to_owned()),
                ],
            ),
            // The dot matches everybody.
            (Product::Jira, Step::Users) => (
                "rest/api/2/user/search",
                vec![
                    ("username", ".".to_owned()),
                    ("includeInactive", "true".to_owned()),
                ],
            ),
            (Product::Jira, _) => ("rest/api/2/project", vec![]),
            (Product::Confluence, Step::Members(group)) => {
                let mut path = words("rest/api/group");
                path.extend([group.clone(), "member".to_owned()]);
                return (path, Vec::new());
            }
            (Product::Confluence, Step::Groups) => ("rest/api/group", vec![]),
            (Product::Confluence, _) => ("rest/api/space", vec![]),
        };
        (words(path), query)
    }

    /// What an item of a list says.
    fn entries(&mut self, step: &Step, item: Look<'_>) -> Vec<Entry> {
        match step {
            Step::Groups => {
                let Some(group) = entry::group(item) else {
                    return Vec::new();
                };
                self.steps.push_front((Step::Members(group.id.clone()), 0));
                vec![Entry::Group(group)]
            }
            Step::Members(group) => {
                if let Some(user) = entry::user(self.product, self.scope, item)
                    && let Some(alias) = user.aliases.first()
                {
                    let group = entry::named(group);
                    self.groups.entry(alias.clone()).or_default().push(group);
                    if self.product == Product::Confluence {
                        self.members.insert(alias.clone(), user);
                    }
                }
                Vec::new()
            }
            Step::Users => {
                let user = entry::user(self.product, self.scope, item);
                user.map(|user| self.with_groups(user))
                    .into_iter()
                    .collect()
            }
            Step::Projects => {
                let found = entry::place(self.product, self.scope, item);
                if let Some(project) = &found
                    && self.product == Product::Bitbucket
                    && project.key.is_some()
                {
                    let grants = Step::Grants(Box::new(project.clone()));
                    let end = self.steps.len().saturating_sub(1);
                    self.steps.insert(end, (grants, 0));
                }
                found.map(Entry::Container).into_iter().collect()
            }
            Step::Repositories => {
                let found = entry::repository(self.scope, item);
                found.map(Entry::Container).into_iter().collect()
            }
            Step::Grants(project) => {
                let member = entry::member(self.scope, item, project);
                member.map(Entry::Member).into_iter().collect()
            }
            Step::End(_) => Vec::new(),
        }
    }

    fn everybody(&mut self) -> Vec<Entry> {
        let users = std::mem::take(&mut self.members);
        users
            .into_values()
            .map(|user| self.with_groups(user))
            .collect()
    }

    fn with_groups(&self, mut user: DirectoryUser) -> Entry {
        if self.whole {
            let alias = user.aliases.first();
            let groups = alias.and_then(|alias| self.groups.get(alias));
            user.groups = Some(groups.cloned().unwrap_or_default());
        }
        Entry::User(Box::new(user))
    }
}
