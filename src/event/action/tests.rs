//! The catalogue as a whole: complete, without doubles, and found again by every name.

use super::*;
use std::collections::HashSet;

/// The values that occur more than once.
fn doubles<T: Clone + Eq + std::hash::Hash>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    values.filter(|value| !seen.insert(value.clone())).collect()
}

fn code(system: System, name: &str, label: Option<&str>) -> Option<&'static str> {
    resolve(system, name, label).map(|action| action.code)
}

#[test]
fn the_88_actions_of_the_requirements_come_first_and_once() {
    let mut numbers: Vec<u8> = all().take(88).filter_map(|action| action.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=88).collect::<Vec<u8>>());
    assert_eq!(all().filter(|action| action.number.is_some()).count(), 88);
}

#[test]
fn nothing_is_listed_twice() {
    assert_eq!(doubles(all().map(|action| action.code)), [""; 0]);
    assert_eq!(doubles(all().map(|action| action.counter)), [""; 0]);
    assert_eq!(doubles(all().map(|action| action.label)), [""; 0]);
    let names = all().flat_map(|action| action.upstream);
    let doubled = doubles(names.map(|name| (name.vocabulary, name.text.to_ascii_lowercase())));
    assert_eq!(doubled, []);
}

#[test]
fn rows_are_well_formed() {
    let word = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !text.ends_with('_')
    };
    for action in all() {
        let (noun, verb) = action.code.split_once('.').expect("a code is noun.verb");
        assert!(word(noun) && word(verb), "odd code {}", action.code);
        assert!(
            word(&action.counter.to_ascii_lowercase()),
            "odd counter {}",
            action.counter
        );
        assert!(
            word(&action.category.to_ascii_lowercase()),
            "odd category {}",
            action.category
        );
        assert_eq!(action.category, action.category.to_ascii_uppercase());
        assert_eq!(action.counter, action.counter.to_ascii_uppercase());
        assert_eq!(action.label, action.label.trim());
        assert!(action.label.len() > 5, "{} needs a label", action.code);
        assert_eq!(by_code(action.code), Some(action));
        for name in action.upstream {
            assert_eq!(
                by_name(name.vocabulary, name.text),
                Some(action),
                "{name:?}"
            );
        }
    }
}

#[test]
fn every_counter_of_the_rest_interface_has_a_row() {
    let counters: HashSet<&str> = all().map(|action| action.counter).collect();
    for counter in COUNTERS {
        assert!(counters.contains(counter), "no row counts {counter}");
    }
}

#[test]
fn one_fact_has_one_code_whoever_reports_it() {
    for (system, name) in [
        (System::Organization, "user_added_to_group"),
        (System::Organization, "USER_ADDED_TO_GROUP"),
        (System::JiraCloud, "User added to group"),
        (System::JiraDc, "jira.auditing.user.added.to.group"),
        (System::ConfluenceCloud, "User added to group"),
        (
            System::ConfluenceDc,
            "audit.logging.summary.group.membership.added",
        ),
        (System::BitbucketDc, "User added to user group"),
        (
            System::BitbucketDc,
            "bitbucket.service.user.audit.action.groupmembershipscreated.user",
        ),
    ] {
        assert_eq!(
            code(system, name, None),
            Some("user.added_to_group"),
            "{system} {name}"
        );
    }
}

#[test]
fn the_same_words_mean_different_things_in_different_products() {
    assert_eq!(
        code(System::JiraCloud, "Project created", None),
        Some("project.created")
    );
    assert_eq!(
        code(System::BitbucketDc, "Project created", None),
        Some("bitbucket_project.created")
    );
    assert_eq!(
        code(System::BitbucketCloud, "issue:created", None),
        Some("bitbucket_issue.created")
    );
    assert_eq!(
        code(System::JiraCloud, "jira:issue_created", None),
        Some("issue.created")
    );
}

#[test]
fn a_label_decides_when_the_name_is_unknown() {
    let created = Some("CREATED Project");
    assert_eq!(
        code(System::Organization, "new_id", created),
        Some("bitbucket_project.created")
    );
    assert_eq!(
        code(System::Organization, "bitbucket_new_id", created),
        Some("bitbucket_project.created")
    );
    assert_eq!(code(System::Organization, "jira_new_id", created), None);
    assert_eq!(
        code(System::Organization, "group_created", created),
        Some("group.created")
    );
    assert_eq!(
        code(
            System::BitbucketDc,
            "some.new.key",
            Some("Repository deleted")
        ),
        Some("repository.deleted")
    );
    assert_eq!(code(System::BitbucketCloud, "new:event", created), None);
}

#[test]
fn families_of_organization_ids_are_told_by_their_ending() {
    assert_eq!(
        code(System::Organization, "mobile_app_policy_update", None),
        Some("policy.updated")
    );
    assert_eq!(
        code(System::Organization, "MOBILE_POLICY_UPDATE", None),
        Some("policy.updated")
    );
    assert_eq!(
        code(System::JiraCloud, "mobile_app_policy_update", None),
        None
    );
    assert_eq!(code(System::Organization, "policy_update", None), None);
}

#[test]
fn own_observations_are_named_by_their_code() {
    assert_eq!(
        code(System::Directory, "directory.group_left", None),
        Some("directory.group_left")
    );
    assert_eq!(code(System::Directory, "user_added_to_group", None), None);
}

#[test]
fn the_unknown_stays_unknown() {
    for system in System::ALL {
        assert_eq!(code(system, "something_new", None), None);
        assert_eq!(code(system, "", Some("")), None);
        assert_eq!(code(system, "état_émis_é", Some("Etwas Neues")), None);
    }
}

#[test]
fn the_soteri_app_is_known_by_its_words() {
    for (name, expected) in [
        ("Security hook skipped", Some("security_hook.skipped")),
        ("Security hook blocked push", Some("security_hook.blocked")),
        ("Security hook warned user", Some("security_hook.warned")),
        (
            "Global security hook mode set",
            Some("soteri.hook_mode_changed"),
        ),
        ("Custom rule enabled", Some("soteri.custom_rule_toggled")),
        (
            "Custom scan rule created",
            Some("soteri.custom_rule_created"),
        ),
        (
            "Finding unmarked as reviewed",
            Some("soteri.finding_unreviewed"),
        ),
        ("Findings marked reviewed", Some("soteri.finding_reviewed")),
        ("Manual scan of branch", Some("soteri.branch_scanned")),
        ("Scan of instance started", Some("soteri.instance_scanned")),
        (
            "soteri-security.yml changed on default branch",
            Some("soteri.configuration_changed"),
        ),
        ("Global secret scanning rule created", None),
        ("bitbucket.hook.audit.action.globalhookenabled", None),
    ] {
        assert_eq!(code(System::BitbucketDc, name, None), expected, "{name}");
        assert!(by_code("soteri.access_changed").is_some());
    }
    assert_eq!(
        code(System::JiraDc, "Security hook blocked push", None),
        None
    );
}
