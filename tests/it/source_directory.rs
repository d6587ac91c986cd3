//! Directories as both sources list them: whole, in part, and from upstreams that refuse some of it.

use crate::upstream::{Asked, SECRET, Upstream, clock, json, status};
use auditgraph::clock::Clock;
use auditgraph::event::directory::{Entry, Listing, UserStatus};
use auditgraph::event::{ActorKind, ContainerKind, Timestamp};
use auditgraph::source::bitbucket_cloud::BitbucketCloud;
use auditgraph::source::organization::Organization;
use auditgraph::source::{Part, Source, SourceError, configured};
use axum::response::Response;
use futures::TryStreamExt;
use serde_json::json;
use std::sync::Arc;

async fn entries(source: &dyn Source, part: Part) -> Result<Vec<Entry>, SourceError> {
    let pages: Vec<_> = source.pages(part, None).try_collect().await?;
    Ok(pages.into_iter().flat_map(|page| page.entries).collect())
}

fn organization(upstream: &Upstream, clock: &Clock) -> Organization {
    let config = upstream.config("");
    Organization::new(&config.organization, &config.http_client, clock).unwrap()
}

fn bitbucket(upstream: &Upstream, clock: &Clock, more: &str) -> BitbucketCloud {
    let config = upstream.config(more);
    BitbucketCloud::new(&config.bitbucket_cloud, &config.http_client, clock).unwrap()
}

const V2: &str = "/admin/v2/orgs/org-1/directories";

/// An organization with one directory of three users on two pages, and one group.
fn acme(asked: &Asked) -> Response {
    let path = asked.path.strip_prefix(V2).unwrap_or(&asked.path);
    match (path, asked.body["cursor"].as_str()) {
        ("", _) => json(&json!({"data": [{"directoryId": "d 1", "name": "default"}], "links": {}})),
        ("/d%201/users/search", None) => json(&json!({
            "data": [
                {"accountId": "a1", "accountType": "atlassian", "status": "active", "accountStatus": "active",
                 "membershipStatus": "active", "addedToOrg": "2024-01-05T00:00:00Z", "name": "Lila Smalls",
                 "nickname": "lila", "email": "lila@acme.example", "department": "Sales", "jobTitle": "Lead",
                 "picture": "https://avatars.example/a1",
                 "groups": [{"id": "g1", "name": "staff", "description": ""}],
                 "productAccess": [
                    {"id": "ari:1", "key": "jira", "lastActiveTimestamp": "2025-11-06T23:07:29.936941226Z"},
                    {"id": "ari:2", "key": "jira", "lastActiveTimestamp": "2025-11-07T00:00:00Z"},
                    {"id": "ari:3", "key": "confluence"}]},
                {"accountId": "a2", "accountType": "app", "name": "Robot", "status": "shiny", "groups": []},
                {"name": "nobody"}, 7
            ],
            "links": {"next": "page 2"}
        })),
        ("/d%201/users/search", Some("page 2")) => json(&json!({
            "data": [{"accountId": "a3", "accountStatus": "active", "status": "suspended"}], "links": {}
        })),
        ("/d%201/groups/search", None) => {
            json(&json!({"data": [{"id": "g1", "name": "staff", "description": "All of us"}]}))
        }
        _ => status(404, ""),
    }
}

#[tokio::test]
async fn an_organization_lists_its_users_and_groups() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| acme(asked)).await;
    let source = organization(&upstream, &clock);
    let entries = entries(&source, Part::Directory).await.unwrap();
    let [
        Entry::User(lila),
        Entry::User(robot),
        Entry::User(third),
        Entry::End(Listing::Users),
        Entry::Group(group),
        Entry::End(Listing::Groups),
    ] = entries.as_slice()
    else {
        panic!("{entries:#?}");
    };
    assert_eq!(lila.aliases[0].value, "a1");
    assert_eq!(lila.department.as_deref(), Some("Sales"));
    assert_eq!(lila.status, Some(UserStatus::Active));
    assert_eq!(lila.groups.as_ref().unwrap()[0].id, "g1");
    assert_eq!(lila.activity.len(), 1);
    assert_eq!(lila.activity[0].evidence, "product-access:jira");
    assert_eq!(
        Some(lila.activity[0].time),
        Timestamp::parse("2025-11-07T00:00:00Z")
    );
    assert_eq!((robot.kind, robot.status), (ActorKind::App, None));
    assert_eq!(robot.groups.as_deref(), Some([].as_slice()));
    assert_eq!(
        (third.status, &third.groups),
        (Some(UserStatus::Suspended), &None)
    );
    assert_eq!(group.description.as_deref(), Some("All of us"));
    let search = &upstream.asked()[2].body;
    assert_eq!(
        *search,
        json!({"limit": 100, "expand": ["groups", "productAccess"], "cursor": "page 2"})
    );
}

