//! How webhooks get out: signed, retried, and now and then not as they should be.
//!
//! One task sends what happened since it looked last, one request after the other. Who wants a webhook without the
//! network takes it from [`Sandbox::jira_deliveries`]. Only `http` addresses can be reached.

use super::super::Sandbox;
use super::super::catalogue as org;
use super::super::life::Doing;
use super::super::world::World;
use super::hook::{Delivery, deliveries};
use super::life;
use super::own::own;
use super::render::View;
use super::truth::{JiraTruth, truths};
use crate::event::Timestamp;
use axum::body::Body;
use axum::http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use url::Url;

/// What can happen to webhooks on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// All that wait at the same time go in reverse order, as if they had overtaken each other.
    Shuffled,
    /// One is sent twice, with the same identifier.
    Duplicated,
    /// One is signed with another secret.
    WronglySigned,
    /// One is not signed.
    Unsigned,
    /// One is never sent.
    Dropped,
    /// One meets no listener, and is tried again later.
    Outage,
}

/// What goes out, and where to.
#[derive(Debug, Default)]
pub(in super::super) struct Outbox {
    /// Whether Jira is on the Free plan, which has no audit records.
    pub(in super::super) free_plan: bool,
    /// A field that no screen has, so that issues cannot be created with it.
    pub(super) refused: Option<String>,
    /// Where webhooks go, and with which secret they are signed.
    pub(super) target: Option<(Url, Option<SecretString>)>,
    /// The name, and the events, of the registered webhook; none = all of them.
    pub(super) events: Vec<String>,
    mischief: Vec<(Mischief, u32)>,
    waiting: Vec<Attempt>,
    /// The first act that has not been looked at.
    pub(super) next: usize,
    asked: u64,
    done: watch::Sender<u64>,
    /// Every attempt so far: the webhook, which attempt it was, and the status that came back.
    sent: Vec<(Delivery, u32, Option<u16>)>,
    pub(in super::super) wake: Arc<Notify>,
}

#[derive(Clone, Debug)]
struct Attempt {
    due: Timestamp,
    delivery: Delivery,
    retry: u32,
}

/// How often a webhook is tried again.
const RETRIES: u32 = 5;

impl Outbox {
    /// Whether something goes wrong with the next webhook.
    fn struck(&mut self, mischief: Mischief) -> bool {
        let found = self
            .mischief
            .iter_mut()
            .find(|(kind, left)| *kind == mischief && *left > 0);
        found.is_some_and(|(_, left)| {
            *left = left.saturating_sub(u32::from(*left != u32::MAX));
            true
        })
    }
}

/// Sends webhooks until the sandbox stops.
pub(in super::super) async fn send(world: Arc<World>, stop: CancellationToken) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let wake = world.state().outbox.wake.clone();
    loop {
        let asked = world.state().outbox.asked;
        let now = world.clock.now();
        for attempt in due(&world, now) {
            let status = tokio::select! {
                () = stop.cancelled() => return,
                status = post(&world, &client, &attempt) => status,
            };
            settle(&world, attempt, status);
        }
        let pause = {
            let outbox = &world.state().outbox;
            outbox.done.send_replace(asked);
            let first = outbox.waiting.iter().map(|attempt| attempt.due).min();
            first.map(|first| first.since(world.clock.now()))
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = wake.notified() => {}
            () = world.clock.alarm(pause.unwrap_or_default()), if pause.is_some() => {}
        }
    }
}

/// What is to be sent now.
fn due(world: &World, now: Timestamp) -> Vec<Attempt> {
    let state = &mut *world.state();
    if state.outbox.target.is_none() {
        return Vec::new();
    }
    let next = state.outbox.next;
    let events = state.outbox.events.clone();
    let base = world.url.as_str().trim_end_matches('/').to_owned();
    let (jira, company, _) = state.jira();
    let count = jira.acts.len();
    let view = View {
        company,
        jira,
        base: &base,
    };
    let mut fresh: Vec<Delivery> = (next..count)
        .flat_map(|number| deliveries(view, number))
        .filter(|delivery| events.is_empty() || events.contains(&delivery.event))
        .collect();
    let outbox = &mut state.outbox;
    outbox.next = count;
    if fresh.len() > 1 && outbox.struck(Mischief::Shuffled) {
        fresh.reverse();
    }
    for delivery in fresh {
        if outbox.struck(Mischief::Dropped) {
            continue;
        }
        let twice = outbox.struck(Mischief::Duplicated);
        for _ in 0..=u32::from(twice) {
            outbox.waiting.push(Attempt {
                due: now,
                delivery: delivery.clone(),
                retry: 0,
            });
        }
    }
    let (ready, later) = outbox
        .waiting
        .drain(..)
        .partition(|attempt| attempt.due <= now);
    outbox.waiting = later;
    ready
}

