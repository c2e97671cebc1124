//! What an engine, or an edition of one, cannot do: an error at its line that names the alternative.

use super::Rules;
use crate::schema::facts::reserved::is_reserved_user;
use crate::spec::{Database, Dialect, Edition, Engine, License, Stage};

/// Checks what the spec asks of its engine.
pub fn check(rules: &mut Rules<'_>, database: &Database) {
    stages(rules, database);
    editions(rules, database);
    replicas(rules, database);
    reads(rules, database);
    names(rules, database);
    let written = rules.merged.get("database");
    if database.engine.row().cluster && written.and_then(|one| one.get("storage")).is_some() {
        let message = format!(
            "{}'s storage has no size: it grows by itself",
            database.title()
        );
        rules.say("database.storage", message, "remove `storage`");
    }
    let most = database.engine.row().disk;
    let (size, max) = database.disk();
    if size.max(max) > most {
        let message = format!(
            "the disk has up to {} GiB; RDS has {most} at most for {}",
            size.max(max),
            database.title()
        );
        rules.say("database.storage", message, "set less");
    }
}

/// Where an engine runs.
fn stages(rules: &mut Rules<'_>, database: &Database) {
    let (stage, row) = (rules.spec.stage, database.engine.row());
    let title = row.title;
    let others = match row.dialect {
        Some(Dialect::Postgres) => "`engine: postgres`",
        Some(Dialect::Mysql) => "`engine: mysql` or `mariadb`",
        None => "`engine: postgres`, `mysql` or `mariadb`",
    };
    if stage == Stage::SingleServer && !row.local {
        let why = if row.cluster {
            "runs on AWS's servers only"
        } else {
            "has no licence on the single server, and scalectl has no scripts that would move it to RDS"
        };
        let message = format!("{title} {why}");
        let help = format!("start at `stage: split-db`, or use {others}");
        rules.say("database.engine", message, &help);
    }
    if stage == Stage::MultiRegion && !row.regional {
        let why = if row.cluster {
            "in several regions is a global database, which scalectl does not deploy"
        } else {
            "has no replicas in other regions here: a failover could not keep writers away from the old one by its parameters"
        };
        let message = format!("{title} {why}");
        let help = format!("stop at `stage: cdn`, or use {others}");
        rules.say("database.engine", message, &help);
    }
}

fn editions(rules: &mut Rules<'_>, database: &Database) {
    let row = database.engine.row();
    let title = row.title;
    if let Some(edition) = database.edition
        && !row.editions.contains(&edition)
    {
        let known: Vec<&str> = row.editions.iter().map(|one| one.word()).collect();
        let (message, help) = match known[..] {
            [] => (
                format!("{title} has no editions"),
                "remove `edition`".to_owned(),
            ),
            _ => (
                format!("{title} has no edition {} on RDS", edition.word()),
                format!("use {}", known.join(" or ")),
            ),
        };
        rules.say("database.edition", message, &help);
    }
    let own = database.license == Some(License::BringYourOwn);
    match (database.engine, database.edition()) {
        (Engine::Oracle, Edition::Enterprise) if !own => {
            let message = "AWS rents out no licence for Oracle Enterprise Edition".to_owned();
            let path = if database.license.is_some() {
                "database.license"
            } else {
                "database.edition"
            };
            let help = "set `license: bring-your-own` if you have one, or use `edition: standard` or `engine: postgres`";
            rules.say(path, message, help);
        }
        (Engine::Oracle, _) => {}
        _ if database.license.is_some() && row.editions.is_empty() => {
            let message = format!("{title} needs no licence");
            rules.say("database.license", message, "remove `license`");
        }
        _ if own => {
            let message = format!("RDS runs {title} under AWS's licence only");
            rules.say("database.license", message, "remove `license`");
        }
        _ => {}
    }
}

