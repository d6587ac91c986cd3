//! Routes of Bitbucket Cloud 2.0: who is in the workspace, and which projects and repositories it has.
//!
//! Paging by full URL (style D). There is no audit log here: what happens in Bitbucket shows in the organization's.

use super::answer;
use super::company::{Company, Kind, Person, Repository, Standing};
use super::fault::Fault;
use super::gate::Caller;
use super::names;
use super::world::World;
use crate::event::Timestamp;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

type Parameters = BTreeMap<String, String>;
type Refused = Box<Response>;

/// The routes.
pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/2.0/user", get(user))
        .route("/2.0/user/workspaces", get(list))
        .route("/2.0/workspaces/{workspace}", get(workspace))
        .route("/2.0/workspaces/{workspace}/permissions", get(list))
        .route(
            "/2.0/workspaces/{workspace}/permissions/repositories",
            get(list),
        )
        .route("/2.0/workspaces/{workspace}/members", get(list))
        .route("/2.0/workspaces/{workspace}/projects", get(list))
        .route("/2.0/repositories/{workspace}", get(list))
}

async fn user(State(world): State<Arc<World>>, Extension(caller): Extension<Caller>) -> Response {
    let company = &world.state().company;
    let person = match caller {
        Caller::Admin => company.people.first(),
        Caller::AccessToken => company
            .people
            .iter()
            .find(|person| person.kind == Kind::App),
    };
    person.map_or_else(
        || answer::bitbucket(StatusCode::NOT_FOUND, "Resource not found"),
        |person| {
            let mut user = account(&world, company, person);
            user["created_on"] = stamp(person.added).into();
            user["account_status"] = "active".into();
            answer::ok(&user)
        },
    )
}

async fn workspace(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    let company = &world.state().company;
    if let Err(refusal) = known(company, &name) {
        return *refusal;
    }
    let mut workspace = in_short(company);
    workspace["is_private"] = true.into();
    workspace["created_on"] = stamp(company.people[0].added).into();
    workspace["links"] = links(&world, &format!("2.0/workspaces/{}", names::WORKSPACE.0));
    answer::ok(&workspace)
}

/// Any of the lists.
async fn list(
    State(world): State<Arc<World>>,
    uri: Uri,
    path: Path<Parameters>,
    Query(query): Query<Parameters>,
    Extension(caller): Extension<Caller>,
    fault: Option<Extension<Fault>>,
) -> Response {
    let values = {
        let company = &world.state().company;
        let name = path
            .get("workspace")
            .map_or(names::WORKSPACE.0, String::as_str);
        known(company, name).and_then(|()| values(&world, company, uri.path(), &query, caller))
    };
    values
        .and_then(|values| page(&world, uri.path(), &query, values, fault))
        .unwrap_or_else(|refusal| *refusal)
}

/// All values of the list at `path`.
fn values(
    world: &World,
    company: &Company,
    path: &str,
    query: &Parameters,
    caller: Caller,
) -> Result<Vec<Value>, Refused> {
    let permissions = path.contains("/permissions");
    if permissions && caller == Caller::AccessToken {
        let message = "Access tokens cannot be used to read permissions.";
        return Err(Box::new(answer::bitbucket(StatusCode::FORBIDDEN, message)));
    }
    if path.ends_with("/permissions/repositories") {
        Ok(grants(world, company))
    } else if permissions {
        Ok(memberships(world, company, query.get("q")))
    } else if path.ends_with("/members") {
        members(world, company, query)
    } else if path.ends_with("/projects") {
        Ok(projects(world, company))
    } else if path.starts_with("/2.0/repositories/") {
        Ok(repositories(world, company, query))
    } else {
        Ok(vec![json!({
            "type": "workspace_access",
            "administrator": caller == Caller::Admin,
            "workspace": {
                "type": "workspace_base",
                "uuid": company.workspace,
                "slug": names::WORKSPACE.0,
                "links": links(world, &format!("2.0/workspaces/{}", names::WORKSPACE.0)),
            },
        })])
    }
}

