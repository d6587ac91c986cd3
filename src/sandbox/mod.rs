//! Atlassian in a box: a made-up company behind real HTTP, for the demo and for tests.
//!
//! [`Sandbox::start`] serves the organization API, user management, Bitbucket, Jira and Confluence Cloud, Assets and three
//! Data Center instances from one origin, faithfully
//! enough that clients cannot tell: credentials, paging, limits, oddities and, on demand, every [`Fault`]. The same
//! [`Settings`] give the same company and the same past, byte for byte. What is true is in the [`Ledger`].
//!
//! Read next: `company.rs` (who is there), `catalogue.rs` (what can happen), `life.rs` (what does happen), `record.rs`
//! (how it is worded), then the routes. Nothing here knows of Auditgraph, except for the settings that lead to it.

mod accounts;
mod answer;
mod assets;
mod bitbucket;
mod catalogue;
mod change;
mod company;
mod confluence;
mod cursor;
mod data_center;
mod dice;
mod directory;
mod events;
mod fault;
mod gate;
mod jira;
mod ledger;
mod life;
mod limit;
mod log;
mod names;
mod organization;
mod people;
mod record;
mod things;
mod world;
mod zone;

pub use data_center::{Instance, Written};
pub use fault::{Fault, Faults, Hint, Plan};
pub use jira::{Channel, Delivery, JiraTruth, Mischief};
pub use ledger::{Ledger, Published, User};

use crate::clock::Clock;
use crate::config;
use answer::System;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::serve::ListenerExt;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;
use world::World;

/// What the sandbox is like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Everything random follows from it.
    pub seed: u64,
    /// Over how many days the past stretches.
    pub history_days: u32,
    /// How many events it has; a million takes some tens of megabytes.
    pub history_events: usize,
    /// How many accounts there are, at least two.
    pub people: usize,
    /// How many groups there are.
    pub groups: usize,
    /// How many projects there are, at least one.
    pub projects: usize,
    /// How many repositories there are.
    pub repositories: usize,
    /// Whether rate limits hold.
    pub limits: bool,
    /// What the last page of the audit log says about the next one.
    pub end_of_log: EndOfLog,
    /// The most records that a page of Confluence, of Assets or of Jira's search has, whatever is asked for.
    pub site_page: usize,
    /// Whether Assets answers searches in its older shape.
    pub assets: AssetsShape,
    /// How many hours before UTC the site's clocks on the wall are, summer time not counted; in summer they have one.
    pub zone_hours: i64,
    /// Whether workspace permissions say `added_on` and `last_accessed`.
    pub workspace_dates: bool,
    /// How many events the past of each Data Center instance has, about.
    pub data_center_events: usize,
    /// Whether Bitbucket Data Center has the audit plugin; before version 7 it had lists of its own.
    pub audit_plugin: bool,
    /// What goes wrong from the start.
    pub faults: Faults,
}

/// What the last page of the audit log says about the next one: observers of the real thing disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOfLog {
    /// No cursor on the page that ends the log, empty or not.
    NullCursor,
    /// A cursor with every page but empty ones.
    NullOnEmpty,
    /// A cursor with every page, good for asking again later.
    KeepsCursor,
}

/// In which shape Assets answers searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetsShape {
    /// Objects as `values`.
    Values,
    /// Objects as `objectEntries`, which is the older one.
    ObjectEntries,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            history_days: 180,
            history_events: 20_000,
            people: 120,
            groups: 16,
            projects: 8,
            repositories: 24,
            limits: false,
            end_of_log: EndOfLog::KeepsCursor,
            site_page: 1_000,
            assets: AssetsShape::Values,
            zone_hours: 1,
            workspace_dates: true,
            data_center_events: 300,
            audit_plugin: true,
            faults: Faults::none(),
        }
    }
}