#[tokio::test]
async fn several_directories_are_asked_at_once() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| {
        let directories = json!([{"directoryId": "d1"}, {"directoryId": "d2"}]);
        let data = if asked.path == V2 {
            directories
        } else {
            json!([])
        };
        json(&json!({"data": data}))
    })
    .await;
    entries(&organization(&upstream, &clock), Part::Directory)
        .await
        .unwrap();
    assert_eq!(upstream.asked()[1].path, format!("{V2}/-/users/search"));
}

#[tokio::test]
async fn without_directories_managed_accounts_are_listed() {
    for code in [403, 404] {
        let clock = clock();
        let upstream = Upstream::start(&clock, move |asked, _| {
            let here = format!("http://{}", asked.headers["host"].to_str().unwrap());
            match (asked.path.as_str(), asked.get("cursor")) {
                ("/admin/v1/orgs/org-1/users", "") => json(&json!({
                    "data": [{"account_id": "a1", "account_status": "inactive", "name": "Lila",
                              "product_access": [{"key": "bitbucket", "last_active": "2026-11-03"}]}],
                    "links": {"next": format!("{here}/admin/v1/orgs/org-1/users?cursor=2")},
                })),
                ("/admin/v1/orgs/org-1/users", _) => {
                    json(&json!({"data": [{"account_id": "a2"}], "links": {}}))
                }
                _ => status(code, ""),
            }
        })
        .await;
        let entries = entries(&organization(&upstream, &clock), Part::Directory)
            .await
            .unwrap();
        // No end: these are not all users.
        let [Entry::User(first), Entry::User(_)] = entries.as_slice() else {
            panic!("{entries:#?}");
        };
        assert_eq!(first.status, Some(UserStatus::Inactive));
        assert_eq!(first.activity[0].evidence, "last-active-date:bitbucket");
    }
}

#[tokio::test]
async fn links_that_lead_astray_or_back_are_refused() {
    let clock = clock();
    let other = Upstream::start(&clock, |_, _| json(&json!({"data": []}))).await;
    let elsewhere = format!("{}/admin/v1/orgs/org-1/users?cursor=2", other.url);
    let upstream = Upstream::start(&clock, move |asked, _| match asked.path.as_str() {
        "/admin/v1/orgs/org-1/users" => json(&json!({"data": [], "links": {"next": elsewhere}})),
        "/2.0/workspaces/acme" => json(&json!({"slug": "acme", "uuid": "{w1}"})),
        "/2.0/workspaces/acme/projects" => {
            json(&json!({"values": [], "next": "/2.0/workspaces/acme/projects?page=1"}))
        }
        _ => status(404, ""),
    })
    .await;
    let error = entries(&organization(&upstream, &clock), Part::Directory)
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::Misdirected { .. }), "{error}");
    assert_eq!(other.count(), 0);
    let source = bitbucket(&upstream, &clock, "bitbucket_cloud.workspaces = ['acme']");
    let error = entries(&source, Part::Directory).await.unwrap_err();
    assert!(matches!(error, SourceError::Misdirected { .. }), "{error}");
}

#[tokio::test]
async fn active_people_are_asked_when_they_were_last_active() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| {
        if !asked.path.ends_with("/last-active-dates") {
            return acme(asked);
        }
        json(&match asked.get("cursor") {
            "" => json!({
                "data": {"product_access": [{"key": "jira", "last_active": "2026-11-03"}], "added_to_org": "2024-01-05"},
                "links": {"next": "2"},
            }),
            _ => json!({"data": {"product_access": [
                {"key": "confluence", "last_active": "2026-11-03", "last_active_timestamp": "2026-11-03T10:00:00Z"},
            ]}}),
        })
    })
    .await;
    let source = organization(&upstream, &clock);
    let pages: Vec<_> = source
        .pages(Part::Activity, None)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(pages.len(), 2);
    // Neither the app nor the suspended account is asked for.
    let [Entry::Activity(lila)] = pages[0].entries.as_slice() else {
        panic!("{:#?}", pages[0].entries);
    };
    let signals: Vec<_> = lila
        .activity
        .iter()
        .map(|signal| signal.evidence.as_str())
        .collect();
    assert_eq!(
        signals,
        ["last-active-date:jira", "product-access:confluence"]
    );
    assert_eq!(lila.groups, None);
    assert!(pages[1].entries.is_empty());
    let before = upstream.count();
    let rest: Vec<_> = source
        .pages(Part::Activity, pages[0].cursor.clone())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(upstream.asked()[before + 1].body["cursor"], "page 2");
    assert!(!pages[1].cursor.as_ref().unwrap().contains("page"));
}

