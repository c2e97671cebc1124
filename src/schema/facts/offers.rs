//! What AWS's regions offer: zones, instance types, database classes, cache nodes and versions of engines.
//!
//! The table is `schemas/offers.txt`, which `schemas/offers.py` extracts from cfn-lint's and botocore's data; both are made
//! from what AWS's own interfaces answer. It has a day: what AWS offers since is missing.

const TABLE: &str = include_str!("../../../schemas/offers.txt");

/// What of is offered by region: the word that begins its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Instance types of EC2.
    Instance,
    /// Database classes of RDS for an engine, such as `mysql`, or for an edition of one, such as `oracle-se2`.
    Database(&'static str),
    /// Nodes of ElastiCache.
    Cache,
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::Instance => "ec2",
            Self::Database(engine) => engine,
            Self::Cache => "cache",
        }
    }

    /// The classes of an engine of RDS under a licence, of those that are known.
    pub fn of_engine(engine: &str, license: &str) -> Option<Self> {
        let wanted = match (engine, license) {
            ("oracle-se2", "bring-your-own-license") => "oracle-se2-byol",
            (engine, _) => engine,
        };
        let found = DATABASES.iter().find(|one| **one == wanted)?;
        Some(Self::Database(found))
    }
}

/// The engines and editions whose classes the table has.
pub const DATABASES: &[&str] = &[
    "postgres",
    "mysql",
    "mariadb",
    "aurora-postgresql",
    "aurora-mysql",
    "oracle-ee",
    "oracle-se2",
    "oracle-se2-byol",
    "sqlserver-ee",
    "sqlserver-ex",
    "sqlserver-se",
    "sqlserver-web",
];

/// Sizes of a family that the same regions have.
#[derive(Clone, Copy)]
struct Family {
    name: &'static str,
    /// Of an instance type: `arm` or `x86`.
    processor: &'static str,
    regions: u64,
    sizes: &'static str,
}

impl Family {
    fn has(&self, size: &str) -> bool {
        self.sizes.split(' ').any(|one| one == size)
    }
}

fn lines(word: &'static str) -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter_map(move |line| {
        let (first, rest) = line.split_once(' ')?;
        (first == word).then_some(rest)
    })
}

fn families(what: What) -> impl Iterator<Item = Family> {
    lines(what.word()).filter_map(move |line| {
        let (name, rest) = line.split_once(' ')?;
        let (processor, rest) = match what {
            What::Instance => rest.split_once(' ')?,
            _ => ("", rest),
        };
        let (regions, sizes) = rest.split_once(' ')?;
        Some(Family {
            name,
            processor,
            regions: u64::from_str_radix(regions, 16).ok()?,
            sizes,
        })
    })
}

/// AWS's commercial regions, in order.
pub fn regions() -> impl Iterator<Item = &'static str> {
    lines("region").filter_map(|line| line.split(' ').next())
}

/// The letters of a region's zones, and what people call the region.
fn region(name: &str) -> Option<(&'static str, &'static str)> {
    lines("region").find_map(|line| {
        let (region, rest) = line.split_once(' ')?;
        (region == name).then(|| rest.split_once(' ')).flatten()
    })
}

/// The letters of a region's zones. Which of them an account has, differs.
pub fn zones(name: &str) -> Option<&'static str> {
    region(name).map(|(zones, _)| zones)
}

/// What people call a region, such as `Europe (Ireland)`.
pub fn description(name: &str) -> Option<&'static str> {
    region(name).map(|(_, description)| description)
}

fn bit(region: &str) -> Option<u64> {
    let number = regions().position(|one| one == region)?;
    Some(1 << number)
}

/// The regions that have a type, class or node; none for one that AWS does not have.
pub fn regions_of(what: What, name: &str) -> Vec<&'static str> {
    let Some((family, size)) = name.rsplit_once('.') else {
        return Vec::new();
    };
    let mask = families(what)
        .filter(|one| one.name == family && one.has(size))
        .fold(0, |mask, one| mask | one.regions);
    let has = |(number, _): &(usize, &str)| mask >> number & 1 == 1;
    let found = regions().enumerate().filter(has);
    found.map(|(_, region)| region).collect()
}

