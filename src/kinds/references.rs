//! Which properties name other resources.
//!
//! From this follow the order of deletes and, in the simulator, what AWS refuses. References
//! that a blueprint writes need no table; this one is for what is live and in no blueprint any more.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::address::GLOBAL;
use crate::schema::Registry;
use crate::value::{Map, Value};

/// A property that names another resource.
pub struct Names {
    /// The property's own name, wherever it stands.
    pub property: &'static str,
    /// The types of which it may name one.
    pub kinds: Vec<&'static str>,
    /// Whether AWS refuses to delete what is named.
    pub blocks: bool,
}

/// What every record says of who names it, by property.
static NAMES: LazyLock<BTreeMap<&'static str, Names>> = LazyLock::new(|| {
    let mut names: BTreeMap<&'static str, Names> = BTreeMap::new();
    for kind in super::all() {
        for by in kind.named_by {
            let entry = names.entry(by.property).or_insert_with(|| Names {
                property: by.property,
                kinds: Vec::new(),
                blocks: by.blocks,
            });
            entry.kinds.push(kind.name);
        }
    }
    names
});

/// What children name that are marked on their parents, by their type: the parent, where [`NAMES`] does not say it.
static PARENTS: LazyLock<BTreeMap<&'static str, Names>> = LazyLock::new(|| {
    let children = super::all().filter_map(|kind| {
        let (of, property) = super::parent(kind.name)?;
        let is_said = NAMES
            .get(property)
            .is_some_and(|known| known.kinds.contains(&of));
        let names = Names {
            property,
            kinds: vec![of],
            blocks: kind.keeps_parent,
        };
        (!is_said).then_some((kind.name, names))
    });
    children.collect()
});

/// Where the names of [`NAMES`] mean something else: AWS's own zones, buckets by domain name.
const NOT_NAMES: &[&str] = &["AliasTarget", "DistributionConfig.Logging", "Destination"];

/// Whether a property of this name names other resources.
pub fn is_name(property: &str) -> bool {
    NAMES.contains_key(property)
}

/// Calls `visit` with the path and name of everything that `properties` name.
pub fn for_each_name<'a>(
    kind: &str,
    properties: &'a Map,
    visit: &mut dyn FnMut(&'static Names, &str, &'a str),
) {
    fn walk<'a>(
        kind: &str,
        path: &str,
        leaf: &str,
        value: &'a Value,
        visit: &mut dyn FnMut(&'static Names, &str, &'a str),
    ) {
        match value {
            Value::Map(map) => {
                for (key, value) in map {
                    walk(kind, &format!("{path}.{key}"), key, value, visit);
                }
            }
            Value::List(items) => {
                for item in items {
                    walk(kind, path, leaf, item, visit);
                }
            }
            Value::String(text) => {
                if NOT_NAMES.iter().any(|not| path.contains(not)) {
                    return;
                }
                if let Some(entry) = NAMES.get(leaf)
                    && !entry.kinds.contains(&kind)
                {
                    visit(entry, path, text);
                }
            }
            _ => {}
        }
    }
    let schema = Registry::embedded().kind(kind);
    for (name, value) in properties {
        let set_by_aws = schema.is_some_and(|schema| schema.is_read_only(name));
        // What the item is called itself is no reference.
        if !set_by_aws {
            walk(kind, name, name, value, visit);
        }
    }
    if let Some(entry) = PARENTS.get(kind)
        && let Some(Value::String(name)) = properties.at(entry.property)
    {
        visit(entry, entry.property, name);
    }
    // A replica names another database, its own kind.
    if let Some(Value::String(source)) = properties.get("SourceDBInstanceIdentifier")
        && let Some(entry) = NAMES.get("SourceDBInstanceIdentifier")
    {
        visit(entry, "SourceDBInstanceIdentifier", source);
    }
}

/// Whether a name in `region` can mean something in `home`: names count in their region, ARNs and
/// both ends of a peering everywhere.
pub fn is_in_reach(home: &str, region: &str, path: &str, name: &str) -> bool {
    home == region
        || [home, region].contains(&GLOBAL)
        || name.starts_with("arn:")
        || path == "PeerVpcId"
        || path == "VpcPeeringConnectionId"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_is_named_is_known() {
        for entry in NAMES.values() {
            for kind in &entry.kinds {
                assert!(Registry::embedded().kind(kind).is_some(), "{kind}");
                let of_it = super::super::of(kind).named_by.iter();
                let mut same = of_it.filter(|by| by.property == entry.property);
                assert!(
                    same.all(|by| by.blocks == entry.blocks),
                    "{}",
                    entry.property
                );
            }
        }
    }

    #[test]
    fn a_replica_names_its_source_and_an_alias_names_no_zone_of_ours() {
        let properties = |json| match serde_json::from_value(json).unwrap() {
            Value::Map(map) => map,
            other => panic!("{other}"),
        };
        let names = |kind, map: &Map| {
            let mut found = Vec::new();
            for_each_name(kind, map, &mut |_, path, name| {
                found.push(format!("{path}={name}"))
            });
            found
        };
        let replica = properties(serde_json::json!({"SourceDBInstanceIdentifier": "db"}));
        assert_eq!(
            names("AWS::RDS::DBInstance", &replica),
            ["SourceDBInstanceIdentifier=db"]
        );
        let alias =
            serde_json::json!({"HostedZoneId": "Z1", "AliasTarget": {"HostedZoneId": "Z2"}});
        assert_eq!(
            names("AWS::Route53::RecordSet", &properties(alias)),
            ["HostedZoneId=Z1"]
        );
    }
}