#[tokio::test]
async fn actions_are_listed_once_each() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| {
        assert_eq!(asked.path, "/admin/v1/orgs/org-1/event-actions");
        json(&json!({"data": [
            {"id": "user_login", "attributes": {"displayName": "Logged in", "groupDisplayName": "Accounts"}},
            {"id": "SITE_CREATED", "attributes": {"displayName": "", "groupDisplayName": ""}},
            {"id": "user_login", "attributes": {}}, {"attributes": {}},
        ]}))
    })
    .await;
    let entries = entries(&organization(&upstream, &clock), Part::Actions)
        .await
        .unwrap();
    let [Entry::Action(login), Entry::Action(site)] = entries.as_slice() else {
        panic!("{entries:#?}");
    };
    assert_eq!(login.label.as_deref(), Some("Logged in"));
    assert_eq!((site.name.as_str(), &site.label), ("SITE_CREATED", &None));
}

#[tokio::test]
async fn a_check_says_what_is_behind_the_key() {
    let clock = clock();
    let answer = |id: &'static str| {
        move |asked: &Asked, _| match asked.path.as_str() {
            "/admin/v1/orgs" => {
                json(&json!({"data": [{"id": id, "attributes": {"name": "Acme"}}]}))
            }
            "/2.0/user" => json(&json!({"display_name": "Lila"})),
            _ => status(404, ""),
        }
    };
    let upstream = Upstream::start(&clock, answer("org-1")).await;
    let words = organization(&upstream, &clock).check().await.unwrap();
    assert_eq!(words, "organization Acme (org-1)");
    let words = bitbucket(&upstream, &clock, "").check().await.unwrap();
    assert_eq!(words, "Bitbucket Cloud as Lila");
    let upstream = Upstream::start(&clock, answer("org-9")).await;
    let error = organization(&upstream, &clock).check().await.unwrap_err();
    assert!(
        error.to_string().contains("it is for Acme (org-9)"),
        "{error}"
    );

    let scoped = Upstream::start(&clock, |asked, _| match asked.path.as_str() {
        "/admin/v1/orgs" => status(403, ""),
        _ => json(&json!({"data": []})),
    })
    .await;
    let words = organization(&scoped, &clock).check().await.unwrap();
    assert_eq!(words, "the audit log of organization org-1");
    let wrong = Upstream::start(&clock, |_, _| status(401, r#"{"code":401,"message":"No"}"#)).await;
    let error = organization(&wrong, &clock).check().await.unwrap_err();
    assert!(
        matches!(error, SourceError::Credential { status: 401, .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("Give an organization API key"),
        "{error}"
    );
}

/// A workspace with everything, seen with a user's credential or an access token.
fn workspace(asked: &Asked, by_user: bool) -> Response {
    let user = json!({"type": "user", "uuid": "{u1}", "account_id": "a1", "nickname": "lila", "display_name": "Lila"});
    let other = json!({"type": "user", "uuid": "{u2}", "display_name": "Former user"});
    let here = json!({"type": "workspace", "uuid": "{w1}", "slug": "acme", "name": "Acme"});
    let list = |values| json(&json!({"values": values, "pagelen": 100}));
    let host = asked.headers["host"].to_str().unwrap();
    match (asked.path.as_str(), asked.get("page")) {
        ("/2.0/user/workspaces", _) => list(json!([{"administrator": true, "workspace": here}])),
        ("/2.0/workspaces/acme", _) => json(&here),
        ("/2.0/workspaces/acme/projects", _) => {
            list(json!([{"uuid": "{p1}", "key": "WEB", "name": "Web", "is_private": true}]))
        }
        ("/2.0/repositories/acme", _) => list(json!([
            {"uuid": "{r1}", "slug": "shop", "name": "Shop", "full_name": "acme/shop", "is_private": false,
             "project": {"uuid": "{p1}", "key": "WEB"}, "links": {"html": {"href": "https://bitbucket.org/acme/shop"}}},
            {"uuid": "{r2}", "slug": "attic"},
        ])),
        ("/2.0/workspaces/acme/permissions", _) if !by_user => status(403, ""),
        ("/2.0/workspaces/acme/permissions", "") => json(&json!({
            "values": [{"permission": "owner", "user": user, "workspace": here,
                "added_on": "2024-02-09T16:18:37.523382+00:00", "last_accessed": "2024-09-18T10:13:52.159725+00:00"}],
            "next": format!("http://{host}/2.0/workspaces/acme/permissions?page=2"),
        })),
        ("/2.0/workspaces/acme/permissions", _) => {
            list(json!([{"permission": "member", "user": other}, {"user": {}}]))
        }
        ("/2.0/workspaces/acme/members", _) => list(json!([{"user": user}])),
        _ => status(
            404,
            r#"{"type":"error","error":{"message":"No such workspace"}}"#,
        ),
    }
}

#[tokio::test]
async fn a_workspace_is_listed_with_all_that_is_in_it() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| workspace(asked, true)).await;
    let source = bitbucket(
        &upstream,
        &clock,
        "bitbucket_cloud.email = 'lila@acme.example'",
    );
    let entries = entries(&source, Part::Directory).await.unwrap();
    let [
        Entry::Container(acme),
        Entry::Container(project),
        Entry::Container(shop),
        Entry::Container(attic),
        Entry::User(lila),
        Entry::Member(owner),
        Entry::User(former),
        Entry::Member(member),
        Entry::End(Listing::Containers),
        Entry::End(Listing::Users),
        Entry::End(Listing::Members),
    ] = entries.as_slice()
    else {
        panic!("{entries:#?}");
    };
    assert_eq!(
        (acme.kind, acme.key.as_deref()),
        (ContainerKind::Workspace, Some("acme"))
    );
    assert_eq!(
        (project.scope.as_str(), project.private),
        ("{w1}", Some(true))
    );
    let parent = shop.parent.as_ref().unwrap();
    assert_eq!(
        (parent.kind, parent.id.as_deref()),
        (ContainerKind::Project, Some("{p1}"))
    );
    assert_eq!(parent.parent.as_deref(), Some(acme));
    assert_eq!((shop.private, attic.private), (Some(false), None));
    assert_eq!(attic.parent.as_deref(), Some(acme));
    let aliases: Vec<_> = lila
        .aliases
        .iter()
        .map(|alias| alias.value.as_str())
        .collect();
    assert_eq!(aliases, ["a1", "{u1}"]);
    assert_eq!(lila.activity[0].evidence, "workspace:acme");
    assert_eq!(owner.permission.as_deref(), Some("owner"));
    assert_eq!(owner.since, Timestamp::parse("2024-02-09T16:18:37.523382Z"));
    assert_eq!(former.aliases[0].namespace, "bitbucket");
    assert!(former.activity.is_empty() && member.since.is_none());
    let asked = &upstream.asked()[0];
    assert_eq!(asked.get("pagelen"), "100");
    assert!(
        asked.headers["authorization"]
            .to_str()
            .unwrap()
            .starts_with("Basic ")
    );
}

#[tokio::test]
async fn access_tokens_see_members_without_permissions() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| workspace(asked, false)).await;
    let source = bitbucket(&upstream, &clock, "bitbucket_cloud.workspaces = ['acme']");
    let entries = entries(&source, Part::Directory).await.unwrap();
    let members: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Member(member) => Some(member),
            _ => None,
        })
        .collect();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].permission, None);
    assert!(entries.contains(&Entry::End(Listing::Members)));
    let asked = &upstream.asked()[0];
    assert_eq!(asked.headers["authorization"], format!("Bearer {SECRET}"));
}

#[tokio::test]
async fn a_workspace_that_refuses_does_not_hide_the_others() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| workspace(asked, true)).await;
    let source = bitbucket(
        &upstream,
        &clock,
        "bitbucket_cloud.workspaces = ['gone', 'acme']",
    );
    let mut pages = source.pages(Part::Directory, None);
    let mut seen = Vec::new();
    let error = loop {
        match pages.try_next().await {
            Ok(page) => seen.extend(page.unwrap().entries),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("No such workspace"), "{error}");
    assert!(seen.iter().any(|entry| matches!(entry, Entry::Member(_))));
    assert!(!seen.iter().any(|entry| matches!(entry, Entry::End(_))));
}

#[tokio::test]
async fn sources_are_on_when_their_credential_is_given() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, _| status(404, "")).await;
    let names = |sources: Vec<Arc<dyn Source>>| -> Vec<String> {
        sources
            .iter()
            .map(|source| source.name().to_owned())
            .collect()
    };
    let all = configured(&upstream.config(""), &clock).unwrap();
    assert_eq!(names(all), ["organization", "bitbucket-cloud"]);
    let none = configured(&"".parse().unwrap(), &clock).unwrap();
    assert_eq!(names(none), Vec::<String>::new());
}