/// Whether a region has it. A region that the table does not know has everything that another one has.
pub fn is_offered(what: What, name: &str, region: &str) -> bool {
    let found = regions_of(what, name);
    match bit(region) {
        Some(_) => found.contains(&region),
        None => !found.is_empty(),
    }
}

/// Everything that a region has, or some region.
pub fn names(what: What, region: Option<&str>) -> Vec<String> {
    let wanted = region.and_then(bit).unwrap_or(u64::MAX);
    let here = families(what).filter(|one| one.regions & wanted != 0);
    here.flat_map(|one| one.sizes.split(' ').map(move |size| (one.name, size)))
        .map(|(family, size)| format!("{family}.{size}"))
        .collect()
}

/// The sizes of a family in any region; none for a family that AWS does not have.
pub fn sizes(what: What, family: &str) -> Vec<&'static str> {
    let mut found: Vec<&str> = Vec::new();
    for one in families(what).filter(|one| one.name == family) {
        for size in one.sizes.split(' ') {
            if !found.contains(&size) {
                found.push(size);
            }
        }
    }
    found
}

/// The processor of an instance type that AWS has, as image names and containers call it: `arm64` or `x86_64`.
pub fn processor(instance: &str) -> &'static str {
    let family = instance.split('.').next().unwrap_or(instance);
    let is_arm = families(What::Instance).any(|one| one.name == family && one.processor == "arm");
    if is_arm { "arm64" } else { "x86_64" }
}

/// Classes without Performance Insights, which is Database Insights' standard mode now
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.Engines.html>).
pub fn is_without_insights(engine: &str, class: &str) -> bool {
    const CLASSES: [&str; 6] = [
        "db.t2.micro",
        "db.t2.small",
        "db.t3.micro",
        "db.t3.small",
        "db.t4g.micro",
        "db.t4g.small",
    ];
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_DatabaseInsights.Engines.html
    let is_aurora = engine == "aurora-mysql" && class.starts_with("db.t3.");
    is_aurora || (engine.contains("mysql") || engine == "mariadb") && CLASSES.contains(&class)
}

/// The versions of an engine that can be created, oldest first; of some major versions that name alone. Of Oracle those
/// that are no container database (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Oracle.Concepts.database-versions.html>).
pub fn versions(engine: &str) -> impl Iterator<Item = &'static str> {
    if engine.starts_with("oracle") {
        return "19".split_ascii_whitespace();
    }
    let found = lines("version").find_map(|line| {
        let (name, versions) = line.split_once(' ')?;
        (name == engine).then_some(versions)
    });
    found.unwrap_or_default().split_ascii_whitespace()
}

/// The major version of a version: `17` of 17.9 of PostgreSQL, `8.4` of 8.4.9 of MySQL.
pub fn major<'a>(engine: &str, version: &'a str) -> &'a str {
    let dots = usize::from(
        !["postgres", "aurora-postgresql"].contains(&engine) && !engine.starts_with("oracle"),
    );
    let end = version.match_indices('.').nth(dots).map(|(at, _)| at);
    &version[..end.unwrap_or(version.len())]
}

/// The major versions of an engine, oldest first.
pub fn majors(engine: &str) -> Vec<&'static str> {
    let mut found: Vec<&str> = versions(engine).map(|one| major(engine, one)).collect();
    found.dedup();
    found
}

/// Whether a version can be created: one of the list, or a major one, of which AWS takes its latest. Of a database.
pub fn has_version(engine: &str, version: &str) -> bool {
    // Oracle's minor versions are release updates by the month, of which no list is known.
    if engine.starts_with("oracle") && version.starts_with("19.0.0.0.ru-") {
        return true;
    }
    versions(engine).any(|one| one == version) || majors(engine).contains(&version)
}

