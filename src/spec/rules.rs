//! What the spec's shape cannot say: rules between sections, and each region's addresses.

use ipnet::Ipv4Net;

use super::{Algorithm, Domain, Engine, Region, Spec, Stage};

/// A broken rule: where (a dotted path), what is wrong, what would be right.
pub type Broken = (String, String, String);

/// A region with everything filled in.
pub struct RegionPlan {
    /// Its name.
    pub name: String,
    /// Its zones' letters.
    pub zones: Vec<String>,
    /// Its private addresses.
    pub cidr: String,
}

/// The regions with their zones and addresses. Without its own `cidr`, region n gets the n-th
/// block after `network.cidr`, so that regions can be peered later.
pub fn regions(spec: &Spec) -> Vec<RegionPlan> {
    let base: Option<Ipv4Net> = spec.network.cidr.parse().ok();
    spec.regions
        .iter()
        .enumerate()
        .map(|(index, region)| {
            let details = match region {
                Region::Name(_) => None,
                Region::Detailed(details) => Some(details),
            };
            let letters = letters(region.name())
                .chars()
                .take(usize::from(spec.network.zones));
            let zones = details
                .and_then(|details| details.zones.clone())
                .unwrap_or_else(|| letters.map(String::from).collect());
            let cidr = details.and_then(|details| details.cidr.clone());
            let nth = base
                .and_then(|base| nth_block(base, index))
                .map(|net| net.to_string());
            RegionPlan {
                name: region.name().to_owned(),
                zones,
                cidr: cidr.or(nth).unwrap_or_else(|| spec.network.cidr.clone()),
            }
        })
        .collect()
}

/// The letters of a region's zones, as new accounts have them; an account with others names them in
/// the spec
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html>).
fn letters(region: &str) -> &'static str {
    match region {
        "us-east-1" => "abcdef",
        "us-west-2" | "ap-northeast-2" => "abcd",
        "us-west-1" => "ab",
        "ap-northeast-1" => "acd",
        "ca-central-1" => "abd",
        _ => "abc",
    }
}

fn nth_block(base: Ipv4Net, index: usize) -> Option<Ipv4Net> {
    let size = 1_u32.checked_shl(32 - u32::from(base.prefix_len()))?;
    let offset = size.checked_mul(u32::try_from(index).ok()?)?;
    let first = u32::from(base.network()).checked_add(offset)?;
    Ipv4Net::new(first.into(), base.prefix_len()).ok()
}

/// Names below which AWS keeps SSM parameters for itself
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>).
const RESERVED_APPS: [&str; 2] = ["aws", "ssm"];

/// A bucket's name has 63 characters: `APP-ENV-assets-REGION-HASH`, with 14 for the region
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
const LONGEST_NAMES: usize = 63 - "--assets---".len() + 1 - 14 - 8;

/// A rule of an Application Load Balancer has five condition values at most, and one says that
/// CloudFront asks
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>).
const MOST_CONDITIONS: usize = 4;

