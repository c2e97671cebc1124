//! What follows from a database's keys and its engine: RDS's words, names, sizes, and what blueprints see of it.

use super::engines::{Dialect, Edition, Engine, License};
use super::{Database, Stage, Storage};
use crate::schema::facts::offers::{self, What};
use crate::value::{Map, Value};

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
