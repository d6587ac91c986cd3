//! Things of Jira that are not issues: projects, versions, sprints, boards, filters, types, roles, schemes.
//!
//! All are one kind of record with a name and a state; what the state means depends on the kind. Each change leaves
//! the old record with the act, so that every message can still be told as it was.

use super::super::company::Company;
use super::super::names;
use super::value::{LEVELS, RESOLUTIONS, STATUSES, TYPES};
use crate::event::Timestamp;

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A project: 0 live, 1 archived, 2 in the trash.
    Project,
    /// A version: 0 unreleased, 1 released.
    Version,
    /// A sprint: 0 future, 1 active, 2 closed; `parent` is its board.
    Sprint,
    /// A board: 0 scrum, 1 kanban.
    Board,
    /// A filter, `parent` has no meaning.
    Filter,
    /// An issue type.
    IssueType,
    /// A status of issues.
    Status,
    /// A resolution.
    Resolution,
    /// A project role.
    Role,
    /// A permission scheme.
    PermissionScheme,
    /// An issue security scheme.
    SecurityScheme,
    /// An issue security level.
    SecurityLevel,
    /// A project category.
    Category,
    /// An organization of service desk customers.
    Organization,
}

/// A thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Thing {
    /// What it is.
    pub(super) kind: Kind,
    /// Its id, unique among its kind.
    pub(super) id: u64,
    /// Its name.
    pub(super) name: String,
    /// The number of the project or thing it belongs to.
    pub(super) parent: u32,
    /// Its state, whatever that means for its kind.
    pub(super) state: u8,
    /// Whose it is.
    pub(super) owner: u32,
    /// How often it changed.
    pub(super) changes: u32,
    /// When it came, when it started, when it ended.
    pub(super) dates: [Option<Timestamp>; 3],
    /// Whether it is gone.
    pub(super) gone: bool,
}

impl Thing {
    /// A thing as it is in the beginning.
    pub(super) fn new(kind: Kind, id: u64, name: String, parent: u32) -> Self {
        Self {
            kind,
            id,
            name,
            parent,
            state: 0,
            owner: 0,
            changes: 0,
            dates: [None; 3],
            gone: false,
        }
    }

    /// The key of a project.
    pub(super) fn key(&self, company: &Company) -> String {
        let own = usize::try_from(self.id.saturating_sub(PROJECT)).unwrap_or(0);
        match company.projects.get(own) {
            Some(project) if self.id < MADE => project.key.clone(),
            _ => format!("X{}", self.id),
        }
    }
}

/// The id of the first project, and of the first of other things.
pub(super) const PROJECT: u64 = 10_000;
/// The id of the first thing that came later.
pub(super) const MADE: u64 = 20_000;

/// The first project that exists only in Jira, which nobody works on.
fn retired(id: u64, name: &str, state: u8, when: Timestamp) -> Thing {
    Thing {
        state,
        dates: [Some(when), None, Some(when)],
        ..Thing::new(Kind::Project, id, name.to_owned(), 0)
    }
}

/// What there is before anything happens: `projects` of the company, the first of which are on this site.
pub(super) fn beginning(company: &Company, projects: usize, opening: Timestamp) -> Vec<Thing> {
    let mut things = Vec::new();
    let here = |place: &usize| company.projects[*place].site == 0;
    for place in (0..projects.min(company.projects.len())).filter(here) {
        let project = &company.projects[place];
        let number = u32::try_from(place).unwrap_or(0);
        let id = PROJECT + u64::from(number);
        things.push(Thing {
            dates: [Some(project.created), None, None],
            ..Thing::new(Kind::Project, id, project.name.clone(), number % 2)
        });
        for version in 0..3_u8 {
            things.push(Thing {
                state: u8::from(version == 0),
                dates: [Some(project.created), None, None],
                ..Thing::new(
                    Kind::Version,
                    PROJECT + u64::from(number) * 10 + u64::from(version),
                    format!("{}.{version}", number + 1),
                    number,
                )
            });
        }
        let kanban = u8::from(number % 3 == 2);
        things.push(Thing {
            state: kanban,
            ..Thing::new(
                Kind::Board,
                u64::from(number) + 1,
                format!("{} board", project.key),
                number,
            )
        });
        let board = u32::try_from(things.len() - 1).unwrap_or(0);
        for sprint in 0..3_u8 {
            if kanban == 1 {
                break;
            }
            things.push(Thing {
                state: 2 - sprint,
                dates: [
                    Some(opening),
                    (sprint < 2).then_some(opening),
                    (sprint < 1).then_some(opening),
                ],
                ..Thing::new(
                    Kind::Sprint,
                    u64::from(number) * 10 + u64::from(sprint) + 1,
                    format!("{} sprint {}", project.key, sprint + 1),
                    board,
                )
            });
        }
        things.push(Thing {
            owner: number,
            ..Thing::new(
                Kind::Filter,
                PROJECT + u64::from(number),
                format!("Open in {}", project.key),
                number,
            )
        });
    }
    things.push(retired(PROJECT + 9_000, "Old Workshop", 1, opening));
    things.push(retired(PROJECT + 9_001, "Moon Shot", 2, opening));
    let lists: [(Kind, &[(&str, &str)]); 8] = [
        (Kind::IssueType, &TYPES),
        (Kind::Status, &STATUSES),
        (Kind::Resolution, &RESOLUTIONS),
        (Kind::SecurityLevel, &LEVELS),
        (Kind::SecurityScheme, &[("10000", "Confidential work")]),
        (
            Kind::Role,
            &[("10002", "Administrators"), ("10003", "Developers")],
        ),
        (
            Kind::PermissionScheme,
            &[("0", "Default Permission Scheme"), ("10001", "Restricted")],
        ),
        (
            Kind::Category,
            &[("10000", "Products"), ("10001", "Inside")],
        ),
    ];
    for (kind, list) in lists {
        for (id, name) in list {
            let id = id.parse().unwrap_or(0);
            things.push(Thing::new(kind, id, (*name).to_owned(), 0));
        }
    }
    for (id, name) in (1..).zip(["Harbour Clinic", "Northern Rail"]) {
        things.push(Thing::new(Kind::Organization, id, name.to_owned(), 0));
    }
    things
}

/// The name of a thing that comes later.
pub(super) fn new_name(kind: Kind, id: u64) -> String {
    let word = names::PAGES[usize::try_from(id).unwrap_or(0) % names::PAGES.len()];
    match kind {
        Kind::Version => format!("{}.{}", id % 90 + 4, id % 7),
        Kind::Sprint => format!("Sprint {id}"),
        Kind::Board => format!("{word} board"),
        Kind::Project => format!("{word} project"),
        _ => format!("{word} {id}"),
    }
}
