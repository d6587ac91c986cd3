//! Alerts: filter subscriptions that wait for what they choose, instead of for a time.
//!
//! Whoever looks after them only finds out that something happened and makes the alert due; what it sends is found when its
//! mail is made, like that of any other. What happens shortly after is in the same mail.

use super::{Mails, Trouble};
use crate::event::Timestamp;
use crate::store::StoreError;
use crate::store::entity::filter_subscription;
use std::collections::HashMap;
use std::time::Duration;

/// How long an alert gathers what happens before its mail is sent.
const GATHERS: Duration = Duration::from_secs(30);

/// The name under which one process looks after alerts.
const WATCH: &str = "filter-subscription-alerts";

/// For how long it does so without asking again.
const WATCHES: Duration = Duration::from_secs(30);

/// Alerts that are read at once.
const PAGE: u64 = 100;

/// How far an alert looks through the log before that is written down.
const UNWRITTEN: i64 = 1_000;

/// How far the log was looked through, by the number of the alert.
pub(super) type Watched = HashMap<i64, i64>;

impl Mails {
    /// Makes alerts due for which something has happened.
    pub async fn watch(&self) -> Result<(), StoreError> {
        let store = self.store();
        let now = self.clock.now();
        if !store.take_lease(WATCH, self.holder, now, WATCHES).await? {
            return Ok(());
        }
        let newest = store.newest().await?;
        let mut watched = self.watched.lock().await;
        let (mut still, mut after) = (Watched::new(), 0);
        loop {
            let alerts = store.waiting_alerts(after, PAGE).await?;
            for alert in &alerts {
                after = alert.id;
                let searched = watched.get(&alert.id).copied().unwrap_or(0);
                let searched = searched.max(alert.position);
                let searched = self.look(alert, searched, newest).await?;
                still.insert(alert.id, searched);
            }
            if alerts.is_empty() {
                break;
            }
        }
        *watched = still;
        Ok(())
    }

    /// Looks for what an alert waits for behind a position; returns how far it looked.
    async fn look(
        &self,
        alert: &filter_subscription::Model,
        mut searched: i64,
        newest: i64,
    ) -> Result<i64, StoreError> {
        let (store, now) = (self.store(), self.clock.now());
        if searched >= newest {
            return Ok(searched);
        }
        let window = (Timestamp::from_micros(alert.window_from), now);
        let condition = async {
            let (viewer, saved) = self.owner(alert.token_id, alert.filter_id).await?;
            self.condition(&viewer, &saved, window).await
        };
        let condition = match condition.await {
            Ok(condition) => condition,
            // Its mail cannot be made, which is found out, and told, when it is tried.
            Err(Trouble::Failed(_) | Trouble::Paused(_)) => {
                store.set_off_alert(alert.id, now).await?;
                return Ok(searched);
            }
            Err(Trouble::Later(error)) => {
                let (id, name) = (alert.id, &alert.name);
                tracing::warn!(
                    id,
                    name,
                    error,
                    "an alert could not be looked after; trying again"
                );
                return Ok(searched);
            }
        };
        while searched < newest {
            let found = store.following(searched, &condition, 1).await?;
            if !found.events.is_empty() {
                store.set_off_alert(alert.id, due(alert, now)).await?;
                return Ok(searched);
            }
            searched = found.searched;
        }
        if searched - alert.position >= UNWRITTEN {
            store.pass_over(alert.id, searched).await?;
        }
        Ok(searched)
    }
}

/// When an alert for which something has happened is due.
fn due(alert: &filter_subscription::Model, now: Timestamp) -> Timestamp {
    let gathered = now.plus(GATHERS);
    let schedule = alert.schedule().ok();
    let between = schedule.and_then(|schedule| schedule.minutes_between());
    let (Some(sent), Some(minutes)) = (alert.last_sent_at, between) else {
        return gathered;
    };
    let rested = Timestamp::from_micros(sent).plus(Duration::from_mins(minutes.into()));
    gathered.max(rested)
}
