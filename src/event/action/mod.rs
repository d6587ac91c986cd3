//! THE TABLE of actions: everything that can happen, under one code each.
//!
//! An upstream name that the table does not know is not an error: the event keeps that name as its code, in the
//! category [`OTHER`]. A new action is one row in one of the tables here, nothing else. One fact has one row, however
//! many systems report it, so a row lists all the names it goes by. A row reads: the number in the requirements where
//! it has one, the code, what people read, the counter's name where the code does not yield it, what it needs to have a
//! source where upstream does not report it by itself, the upstream names.

mod bitbucket;
mod confluence;
mod counter;
mod data_center;
mod directory;
mod jira;
pub mod late;
mod organization;
mod own;
#[cfg(test)]
mod tests;

pub use counter::{COUNTERS, by_counter};

use super::{Product, System};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The category of what is done on this server.
pub const OWN: &str = "AUDITGRAPH";

/// The category of actions that the catalogue does not know.
pub const OTHER: &str = "OTHER";

/// One row of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its number among the 88 actions that the requirements list (C14).
    pub number: Option<u8>,
    /// The code, e.g. `issue.deleted`; stable for ever.
    pub code: &'static str,
    /// What people read, e.g. `Issue deleted`.
    pub label: &'static str,
    /// The heading it belongs under, e.g. `ISSUES`.
    pub category: &'static str,
    /// The product it happens in, unless the event itself says otherwise.
    pub product: Product,
    /// The counter's name in the REST interface for saved filters, e.g. `ISSUE_DELETED`.
    pub counter: &'static str,
    /// The names under which upstream systems report it.
    pub upstream: &'static [Name],
    /// What must be there for it to have a source; nothing more than a connected system for most.
    pub need: Option<Need>,
}

/// What some actions need besides a connected system, because upstream itself does not report them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// A file that says who has which role in Assets.
    RolesSnapshot,
}

impl Need {
    /// Why an action has no source without it, and what would give it one.
    #[must_use]
    pub const fn because(self) -> &'static str {
        match self {
            Self::RolesSnapshot => {
                "Atlassian offers no way to read the roles of Assets. Keep them in a file and name it in \
                 assets.roles_snapshot: then changes of that file are reported."
            }
        }
    }
}

/// A name under which an upstream system reports an action. Compared without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Whose word it is.
    pub vocabulary: Vocabulary,
    /// The word itself.
    pub text: &'static str,
}

/// The vocabularies that upstream names come from; a name is unique within its vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// The id of an organization event, e.g. `jira_issue_viewed`.
    Org,
    /// The end of such an id, where whole families of ids mean the same, e.g. `_policy_update`.
    OrgEnding,
    /// The display name in the organization's list of event actions, where ids are not known for certain.
    OrgLabel,
    /// The `webhookEvent` of a Jira webhook, e.g. `jira:issue_created`.
    JiraHook,
    /// The `fieldId` of a Jira changelog item, e.g. `status`.
    JiraField,
    /// The summary of a Jira audit record, e.g. `Permission scheme copied`.
    JiraAudit,
    /// The place of an issue view that was posted to us, e.g. `view/customer_portal`.
    View,
    /// A polled resource of Jira or Assets and what became of it, e.g. `worklog/deleted`.
    Polled,
    /// The summary of a Confluence audit record, e.g. `Space created`.
    ConfluenceAudit,
    /// The event key of a Bitbucket webhook, e.g. `repo:push` (Cloud) or `repo:refs_changed` (Data Center).
    BitbucketHook,
    /// The action's English text in the audit log of Bitbucket Data Center, e.g. `Repository deleted`.
    BitbucketAudit,
    /// The action's key in the audit log of any Data Center product, e.g. `jira.auditing.user.created`.
    DcKey,
}

/// Turns rows into `pub(super) const TABLE: &[Action]`.
macro_rules! actions {
    ($($category:ident in $product:ident {
        $($(#$number:literal)? $code:literal $label:literal $(= $counter:literal)? $(needs $need:ident)?
            [$($vocabulary:ident $name:literal),*];)*
    })*) => {
        pub(super) const TABLE: &[super::Action] = &[$($(super::Action {
            number: super::actions!(@number $($number)?),
            code: $code,
            label: $label,
            category: stringify!($category),
            product: crate::event::Product::$product,
            counter: super::actions!(@counter $code $(, $counter)?),
            upstream: &[$(super::Name { vocabulary: super::Vocabulary::$vocabulary, text: $name }),*],
            need: super::actions!(@need $($need)?),
        },)*)*];
    };
    (@need) => { None };
    (@need $need:ident) => { Some(super::Need::$need) };
    (@number) => { None };
    (@number $number:literal) => { Some($number) };
    (@counter $code:literal, $counter:literal) => { $counter };
    (@counter $code:literal) => {{
        const TEXT: [u8; $code.len()] = super::screaming($code);
        match std::str::from_utf8(&TEXT) {
            Ok(text) => text,
            Err(_) => $code,
        }
    }};
}
use actions;

const TABLES: [&[Action]; 7] = [
    jira::TABLE,
    organization::TABLE,
    bitbucket::TABLE,
    confluence::TABLE,
    data_center::TABLE,
    directory::TABLE,
    own::TABLE,
];

/// All rows; those of the requirements come first, in the requirements' order.
pub fn all() -> impl Iterator<Item = &'static Action> {
    TABLES.into_iter().flatten()
}

