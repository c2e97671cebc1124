//! A plan's blast radius: what it interrupts, destroys, replaces and newly opens to the internet.
//!
//! One value for all who tell of a plan, so that they agree. What counts as open is
//! [`kinds::exposure`]'s; what is refused because of it is the guard rails'.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Plan, Step, guard};
use crate::address::Address;
use crate::kinds;

/// What a plan puts at risk; each list is ordered by address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blast {
    /// What does not serve for a while.
    pub interrupted: Vec<Interruption>,
    /// What is deleted and does not come back.
    pub destroyed: Vec<Loss>,
    /// What is deleted and made anew.
    pub replaced: Vec<Loss>,
    /// What the internet reaches afterwards and does not reach now.
    pub exposed: Vec<Exposure>,
}

/// Something that does not serve for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interruption {
    /// Which resource.
    pub address: Address,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// What happens, in words.
    pub what: Arc<str>,
    /// How long at most, in typical seconds: an update's whole time, or from the old one's end to
    /// the new one's being ready.
    pub seconds: u64,
}

/// Something that is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Loss {
    /// Which resource.
    pub address: Address,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// Whether it is of a kind that holds data or what cannot be made again.
    pub holds_data: bool,
}

/// Something that the internet reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exposure {
    /// Which resource.
    pub address: Address,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The ways in, in words, in alphabetical order.
    pub ways: Vec<String>,
}

impl Blast {
    /// The blast radius of `plan`.
    pub fn of(plan: &Plan) -> Self {
        let seconds = interruptions(plan);
        let mut blast = Self::default();
        for (number, change) in plan.changes.iter().enumerate() {
            let (address, kind) = (&change.address, &change.kind);
            if let Some(what) = &change.interrupts {
                blast.interrupted.push(Interruption {
                    address: address.clone(),
                    kind: kind.clone(),
                    what: what.clone(),
                    seconds: seconds.get(&number).copied().unwrap_or_default(),
                });
            }
            // What goes is what is there: of another kind perhaps than what takes its place.
            let gone = change.live.as_ref().map_or(kind, |live| &live.kind);
            let loss = || Loss {
                address: address.clone(),
                kind: gone.clone(),
                holds_data: kinds::holds_data(gone) && !guard::is_copy(change),
            };
            match change.action {
                Action::Delete => blast.destroyed.push(loss()),
                Action::Replace => blast.replaced.push(loss()),
                Action::Create | Action::Update => {}
            }
            let Some(desired) = &change.desired else {
                continue;
            };
            let mut ways = kinds::exposure::ways(&desired.kind, &desired.properties);
            if let Some(live) = &change.live {
                for way in kinds::exposure::ways(&live.kind, &live.properties) {
                    ways.remove(&way);
                }
            }
            if !ways.is_empty() {
                blast.exposed.push(Exposure {
                    address: address.clone(),
                    kind: kind.clone(),
                    ways: ways.into_iter().collect(),
                });
            }
        }
        blast
    }

    /// Whether nothing is at risk.
    pub fn is_empty(&self) -> bool {
        self.interrupted.is_empty()
            && self.destroyed.is_empty()
            && self.replaced.is_empty()
            && self.exposed.is_empty()
    }
}

