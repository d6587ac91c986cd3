//! What is given to keep, change, delete and mark saved filters.

use crate::event::filter::EventFilter;
use crate::event::saved::SavedView;
use crate::store::saved::Audience;
use async_graphql::{ID, InputObject, MaybeUndefined};

/// A filter to keep.
#[derive(InputObject)]
pub(super) struct CreateSavedFilterInput {
    /// Its name; 1 to 255 characters.
    pub(super) name: String,
    /// What it is for; at most 4,000 characters.
    pub(super) description: Option<String>,
    /// What it chooses; every event when neither this nor `search` is given.
    pub(super) filter: Option<EventFilter>,
    /// What it chooses, too, as text; see `parseSearch`. With `filter`, both must hold.
    pub(super) search: Option<String>,
    /// How its answer is shown; as a list of events when absent.
    pub(super) view: Option<SavedView>,
    /// Who may see and run it.
    pub(super) viewers: Option<SavedFilterAudienceInput>,
    /// Who may change and delete it, too.
    pub(super) editors: Option<SavedFilterAudienceInput>,
}

/// What to change of a saved filter.
#[derive(InputObject)]
pub(super) struct UpdateSavedFilterInput {
    /// Its global id.
    pub(super) id: ID,
    /// Its name; 1 to 255 characters.
    pub(super) name: Option<String>,
    /// What it is for; at most 4,000 characters, null for nothing.
    pub(super) description: MaybeUndefined<String>,
    /// What it chooses, in place of all that it chose before.
    pub(super) filter: Option<EventFilter>,
    /// The same as text; see `parseSearch`. With `filter`, both must hold.
    pub(super) search: Option<String>,
    /// How its answer is shown, in place of all that was kept before.
    pub(super) view: Option<SavedView>,
    /// Who may see and run it, in place of who might before; nobody when it is empty.
    pub(super) viewers: Option<SavedFilterAudienceInput>,
    /// Who may change and delete it, too, in place of who might before.
    pub(super) editors: Option<SavedFilterAudienceInput>,
}

/// People with whom something is shared.
#[derive(InputObject)]
pub(super) struct SavedFilterAudienceInput {
    /// Users, by global id, Atlassian account id or any other alias, or e-mail address.
    pub(super) users: Option<Vec<String>>,
    /// Groups, by global id, upstream's id or name.
    pub(super) groups: Option<Vec<String>>,
    /// Projects, by global id or key: the people in them, and tokens to which they are granted.
    pub(super) projects: Option<Vec<String>>,
    /// Customer organizations, by global id, upstream's id or name.
    pub(super) organizations: Option<Vec<String>>,
}

impl From<SavedFilterAudienceInput> for Audience {
    fn from(input: SavedFilterAudienceInput) -> Self {
        Self {
            users: input.users.unwrap_or_default(),
            groups: input.groups.unwrap_or_default(),
            projects: input.projects.unwrap_or_default(),
            organizations: input.organizations.unwrap_or_default(),
        }
    }
}

/// A saved filter to delete.
#[derive(InputObject)]
pub(super) struct DeleteSavedFilterInput {
    /// Its global id.
    pub(super) id: ID,
}

/// Whether a saved filter has a star of yours.
#[derive(InputObject)]
pub(super) struct SetSavedFilterFavoriteInput {
    /// Its global id.
    pub(super) id: ID,
    /// Whether it has one.
    pub(super) favorite: bool,
}
