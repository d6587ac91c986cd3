//! Who may see which issue: put to the source that can tell. What it said is remembered elsewhere.

use super::Source;
use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::event::permission::{Permissions, Permitted, Unanswered};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Questions that are asked at once.
const AT_ONCE: usize = 4;

/// How long an answer is waited for: somebody waits for a page meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

/// The Jira that is connected, as somebody who says what an account may see.
pub struct AskPermissions {
    source: Arc<dyn Source>,
    lasts: Duration,
    clock: Clock,
    asking: Semaphore,
}

impl AskPermissions {
    /// Asks the first of these sources that can tell; `None` when none can.
    #[must_use]
    pub fn new(
        sources: &[Arc<dyn Source>],
        config: &config::JiraCloud,
        clock: &Clock,
    ) -> Option<Self> {
        let tells = |source: &&Arc<dyn Source>| source.permitted("", &[]).is_some();
        Some(Self {
            source: Arc::clone(sources.iter().find(tells)?),
            lasts: Duration::from_mins(config.permission_minutes.into()),
            clock: clock.clone(),
            asking: Semaphore::new(AT_ONCE),
        })
    }

    async fn answer(
        &self,
        account: &str,
        scope: &str,
        issues: &[u64],
    ) -> Result<Permitted, Unanswered> {
        let Some(mut question) = self.source.permitted(account, issues) else {
            return Ok(Permitted::default());
        };
        if question.scope != scope && !issues.is_empty() {
            // It knows nothing of another site's issues, whose ids may be the same.
            let Some(about_nothing) = self.source.permitted(account, &[]) else {
                return Ok(Permitted::default());
            };
            question = about_nothing;
        }
        let _turn = self.asking.acquire().await;
        let answer = question.answer.await;
        answer.map_err(|error| Unanswered(error.to_string()))
    }
}

impl Permissions for AskPermissions {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn lasts(&self) -> Duration {
        self.lasts
    }

    fn ask<'a>(
        &'a self,
        account: &'a str,
        scope: &'a str,
        issues: &'a [u64],
    ) -> BoxFuture<'a, Result<Permitted, Unanswered>> {
        let answer = async move {
            tokio::select! {
                answer = self.answer(account, scope, issues) => answer,
                () = self.clock.alarm(PATIENCE) => {
                    Err(Unanswered(format!("no answer within {} s", PATIENCE.as_secs())))
                }
            }
        };
        answer.boxed()
    }
}

impl fmt::Debug for AskPermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskPermissions")
            .field("source", &self.source.name())
            .finish_non_exhaustive()
    }
}
