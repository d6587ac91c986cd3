//! The truth about Jira: what happened, and under which keys a client can hear of it.
//!
//! Keys are those under which the webhook and the poll of one thing meet. Tests compare a client's store with this.

use super::act::{Act, What, history_id, record_id};
use super::render::View;
use super::table::{Op, Part};
use super::thing::{Kind, Thing};
use super::value::{ATTACHMENT, Item, LINK, RESOLUTION, STATUS};
use crate::event::Timestamp;

/// Something that happened, as one source of a client can hear of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JiraTruth {
    /// The number of the act; one act may be heard of in several ways.
    pub act: usize,
    /// The action's number in the catalogue; 0 when it has none.
    pub number: u8,
    /// The action's key in the catalogue, e.g. `ISSUE_CREATED`.
    pub code: &'static str,
    /// The key of the record, e.g. `changelog/100004/status`, `audit/10002`.
    pub key: String,
    /// When it happened.
    pub time: Timestamp,
    /// The account id of who did it, as far as this record says.
    pub actor: Option<String>,
    /// The account id of who really did it; none for Jira itself.
    pub by: Option<String>,
    /// What kind of thing it was done to: `issue`, `comment`, `version`, `user` ...
    pub kind: &'static str,
    /// The thing's id.
    pub id: String,
    /// Id and key of the issue it was about.
    pub issue: Option<(String, String)>,
    /// How one can hear of it now.
    pub heard: Vec<Channel>,
    /// The id of the organization event that tells of the same.
    pub organization: Option<String>,
}

/// A way to hear of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A webhook.
    Webhook,
    /// The audit records.
    Audit,
    /// The search for issues.
    Search,
    /// The change log of an issue.
    Changelog,
    /// The comments of an issue.
    Comments,
    /// The lists of worklogs.
    Worklogs,
}

/// What can be heard of an act.
pub(super) fn truths(view: View<'_>, number: usize) -> Vec<JiraTruth> {
    let act = &view.jira.acts[number];
    let deed = act.deed();
    let id_of = |person: Option<u32>| person.map(|person| view.account_id(person));
    let mut heard = Heard {
        view,
        number,
        base: JiraTruth {
            act: number,
            number: deed.number,
            code: deed.code,
            key: String::new(),
            time: act.time,
            actor: id_of(act.author()),
            by: id_of(act.actor),
            kind: "",
            id: String::new(),
            issue: None,
            heard: Vec::new(),
            organization: None,
        },
        all: Vec::new(),
    };
    match &act.what {
        What::Issue(issue, items) if items.is_empty() => heard.whole_issue(*issue),
        What::Issue(issue, _) => heard.changelog(*issue, false),
        What::Piece(place, changes, items) => {
            heard.piece(*place, *changes);
            let piece = &view.jira.pieces[*place as usize];
            if !items.is_empty() {
                heard.changelog(piece.issue, false);
                if piece.part == Part::Link {
                    heard.changelog(piece.other, true);
                }
            }
        }
        what => heard.other(what),
    }
    heard.all
}

/// What can be heard of one act.
struct Heard<'a> {
    view: View<'a>,
    number: usize,
    base: JiraTruth,
    all: Vec<JiraTruth>,
}