/// One page in style D.
fn page(
    world: &World,
    path: &str,
    query: &Parameters,
    values: Vec<Value>,
    fault: Option<Extension<Fault>>,
) -> Result<Response, Refused> {
    let number = |name: &str, usual: usize, most: usize| match query
        .get(name)
        .map(|text| text.parse::<usize>())
    {
        None => Ok(usual),
        Some(Ok(number)) if (1..=most).contains(&number) => Ok(number),
        Some(_) => Err(Box::new(answer::bitbucket(
            StatusCode::BAD_REQUEST,
            &format!("Invalid {name}"),
        ))),
    };
    let mut pagelen = number("pagelen", 10, 100)?;
    let page = number("page", 1, usize::MAX)?;
    let fault = fault.map(|Extension(fault)| fault);
    let size = values.len();
    let offset = (page - 1).saturating_mul(pagelen);
    // A shorter page has to divide the longer one, or the numbers of the following pages would skip something.
    if fault == Some(Fault::ShortPage) && page == 1 && pagelen % 2 == 0 {
        pagelen /= 2;
    }
    let mut next = (offset + pagelen < size).then_some(page + 1);
    if fault == Some(Fault::SamePage) {
        next = Some(page);
    }
    let values: Vec<_> = values.into_iter().skip(offset).take(pagelen).collect();
    let mut body = json!({"values": values, "page": page, "pagelen": pagelen, "size": size});
    let more = |page: usize| {
        let mut query = query.clone();
        query.insert("pagelen".to_owned(), pagelen.to_string());
        query.insert("page".to_owned(), page.to_string());
        let mut link = world.url.clone();
        link.set_path(path);
        link.query_pairs_mut().extend_pairs(&query);
        link
    };
    if let Some(next) = next {
        body["next"] = more(next).as_str().into();
    }
    if let Some(Fault::NextElsewhere(origin)) = fault {
        let link = more(page + 1);
        body["next"] = format!(
            "{origin}{}?{}",
            path.trim_start_matches('/'),
            link.query().unwrap_or_default()
        )
        .into();
    }
    Ok(answer::ok(&body))
}

fn known(company: &Company, workspace: &str) -> Result<(), Refused> {
    if workspace == names::WORKSPACE.0 || workspace == company.workspace {
        return Ok(());
    }
    let message = format!("No workspace with identifier '{workspace}'.");
    Err(Box::new(answer::bitbucket(StatusCode::NOT_FOUND, &message)))
}

fn in_workspace(company: &Company) -> impl Iterator<Item = &Person> {
    company
        .people
        .iter()
        .filter(|person| person.workspace.is_some() && person.standing != Standing::Gone)
}

fn memberships(world: &World, company: &Company, q: Option<&String>) -> Vec<Value> {
    let wanted = q.map(|q| q.replace([' ', '"'], ""));
    in_workspace(company)
        .filter_map(|person| {
            let permission = person.workspace?;
            let fits = wanted
                .as_deref()
                .and_then(|q| q.strip_prefix("permission="))
                .is_none_or(|wanted| wanted == permission);
            fits.then(|| {
                let mut value = membership(world, company, person);
                value["permission"] = permission.into();
                if world.settings.workspace_dates {
                    value["added_on"] = stamp(person.added).into();
                    value["last_accessed"] =
                        person.active[2].map_or(Value::Null, |time| stamp(time).into());
                }
                value
            })
        })
        .collect()
}

fn members(world: &World, company: &Company, query: &Parameters) -> Result<Vec<Value>, Refused> {
    let emails: Option<Vec<&str>> = query
        .get("q")
        .filter(|q| q.contains("user.email"))
        .map(|q| q.split('"').skip(1).step_by(2).collect());
    if emails.as_ref().is_some_and(|emails| emails.len() > 90) {
        let message = "At most 90 e-mail addresses can be given.";
        return Err(Box::new(answer::bitbucket(
            StatusCode::BAD_REQUEST,
            message,
        )));
    }
    let with_email = query
        .get("fields")
        .is_some_and(|fields| fields.contains("values.user.email"));
    Ok(in_workspace(company)
        .filter_map(|person| {
            let email = company.cards[person.card as usize].email.as_deref();
            let fits = emails
                .as_ref()
                .is_none_or(|emails| email.is_some_and(|email| emails.contains(&email)));
            fits.then(|| {
                let mut value = membership(world, company, person);
                if with_email {
                    value["user"]["email"] = email.into();
                }
                value
            })
        })
        .collect())
}

fn membership(world: &World, company: &Company, person: &Person) -> Value {
    let uuid =
        percent_encoding::utf8_percent_encode(&person.uuid, percent_encoding::NON_ALPHANUMERIC);
    json!({
        "type": "workspace_membership",
        "user": account(world, company, person),
        "workspace": in_short(company),
        "links": {"self": {"href": world.link(&format!("2.0/workspaces/{}/members/{uuid}", names::WORKSPACE.0))}},
    })
}

fn projects(world: &World, company: &Company) -> Vec<Value> {
    company
        .projects
        .iter()
        .map(|project| {
            json!({
                "type": "project",
                "uuid": project.uuid,
                "key": project.key,
                "name": project.name,
                "description": format!("All about {}", project.name.to_lowercase()),
                "is_private": true,
                "has_publicly_visible_repos": false,
                "created_on": stamp(project.created),
                "updated_on": stamp(project.created),
                "owner": owner(company),
                "links": links(world, &format!("2.0/workspaces/{}/projects/{}", names::WORKSPACE.0, project.key)),
            })
        })
        .collect()
}

