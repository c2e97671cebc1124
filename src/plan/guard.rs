//! Guard rails: what a plan may not do without being told so by name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::existing::{ZONE, is_public};
use super::in_place::is_upgrade;
use super::{Action, Change, Impossible, Plan, cidr};
use crate::address::Address;
use crate::graph::Resource;
use crate::inventory::LiveResource;
use crate::kinds::exclusive::overlaps;
use crate::kinds::{self, Holds};
use crate::roles::{Role, database_setting};
use crate::value::Value;

/// A change that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is protected.
    pub address: Address,
    /// What would happen to it.
    pub action: Action,
    /// Why it is refused, in words.
    pub why: Cow<'static, str>,
    /// What to do instead, where nothing allows it; `None` where `--allow` does.
    pub way: Option<Arc<str>>,
}

/// The changes that put data or the whole site at risk and that `allowed` does not name.
pub fn refusals(plan: &Plan, allowed: &BTreeSet<Address>) -> Vec<Refusal> {
    // Where everything goes, the application goes too, and is led nowhere.
    let all_goes = plan.unchanged == 0 && plan.changes.iter().all(|c| c.action == Action::Delete);
    let pins = pins(plan);
    let dangers = plan
        .changes
        .iter()
        .filter(|change| !allowed.contains(&change.address))
        .filter_map(|change| {
            let (address, action) = (change.address.clone(), change.action);
            let why = match (
                danger(change, all_goes, successor(plan, change))?,
                pins.get(&change.address),
            ) {
                (why, Some(pin)) => format!("{why}; {pin}").into(),
                (why, None) => why.into(),
            };
            Some(Refusal {
                address,
                action,
                why,
                way: None,
            })
        });
    let never: Vec<Refusal> = plan.impossible.iter().map(Refusal::from).collect();
    let can = |refusal: &Refusal| !never.iter().any(|other| other.address == refusal.address);
    let dangers: Vec<Refusal> = dangers.filter(can).collect();
    dangers.into_iter().chain(never).collect()
}

impl From<&Impossible> for Refusal {
    fn from(impossible: &Impossible) -> Self {
        Self {
            address: impossible.address.clone(),
            action: impossible.action,
            why: impossible.why.clone().into(),
            way: Some(impossible.way.as_str().into()),
        }
    }
}

/// How VPCs that would get other addresses keep those that they have, and new ones stay out of their way.
fn pins(plan: &Plan) -> BTreeMap<&Address, String> {
    let wanted = |change: &Change| {
        change
            .desired
            .as_ref()?
            .properties
            .get("CidrBlock")
            .cloned()
    };
    let has = |change: &Change| change.live.as_ref()?.properties.get("CidrBlock").cloned();
    let vpcs = plan
        .changes
        .iter()
        .filter(|change| &*change.kind == "AWS::EC2::VPC");
    let moved: Vec<&Change> = vpcs
        .clone()
        .filter(|change| change.action == Action::Replace && has(change) != wanted(change))
        .collect();
    let mut kept: Vec<(Arc<str>, Value)> = moved
        .iter()
        .filter_map(|change| Some((change.address.region.clone(), has(change)?)))
        .collect();
    for new in vpcs.filter(|change| change.action == Action::Create) {
        let Some(range) = wanted(new) else { continue };
        let is_taken = |range: &Value| kept.iter().any(|(_, other)| overlaps(range, other));
        let next = |range: &Value| {
            let next = cidr::following(cidr::parsed(range)?)?;
            Some(Value::str(next.to_string()))
        };
        let free = std::iter::successors(Some(range.clone()), next).find(|range| !is_taken(range));
        if let Some(free) = free.filter(|free| *free != range) {
            kept.push((new.address.region.clone(), free));
        }
    }
    let entries: Vec<String> = kept
        .iter()
        .map(|(region, range)| format!("{{name: {region}, cidr: {range}}}"))
        .collect();
    let entries = entries.join(", ");
    let told = |change: &Change| {
        format!(
            "address ranges depend on the order of `regions`: set {entries} there to keep {} unchanged",
            change.address
        )
    };
    moved
        .into_iter()
        .map(|change| (&change.address, told(change)))
        .collect()
}

/// The setting of a region that is made where this one goes: it has another name now.
fn successor<'a>(plan: &'a Plan, change: &Change) -> Option<&'a Resource> {
    let comes = |other: &&Change| {
        other.action == Action::Create && other.address.region == change.address.region
    };
    let settings = plan
        .changes
        .iter()
        .filter(comes)
        .filter(|one| is_database_setting(one));
    settings.filter_map(|one| one.desired.as_ref()).next()
}

