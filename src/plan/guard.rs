//! Guard rails: what a plan may not do without being told so by name.

use std::collections::BTreeSet;

use super::{Action, Plan};
use crate::address::Address;

/// Kinds that hold what cannot be made again, whoever made them: protected even where no blueprint
/// speaks of them any more.
pub const STATEFUL: &[&str] = &[
    "AWS::Backup::BackupVault",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::KMS::Key",
    "AWS::RDS::DBInstance",
    "AWS::Route53::HostedZone",
    "AWS::S3::Bucket",
];

/// A change that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is protected.
    pub address: Address,
    /// What would happen to it: a delete or a replace.
    pub action: Action,
}

/// The deletes and replaces of protected resources that `allowed` does not name.
pub fn refusals(plan: &Plan, allowed: &BTreeSet<Address>) -> Vec<Refusal> {
    plan.changes
        .iter()
        .filter(|change| matches!(change.action, Action::Delete | Action::Replace))
        .filter(|change| !allowed.contains(&change.address))
        .filter(|change| {
            let marks = change.live.as_ref().and_then(|live| live.applied.as_ref());
            let wanted = change.desired.as_ref().is_some_and(|d| d.lifecycle.protect);
            wanted
                || marks.is_some_and(|marks| marks.protect)
                || change.desired.is_none() && STATEFUL.contains(&&*change.kind)
        })
        .map(|change| Refusal {
            address: change.address.clone(),
            action: change.action,
        })
        .collect()
}

/// Whether more goes than stays, so that the question should be asked twice.
pub fn deletes_more_than_it_keeps(plan: &Plan) -> bool {
    let counts = plan.counts();
    counts.delete > counts.update + counts.unchanged + counts.replace
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;
    use crate::plan::diff;
    use crate::provider::{Applied, Live, LiveResource, Status};
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
    fn protection_outlives_the_blueprint() {
        let plan = diff(&Graph::default(), &cloud("AWS::EC2::Instance", true), None);
        assert_eq!(refusals(&plan, &BTreeSet::new()).len(), 1);
        let plan = diff(&Graph::default(), &cloud("AWS::EC2::Instance", false), None);
        assert!(refusals(&plan, &BTreeSet::new()).is_empty());
        assert!(deletes_more_than_it_keeps(&plan));
    }
}
