//! What a migration asks of AWS besides resources: whether servers answer, which alarms are raised, how
//! far a replica is, and to run a script on a server by Systems Manager's Run Command.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde_json::json;

use super::clients::Clients;
use super::fail;
use super::sdk::{autoscaling, cloudwatch, ec2, elasticloadbalancingv2, rds, ssm};
use super::service::{NEXT_TOKEN, input, items, pages, text};
use crate::address::Address;
use crate::inventory::Handle;
use crate::provider::{ErrorKind, Health, Outcome, Output, Script};
use crate::value::{Map, Value};

/// Alarms that one `DescribeAlarms` takes
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>).
const ALARMS: usize = 100;

/// How many of the last minutes are asked for of a replica: what CloudWatch tells comes late.
const MINUTES: u64 = 60;

/// What stands for the servers of a fleet.
const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

/// Between two looks at a script that runs: at first, and at most.
const LOOKS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// How often a command that was just sent may be unknown still.
const UNKNOWN: u32 = 10;

/// How long an instance that cannot be reached is waited for, in seconds.
const DELIVERY: u64 = 600;

/// How many servers behind a target group or of an Auto Scaling group are healthy, or whether an instance passes EC2's
/// checks.
pub async fn health(clients: &Clients, handle: &Handle) -> Outcome<Health> {
    let region = &handle.address.region;
    if &*handle.kind == "AWS::ElasticLoadBalancingV2::TargetGroup" {
        let question = input(json!({"TargetGroupArn": &*handle.identifier}));
        let api = clients.elb(region);
        let answer = elasticloadbalancingv2::describe_target_health(&api, &question).await?;
        let states: Vec<&str> = items(&answer, "TargetHealthDescriptions")
            .map(|target| text(target, "TargetHealth.State"))
            .filter(|state| *state != "draining")
            .collect();
        let healthy = states.iter().filter(|state| **state == "healthy").count();
        return Ok(counted(healthy, states.len()));
    }
    if &*handle.kind == GROUP {
        let servers = servers_of(clients, handle).await?;
        let is_healthy = |one: &&Map| is_in_service(one) && text(one, "HealthStatus") == "Healthy";
        let healthy = servers.iter().filter(is_healthy).count();
        return Ok(counted(healthy, servers.len()));
    }
    let question = input(json!({"InstanceIds": [&*handle.identifier]}));
    let answer = ec2::describe_instance_status(&clients.ec2(region), &question).await?;
    // Only running instances are told of.
    let passes = items(&answer, "InstanceStatuses").any(|status| {
        ["InstanceStatus.Status", "SystemStatus.Status"]
            .iter()
            .all(|path| text(status, path) == "ok")
    });
    Ok(Health {
        healthy: u32::from(passes),
        all: 1,
    })
}

/// Which of these alarms are raised.
pub async fn firing_alarms(clients: &Clients, alarms: &[Handle]) -> Outcome<Vec<Address>> {
    let mut regions: Vec<&str> = alarms.iter().map(|one| &*one.address.region).collect();
    regions.sort_unstable();
    regions.dedup();
    let asks = regions.into_iter().map(async |region| {
        let api = clients.cloudwatch(region);
        let here: Vec<&Handle> = alarms
            .iter()
            .filter(|alarm| &*alarm.address.region == region)
            .collect();
        let mut found = Vec::new();
        for some in here.chunks(ALARMS) {
            let names: Vec<&str> = some.iter().map(|alarm| &*alarm.identifier).collect();
            let question =
                input(json!({"AlarmNames": names, "StateValue": "ALARM", "MaxRecords": ALARMS}));
            let call = async |question: &Map| cloudwatch::describe_alarms(&api, question).await;
            let alarms = pages(call, question, "MetricAlarms", NEXT_TOKEN).await?;
            // Asked for by state, and looked at all the same: emulators tell of all.
            for alarm in alarms
                .iter()
                .filter(|one| text(one, "StateValue") == "ALARM")
            {
                let name = text(alarm, "AlarmName");
                let known = some.iter().find(|one| &*one.identifier == name);
                found.extend(known.map(|one| one.address.clone()));
            }
        }
        Outcome::Ok(found)
    });
    Ok(try_join_all(asks).await?.into_iter().flatten().collect())
}

