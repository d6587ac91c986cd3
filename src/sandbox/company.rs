//! The company behind the sandbox: who works there, in which groups, on which projects.
//!
//! [`Company::found`] makes one out of a seed; `change.rs` lets it live. People are only ever appended and never
//! removed from their list, and each name somebody ever had stays as a [`Card`]: so a record that was written under
//! an old name reads the same for ever. Nothing here knows of HTTP or JSON.

use super::Settings;
use super::dice::Dice;
use super::names;
use crate::event::Timestamp;
use std::time::Duration;

/// Everything there is.
#[derive(Clone, Debug)]
pub(super) struct Company {
    /// The organization's id.
    pub(super) org_id: String,
    /// The one user directory's id.
    pub(super) directory_id: String,
    /// The cloud ids of the sites, in the order of [`names::SITES`].
    pub(super) sites: Vec<String>,
    /// The workspace's uuid, with braces.
    pub(super) workspace: String,
    /// The organization API key.
    pub(super) api_key: String,
    /// The API token of the Bitbucket administrator, who is the first person.
    pub(super) api_token: String,
    /// An access token of the workspace.
    pub(super) access_token: String,
    /// Everybody who ever was here.
    pub(super) people: Vec<Person>,
    /// How many people were there when it was founded.
    pub(super) founders: usize,
    /// Every name that anybody ever had.
    pub(super) cards: Vec<Card>,
    /// All groups.
    pub(super) groups: Vec<Group>,
    /// All projects.
    pub(super) projects: Vec<Project>,
    /// All repositories.
    pub(super) repositories: Vec<Repository>,
}

/// An account.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Atlassian account id.
    pub(super) account_id: String,
    /// Bitbucket uuid, with braces.
    pub(super) uuid: String,
    /// The current card.
    pub(super) card: u32,
    /// What kind of account.
    pub(super) kind: Kind,
    /// Whether it can be used.
    pub(super) standing: Standing,
    /// Whether the organization owns the account's domain.
    pub(super) managed: bool,
    /// Whether the profile comes from an identity provider and cannot be changed here.
    pub(super) synced: bool,
    /// The groups they are in, ascending.
    pub(super) groups: Vec<u32>,
    /// The project they mostly work on.
    pub(super) project: u32,
    /// Where they work, an index into [`names::PLACES`].
    pub(super) place: usize,
    /// The last part of their usual IP address.
    pub(super) host: u64,
    /// Department.
    pub(super) department: String,
    /// Job title.
    pub(super) title: String,
    /// When they joined.
    pub(super) added: Timestamp,
    /// When they were deactivated.
    pub(super) deactivated: Option<Timestamp>,
    /// Their permission in the workspace, if they are in it.
    pub(super) workspace: Option<&'static str>,
    /// When they were last active in each of [`PRODUCTS`].
    pub(super) active: [Option<Timestamp>; 3],
}

/// The keys under which last activity is kept.
pub(super) const PRODUCTS: [&str; 3] = ["jira-software", "confluence", "bitbucket"];

/// The kind of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A human being.
    Person,
    /// A customer of the service desk.
    Customer,
    /// An app.
    App,
}

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In use.
    Active,
    /// Suspended from the directory.
    Suspended,
    /// Deactivated.
    Deactivated,
    /// No longer in the directory.
    Gone,
}

/// A name that somebody has or had.
#[derive(Clone, Debug)]
pub(super) struct Card {
    /// Whose, an index into the people.
    pub(super) person: u32,
    /// Display name.
    pub(super) name: String,
    /// Nickname.
    pub(super) nickname: String,
    /// E-mail address; apps have none.
    pub(super) email: Option<String>,
}

/// A group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Id.
    pub(super) id: String,
    /// Name.
    pub(super) name: String,
    /// Description, may be empty.
    pub(super) description: String,
    /// Whether it was deleted.
    pub(super) gone: bool,
}

/// A Jira project, Confluence space and Bitbucket project of one name.
#[derive(Clone, Debug)]
pub(super) struct Project {
    /// Key.
    pub(super) key: String,
    /// Name.
    pub(super) name: String,
    /// Bitbucket uuid, with braces.
    pub(super) uuid: String,
    /// Which site it is on.
    pub(super) site: usize,
    /// When it was created.
    pub(super) created: Timestamp,
    /// How many issues it has.
    pub(super) issues: u32,
    /// How many pages its space has.
    pub(super) pages: u32,
}

/// A Bitbucket repository.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    /// Uuid, with braces.
    pub(super) uuid: String,
    /// Slug, which is its name too.
    pub(super) slug: String,
    /// Its project, an index into the projects.
    pub(super) project: u32,
    /// Whether it is private.
    pub(super) private: bool,
    /// Programming language.
    pub(super) language: &'static str,
    /// Size in bytes.
    pub(super) size: u64,
    /// When it was created.
    pub(super) created: Timestamp,
    /// When it was last changed.
    pub(super) updated: Timestamp,
    /// Whether it was deleted.
    pub(super) gone: bool,
}