fn replicas(rules: &mut Rules<'_>, database: &Database) {
    let (most, title) = (database.most_replicas(), database.title());
    if database.replicas > most {
        let (message, help) = match most {
            0 => (
                format!("{title} has no read replicas"),
                "use `edition: enterprise`, or `engine: postgres`, or set `replicas: 0`".to_owned(),
            ),
            _ => (
                format!(
                    "{title} has {most} read replicas at most, not {}",
                    database.replicas
                ),
                format!("set `replicas: {most}`"),
            ),
        };
        rules.say("database.replicas", message, &help);
        return;
    }
    // Those in other regions follow the same database.
    let regions = rules.spec.regions.len().saturating_sub(1);
    let others = u8::try_from(regions).unwrap_or(u8::MAX);
    if rules.spec.stage == Stage::MultiRegion && database.replicas.saturating_add(others) > most {
        let message = format!(
            "{title} has {most} replicas at most, and {others} of them are for the other regions"
        );
        let help = format!("set `replicas: {}` or fewer", most.saturating_sub(others));
        rules.say("database.replicas", message, &help);
    } else if database.replicas > 0
        && database.engine == Engine::Sqlserver
        && database.multi_az == Some(false)
    {
        let message = "SQL Server's replicas follow a database with a standby only".to_owned();
        let help = "remove `multi_az: false`, or set `replicas: 0`";
        rules.say("database.multi_az", message, help);
    }
    if database.multi_az == Some(true) && !database.has_standby() {
        let message = format!("{title} has no standby in another zone");
        let help = "use `edition: standard`, or `engine: postgres`, or remove `multi_az`";
        rules.say("database.multi_az", message, help);
    }
}

/// The reader name needs a replica that it leads to.
fn reads(rules: &mut Rules<'_>, database: &Database) {
    if database.reads.is_none() || database.replicas > 0 {
        return;
    }
    if !database.engine.row().cluster {
        let title = database.title();
        let (message, help) = match database.most_replicas() {
            0 => (
                format!("{title} has no read replicas, so there is nothing to read from"),
                "use `edition: enterprise`, or `engine: postgres`, or remove `reads`",
            ),
            _ => (
                "the database has no replica to read from".to_owned(),
                "set `replicas: 1` or more (2, so that one can be left out), or remove `reads`",
            ),
        };
        rules.say("database.reads", message, help);
    } else if database.multi_az == Some(false) {
        let message = "the cluster has a writer only, and no reader to read from".to_owned();
        let help = "set `replicas: 1` or more, or remove `multi_az: false` or `reads`";
        rules.say("database.reads", message, help);
    }
}

/// Names that RDS takes are shorter than those of the schema for some engines.
fn names(rules: &mut Rules<'_>, database: &Database) {
    let row = database.engine.row();
    if let (Engine::Sqlserver, Some(name)) = (database.engine, &database.name) {
        let message = format!("RDS creates no database in SQL Server, so none is called {name}");
        let help =
            "remove `name`, and have the application create its database in `master`'s server";
        return rules.say("database.name", message, help);
    }
    // Case is kept where names are quoted and lost where not; Oracle's system identifier has one case only.
    if let Some(name) = &database.name
        && database.engine != Engine::Oracle
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
    {
        let message = format!("{name} has capital letters, which queries would have to quote");
        let help = format!("write {}", name.to_lowercase());
        rules.say("database.name", message, &help);
    }
    if let (Engine::Oracle, Some(name)) = (database.engine, &database.name)
        && name.contains('_')
    {
        let message =
            format!("{name} has an underscore, which Oracle's system identifier cannot have");
        rules.say("database.name", message, "use 1 to 8 letters and digits");
    }
    if let Some(name) = &database.username
        && is_reserved_user(database.rds(), name)
    {
        let message = format!(
            "{} reserves the name {name}, which its master user cannot have",
            row.title
        );
        let help = "use another, such as app, or leave `username` out";
        rules.say("database.username", message, help);
    }
    let names = [
        ("database.name", &database.name, row.letters.0, "database"),
        (
            "database.username",
            &database.username,
            row.letters.1,
            "master user",
        ),
    ];
    for (path, name, most, what) in names {
        let Some(name) = name.as_deref().filter(|name| name.len() > most) else {
            continue;
        };
        let message = format!(
            "{name} has {} letters; a {what} of {} on RDS has {most} at most",
            name.len(),
            row.title
        );
        let help = format!("shorten it, such as {}", &name[..most]);
        rules.say(path, message, &help);
    }
}
