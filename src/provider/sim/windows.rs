//! Windows in which RDS, ElastiCache and AWS Backup do their work: their form, their length, and that they stay apart.

use super::rules::{Refusal, text};
use crate::provider::ErrorKind;
use crate::value::{Map, Value};

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;

/// How long before and after RDS's windows AWS Backup starts no backup of a database, in minutes
/// (<https://repost.aws/knowledge-center/backup-coordinates-pitr>).
const APART: u32 = 60;

/// A window: when it begins and how long it is, in minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    from: u32,
    length: u32,
}

fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        (text.len() == 2)
            .then(|| text.parse::<u32>().ok())
            .flatten()
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn daily(text: &str) -> Option<Window> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    let length = (to + DAY - from) % DAY;
    Some(Window { from, length })
}

fn weekly(text: &str) -> Option<Window> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let (from, to) = text.split_once('-')?;
    let moment = |text: &str| {
        let (day, time) = text.split_once(':')?;
        let day = DAYS.iter().position(|one| one.eq_ignore_ascii_case(day))?;
        Some(u32::try_from(day).ok()? * DAY + minute(time)?)
    };
    let (from, to) = (moment(from)?, moment(to)?);
    let length = (to + WEEK - from) % WEEK;
    Some(Window { from, length })
}

/// Whether two spans of a week touch; both may go beyond its end.
fn touch(a: Window, b: Window) -> bool {
    let after = |one: Window, other: Window| (one.from + WEEK - other.from) % WEEK < other.length;
    after(a, b) || after(b, a)
}

fn invalid(message: String) -> Refusal {
    Refusal::new(ErrorKind::Invalid, "InvalidParameterValue", message)
}

/// Each day's window as spans of the week.
fn days(window: Window) -> impl Iterator<Item = Window> {
    (0..7).map(move |day| Window {
        from: day * DAY + window.from,
        ..window
    })
}

/// A database's windows: each half an hour at least, and apart
/// (botocore: CreateDBInstance.PreferredBackupWindow, PreferredMaintenanceWindow).
///
/// # Errors
/// What RDS would say.
pub fn check_database(properties: &Map) -> Result<(), Refusal> {
    let (backup, maintenance) = (
        text(properties, "PreferredBackupWindow"),
        text(properties, "PreferredMaintenanceWindow"),
    );
    let read = |text: &str, window: Option<Window>, what: &str, form: &str| match window {
        None if text.is_empty() => Ok(None),
        None => Err(invalid(format!(
            "Invalid {what} window format: {text}; it is {form}"
        ))),
        Some(window) if window.length < 30 => Err(invalid(format!(
            "The {what} window must be at least 30 minutes."
        ))),
        found => Ok(found),
    };
    let backup = read(backup, daily(backup), "backup", "hh24:mi-hh24:mi")?;
    let form = "ddd:hh24:mi-ddd:hh24:mi";
    let maintenance = read(maintenance, weekly(maintenance), "maintenance", form)?;
    if let (Some(backup), Some(maintenance)) = (backup, maintenance)
        && days(backup).any(|day| touch(day, maintenance))
    {
        let message = "The backup window and maintenance window must not overlap.";
        return Err(invalid(message.to_owned()));
    }
    Ok(())
}

/// A cache's maintenance window: an hour at least (botocore: CreateReplicationGroup.PreferredMaintenanceWindow).
///
/// # Errors
/// What ElastiCache would say.
pub fn check_cache(properties: &Map) -> Result<(), Refusal> {
    let window = text(properties, "PreferredMaintenanceWindow");
    match weekly(window) {
        None if window.is_empty() => Ok(()),
        None => Err(invalid(format!(
            "Invalid maintenance window format: {window}"
        ))),
        Some(found) if found.length < 60 => {
            let message = format!("The maintenance window {window} must be at least 60 minutes.");
            Err(invalid(message))
        }
        Some(_) => Ok(()),
    }
}

/// Whether AWS Backup can start a backup of a database at all: from when a rule's schedule says until its start window
/// ends there is a moment that is far enough from the database's windows.
pub fn can_start(rule: &Value, database: &Map) -> bool {
    let Some(start) = rule
        .at("ScheduleExpression")
        .and_then(Value::as_str)
        .and_then(cron)
    else {
        return true;
    };
    // AWS's default is eight hours (botocore: BackupRuleInput.StartWindowMinutes).
    let within = rule.at("StartWindowMinutes").and_then(Value::as_int);
    let within = within.and_then(|minutes| u32::try_from(minutes).ok());
    let within = within.unwrap_or(8 * 60);
    let around = |window: Window| Window {
        from: (window.from + WEEK - APART) % WEEK,
        length: window.length + 2 * APART,
    };
    let backup = daily(text(database, "PreferredBackupWindow"));
    let backup = backup.into_iter().flat_map(days);
    let maintenance = weekly(text(database, "PreferredMaintenanceWindow"));
    let closed: Vec<Window> = backup.chain(maintenance).map(around).collect();
    (0..7).all(|day| {
        (0..within.max(1)).any(|minute| {
            let from = (day * DAY + start + minute) % WEEK;
            let moment = Window { from, length: 1 };
            !closed.iter().any(|window| touch(moment, *window))
        })
    })
}

/// The minute of the day at which a daily `cron(MINUTE HOUR ...)` is due.
fn cron(expression: &str) -> Option<u32> {
    let fields = expression.strip_prefix("cron(")?.strip_suffix(')')?;
    let mut fields = fields.split(' ');
    let (minute, hour): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(json: serde_json::Value) -> Map {
        match Value::from(json) {
            Value::Map(map) => map,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn windows_have_a_form_a_length_and_stay_apart() {
        let check = |backup: &str, maintenance: &str| {
            check_database(&map(json!({
                "PreferredBackupWindow": backup, "PreferredMaintenanceWindow": maintenance})))
            .is_ok()
        };
        assert!(check("02:00-03:00", "sun:04:00-sun:05:00"));
        assert!(!check("24:00-03:00", "sun:04:00-sun:05:00"));
        assert!(!check("02:00-02:20", "sun:04:00-sun:05:00"));
        assert!(!check("02:00-03:00", "sun:02:30-sun:04:00"));
        assert!(!check("23:30-00:30", "mon:00:00-mon:01:00"));
        assert!(!check("23:30-00:30", "sun:23:00-mon:01:00"));
    }

    #[test]
    fn a_backup_starts_an_hour_from_the_databases_windows() {
        let database = map(json!({"PreferredBackupWindow": "02:00-03:00",
            "PreferredMaintenanceWindow": "sun:04:00-sun:05:00"}));
        let can = |cron: &str, within: u32| {
            let rule = json!({"ScheduleExpression": cron, "StartWindowMinutes": within});
            can_start(&Value::from(rule), &database)
        };
        assert!(!can("cron(0 2 * * ? *)", 60));
        assert!(can("cron(0 9 * * ? *)", 120));
        // On Sundays the maintenance window closes what is left.
        assert!(!can("cron(0 4 * * ? *)", 60));
    }
}
