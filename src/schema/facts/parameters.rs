//! Parameters of databases on RDS: which values a family's parameter group takes, and whether one counts at once.
//!
//! What `aws rds describe-engine-default-parameters` says as `AllowedValues` and `ApplyType`, of the parameters that
//! blueprints and failovers set. Of others nothing is known here.

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// The engine's families, such as `mysql` for `mysql8.4`.
    pub engine: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The values that it takes.
    pub allowed: Allowed,
    /// Whether another value counts from the next restart on.
    pub is_static: bool,
}

/// The values of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowed {
    /// These words.
    Words(&'static [&'static str]),
    /// Some of these words, with commas between them.
    Some(&'static [&'static str]),
    /// Numbers from the first to the second.
    Between(f64, f64),
}

/// MySQL 8.0 and 8.4: <https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html>.
const MYSQL_MODES: Allowed = Allowed::Some(&[
    "ALLOW_INVALID_DATES",
    "ANSI_QUOTES",
    "ERROR_FOR_DIVISION_BY_ZERO",
    "HIGH_NOT_PRECEDENCE",
    "IGNORE_SPACE",
    "NO_AUTO_VALUE_ON_ZERO",
    "NO_BACKSLASH_ESCAPES",
    "NO_DIR_IN_CREATE",
    "NO_ENGINE_SUBSTITUTION",
    "NO_UNSIGNED_SUBTRACTION",
    "NO_ZERO_DATE",
    "NO_ZERO_IN_DATE",
    "ONLY_FULL_GROUP_BY",
    "PAD_CHAR_TO_FULL_LENGTH",
    "PIPES_AS_CONCAT",
    "REAL_AS_FLOAT",
    "STRICT_ALL_TABLES",
    "STRICT_TRANS_TABLES",
    "TIME_TRUNCATE_FRACTIONAL",
]);

/// MariaDB: <https://mariadb.com/docs/server/server-management/variables-and-modes/sql_mode>.
const MARIADB_MODES: Allowed = Allowed::Some(&[
    "ALLOW_INVALID_DATES",
    "ANSI_QUOTES",
    "EMPTY_STRING_IS_NULL",
    "ERROR_FOR_DIVISION_BY_ZERO",
    "HIGH_NOT_PRECEDENCE",
    "IGNORE_SPACE",
    "NO_AUTO_CREATE_USER",
    "NO_AUTO_VALUE_ON_ZERO",
    "NO_BACKSLASH_ESCAPES",
    "NO_DIR_IN_CREATE",
    "NO_ENGINE_SUBSTITUTION",
    "NO_UNSIGNED_SUBTRACTION",
    "NO_ZERO_DATE",
    "NO_ZERO_IN_DATE",
    "ONLY_FULL_GROUP_BY",
    "PAD_CHAR_TO_FULL_LENGTH",
    "PIPES_AS_CONCAT",
    "REAL_AS_FLOAT",
    "SIMULTANEOUS_ASSIGNMENT",
    "STRICT_ALL_TABLES",
    "STRICT_TRANS_TABLES",
    "TIME_ROUND_FRACTIONAL",
]);

/// Both servers: <https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_max_allowed_packet>.
const PACKET: Allowed = Allowed::Between(1024.0, 1_073_741_824.0);

const YES_OR_NO: Allowed = Allowed::Words(&["0", "1"]);

const fn dynamic(engine: &'static str, name: &'static str, allowed: Allowed) -> Parameter {
    Parameter {
        engine,
        name,
        allowed,
        is_static: false,
    }
}