/// For each change that is interrupted, by number, from when its first operation begins to when its
/// last ends, with as many workers as there is work.
fn interruptions(plan: &Plan) -> HashMap<usize, u64> {
    if plan
        .changes
        .iter()
        .all(|change| change.interrupts.is_none())
    {
        return HashMap::new();
    }
    let finish = plan.schedule(None).finish;
    let mut spans: HashMap<usize, (u64, u64)> = HashMap::new();
    for (operation, end) in plan.operations.iter().zip(finish) {
        let change = &plan.changes[operation.change];
        // Where the new one comes first, the old one's end interrupts nothing.
        if change.interrupts.is_none()
            || (change.create_before_destroy && operation.step == Step::Delete)
        {
            continue;
        }
        let begin = end.saturating_sub(operation.seconds);
        let span = spans.entry(operation.change).or_insert((begin, end));
        *span = (span.0.min(begin), span.1.max(end));
    }
    spans
        .into_iter()
        .map(|(number, (begin, end))| (number, end - begin))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Resource};
    use crate::inventory::{Live, LiveResource, Status};
    use crate::ownership;
    use crate::plan::diff;
    use crate::value::Value;
    use serde_json::json;

    fn resource(at: &str, kind: &str, properties: serde_json::Value) -> Resource {
        Resource {
            address: at.parse().unwrap(),
            kind: kind.into(),
            tier: "network".into(),
            role: None,
            properties: Value::from(properties).as_map().unwrap().clone(),
            after: Vec::new(),
            lifecycle: Default::default(),
            ready_when: Vec::new(),
        }
    }

    fn applied(resource: &Resource) -> LiveResource {
        LiveResource {
            address: resource.address.clone(),
            kind: resource.kind.clone(),
            identifier: "id".into(),
            properties: resource.properties.clone(),
            status: Status::Ready,
            applied: Some(ownership::of_properties(
                &resource.address,
                1,
                false,
                &resource.properties,
            )),
        }
    }

    fn blast(before: &[Resource], after: &[Resource]) -> Blast {
        let live = Live {
            resources: before
                .iter()
                .map(|one| (one.address.clone(), applied(one)))
                .collect(),
            ..Live::default()
        };
        let desired: Graph = after.iter().cloned().collect();
        Blast::of(&diff(&desired, &live, None))
    }

    fn group(ranges: &[&str]) -> Resource {
        let rules: Vec<_> = ranges
            .iter()
            .map(|range| json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": range}))
            .collect();
        resource(
            "us-east-1/sg",
            "AWS::EC2::SecurityGroup",
            json!({"GroupDescription": "x", "SecurityGroupIngress": rules}),
        )
    }

    #[test]
    fn only_what_was_closed_before_is_newly_exposed() {
        let open = [group(&["0.0.0.0/0"])];
        let closed = [group(&["192.0.2.0/24"])];
        let opened = blast(&closed, &open);
        assert_eq!(opened.exposed[0].ways, ["tcp 443 from 0.0.0.0/0"]);
        assert_eq!(blast(&[], &open).exposed, opened.exposed);
        assert!(blast(&open, &closed).is_empty());
        let wider = [group(&["0.0.0.0/0", "192.0.2.0/24"])];
        assert!(blast(&open, &wider).is_empty());
    }

    #[test]
    fn a_replace_that_deletes_first_interrupts_from_the_old_ones_end_to_the_new_ones_start() {
        // Two subnets do not have one range.
        let subnet = |zone: &str| {
            resource(
                "us-east-1/subnet",
                "AWS::EC2::Subnet",
                json!({"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": zone}),
            )
        };
        let blast = blast(&[subnet("us-east-1a")], &[subnet("us-east-1b")]);
        let facts = crate::kinds::of("AWS::EC2::Subnet");
        let both = u64::from(facts.delete_seconds + facts.create_seconds);
        assert_eq!(blast.interrupted.len(), 1);
        assert_eq!(blast.interrupted[0].seconds, both);
        assert_eq!(blast.replaced.len(), 1);
        assert!(blast.destroyed.is_empty() && !blast.replaced[0].holds_data);
    }

    #[test]
    fn an_update_interrupts_for_no_longer_than_it_takes() {
        let db = |class: &str| {
            resource(
                "us-east-1/db",
                "AWS::RDS::DBInstance",
                json!({"DBInstanceClass": class}),
            )
        };
        let blast = blast(&[db("db.t4g.small")], &[db("db.m7g.large")]);
        let facts = crate::kinds::of("AWS::RDS::DBInstance");
        assert_eq!(
            blast.interrupted[0].seconds,
            u64::from(facts.update_seconds)
        );
        assert!(blast.replaced.is_empty());
    }

    #[test]
    fn what_goes_for_good_says_whether_it_holds_data() {
        let db = resource("us-east-1/db", "AWS::RDS::DBInstance", json!({}));
        let vpc = resource(
            "us-east-1/vpc",
            "AWS::EC2::VPC",
            json!({"CidrBlock": "10.0.0.0/16"}),
        );
        let blast = blast(&[db, vpc], &[]);
        let told: Vec<_> = blast
            .destroyed
            .iter()
            .map(|loss| (&*loss.address.id, loss.holds_data))
            .collect();
        assert_eq!(told, [("db", true), ("vpc", false)]);
    }
}
