//! Alarms that are raised without a fault, because of what AWS's own metrics do.

use super::cloud::{Cloud, Item};
use super::database::DATABASE;
use super::rules::is_called;
use super::site::text;
use super::windows;
use crate::value::Value;

/// How far behind a replica of PostgreSQL on which nothing is written seems to fall, in seconds: RDS counts from the last
/// transaction that was replayed, and the source writes something every five minutes
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.Monitor.html>).
const IDLE: f64 = 300.0;

impl Cloud {
    /// Whether an alarm is raised by what there is, and by nothing that a test does.
    pub(super) fn is_raised_by_itself(&self, alarm: &Item) -> bool {
        let name = text(&alarm.properties, "MetricName");
        match (text(&alarm.properties, "Namespace"), name) {
            ("AWS/Backup", "NumberOfBackupJobsFailed") => self.backups_fail(&alarm.region),
            ("AWS/RDS", "ReplicaLag") => {
                let limit = match alarm.properties.get("Threshold") {
                    Some(Value::Int(limit)) => *limit as f64,
                    Some(Value::Float(limit)) => *limit,
                    _ => return false,
                };
                limit < IDLE && self.is_idle_postgres(alarm)
            }
            _ => false,
        }
    }

    fn is_idle_postgres(&self, alarm: &Item) -> bool {
        let dimensions = alarm.properties.get("Dimensions").and_then(Value::as_list);
        let mut names = dimensions
            .unwrap_or_default()
            .iter()
            .filter_map(|one| one.at("Value").and_then(Value::as_str));
        names.any(|name| {
            self.items.values().any(|item| {
                &*item.kind == DATABASE
                    && item.region == alarm.region
                    && is_called(item, name)
                    && text(&item.properties, "Engine") == "postgres"
                    && item.properties.contains_key("SourceDBInstanceIdentifier")
            })
        })
    }

    /// Whether a backup plan of a region never gets to back up one of its databases.
    fn backups_fail(&self, region: &str) -> bool {
        let of = |kind: &'static str| {
            let is_it = move |item: &&Item| &*item.kind == kind && &*item.region == region;
            self.items.values().filter(is_it)
        };
        of("AWS::Backup::BackupSelection").any(|selection| {
            let plan = text(&selection.properties, "BackupPlanId");
            let plan = of("AWS::Backup::BackupPlan").find(|item| is_called(item, plan));
            let rules = plan.and_then(|plan| plan.properties.at("BackupPlan.BackupPlanRule"));
            let rules = rules.and_then(Value::as_list).unwrap_or_default();
            let chosen = selection.properties.at("BackupSelection.Resources");
            let chosen = chosen.and_then(Value::as_list).unwrap_or_default();
            of(DATABASE)
                .filter(|database| {
                    let is_named =
                        |name: &Value| name.as_str().is_some_and(|n| is_called(database, n));
                    chosen.iter().any(is_named)
                })
                .any(|database| {
                    let can = |rule: &Value| windows::can_start(rule, &database.properties);
                    !rules.iter().all(can)
                })
        })
    }
}
