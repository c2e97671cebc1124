//! Tags: the characters and lengths that every service takes, and how many.

use std::collections::BTreeMap;

use super::Rules;

/// The most tags of a resource, and of Route 53's, which are the fewest
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>,
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html>).
const MOST: usize = 50;
const MOST_OF_ROUTE53: usize = 10;

/// Tags of ours: the four by which resources are found again, and `Name`.
const OURS: usize = 5;

/// Tags that blueprints add to some resources, such as `backup` and `patch`, with room for those of the children that
/// a resource carries.
const OF_BLUEPRINTS: usize = 5;

/// Checks every tag.
pub fn check(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (key, value) in &spec.tags {
        let path = format!("tags.{key}");
        let lower = key.to_lowercase();
        if ["aws:", "scalectl:"]
            .iter()
            .any(|own| lower.starts_with(own))
        {
            let message =
                format!("the tag {key} begins with what AWS or scalectl keeps for itself");
            rules.say(&path, message, "give it another name");
        }
        if let Some(other) = seen.insert(lower, key) {
            let message = format!(
                "the tags {other} and {key} differ in capitals only, which IAM takes for one"
            );
            rules.say(&path, message, "remove one");
        }
        if let Some(letter) = key.chars().find(|letter| !is_allowed_in_name(*letter)) {
            let message = format!("the name of the tag {key:?} has the character {letter:?}");
            let help = "Data Lifecycle Manager, which takes the snapshots of a single server, allows A-Z, a-z, 0-9 and \
                        _ . : / = + - in a tag's name only; write cost-center for cost center";
            rules.say(&path, message, help);
        }
        if let Some(letter) = value.chars().find(|letter| !is_allowed(*letter)) {
            // A value may be a secret.
            let message = format!("the value of the tag {key} has the character {letter:?}");
            let help =
                "IAM, RDS, SNS and others take letters, digits, spaces and _ . : / = + - @ only";
            rules.say(&path, message, help);
        }
        for (what, text, longest) in [("name", key, 128), ("value", value, 256)] {
            let length = text.chars().count();
            if length > longest {
                let message =
                    format!("the {what} of a tag has {length} characters, more than {longest}");
                rules.say(&path, message, "shorten it");
            }
        }
        if value.is_empty() {
            let message = format!("the tag {key} has no value, which some services refuse");
            rules.say(
                &path,
                message,
                "give it one, such as \"yes\", or remove the tag",
            );
        }
        if key.is_empty() {
            rules.say("tags", "a tag has no name".to_owned(), "give it one");
        }
    }
    let named = usize::from(spec.tags.contains_key("Name"));
    let (most, what) = match spec.domain {
        Some(_) => (
            MOST_OF_ROUTE53 - OURS,
            "a hosted zone and a health check have at most 10",
        ),
        None => (MOST - OURS - OF_BLUEPRINTS, "a resource has at most 50"),
    };
    let count = spec.tags.len() - named;
    if count > most {
        let message = format!("there are {count} tags; with those that scalectl adds, {what}");
        rules.say("tags", message, &format!("keep {most}"));
    }
}

/// Names have to fit Data Lifecycle Manager too, whatever the stage: a spec is for all
/// (botocore: dlm.TagKey has `^(?!aws:)[a-zA-Z+-=._:/]+$`, in which `+-=` is a range with digits).
fn is_allowed_in_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_.:/=+-".contains(letter)
}

fn is_allowed(letter: char) -> bool {
    letter.is_alphanumeric() || letter == ' ' || "_.:/=+-@".contains(letter)
}