/// The moment up to which a replica has everything. Nobody tells it outright, so it is the latest that
/// follows from one of these: a minute in which the replica was so many seconds behind at most, and,
/// for PostgreSQL, whose replicas seem to fall behind when nothing is written, a minute in which the
/// source had nothing left to send
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html>).
pub async fn replicated(clients: &Clients, handle: &Handle, now: u64) -> Outcome<Option<u64>> {
    let region = &*handle.address.region;
    let question = input(json!({"DBInstanceIdentifier": &*handle.identifier}));
    let answer = rds::describe_db_instances(&clients.rds(region), &question).await?;
    let Some(replica) = items(&answer, "DBInstances").next() else {
        return Ok(None);
    };
    let source = text(replica, "ReadReplicaSourceDBInstanceIdentifier");
    if source.is_empty() {
        return Ok(Some(now));
    }
    let lags = metric(
        clients,
        region,
        &handle.identifier,
        "ReplicaLag",
        "Maximum",
        now,
    )
    .await?;
    let by_lag = lags
        .into_iter()
        // -1 is a replica that does not know.
        .filter(|(_, seconds)| *seconds >= 0.0)
        .map(|(at, seconds)| at.saturating_sub((seconds * 1000.0).ceil() as u64))
        .max();
    if !text(replica, "Engine").contains("postgres") {
        return Ok(by_lag);
    }
    // Across regions it is an ARN: arn:aws:rds:REGION:ACCOUNT:db:NAME.
    let mut parts = source.split(':');
    let (home, name) = match (parts.nth(3), parts.nth(2)) {
        (Some(home), Some(name)) => (home, name),
        _ => (region, source),
    };
    // A source that does not answer any more has nothing to add.
    let slots = metric(
        clients,
        home,
        name,
        "OldestReplicationSlotLag",
        "Minimum",
        now,
    )
    .await
    .unwrap_or_default();
    let sent = slots.into_iter().filter(|(_, bytes)| *bytes <= 0.0);
    Ok(by_lag.max(sent.map(|(at, _)| at).max()))
}

/// What a database's metric was in each of the last minutes, with the moment at which the minute began.
async fn metric(
    clients: &Clients,
    region: &str,
    database: &str,
    name: &str,
    statistic: &str,
    now: u64,
) -> Outcome<Vec<(u64, f64)>> {
    let moment = |at: u64| {
        let at = jiff::Timestamp::from_millisecond(i64::try_from(at).unwrap_or(i64::MAX));
        at.map(|at| at.to_string()).unwrap_or_default()
    };
    let question = input(json!({
        "Namespace": "AWS/RDS",
        "MetricName": name,
        "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": database}],
        "StartTime": moment(now.saturating_sub(MINUTES * 60_000)),
        "EndTime": moment(now),
        "Period": 60,
        "Statistics": [statistic],
    }));
    let api = clients.cloudwatch(region);
    let answer = cloudwatch::get_metric_statistics(&api, &question).await?;
    let points = items(&answer, "Datapoints").filter_map(|point| {
        let at: jiff::Timestamp = text(point, "Timestamp").parse().ok()?;
        let value = match point.get(statistic)? {
            Value::Float(value) => *value,
            Value::Int(value) => *value as f64,
            _ => return None,
        };
        Some((u64::try_from(at.as_millisecond()).ok()?, value))
    });
    Ok(points.collect())
}

fn counted(healthy: usize, all: usize) -> Health {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Health {
        healthy: number(healthy),
        all: number(all),
    }
}

