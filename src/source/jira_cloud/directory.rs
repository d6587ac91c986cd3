//! The order in which the site's directory is read: groups with their people, users, projects with their people and
//! versions, then everything else that has a name.
//!
//! A list that is refused does not keep the others from being read, but what it is part of is not complete, and the walk
//! ends with that refusal. What a site does not have at all (boards, customer organizations) is a list without entries.

use super::client::Client;
use super::entry;
use super::list::{List, PLAIN};
use crate::event::directory::{DirectoryGroup, DirectoryMember, Entry, Listing as Kind, ThingKind};
use crate::event::{ActorKind, Container};
use crate::source::http::CallError;
use crate::source::jira::{Site, issue, people};
use crate::source::look::{self, Look};
use crate::source::offset::{Offset, Taken};
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// What being a project's lead is called among its roles.
const LEAD: &str = "Project lead";

/// What is still to be done.
enum Step {
    /// A page of a list.
    Read(List, Offset),
    /// Users whom only lists of members name.
    Others,
    /// The people of a project, all of whose roles have been read.
    People(Container),
    /// A listing ends, unless something of it was refused.
    End(Kind),
}

struct Walk<'a> {
    client: &'a Client,
    site: &'a Site,
    steps: VecDeque<Step>,
    /// The first refusal; what it is part of is in `incomplete`.
    refused: Option<SourceError>,
    incomplete: HashSet<Kind>,
    /// The groups that accounts are in, and the other way round by the groups' ids.
    groups: BTreeMap<String, Vec<DirectoryGroup>>,
    members: HashMap<String, BTreeSet<String>>,
    /// What accounts are that are not people.
    kinds: HashMap<String, ActorKind>,
    users: HashSet<String>,
    /// The roles that accounts have in the project being read.
    roles: BTreeMap<String, BTreeSet<String>>,
    /// The projects of boards, by the boards' ids.
    boards: HashMap<String, Option<Container>>,
    sprints: HashSet<String>,
    /// Who belongs to security levels, by the levels' ids.
    levels: HashMap<String, BTreeSet<String>>,
}

/// The whole directory, page by page.
pub(super) fn pages<'a>(
    client: &'a Client,
    site: &'a Site,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let walk = Walk {
        client,
        site,
        steps: plan(),
        refused: None,
        incomplete: HashSet::new(),
        groups: BTreeMap::new(),
        members: HashMap::new(),
        kinds: HashMap::new(),
        users: HashSet::new(),
        roles: BTreeMap::new(),
        boards: HashMap::new(),
        sprints: HashSet::new(),
        levels: HashMap::new(),
    };
    stream::try_unfold(Some(walk), |walk| async {
        match walk {
            Some(walk) => walk.step().await,
            None => Ok(None),
        }
    })
}

fn plan() -> VecDeque<Step> {
    let mut steps = VecDeque::from([
        read(List::Groups),
        read(List::Organizations),
        Step::End(Kind::Groups),
        Step::End(Kind::Things(ThingKind::CustomerOrganization)),
        read(List::Users),
        Step::Others,
        Step::End(Kind::Users),
        read(List::Projects),
        Step::End(Kind::Containers),
        Step::End(Kind::Members),
        Step::End(Kind::Things(ThingKind::Version)),
        read(List::Boards),
        Step::End(Kind::Things(ThingKind::Board)),
        Step::End(Kind::Things(ThingKind::Sprint)),
        read(List::LevelMembers),
    ]);
    for kind in PLAIN {
        steps.extend([read(List::Things(kind)), Step::End(Kind::Things(kind))]);
    }
    steps
}

fn read(list: List) -> Step {
    Step::Read(list, Offset::default())
}

impl<'a> Walk<'a> {
    async fn step(mut self) -> Result<Option<(Page, Option<Walk<'a>>)>, SourceError> {
        let entries = match self.steps.pop_front() {
            None => {
                return match self.refused {
                    Some(error) => Err(error),
                    None => Ok(None),
                };
            }
            Some(Step::Read(list, offset)) => self.read(list, offset).await?,
            Some(Step::Others) => self.others(),
            Some(Step::People(project)) => self.people(&project),
            Some(Step::End(kind)) if self.incomplete.contains(&kind) => Vec::new(),
            Some(Step::End(kind)) => vec![Entry::End(kind)],
        };
        let page = Page {
            entries,
            ..Page::default()
        };
        Ok(Some((page, Some(self))))
    }

