//! The database: its version, name, disk, and the windows in which it is maintained.

use super::{Rules, engines};
use crate::schema::facts::offers;
use crate::schema::facts::reserved::is_reserved;
use crate::schema::nearest;
use crate::spec::{Database, Maintenance, Region, Spec, Stage, Storage};

/// Minutes in a week.
const WEEK: u32 = 7 * 24 * 60;
/// The shortest window, in minutes.
const SHORTEST: u32 = 30;

/// Checks the database and its windows.
pub fn check(rules: &mut Rules<'_>) {
    windows(rules);
    let spec = rules.spec;
    let Some(database) = &spec.database else {
        return;
    };
    if let Some(version) = &database.version {
        check_version(rules, database, version);
    }
    let name = &*database.name(&spec.app);
    let engine = database.engine.row().title;
    if is_reserved(database.rds(), name) {
        match database.name {
            Some(_) => {
                let message =
                    format!("{engine} reserves the name {name}, which the database cannot have");
                rules.say(
                    "database.name",
                    message,
                    &format!("use another, such as {name}_data"),
                );
            }
            None => {
                let message = format!(
                    "{engine} reserves the name {name}, which the database has from the app"
                );
                rules.say(
                    "database",
                    message,
                    &format!("name it: `database: {{name: {name}_data}}`"),
                );
            }
        }
    }
    engines::check(rules, database);
    if let Storage::Detailed(details) = &database.storage
        && let Some(max) = details.max
        && u64::from(max) * 10 < u64::from(details.size) * 11
    {
        // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
        let least = (u64::from(details.size) * 11).div_ceil(10);
        let message = format!(
            "the database's disk may grow to {max} GiB, which is not 10 % above its {}",
            details.size
        );
        rules.say(
            "database.storage.max",
            message,
            &format!("set {least} or more, or leave it out"),
        );
    }
    writer(rules, spec);
}

/// How many minor versions after the last one that the table knows are taken for newer than the table: two years of them.
const YET_TO_COME: u16 = 8;

fn check_version(rules: &mut Rules<'_>, database: &Database, version: &str) {
    let row = database.engine.row();
    let (key, name, most, like) = (database.rds(), row.title, row.numbers, row.like);
    let parts: Vec<Option<u16>> = version.split('.').map(|part| part.parse().ok()).collect();
    if most > 0 && (parts.contains(&None) || parts.len() > most || parts.len() + 1 < most) {
        let message = format!("{version:?} is not a version of the database's engine");
        let help = format!("write it like {like}");
        return rules.say("database.version", message, &help);
    }
    let major = offers::major(key, version);
    let majors = offers::majors(key);
    if !majors.contains(&major) {
        let near = nearest(version, offers::versions(key));
        let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
        let message = format!("RDS has no version {major} of {name}");
        let help = format!("{near}use one of {}", majors.join(", "));
        return rules.say("database.version", message, &help);
    }
    if most == 0 {
        // Versions that are no numbers are not said to be newer than the table.
        if !offers::has_version(key, version) {
            let near = nearest(version, offers::versions(key));
            let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
            let message = format!("RDS has no version {version} of {name}");
            let help = format!("{near}{major} alone is the latest of its minor versions");
            rules.say("database.version", message, &help);
        }
        return;
    }
    // A database that exists may be of a minor version that no new one can be of.
    let minor = |version: &str| -> Option<u16> { version.rsplit('.').next()?.parse().ok() };
    let minors: Vec<&str> = offers::versions(key)
        .filter(|one| *one != major && offers::major(key, one) == major)
        .collect();
    let (Some(first), Some(last)) = (minors.first(), minors.last()) else {
        return;
    };
    let known = minor(first).unwrap_or(0)..=minor(last).unwrap_or(0).saturating_add(YET_TO_COME);
    let wanted = minor(version).filter(|_| version != major);
    let is_gap = |wanted: u16| {
        Some(wanted) <= minor(last) && wanted >= *known.start() && !minors.contains(&version)
    };
    if wanted.is_some_and(|wanted| wanted > *known.end() || is_gap(wanted)) {
        let near = nearest(version, minors.iter().copied()).unwrap_or(last);
        let message = format!("RDS has no version {version} of {name}");
        let help =
            format!("did you mean {near}? {major} alone is the latest of its minor versions");
        rules.say("database.version", message, &help);
    }
}

fn writer(rules: &mut Rules<'_>, spec: &Spec) {
    let Some(name) = spec
        .database
        .as_ref()
        .and_then(|database| database.writer_region.as_ref())
    else {
        return;
    };
    let path = "database.writer_region";
    let first = spec.regions.first().map_or("", Region::name);
    if !spec.regions.iter().any(|region| region.name() == name) {
        let message = format!("{name} is none of the spec's regions");
        rules.say(path, message, "name one of `regions`");
    } else if name != first && spec.stage != Stage::MultiRegion {
        let message = format!(
            "{} has a database in {first} only, and {name} takes the writes",
            spec.stage.name()
        );
        let help = format!("`scalectl failover --to {first}` at stage multi-region first");
        rules.say(path, message, &help);
    }
}

