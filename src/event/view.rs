//! Views of issues: from where an issue was looked at, and when two looks count as one.

use super::{NewEvent, System};
use std::time::Duration;

/// Somebody who looks at an issue again within this time, from the same place, has viewed it once (C25).
pub const ONE_VIEW: Duration = Duration::from_mins(5);

/// From where an issue was looked at. It is told by the event's action, and for people by its method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ViewPlace {
    /// Jira itself: the whole page, or the panel beside a list or board.
    IssueView,
    /// The portal of a service project, where customers see their requests.
    CustomerPortal,
}

impl ViewPlace {
    /// All places.
    pub const ALL: [Self; 2] = [Self::IssueView, Self::CustomerPortal];

    /// The name that it is posted by, e.g. `ISSUE_VIEW`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IssueView => "ISSUE_VIEW",
            Self::CustomerPortal => "CUSTOMER_PORTAL",
        }
    }

    /// The place of that name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut places = Self::ALL.into_iter();
        places.find(|place| place.as_str().eq_ignore_ascii_case(name))
    }

    /// The action of a view that was posted to us.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::IssueView => "view/issue_view",
            Self::CustomerPortal => "view/customer_portal",
        }
    }

    /// The place of a view with that action; `None` for everything that is no view.
    ///
    /// The organization's log knows of views in Jira only.
    #[must_use]
    pub fn of(system: System, action: &str) -> Option<Self> {
        if system == System::Organization {
            let viewed = action.eq_ignore_ascii_case("jira_issue_viewed");
            return viewed.then_some(Self::IssueView);
        }
        let mut places = Self::ALL.into_iter();
        places.find(|place| place.action() == action)
    }

    /// Whether views that these two systems report can be the same.
    ///
    /// What the organization's log holds, upstream has counted itself: two views there are two.
    #[must_use]
    pub const fn may_meet(one: System, other: System) -> bool {
        use System::{JiraCloud, JiraDc, Organization};
        matches!(
            (one, other),
            (Organization, JiraCloud) | (JiraCloud, Organization | JiraCloud) | (JiraDc, JiraDc)
        )
    }
}

/// The place of a view; `None` when the event is none.
#[must_use]
pub fn place(event: &NewEvent) -> Option<ViewPlace> {
    ViewPlace::of(event.system, &event.action)
}