    async fn read(&mut self, list: List, mut offset: Offset) -> Result<Vec<Entry>, SourceError> {
        let what = list.what();
        let start = offset.start().to_string();
        let mut query = list.query();
        if let Some((first, most)) = list.paging() {
            query.extend([(first, start.as_str()), (most, list.most())]);
        }
        let page = match self.client.listing(&what, &list.path(), &query).await {
            Ok(page) => page,
            Err(error) => {
                self.refused(&list, error).await?;
                return Ok(Vec::new());
            }
        };
        let more = list.paging().is_some() && !page.is_last();
        let new = if let List::Roles(..) | List::Actors(..) = list {
            vec![page.0]
        } else {
            let items = page.items().into_iter().map(Look::record).collect();
            match offset.take(&what, items)? {
                Taken::New(new) => new.iter().map(|item| look::value(item)).collect(),
                Taken::Moved => Vec::new(),
                Taken::End => return Ok(Vec::new()),
            }
        };
        // What an entry leads to is read before the next page.
        let mut leads = Vec::new();
        let entries = new
            .iter()
            .flat_map(|item| self.entries(&list, Look::new(item), &mut leads))
            .collect();
        if more {
            self.steps.push_front(Step::Read(list, offset));
        }
        for step in leads.into_iter().rev() {
            self.steps.push_front(step);
        }
        Ok(entries)
    }

    /// Goes on without a list, or not at all.
    async fn refused(&mut self, list: &List, error: CallError) -> Result<(), SourceError> {
        let Some(status) = error.status().filter(|status| *status != 401) else {
            return Err(error.into());
        };
        if list.is_absent(status) {
            return Ok(());
        }
        if matches!(list, List::Organizations) {
            // Sites without Jira Service Management may refuse, too.
            let info = ("Jira Service Management", "rest/servicedeskapi/info");
            match self.client.listing(info.0, info.1, &[]).await {
                Err(error) if error.status().is_some() => return Ok(()),
                info => info?,
            };
        }
        self.incomplete.extend(list.part_of());
        self.refused.get_or_insert(error.into());
        Ok(())
    }

    /// What one entry of a list says, and what is to be read because of it.
    fn entries(&mut self, list: &List, item: Look<'_>, leads: &mut Vec<Step>) -> Vec<Entry> {
        let site = self.site;
        match list {
            List::Groups => {
                let group = entry::group(item);
                leads.extend(group.clone().map(List::Members).map(read));
                group.map(Entry::Group).into_iter().collect()
            }
            List::Members(group) | List::Customers(_, group) => {
                self.belongs(group, item);
                Vec::new()
            }
            List::Organizations => {
                let kind = ThingKind::CustomerOrganization;
                let thing = entry::thing(site, kind, item, None);
                let (Some(group), Some(thing)) = (entry::organization_group(item), thing) else {
                    return Vec::new();
                };
                leads.push(read(List::Customers(thing.id.clone(), group.clone())));
                vec![Entry::Group(group), Entry::Thing(Box::new(thing))]
            }
            List::Users => {
                let Some(mut user) = entry::user(site, item, None) else {
                    return Vec::new();
                };
                let account = user.aliases[0].value.clone();
                user.groups = self.groups_of(&account);
                if user.kind != ActorKind::Person {
                    self.kinds.insert(account.clone(), user.kind);
                }
                self.users.insert(account);
                vec![Entry::User(Box::new(user))]
            }
            List::Projects => {
                let Some(project) = issue::project(site, item) else {
                    return Vec::new();
                };
                // Of what is in the trash, nothing more can be asked.
                if item.at("deleted").flag() != Some(true) {
                    leads.push(read(List::Versions(project.clone())));
                    let lead = item.at("lead").at("accountId").text();
                    leads.push(read(List::Roles(project.clone(), lead)));
                }
                vec![Entry::Container(project)]
            }
            List::Versions(project) => {
                thing(entry::thing(site, ThingKind::Version, item, Some(project)))
            }
            List::Roles(project, lead) => {
                self.roles.clear();
                if let Some(lead) = lead {
                    self.has(lead.clone(), LEAD);
                }
                let roles = item.entries().filter_map(|(_, link)| {
                    let link = link.text()?;
                    link.rsplit('/').next().map(str::to_owned)
                });
                leads.extend(roles.map(|role| read(List::Actors(project.clone(), role))));
                leads.push(Step::People(project.clone()));
                Vec::new()
            }
            List::Actors(..) => {
                self.actors(item);
                Vec::new()
            }
            List::Boards => {
                let board = entry::thing(site, ThingKind::Board, item, None);
                if let Some(board) = &board {
                    leads.push(read(List::Sprints(board.id.clone())));
                    let place = board.container.clone();
                    self.boards.insert(board.id.clone(), place);
                }
                thing(board)
            }
            List::Sprints(board) => {
                let origin = item.at("originBoardId").text();
                let place = self.boards.get(origin.as_ref().unwrap_or(board));
                let place = place.and_then(Option::as_ref);
                let sprint = entry::thing(site, ThingKind::Sprint, item, place);
                // Several boards may show one sprint.
                thing(sprint.filter(|sprint| self.sprints.insert(sprint.id.clone())))
            }
            List::LevelMembers => {
                let level = item.at("issueSecurityLevelId").text();
                if let (Some(level), Some(holder)) = (level, entry::holder(item.at("holder"))) {
                    self.levels.entry(level).or_default().insert(holder);
                }
                Vec::new()
            }
            List::Things(kind) => {
                let mut found = entry::thing(site, *kind, item, None);
                if let Some(level) = &mut found
                    && *kind == ThingKind::SecurityLevel
                    && let Some(holders) = self.levels.get(&level.id)
                {
                    let holders = entry::join(holders.iter().cloned());
                    level.details.insert("members".to_owned(), holders);
                }
                thing(found)
            }
        }
    }

