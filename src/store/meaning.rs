//! What upstream's names of actions mean, by the catalogue; a name that it does not know means itself.

use crate::event::{System, action};

/// What an upstream action name means to us.
pub(super) struct Meaning {
    pub(super) code: String,
    pub(super) label: String,
    pub(super) category: String,
}

impl Meaning {
    pub(super) fn of(system: System, name: &str, upstream_label: Option<&str>) -> Self {
        match action::resolve(system, name, upstream_label) {
            Some(action) => Self {
                code: action.code.to_owned(),
                label: action.label.to_owned(),
                category: action.category.to_owned(),
            },
            None => Self {
                code: name.to_owned(),
                label: upstream_label
                    .filter(|label| !label.is_empty())
                    .unwrap_or(name)
                    .to_owned(),
                category: action::OTHER.to_owned(),
            },
        }
    }
}
