//! How things look in Jira's JSON: people, issues, histories, comments, worklogs; v3 with rich text, v2 with plain text.
//!
//! Pure. What a message of the past says is computed from the acts, so it is the same whenever it is asked for.

use super::super::company::{Company, Kind as Account, Standing};
use super::super::dice::Dice;
use super::super::names;
use super::act::Piece;
use super::state::{FORMER, Jira};
use super::table::Part;
use super::thing::{Kind, Thing};
use super::value::{
    ASSIGNEE, DESCRIPTION, DUE, FIX_VERSION, LABELS, LEVELS, PRIORITIES, PRIORITY, RESOLUTION,
    RESOLUTIONS, REVIEWER, SECURITY, SPENT, SPRINT, STATUS, STATUSES, SUMMARY, TYPE, TYPES, Values,
    day, description, labels, summary,
};
use crate::event::Timestamp;
use serde_json::{Map, Value, json};

/// What is needed to tell of Jira.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) company: &'a Company,
    pub(super) jira: &'a Jira,
    /// The sandbox's address without a slash at its end.
    pub(super) base: &'a str,
}

/// The two styles of text in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Plain text, as in webhooks.
    V2,
    /// Rich text.
    V3,
}

impl Style {
    fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }

    fn text(self, text: &str) -> Value {
        match self {
            Self::V2 => text.into(),
            Self::V3 => document(text),
        }
    }
}

/// A text as a document of one paragraph a line.
pub(super) fn document(text: &str) -> Value {
    let lines: Vec<Value> = text
        .lines()
        .map(|line| json!({"type": "paragraph", "content": [{"type": "text", "text": line}]}))
        .collect();
    json!({"type": "doc", "version": 1, "content": lines})
}

/// A time as Jira writes it, in the site's time zone, an hour before UTC.
pub(super) fn time(moment: Timestamp) -> String {
    let there = moment.to_utc() + chrono::TimeDelta::hours(1);
    format!("{}+0100", there.format("%Y-%m-%dT%H:%M:%S%.3f"))
}

/// A time as audit records have it, in UTC.
pub(super) fn time_utc(moment: Timestamp) -> String {
    format!("{}+0000", moment.to_utc().format("%Y-%m-%dT%H:%M:%S%.3f"))
}

