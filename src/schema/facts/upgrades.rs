//! Upgrades of database engines.

/// Typical seconds of a database's upgrade to another major version: checks, a snapshot, the upgrade, another
/// snapshot.
pub const UPGRADE_SECONDS: u32 = 900;

/// Whether a database engine's version is of another major version: MySQL and MariaDB count by the first two
/// numbers, PostgreSQL by the first
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html>).
pub fn is_another_major(engine: &str, before: &str, after: &str) -> bool {
    let counts = if engine.contains("mysql") || engine.contains("mariadb") {
        2
    } else {
        1
    };
    let major = |version: &str| -> Vec<String> {
        version.split('.').take(counts).map(str::to_owned).collect()
    };
    let (before, after) = (major(before), major(after));
    let common = before.len().min(after.len());
    before[..common] != after[..common]
}
