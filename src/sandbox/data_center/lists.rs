//! The lists of the instances: users, groups, members, projects, spaces and repositories, each paged in its product's
//! style.

use super::record::user_id;
use super::{Instance, user_name};
use crate::event::Timestamp;
use crate::sandbox::company::{Company, Kind, Standing, number};
use crate::sandbox::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Parameters = BTreeMap<String, String>;

/// The answer to any request that is not about the audit log; none where there is nothing.
pub(super) fn answer(
    world: &World,
    company: &Company,
    instance: Instance,
    path: &[&str],
    query: &Parameters,
    short: bool,
) -> Option<Value> {
    match instance {
        Instance::Bitbucket => bitbucket(world, company, path, query, short),
        Instance::Jira => jira(world, company, path, query, short),
        Instance::Confluence => confluence(world, company, path, query, short),
    }
}

/// Everybody who has an account on the instances.
pub(super) fn people(company: &Company) -> impl Iterator<Item = u32> + '_ {
    let people = company.people.iter().enumerate();
    people
        .filter(|(_, person)| person.kind == Kind::Person && person.standing != Standing::Gone)
        .map(|(place, _)| number(place))
}

fn members(company: &Company, group: &str) -> Option<Vec<u32>> {
    let mut groups = company.groups.iter();
    let group = number(groups.position(|known| known.name == group && !known.gone)?);
    let within = |person: &u32| company.people[*person as usize].groups.contains(&group);
    Some(people(company).filter(within).collect())
}

fn bitbucket(
    world: &World,
    company: &Company,
    path: &[&str],
    query: &Parameters,
    short: bool,
) -> Option<Value> {
    let users = |people: Vec<u32>| {
        people
            .into_iter()
            .map(|one| bitbucket_user(company, one))
            .collect()
    };
    let project = |place: usize| {
        let project = &company.projects[place];
        let link = world.link(&format!("bitbucket-dc/projects/{}", project.key));
        json!({
            "id": place + 1, "key": project.key, "name": project.name, "public": false, "type": "NORMAL",
            "links": {"self": [{"href": link}]},
        })
    };
    let values: Vec<Value> = match path {
        ["rest", "api", "latest", "application-properties"] => {
            return Some(json!({
                "version": "9.2.1", "buildNumber": "9002001", "buildDate": "1730000000000", "displayName": "Bitbucket",
            }));
        }
        ["rest", "api", "latest", "admin", "users"] => users(people(company).collect()),
        ["rest", "api", "latest", "admin", "groups"] => company
            .groups
            .iter()
            .filter(|group| !group.gone)
            .map(|group| json!({"name": group.name, "deletable": true}))
            .collect(),
        ["rest", "api", "latest", "admin", "groups", "more-members"] => {
            users(members(company, query.get("context")?)?)
        }
        ["rest", "api", "latest", "projects"] => (0..company.projects.len()).map(project).collect(),
        ["rest", "api", "latest", "projects", key, "permissions", "users"] => {
            let mut projects = company.projects.iter();
            let place = number(projects.position(|project| project.key == *key)?);
            let within = people(company).filter(|one| company.people[*one as usize].project == place);
            within
                .map(|one| json!({"user": bitbucket_user(company, one), "permission": "PROJECT_WRITE"}))
                .collect()
        }
        ["rest", "api", "latest", "repos"] => company
            .repositories
            .iter()
            .enumerate()
            .filter(|(_, repository)| !repository.gone)
            .map(|(place, repository)| {
                json!({
                    "id": place + 1, "slug": repository.slug, "name": repository.slug, "scmId": "git",
                    "state": "AVAILABLE", "public": !repository.private, "archived": false,
                    "project": project(repository.project as usize),
                })
            })
            .collect(),
        _ => return None,
    };
    Some(bitbucket_page(&values, query, short))
}

/// A user as Bitbucket lists them to administrators.
pub(super) fn bitbucket_user(company: &Company, person: u32) -> Value {
    let (card, name) = (company.card_of(person), user_name(company, person));
    let facts = &company.people[person as usize];
    let mut user = json!({
        "id": person + 2, "name": name, "slug": name, "displayName": card.name,
        "emailAddress": card.email, "active": facts.standing == Standing::Active, "type": "NORMAL",
        "directoryName": "Crowd", "deletable": true, "mutableDetails": true, "mutableGroups": true,
        "createdDate": facts.added.millis(),
    });
    if let Some(active) = facts.active[2] {
        user["lastAuthenticationTimestamp"] = Timestamp::millis(active).into();
    }
    user
}

