//! `[activity]`: how far back the aggregated view goes.

use serde::Deserialize;

/// `[activity]`: how far back the aggregated view goes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Days that are counted when no time is given.
    pub default_days: u32,
    /// Days that may be counted at most.
    pub max_days: u32,
}