    /// Remembers that somebody is in a group.
    fn belongs(&mut self, group: &DirectoryGroup, item: Look<'_>) {
        let Some(actor) = people::actor(self.site, item) else {
            return;
        };
        let account = actor.alias.value;
        let members = self.members.entry(group.id.clone()).or_default();
        if members.insert(account.clone()) {
            if actor.kind != ActorKind::Person {
                self.kinds.insert(account.clone(), actor.kind);
            }
            self.groups.entry(account).or_default().push(group.clone());
        }
    }

    /// The groups of an account, unless they could not all be seen.
    fn groups_of(&self, account: &str) -> Option<Vec<DirectoryGroup>> {
        let all = ![Kind::Groups, Kind::Members]
            .iter()
            .any(|kind| self.incomplete.contains(kind));
        all.then(|| self.groups.get(account).cloned().unwrap_or_default())
    }

    /// People whom groups name and the list of users does not, as happens with customers.
    fn others(&mut self) -> Vec<Entry> {
        let accounts = self.groups.keys();
        let others = accounts.filter(|account| !self.users.contains(*account));
        let users = others.filter_map(|account| {
            let mut user = entry::member(self.site, account, self.kind(account))?;
            user.groups = self.groups_of(account);
            Some(Entry::User(Box::new(user)))
        });
        users.collect()
    }

    fn kind(&self, account: &str) -> ActorKind {
        self.kinds.get(account).copied().unwrap_or_default()
    }

    /// Has a role by name.
    fn has(&mut self, account: String, role: &str) {
        self.roles
            .entry(account)
            .or_default()
            .insert(role.to_owned());
    }

    /// Who has a role in the project: people, and everybody in groups.
    fn actors(&mut self, role: Look<'_>) {
        let name = role.at("name").text().unwrap_or_default();
        for actor in role.at("actors").list() {
            if let Some(account) = actor.at("actorUser").at("accountId").text() {
                self.has(account, &name);
            }
            let group = actor.at("actorGroup");
            let Some(group) = group
                .at("groupId")
                .text()
                .or_else(|| group.at("name").text())
            else {
                continue;
            };
            for account in self.members.get(&group).cloned().unwrap_or_default() {
                self.has(account, &name);
            }
        }
    }

    /// The people of a project, each once with all roles.
    fn people(&mut self, project: &Container) -> Vec<Entry> {
        let roles = std::mem::take(&mut self.roles);
        let members = roles.into_iter().filter_map(|(account, roles)| {
            Some(Entry::Member(DirectoryMember {
                container: project.clone(),
                user: Box::new(entry::member(self.site, &account, self.kind(&account))?),
                permission: Some(entry::join(roles)),
                since: None,
            }))
        });
        members.collect()
    }
}

fn thing(found: Option<crate::event::directory::DirectoryThing>) -> Vec<Entry> {
    found.map(Box::new).map(Entry::Thing).into_iter().collect()
}