impl<'a> View<'a> {
    /// An address below the site's.
    pub(super) fn link(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    fn api(&self, style: Style, path: &str) -> String {
        format!("{}/rest/api/{}/{path}", self.base, style.number())
    }

    /// The account id of a person, or of a former account.
    pub(super) fn account_id(&self, person: u32) -> String {
        if let Some(person) = self.company.people.get(person as usize) {
            return person.account_id.clone();
        }
        let number = u64::from(FORMER.saturating_sub(person));
        let uuid = Dice::new(self.jira.start.seed, 0xf0_0000 + number).uuid();
        format!("557058:{uuid}")
    }

    /// Somebody, as Jira shows them now.
    pub(super) fn user(&self, person: u32, style: Style) -> Value {
        let id = self.account_id(person);
        let size = |size: u32| format!("https://avatars.example/{size}/{id}.png");
        let mut user = json!({
            "self": self.api(style, &format!("user?accountId={id}")),
            "accountId": id,
            "accountType": "atlassian",
            "avatarUrls": {
                "16x16": size(16), "24x24": size(24), "32x32": size(32), "48x48": size(48),
            },
            "timeZone": "Europe/Stockholm",
        });
        let Some(account) = self.company.people.get(person as usize) else {
            let number = (FORMER.saturating_sub(person)) as usize;
            let last = names::LAST[(number * 11 + 5) % names::LAST.len()];
            user["displayName"] = format!("Sixten {last}").into();
            user["active"] = self
                .jira
                .former
                .get(number)
                .copied()
                .unwrap_or(false)
                .into();
            return user;
        };
        let card = &self.company.cards[account.card as usize];
        user["accountType"] = match account.kind {
            Account::Person => "atlassian",
            Account::Customer => "customer",
            // A kind of account that came after the specification.
            Account::App if person % 4 == 3 => "agent",
            Account::App => "app",
        }
        .into();
        user["active"] = (account.standing == Standing::Active).into();
        user["displayName"] = match account.standing {
            Standing::Gone => "Former user".into(),
            _ => card.name.clone().into(),
        };
        // Most people do not show their address.
        if person.is_multiple_of(3) && account.standing != Standing::Gone {
            user["emailAddress"] = card.email.clone().into();
        }
        if user["emailAddress"].is_null()
            && let Some(user) = user.as_object_mut()
        {
            user.remove("emailAddress");
        }
        user
    }

    fn some_user(&self, person: Option<u32>, style: Style) -> Value {
        person.map_or(Value::Null, |person| self.user(person, style))
    }

    /// The key of an issue.
    pub(super) fn key(&self, issue: u32) -> String {
        let issue = &self.jira.issues[issue as usize];
        let project = &self.company.projects[issue.project as usize];
        format!("{}-{}", project.key, issue.number)
    }

    /// A project in a few words; `number` is its index in the company.
    pub(super) fn project_in_short(&self, number: u32, style: Style) -> Value {
        let id = 10_000 + u64::from(number);
        let Some(project) = self.company.projects.get(number as usize) else {
            return json!({"id": id.to_string()});
        };
        json!({
            "self": self.api(style, &format!("project/{id}")),
            "id": id.to_string(),
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "simplified": false,
            "avatarUrls": {},
        })
    }

    /// A status.
    pub(super) fn status(&self, value: u32, style: Style) -> Value {
        let (id, name) = STATUSES[value as usize % STATUSES.len()];
        let (number, key, color, category) = match value {
            0 => (2, "new", "blue-gray", "To Do"),
            3 => (3, "done", "green", "Done"),
            _ => (4, "indeterminate", "yellow", "In Progress"),
        };
        json!({
            "self": self.api(style, &format!("status/{id}")),
            "id": id, "name": name, "description": "",
            "iconUrl": self.link("images/icons/statuses/generic.png"),
            "statusCategory": {
                "self": self.api(style, &format!("statuscategory/{number}")),
                "id": number, "key": key, "colorName": color, "name": category,
            },
        })
    }

    /// An issue type.
    pub(super) fn issue_type(&self, id: u64, name: &str, style: Style) -> Value {
        json!({
            "self": self.api(style, &format!("issuetype/{id}")),
            "id": id.to_string(), "name": name, "description": format!("{name} of work"),
            "iconUrl": self.link("images/icons/type.png"), "subtask": false, "avatarId": 10_318,
            "hierarchyLevel": i32::from(name == "Epic"),
        })
    }

    /// A version.
    pub(super) fn version(&self, thing: &Thing, style: Style) -> Value {
        let mut version = json!({
            "self": self.api(style, &format!("version/{}", thing.id)),
            "id": thing.id.to_string(), "name": thing.name,
            "archived": false, "released": thing.state == 1,
            "projectId": 10_000 + u64::from(thing.parent),
        });
        if thing.changes > 0 {
            version["description"] = format!("Change {}", thing.changes).into();
        }
        if let Some(date) = thing.dates[1].or(thing.dates[0].filter(|_| thing.state == 1)) {
            let date = date.to_utc();
            version["releaseDate"] = date.format("%Y-%m-%d").to_string().into();
            version["userReleaseDate"] = date.format("%d/%b/%y").to_string().into();
            version["overdue"] = false.into();
        }
        version
    }

    /// The fields of an issue with these values, in the given style.
    pub(super) fn fields(&self, issue: u32, values: &Values, style: Style) -> Map<String, Value> {
        let it = &self.jira.issues[issue as usize];
        let value = |field: u8| values[usize::from(field)];
        let person = |field: u8| self.some_user(value(field).checked_sub(1), style);
        let thing = |field: u8| {
            let place = value(field).checked_sub(1)?;
            self.jira.things.get(place as usize)
        };
        let type_ = TYPES[value(TYPE) as usize % TYPES.len()];
        let priority = PRIORITIES[value(PRIORITY) as usize % PRIORITIES.len()];
        let resolution = value(RESOLUTION).checked_sub(1).map(|index| {
            let (id, name) = RESOLUTIONS[index as usize % RESOLUTIONS.len()];
            json!({"self": self.api(style, &format!("resolution/{id}")), "id": id, "name": name, "description": ""})
        });
        let security = value(SECURITY).checked_sub(1).map(|index| {
            let (id, name) = LEVELS[index as usize % LEVELS.len()];
            json!({"self": self.api(style, &format!("securitylevel/{id}")), "id": id, "name": name, "description": ""})
        });
        let fields = json!({
            "summary": summary(value(SUMMARY)),
            "status": self.status(value(STATUS), style),
            "resolution": resolution,
            "issuetype": self.issue_type(type_.0.parse().unwrap_or(0), type_.1, style),
            "project": self.project_in_short(it.project, style),
            "priority": {
                "self": self.api(style, &format!("priority/{}", priority.0)),
                "id": priority.0, "name": priority.1,
                "iconUrl": self.link("images/icons/priority.svg"),
            },
            "security": security,
            "created": time(it.created),
            "updated": time(it.updated),
            "creator": self.some_user(it.creator, style),
            "reporter": self.user(it.reporter, style),
            "assignee": person(ASSIGNEE),
            "labels": labels(value(LABELS)),
            "description": description(value(DESCRIPTION)).map(|text| style.text(&text)),
            "duedate": day(value(DUE)),
            "timespent": (value(SPENT) > 0).then(|| value(SPENT)),
            "components": [],
            "fixVersions": thing(FIX_VERSION).map(|thing| self.version(thing, style)).into_iter().collect::<Vec<_>>(),
            "versions": [],
            "customfield_10020": thing(SPRINT).map(|thing| vec![json!({
                "id": thing.id, "name": thing.name, "state": sprint_state(thing), "boardId": self.board_of(thing),
            })]),
            "customfield_10050": person(REVIEWER),
            "votes": {"votes": 0, "hasVoted": false},
        });
        let mut fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let same = |field: u8| value(field) == it.first[usize::from(field)];
        if let Some((summary, description)) = &it.text {
            if same(SUMMARY) {
                fields.insert("summary".to_owned(), summary.clone().into());
            }
            if same(DESCRIPTION) && style == Style::V3 {
                fields.insert("description".to_owned(), description.clone());
            }
        }
        fields
    }

    /// An issue with these fields.
    pub(super) fn issue_with(
        &self,
        issue: u32,
        style: Style,
        fields: &Map<String, Value>,
    ) -> Value {
        let id = self.jira.issues[issue as usize].id();
        json!({
            "id": id.to_string(),
            "self": self.api(style, &format!("issue/{id}")),
            "key": self.key(issue),
            "fields": fields,
        })
    }

    /// The id of a sprint's board.
    pub(super) fn board_of(&self, sprint: &Thing) -> u64 {
        let board = self.jira.things.get(sprint.parent as usize);
        board
            .filter(|board| board.kind == Kind::Board)
            .map_or(0, |board| board.id)
    }

    /// A comment, after so many changes.
    pub(super) fn comment(&self, place: u32, changes: u32, style: Style) -> Value {
        let piece = &self.jira.pieces[place as usize];
        let id = self.jira.issues[piece.issue as usize].id();
        let edited = changes > 0;
        let mut comment = json!({
            "self": self.api(style, &format!("issue/{id}/comment/{}", piece.id)),
            "id": piece.id.to_string(),
            "body": style.text(&comment_text(piece, changes)),
            "created": time(piece.created),
            "updated": time(if edited { piece.updated } else { piece.created }),
            "jsdPublic": !piece.id.is_multiple_of(5),
        });
        let editor = if edited { piece.editor } else { piece.author };
        for (name, person) in [("author", piece.author), ("updateAuthor", editor)] {
            if let Some(person) = person {
                comment[name] = self.user(person, style);
            }
        }
        if let Some(visibility) = visibility(self.company, piece) {
            comment["visibility"] = visibility;
        }
        comment
    }

    /// A worklog.
    pub(super) fn worklog(&self, place: u32, style: Style) -> Value {
        let piece = &self.jira.pieces[place as usize];
        let id = self.jira.issues[piece.issue as usize].id();
        let mut worklog = json!({
            "self": self.api(style, &format!("issue/{id}/worklog/{}", piece.id)),
            "id": piece.id.to_string(),
            "issueId": id.to_string(),
            "started": time(piece.created.minus(std::time::Duration::from_secs(u64::from(piece.amount)))),
            "created": time(piece.created),
            "updated": time(piece.updated),
            "timeSpentSeconds": piece.amount,
            "timeSpent": format!("{}m", piece.amount / 60),
            "comment": style.text("Done at the bench"),
        });
        for (name, person) in [("author", piece.author), ("updateAuthor", piece.editor)] {
            if let Some(person) = person {
                worklog[name] = self.user(person, style);
            }
        }
        if let Some(visibility) = visibility(self.company, piece) {
            worklog["visibility"] = visibility;
        }
        worklog
    }

    /// An attachment.
    pub(super) fn attachment(&self, place: u32, style: Style) -> Value {
        let piece = &self.jira.pieces[place as usize];
        let mut attachment = json!({
            "self": self.api(style, &format!("attachment/{}", piece.id)),
            "id": piece.id.to_string(),
            "filename": file_name(piece),
            "created": time(piece.created),
            "size": piece.amount,
            "mimeType": "image/png",
            "content": self.api(style, &format!("attachment/content/{}", piece.id)),
        });
        if let Some(author) = piece.author {
            attachment["author"] = self.user(author, style);
        }
        attachment
    }

    /// The pieces of an issue that are still there.
    pub(super) fn pieces(&self, issue: u32, part: Part) -> impl Iterator<Item = u32> + use<'a> {
        let jira = self.jira;
        let fits = move |place: &u32| {
            let piece = &jira.pieces[*place as usize];
            piece.part == part && piece.gone.is_none()
        };
        jira.issues[issue as usize]
            .pieces
            .iter()
            .copied()
            .filter(fits)
    }
}

/// The words of a comment.
pub(super) fn comment_text(piece: &Piece, changes: u32) -> String {
    let value = u32::try_from(piece.id % 997).unwrap_or(0);
    let text = format!("I will {} first.", summary(value).to_lowercase());
    match changes {
        0 => text,
        changes => format!("{text}\nEdited {changes} time(s)."),
    }
}

/// The name of an attached file.
pub(super) fn file_name(piece: &Piece) -> String {
    format!("reading-{}.png", piece.id)
}

/// Who may see a comment or worklog, if not everybody.
fn visibility(company: &Company, piece: &Piece) -> Option<Value> {
    match piece.id % 13 {
        3 => {
            Some(json!({"type": "role", "value": "Administrators", "identifier": "Administrators"}))
        }
        7 => {
            let group = company.groups.get(6)?;
            Some(json!({"type": "group", "value": group.name, "identifier": group.id}))
        }
        _ => None,
    }
}

/// The state of a sprint in words.
pub(super) fn sprint_state(thing: &Thing) -> &'static str {
    match thing.state {
        0 => "future",
        1 => "active",
        _ => "closed",
    }
}