/// Every rule that `spec` breaks.
pub fn check(spec: &Spec) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut say = |path: &str, message: String, help: &str| {
        broken.push((path.to_owned(), message, help.to_owned()));
    };
    addresses(spec, &mut say);
    if spec.stage == Stage::MultiRegion && spec.regions.len() < 2 {
        let message = "stage multi-region needs at least two regions".to_owned();
        say(
            "regions",
            message,
            "add one: `regions: [us-east-1, eu-west-1]`",
        );
    }
    for (number, gate) in spec.migration.gates.iter().enumerate() {
        if gate.command.is_some() == gate.expression.is_some() {
            say(
                &format!("migration.gates.{number}"),
                "a gate asks one thing".to_owned(),
                "give it a `command` or an `expression`",
            );
        }
    }
    if RESERVED_APPS.contains(&spec.app.as_str()) {
        let message = format!("{:?} cannot be the app's name", spec.app);
        say(
            "app",
            message,
            "AWS keeps the parameters below this name for itself; choose another",
        );
    }
    for region in &spec.regions {
        let name = region.name();
        let named = matches!(region, Region::Detailed(details) if details.zones.is_some());
        let most = letters(name).len();
        if !named && usize::from(spec.network.zones) > most {
            let message = format!("{name} has {most} zones, not {}", spec.network.zones);
            let help = "lower zones, or name the zones of your account: \
                        `regions: [{name: REGION, zones: [a, b, c]}]`";
            say("network.zones", message, help);
        }
        if ["cn-", "us-gov-", "us-iso", "eu-isoe", "eusc-"]
            .iter()
            .any(|own| name.starts_with(own))
        {
            let message = format!("{name} belongs to another partition of AWS");
            say(
                "regions",
                message,
                "the blueprints are written for the commercial regions",
            );
        }
    }
    for key in spec.tags.keys() {
        if ["aws:", "scalectl:"]
            .iter()
            .any(|own| key.to_lowercase().starts_with(own))
        {
            let message =
                format!("the tag {key} begins with what AWS or scalectl keeps for itself");
            say(&format!("tags.{key}"), message, "give it another name");
        }
    }
    if let Some(database) = &spec.database
        && let Some(version) = &database.version
    {
        let parts = version.split('.').count();
        let digits = version.split('.').all(|part| part.parse::<u16>().is_ok());
        let (fits, like) = match database.engine {
            Engine::Postgres => (digits && parts <= 2, "17 or 17.9"),
            Engine::Mysql => (digits && (2..=3).contains(&parts), "8.4 or 8.4.9"),
        };
        if !fits {
            let message = format!("{version:?} is not a version of the database's engine");
            say(
                "database.version",
                message,
                &format!("write it like {like}"),
            );
        }
    }
    if let Some(name) = spec
        .database
        .as_ref()
        .and_then(|d| d.writer_region.as_ref())
    {
        let path = "database.writer_region";
        let first = spec.regions.first().map_or("", Region::name);
        if !spec.regions.iter().any(|region| region.name() == name) {
            let message = format!("{name} is none of the spec's regions");
            say(path, message, "name one of `regions`");
        } else if name != first && spec.stage != Stage::MultiRegion {
            let message = format!(
                "{} has a database in {first} only, and {name} takes the writes",
                spec.stage.name()
            );
            let help = format!("`scalectl failover --to {first}` at stage multi-region first");
            say(path, message, &help);
        }
    }
    if spec.services.is_empty() {
        say(
            "services",
            "there is no service to run".to_owned(),
            "add one with an image and a port",
        );
    }
    for (name, service) in &spec.services {
        let path = format!("services.{name}");
        if service.image.is_some() == service.artifact.is_some() {
            let message = format!("{path} needs an image or an artifact, and not both");
            say(&path, message, "set `image: REGISTRY/NAME:TAG`");
        }
        if service.scale.min > service.scale.max {
            let message = format!("{path}.scale.min is greater than max");
            say(&format!("{path}.scale"), message, "raise max, or lower min");
        }
        if service.health.timeout >= service.health.interval {
            let message = format!("{path}.health.timeout is not below the interval");
            say(
                &format!("{path}.health"),
                message,
                "AWS refuses this; lower timeout",
            );
        }
        let balance = &service.balance;
        if balance.slow_start > 0 && balance.algorithm != Algorithm::RoundRobin {
            let message = format!("{path}.balance.slow_start works with round-robin only");
            say(
                &format!("{path}.balance"),
                message,
                "set `algorithm: round-robin`, or leave out slow_start",
            );
        }
        if service.paths.len() + service.hosts.len() > MOST_CONDITIONS {
            let message =
                format!("{path} has more than {MOST_CONDITIONS} paths and hosts together");
            say(
                &path,
                message,
                "AWS takes five conditions in a rule, and one is CloudFront's; use wildcards",
            );
        }
        for (section, names) in [
            ("env", service.env.keys()),
            ("secrets", service.secrets.keys()),
        ] {
            for variable in names.filter(|variable| !is_variable(variable)) {
                let message = format!("{variable:?} cannot be the name of a service's variable");
                say(
                    &format!("{path}.{section}"),
                    message,
                    "use letters, digits, `_`, `.` and `-`, no digit first, and not LD_ or DOCKER_, which the \
                     server's own programs would read",
                );
            }
        }
        if !is_label(name) {
            let message = format!("{name:?} cannot be a service's name");
            say(
                &path,
                message,
                "use a lower-case letter, then up to 19 letters, digits and hyphens",
            );
        }
    }
    let together = spec.app.len() + spec.env.len();
    if together > LONGEST_NAMES {
        let message = format!(
            "the names of app and environment, {} and {}, have {together} characters together",
            spec.app, spec.env
        );
        let help = format!("at most {LONGEST_NAMES} fit into the names of buckets; shorten one");
        say("app", message, &help);
    }
    if spec.stage >= Stage::LoadBalanced && spec.domain.is_none() {
        let message = format!(
            "stage {} needs a domain for its certificate",
            spec.stage.name()
        );
        say("stage", message, "add `domain: www.example.com`");
    }
    if let Some(domain) = &spec.domain {
        let (name, zone) = match domain {
            Domain::Name(name) => (name, None),
            Domain::Detailed(details) => (&details.name, details.zone.as_ref()),
        };
        let around = zone.unwrap_or(name);
        for (service, host) in spec
            .services
            .iter()
            .flat_map(|(name, s)| s.hosts.iter().map(move |host| (name, host)))
        {
            if !is_domain(host) || host != around && !host.ends_with(&format!(".{around}")) {
                let message = format!("{host:?} is no name in the zone {around}");
                say(
                    &format!("services.{service}.hosts"),
                    message,
                    "only names there get a record and a certificate",
                );
            }
        }
        if !is_domain(name) {
            say(
                "domain",
                format!("{name:?} is not a domain"),
                "write it like www.example.com",
            );
        }
        if let Some(zone) = zone
            && name != zone
            && !name.ends_with(&format!(".{zone}"))
        {
            say(
                "domain.zone",
                format!("{name} is not in the zone {zone}"),
                "name a parent of the domain",
            );
        }
    }
    // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    const RETENTION: [u16; 23] = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
        2922, 3288, 3653, 0,
    ];
    let days = spec.monitoring.log_retention_days;
    if days == 0 || !RETENTION.contains(&days) {
        let near = RETENTION
            .iter()
            .filter(|have| **have >= days.max(1))
            .min()
            .unwrap_or(&3653);
        let message = format!("CloudWatch Logs cannot keep logs for {days} days");
        say(
            "monitoring.log_retention_days",
            message,
            &format!("the next that it offers is {near}"),
        );
    }
    broken
}

