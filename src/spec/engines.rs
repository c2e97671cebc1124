//! Database engines: what each is called, and what scalectl and RDS can do with it.
//!
//! One row per engine; the rules of the spec read it, and blueprints see what follows from it (`spec.database.family` and
//! so on). What AWS refuses is enforced by the simulator from facts of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Database, Stage, Storage};
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
    /// Oracle Database.
    Oracle,
    /// Microsoft SQL Server.
    Sqlserver,
    /// Amazon Aurora that speaks PostgreSQL.
    AuroraPostgres,
    /// Amazon Aurora that speaks MySQL.
    AuroraMysql,
}

/// What of a commercial engine's features is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Edition {
    /// SQL Server Express: free, and no database is larger than 10 GB.
    Express,
    /// SQL Server Web, for public web sites only.
    Web,
    /// Oracle Standard Edition 2, SQL Server Standard.
    Standard,
    /// Oracle Enterprise Edition, SQL Server Enterprise.
    Enterprise,
}

impl Edition {
    /// The spec's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Express => "express",
            Self::Web => "web",
            Self::Standard => "standard",
            Self::Enterprise => "enterprise",
        }
    }
}

/// Whose licence a commercial engine runs under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum License {
    /// AWS's, paid for by the hour.
    #[default]
    Included,
    /// One that you have.
    BringYourOwn,
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
    /// The spec's word.
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
    /// The most letters of a database's and of a master user's name, and those of a generated password, which RDS takes
    /// (botocore: CreateDBInstance.DBName, MasterUsername, MasterUserPassword).
    pub letters: (usize, usize, usize),
    /// The editions of one that is paid for.
    pub editions: &'static [Edition],
    /// Whether it runs on the single server, in a container.
    pub local: bool,
    /// Whether a replica in another region can take over.
    pub regional: bool,
    /// Whether servers share one storage, which grows by itself.
    pub cluster: bool,
    /// Whether IAM can stand in for passwords
    /// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html>).
    pub iam: bool,
    /// The largest disk, in GiB (botocore: CreateDBInstance.AllocatedStorage).
    pub disk: u32,
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
    pub const ALL: [Self; 7] = [
        Self::Postgres,
        Self::Mysql,
        Self::Mariadb,
        Self::Oracle,
        Self::Sqlserver,
        Self::AuroraPostgres,
        Self::AuroraMysql,
    ];

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
                letters: (63, 63, 40),
                editions: &[],
                local: true,
                regional: true,
                cluster: false,
                iam: true,
                disk: 65_536,
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
                letters: (64, 16, 40),
                editions: &[],
                local: true,
                regional: true,
                cluster: false,
                iam: true,
                disk: 65_536,
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
                letters: (64, 16, 40),
                editions: &[],
                local: true,
                regional: true,
                cluster: false,
                iam: true,
                disk: 65_536,
            },
            Self::Oracle => Row {
                word: "oracle",
                title: "Oracle",
                dialect: None,
                port: 1521,
                newest: "19",
                like: "\"19\" or \"19.0.0.0.ru-2026-07.rur-2026-07.r1\"",
                numbers: 0,
                parameters: &[],
                logs: &["alert", "listener"],
                // The name is the system identifier.
                letters: (8, 30, 30),
                editions: &[Edition::Standard, Edition::Enterprise],
                local: false,
                regional: false,
                cluster: false,
                iam: false,
                disk: 65_536,
            },
            Self::Sqlserver => Row {
                word: "sqlserver",
                title: "SQL Server",
                dialect: None,
                port: 1433,
                // SQL Server 2022.
                newest: "16.00",
                numbers: 0,
                like: "\"16.00\" or \"16.00.4295.3.v1\"",
                // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/SQLServer.Concepts.General.SSL.Using.html
                parameters: &[("rds.force_ssl", "1")],
                logs: &["error"],
                letters: (0, 128, 40),
                editions: &[
                    Edition::Express,
                    Edition::Web,
                    Edition::Standard,
                    Edition::Enterprise,
                ],
                local: false,
                regional: false,
                cluster: false,
                iam: false,
                disk: 16_384,
            },
            Self::AuroraPostgres => Row {
                word: "aurora-postgres",
                title: "Aurora PostgreSQL",
                dialect: Some(Dialect::Postgres),
                port: 5432,
                newest: "17",
                numbers: 2,
                like: "\"17\" or \"17.7\"",
                parameters: &[
                    ("log_min_duration_statement", "1000"),
                    ("rds.force_ssl", "1"),
                ],
                logs: &["postgresql"],
                letters: (63, 16, 40),
                editions: &[],
                local: false,
                regional: false,
                cluster: true,
                iam: true,
                disk: 65_536,
            },
            Self::AuroraMysql => Row {
                word: "aurora-mysql",
                title: "Aurora MySQL",
                dialect: Some(Dialect::Mysql),
                port: 3306,
                newest: "8.0",
                numbers: 0,
                like: "\"8.0\" or \"8.0.mysql_aurora.3.10.0\"",
                // Booleans of a cluster are ON and OFF, or 0 and 1
                // (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Security.html).
                parameters: &[
                    ("log_output", "FILE"),
                    ("long_query_time", "1"),
                    ("require_secure_transport", "ON"),
                    ("slow_query_log", "1"),
                ],
                logs: &["error", "slowquery"],
                letters: (64, 16, 40),
                editions: &[],
                local: false,
                regional: false,
                cluster: true,
                iam: true,
                disk: 65_536,
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

    /// The edition of an engine that has some.
    #[must_use]
    pub fn edition(&self) -> Edition {
        self.edition.unwrap_or(Edition::Standard)
    }

    /// RDS's word for the engine, in its edition.
    #[must_use]
    pub fn rds(&self) -> &'static str {
        match (self.engine, self.edition()) {
            (Engine::Oracle, Edition::Enterprise) => "oracle-ee",
            (Engine::Oracle, _) => "oracle-se2",
            (Engine::Sqlserver, Edition::Express) => "sqlserver-ex",
            (Engine::Sqlserver, Edition::Web) => "sqlserver-web",
            (Engine::Sqlserver, Edition::Standard) => "sqlserver-se",
            (Engine::Sqlserver, Edition::Enterprise) => "sqlserver-ee",
            (Engine::AuroraPostgres, _) => "aurora-postgresql",
            (engine, _) => engine.row().word,
        }
    }

    /// The servers of a cluster: the writer, and the readers, of which one stands by for it.
    fn nodes(&self, multi_az: bool) -> u8 {
        1 + self.replicas.max(u8::from(multi_az))
    }

    /// The product with its edition, for people.
    #[must_use]
    pub fn title(&self) -> String {
        let row = self.engine.row();
        match row.editions {
            [] => row.title.to_owned(),
            _ => format!("{} {}", row.title, self.edition().word()),
        }
    }

    /// The instance class: the spec's, or a small one that the engine runs on.
    #[must_use]
    pub fn class(&self) -> &str {
        let small = match (self.engine, self.edition()) {
            (Engine::Sqlserver, Edition::Standard) => "db.m6i.large",
            (Engine::Sqlserver, Edition::Enterprise) => "db.m6i.xlarge",
            (Engine::Oracle | Engine::Sqlserver, _) => "db.t3.medium",
            _ => "db.t4g.medium",
        };
        self.class.as_deref().unwrap_or(small)
    }

    /// The classes that RDS offers.
    #[must_use]
    pub fn classes(&self) -> What {
        let rds = self.rds();
        let license = self.license_model().unwrap_or_default();
        What::of_engine(rds, license).unwrap_or(What::Database(rds))
    }

    /// RDS's word for the licence of an engine that is paid for.
    #[must_use]
    pub fn license_model(&self) -> Option<&'static str> {
        match (self.engine.row().editions, self.license.unwrap_or_default()) {
            ([], _) => None,
            (_, License::Included) => Some("license-included"),
            (_, License::BringYourOwn) => Some("bring-your-own-license"),
        }
    }

    /// The most read replicas of a database in its region (botocore: CreateDBInstanceReadReplica). Of those that are
    /// paid for, the highest edition alone has some
    /// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/oracle-read-replicas.limitations.html>,
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/SQLServer.ReadReplicas.html>).
    #[must_use]
    pub fn most_replicas(&self) -> u8 {
        match (self.engine.row().editions, self.edition()) {
            ([], _) => 15,
            (_, Edition::Enterprise) => 5,
            _ => 0,
        }
    }

    /// Whether RDS keeps a standby in another zone
    /// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_SQLServerMultiAZ.html>).
    #[must_use]
    pub fn has_standby(&self) -> bool {
        (self.engine, self.edition()) != (Engine::Sqlserver, Edition::Express)
    }

    /// The database's name, which RDS creates it with or has it under already.
    #[must_use]
    pub fn name(&self, app: &str) -> String {
        match (self.engine, &self.name) {
            (Engine::Oracle, Some(name)) => name.to_uppercase(),
            (Engine::Oracle, None) => "ORCL".to_owned(),
            // RDS creates none; the application creates its own.
            (Engine::Sqlserver, _) => "master".to_owned(),
            (_, Some(name)) => name.clone(),
            (_, None) => app.replace('-', "_"),
        }
    }

    /// The family of its parameter groups.
    fn family(&self) -> String {
        let (rds, version) = (self.rds(), self.version());
        let major = offers::major(rds, version);
        match self.engine {
            Engine::Oracle => format!("{rds}-{major}"),
            // Of 16.00 it is sqlserver-se-16.0.
            Engine::Sqlserver => {
                let year = major.split('.').next().unwrap_or_default();
                format!("{rds}-{year}.0")
            }
            _ => format!("{rds}{major}"),
        }
    }

    fn parameters(&self) -> Value {
        // MariaDB calls them so from 10.11 on
        // (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.SlowSQL.html).
        let major = offers::major(self.rds(), self.version());
        let is_renamed = self.engine == Engine::Mariadb && !["10.5", "10.6"].contains(&major);
        let name = |name: &'static str| match name {
            "slow_query_log" if is_renamed => "log_slow_query",
            "long_query_time" if is_renamed => "log_slow_query_time",
            other => other,
        };
        let parameters = self.engine.row().parameters;
        if parameters.is_empty() {
            return Value::Null;
        }
        let parameters = parameters.iter();
        Value::Map(
            parameters
                .map(|(key, value)| (name(key).into(), Value::str(*value)))
                .collect(),
        )
    }

    /// Gibibytes of disk at first, and those up to which it grows by itself.
    #[must_use]
    pub fn disk(&self) -> (u32, u32) {
        let (size, max) = match &self.storage {
            Storage::Size(size) => (*size, None),
            Storage::Detailed(details) => (details.size, details.max),
        };
        let most = self.engine.row().disk;
        (size, max.unwrap_or(size.saturating_mul(4).min(most)))
    }

    /// Adds what blueprints see of a database beside its keys: the short forms written out, and what follows from the
    /// engine.
    pub(super) fn complete(&self, app: &str, stage: Stage, map: &mut Map) {
        let row = self.engine.row();
        let (size, max) = self.disk();
        let sizes = [("size", i64::from(size)), ("max", i64::from(max))];
        let storage: Map = (sizes.into_iter())
            .map(|(key, number)| (key.into(), Value::Int(number)))
            .collect();
        let multi_az = stage >= Stage::LoadBalanced && self.has_standby();
        let multi_az = self.multi_az.unwrap_or(multi_az);
        let logs = row.logs.iter().map(|log| Value::str(*log));
        let insights = !offers::is_without_insights(self.rds(), self.class());
        let optional = |text: Option<&'static str>| text.map_or(Value::Null, Value::str);
        for (key, value) in [
            ("storage", Value::Map(storage)),
            ("version", Value::str(self.version())),
            ("class", Value::str(self.class())),
            ("name", Value::str(self.name(app))),
            (
                "username",
                Value::str(self.username.as_deref().unwrap_or("app")),
            ),
            ("multi_az", Value::Bool(multi_az)),
            ("cluster", Value::Bool(row.cluster)),
            ("nodes", Value::Int(i64::from(self.nodes(multi_az)))),
            ("rds", Value::str(self.rds())),
            ("dialect", optional(row.dialect.map(Dialect::word))),
            ("license_model", optional(self.license_model())),
            ("port", Value::Int(i64::from(row.port))),
            ("family", Value::str(self.family())),
            ("parameters", self.parameters()),
            ("logs", Value::list(logs)),
            ("insights", Value::Bool(insights)),
            ("iam", Value::Bool(row.iam)),
            ("password_letters", Value::Int(row.letters.2 as i64)),
        ] {
            map.insert(key, value);
        }
        // SQL Server's is created by the application (botocore: CreateDBInstance.DBName).
        let created = match self.engine {
            Engine::Sqlserver => Value::Null,
            _ => Value::str(self.name(app)),
        };
        map.insert("created", created);
    }
}
