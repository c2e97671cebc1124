//! Which IAM actions a kind needs: to be found, made, changed and removed. For `scalectl iam-policy`
//! and `scalectl doctor`. The table is `schemas/actions.txt`; what it is read by stands here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use crate::value::{Map, Part, Value};

/// What changes are planned to a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// It is looked at.
    Read,
    /// One is made.
    Create,
    /// One is changed.
    Update,
    /// One is removed.
    Delete,
}

/// Actions, by their full names.
pub type Names = BTreeSet<Arc<str>>;

/// The actions of one entry of the table, by need.
type Entry = BTreeMap<&'static str, Names>;

/// The table's entries, by kind.
type Table = BTreeMap<&'static str, Entry>;

const TEXT: &str = include_str!("../../schemas/actions.txt");

// A test reads the table too, so that a mistake in it never leaves this repository.
static TABLE: LazyLock<Table> = LazyLock::new(|| parse(TEXT).unwrap_or_default());

/// The table from its text.
fn parse(text: &'static str) -> Result<Table, String> {
    let mut table = Table::new();
    let mut open = None;
    for (number, line) in text.lines().enumerate() {
        let wrong = |why: &str| format!("line {}: {why}", number + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some(line) = line.strip_prefix(' ') else {
            if table.insert(line, Entry::new()).is_some() {
                return Err(wrong("stands twice"));
            }
            open = Some(line);
            continue;
        };
        let entry = open.and_then(|open| table.get_mut(open));
        let entry = entry.ok_or_else(|| wrong("belongs to no kind"))?;
        let mut words = line.split_whitespace();
        let need = words.next().ok_or_else(|| wrong("names no need"))?;
        if !["read", "write", "create", "update", "delete"].contains(&need) {
            return Err(wrong("begins with no need"));
        }
        let names = entry.entry(need).or_default();
        for word in words {
            let (service, actions) = word
                .split_once(':')
                .ok_or_else(|| wrong("names no service"))?;
            for action in actions.split(',') {
                if !names.insert(format!("{service}:{action}").into()) {
                    return Err(wrong("names an action twice"));
                }
            }
        }
    }
    Ok(table)
}

/// The actions of an entry for a need; none where it has no such line.
fn of_entry<'a>(entry: &str, need: &str) -> impl Iterator<Item = &'a Arc<str>> {
    let entry = TABLE.get(entry);
    entry
        .and_then(|entry| entry.get(need))
        .into_iter()
        .flatten()
}

/// What a kind needs.
pub fn of_kind<'a>(kind: &str, need: Need) -> impl Iterator<Item = &'a Arc<str>> {
    // A kind that has no mapping of its own goes through Cloud Control.
    let entry = if TABLE.contains_key(kind) { kind } else { "*" };
    of_entry(
        entry,
        match need {
            Need::Read => "read",
            Need::Create => "create",
            Need::Update => "update",
            Need::Delete => "delete",
        },
    )
}

/// Whether it is known which actions a kind needs. Cloud Control calls the services of the others in the caller's
/// name, and what it calls is written nowhere that this build has.
pub fn is_known(kind: &str) -> bool {
    TABLE.contains_key(kind)
}

/// What every run needs: who we are, the index of what is ours, to look at lease and record, and for a record in
/// other regions.
pub fn of_every_run<'a>() -> impl Iterator<Item = &'a Arc<str>> {
    of_entry("always", "read")
}

/// What a run that changes something needs for its lease and its record.
pub fn of_every_change<'a>() -> impl Iterator<Item = &'a Arc<str>> {
    of_entry("always", "write")
}

/// What a migration asks besides what its changes need: health, alarms, and to run scripts.
pub fn of_migration<'a>() -> impl Iterator<Item = &'a Arc<str>> {
    of_entry("migrate", "read").chain(of_entry("migrate", "write"))
}

/// What it takes to read what services log.
pub fn of_logs<'a>() -> impl Iterator<Item = &'a Arc<str>> {
    of_entry("observe", "read")
}

/// What it takes to know how the user's own secrets stand, and to set and delete them where `writes`.
pub fn of_secrets<'a>(writes: bool) -> impl Iterator<Item = &'a Arc<str>> {
    let written = of_entry("secrets", "write").filter(move |_| writes);
    of_entry("secrets", "read").chain(written)
}

/// What a migration needs besides that copies files to other regions.
pub fn of_files<'a>() -> impl Iterator<Item = &'a Arc<str>> {
    of_entry("files", "read").chain(of_entry("files", "write"))
}

/// What it takes to write these properties, whatever their kind: to read the secrets that they refer to.
pub fn of_properties<'a>(properties: &Map) -> impl Iterator<Item = &'a Arc<str>> {
    let refers = properties.iter().any(|(_, value)| refers_to_secret(value));
    of_entry("secret", "write").filter(move |_| refers)
}

/// Whether a dynamic reference to a secret stands in a value
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>).
fn refers_to_secret(value: &Value) -> bool {
    let has = |text: &str| text.contains("{{resolve:secretsmanager:");
    match value {
        Value::String(text) => has(text),
        Value::Text(parts) => parts.iter().any(|part| match part {
            Part::Literal(text) => has(text),
            Part::Reference(_) => false,
        }),
        Value::List(items) => items.iter().any(refers_to_secret),
        Value::Map(map) => map.iter().any(|(_, value)| refers_to_secret(value)),
        _ => false,
    }
}

