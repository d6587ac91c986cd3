//! The made-up words of which the sandbox's company is built; any likeness to somebody is an accident.
//!
//! Only lists. How they are put together is the business of `company.rs` and `record.rs`.

/// The company's name.
pub(super) const COMPANY: &str = "Larkspur Instruments";

/// The domain of its e-mail addresses; `.example` is reserved and leads nowhere.
pub(super) const DOMAIN: &str = "larkspur.example";

/// Its sites: short name and address.
pub(super) const SITES: [(&str, &str); 2] = [
    ("larkspur", "https://larkspur.atlassian.example"),
    ("larkspur-labs", "https://larkspur-labs.atlassian.example"),
];

/// Where links to the API point; constant, so that a history does not depend on the port it is served from.
pub(super) const API: &str = "https://api.atlassian.example";

/// Where links to the administration pages point.
pub(super) const ADMIN: &str = "https://admin.atlassian.example";

/// Its Bitbucket workspace: slug and name.
pub(super) const WORKSPACE: (&str, &str) = ("larkspur", "Larkspur Instruments");

/// First names.
#[rustfmt::skip]
pub(super) const FIRST: [&str; 48] = [
    "Adaeze", "Alma", "Anouk", "Arvid", "Beatriz", "Bram", "Calla", "Cosmin", "Daoud", "Delphine", "Edda",
    "Emeka", "Fenna", "Florin", "Greta", "Hamid", "Ilse", "Ines", "Jarek", "Jun", "Kaisa", "Kofi", "Lamia",
    "Leandro", "Mairi", "Marek", "Mei", "Nils", "Noor", "Oana", "Odile", "Piet", "Priya", "Quirin", "Ragna",
    "Rui", "Saoirse", "Stellan", "Tamsin", "Tomasz", "Ulla", "Uri", "Vesna", "Wanda", "Xenia", "Yusuf",
    "Zélie", "Zoltán",
];

/// Last names.
#[rustfmt::skip]
pub(super) const LAST: [&str; 48] = [
    "Abernathy", "Achterberg", "Balogun", "Bergqvist", "Castellane", "Czerny", "Dahlström", "Dunmore",
    "Eskildsen", "Farrow", "Fonseca", "Galanis", "Grimaldi", "Hallows", "Hoshino", "Iyer", "Jankowska",
    "Kerrigan", "Kovač", "Lindqvist", "Lomax", "Maduro", "Mbeki-Stone", "Nakagawa", "Nyström", "O'Dell",
    "Okonjo", "Palmgren", "Petrescu", "Quill", "Rasmussen", "Renaud", "Sandoval", "Sørensen", "Takahara",
    "Thistlewood", "Umarov", "Vantongeren", "Varga", "Weatherby", "Wójcik", "Xanthou", "Yardley", "Yilmazer",
    "Zabala", "Zeller", "Åkesson", "Ōmura",
];

/// Departments.
#[rustfmt::skip]
pub(super) const DEPARTMENTS: [&str; 8] = [
    "Engineering", "Finance", "Legal", "Marketing", "Operations", "People", "Sales", "Support",
];

/// Job titles.
#[rustfmt::skip]
pub(super) const TITLES: [&str; 8] = [
    "Analyst", "Coordinator", "Designer", "Developer", "Lead", "Manager", "Specialist", "Technician",
];

/// Names of apps and service accounts.
#[rustfmt::skip]
pub(super) const APPS: [&str; 6] = [
    "Beacon Automation", "Chartwright for Jira", "Deploy Heron", "Ledgerline Sync", "Pagesmith", "Triage Otter",
];

