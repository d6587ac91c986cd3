//! How changes of issues look: the histories of the change log and their items.

use super::act::{What, history_id};
use super::render::{Style, View, file_name, time};
use super::value::{ASSIGNEE, ATTACHMENT, Item, LINK, REVIEWER, called, shown};
use serde_json::{Value, json};

impl View<'_> {
    /// A change of one field; webhooks say more about people than the API does.
    pub(super) fn item(&self, issue: u32, act: usize, item: Item, hook: bool) -> Value {
        let (name, id, custom) = called(item.field);
        let side = |value: u32| match (item.field, value.checked_sub(1)) {
            (ATTACHMENT, Some(place)) => {
                let piece = &self.jira.pieces[place as usize];
                (Some(piece.id.to_string()), Some(file_name(piece)))
            }
            (LINK, Some(place)) => {
                let piece = &self.jira.pieces[place as usize];
                let (other, verb) = if piece.issue == issue {
                    (piece.other, "blocks")
                } else {
                    (piece.issue, "is blocked by")
                };
                let key = self.key(other);
                let text = format!("This work item {verb} {key}");
                (Some(key), Some(text))
            }
            _ => shown(self.company, &self.jira.things, item.field, value),
        };
        let ((from, from_text), (to, to_text)) = (side(item.from), side(item.to));
        let people = [ASSIGNEE, REVIEWER].contains(&item.field);
        let mut shown = json!({
            "field": name,
            "fieldtype": if custom { "custom" } else { "jira" },
            "fieldId": id,
            "from": from, "fromString": from_text,
            "to": to, "toString": to_text,
        });
        if people && hook {
            shown["tmpFromAccountId"] = shown["from"].clone();
            shown["tmpToAccountId"] = shown["to"].clone();
            if item.field == REVIEWER {
                // Custom pickers still speak of user keys.
                for (side, value) in [("from", item.from), ("to", item.to)] {
                    if value > 0 {
                        shown[side] = format!("JIRAUSER{}", 10_000 + value).into();
                    }
                }
            }
        }
        // Not every item says which field it means.
        if act % 37 == 5
            && !custom
            && let Some(shown) = shown.as_object_mut()
        {
            shown.remove("fieldId");
        }
        shown
    }

    /// The history that an act left in an issue.
    pub(super) fn history(&self, issue: u32, act: usize, style: Style) -> Value {
        let it = &self.jira.acts[act];
        let items: Vec<Value> = self
            .jira
            .items(act)
            .iter()
            .map(|item| self.item(issue, act, *item, false))
            .collect();
        let mut history = json!({
            "id": history_id(act, self.is_other(issue, act)).to_string(),
            "created": time(it.time),
            "items": items,
        });
        if let Some(author) = it.author() {
            history["author"] = self.user(author, style);
        }
        history
    }

    /// Whether an issue is the far end of the link that an act is about.
    pub(super) fn is_other(&self, issue: u32, act: usize) -> bool {
        match &self.jira.acts[act].what {
            What::Piece(place, ..) => self.jira.pieces[*place as usize].issue != issue,
            _ => false,
        }
    }
}