/// PostgreSQL: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html>.
///
/// MySQL: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Parameters.html>; that an instance's
/// booleans are 0 and 1, and ON and OFF a cluster's only, stands in
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html> and
/// <https://github.com/prowler-cloud/prowler/pull/4116>.
const TABLE: &[Parameter] = &[
    dynamic("postgres", "default_transaction_read_only", YES_OR_NO),
    dynamic(
        "postgres",
        "log_min_duration_statement",
        Allowed::Between(-1.0, 2_147_483_647.0),
    ),
    dynamic("postgres", "rds.force_ssl", YES_OR_NO),
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.FeatureSupport.LogicalReplication.html
    Parameter {
        is_static: true,
        ..dynamic("postgres", "rds.logical_replication", YES_OR_NO)
    },
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.BinaryFormat.html
    dynamic(
        "mysql",
        "binlog_format",
        Allowed::Words(&["ROW", "STATEMENT", "MIXED"]),
    ),
    dynamic("mysql", "log_bin_trust_function_creators", YES_OR_NO),
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.CommonDBATasks.Logs.html
    dynamic(
        "mysql",
        "log_output",
        Allowed::Words(&["TABLE", "FILE", "NONE"]),
    ),
    dynamic(
        "mysql",
        "long_query_time",
        Allowed::Between(0.0, 31_536_000.0),
    ),
    dynamic(
        "mysql",
        "read_only",
        Allowed::Words(&["0", "1", "{TrueIfReplica}"]),
    ),
    dynamic("mysql", "max_allowed_packet", PACKET),
    dynamic("mysql", "require_secure_transport", YES_OR_NO),
    dynamic("mysql", "slow_query_log", YES_OR_NO),
    dynamic("mysql", "sql_mode", MYSQL_MODES),
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MariaDB.Parameters.html
    dynamic(
        "mariadb",
        "binlog_format",
        Allowed::Words(&["ROW", "STATEMENT", "MIXED"]),
    ),
    dynamic("mariadb", "log_bin_trust_function_creators", YES_OR_NO),
    dynamic(
        "mariadb",
        "log_output",
        Allowed::Words(&["TABLE", "FILE", "NONE"]),
    ),
    // Up to 10.6 slow_query_log and long_query_time
    // (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MariaDB.Generallog.html).
    dynamic("mariadb", "log_slow_query", YES_OR_NO),
    dynamic(
        "mariadb",
        "log_slow_query_time",
        Allowed::Between(0.0, 31_536_000.0),
    ),
    dynamic(
        "mariadb",
        "long_query_time",
        Allowed::Between(0.0, 31_536_000.0),
    ),
    dynamic(
        "mariadb",
        "read_only",
        Allowed::Words(&["0", "1", "{TrueIfReplica}"]),
    ),
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mariadb-ssl-connections.require-ssl.html
    dynamic("mariadb", "max_allowed_packet", PACKET),
    dynamic("mariadb", "require_secure_transport", YES_OR_NO),
    dynamic("mariadb", "slow_query_log", YES_OR_NO),
    dynamic("mariadb", "sql_mode", MARIADB_MODES),
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Reference.ParameterGroups.html
    dynamic(
        "aurora-postgresql",
        "log_min_duration_statement",
        Allowed::Between(-1.0, 2_147_483_647.0),
    ),
    dynamic("aurora-postgresql", "rds.force_ssl", YES_OR_NO),
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Reference.ParameterGroups.html
    dynamic(
        "aurora-mysql",
        "log_output",
        Allowed::Words(&["TABLE", "FILE", "NONE"]),
    ),
    dynamic(
        "aurora-mysql",
        "long_query_time",
        Allowed::Between(0.0, 31_536_000.0),
    ),
    dynamic(
        "aurora-mysql",
        "require_secure_transport",
        Allowed::Words(&["ON", "OFF"]),
    ),
    dynamic("aurora-mysql", "slow_query_log", YES_OR_NO),
];

/// What a parameter group of a family says of a parameter, where it is known.
pub fn parameter(family: &str, name: &str) -> Option<&'static Parameter> {
    let engine = family.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    TABLE
        .iter()
        .find(|one| one.engine == engine && one.name == name)
}

/// Whether a parameter counts from the next restart on, in any family.
pub fn is_static(name: &str) -> bool {
    TABLE.iter().any(|one| one.name == name && one.is_static)
}

impl Parameter {
    /// Whether it takes a value.
    pub fn takes(&self, value: &str) -> bool {
        match self.allowed {
            Allowed::Words(words) => words.contains(&value),
            Allowed::Some(words) => value.split(',').all(|word| words.contains(&word)),
            Allowed::Between(least, most) => {
                let number: Option<f64> = value.parse().ok();
                number.is_some_and(|number| (least..=most).contains(&number))
            }
        }
    }

    /// The values that it takes, as AWS writes them.
    pub fn values(&self) -> String {
        match self.allowed {
            Allowed::Words(words) | Allowed::Some(words) => words.join(","),
            Allowed::Between(least, most) => format!("{least}-{most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boolean_of_an_instance_is_0_or_1() {
        let parameter = parameter("mysql8.4", "require_secure_transport").unwrap();
        assert!(parameter.takes("1") && !parameter.takes("ON"));
        assert_eq!(parameter.values(), "0,1");
        assert_eq!(
            super::parameter("postgres17", "require_secure_transport"),
            None
        );
    }

    #[test]
    fn modes_are_a_list() {
        let parameter = parameter("mysql8.4", "sql_mode").unwrap();
        assert!(parameter.takes("STRICT_TRANS_TABLES,NO_ZERO_DATE"));
        assert!(!parameter.takes("STRICT_TRANS_TABLES NO_ZERO_DATE"));
        assert!(!parameter.takes("NO_AUTO_CREATE_USER"));
    }

    #[test]
    fn numbers_have_bounds() {
        let parameter = parameter("postgres17", "log_min_duration_statement").unwrap();
        assert!(parameter.takes("1000") && parameter.takes("-1"));
        assert!(!parameter.takes("-2") && !parameter.takes("1s"));
    }
}