const DAY: Duration = Duration::from_hours(24);

impl Company {
    /// Founds the company that belongs to the settings' seed, as it stands at `now`.
    pub(super) fn found(settings: &Settings, now: Timestamp) -> Self {
        let mut dice = Dice::new(settings.seed, 1);
        let history = DAY.saturating_mul(settings.history_days.max(1));
        // Everything that the history mentions is older than the history.
        let opening = floor(now.minus(history).minus(DAY));
        let mut company = Self {
            org_id: dice.uuid().to_string(),
            directory_id: dice.uuid().to_string(),
            sites: names::SITES
                .iter()
                .map(|_| dice.uuid().to_string())
                .collect(),
            workspace: braced(&mut dice),
            api_key: format!("sandbox-key-{}", dice.uuid().simple()),
            api_token: format!("sandbox-token-{}", dice.uuid().simple()),
            access_token: format!("sandbox-access-{}", dice.uuid().simple()),
            people: Vec::with_capacity(settings.people),
            founders: 0,
            cards: Vec::with_capacity(settings.people),
            groups: Vec::new(),
            projects: Vec::new(),
            repositories: Vec::new(),
        };
        for place in 0..settings.groups {
            company.add_group(&mut dice, place);
        }
        for place in 0..settings.projects.max(1) {
            let created = earlier(opening, &mut dice, 900);
            company.add_project(&mut dice, place, created);
        }
        for _ in 0..settings.repositories {
            let created = earlier(opening, &mut dice, 600);
            company.add_repository(&mut dice, created);
        }
        let people = settings.people.max(2);
        let apps = (people / 20).clamp(1, names::APPS.len());
        for place in 0..people {
            let added = earlier(opening, &mut dice, 1_500);
            let kind = if place + apps >= people {
                Kind::App
            } else if place > 20 && dice.chance(25) {
                Kind::Customer
            } else {
                Kind::Person
            };
            let person = company.add_person(&mut dice, kind, added);
            company.settle(&mut dice, person, now);
        }
        company.founders = company.cards.len();
        company
    }

    /// Adds a group; the first ones have names of their own.
    pub(super) fn add_group(&mut self, dice: &mut Dice, place: usize) -> u32 {
        let (name, description) = names::GROUPS.get(place).map_or_else(
            || (format!("team-{place}"), String::new()),
            |(name, description)| ((*name).to_owned(), (*description).to_owned()),
        );
        self.groups.push(Group {
            id: dice.uuid().to_string(),
            name,
            description,
            gone: false,
        });
        last(&self.groups)
    }

    /// Adds a project; the first ones have names of their own.
    pub(super) fn add_project(&mut self, dice: &mut Dice, place: usize, created: Timestamp) -> u32 {
        let (key, name) = names::PROJECTS.get(place).map_or_else(
            || (format!("P{place}"), format!("Project {place}")),
            |(key, name)| ((*key).to_owned(), (*name).to_owned()),
        );
        self.projects.push(Project {
            key,
            name,
            uuid: braced(dice),
            site: usize::from(place % 5 == 4),
            created,
            issues: 60 + number(dice.index(400)),
            pages: 12 + number(dice.index(60)),
        });
        last(&self.projects)
    }

    /// Adds a repository to one of the projects.
    pub(super) fn add_repository(&mut self, dice: &mut Dice, created: Timestamp) -> u32 {
        let place = self.repositories.len();
        let round = place / names::REPOSITORIES.len();
        let name = names::REPOSITORIES[place % names::REPOSITORIES.len()];
        let slug = if round == 0 {
            name.to_owned()
        } else {
            format!("{name}-{}", round + 1)
        };
        self.repositories.push(Repository {
            uuid: braced(dice),
            slug,
            project: number(dice.index(self.projects.len())),
            private: dice.chance(850),
            language: dice.pick(&["rust", "typescript", "python", "kotlin", ""]),
            size: 40_000 + dice.below(90_000_000),
            created,
            updated: created,
            gone: false,
        });
        last(&self.repositories)
    }