/// A running sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    world: Arc<World>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Sandbox {
    /// Makes a company with a past that ends now, and serves it on `listener` until `stop`.
    pub fn start(
        settings: Settings,
        clock: Clock,
        listener: TcpListener,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let url = Url::parse(&format!("http://{address}/")).map_err(std::io::Error::other)?;
        let world = Arc::new(World::new(settings, clock, url));
        let routes = Router::new()
            .merge(organization::routes())
            .merge(events::routes())
            .merge(directory::routes())
            .merge(bitbucket::routes())
            .merge(confluence::routes())
            .merge(assets::routes())
            .merge(accounts::routes())
            .merge(jira::routes())
            .merge(data_center::routes())
            .fallback(|request: Request| async move {
                System::of(request.uri().path()).refuse(StatusCode::NOT_FOUND)
            })
            .layer(axum::middleware::from_fn_with_state(
                world.clone(),
                gate::gate,
            ))
            .with_state(world.clone());
        let listener = listener.tap_io(|stream| {
            // Without it an answer may wait for an acknowledgement; with an error it is merely slower.
            let _ = stream.set_nodelay(true);
        });
        let stopped = stop.clone().cancelled_owned();
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, routes)
                .with_graceful_shutdown(stopped)
                .await
            {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        tasks.spawn(jira::send(world.clone(), stop.clone()));
        Ok(Self {
            world,
            tasks: tasks.clone(),
            stop,
        })
    }

    /// Where it is served: one origin for everything.
    #[must_use]
    pub fn url(&self) -> Url {
        self.world.url.clone()
    }

    /// The settings with which a client reaches the organization.
    #[must_use]
    pub fn organization_settings(&self) -> config::Organization {
        let limits = self.world.settings.limits;
        let company = &self.world.state().company;
        config::Organization {
            name: "organization".to_owned(),
            org_id: company.org_id.clone(),
            api_key: SecretString::from(company.api_key.clone()),
            base_url: self.url(),
            requests_per_minute: if limits { 45 } else { 100_000 },
            activity_requests_per_minute: if limits { 150 } else { 100_000 },
            history_days: self.world.settings.history_days,
            lateness_hours: 48,
            page_size: 500,
            writes_per_day: 1_000,
            actions: BTreeMap::new(),
        }
    }

    /// The settings with which a client reaches Bitbucket Cloud: an administrator's API token.
    #[must_use]
    pub fn bitbucket_settings(&self) -> config::BitbucketCloud {
        let company = &self.world.state().company;
        let mut base_url = self.url();
        base_url.set_path("/2.0");
        config::BitbucketCloud {
            name: "bitbucket-cloud".to_owned(),
            workspaces: vec![names::WORKSPACE.0.to_owned()],
            email: company.card_of(0).email.clone().unwrap_or_default(),
            token: SecretString::from(company.api_token.clone()),
            base_url,
            hook_secret: SecretString::default(),
            requests_per_hour: if self.world.settings.limits {
                900
            } else {
                1_000_000
            },
        }
    }

    /// The same with a workspace access token, which may not read permissions.
    #[must_use]
    pub fn bitbucket_access_token_settings(&self) -> config::BitbucketCloud {
        let token = self.world.state().company.access_token.clone();
        config::BitbucketCloud {
            email: String::new(),
            token: SecretString::from(token),
            ..self.bitbucket_settings()
        }
    }

    /// The settings with which a client reaches Jira Cloud; without webhooks.
    #[must_use]
    pub fn jira_settings(&self) -> config::JiraCloud {
        config::JiraCloud {
            name: "jira-cloud".to_owned(),
            base_url: Some(self.jira_url()),
            site_url: None,
            email: self.jira_email(),
            token: self.jira_token(),
            hook_secret: SecretString::default(),
            issue_view_secret: SecretString::from(String::new()),
            projects: Vec::new(),
            requests_per_minute: if self.world.settings.limits {
                500
            } else {
                100_000
            },
            history_days: self.world.settings.history_days,
            lateness_hours: 48,
            page_size: 1_000,
            issue_page_size: 100,
            jql_issues: 50_000,
            jql_minutes: 5,
            permission_minutes: 10,
            writes_per_day: 1_000,
        }
    }

    /// Where Jira Cloud is: the site's address.
    #[must_use]
    pub fn jira_url(&self) -> Url {
        self.url()
    }

    /// The e-mail address of the administrator whose token opens Jira.
    #[must_use]
    pub fn jira_email(&self) -> String {
        let company = &self.world.state().company;
        company.card_of(0).email.clone().unwrap_or_default()
    }

    /// The account of that administrator, who may see all issues and administer Jira.
    #[must_use]
    pub fn jira_account(&self) -> String {
        let company = &self.world.state().company;
        let administrator = company.people.first();
        administrator.map_or_else(String::new, |person| person.account_id.clone())
    }

    /// That administrator's API token.
    #[must_use]
    pub fn jira_token(&self) -> SecretString {
        SecretString::from(self.world.state().company.api_token.clone())
    }

    /// The settings with which a client reaches Confluence Cloud: an administrator's API token.
    #[must_use]
    pub fn confluence_settings(&self) -> config::ConfluenceCloud {
        let company = &self.world.state().company;
        let mut base_url = self.url();
        base_url.set_path("/wiki");
        config::ConfluenceCloud {
            name: "confluence-cloud".to_owned(),
            base_url: Some(base_url),
            email: company.card_of(0).email.clone().unwrap_or_default(),
            token: SecretString::from(company.api_token.clone()),
            requests_per_minute: if self.world.settings.limits {
                60
            } else {
                100_000
            },
            history_days: self.world.settings.history_days,
            lateness_hours: 48,
            page_size: 1_000,
        }
    }

    /// The settings with which a client reaches Assets: an administrator's API token, and no file of roles.
    #[must_use]
    pub fn assets_settings(&self) -> config::Assets {
        let company = &self.world.state().company;
        let mut api_base_url = self.url();
        api_base_url.set_path("/jsm/assets");
        config::Assets {
            name: "assets".to_owned(),
            base_url: Some(self.url()),
            email: company.card_of(0).email.clone().unwrap_or_default(),
            token: SecretString::from(company.api_token.clone()),
            workspace_id: String::new(),
            api_base_url,
            requests_per_minute: if self.world.settings.limits {
                300
            } else {
                100_000
            },
            history_days: self.world.settings.history_days,
            lateness_hours: 48,
            poll_minutes: 0,
            page_size: 200,
            roles_snapshot: std::path::PathBuf::new(),
        }
    }

    /// What is true.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger(self.world.clone())
    }

    /// How many requests have arrived, of whatever kind; tells of each one.
    #[must_use]
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.world.state().served.arrived.subscribe()
    }

    /// Lets `count` things happen now; returns the ids of the new events.
    ///
    /// They go into the log one after the other. The directory stays as it is.
    #[expect(
        clippy::must_use_candidate,
        reason = "the events are the point; not everybody needs their ids"
    )]
    pub fn publish(&self, count: usize) -> Vec<String> {
        let now = self.world.clock.now();
        let mut state = self.world.state();
        let ids = (0..count)
            .map(|_| {
                let place = state.publish(now);
                state.log.id(place).to_string()
            })
            .collect();
        state.outbox.wake.notify_one();
        ids
    }

    /// Adds something that goes wrong.
    pub fn inject(&self, plan: impl Into<Plan>) {
        self.world.state().faults.add(plan.into());
    }

    /// Replaces everything that goes wrong.
    pub fn set_faults(&self, faults: Faults) {
        self.world.state().faults = faults;
    }

    /// Lets nothing go wrong any more.
    pub fn heal(&self) {
        self.set_faults(Faults::none());
    }

    /// Makes every cursor that was handed out so far unknown.
    pub fn forget_cursors(&self) {
        self.world.state().cursors += 1;
    }

    /// Lets one thing happen about every second until the sandbox stops, and now and then changes the directory.
    pub fn live(&self) {
        let sandbox = self.clone();
        self.tasks.spawn(async move {
            loop {
                let pause = Duration::from_millis(400 + sandbox.world.state().dice.below(1_200));
                tokio::select! {
                    () = sandbox.stop.cancelled() => break,
                    () = sandbox.world.clock.sleep(pause) => sandbox.live_one(),
                }
            }
        });
    }

    /// Lets the next thing happen, as it would while the sandbox lives.
    pub fn live_one(&self) {
        let now = self.world.clock.now();
        let changes = {
            let state = &mut *self.world.state();
            state.live_in_confluence(now);
            state.live_in_assets(now);
            state.dice.chance(25)
        };
        self.publish_jira(1);
        if changes {
            self.change();
        } else {
            self.publish(1);
        }
        if self.world.state().logs.stirs() {
            self.live_in_data_center();
        }
    }
}