/// RDS and ElastiCache take windows of half an hour to a day, and RDS none that overlap
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupWindow.html>).
fn windows(rules: &mut Rules<'_>) {
    let maintenance = &rules.spec.maintenance;
    let (window, backup) = (
        maintenance.window.clone(),
        maintenance.backup_window.clone(),
    );
    // ElastiCache takes no maintenance window below an hour.
    let least = if rules.spec.cache.is_some() {
        60
    } else {
        SHORTEST
    };
    let weekly = span(&window, WEEK);
    let daily = span(&backup, WEEK / 7);
    for (path, text, span) in [
        ("maintenance.window", &window, weekly),
        ("maintenance.backup_window", &backup, daily),
    ] {
        match span {
            None => {
                let message = format!("{text:?} has an hour that no day has");
                rules.say(path, message, "hours go from 00:00 to 23:59");
            }
            Some((_, length))
                if length < SHORTEST || path == "maintenance.window" && length < least =>
            {
                let least = if path == "maintenance.window" {
                    least
                } else {
                    SHORTEST
                };
                let message = format!("{path} has {length} minutes, fewer than {least}");
                rules.say(path, message, "make it longer");
            }
            Some((_, length)) if length >= WEEK / 7 => {
                let message = format!("{path} is a day or longer");
                rules.say(path, message, "make it shorter");
            }
            Some(_) => {}
        }
    }
    if let (Some(weekly), Some(daily)) = (weekly, daily) {
        let day = WEEK / 7;
        let overlaps = (0..8).any(|number| {
            let start = number * day + daily.0;
            let end = start + daily.1;
            [weekly.0, weekly.0 + WEEK]
                .into_iter()
                .any(|from| start < from + weekly.1 && from < end)
        });
        if overlaps {
            let message =
                format!("the backups' window, {backup}, overlaps the maintenance window, {window}");
            rules.say("maintenance.backup_window", message, "move one of them");
        }
    }
}

/// How far from RDS's windows AWS Backup starts: it refuses to within an hour of them
/// (<https://repost.aws/knowledge-center/backup-coordinates-pitr>), and a window's work may take longer than it.
const APART: u32 = 90;
/// How long a backup of AWS Backup may wait to start, in minutes, as the blueprints say.
const JOB: u32 = 120;

/// When AWS Backup takes the database's backup, such as `06:30`: the first quarter of an hour after RDS's own that is far
/// from both windows on every day, as long as a backup may wait to start. Where the windows leave no such time, it is
/// twelve hours after RDS's own.
pub fn backup_job(maintenance: &Maintenance) -> String {
    const DAY: u32 = WEEK / 7;
    let daily = span(&maintenance.backup_window, DAY);
    let weekly = span(&maintenance.window, WEEK).map(|(from, length)| (from % DAY, length));
    let end = daily.map_or(0, |(from, length)| (from + length) % DAY);
    let is_far = |start: &u32| {
        let (begin, whole) = ((start + DAY - APART) % DAY, JOB + 2 * APART);
        [daily, weekly].into_iter().flatten().all(|(from, length)| {
            (from + DAY - begin) % DAY >= whole && (begin + DAY - from) % DAY >= length
        })
    };
    let first = (end + APART).div_ceil(15) * 15;
    let found = (0..DAY / 15).map(|quarter| (first + quarter * 15) % DAY);
    let start = found.into_iter().find(is_far);
    let start = start.unwrap_or((end + DAY / 2) % DAY);
    format!("{:02}:{:02}", start / 60, start % 60)
}

/// When a window starts and how long it is, in minutes of a day or a week.
fn span(text: &str, whole: u32) -> Option<(u32, u32)> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let minute = |text: &str| {
        let (day, time) = match text.len() {
            9 => (
                DAYS.iter().position(|day| text.starts_with(day))?,
                &text[4..],
            ),
            _ => (0, text),
        };
        let (hour, minute) = time.split_once(':')?;
        let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour < 24 && minute < 60)
            .then_some(u32::try_from(day).ok()? * 24 * 60 + hour * 60 + minute)
    };
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    Some((from, (to + whole - from) % whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_job_is_far_from_both_windows() {
        let job = |backup: &str, window: &str| {
            backup_job(&Maintenance {
                window: window.to_owned(),
                backup_window: backup.to_owned(),
                ..Maintenance::default()
            })
        };
        assert_eq!(job("02:00-03:00", "sun:04:00-sun:05:00"), "06:30");
        assert_eq!(job("02:00-03:00", "sun:12:00-sun:13:00"), "04:30");
        assert_eq!(job("22:00-23:30", "mon:01:00-mon:02:00"), "03:30");
        assert_eq!(job("22:10-22:40", "sun:23:00-mon:01:00"), "02:30");
        // A window of most of a day leaves nothing.
        assert_eq!(job("02:00-03:00", "sun:04:00-mon:01:00"), "15:00");
    }

    #[test]
    fn windows_are_measured_over_midnight() {
        assert_eq!(span("02:00-03:00", WEEK / 7), Some((120, 60)));
        assert_eq!(span("23:30-00:30", WEEK / 7), Some((23 * 60 + 30, 60)));
        assert_eq!(
            span("sun:23:00-mon:01:00", WEEK),
            Some((6 * 1440 + 23 * 60, 120))
        );
        assert_eq!(span("29:00-03:00", WEEK / 7), None);
    }
}
