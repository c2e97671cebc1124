//! Log groups that nobody asked for: the agents of running servers, and RDS, make anew what they write to.

use std::sync::Arc;

use super::attributes;
use super::cloud::{Cloud, Item};
use crate::value::{Map, Value};

const GROUP: &str = "AWS::Logs::LogGroup";

impl Cloud {
    /// A log group has gone: whoever still writes to it makes it again, without an owner and for ever.
    ///
    /// The CloudWatch agent may create groups
    /// (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/CloudWatchAgentServerPolicy.html>); RDS creates those
    /// of its exports
    /// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html>).
    pub(super) fn written_again(&mut self, group: &Item, at: u64) {
        if &*group.kind != GROUP || !self.items.values().any(|item| writes(item, group, at)) {
            return;
        }
        let number = self.next;
        let mut given = Map::new();
        given.insert("LogGroupName", Value::str(&*group.identifier));
        let (identifier, properties) =
            attributes::create(self, GROUP, &group.region, number, &given);
        self.next += 1;
        self.dirty.insert(number);
        let again = Item {
            number,
            identifier,
            properties,
            marks: None,
            ready_at: at,
            visible_at: at,
            gone_at: None,
            failed: None,
            ..group.clone()
        };
        self.items.insert(number, again);
    }
}

/// Whether an item writes to a log group at this moment.
fn writes(item: &Item, group: &Item, at: u64) -> bool {
    if item.region != group.region || !item.exists(at) || item.ready_at > at {
        return false;
    }
    let name: &str = &group.identifier;
    match &*item.kind {
        // User data names the group of the agent by its owner's path.
        "AWS::EC2::Instance" | "AWS::AutoScaling::AutoScalingGroup" => {
            let owner = item.marks.as_ref().map(|marks| &marks.owner);
            owner.is_some_and(|owner| name == format!("/{}/{}/system", owner.app, owner.env))
        }
        "AWS::RDS::DBInstance" => {
            let exports = item.properties.get("EnableCloudwatchLogsExports");
            let exports = exports.and_then(Value::as_list).unwrap_or_default();
            let prefix = format!("/aws/rds/instance/{}/", item.identifier);
            let log = name.strip_prefix(&prefix).map(Arc::<str>::from);
            log.is_some_and(|log| exports.iter().any(|one| one.as_str() == Some(&log)))
        }
        _ => false,
    }
}