/// Sends one; the status that came back, if any.
async fn post(
    world: &World,
    client: &Client<hyper_util::client::legacy::connect::HttpConnector, Body>,
    attempt: &Attempt,
) -> Option<u16> {
    let request = {
        let outbox = &mut world.state().outbox;
        if outbox.struck(Mischief::Outage) {
            return None;
        }
        let (url, secret) = outbox.target.clone()?;
        let secret = secret
            .as_ref()
            .map(|secret| secret.expose_secret().to_owned());
        let secret = if outbox.struck(Mischief::Unsigned) {
            None
        } else if outbox.struck(Mischief::WronglySigned) {
            Some("not the secret".to_owned())
        } else {
            secret
        };
        let mut request = Request::post(url.as_str());
        for (name, value) in attempt.delivery.headers(secret.as_deref(), attempt.retry) {
            request = request.header(name, value);
        }
        request
            .body(Body::from(attempt.delivery.body.clone()))
            .ok()?
    };
    tokio::select! {
        answer = client.request(request) => Some(answer.ok()?.status().as_u16()),
        () = world.clock.alarm(Duration::from_secs(30)) => None,
    }
}

/// Notes how an attempt went, and plans the next if there is to be one.
fn settle(world: &World, attempt: Attempt, status: Option<u16>) {
    let now = world.clock.now();
    let outbox = &mut world.state().outbox;
    let again = status.is_none_or(|status| [408, 409, 425, 429].contains(&status) || status >= 500);
    let Attempt {
        delivery, retry, ..
    } = attempt;
    outbox.sent.push((delivery.clone(), retry, status));
    if again && retry < RETRIES {
        outbox.waiting.push(Attempt {
            due: now.plus(Duration::from_mins(5) * (retry + 1).min(3)),
            delivery,
            retry: retry + 1,
        });
    }
}

impl Sandbox {
    /// From now on Jira sends its webhooks to `url`, signed when there is a secret; to nobody without a url.
    pub fn set_jira_webhook(&self, url: Option<Url>, secret: Option<&str>) {
        let state = &mut *self.world.state();
        let (jira, ..) = state.jira();
        let count = jira.acts.len();
        state.outbox.next = count;
        state.outbox.events.clear();
        state.outbox.target = url.map(|url| (url, secret.map(SecretString::from)));
    }

    /// Something happens to the next `times` webhooks; [`u32::MAX`] = to all from now on.
    pub fn jira_mischief(&self, mischief: Mischief, times: u32) {
        self.world.state().outbox.mischief.push((mischief, times));
    }

    /// Nothing happens to webhooks any more.
    pub fn heal_jira_webhooks(&self) {
        self.world.state().outbox.mischief.clear();
    }

    /// Waits until all webhooks of what has happened so far, and all retries that are due, have been tried.
    pub async fn jira_settled(&self) {
        let (asked, mut done, wake) = {
            let outbox = &mut self.world.state().outbox;
            outbox.asked += 1;
            (outbox.asked, outbox.done.subscribe(), outbox.wake.clone())
        };
        wake.notify_one();
        // An error means that the sandbox is gone, and then nothing more is sent.
        let _ = done.wait_for(|done| *done >= asked).await;
    }

    /// Every attempt so far: the webhook, which retry it was, and the status that came back, if any.
    #[must_use]
    pub fn jira_sent(&self) -> Vec<(Delivery, u32, Option<u16>)> {
        self.world.state().outbox.sent.clone()
    }

    /// The webhooks of the acts with these numbers, whether anybody listens or not.
    #[must_use]
    pub fn jira_deliveries(&self, acts: std::ops::Range<usize>) -> Vec<Delivery> {
        super::read(&self.world, |view| {
            let end = acts.end.min(view.jira.acts.len());
            (acts.start..end)
                .flat_map(|number| deliveries(view, number))
                .collect()
        })
    }

