//! Drift: what somebody changed outside of scalectl, told apart from what the spec asks for.
//!
//! The marks on a resource say how we set each property: one that is set to what the spec has, and is
//! found otherwise, was moved. What AWS or an autoscaler moves is not compared at all
//! ([`crate::kinds::Kind::externally_managed`]). A resource that is missing was removed by somebody where the
//! spec has the very addresses that were last applied in full; otherwise it may as well be new in the
//! spec, and is not called drift.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::diff::diff;
use super::{Action, Change, PropertyChange, Reason};
use crate::address::Address;
use crate::graph::Graph;
use crate::inventory::{Live, LiveResource};
use crate::ownership;

/// What became of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Properties of it that we set are others now.
    Moved,
    /// It is gone, or on its way out, or carries our marks no more.
    Gone,
    /// It was left over by a replace that did not finish.
    Deposed,
}

/// A resource that is not as it was left.
#[derive(Clone, Debug, PartialEq)]
pub struct Drifted {
    /// Which.
    pub address: Address,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// Its tier, for grouping.
    pub tier: Arc<str>,
    /// What became of it.
    pub fate: Fate,
    /// The cloud's identifier; `None` for what is gone.
    pub identifier: Option<Arc<str>>,
    /// The properties that were moved, `before` as found and `after` as set, ordered by path.
    pub properties: Vec<PropertyChange>,
}

/// What somebody changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// Ordered by address.
    pub resources: Vec<Drifted>,
    /// How many changes a plan shows besides: what the spec asks for, and what follows from drift.
    pub besides: usize,
    /// Missing resources of which it is not known whether anybody removed them, ordered by address.
    pub unknown: Vec<Address>,
}

impl Drift {
    /// How many resources had this fate.
    pub fn count(&self, fate: Fate) -> usize {
        let with = self.resources.iter().filter(|one| one.fate == fate);
        with.count()
    }
}

/// What somebody changed since `graph` was applied.
pub fn drift(graph: &Graph, live: &Live) -> Drift {
    let applied = live.record.as_ref();
    let applied = applied.and_then(|record| record.addresses.as_ref());
    let is_all_applied = applied == Some(&ownership::of_addresses(graph));
    let mut drift = Drift::default();
    for change in diff(graph, live, None).changes {
        let moved: Vec<PropertyChange> = change.drifted().cloned().collect();
        let fate = match &change.reason {
            Reason::Missing if is_all_applied => Some(Fate::Gone),
            Reason::Missing => {
                drift.unknown.push(change.address.clone());
                continue;
            }
            Reason::Deposed => Some(Fate::Deposed),
            Reason::Broken { status } if **status == *"deleting" => Some(Fate::Gone),
            _ if !moved.is_empty() => Some(Fate::Moved),
            _ => None,
        };
        let Some(fate) = fate else {
            drift.besides += 1;
            continue;
        };
        drift.besides += usize::from(fate == Fate::Moved && asks_for_more(&change));
        drift.resources.push(Drifted {
            address: change.address,
            kind: change.kind,
            tier: change.tier,
            fate,
            identifier: change
                .live
                .filter(|_| fate != Fate::Gone)
                .map(|live: LiveResource| live.identifier),
            properties: match fate {
                Fate::Moved => moved,
                Fate::Gone | Fate::Deposed => Vec::new(),
            },
        });
    }
    drift
}

