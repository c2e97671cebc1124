//! Auto Scaling groups: how long a replacement of their servers goes on, and servers that are judged before they answer.
//!
//! Owns what a group does by itself after a call; what it may be is [`super::rules`]' and [`super::refusals`]'.

use super::cloud::Item;
use super::site::text;
use crate::value::Map;

pub(super) const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

/// Seconds from a server's launch until it answers.
pub(super) const BOOT: u64 = 90;

/// What says which servers a group launches; a change of it replaces those that run.
const LAUNCHES: [&str; 3] = [
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MixedInstancesPolicy",
];

/// What `StartInstanceRefresh` is refused with while another goes on.
pub(super) const IN_PROGRESS: &str = "InstanceRefreshInProgress";

/// Whether a change of these properties replaces the servers.
pub(super) fn replaces<S: AsRef<str>>(kind: &str, changed: &[S]) -> bool {
    kind == GROUP && changed.iter().any(|name| LAUNCHES.contains(&name.as_ref()))
}

fn number(properties: &Map, name: &str) -> Option<u64> {
    u64::try_from(properties.get(name)?.as_number()?).ok()
}

/// Milliseconds until all servers of a group are others: a tenth at a time, one at least; each batch boots and warms up
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-instance-refresh-default-values.html>).
pub(super) fn replacement(properties: &Map) -> u64 {
    let servers = number(properties, "DesiredCapacity").or(number(properties, "MinSize"));
    let servers = servers.unwrap_or(1).max(1);
    let warmup = number(properties, "DefaultInstanceWarmup");
    let warmup = warmup.or(number(properties, "HealthCheckGracePeriod"));
    let batches = servers.div_ceil((servers / 10).max(1));
    batches * (BOOT + warmup.unwrap_or(0)) * 1000
}

/// Whether the load balancer's verdict on a group's servers counts before they can answer, so that each is terminated and
/// another launched, for ever
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-check-grace-period.html>).
pub(super) fn judges_too_early(properties: &Map) -> bool {
    let asks = text(properties, "HealthCheckType")
        .split(',')
        .any(|one| one.trim() == "ELB");
    asks && number(properties, "HealthCheckGracePeriod").unwrap_or(0) < BOOT
}

/// The word for a group whose servers never serve.
const EARLY: &str = "no server in service: its load balancer's check ends each before it answers, as HealthCheckGracePeriod is shorter";

/// How long a new group that nobody serves is on its way, in milliseconds; then it is left alone.
const NEW: u64 = 20 * 60 * 1000;

/// A group that launches servers as its health check leaves it.
pub(super) fn judged(group: &mut Item, now: u64) {
    if &*group.kind == GROUP && judges_too_early(&group.properties) {
        group.ready_at = now + NEW;
        group.word = EARLY.into();
    }
}

/// A changed group: with time enough the servers of one that nobody served come into service; those that run are judged
/// anew only once they are replaced.
pub(super) fn judged_again(group: &mut Item, replaces: bool, now: u64) {
    if group.is_served_by_nobody() && !judges_too_early(&group.properties) {
        group.ready_at = now + BOOT * 1000;
        group.word = "creating".into();
    } else if replaces {
        judged(group, now);
    }
}

/// Whether a group's first servers do not serve yet, whatever else is changed about it.
pub(super) fn still_begins(item: &Item, now: u64) -> bool {
    &*item.kind == GROUP && item.ready_at > now && &*item.word != "modifying"
}

impl Item {
    /// Whether a group's servers are ended before they answer.
    pub(super) fn is_served_by_nobody(&self) -> bool {
        &*self.word == EARLY
    }

    /// Whether the servers of a group are being replaced.
    pub(super) fn is_replaced(&self, now: u64) -> bool {
        self.replaced_at.is_some_and(|until| until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn group(json: serde_json::Value) -> Map {
        match Value::from(json) {
            Value::Map(map) => map,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn servers_are_replaced_a_tenth_at_a_time() {
        let seconds = |json| replacement(&group(json)) / 1000;
        let warmup = 110;
        let of = |size: u64| serde_json::json!({"MinSize": size.to_string(), "DefaultInstanceWarmup": warmup});
        assert_eq!(seconds(of(1)), 200);
        assert_eq!(seconds(of(4)), 800);
        assert_eq!(seconds(of(25)), 13 * 200);
    }

    #[test]
    fn a_check_that_begins_before_the_servers_answer_is_too_early() {
        let early = |json| judges_too_early(&group(json));
        assert!(early(serde_json::json!({"HealthCheckType": "ELB"})));
        assert!(early(
            serde_json::json!({"HealthCheckType": "EC2,ELB", "HealthCheckGracePeriod": 60})
        ));
        assert!(!early(
            serde_json::json!({"HealthCheckType": "ELB", "HealthCheckGracePeriod": 300})
        ));
        assert!(!early(serde_json::json!({"HealthCheckType": "EC2"})));
    }
}