/// The newest minor version that can be created in the place of one that no longer can: of a major version that the table
/// knows by numbers, and not newer than the table.
pub fn newest_of(engine: &str, version: &str) -> Option<&'static str> {
    if has_version(engine, version) {
        return None;
    }
    let numbers = |version: &str| -> Option<Vec<u32>> {
        version.split('.').map(|part| part.parse().ok()).collect()
    };
    let wanted = numbers(version)?;
    let newest = versions(engine)
        .filter(|one| major(engine, one) == major(engine, version))
        .max_by_key(|one| numbers(one))?;
    (numbers(newest)? > wanted).then_some(newest)
}

/// Whether a major version does not run on a class that its engine has otherwise.
pub fn lacks(engine: &str, version: &str, class: &str) -> bool {
    let major = major(engine, version);
    lines("lacks").any(|line| {
        let mut words = line.split(' ');
        words.next() == Some(engine) && words.next() == Some(major) && words.any(|one| one == class)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_zones_and_types_of_each_kind() {
        assert!(regions().count() > 30);
        for region in regions() {
            assert!(
                zones(region).is_some_and(|zones| zones.len() >= 2),
                "{region}"
            );
            assert!(description(region).is_some(), "{region}");
            let databases = DATABASES.iter().take(3).map(|one| What::Database(one));
            for what in [What::Instance, What::Cache].into_iter().chain(databases) {
                assert!(names(what, Some(region)).len() > 20, "{region} {what:?}");
            }
        }
    }

    #[test]
    fn every_family_has_a_processor() {
        for one in families(What::Instance) {
            assert!(["arm", "x86"].contains(&one.processor), "{}", one.name);
        }
        for (instance, expected) in [
            ("t4g.small", "arm64"),
            ("g5g.xlarge", "arm64"),
            ("a1.medium", "arm64"),
            ("c8gn.large", "arm64"),
            ("im4gn.large", "arm64"),
            ("g5.xlarge", "x86_64"),
            ("g4dn.xlarge", "x86_64"),
            ("m7i.large", "x86_64"),
            ("p4d.24xlarge", "x86_64"),
        ] {
            assert_eq!(processor(instance), expected, "{instance}");
        }
    }

    #[test]
    fn the_table_and_the_names_tell_the_same_processors() {
        for one in families(What::Instance) {
            let instance = format!("{}.large", one.name);
            let by_name = super::super::processor(&instance);
            assert_eq!(processor(&instance), by_name, "{instance}");
        }
    }

    #[test]
    fn a_region_has_some_and_not_others() {
        assert!(is_offered(What::Instance, "t4g.small", "mx-central-1"));
        assert!(!is_offered(What::Instance, "t3.smal", "us-east-1"));
        assert!(is_offered(What::Instance, "t2.small", "us-east-1"));
        assert!(!is_offered(What::Instance, "t2.small", "mx-central-1"));
        assert!(is_offered(What::Cache, "cache.t4g.small", "eu-west-1"));
        assert!(is_offered(
            What::Database("postgres"),
            "db.t4g.medium",
            "eu-west-1"
        ));
    }

    #[test]
    fn every_database_has_classes() {
        for one in DATABASES {
            assert!(
                names(What::Database(one), Some("us-east-1")).len() >= 5,
                "{one}"
            );
        }
        let byol = What::of_engine("oracle-se2", "bring-your-own-license");
        assert_eq!(byol, Some(What::Database("oracle-se2-byol")));
        assert_eq!(What::of_engine("db2-se", ""), None);
    }

    #[test]
    fn versions_have_majors() {
        assert_eq!(majors("sqlserver-se"), ["14.00", "15.00", "16.00", "17.00"]);
        assert!(has_version(
            "oracle-ee",
            "19.0.0.0.ru-2026-07.rur-2026-07.r1"
        ));
        assert!(majors("postgres").contains(&"17") && majors("mysql").contains(&"8.4"));
        assert!(has_version("postgres", "17") && has_version("postgres", "17.9"));
        assert!(!has_version("postgres", "99") && !has_version("postgres", "17.99"));
        assert!(has_version("mysql", "8.4") && !has_version("mysql", "8"));
        assert_eq!(major("mysql", "8.4.9"), "8.4");
        assert!(lacks("mysql", "8.0.46", "db.m8a.large"));
        assert!(!lacks("mysql", "8.4.9", "db.m8a.large"));
    }
}