fn addresses(spec: &Spec, say: &mut impl FnMut(&str, String, &str)) {
    let mut seen: Vec<(String, Ipv4Net)> = Vec::new();
    for (index, region) in regions(spec).into_iter().enumerate() {
        let own =
            matches!(&spec.regions[index], Region::Detailed(details) if details.cidr.is_some());
        let path = if own {
            format!("regions.{index}.cidr")
        } else {
            "network.cidr".to_owned()
        };
        if region.zones.len() < 2 {
            let message = format!("{} has fewer than two zones", region.name);
            say(
                &format!("regions.{index}"),
                message,
                "name two or more: `zones: [a, b]`",
            );
        }
        let net: Ipv4Net = match region.cidr.parse() {
            Ok(net) => net,
            Err(_) => {
                say(
                    &path,
                    format!("{:?} is not a block of addresses", region.cidr),
                    "write it like 10.0.0.0/16",
                );
                continue;
            }
        };
        if net.addr() != net.network() {
            say(
                &path,
                format!("{net} does not begin at its network's address"),
                &format!("write {}", net.trunc()),
            );
        }
        // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html: /16 to /28; below
        // /20 the subnets of three tiers in several zones become too small to grow into.
        if !(16..=20).contains(&net.prefix_len()) {
            let message = format!("{net} is not between /16 and /20");
            say(
                &path,
                message,
                "a VPC holds at most a /16, and the subnets need at least a /20",
            );
        }
        if !net.addr().is_private() {
            say(
                &path,
                format!("{net} is not private"),
                "use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
            );
        }
        for (other, taken) in &seen {
            if *other == region.name {
                say(
                    &format!("regions.{index}"),
                    format!("{other} stands twice"),
                    "remove one",
                );
            }
            if taken.contains(&net) || net.contains(taken) {
                let message = format!(
                    "the addresses of {} and {other} overlap: {net} and {taken}",
                    region.name
                );
                say(
                    &path,
                    message,
                    "give each region its own block, so that they can be connected",
                );
            }
        }
        seen.push((region.name, net));
    }
}

/// Whether a container can be given a variable of this name. They pass through the environment of `docker
/// run`, so that no value is on a command line; what that or the loader heeds itself is none of theirs.
fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
        && !["LD_", "DOCKER_"].iter().any(|own| name.starts_with(own))
}

fn is_label(name: &str) -> bool {
    name.len() <= 20
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_domain(name: &str) -> bool {
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}
