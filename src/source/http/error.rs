//! What can go wrong with a call, and what of it is worth another attempt.

use crate::source::SourceError;
use std::time::Duration;

/// The longest wait that is chosen without upstream asking for it.
pub(super) const LONGEST_BACK_OFF: Duration = Duration::from_mins(1);

/// Why a source cannot be set up at all.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {message}")]
pub struct SetupError {
    /// The setting to look at, e.g. `organization.base_url`.
    pub setting: String,
    /// What is wrong with it.
    pub message: String,
}

/// Why a call brought nothing: upstream said no, or it could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Upstream understood the request and refused it; asking again would not help.
    #[error("{what} was refused ({status}): {message}")]
    Refused {
        /// Which call.
        what: String,
        /// HTTP status.
        status: u16,
        /// Upstream's own code for it, e.g. `ADMIN-400-1`.
        code: Option<String>,
        /// Upstream's words, with advice where there is some.
        message: String,
    },
    /// Everything else.
    #[error(transparent)]
    Failed(#[from] SourceError),
}

impl CallError {
    /// The HTTP status, when upstream refused the request.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Failed(_) => None,
        }
    }
}

impl From<CallError> for SourceError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused {
                what,
                status,
                message,
                ..
            } if matches!(status, 401 | 403) => Self::Credential {
                what,
                status,
                message,
            },
            CallError::Refused {
                what,
                status,
                message,
                ..
            } => Self::Unusable {
                what,
                message: format!("{message} (status {status})"),
            },
            CallError::Failed(error) => error,
        }
    }
}

/// Why one attempt failed.
pub(super) enum Trouble {
    /// Nothing that another attempt would change.
    Final(CallError),
    /// Too many requests.
    Limited { wait: Option<Duration> },
    /// Not reachable, or failing.
    Down {
        attempt: usize,
        wait: Option<Duration>,
        patience: Duration,
        message: String,
    },
    /// An answer that is cut off or not JSON.
    Senseless { attempt: usize, message: String },
}

impl Trouble {
    pub(super) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Limited { wait } | Self::Down { wait, .. } => *wait,
            Self::Final(_) | Self::Senseless { .. } => None,
        }
    }

    pub(super) fn into_error(self, what: &str) -> CallError {
        let what = what.to_owned();
        CallError::Failed(match self {
            Self::Final(error) => return error,
            Self::Limited { wait } => SourceError::RateLimited {
                what,
                retry_after: wait.unwrap_or(LONGEST_BACK_OFF),
            },
            Self::Down {
                wait: Some(retry_after),
                patience,
                ..
            } if retry_after > patience => SourceError::RateLimited { what, retry_after },
            Self::Down {
                attempt, message, ..
            } => SourceError::Unavailable {
                what,
                attempts: attempt,
                message,
            },
            Self::Senseless { attempt, message } => SourceError::Unusable {
                what,
                message: format!("{message} ({attempt} times)"),
            },
        })
    }
}