/// Whether a change has more in it than what is set back.
fn asks_for_more(change: &Change) -> bool {
    change.action != Action::Update || change.properties.iter().any(|property| !property.drift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Resource;
    use crate::inventory::{Record, Status};
    use crate::value::Value;

    fn parameter(at: &str, value: &str) -> Resource {
        let json = serde_json::json!({"Name": at, "Type": "String", "Value": value});
        Resource {
            address: at.parse().unwrap(),
            kind: "AWS::SSM::Parameter".into(),
            tier: "compute".into(),
            role: None,
            properties: serde_json::from_value(json).unwrap(),
            after: Vec::new(),
            lifecycle: Default::default(),
            ready_when: Vec::new(),
        }
    }

    /// The graph as it was applied in full.
    fn applied(graph: &Graph) -> Live {
        let found = graph.iter().map(|resource| {
            let applied =
                ownership::of_properties(&resource.address, 1, false, &resource.properties);
            let live = LiveResource {
                address: resource.address.clone(),
                kind: resource.kind.clone(),
                identifier: resource.address.to_string().into(),
                properties: resource.properties.clone(),
                status: Status::Ready,
                applied: Some(applied),
            };
            (resource.address.clone(), live)
        });
        Live {
            resources: found.collect(),
            record: Some(Record {
                addresses: Some(ownership::of_addresses(graph)),
                ..Record::default()
            }),
            ..Live::default()
        }
    }

    fn graph(resources: [(&str, &str); 2]) -> Graph {
        resources
            .map(|(at, value)| parameter(at, value))
            .into_iter()
            .collect()
    }

    fn fates(drift: &Drift) -> Vec<(String, Fate)> {
        let each = drift.resources.iter();
        each.map(|one| (one.address.to_string(), one.fate))
            .collect()
    }

    #[test]
    fn what_was_left_alone_is_no_drift() {
        let graph = graph([("us-east-1/a", "1"), ("us-east-1/b", "2")]);
        assert_eq!(drift(&graph, &applied(&graph)), Drift::default());
    }

    #[test]
    fn what_somebody_moved_is_told_apart_from_what_the_spec_changed() {
        let before = graph([("us-east-1/a", "1"), ("us-east-1/b", "2")]);
        let mut live = applied(&before);
        let a = live
            .resources
            .get_mut(&"us-east-1/a".parse().unwrap())
            .unwrap();
        a.properties.insert("Value", Value::str("hacked"));
        let after = graph([("us-east-1/a", "1"), ("us-east-1/b", "3")]);
        let found = drift(&after, &live);
        assert_eq!(fates(&found), [("us-east-1/a".to_owned(), Fate::Moved)]);
        assert_eq!(found.resources[0].properties.len(), 1);
        assert_eq!((found.besides, found.unknown.len()), (1, 0));
    }

    #[test]
    fn what_is_missing_was_removed_only_where_the_spec_has_what_was_applied() {
        let before = graph([("us-east-1/a", "1"), ("us-east-1/b", "2")]);
        let mut live = applied(&before);
        live.resources.remove(&"us-east-1/b".parse().unwrap());
        assert_eq!(
            fates(&drift(&before, &live)),
            [("us-east-1/b".to_owned(), Fate::Gone)]
        );
        let after = graph([("us-east-1/a", "1"), ("us-east-1/c", "2")]);
        let found = drift(&after, &live);
        assert_eq!(fates(&found), []);
        assert_eq!(found.unknown, ["us-east-1/c".parse().unwrap()]);
    }

    #[test]
    fn leftovers_of_a_replace_are_drift_and_what_left_the_spec_is_not() {
        let graph = graph([("us-east-1/a", "1"), ("us-east-1/b", "2")]);
        let mut live = applied(&graph);
        let old = live.resources[&"us-east-1/a".parse().unwrap()].clone();
        live.deposed.push(old);
        let removed: Graph = [parameter("us-east-1/a", "1")].into_iter().collect();
        let found = drift(&removed, &live);
        assert_eq!(fates(&found), [("us-east-1/a".to_owned(), Fate::Deposed)]);
        assert_eq!(found.besides, 1);
    }

    #[test]
    fn what_somebody_is_deleting_is_gone() {
        let graph = graph([("us-east-1/a", "1"), ("us-east-1/b", "2")]);
        let mut live = applied(&graph);
        let a = live
            .resources
            .get_mut(&"us-east-1/a".parse().unwrap())
            .unwrap();
        a.status = Status::Deleting;
        let found = drift(&graph, &live);
        assert_eq!(fates(&found), [("us-east-1/a".to_owned(), Fate::Gone)]);
        assert_eq!(found.resources[0].identifier, None);
    }
}
