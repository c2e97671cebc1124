//! Database engines: what each is called, and what scalectl and RDS can do with it.
//!
//! One row per engine; the rules of the spec read it, and blueprints see what follows from it (`spec.database.family` and
//! so on). What AWS refuses is enforced by the simulator from facts of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Amazon Aurora PostgreSQL.
    AuroraPostgres,
    /// Amazon Aurora MySQL.
    AuroraMysql,
}

/// The edition of a commercial engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Edition {
    /// SQL Server Express: free, at most 10 GB per database.
    Express,
    /// SQL Server Web, only for public web sites.
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

/// The license of a commercial engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum License {
    /// AWS's license, billed by the hour.
    #[default]
    Included,
    /// Your own license.
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

/// Beside a binary log RDS refuses an application's triggers and functions unless it is told to trust them. Modes and the
/// longest statement are those of the single server, because a statement means something else in other modes: RDS has its
/// own defaults.
const MYSQL_PARAMETERS: &[(&str, &str)] = &[
    ("binlog_format", "ROW"),
    ("log_bin_trust_function_creators", "1"),
    ("log_output", "FILE"),
    ("long_query_time", "1"),
    ("max_allowed_packet", LONGEST_PACKET),
    ("require_secure_transport", "1"),
    ("slow_query_log", "1"),
    ("sql_mode", MYSQL_MODES),
];

/// The same for MariaDB.
const MARIADB_PARAMETERS: &[(&str, &str)] = &[
    ("binlog_format", "ROW"),
    ("log_bin_trust_function_creators", "1"),
    ("log_output", "FILE"),
    ("long_query_time", "1"),
    ("max_allowed_packet", LONGEST_PACKET),
    ("require_secure_transport", "1"),
    ("slow_query_log", "1"),
    ("sql_mode", MARIADB_MODES),
];

/// The most that either server takes.
const LONGEST_PACKET: &str = "1073741824";

/// MySQL's own defaults (<https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_sql_mode>).
const MYSQL_MODES: &str = "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,NO_ZERO_IN_DATE,ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES";

/// MariaDB's own defaults (<https://mariadb.com/docs/server/server-management/variables-and-modes/sql_mode>).
const MARIADB_MODES: &str =
    "ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES";

const POSTGRES: Row = Row {
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
};

const MYSQL: Row = Row {
    word: "mysql",
    title: "MySQL",
    dialect: Some(Dialect::Mysql),
    port: 3306,
    // Without the minor version, of which RDS takes its latest and gives up the older ones.
    newest: "8.4",
    numbers: 3,
    like: "\"8.4\" or \"8.4.9\"",
    parameters: MYSQL_PARAMETERS,
    logs: &["error", "slowquery"],
    letters: (64, 16, 40),
    editions: &[],
    local: true,
    regional: true,
    cluster: false,
    iam: true,
    disk: 65_536,
};

const MARIADB: Row = Row {
    word: "mariadb",
    title: "MariaDB",
    dialect: Some(Dialect::Mysql),
    port: 3306,
    newest: "11.8",
    numbers: 3,
    like: "\"11.8\" or \"11.8.6\"",
    parameters: MARIADB_PARAMETERS,
    logs: &["error", "slowquery"],
    letters: (64, 16, 40),
    editions: &[],
    local: true,
    regional: true,
    cluster: false,
    iam: true,
    disk: 65_536,
};

const ORACLE: Row = Row {
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
};

const SQLSERVER: Row = Row {
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
};

const AURORA_POSTGRES: Row = Row {
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
};

const AURORA_MYSQL: Row = Row {
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
};

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
            Self::Postgres => POSTGRES,
            Self::Mysql => MYSQL,
            Self::Mariadb => MARIADB,
            Self::Oracle => ORACLE,
            Self::Sqlserver => SQLSERVER,
            Self::AuroraPostgres => AURORA_POSTGRES,
            Self::AuroraMysql => AURORA_MYSQL,
        }
    }

    /// The version of a spec that names none.
    #[must_use]
    pub const fn newest(self) -> &'static str {
        self.row().newest
    }
}