/// What `scalectl doctor` asks beyond the plan.
pub fn of_doctor<'a>() -> impl Iterator<Item = &'a Arc<str>> {
    of_entry("doctor", "read")
}

/// The actions for these needs.
pub fn of_needs<'a>(needs: impl IntoIterator<Item = (&'a str, Need)>) -> Names {
    let mut actions: Names = of_every_run().cloned().collect();
    for (kind, need) in needs {
        actions.extend(of_kind(kind, need).cloned());
        if need != Need::Read {
            actions.extend(of_every_change().cloned());
        }
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Registry;

    fn kinds() -> impl Iterator<Item = &'static str> {
        TABLE.keys().copied().filter(|name| name.contains("::"))
    }

    #[test]
    fn the_table_can_be_read_and_each_kind_says_all_four() {
        let table = parse(TEXT).unwrap();
        for (kind, entry) in &table {
            let needs: Vec<&str> = entry.keys().copied().collect();
            match *kind {
                "always" | "files" | "migrate" | "secrets" => assert_eq!(needs, ["read", "write"]),
                "doctor" | "observe" => assert_eq!(needs, ["read"]),
                "secret" => assert_eq!(needs, ["write"]),
                _ => assert_eq!(needs, ["create", "delete", "read", "update"], "{kind}"),
            }
            let known = !kind.contains("::") || Registry::embedded().kind(kind).is_some();
            assert!(known, "{kind} is no kind");
            assert!(entry.values().all(|names| !names.is_empty()), "{kind}");
        }
    }

    #[test]
    fn a_mistake_in_the_table_says_where_it_is() {
        for (text, why) in [
            ("  read a:B", "line 1: belongs to no kind"),
            ("X\n  reads a:B", "line 2: begins with no need"),
            ("X\n  read B", "line 2: names no service"),
            ("X\n  read a:B,B", "line 2: names an action twice"),
            ("X\n\n# more\nX", "line 4: stands twice"),
        ] {
            assert_eq!(parse(text).unwrap_err(), why);
        }
    }

    #[test]
    fn what_only_looks_needs_nothing_that_changes() {
        let needs = kinds().chain(["*"]).map(|kind| (kind, Need::Read));
        for action in of_needs(needs).iter().chain(of_doctor()) {
            let name = action.split(':').nth(1).unwrap_or_default();
            // Keyspaces reads by `SELECT`.
            let verbs = ["Describe", "Get", "List", "Select", "Simulate"];
            assert!(verbs.iter().any(|verb| name.starts_with(verb)), "{action}");
        }
    }

    #[test]
    fn who_refers_to_a_secret_has_to_read_it() {
        let of = |json: &str| {
            let properties: Map = serde_json::from_str(json).unwrap();
            of_properties(&properties).count()
        };
        assert_eq!(of(r#"{"A": {"B": ["{{resolve:secretsmanager:x}}"]}}"#), 1);
        assert_eq!(of(r#"{"A": "{{resolve:ssm:/x}}"}"#), 0);
    }

    #[test]
    fn a_kind_without_an_entry_goes_through_cloud_control() {
        let names: Vec<&str> = of_kind("AWS::Glue::Job", Need::Delete)
            .map(|name| &**name)
            .collect();
        let expected = [
            "cloudformation:DeleteResource",
            "cloudformation:GetResourceRequestStatus",
        ];
        assert_eq!(names, expected);
    }
}