/// The servers of an Auto Scaling group.
async fn servers_of(clients: &Clients, group: &Handle) -> Outcome<Vec<Map>> {
    let api = clients.autoscaling(&group.address.region);
    let question = input(json!({"AutoScalingGroupNames": [&*group.identifier]}));
    let answer = autoscaling::describe_auto_scaling_groups(&api, &question).await?;
    let groups = items(&answer, "AutoScalingGroups");
    Ok(groups
        .flat_map(|group| items(group, "Instances"))
        .cloned()
        .collect())
}

fn is_in_service(server: &Map) -> bool {
    text(server, "LifecycleState") == "InService"
}

/// The servers in service behind a handle: of a group, or the server itself.
pub async fn servers(clients: &Clients, handle: &Handle) -> Outcome<Vec<Arc<str>>> {
    if &*handle.kind != GROUP {
        return Ok(vec![handle.identifier.clone()]);
    }
    let servers = servers_of(clients, handle).await?;
    let in_service = servers.iter().filter(|one| is_in_service(one));
    Ok(in_service
        .map(|one| text(one, "InstanceId").into())
        .collect())
}

/// The instance that runs a script: the one that is named, the server itself, or one in service of a group.
async fn instance_of(clients: &Clients, script: &Script) -> Outcome<Arc<str>> {
    if let Some(instance) = &script.on {
        return Ok(instance.clone());
    }
    let server = &script.server;
    let instance = servers(clients, server).await?.into_iter().next();
    instance.ok_or_else(|| {
        let message = format!("no server of {} is in service", server.identifier);
        fail(
            ErrorKind::NotFound,
            "NoInstance",
            message,
            "ssm:SendCommand",
        )
    })
}

/// Runs a script and waits for its end.
pub async fn run(clients: &Clients, script: &Script) -> Outcome<Output> {
    let api = clients.ssm(&script.server.address.region);
    let instance = instance_of(clients, script).await?;
    let instance = &*instance;
    let question = input(json!({
        "DocumentName": "AWS-RunShellScript",
        "Comment": format!("scalectl {}{}", script.name, if script.undo { " undo" } else { "" }),
        "InstanceIds": [instance],
        "TimeoutSeconds": DELIVERY,
        "Parameters": {
            "commands": [script.text],
            "executionTimeout": [script.within.as_secs().to_string()],
        },
    }));
    let answer = ssm::send_command(&api, &question).await?;
    let id = text(&answer, "Command.CommandId").to_owned();
    let question = input(json!({"CommandId": id, "InstanceId": instance}));
    let (mut wait, longest) = LOOKS;
    let mut unknown = 0;
    loop {
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(longest);
        let answer = match ssm::get_command_invocation(&api, &question).await {
            Ok(answer) => answer,
            // Systems Manager knows a command a moment after it was sent.
            Err(error) if error.kind == ErrorKind::NotFound && unknown < UNKNOWN => {
                unknown += 1;
                continue;
            }
            Err(error) if error.kind.is_retryable() => continue,
            Err(error) => return Err(error),
        };
        let state = text(&answer, "Status");
        if matches!(state, "Pending" | "InProgress" | "Delayed" | "Cancelling") {
            continue;
        }
        if matches!(state, "TimedOut" | "Cancelled" | "Undeliverable") {
            let detail = text(&answer, "StatusDetails");
            let message = format!("{} on {instance}: {state} ({detail})", script.name);
            return Err(fail(ErrorKind::Invalid, state, message, "ssm:SendCommand"));
        }
        let code = answer.get("ResponseCode").and_then(Value::as_int);
        let said = |name: &str| text(&answer, name).to_owned();
        return Ok(Output {
            code: code.and_then(|code| i32::try_from(code).ok()).unwrap_or(-1),
            stdout: said("StandardOutputContent"),
            stderr: said("StandardErrorContent"),
        });
    }
}
