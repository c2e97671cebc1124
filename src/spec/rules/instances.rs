//! Instance types, database classes and cache nodes: that AWS has them, and that every region of the spec does.
//!
//! What AWS has stands in [`crate::schema::facts::offers`].

use super::Rules;
use crate::schema::facts::offers::{self, What};
use crate::schema::nearest;
use crate::spec::Region;

/// Families that AWS no longer offers to everybody, or that cannot do what the blueprints set, such as a connection of
/// its own to disks (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ebs-optimized.html>).
const OLD: [&str; 13] = [
    "t1", "t2", "m1", "m2", "m3", "c1", "c3", "cr1", "hs1", "g2", "i2", "r3", "p2",
];

/// Families of databases that take no engine version of today
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html>).
const OLD_CLASSES: [&str; 8] = [
    "db.t1", "db.t2", "db.m1", "db.m2", "db.m3", "db.m4", "db.r3", "db.r4",
];

/// The processor of an instance type, as image names and containers call it: `arm64` or `x86_64`.
pub fn processor(instance: &str) -> &'static str {
    offers::processor(instance)
}

/// What to use instead of a type that AWS does not have; `None` for one that it has.
fn unknown(what: What, name: &str) -> Option<String> {
    if !offers::regions_of(what, name).is_empty() {
        return None;
    }
    let family = name.rsplit_once('.').map_or("", |(family, _)| family);
    let all = offers::names(what, None);
    let near = nearest(name, all.iter().map(String::as_str));
    let help = match (near, offers::sizes(what, family)) {
        (Some(near), sizes) if sizes.is_empty() => format!("did you mean {near}?"),
        (Some(near), sizes) => format!("did you mean {near}? {family} has {}", sizes.join(", ")),
        (None, sizes) if sizes.is_empty() => {
            format!("use one that AWS has, such as {}", such_as(what))
        }
        (None, sizes) => format!("{family} has {}", sizes.join(", ")),
    };
    Some(help)
}

/// The first of the spec's regions that lacks what others have, and what it has that is most like it.
fn lacking(rules: &Rules<'_>, what: What, name: &str) -> Option<(String, String)> {
    let known = |region: &&str| offers::zones(region).is_some();
    let regions = rules.spec.regions.iter().map(Region::name).filter(known);
    let region = regions
        .into_iter()
        .find(|region| !offers::is_offered(what, name, region))?;
    let here = offers::names(what, Some(region));
    let help = match nearest(name, here.iter().map(String::as_str)) {
        Some(near) => format!("{region} has {near}"),
        None => format!("use one that {region} has, such as {}", such_as(what)),
    };
    let place = offers::description(region).map_or_else(String::new, |place| format!(", {place},"));
    Some((format!("{region}{place} does not offer {name}"), help))
}

fn such_as(what: What) -> &'static str {
    match what {
        What::Instance => "t4g.small, m7g.large or t3.small",
        What::Cache => "cache.t4g.small or cache.m7g.large",
        What::Database(engine) if engine.starts_with("sqlserver") => "db.t3.xlarge or db.m6i.large",
        What::Database(engine) if engine.starts_with("oracle") => "db.t3.medium or db.m5.large",
        What::Database(_) => "db.t4g.medium or db.m7g.large",
    }
}

/// Every instance type, database class and cache node is one that AWS has.
pub fn check(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    for (name, service) in &spec.services {
        let path = format!("services.{name}.instance");
        let instance = service.instance.as_str();
        let family = instance.split('.').next().unwrap_or(instance);
        if instance.starts_with("mac") {
            let message = format!("{path} is {instance}, a Mac, which needs a dedicated host");
            rules.say(
                &path,
                message,
                "use a type for Linux, such as t4g.small or t3.small",
            );
        } else if OLD.contains(&family) {
            let message =
                format!("{path} is {instance}, of a generation that new servers cannot be of");
            rules.say(
                &path,
                message,
                "use a current type, such as t3.small, m7i.large or c7i.large",
            );
        } else if let Some(help) = unknown(What::Instance, instance) {
            rules.say(&path, format!("AWS has no instance type {instance}"), &help);
        } else if let Some((message, help)) = lacking(rules, What::Instance, instance) {
            rules.say(&path, message, &help);
        }
    }
    if let Some(database) = &spec.database {
        let class = database.class();
        let (what, engine) = (database.classes(), &*database.title());
        let family = class.rsplit_once('.').map_or(class, |(family, _)| family);
        if OLD_CLASSES.contains(&family) {
            let message = format!("{class} takes no current version of a database");
            rules.say(
                "database.class",
                message,
                &format!("use a current class, such as {}", such_as(what)),
            );
        } else if let Some(help) = unknown(what, class) {
            let message = format!("RDS has no class {class} for {engine}");
            rules.say("database.class", message, &help);
        } else if let Some((message, help)) = lacking(rules, what, class) {
            let message = format!("{message} for {engine}");
            rules.say("database.class", message, &help);
        } else {
            let version = database.version();
            if offers::lacks(database.rds(), version, class) {
                let message = format!("{engine} {version} does not run on {class}");
                let help = "use a newer version, or another class, such as db.m7g.large";
                rules.say("database.class", message, help);
            }
        }
    }
    if let Some(cache) = &spec.cache {
        if let Some(help) = unknown(What::Cache, &cache.node) {
            let message = format!("ElastiCache has no node type {}", cache.node);
            rules.say("cache.node", message, &help);
        } else if let Some((message, help)) = lacking(rules, What::Cache, &cache.node) {
            rules.say("cache.node", message, &help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_type_gets_the_nearest_one() {
        let help = |name: &str| unknown(What::Instance, name).unwrap_or_default();
        assert_eq!(unknown(What::Instance, "t4g.small"), None);
        assert_eq!(
            help("t3.smal"),
            "did you mean t3.small? t3 has nano, micro, small, medium, large, xlarge, 2xlarge"
        );
        assert_eq!(help("tg4.small"), "did you mean t4g.small?");
        assert!(help("foo.bar").starts_with("use one that AWS has"));
        assert!(unknown(What::Database("mysql"), "db.m7g.tiny").is_some());
    }
}