    /// Adds somebody, active and in no group yet.
    pub(super) fn add_person(&mut self, dice: &mut Dice, kind: Kind, added: Timestamp) -> u32 {
        let index = self.people.len();
        let person = number(index);
        let managed = kind == Kind::Person && (index < 3 || !dice.chance(80));
        let (name, email) = match kind {
            Kind::App => {
                let name = names::APPS[index % names::APPS.len()];
                (name.to_owned(), None)
            }
            Kind::Person | Kind::Customer => named(index, managed),
        };
        let account_id = match dice.below(3) {
            0 => format!("557058:{}", dice.uuid()),
            1 => format!("712020:{}", dice.uuid()),
            _ => dice.uuid().simple().to_string()[..24].to_owned(),
        };
        self.cards.push(Card {
            person,
            nickname: name.split(' ').next().unwrap_or_default().to_lowercase(),
            name,
            email,
        });
        self.people.push(Person {
            account_id,
            uuid: braced(dice),
            card: last(&self.cards),
            kind,
            standing: Standing::Active,
            managed,
            synced: managed && dice.chance(150),
            groups: Vec::new(),
            project: number(dice.index(self.projects.len())),
            place: dice.weighted([40, 20, 15, 10, 6, 4, 3, 2].into_iter()),
            host: 2 + dice.below(250),
            department: dice.pick(&names::DEPARTMENTS).to_owned(),
            title: dice.pick(&names::TITLES).to_owned(),
            added,
            deactivated: None,
            workspace: None,
            active: [None; 3],
        });
        person
    }

    /// Gives somebody the groups and the workspace that they would have after a while.
    fn settle(&mut self, dice: &mut Dice, index: u32, now: Timestamp) {
        let groups = number(self.groups.len());
        let person = &mut self.people[index as usize];
        for group in 0..groups {
            let per_mille = match (group, person.kind) {
                (0 | 1, _) => u64::from(index < 2) * 1_000,
                (2 | 3, Kind::Person) => 930,
                (4, Kind::Person) => 600,
                (5, Kind::Customer) => 1_000,
                (2..=5, _) | (_, Kind::Customer) => 0,
                (_, Kind::App) => 60,
                (_, Kind::Person) => 170,
            };
            if dice.chance(per_mille) {
                person.groups.push(group);
            }
        }
        person.workspace = match person.kind {
            Kind::Customer => None,
            _ if index < 2 => Some("owner"),
            Kind::Person => dice.chance(620).then_some("member"),
            Kind::App => Some("member"),
        };
        if index > 4 && person.kind == Kind::Person {
            match dice.below(100) {
                0..4 => {
                    person.standing = Standing::Deactivated;
                    person.deactivated = Some(floor(now.minus(DAY * 40)));
                }
                4..6 => person.standing = Standing::Suspended,
                _ => {}
            }
        }
    }

    /// Gives somebody another display name; returns the new card.
    pub(super) fn add_card(&mut self, person: u32, name: &str) -> u32 {
        let old = self.card_of(person).clone();
        self.cards.push(Card {
            name: name.to_owned(),
            ..old
        });
        let card = last(&self.cards);
        self.people[person as usize].card = card;
        card
    }

    /// The card somebody has now.
    pub(super) fn card_of(&self, person: u32) -> &Card {
        &self.cards[self.people[person as usize].card as usize]
    }

    /// Whose card it is.
    pub(super) fn holder(&self, card: u32) -> &Person {
        &self.people[self.cards[card as usize].person as usize]
    }

    /// The person with that account id.
    pub(super) fn find(&self, account_id: &str) -> Option<u32> {
        self.people
            .iter()
            .position(|person| person.account_id == account_id)
            .map(number)
    }
}

/// The index of the last element.
pub(super) fn last<T>(list: &[T]) -> u32 {
    number(list.len().saturating_sub(1))
}

/// An index as it is kept in facts.
pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// A moment up to so many days before.
fn earlier(moment: Timestamp, dice: &mut Dice, days: u64) -> Timestamp {
    floor(moment.minus(Duration::from_secs(dice.below(days * 86_400))))
}

/// The whole millisecond at or before a moment.
pub(super) fn floor(moment: Timestamp) -> Timestamp {
    Timestamp::from_micros(moment.millis().saturating_mul(1_000))
}

/// A Bitbucket uuid, which wears braces.
fn braced(dice: &mut Dice) -> String {
    format!("{{{}}}", dice.uuid())
}

/// A name and address; all pairs of names are used up before one comes again.
fn named(index: usize, managed: bool) -> (String, Option<String>) {
    let size = names::FIRST.len();
    let first = names::FIRST[(index * 5 + 3) % size];
    let last = names::LAST[(index / size + index * 7) % names::LAST.len()];
    let round = index / (size * names::LAST.len());
    let domain = if managed {
        names::DOMAIN
    } else {
        "partner.example"
    };
    let local = if round == 0 {
        format!("{}.{}", plain(first), plain(last))
    } else {
        format!("{}.{}{round}", plain(first), plain(last))
    };
    (format!("{first} {last}"), Some(format!("{local}@{domain}")))
}

/// A name as it is written in an address.
pub(super) fn plain(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            'å' | 'á' => Some('a'),
            'č' => Some('c'),
            'é' => Some('e'),
            'ö' | 'ø' | 'ó' | 'ō' => Some('o'),
            letter => letter.is_ascii_alphanumeric().then_some(letter),
        })
        .collect()
}