/// A page in the style of Bitbucket; the instance gives fewer values than asked for.
pub(super) fn bitbucket_page(values: &[Value], query: &Parameters, short: bool) -> Value {
    let (start, end) = range(values, query, ("start", "limit"), (25, 50), short);
    let last = end == values.len();
    let mut page = json!({
        "size": end - start, "limit": 50, "start": start, "isLastPage": last,
        "values": values[start..end],
    });
    if !last {
        page["nextPageStart"] = end.into();
    }
    page
}

fn range(
    values: &[Value],
    query: &Parameters,
    (start, limit): (&str, &str),
    (default, most): (usize, usize),
    short: bool,
) -> (usize, usize) {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let start = number(start).unwrap_or(0).min(values.len());
    let limit = number(limit).unwrap_or(default).clamp(1, most);
    let limit = if short { limit.div_ceil(2) } else { limit };
    (start, (start + limit).min(values.len()))
}

fn jira(
    world: &World,
    company: &Company,
    path: &[&str],
    query: &Parameters,
    short: bool,
) -> Option<Value> {
    let user = |person: u32| {
        let card = company.card_of(person);
        json!({
            "key": format!("JIRAUSER{}", user_id(company, Instance::Jira, person)),
            "name": user_name(company, person), "displayName": card.name, "emailAddress": card.email,
            "active": company.people[person as usize].standing == Standing::Active, "timeZone": "Etc/UTC",
        })
    };
    let paging = ("startAt", "maxResults");
    match path {
        ["rest", "api", "2", "myself"] => Some(user(0)),
        ["rest", "api", "2", "user", "search"] => {
            let values: Vec<Value> = people(company).map(user).collect();
            let (start, end) = range(&values, query, paging, (50, 1_000), short);
            Some(values[start..end].into())
        }
        ["rest", "api", "2", "groups", "picker"] => {
            let groups = company.groups.iter().filter(|group| !group.gone);
            let groups: Vec<Value> = groups
                .map(|group| json!({"name": group.name, "html": group.name, "labels": []}))
                .collect();
            Some(json!({"header": "", "total": groups.len(), "groups": groups}))
        }
        ["rest", "api", "2", "group", "member"] => {
            let people = members(company, query.get("groupname")?)?;
            let values: Vec<Value> = people.into_iter().map(user).collect();
            let (start, end) = range(&values, query, paging, (50, 50), short);
            Some(json!({
                "maxResults": 50, "startAt": start, "total": values.len(), "isLast": end == values.len(),
                "values": values[start..end],
            }))
        }
        ["rest", "api", "2", "project"] => {
            let projects = company.projects.iter().enumerate();
            let all = projects.map(|(place, project)| {
                json!({
                    "id": (place + 1).to_string(), "key": project.key, "name": project.name,
                    "self": world.link(&format!("jira-dc/rest/api/2/project/{}", place + 1)),
                })
            });
            // The whole list is in every answer, whatever page was asked for.
            let start = query.get("startAt").is_some_and(|start| start != "0");
            Some(if start { json!([]) } else { all.collect() })
        }
        _ => None,
    }
}

fn confluence(
    world: &World,
    company: &Company,
    path: &[&str],
    query: &Parameters,
    short: bool,
) -> Option<Value> {
    let user = |person: u32| {
        json!({
            "type": "known", "username": user_name(company, person),
            "userKey": user_id(company, Instance::Confluence, person),
            "displayName": company.card_of(person).name,
        })
    };
    let values: Vec<Value> = match path {
        ["rest", "api", "user", "current"] => return Some(user(0)),
        ["rest", "api", "group"] => company
            .groups
            .iter()
            .filter(|group| !group.gone)
            .map(|group| json!({"type": "group", "name": group.name}))
            .collect(),
        ["rest", "api", "group", name, "member"] => {
            members(company, name)?.into_iter().map(user).collect()
        }
        ["rest", "api", "space"] => {
            let projects = company.projects.iter().enumerate();
            projects
                .map(|(place, project)| {
                    json!({
                        "id": place + 1, "key": project.key, "name": project.name, "type": "global",
                        "status": "CURRENT",
                    })
                })
                .collect()
        }
        _ => return None,
    };
    let (start, end) = range(&values, query, ("start", "limit"), (25, 50), short);
    let mut links = json!({"base": world.link("confluence-dc"), "context": "/confluence-dc"});
    if end < values.len() {
        links["next"] = format!("/rest/api/{}?start={end}", path[2..].join("/")).into();
    }
    Some(json!({
        "results": values[start..end], "start": start, "limit": 50, "size": end - start, "_links": links,
    }))
}
