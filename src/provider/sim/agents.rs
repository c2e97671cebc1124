//! Log groups that nobody asked for: the agents of running servers, and RDS, make anew what they write to.

use std::sync::Arc;

use super::attributes;
use super::cloud::{Cloud, Item};
use crate::provider::Write;
use crate::value::{Map, Value};

const GROUP: &str = "AWS::Logs::LogGroup";
/// What the names of RDS's log groups begin with.
const RDS: &str = "/aws/rds/";

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
        self.write_first(&group.region, &group.identifier, at);
    }

    /// A database is there: RDS makes the groups of its exports that are not.
    pub(super) fn logs_begin(&mut self, database: &Item) {
        let Some(prefix) = prefix_of(database) else {
            return;
        };
        let exports = database.properties.get("EnableCloudwatchLogsExports");
        let exports = exports.and_then(Value::as_list).unwrap_or_default();
        for log in exports.iter().filter_map(Value::as_str) {
            let name = format!("{prefix}{log}");
            if self.find(GROUP, &database.region, &name).is_none() {
                self.write_first(&database.region, &name, database.ready_at);
            }
        }
    }

    /// The log group that RDS made, in whose place one of ours is to be: it is taken over, as a group of ours that holds
    /// the logs of a database of ours can be no one else's.
    pub(super) fn made_by_rds(&self, write: &Write) -> Option<Item> {
        let name = write.properties.get("LogGroupName")?.as_str()?;
        let group = self.find(&write.kind, &write.address.region, name)?;
        (&*write.kind == GROUP && name.starts_with(RDS) && group.marks.is_none())
            .then(|| group.clone())
    }

    /// A log group that who writes to it has made.
    fn write_first(&mut self, region: &Arc<str>, name: &str, at: u64) {
        let number = self.next;
        let mut given = Map::new();
        given.insert("LogGroupName", Value::str(name));
        let (identifier, properties) = attributes::create(self, GROUP, region, number, &given);
        self.next += 1;
        self.dirty.insert(number);
        let group = Item {
            number,
            ready_at: at,
            word: "creating".into(),
            visible_at: at,
            ..Item::unowned(GROUP.into(), Arc::clone(region), identifier, properties)
        };
        self.items.insert(number, group);
    }
}

/// What the names of a database's log groups begin with.
fn prefix_of(database: &Item) -> Option<String> {
    let kind = match &*database.kind {
        "AWS::RDS::DBInstance" => "instance",
        "AWS::RDS::DBCluster" => "cluster",
        _ => return None,
    };
    Some(format!("{RDS}{kind}/{}/", database.identifier))
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
        _ => {
            let exports = item.properties.get("EnableCloudwatchLogsExports");
            let exports = exports.and_then(Value::as_list).unwrap_or_default();
            let log = prefix_of(item).and_then(|prefix| name.strip_prefix(&*prefix));
            log.is_some_and(|log| exports.iter().any(|one| one.as_str() == Some(log)))
        }
    }
}