/// The action with that code; the code's case does not matter.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static Action> {
    static INDEX: LazyLock<HashMap<&str, &Action>> =
        LazyLock::new(|| all().map(|action| (action.code, action)).collect());
    INDEX.get(code.to_ascii_lowercase().as_str()).copied()
}

/// The action that goes by that name in that vocabulary; case does not matter.
#[must_use]
pub fn by_name(vocabulary: Vocabulary, text: &str) -> Option<&'static Action> {
    type Index = HashMap<Vocabulary, HashMap<String, &'static Action>>;
    static INDEX: LazyLock<Index> = LazyLock::new(|| {
        let mut index = Index::new();
        for action in all() {
            for name in action.upstream {
                let names = index.entry(name.vocabulary).or_default();
                names.insert(name.text.to_ascii_lowercase(), action);
            }
        }
        index
    });
    let names = INDEX.get(&vocabulary)?;
    names.get(text.to_ascii_lowercase().as_str()).copied()
}

/// The action that a system means by `name`, e.g. an event's action id.
///
/// `label` is what the same system shows to people; it decides only when the name itself is unknown. `None` means
/// that the catalogue does not know the action, which is no error.
#[must_use]
pub fn resolve(system: System, name: &str, label: Option<&str>) -> Option<&'static Action> {
    let (names, labels): (&[Vocabulary], &[Vocabulary]) = match system {
        System::Organization => (&[Vocabulary::Org], &[Vocabulary::OrgLabel]),
        System::BitbucketCloud => (&[Vocabulary::BitbucketHook], &[]),
        System::BitbucketDc => (
            &[
                Vocabulary::DcKey,
                Vocabulary::BitbucketAudit,
                Vocabulary::BitbucketHook,
            ],
            &[Vocabulary::BitbucketAudit],
        ),
        System::JiraCloud | System::JiraDc => (
            &[
                Vocabulary::JiraHook,
                Vocabulary::JiraAudit,
                Vocabulary::JiraField,
                Vocabulary::Polled,
                Vocabulary::DcKey,
                Vocabulary::View,
            ],
            &[Vocabulary::JiraAudit],
        ),
        System::ConfluenceCloud | System::ConfluenceDc => (
            &[Vocabulary::ConfluenceAudit, Vocabulary::DcKey],
            &[Vocabulary::ConfluenceAudit],
        ),
        System::Assets => (&[Vocabulary::Polled], &[]),
        System::Directory | System::Auditgraph => return by_code(name),
    };
    let known = |vocabularies: &[Vocabulary], text: &str| {
        vocabularies
            .iter()
            .find_map(|vocabulary| by_name(*vocabulary, text))
    };
    known(names, name)
        .or_else(|| {
            let action = known(labels, label?)?;
            fits(name, action.product).then_some(action)
        })
        .or_else(|| by_ending(system, name))
        .or_else(|| by_words(system, name))
}

/// The action of an app of Bitbucket Data Center whose names are known by what they tell of only.
fn by_words(system: System, name: &str) -> Option<&'static Action> {
    // A key of Bitbucket's own is no such name.
    let own = system == System::BitbucketDc && !name.starts_with("bitbucket.");
    by_code(data_center::soteri(name).filter(|_| own)?)
}

/// Whether an organization event's id can belong to a product.
///
/// Display names are not unique across products ("Created project"), but ids tend to begin with the product.
fn fits(id: &str, product: Product) -> bool {
    let stem = id
        .split('_')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match stem.as_str() {
        "jira" => product == Product::Jira || product == Product::ServiceManagement,
        "confluence" => product == Product::Confluence,
        "bitbucket" => product == Product::Bitbucket,
        _ => true,
    }
}

/// The action of an organization event's id that ends like a known family of ids.
fn by_ending(system: System, id: &str) -> Option<&'static Action> {
    if system != System::Organization {
        return None;
    }
    let (start, _) = id.match_indices('_').nth_back(1)?;
    by_name(Vocabulary::OrgEnding, &id[start..])
}

/// The counter's name that a code yields: `issue.deleted` becomes `ISSUE_DELETED`.
const fn screaming<const LENGTH: usize>(code: &str) -> [u8; LENGTH] {
    let code = code.as_bytes();
    let mut text = [0; LENGTH];
    let mut place = 0;
    while place < LENGTH {
        text[place] = match code[place] {
            b'.' => b'_',
            letter => letter.to_ascii_uppercase(),
        };
        place += 1;
    }
    text
}
