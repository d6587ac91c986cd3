//! Questions in Jira's own language: put to the source that understands them, and not put again for a while.
//!
//! Whoever asks the same while an answer is on its way waits for that answer; it is fetched to its end even when nobody
//! waits any more. Only so many questions are asked at once, for they are paid from the same budget as all other reading.

use super::Source;
use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::event::jql::{FoundIssues, IssueSearch, SearchError};
use futures::future::{BoxFuture, Shared};
use futures::{FutureExt, TryStreamExt};
use lru::LruCache;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Answers that are kept.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99);

/// Issues that are kept in all answers together, in times of what one may have.
const TIMES: usize = 4;

/// Questions that are asked at once.
const AT_ONCE: usize = 2;

/// Questions that are asked or wait for that.
const WAITING: usize = 20;

type Answer = Shared<BoxFuture<'static, Result<Arc<FoundIssues>, SearchError>>>;

/// The Jira that is connected, as somebody who answers questions.
pub struct AskJira {
    sources: Vec<Arc<dyn Source>>,
    most: u32,
    fresh: Duration,
    clock: Clock,
    tasks: TaskTracker,
    stop: CancellationToken,
    answers: Mutex<LruCache<String, (Timestamp, Answer)>>,
    asking: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl AskJira {
    /// Asks the first of these sources that understands the language.
    #[must_use]
    pub fn new(
        sources: &[Arc<dyn Source>],
        config: &config::JiraCloud,
        clock: &Clock,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        Self {
            sources: sources.to_vec(),
            most: config.jql_issues,
            fresh: Duration::from_mins(config.jql_minutes.into()),
            clock: clock.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
            answers: Mutex::new(LruCache::new(KEPT)),
            asking: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(WAITING)),
        }
    }

    /// The answer to a question: one that is there or on its way, or else a new one.
    fn answer(&self, jql: &str) -> Result<Answer, SearchError> {
        let now = self.clock.now();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked, answer)) = answers.get(jql) {
            let good = match answer.peek() {
                None => true,
                Some(Ok(_) | Err(SearchError::TooMany { .. })) => asked.plus(self.fresh) > now,
                Some(Err(_)) => false,
            };
            if good {
                return Ok(answer.clone());
            }
        }
        let answer = self.ask(jql)?;
        answers.put(jql.to_owned(), (now, answer.clone()));
        let kept = |answers: &LruCache<String, (Timestamp, Answer)>| -> usize {
            let found = answers.iter().filter_map(|(_, (_, answer))| answer.peek());
            found.flatten().map(|found| found.issues.len()).sum()
        };
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        while kept(&answers) > most.saturating_mul(TIMES) {
            answers.pop_lru();
        }
        Ok(answer)
    }

    fn ask(&self, jql: &str) -> Result<Answer, SearchError> {
        let understands = |source: &&Arc<dyn Source>| source.search(jql).is_some();
        let source = self.sources.iter().find(understands);
        let source = Arc::clone(source.ok_or(SearchError::NoJira)?);
        let waiting = Arc::clone(&self.waiting).try_acquire_owned();
        let waiting = waiting.map_err(|_| {
            let message = format!("{WAITING} questions are on their way to it; try again later");
            SearchError::Unavailable(message)
        })?;
        let (jql, most, asking) = (jql.to_owned(), self.most, Arc::clone(&self.asking));
        let answer = async move {
            let _turn = asking.acquire_owned().await;
            let found = all(source.as_ref(), &jql, most).await;
            drop(waiting);
            found
        };
        let answer = answer.boxed().shared();
        let (fetched, stop) = (answer.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                _ = fetched => {}
            }
        });
        Ok(answer)
    }
}

/// All pages of an answer, unless they are too many.
async fn all(source: &dyn Source, jql: &str, most: u32) -> Result<Arc<FoundIssues>, SearchError> {
    let Some(search) = source.search(jql) else {
        return Err(SearchError::NoJira);
    };
    let mut found = FoundIssues {
        scope: search.scope.to_owned(),
        issues: Vec::new(),
    };
    let mut pages = search.pages;
    while let Some(page) = pages.try_next().await? {
        found.issues.extend(page);
        if found.issues.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(SearchError::TooMany { most });
        }
    }
    found.issues.shrink_to_fit();
    Ok(Arc::new(found))
}

impl IssueSearch for AskJira {
    fn find<'a>(&'a self, jql: &'a str) -> BoxFuture<'a, Result<Arc<FoundIssues>, SearchError>> {
        async move { self.answer(jql)?.await }.boxed()
    }
}

impl fmt::Debug for AskJira {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskJira")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}
