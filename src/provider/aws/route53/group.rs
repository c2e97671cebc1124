//! Records of one name and type: Route 53 takes them only while all have the same routing policy, so another policy
//! is one change that deletes those that stand in the way and creates the first of the new ones. A change counts as a
//! whole or not at all, so the name is answered all the time; the other records follow, each in a change of its own
//! or in the same one.
//!
//! (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>,
//! <https://github.com/kubernetes-sigs/external-dns/issues/4345>)

use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::{action, delete_of};
use super::ownership::canonical;
use crate::provider::ProviderError;
use crate::provider::aws::service::{text, touches};
use crate::value::{Map, Value};

/// The properties of which a record with a set identifier has exactly one.
const POLICIES: [&str; 7] = [
    "Weight",
    "Region",
    "Failover",
    "GeoLocation",
    "GeoProximityLocation",
    "MultiValueAnswer",
    "CidrRoutingConfig",
];

/// Values that one record of a name and type has at a time.
const ONCE: [&str; 3] = ["Region", "Failover", "GeoLocation"];

/// Whether a change of these properties may meet a record that stands in its way: another policy, or a value that
/// exists once.
pub fn moves(changed: &[Arc<str>]) -> bool {
    let policies = POLICIES.iter().filter(|name| touches(changed, &[name]));
    policies.count() > 1 || touches(changed, &ONCE)
}

/// Whether Route 53 refuses a record because of another one, which passes once that is written too.
pub fn is_in_the_way(error: &ProviderError) -> bool {
    error.code == "InvalidChangeBatch"
        && (error
            .message
            .contains("set exists with the same name and type")
            || error.message.contains("with the same name, type and"))
}

fn policy(record: &Map) -> Option<&'static str> {
    POLICIES.into_iter().find(|name| record.contains_key(name))
}

fn clash(new: &Map, old: &Map) -> bool {
    policy(new) != policy(old)
        || ONCE
            .iter()
            .any(|name| new.contains_key(name) && new.get(name) == old.get(name))
}

/// The changes that give a record its new policy: of `ours`, the records that stand in its way are deleted first, unless
/// they are `gone` already.
pub fn changes(
    record: &Map,
    mark: &Map,
    ours: &[Map],
    gone: &mut BTreeSet<(String, String, String)>,
) -> Vec<Value> {
    let key = |one: &Map| {
        let at = |path: &str| text(one, path).to_owned();
        (canonical(&at("Name")), at("Type"), at("SetIdentifier"))
    };
    let own = key(record);
    let mut changes = Vec::new();
    for other in ours {
        let theirs = key(other);
        let same_name = (&own.0, &own.1) == (&theirs.0, &theirs.1);
        let goes = if theirs == own {
            policy(record) != policy(other)
        } else {
            same_name && !theirs.2.is_empty() && clash(record, other)
        };
        if goes && gone.insert(theirs) {
            changes.push(delete_of(other));
        }
    }
    let is_there = ours.iter().any(|other| key(other) == own) && !gone.contains(&own);
    let verb = if is_there { "UPSERT" } else { "CREATE" };
    changes.push(action(verb, record.clone()));
    changes.push(action("UPSERT", mark.clone()));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::aws::service::input;
    use serde_json::json;

    fn record(set: &str, policy: &str, value: &str) -> Map {
        let mut record =
            input(json!({"Name": "origin.example.com.", "Type": "A", "SetIdentifier": set}));
        record.insert(policy, Value::str(value));
        record
    }

    fn told(changes: &[Value]) -> Vec<String> {
        let of = |change: &Value| {
            let at = |path: &str| change.at(path).and_then(Value::as_str).unwrap_or_default();
            format!("{} {}", at("Action"), at("ResourceRecordSet.SetIdentifier"))
        };
        changes.iter().map(of).collect()
    }

    #[test]
    fn another_policy_deletes_all_and_creates_all_in_one_change() {
        let live = [record("a", "Region", "a"), record("b", "Region", "b")];
        let mark = record("mark", "Weight", "0");
        let mut gone = BTreeSet::new();
        let first = changes(&record("a", "Failover", "PRIMARY"), &mark, &live, &mut gone);
        assert_eq!(
            told(&first),
            ["DELETE a", "DELETE b", "CREATE a", "UPSERT mark"]
        );
        let second = changes(
            &record("b", "Failover", "SECONDARY"),
            &mark,
            &live,
            &mut gone,
        );
        assert_eq!(told(&second), ["CREATE b", "UPSERT mark"]);
    }

    #[test]
    fn the_second_region_follows_in_a_change_of_its_own() {
        let live = [record("a", "Failover", "PRIMARY")];
        let mark = record("mark", "Weight", "0");
        let mut gone = BTreeSet::new();
        let own = changes(
            &record("b", "Failover", "SECONDARY"),
            &mark,
            &live,
            &mut gone,
        );
        assert_eq!(told(&own), ["CREATE b", "UPSERT mark"]);
        let swapped = changes(&record("b", "Failover", "PRIMARY"), &mark, &live, &mut gone);
        assert_eq!(told(&swapped), ["DELETE a", "CREATE b", "UPSERT mark"]);
    }

    #[test]
    fn only_another_policy_or_a_value_that_exists_once_moves_a_group() {
        let moves = |names: &[&str]| {
            let names: Vec<Arc<str>> = names.iter().map(|name| Arc::from(*name)).collect();
            moves(&names)
        };
        assert!(moves(&["Region", "Failover"]) && moves(&["Failover"]));
        assert!(!moves(&["Weight"]) && !moves(&["AliasTarget", "TTL"]));
    }
}
