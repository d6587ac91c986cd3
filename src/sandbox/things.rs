//! What a record was done to: the `context`, the `container` and the words of its message.
//!
//! One arm for each kind of thing in the catalogue. The rest of the record is in `record.rs`.

use super::catalogue::{INVITED, On, deed};
use super::names;
use super::record::{Links, Pairs, Thing, Writer, profile};

/// What something was done to.
pub(super) struct Subject {
    /// The things themselves.
    pub(super) context: Vec<Thing>,
    /// Where they are.
    pub(super) container: Vec<Thing>,
    /// What a person would call them.
    pub(super) words: String,
}

fn subject(context: Vec<Thing>, container: Thing, words: impl Into<String>) -> Subject {
    Subject {
        context,
        container: vec![container],
        words: words.into(),
    }
}

impl Writer<'_> {
    /// What the fact was done to.
    pub(super) fn subject(&mut self, on: On) -> Subject {
        let object = self.fact.object as usize;
        match on {
            On::Account => subject(vec![], self.organization(), ""),
            On::User => self.on_user(),
            On::Group | On::Membership => self.on_group(on, object),
            On::Organization => {
                let shown = self.dice.chance(500);
                let context = shown.then(|| self.organization());
                let context = context.into_iter().collect();
                subject(context, self.organization(), names::COMPANY)
            }
            On::Policy => self.on_policy(object),
            On::Token => {
                let kind = self.dice.pick(&["laptop", "script", "dashboard"]);
                let label = format!("{kind} {}", object + 1);
                let about = vec![("tokenLabel", label.clone())];
                let token = simple(format!("t-{object}"), "api-token", about);
                subject(vec![token], self.organization(), label)
            }
            On::Issue => self.on_issue(object),
            On::Page => self.on_page(object),
            On::Space => {
                let project = &self.company.projects[object];
                let about = vec![
                    ("spaceKey", project.key.clone()),
                    ("spaceName", project.name.clone()),
                ];
                let space = simple((4_000 + object).to_string(), "spaces", about);
                let product = vec![("product", "confluence".to_owned())];
                let site = self.site(project.site, product);
                subject(vec![space], site, &project.key)
            }
            On::Project => {
                let project = &self.company.projects[object];
                let about = vec![
                    ("projectKey", project.key.clone()),
                    ("name", project.name.clone()),
                ];
                let thing = simple(project.uuid.clone(), "projects", about);
                subject(vec![thing], self.workspace(), &project.key)
            }
            On::Repository => self.on_repository(object),
            On::Workspace => subject(vec![], self.workspace(), names::WORKSPACE.0),
            On::App => {
                let name = names::APPS[object % names::APPS.len()];
                let about = vec![("name", name.to_owned())];
                let app = simple(format!("app-{object}"), "apps", about);
                subject(vec![app], self.site(0, vec![]), name)
            }
            On::Unheard => something(object),
        }
    }

    fn on_user(&mut self) -> Subject {
        if self.card(self.fact.other).is_none() {
            return subject(vec![], self.organization(), "somebody");
        }
        let (user, name) = self.user(self.fact.other);
        let container = if self.dice.chance(600) {
            self.organization()
        } else {
            self.site(0, vec![])
        };
        subject(vec![user], container, name)
    }

    fn on_group(&mut self, on: On, object: usize) -> Subject {
        let company = self.company;
        let Some(group) = company.groups.get(object) else {
            return subject(vec![], self.organization(), "a");
        };
        let thing = Thing {
            id: Some(group.id.clone()),
            r#type: Some("groups"),
            attributes: Pairs(vec![
                ("name", group.name.clone()),
                ("groupName", group.name.clone()),
            ]),
            links: Some(Links {
                self_: None,
                alt: Some(format!(
                    "{}/o/{}/groups/{}",
                    names::ADMIN,
                    company.org_id,
                    group.id
                )),
            }),
        };
        let site = self.site(0, vec![]);
        if on == On::Group || self.card(self.fact.other).is_none() {
            return subject(vec![thing], site, &group.name);
        }
        let (user, name) = self.user(self.fact.other);
        let removed = deed(self.fact.deed).action.contains("removed");
        let way = if removed { "from" } else { "to" };
        subject(
            vec![thing, user],
            site,
            format!("{name} {way} {}", group.name),
        )
    }

    fn on_policy(&mut self, object: usize) -> Subject {
        let name = format!("policy-{}", object + 1);
        let kinds = ["ip-allowlist", "data-residency", "authentication"];
        let about = vec![
            ("name", name.clone()),
            ("type", self.dice.pick(&kinds).to_owned()),
            ("status", "enabled".to_owned()),
        ];
        let policy = simple(format!("policy:{object}"), "org-policy", about);
        subject(vec![policy], self.organization(), name)
    }

    fn on_issue(&mut self, object: usize) -> Subject {
        let project = &self.company.projects[object];
        let number = self.fact.other as usize;
        let key = format!("{}-{number}", project.key);
        let address = names::SITES[project.site].1;
        let about = vec![
            ("product", "software".to_owned()),
            ("issueId", (10_000 + object * 100_000 + number).to_string()),
            ("issueKeyOrId", key.clone()),
        ];
        let mut site = self.site(project.site, about);
        site.links = Some(Links {
            self_: None,
            alt: Some(format!("{address}/browse/{key}")),
        });
        subject(vec![], site, key)
    }

    fn on_page(&mut self, object: usize) -> Subject {
        let project = &self.company.projects[object];
        let number = self.fact.other as usize;
        let title = names::PAGES[number % names::PAGES.len()];
        let id = (65_536 + object * 100_000 + number).to_string();
        let (key, address) = (&project.key, names::SITES[project.site].1);
        let page = Thing {
            id: Some(id.clone()),
            r#type: Some("pages"),
            attributes: Pairs(vec![("title", title.to_owned()), ("spaceKey", key.clone())]),
            links: Some(Links {
                self_: None,
                alt: Some(format!("{address}/wiki/spaces/{key}/pages/{id}")),
            }),
        };
        let about = vec![
            ("product", "confluence".to_owned()),
            ("spaceKey", key.clone()),
            ("pageId", id),
        ];
        subject(vec![page], self.site(project.site, about), title)
    }

    fn on_repository(&mut self, object: usize) -> Subject {
        let company = self.company;
        let Some(repository) = company.repositories.get(object) else {
            return subject(vec![], self.workspace(), "a repository");
        };
        let project = &company.projects[repository.project as usize];
        let full = format!("{}/{}", names::WORKSPACE.0, repository.slug);
        let about = vec![
            ("name", repository.slug.clone()),
            ("fullName", full.clone()),
            ("projectKey", project.key.clone()),
        ];
        let mut thing = simple(repository.uuid.clone(), "repositories", about);
        thing.links = Some(Links {
            self_: None,
            alt: Some(format!("https://bitbucket.example/{full}")),
        });
        subject(vec![thing], self.workspace(), full)
    }

    fn user(&mut self, card: u32) -> (Thing, String) {
        let person = self.company.holder(card);
        let card = &self.company.cards[card as usize];
        let shown = card.email.clone().unwrap_or_else(|| card.name.clone());
        let mut about = vec![
            ("accountType", "atlassian".to_owned()),
            ("name", shown.clone()),
        ];
        if let Some(email) = &card.email {
            about.push(("email", email.clone()));
        }
        let invited = self.fact.deed == INVITED;
        let thing = Thing {
            id: (!self.dice.chance(15)).then(|| person.account_id.clone()),
            r#type: Some(if invited { "invited-user" } else { "users" }),
            attributes: Pairs(about),
            links: Some(profile(self.company, &person.account_id)),
        };
        (thing, shown)
    }

    fn organization(&mut self) -> Thing {
        let org = &self.company.org_id;
        // Both names have been seen.
        let kind = if self.dice.chance(150) {
            "organization"
        } else {
            "orgs"
        };
        Thing {
            id: Some(org.clone()),
            r#type: Some(kind),
            attributes: Pairs(vec![("name", names::COMPANY.to_owned())]),
            links: Some(Links {
                self_: Some(format!("{}/admin/v1/orgs/{org}", names::API)),
                alt: Some(format!("{}/o/{org}", names::ADMIN)),
            }),
        }
    }

    fn site(&self, site: usize, more: Vec<(&'static str, String)>) -> Thing {
        let (name, address) = names::SITES[site];
        let mut about = vec![
            ("siteName", name.to_owned()),
            ("siteHostName", address.to_owned()),
        ];
        about.extend(more);
        Thing {
            id: Some(self.company.sites[site].clone()),
            r#type: Some("sites"),
            attributes: Pairs(about),
            links: Some(Links {
                self_: None,
                alt: Some(address.to_owned()),
            }),
        }
    }

    fn workspace(&self) -> Thing {
        let (slug, name) = names::WORKSPACE;
        let about = vec![("slug", slug.to_owned()), ("name", name.to_owned())];
        simple(self.company.workspace.clone(), "workspaces", about)
    }
}

/// Something without an id, of a type nobody knows, in no container.
fn something(object: usize) -> Subject {
    let name = format!("lamp {object}");
    let about = vec![("name", name.clone()), ("shade", "amber".to_owned())];
    Subject {
        context: vec![Thing {
            id: None,
            r#type: Some("lamps"),
            attributes: Pairs(about),
            links: None,
        }],
        container: vec![],
        words: name,
    }
}

fn simple(id: String, kind: &'static str, about: Vec<(&'static str, String)>) -> Thing {
    Thing {
        id: Some(id),
        r#type: Some(kind),
        attributes: Pairs(about),
        links: None,
    }
}
