//! Views of issues that a browser script or an app posts: one JSON object, or a list of them. Pure.

use crate::event::view::ViewPlace;
use crate::event::{
    Actor, ActorKind, Alias, Container, ContainerKind, IssueRef, Location, NewEvent, Object,
    Product, System, Timestamp,
};
use crate::source::look::{self, Look};
use secrecy::SecretString;
use serde_json::value::RawValue;
use std::time::Duration;
use url::Url;

/// Views in one request.
const MOST: usize = 100;

/// How old a view may be: a browser may have been offline, but nobody adds to last week.
const OLDEST: Duration = Duration::from_hours(24);

/// How far a browser's clock may be ahead.
const AHEAD: Duration = Duration::from_mins(1);

/// How long an id, name or address may be.
const LONGEST: usize = 255;

/// What a source says about views that are posted to it.
#[derive(Clone, Copy, Debug)]
pub struct IssueViews<'a> {
    /// Jira Cloud or Data Center.
    pub system: System,
    /// The scope of the site or instance.
    pub scope: &'a str,
    /// The site that people open, whose pages may post.
    pub site: &'a Url,
    /// What proves that a view may be posted, and nothing else; as [`hook_secret`](crate::source::Source::hook_secret).
    pub secret: &'a SecretString,
}

impl IssueViews<'_> {
    /// The events in a request's body; all of them, or what is wrong with the first that is wrong.
    pub fn events(&self, body: &str, now: Timestamp) -> Result<Vec<NewEvent>, String> {
        let body: &RawValue = serde_json::from_str(body).map_err(|cause| {
            format!("the body is not JSON: {cause}; send {{\"accountId\": …, \"issueKey\": …}}")
        })?;
        if !body.get().starts_with('[') {
            return Ok(vec![self.event(body, now)?]);
        }
        let views: Vec<&RawValue> =
            serde_json::from_str(body.get()).map_err(|cause| cause.to_string())?;
        if views.len() > MOST {
            return Err(format!(
                "there are {} views in one request; send at most {MOST}",
                views.len()
            ));
        }
        let views = views.into_iter().enumerate();
        views
            .map(|(at, view)| {
                self.event(view, now)
                    .map_err(|message| format!("[{at}]: {message}"))
            })
            .collect()
    }

    fn event(&self, record: &RawValue, now: Timestamp) -> Result<NewEvent, String> {
        let value = look::value(record);
        let view = Look::new(&value);
        if !view.is_object() {
            return Err("a view is an object: {\"accountId\": …, \"issueKey\": …}".to_owned());
        }
        let text = |key: &str| match view.at(key).text() {
            Some(text) if text.chars().count() > LONGEST => {
                Err(format!("{key}: longer than {LONGEST} characters"))
            }
            text => Ok(text),
        };
        let account = text("accountId")?.ok_or("accountId: missing; who looked at the issue?")?;
        let (id, key) = (text("issueId")?, text("issueKey")?);
        let place = match text("place")? {
            None => ViewPlace::IssueView,
            Some(name) => ViewPlace::parse(&name).ok_or_else(|| {
                format!("place: `{name}` is none; give ISSUE_VIEW or CUSTOMER_PORTAL")
            })?,
        };
        if id.as_ref().is_some_and(|id| !is_number(id)) {
            return Err("issueId: not a number, such as 10001".to_owned());
        }
        let project = match &key {
            None if id.is_none() => {
                return Err("issueKey: missing; give issueKey, issueId or both".to_owned());
            }
            None => None,
            Some(key) => match project_of(key) {
                None => return Err("issueKey: not a key, such as WEB-1".to_owned()),
                project => project,
            },
        };
        let time = time(view, now)?;
        let browse = |key: &str| {
            let base = self.site.as_str().trim_end_matches('/');
            Some(format!("{base}/browse/{key}"))
        };
        let issue = id.as_deref().or(key.as_deref()).unwrap_or_default();
        Ok(NewEvent {
            upstream_key: format!(
                "view/{account}/{issue}/{}/{}",
                place.as_str(),
                time.millis()
            ),
            system: self.system,
            action: place.action().to_owned(),
            product: match place {
                ViewPlace::IssueView => Product::Jira,
                ViewPlace::CustomerPortal => Product::ServiceManagement,
            },
            time: Some(time),
            actor: Some(Actor {
                kind: if account.starts_with("qm:") {
                    ActorKind::Customer
                } else {
                    ActorKind::Person
                },
                alias: match self.system {
                    System::JiraDc => Alias::data_center(self.scope, account),
                    _ => Alias::account(account),
                },
                name: text("name")?,
                email: text("email")?.filter(|email| email.contains('@')),
            }),
            target: Some(Object {
                kind: "issue".to_owned(),
                id: Some(issue.to_owned()),
                name: key.clone(),
                url: key.as_deref().and_then(browse),
                user: None,
            }),
            objects: Vec::new(),
            container: Some(self.container(project)),
            issue: Some(IssueRef { id, key }),
            changes: Vec::new(),
            location: Location::default(),
            method: Some(place.as_str().to_owned()),
            message: None,
            raw: record.get().to_owned(),
        })
    }

    /// The project with that key, or the site.
    fn container(&self, project: Option<String>) -> Container {
        let site = Container::new(ContainerKind::Site, "", self.scope);
        match project {
            None => site,
            project => Container {
                id: None,
                key: project,
                parent: Some(Box::new(site)),
                ..Container::new(ContainerKind::Project, self.scope, "")
            },
        }
    }
}

/// When the issue was looked at; now, where that is not said.
fn time(view: Look<'_>, now: Timestamp) -> Result<Timestamp, String> {
    let said = view.at("time");
    if said.text().is_none() {
        return Ok(now);
    }
    let time = said
        .time()
        .ok_or("time: not a moment, such as 2026-11-20T12:00:00Z or milliseconds since 1970")?;
    if time > now.plus(AHEAD) {
        return Err(format!(
            "time: {time} is in the future; the clock here says {now}"
        ));
    }
    if time < now.minus(OLDEST) {
        return Err(format!(
            "time: {time} is more than {} hours ago; older views are not taken",
            OLDEST.as_secs() / 3_600
        ));
    }
    Ok(time)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `WEB` of `WEB-1`.
fn project_of(key: &str) -> Option<String> {
    let (project, number) = key.rsplit_once('-')?;
    let mut letters = project.chars();
    let fits = letters.next().is_some_and(char::is_alphabetic)
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
        && is_number(number);
    fits.then(|| project.to_owned())
}