/// Why a change is dangerous, if it is.
fn danger(change: &Change, all_goes: bool, successor: Option<&Resource>) -> Option<&'static str> {
    let leads = |change| leads_to_another_database(change, successor);
    if is_database_setting(change) && !all_goes && leads(change) {
        return Some(
            "the application would switch to another database; its data stays in the old one",
        );
    }
    if change.action == Action::Update && stops_following(change) {
        return Some("the replica would be promoted and accept writes of its own");
    }
    if takes_another_password(change) {
        return Some(
            "it was imported, and its master user would get the password in the application's secret: connections with the \
             current password would fail, unless the secret that holds it was imported, too (run `scalectl import` for it first)",
        );
    }
    if is_upgrade(change) {
        return Some(
            "a major version upgrade cannot be undone, and the database is down meanwhile; take a snapshot first",
        );
    }
    if !matches!(change.action, Action::Delete | Action::Replace) {
        return None;
    }
    let marks = change.live.as_ref().and_then(|live| live.applied.as_ref());
    let wanted = change
        .desired
        .as_ref()
        .is_some_and(|desired| desired.lifecycle.protect);
    if wanted || marks.is_some_and(|marks| marks.protect) {
        return Some(match &*change.kind {
            "AWS::SQS::Queue" => {
                "it is protected, and messages may wait in it that nobody has read (ApproximateNumberOfMessages)"
            }
            _ => "it is protected",
        });
    }
    match kinds::of(&change.kind).holds {
        Holds::Data if is_member(change) => {
            Some("it serves reads or writes; its data stays in its cluster")
        }
        Holds::Data if is_replica(change) => {
            Some("it serves reads; its data stays in the source database")
        }
        Holds::Data if is_private_zone(change) => None,
        Holds::Data => Some("it contains data that cannot be recreated"),
        Holds::Foundation if change.action == Action::Replace => {
            Some("all resources in it would have to be recreated")
        }
        Holds::Foundation | Holds::Nothing => None,
    }
}

/// Whether a database's password is set whose present one somebody else has set.
fn takes_another_password(change: &Change) -> bool {
    const PASSWORD: &str = "MasterUserPassword";
    let sets = change.properties.iter().any(|one| &*one.path == PASSWORD);
    // `import` marks whose it is, and the first apply what was set.
    let is_adopted = (change.live.as_ref())
        .and_then(|live| live.applied.as_ref())
        .is_some_and(|applied| applied.digests.is_empty());
    change.action == Action::Update && sets && is_adopted
}

/// Whether what it has is elsewhere besides: in a database or cluster, or in the blueprint's records.
pub(super) fn is_copy(change: &Change) -> bool {
    is_replica(change) || is_member(change) || is_private_zone(change)
}

/// Whether it is a zone of a VPC: no registrar delegates to it, and AWS keeps it while it has anybody else's records.
fn is_private_zone(change: &Change) -> bool {
    let live = change.live.as_ref();
    live.is_some_and(|live| &*live.kind == ZONE && !is_public(&live.properties))
}

/// Whether it is a copy of a database that stays.
fn is_replica(change: &Change) -> bool {
    change.live.as_ref().is_some_and(|live| {
        let source = live.properties.get("SourceDBInstanceIdentifier");
        source.is_some_and(|source| source.as_str() != Some(""))
    })
}

/// Whether it is a server of a cluster, which has the data.
fn is_member(change: &Change) -> bool {
    change.live.as_ref().is_some_and(|live| {
        let cluster = live.properties.get("DBClusterIdentifier");
        &*change.kind == "AWS::RDS::DBInstance"
            && cluster.is_some_and(|one| one.as_str() != Some(""))
    })
}

/// Whether it is the setting that leads the application to its database.
fn is_database_setting(change: &Change) -> bool {
    let desired = change.desired.as_ref();
    let says = |live: &LiveResource| database_setting(&live.kind, &live.properties).is_some();
    desired.is_some_and(|desired| desired.role == Some(Role::DatabaseSetting))
        || change.live.as_ref().is_some_and(says)
}

/// Whether a replica becomes a database of its own.
fn stops_following(change: &Change) -> bool {
    let released = kinds::of(&change.kind).clearable;
    let mut properties = change.properties.iter();
    properties.any(|one| one.after.is_none() && released.contains(&&*one.path))
}

/// Whether the application's data would be left behind: on the server's disk when the database
/// moves off or onto it, in a database of another engine or name, or in another one that exists.
fn leads_to_another_database(change: &Change, successor: Option<&Resource>) -> bool {
    let read = |value: Option<&Value>| -> Option<serde_json::Value> {
        // References are no JSON, but stand inside strings.
        serde_json::from_str(&value?.to_string()).ok()
    };
    let before = change
        .live
        .as_ref()
        .and_then(|live| read(live.properties.get("Value")));
    let Some(before) = before else { return false };
    let after = change
        .desired
        .as_ref()
        .or(successor)
        .and_then(|desired| read(desired.properties.get("Value")));
    let is_local = |config: &serde_json::Value| config["host"] == "local";
    match after {
        None => is_local(&before),
        Some(after) => {
            let known = |config: &serde_json::Value| {
                let host = config["host"].as_str();
                host.filter(|host| !host.contains("${")).map(str::to_owned)
            };
            let moves = match (known(&before), known(&after)) {
                (Some(before), Some(after)) => before != after,
                _ => false,
            };
            moves
                || is_local(&before) != is_local(&after)
                || ["engine", "name"]
                    .iter()
                    .any(|key| before[key] != after[key])
        }
    }
}