    /// How many things have happened in Jira: their numbers go from 0 up to this.
    #[must_use]
    pub fn jira_acts(&self) -> usize {
        super::read(&self.world, |view| view.jira.acts.len())
    }

    /// What is true about the acts with these numbers.
    #[must_use]
    pub fn jira_truths(&self, acts: std::ops::Range<usize>) -> Vec<JiraTruth> {
        let state = &mut *self.world.state();
        let (jira, company, log) = state.jira();
        let view = View {
            company,
            jira,
            base: "",
        };
        let end = acts.end.min(jira.acts.len());
        let numbers = acts.start..end;
        numbers
            .flat_map(|number| truths(view, number))
            .map(|truth| JiraTruth {
                organization: jira.acts[truth.act]
                    .place
                    .map(|place| log.id(place).to_string()),
                ..truth
            })
            .collect()
    }

    /// Lets `count` things happen in Jira now; returns the numbers of the acts, of which there may be more.
    ///
    /// Changes of issues are reported in the organization log too.
    #[expect(
        clippy::must_use_candidate,
        reason = "the acts are the point; not everybody needs their numbers"
    )]
    pub fn publish_jira(&self, count: usize) -> std::ops::Range<usize> {
        let now = self.world.clock.now();
        let first = self.jira_acts();
        for _ in 0..count {
            let state = &mut *self.world.state();
            let throw = state.dice.below(100);
            if throw < 45 {
                state.work_on_issue(throw < 8, now);
            }
            let (jira, ..) = state.jira();
            if throw >= 45 {
                life::anything(jira, now);
            }
        }
        self.world.state().outbox.wake.notify_one();
        first..self.jira_acts()
    }

    /// Lets something happen now that the catalogue knows by this key, e.g. `COMMENT_UPDATED`; the numbers of the acts,
    /// none when there is nothing it could happen to.
    #[expect(
        clippy::must_use_candidate,
        reason = "the act is the point; not everybody needs its number"
    )]
    pub fn jira_do(&self, code: &str) -> std::ops::Range<usize> {
        let now = self.world.clock.now();
        let first = self.jira_acts();
        {
            let state = &mut *self.world.state();
            if ["ISSUE_CREATED", "ISSUE_UPDATED"].contains(&code) {
                state.work_on_issue(code == "ISSUE_CREATED", now);
            } else {
                let (jira, ..) = state.jira();
                own(jira, super::table::row_of(code, ""), now);
            }
        }
        self.world.state().outbox.wake.notify_one();
        first..self.jira_acts()
    }

    /// Puts Jira on the Free plan, on which it has no audit records, or back.
    pub fn set_jira_free_plan(&self, free: bool) {
        self.world.state().outbox.free_plan = free;
    }

    /// From now on issues cannot be created with this field.
    pub fn refuse_jira_field(&self, field: Option<&str>) {
        self.world.state().outbox.refused = field.map(ToOwned::to_owned);
    }
}

impl super::super::world::State {
    /// Somebody creates or changes an issue, which the organization log reports.
    fn work_on_issue(&mut self, create: bool, now: Timestamp) {
        let actors: Vec<u32> = self.actors();
        let person = actors
            .get(self.dice.index(actors.len()))
            .copied()
            .unwrap_or(0);
        let here: Vec<u32> = (0_u32..)
            .zip(&self.company.projects)
            .filter(|(_, project)| project.site == 0)
            .map(|(number, _)| number)
            .collect();
        let Some(object) = here.get(self.dice.index(here.len())).copied() else {
            return;
        };
        let project = &mut self.company.projects[object as usize];
        let (deed, other) = if create {
            project.issues += 1;
            (org::ISSUE_CREATED, project.issues)
        } else {
            let back = self.dice.index(project.issues.min(60) as usize);
            let back = super::super::company::number(back);
            (org::ISSUE_UPDATED, project.issues - back)
        };
        let actor = self.company.people[person as usize].card;
        let doing = Doing {
            deed,
            actor,
            object,
            other,
            gap: 0,
        };
        self.record(doing, now);
    }
}