/// Groups: name and description.
#[rustfmt::skip]
pub(super) const GROUPS: [(&str, &str); 16] = [
    ("org-admins", "Administrators of the organization"),
    ("site-admins", "Administrators of all sites"),
    ("jira-users-larkspur", "Everybody who uses Jira"),
    ("confluence-users-larkspur", "Everybody who uses Confluence"),
    ("bitbucket-users-larkspur", "Everybody who uses Bitbucket"),
    ("jira-servicemanagement-customers-larkspur", ""),
    ("engineering", "All engineers"),
    ("release-captains", "May release to production"),
    ("security-watch", "On call for security"),
    ("finance-readers", "Read access to budgets"),
    ("legal", ""),
    ("support-desk", "First line support"),
    ("marketing", "Campaigns and events"),
    ("contractors", "People from outside"),
    ("interns", "Here for a season"),
    ("quality-circle", "Test and measurement"),
];

/// Projects: key and name. Each is a Jira project, a Confluence space and a Bitbucket project of the same name.
#[rustfmt::skip]
pub(super) const PROJECTS: [(&str, &str); 16] = [
    ("SPEC", "Spectrometer"), ("LENS", "Lens Works"), ("CAL", "Calibration"), ("FIELD", "Field Service"),
    ("WEB", "Web Shop"), ("ERP", "Back Office"), ("SEC", "Security"), ("OPS", "Operations"),
    ("HR", "People Matters"), ("MKT", "Marketing"), ("LAB", "Laboratory"), ("FW", "Firmware"),
    ("APP", "Mobile App"), ("DATA", "Data Platform"), ("QA", "Quality"), ("DOC", "Documentation"),
];

/// Parts of repository names.
#[rustfmt::skip]
pub(super) const REPOSITORIES: [&str; 20] = [
    "photon-api", "lens-catalogue", "calibration-kit", "field-app", "web-shop", "ledger-bridge", "vault-policy",
    "fleet-config", "onboarding", "campaign-pages", "bench-runner", "bootloader", "mobile-client", "ingest",
    "test-rig", "handbook", "telemetry", "billing-jobs", "sensor-drivers", "design-tokens",
];

/// Words of page titles.
#[rustfmt::skip]
pub(super) const PAGES: [&str; 20] = [
    "Release checklist", "Team charter", "Meeting notes", "Onboarding guide", "Incident review", "Budget draft",
    "Test protocol", "Supplier list", "Roadmap", "Retrospective", "Style guide", "Risk register", "Travel rules",
    "Holiday calendar", "Password rules", "Data sheet", "Interview questions", "Calibration log", "Price list",
    "Architecture sketch",
];

/// A place from which people work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// City.
    pub(super) city: &'static str,
    /// Region.
    pub(super) region: &'static str,
    /// Country in English.
    pub(super) country: &'static str,
    /// Continent code.
    pub(super) geo: &'static str,
    /// The first part of its IP addresses, from the ranges reserved for documentation.
    pub(super) network: &'static str,
    /// Offset of its clocks from UTC, in hours.
    pub(super) offset: i64,
}

/// The company's places.
pub(super) const PLACES: [Place; 8] = [
    place(
        "Göteborg",
        "Västra Götalands län",
        "Sweden",
        "EU",
        "203.0.113.",
        1,
    ),
    place("Porto", "Porto", "Portugal", "EU", "198.51.100.", 0),
    place("Austin", "Texas", "United States", "NA", "192.0.2.", -6),
    place("Halifax", "Nova Scotia", "Canada", "NA", "203.0.113.", -4),
    place("Osaka", "Ōsaka", "Japan", "AS", "198.51.100.", 9),
    place("Nairobi", "Nairobi Area", "Kenya", "AF", "192.0.2.", 3),
    place(
        "Wellington",
        "Wellington Region",
        "New Zealand",
        "OC",
        "203.0.113.",
        12,
    ),
    place("Tbilisi", "Tbilisi", "Georgia", "AS", "2001:db8:7b1::", 4),
];

const fn place(
    city: &'static str,
    region: &'static str,
    country: &'static str,
    geo: &'static str,
    network: &'static str,
    offset: i64,
) -> Place {
    Place {
        city,
        region,
        country,
        geo,
        network,
        offset,
    }
}