/// Whether more goes than stays, so that the question should be asked twice.
pub fn deletes_more_than_it_keeps(plan: &Plan) -> bool {
    let counts = plan.counts();
    counts.delete > counts.update + counts.unchanged + counts.replace
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Resource};
    use crate::inventory::{Applied, Live, LiveResource, Status};
    use crate::ownership;
    use crate::plan::diff;
    use crate::value::Map;

    fn cloud(kind: &str, protect: bool) -> Live {
        let resource = LiveResource {
            address: "us-east-1/x".parse().unwrap(),
            kind: kind.into(),
            identifier: "x".into(),
            properties: Map::new(),
            status: Status::Ready,
            applied: Some(Applied {
                protect,
                ..Applied::default()
            }),
        };
        Live {
            resources: [(resource.address.clone(), resource)].into(),
            ..Live::default()
        }
    }

    fn wanted(at: &str, kind: &str, properties: serde_json::Value) -> Resource {
        Resource {
            address: at.parse().unwrap(),
            kind: kind.into(),
            tier: "data".into(),
            role: None,
            properties: serde_json::from_value(properties).unwrap(),
            after: Vec::new(),
            lifecycle: Default::default(),
            ready_when: Vec::new(),
        }
    }

    #[test]
    fn another_engine_is_refused_though_it_is_named() {
        let has = r#"{"host": "local", "engine": "mysql", "name": "shop"}"#;
        let wants = r#"{"host": "local", "engine": "mariadb", "name": "shop"}"#;
        let named = BTreeSet::from(["us-east-1/param_database".parse().unwrap()]);
        let refused = refusals(&moved(has, Some(wants)), &named);
        let way = refused[0].way.as_deref().unwrap_or_default();
        assert!(way.starts_with("restore `engine: mysql`"), "{way}");
        assert!(refusals(&moved(has, Some(has)), &named).is_empty());
    }

    #[test]
    fn a_database_is_not_deleted_unless_it_is_named() {
        let plan = diff(
            &Graph::default(),
            &cloud("AWS::RDS::DBInstance", false),
            None,
        );
        assert_eq!(refusals(&plan, &BTreeSet::new()).len(), 1);
        let named = BTreeSet::from(["us-east-1/x".parse().unwrap()]);
        assert!(refusals(&plan, &named).is_empty());
    }

    #[test]
    fn a_database_is_not_replaced_unless_it_is_named_whether_it_is_protected_or_not() {
        let live = cloud("AWS::RDS::DBInstance", false);
        let kind = "AWS::RDS::DBInstance";
        let wanted = wanted(
            "us-east-1/x",
            kind,
            serde_json::json!({"DBName": "another"}),
        );
        let plan = diff(&Graph::from_iter([wanted]), &live, None);
        assert_eq!(plan.changes[0].action, Action::Replace);
        assert_eq!(refusals(&plan, &BTreeSet::new()).len(), 1);
        let named = BTreeSet::from(["us-east-1/x".parse().unwrap()]);
        assert!(refusals(&plan, &named).is_empty());
    }

    /// The plan that leads the application from one database to another.
    fn moved(from: &str, to: Option<&str>) -> Plan {
        let kind = "AWS::SSM::Parameter";
        let mut live = cloud(kind, false);
        let mut resource = live.resources.pop_first().unwrap().1;
        resource.address = "us-east-1/param_database".parse().unwrap();
        resource.properties.insert("Value", Value::str(from));
        live.resources
            .insert(resource.address.clone(), resource.clone());
        let at = "us-east-1/param_database";
        let desired = to.map(|to| Resource {
            role: Some(Role::DatabaseSetting),
            ..wanted(at, kind, serde_json::json!({"Value": to}))
        });
        Plan {
            unchanged: 1,
            ..diff(&desired.into_iter().collect(), &live, None)
        }
    }

    /// The plan that gives the setting another name, and another value maybe.
    fn renamed(from: &str, to: &str) -> Plan {
        let kind = "AWS::SSM::Parameter";
        let mut live = cloud(kind, false);
        let mut old = live.resources.pop_first().unwrap().1;
        old.address = "us-east-1/old_name".parse().unwrap();
        old.properties.insert("Value", Value::str(from));
        live.resources.insert(old.address.clone(), old);
        let new = Resource {
            role: Some(Role::DatabaseSetting),
            ..wanted("us-east-1/new_name", kind, serde_json::json!({"Value": to}))
        };
        Plan {
            unchanged: 1,
            ..diff(&[new].into_iter().collect(), &live, None)
        }
    }

    #[test]
    fn a_setting_may_have_another_name_and_no_other_database() {
        let local = r#"{"host": "local", "engine": "postgres", "name": "shop"}"#;
        let remote = r#"{"host": "db.example", "engine": "postgres", "name": "shop"}"#;
        let other = r#"{"host": "other.example", "engine": "postgres", "name": "shop"}"#;
        let refused = |from, to| refusals(&renamed(from, to), &BTreeSet::new()).len();
        assert_eq!(refused(local, local), 0);
        assert_eq!(refused(remote, remote), 0);
        assert_eq!(refused(local, remote), 1);
        assert_eq!(refused(remote, other), 1);
    }

    #[test]
    fn a_setting_that_servers_read_is_guarded_whoever_has_the_role() {
        let local = r#"{"host": "local", "engine": "postgres", "name": "shop"}"#;
        let remote = r#"{"host": "db.example", "engine": "postgres", "name": "shop"}"#;
        let mut plan = moved(local, Some(remote));
        for change in &mut plan.changes {
            if let Some(desired) = &mut change.desired {
                desired.role = None;
            }
        }
        assert_eq!(refusals(&plan, &BTreeSet::new()).len(), 1);
    }

    #[test]
    fn where_everything_goes_the_application_is_led_nowhere() {
        let local = r#"{"host": "local", "engine": "postgres", "name": "shop"}"#;
        let plan = Plan {
            unchanged: 0,
            ..moved(local, None)
        };
        assert!(refusals(&plan, &BTreeSet::new()).is_empty());
    }

    #[test]
    fn a_database_on_the_server_is_not_left_behind() {
        let local = r#"{"host": "local", "engine": "postgres", "name": "shop"}"#;
        let remote = r#"{"host": "db.example", "engine": "postgres", "name": "shop"}"#;
        let mysql = r#"{"host": "local", "engine": "mysql", "name": "shop"}"#;
        let newer = r#"{"host": "local", "engine": "postgres", "name": "shop", "version": "18"}"#;
        let refused = |from, to| refusals(&moved(from, to), &BTreeSet::new()).len();
        assert_eq!(refused(local, Some(remote)), 1, "moved away");
        assert_eq!(refused(remote, Some(local)), 1, "moved back");
        let other = r#"{"host": "other.example", "engine": "postgres", "name": "shop"}"#;
        let coming =
            r#"{"host": "${us-east-1/db.Endpoint.Address}", "engine": "postgres", "name": "shop"}"#;
        assert_eq!(refused(remote, Some(other)), 1, "another region's");
        assert_eq!(
            refused(remote, Some(coming)),
            0,
            "made anew, which is refused itself"
        );
        assert_eq!(refused(local, Some(mysql)), 1, "another engine");
        assert_eq!(refused(local, None), 1, "gone");
        assert_eq!(refused(local, Some(newer)), 0, "another detail");
        assert_eq!(refused(remote, None), 0, "the database itself is protected");
    }

    #[test]
    fn a_replica_does_not_become_a_database_of_its_own_by_an_apply() {
        let kind = "AWS::RDS::DBInstance";
        let database = |json| wanted("us-east-1/x", kind, json);
        let follows = database(serde_json::json!({"SourceDBInstanceIdentifier": "main"}));
        let alone = database(serde_json::json!({}));
        let mut live = cloud(kind, false);
        let resource = live.resources.values_mut().next().unwrap();
        resource.applied = Some(ownership::of_properties(
            &follows.address,
            1,
            false,
            &follows.properties,
        ));
        resource.properties = follows.properties.clone();
        let plan = |wanted| diff(&Graph::from_iter([wanted]), &live, None);
        assert!(plan(follows).is_empty());
        let promotion = plan(alone);
        // In place, because RDS promotes it; and not without being told so.
        assert_eq!(promotion.changes[0].action, Action::Update);
        assert_eq!(refusals(&promotion, &BTreeSet::new()).len(), 1);
        let named = BTreeSet::from(["us-east-1/x".parse().unwrap()]);
        assert!(refusals(&promotion, &named).is_empty());
    }

    #[test]
    fn protection_outlives_the_blueprint() {
        let plan = diff(&Graph::default(), &cloud("AWS::EC2::Instance", true), None);
        assert_eq!(refusals(&plan, &BTreeSet::new()).len(), 1);
        let plan = diff(&Graph::default(), &cloud("AWS::EC2::Instance", false), None);
        assert!(refusals(&plan, &BTreeSet::new()).is_empty());
        assert!(deletes_more_than_it_keeps(&plan));
    }
}
