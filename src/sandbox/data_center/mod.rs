//! Three Data Center instances of the same company: Bitbucket, Jira and Confluence, each with the shared audit plugin.
//!
//! They are served below paths of their own, as instances behind one proxy are, and each writes what it serves as log
//! files, too. Reading an audit log is itself written into it.

mod deeds;
mod lists;
mod log;
mod record;
mod routes;

pub(super) use log::Logs;
pub use log::Written;
pub(super) use routes::routes;

use super::Sandbox;
use super::company::Company;
use super::world::World;
use crate::config;
use crate::event::Timestamp;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// One of the three products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instance {
    /// Bitbucket Data Center.
    Bitbucket,
    /// Jira Data Center.
    Jira,
    /// Confluence Data Center.
    Confluence,
}

impl Instance {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bitbucket, Self::Jira, Self::Confluence];

    /// The name of its source, which is its context path, too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bitbucket => "bitbucket-dc",
            Self::Jira => "jira-dc",
            Self::Confluence => "confluence-dc",
        }
    }

    /// The instance that serves `path`.
    pub(super) fn of(path: &str) -> Option<Self> {
        let first = path.trim_start_matches('/').split('/').next()?;
        Self::ALL
            .into_iter()
            .find(|instance| instance.name() == first)
    }

    const fn index(self) -> usize {
        match self {
            Self::Bitbucket => 0,
            Self::Jira => 1,
            Self::Confluence => 2,
        }
    }
}

/// The token with which the administrator reads the instances.
pub(super) fn token(company: &Company) -> String {
    format!("sandbox-dc-{}", company.org_id)
}

/// The user name of somebody, which is theirs alone.
pub(super) fn user_name(company: &Company, person: u32) -> String {
    let card = company.card_of(person);
    match card
        .email
        .as_deref()
        .and_then(|email| email.split_once('@'))
    {
        Some((name, _)) => name.to_owned(),
        None => super::company::plain(&card.name),
    }
}

impl Sandbox {
    /// The settings with which a client reaches one of the Data Center instances: a token of the administrator.
    #[must_use]
    pub fn data_center_settings(&self, instance: Instance) -> config::DataCenter {
        let settings = &self.world.settings;
        let company = &self.world.state().company;
        let mut base_url = self.url();
        base_url.set_path(instance.name());
        config::DataCenter {
            name: instance.name().to_owned(),
            base_url: Some(base_url),
            user: String::new(),
            token: SecretString::from(token(company)),
            password: SecretString::from(String::new()),
            audit_log_folder: PathBuf::new(),
            hook_secret: SecretString::from(String::new()),
            issue_view_secret: SecretString::from(String::new()),
            requests_per_minute: 100_000,
            history_days: settings.history_days,
            lateness_hours: 48,
            seconds_between_reads: 0,
            page_size: 200,
        }
    }

    /// The same with the administrator's password, with which each request is a login, too.
    #[must_use]
    pub fn data_center_password_settings(&self, instance: Instance) -> config::DataCenter {
        let settings = self.data_center_settings(instance);
        let company = &self.world.state().company;
        config::DataCenter {
            user: user_name(company, 0),
            password: settings.token,
            token: SecretString::from(String::new()),
            ..settings
        }
    }

    /// The settings with which a client reaches Bitbucket Data Center.
    #[must_use]
    pub fn bitbucket_dc_settings(&self) -> config::DataCenter {
        self.data_center_settings(Instance::Bitbucket)
    }

    /// The settings with which a client reaches Jira Data Center.
    #[must_use]
    pub fn jira_dc_settings(&self) -> config::DataCenter {
        self.data_center_settings(Instance::Jira)
    }

    /// The settings with which a client reaches Confluence Data Center.
    #[must_use]
    pub fn confluence_dc_settings(&self) -> config::DataCenter {
        self.data_center_settings(Instance::Confluence)
    }

    /// Everything in the audit log of an instance, the oldest first.
    #[must_use]
    pub fn written(&self, instance: Instance) -> Vec<Written> {
        let state = self.world.state();
        state.logs.written(&self.world, &state.company, instance)
    }

    /// Lets `count` things happen now in an instance.
    pub fn write(&self, instance: Instance, count: usize) {
        self.write_late(instance, count, Duration::ZERO);
    }

    /// Lets `count` things show up now in the audit log of an instance that happened so long ago.
    pub fn write_late(&self, instance: Instance, count: usize, age: Duration) {
        let now = self.world.clock.now().minus(age);
        let mut state = self.world.state();
        let state = &mut *state;
        for _ in 0..count {
            state.logs.happen(&state.company, instance, now);
        }
    }

    /// Lets something happen in one of the instances, as it would while the sandbox lives.
    pub(super) fn live_in_data_center(&self) {
        let mut state = self.world.state();
        let state = &mut *state;
        let instance = Instance::ALL[state.logs.dice.index(3)];
        let now = self.world.clock.now();
        state.logs.happen(&state.company, instance, now);
    }
}

/// Where an instance is.
fn base(world: &Arc<World>, instance: Instance) -> String {
    world.link(instance.name())
}

/// The whole millisecond at or before a moment, as audit logs write it.
fn millis(moment: Timestamp) -> i64 {
    moment.millis()
}
