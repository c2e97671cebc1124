//! Database engines: what each is called, and what scalectl and RDS can do with it.
//!
//! One row per engine; the rules of the spec read it, and blueprints see what follows from it (`spec.database.family` and
//! so on). What AWS refuses is enforced by the simulator from facts of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Database, Storage};
use crate::schema::facts::offers::{self, What};
use crate::value::{Map, Value};

/// A database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
}

/// The SQL that an engine speaks: which scripts of a migration fit it, and which servers rehearse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL's.
    Postgres,
    /// MySQL's, which MariaDB speaks too.
    Mysql,
}

impl Dialect {
    /// The folder of its scripts under `templates/actions`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }
}

/// What is known of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The spec's word, which is RDS's too.
    pub word: &'static str,
    /// The product's name.
    pub title: &'static str,
    /// The SQL that scripts speak with it; none where scalectl has no scripts.
    pub dialect: Option<Dialect>,
    /// The port that RDS gives it.
    pub port: u16,
    /// The version of a spec that names none: the newest that all stages support.
    pub newest: &'static str,
    /// How many numbers a minor version has at most.
    pub numbers: usize,
    /// Versions as an error shows them.
    pub like: &'static str,
    /// What its parameter group sets. Replication by rows is on from the start, because it takes a restart, and a
    /// rollback would need one.
    pub parameters: &'static [(&'static str, &'static str)],
    /// The logs that RDS exports (botocore: CreateDBInstance.EnableCloudwatchLogsExports).
    pub logs: &'static [&'static str],
    /// The most letters of a database's and of a master user's name on RDS
    /// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints>).
    pub letters: (usize, usize),
    /// The classes that RDS offers.
    pub classes: What,
}

/// Beside a binary log RDS refuses an application's triggers and functions unless it is told to trust them.
const MYSQL: &[(&str, &str)] = &[
    ("binlog_format", "ROW"),
    ("log_bin_trust_function_creators", "1"),
    ("log_output", "FILE"),
    ("long_query_time", "1"),
    ("require_secure_transport", "1"),
    ("slow_query_log", "1"),
];

impl Engine {
    /// All engines, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Mysql, Self::Mariadb];

    /// The engine of the spec's word for it.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.row().word == word)
    }

    /// What is known of it.
    #[must_use]
    pub const fn row(self) -> Row {
        match self {
            Self::Postgres => Row {
                word: "postgres",
                title: "PostgreSQL",
                dialect: Some(Dialect::Postgres),
                port: 5432,
                newest: "17",
                numbers: 2,
                like: "\"17\" or \"17.9\"",
                parameters: &[
                    ("log_min_duration_statement", "1000"),
                    ("rds.force_ssl", "1"),
                    ("rds.logical_replication", "1"),
                ],
                logs: &["postgresql", "upgrade"],
                letters: (63, 63),
                classes: What::Postgres,
            },
            Self::Mysql => Row {
                word: "mysql",
                title: "MySQL",
                dialect: Some(Dialect::Mysql),
                port: 3306,
                // Without the minor version, of which RDS takes its latest and gives up the older ones.
                newest: "8.4",
                numbers: 3,
                like: "\"8.4\" or \"8.4.9\"",
                parameters: MYSQL,
                logs: &["error", "slowquery"],
                letters: (64, 16),
                classes: What::Mysql,
            },
            Self::Mariadb => Row {
                word: "mariadb",
                title: "MariaDB",
                dialect: Some(Dialect::Mysql),
                port: 3306,
                newest: "11.8",
                numbers: 3,
                like: "\"11.8\" or \"11.8.6\"",
                parameters: MYSQL,
                logs: &["error", "slowquery"],
                letters: (64, 16),
                classes: What::Mariadb,
            },
        }
    }

    /// The version of a spec that names none.
    #[must_use]
    pub const fn newest(self) -> &'static str {
        self.row().newest
    }
}

impl Database {
    /// The version: the spec's, or the engine's newest.
    #[must_use]
    pub fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(self.engine.newest())
    }

    fn parameters(&self, major: &str) -> Map {
        // MariaDB calls them so from 10.11 on
        // (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.SlowSQL.html).
        let is_renamed = self.engine == Engine::Mariadb && !["10.5", "10.6"].contains(&major);
        let name = |name: &'static str| match name {
            "slow_query_log" if is_renamed => "log_slow_query",
            "long_query_time" if is_renamed => "log_slow_query_time",
            other => other,
        };
        let parameters = self.engine.row().parameters.iter();
        parameters
            .map(|(key, value)| (name(key).into(), Value::str(*value)))
            .collect()
    }

    /// Adds what blueprints see of a database beside its keys: the short forms written out, and what follows from the
    /// engine.
    pub(super) fn complete(&self, map: &mut Map) {
        let row = self.engine.row();
        let (size, max) = match &self.storage {
            Storage::Size(size) => (*size, None),
            Storage::Detailed(details) => (details.size, details.max),
        };
        let max = max.unwrap_or(size.saturating_mul(4).min(65536));
        let sizes = [("size", i64::from(size)), ("max", i64::from(max))];
        let storage: Map = (sizes.into_iter())
            .map(|(key, number)| (key.into(), Value::Int(number)))
            .collect();
        map.insert("storage", Value::Map(storage));
        map.insert("version", Value::str(self.version()));
        map.insert(
            "username",
            Value::str(self.username.as_deref().unwrap_or("app")),
        );
        map.insert("dialect", Value::str(row.dialect.map_or("", Dialect::word)));
        map.insert("port", Value::Int(i64::from(row.port)));
        let major = offers::major(row.word, self.version());
        map.insert("family", Value::str(format!("{}{major}", row.word)));
        map.insert(
            "logs",
            Value::list(row.logs.iter().map(|log| Value::str(*log))),
        );
        map.insert("parameters", Value::Map(self.parameters(major)));
        let insights = !offers::is_without_insights(row.word, &self.class);
        map.insert("insights", Value::Bool(insights));
    }
}