fn repositories(world: &World, company: &Company, query: &Parameters) -> Vec<Value> {
    // A plus sign in a query may have become a space on its way here.
    let since = query
        .get("q")
        .and_then(|q| q.strip_prefix("updated_on>"))
        .map(|time| {
            time.trim_start_matches('=')
                .trim()
                .trim_matches('"')
                .replace(' ', "+")
        })
        .and_then(|time| Timestamp::parse(&time));
    let mut listed: Vec<&Repository> = company
        .repositories
        .iter()
        .filter(|repository| {
            !repository.gone && since.is_none_or(|since| repository.updated > since)
        })
        .collect();
    match query.get("sort").map(String::as_str) {
        Some("-updated_on") => {
            listed.sort_by_key(|repository| std::cmp::Reverse(repository.updated));
        }
        Some("updated_on") => listed.sort_by_key(|repository| repository.updated),
        Some("name" | "slug" | "full_name") => {
            listed.sort_by(|one, other| one.slug.cmp(&other.slug));
        }
        _ => {}
    }
    listed
        .into_iter()
        .map(|repository| {
            let project = &company.projects[repository.project as usize];
            let full = format!("{}/{}", names::WORKSPACE.0, repository.slug);
            json!({
                "type": "repository",
                "uuid": repository.uuid,
                "full_name": full,
                "name": repository.slug,
                "slug": repository.slug,
                "description": "",
                "is_private": repository.private,
                "scm": "git",
                "project": {"type": "project", "uuid": project.uuid, "key": project.key, "name": project.name},
                "owner": owner(company),
                "workspace": in_short(company),
                "created_on": stamp(repository.created),
                "updated_on": stamp(repository.updated),
                "size": repository.size,
                "language": repository.language,
                "has_issues": false,
                "has_wiki": false,
                "fork_policy": if repository.private { "no_public_forks" } else { "allow_forks" },
                "mainbranch": {"type": "branch", "name": "main"},
                "links": links(world, &format!("2.0/repositories/{full}")),
            })
        })
        .collect()
}

/// Who may do what with which repository.
fn grants(world: &World, company: &Company) -> Vec<Value> {
    let mut values = Vec::new();
    for repository in company
        .repositories
        .iter()
        .filter(|repository| !repository.gone)
    {
        for person in in_workspace(company) {
            let permission = match person.workspace {
                Some("owner") => "admin",
                _ if person.project == repository.project => "write",
                _ => continue,
            };
            values.push(json!({
                "type": "repository_permission",
                "permission": permission,
                "user": account(world, company, person),
                "repository": {
                    "type": "repository",
                    "uuid": repository.uuid,
                    "name": repository.slug,
                    "full_name": format!("{}/{}", names::WORKSPACE.0, repository.slug),
                },
            }));
        }
    }
    values
}

/// A user; what apps are behind has no account id.
fn account(world: &World, company: &Company, person: &Person) -> Value {
    let card = &company.cards[person.card as usize];
    let uuid =
        percent_encoding::utf8_percent_encode(&person.uuid, percent_encoding::NON_ALPHANUMERIC);
    let mut user = json!({
        "type": if person.kind == Kind::App { "app_user" } else { "user" },
        "uuid": person.uuid,
        "display_name": card.name,
        "links": {
            "self": {"href": world.link(&format!("2.0/users/{uuid}"))},
            "avatar": {"href": super::people::picture(person)},
        },
    });
    if person.kind != Kind::App {
        user["account_id"] = person.account_id.clone().into();
        user["nickname"] = card.nickname.clone().into();
    }
    user
}

fn in_short(company: &Company) -> Value {
    let (slug, name) = names::WORKSPACE;
    json!({"type": "workspace", "uuid": company.workspace, "slug": slug, "name": name})
}

fn owner(company: &Company) -> Value {
    let (slug, name) = names::WORKSPACE;
    json!({"type": "team", "uuid": company.workspace, "username": slug, "display_name": name})
}

fn links(world: &World, path: &str) -> Value {
    let html = path.rsplit("2.0/").next().unwrap_or_default();
    json!({
        "self": {"href": world.link(path)},
        "html": {"href": format!("https://bitbucket.example/{html}")},
    })
}

/// A time as Bitbucket writes it.
fn stamp(moment: Timestamp) -> String {
    moment
        .to_utc()
        .format("%Y-%m-%dT%H:%M:%S%.6f+00:00")
        .to_string()
}
