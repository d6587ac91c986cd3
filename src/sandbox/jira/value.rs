//! The fields of issues and their values: a value is a number, and here is what the number means.
//!
//! So an issue's history is a list of small changes, and its state at any time is what they add up to.

use super::super::company::Company;
use super::super::names;
use super::thing::Thing;
use crate::event::Timestamp;

/// The values of an issue's fields.
pub(super) type Values = [u32; COUNT];

/// How many fields there are.
pub(super) const COUNT: usize = 14;

pub(super) const SUMMARY: u8 = 0;
pub(super) const STATUS: u8 = 1;
pub(super) const RESOLUTION: u8 = 2;
pub(super) const PRIORITY: u8 = 3;
pub(super) const ASSIGNEE: u8 = 4;
pub(super) const LABELS: u8 = 5;
pub(super) const DESCRIPTION: u8 = 6;
pub(super) const FIX_VERSION: u8 = 7;
pub(super) const SPRINT: u8 = 8;
pub(super) const TYPE: u8 = 9;
pub(super) const DUE: u8 = 10;
pub(super) const SPENT: u8 = 11;
pub(super) const SECURITY: u8 = 12;
pub(super) const REVIEWER: u8 = 13;
/// Not a field with a value: the item tells of an attachment.
pub(super) const ATTACHMENT: u8 = 20;
/// Not a field with a value: the item tells of a link.
pub(super) const LINK: u8 = 21;
/// Not a field with a value: the item tells of a worklog.
pub(super) const WORKLOG: u8 = 22;

/// A change of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Which field.
    pub(super) field: u8,
    /// The old value.
    pub(super) from: u32,
    /// The new value.
    pub(super) to: u32,
}

/// How a field is called: display name, id, whether it is a custom field.
pub(super) fn called(field: u8) -> (&'static str, &'static str, bool) {
    match field {
        SUMMARY => ("summary", "summary", false),
        STATUS => ("status", "status", false),
        RESOLUTION => ("resolution", "resolution", false),
        PRIORITY => ("priority", "priority", false),
        ASSIGNEE => ("assignee", "assignee", false),
        LABELS => ("labels", "labels", false),
        DESCRIPTION => ("description", "description", false),
        FIX_VERSION => ("Fix Version", "fixVersions", false),
        SPRINT => ("Sprint", "customfield_10020", true),
        TYPE => ("issuetype", "issuetype", false),
        DUE => ("duedate", "duedate", false),
        SPENT => ("timespent", "timespent", false),
        SECURITY => ("security", "security", false),
        REVIEWER => ("Reviewer", "customfield_10050", true),
        ATTACHMENT => ("Attachment", "attachment", false),
        LINK => ("Link", "issuelinks", false),
        _ => ("WorklogId", "worklog", false),
    }
}

/// Statuses: id and name.
pub(super) const STATUSES: [(&str, &str); 4] = [
    ("10000", "To Do"),
    ("10001", "In Progress"),
    ("10002", "In Review"),
    ("10003", "Done"),
];

/// Resolutions; value 0 is none, 1 the first.
pub(super) const RESOLUTIONS: [(&str, &str); 3] = [
    ("10000", "Done"),
    ("10001", "Won't Do"),
    ("10002", "Duplicate"),
];

/// Priorities.
pub(super) const PRIORITIES: [(&str, &str); 5] = [
    ("1", "Highest"),
    ("2", "High"),
    ("3", "Medium"),
    ("4", "Low"),
    ("5", "Lowest"),
];

/// Issue types.
pub(super) const TYPES: [(&str, &str); 4] = [
    ("10001", "Task"),
    ("10002", "Bug"),
    ("10003", "Story"),
    ("10004", "Epic"),
];

/// Security levels; value 0 is none, 1 the first.
pub(super) const LEVELS: [(&str, &str); 2] = [("10100", "Staff only"), ("10101", "Reporter only")];

/// Labels, each a bit.
pub(super) const LABEL_WORDS: [&str; 5] = ["hotfix", "lab", "needs-info", "paperwork", "q4"];

const VERBS: [&str; 8] = [
    "Align", "Check", "Document", "Fix", "Measure", "Move", "Replace", "Test",
];

/// The summary of that number.
pub(super) fn summary(value: u32) -> String {
    let value = value as usize;
    let verb = VERBS[value % VERBS.len()];
    let noun = names::PAGES[(value / VERBS.len()) % names::PAGES.len()].to_lowercase();
    format!("{verb} {noun}")
}

/// The description of that number; none for 0.
pub(super) fn description(value: u32) -> Option<String> {
    (value > 0).then(|| {
        format!(
            "{} before “{}” — then tell the team.\nRevision {value}.",
            summary(value),
            summary(value + 3)
        )
    })
}

/// The labels of that number.
pub(super) fn labels(value: u32) -> Vec<&'static str> {
    let set = |(place, _): &(usize, &&str)| value & (1 << place) != 0;
    let words = LABEL_WORDS.iter().enumerate().filter(set);
    words.map(|(_, word)| *word).collect()
}

/// The day of that number; none for 0.
pub(super) fn day(value: u32) -> Option<String> {
    let date = Timestamp::from_millis(i64::from(value) * 86_400_000)?;
    (value > 0).then(|| date.to_utc().format("%Y-%m-%d").to_string())
}

/// A value as change logs show it: id and text.
pub(super) fn shown(
    company: &Company,
    things: &[Thing],
    field: u8,
    value: u32,
) -> (Option<String>, Option<String>) {
    let index = (value as usize).saturating_sub(1);
    let of = |list: &[(&str, &str)], place: usize| {
        list.get(place).map_or((None, None), |(id, name)| {
            (Some((*id).to_owned()), Some((*name).to_owned()))
        })
    };
    let text = |text: Option<String>| (None, text);
    match field {
        SUMMARY => text(Some(summary(value))),
        STATUS => of(&STATUSES, value as usize),
        PRIORITY => of(&PRIORITIES, value as usize),
        TYPE => of(&TYPES, value as usize),
        LABELS => text(Some(labels(value).join(" "))),
        DESCRIPTION => text(description(value)),
        DUE => day(value).map_or((None, None), |day| {
            (Some(day.clone()), Some(format!("{day} 00:00:00.0")))
        }),
        _ if value == 0 => (None, None),
        RESOLUTION => of(&RESOLUTIONS, index),
        SECURITY => of(&LEVELS, index),
        ASSIGNEE | REVIEWER => company.people.get(index).map_or((None, None), |person| {
            let name = company.cards[person.card as usize].name.clone();
            (Some(person.account_id.clone()), Some(name))
        }),
        FIX_VERSION | SPRINT => things.get(index).map_or((None, None), |thing| {
            (Some(thing.id.to_string()), Some(thing.name.clone()))
        }),
        _ => (Some(value.to_string()), Some(value.to_string())),
    }
}