impl Heard<'_> {
    fn act(&self) -> &Act {
        &self.view.jira.acts[self.number]
    }

    fn issue(&self, issue: u32) -> (String, String) {
        let id = self.view.jira.issues[issue as usize].id().to_string();
        (id, self.view.key(issue))
    }

    /// The channel, as long as the issue is there.
    fn polled(&self, issue: u32, channel: Channel) -> Option<Channel> {
        (!self.view.jira.issues[issue as usize].gone).then_some(channel)
    }

    fn whole_issue(&mut self, issue: u32) {
        let (id, _) = self.issue(issue);
        let created = self.act().deed().op == Op::IssueCreated;
        let end = if created { "created" } else { "deleted" };
        let poll = self.polled(issue, Channel::Search).filter(|_| created);
        self.all.push(JiraTruth {
            key: format!("issue/{id}/{end}"),
            kind: "issue",
            id,
            issue: Some(self.issue(issue)),
            heard: std::iter::once(Channel::Webhook).chain(poll).collect(),
            ..self.base.clone()
        });
    }

    /// What the change log of an issue says of the act.
    fn changelog(&mut self, issue: u32, far: bool) {
        let history = history_id(self.number, far);
        let items = self.view.jira.items(self.number);
        let resolved = |item: &Item| item.field == RESOLUTION && item.to > 0;
        let own = |item: &Item| item.field == STATUS || item.field == ATTACHMENT;
        let mut heard: Vec<Channel> = self.polled(issue, Channel::Changelog).into_iter().collect();
        if !items.iter().any(|item| item.field == LINK) {
            heard.push(Channel::Webhook);
        }
        let rows = [
            (
                5,
                "STATUS_CHANGED",
                "status",
                items.iter().any(|item| item.field == STATUS),
            ),
            (
                4,
                "ISSUE_RESOLVED",
                "resolution",
                items.iter().any(resolved),
            ),
            (
                2,
                "ISSUE_UPDATED",
                "fields",
                items.iter().any(|item| !own(item) && !resolved(item)),
            ),
        ];
        for (number, code, end, _) in rows.into_iter().filter(|row| row.3) {
            self.all.push(JiraTruth {
                number,
                code,
                key: format!("changelog/{history}/{end}"),
                kind: "issue",
                id: self.issue(issue).0,
                issue: Some(self.issue(issue)),
                heard: heard.clone(),
                ..self.base.clone()
            });
        }
    }

    fn piece(&mut self, place: u32, changes: u32) {
        let piece = self.view.jira.pieces[place as usize];
        let (op, fallout) = (self.act().deed().op, self.act().fallout);
        let (name, poll) = match piece.part {
            Part::Comment => ("comment", Some(Channel::Comments)),
            Part::Worklog => ("worklog", Some(Channel::Worklogs)),
            Part::Attachment => ("attachment", self.polled(piece.issue, Channel::Changelog)),
            Part::Link => ("issuelink", None),
        };
        let there = piece.gone.is_none();
        let logged = piece.part == Part::Attachment && !fallout;
        let (end, poll) = match op {
            Op::Put(_) => ("created".to_owned(), poll.filter(|_| there || logged)),
            Op::Edit(_) => (
                format!("updated/{}", self.base.time.millis()),
                poll.filter(|_| there && piece.changes == changes),
            ),
            _ => (
                "deleted".to_owned(),
                poll.filter(|_| piece.part == Part::Worklog || logged),
            ),
        };
        // Nobody says who made or removed a link, nor who deleted what was written.
        let unknown = piece.part == Part::Link
            || (matches!(op, Op::Take(_)) && piece.part != Part::Attachment);
        self.all.push(JiraTruth {
            key: format!("{name}/{}/{end}", piece.id),
            actor: self.base.actor.clone().filter(|_| !unknown),
            kind: name,
            id: piece.id.to_string(),
            issue: Some(self.issue(piece.issue)),
            heard: std::iter::once(Channel::Webhook).chain(poll).collect(),
            ..self.base.clone()
        });
    }

    /// What has nothing to do with issues.
    fn other(&mut self, what: &What) {
        let deed = self.act().deed();
        let (kind, id) = match what {
            What::Thing(after, _) => (word(after), after.id.to_string()),
            What::User(person) => ("user", self.view.account_id(*person)),
            What::Member(group, _) | What::Group(group) => {
                let group = &self.view.company.groups[*group as usize];
                ("group", group.id.clone())
            }
            _ => ("setting", deed.summary.to_owned()),
        };
        let plain = JiraTruth {
            kind,
            id: id.clone(),
            ..self.base.clone()
        };
        if !deed.event.is_empty() {
            let owner = match what {
                What::Thing(after, _) if after.kind == Kind::Filter => Some(after.owner),
                _ => None,
            };
            self.all.push(JiraTruth {
                key: format!("hook/{}/{id}/{}", deed.event, plain.time.millis()),
                actor: owner.map(|owner| self.view.account_id(owner)),
                heard: vec![Channel::Webhook],
                ..plain.clone()
            });
        }
        if !deed.summary.is_empty() {
            self.all.push(JiraTruth {
                key: format!("audit/{}", record_id(self.number)),
                heard: vec![Channel::Audit],
                ..plain
            });
        }
    }
}

fn word(thing: &Thing) -> &'static str {
    match thing.kind {
        Kind::Project => "project",
        Kind::Version => "version",
        Kind::Sprint => "sprint",
        Kind::Board => "board",
        Kind::Filter => "filter",
        Kind::IssueType => "issuetype",
        Kind::Status => "status",
        Kind::Resolution => "resolution",
        Kind::Role => "role",
        Kind::PermissionScheme => "permissionscheme",
        Kind::SecurityScheme => "securityscheme",
        Kind::SecurityLevel => "securitylevel",
        Kind::Category => "category",
        Kind::Organization => "organization",
    }
}
