//! The order in which workspaces are read: each with its projects, repositories and members, then the next.
//!
//! A workspace that refuses does not keep the others from being read, but then the listing as a whole is not complete
//! and ends with that refusal.

use super::client::Client;
use super::normalise;
use crate::event::Container;
use crate::event::directory::{Entry, Listing};
use crate::source::http::{CallError, Guard};
use crate::source::look::Look;
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use std::collections::VecDeque;
use url::Url;

/// A request that is still to be made.
enum Step {
    /// The list of workspaces.
    Workspaces(Url),
    /// One workspace, by its slug.
    Workspace(String),
    /// A list within a workspace.
    List(Noun, Box<Container>, Url),
}

#[derive(Clone, Copy, PartialEq)]
enum Noun {
    Projects,
    Repositories,
    Permissions,
    Members,
}

impl Noun {
    fn what(self, workspace: &Container) -> String {
        let slug = workspace.key.as_deref().unwrap_or_default();
        let noun = match self {
            Self::Projects => "projects",
            Self::Repositories => "repositories",
            Self::Permissions => "permissions",
            Self::Members => "members",
        };
        format!("the list of {noun} of workspace {slug}")
    }
}

struct Walk<'a> {
    client: &'a Client,
    steps: VecDeque<Step>,
    guard: Guard,
    refused: Option<SourceError>,
}

/// The named workspaces, or all that the credential can see, page by page.
pub(super) fn pages<'a>(
    client: &'a Client,
    slugs: &[String],
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let steps = if slugs.is_empty() {
        VecDeque::from([Step::Workspaces(client.workspaces())])
    } else {
        slugs.iter().cloned().map(Step::Workspace).collect()
    };
    let walk = Walk {
        client,
        steps,
        guard: Guard::default(),
        refused: None,
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
        let Some(step) = self.steps.pop_front() else {
            return match self.refused {
                Some(error) => Err(error),
                None => Ok(Some((end(), None))),
            };
        };
        let entries = match self.take(step).await {
            Ok(entries) => entries,
            Err(error) if matches!(error.status(), Some(403 | 404 | 410)) => {
                self.refused.get_or_insert(error.into());
                Vec::new()
            }
            Err(error) => return Err(error.into()),
        };
        let page = Page {
            entries,
            ..Page::default()
        };
        Ok(Some((page, Some(self))))
    }

    async fn take(&mut self, step: Step) -> Result<Vec<Entry>, CallError> {
        match step {
            Step::Workspaces(url) => {
                let what = "the list of workspaces";
                let (listing, next) = self.client.page(what, url).await?;
                let found: Vec<Container> = listing
                    .items()
                    .filter_map(|item| normalise::workspace(item.at("workspace")))
                    .collect();
                let entries = found.iter().cloned().map(Entry::Container).collect();
                for workspace in &found {
                    self.enter(workspace);
                }
                if let Some(next) = next {
                    self.guard.pass(what, next.as_str(), [])?;
                    self.steps.push_front(Step::Workspaces(next));
                }
                Ok(entries)
            }
            Step::Workspace(slug) => {
                let answer = self.client.workspace(&slug).await?;
                let Some(workspace) = normalise::workspace(Look::new(&answer)) else {
                    return Err(CallError::Failed(SourceError::Unusable {
                        what: format!("workspace {slug}"),
                        message: "an answer without a slug".to_owned(),
                    }));
                };
                self.enter(&workspace);
                Ok(vec![Entry::Container(workspace)])
            }
            Step::List(noun, workspace, url) => self.list(noun, workspace, url).await,
        }
    }

    async fn list(
        &mut self,
        noun: Noun,
        workspace: Box<Container>,
        url: Url,
    ) -> Result<Vec<Entry>, CallError> {
        let what = noun.what(&workspace);
        let (listing, next) = match self.client.page(&what, url).await {
            // Access tokens may not read permissions, but they may read who is a member.
            Err(error) if noun == Noun::Permissions && error.status() == Some(403) => {
                let slug = workspace.key.clone().unwrap_or_default();
                let url = self.client.within(&slug, "members");
                self.steps
                    .push_front(Step::List(Noun::Members, workspace, url));
                return Ok(Vec::new());
            }
            page => page?,
        };
        let entries = listing
            .items()
            .flat_map(|item| match noun {
                Noun::Projects => found(normalise::project(item, &workspace)),
                Noun::Repositories => found(normalise::repository(item, &workspace)),
                Noun::Permissions | Noun::Members => normalise::member(item, &workspace),
            })
            .collect();
        if let Some(next) = next {
            self.guard.pass(&what, next.as_str(), [])?;
            self.steps.push_front(Step::List(noun, workspace, next));
        }
        Ok(entries)
    }

    /// Puts the lists of a workspace in line.
    fn enter(&mut self, workspace: &Container) {
        let slug = workspace.key.clone().unwrap_or_default();
        for (noun, url) in [
            (Noun::Projects, self.client.within(&slug, "projects")),
            (Noun::Repositories, self.client.repositories(&slug)),
            (Noun::Permissions, self.client.within(&slug, "permissions")),
        ] {
            let step = Step::List(noun, Box::new(workspace.clone()), url);
            self.steps.push_back(step);
        }
    }
}

fn found(container: Option<Container>) -> Vec<Entry> {
    container.map(Entry::Container).into_iter().collect()
}

fn end() -> Page {
    Page {
        entries: vec![
            Entry::End(Listing::Containers),
            Entry::End(Listing::Users),
            Entry::End(Listing::Members),
        ],
        ..Page::default()
    }
}
