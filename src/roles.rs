//! What a resource is to the engine. Blueprints say so (`role: database-setting`); migrations and guard rails look
//! resources up by that and know no blueprint's ids.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::Map;

/// What a resource is to the engine.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The setting that says to servers which database they use: JSON with `host`, which is `local` for the server's own.
    DatabaseSetting,
    /// The rule that admits servers to the managed database; rows move through it, and both ends of a copy are read off it.
    DatabaseRule,
    /// The server that migrations run their scripts on.
    ScriptHost,
    /// The network of a region, which holds everything else that has an address in it.
    Network,
    /// The setting by which servers run a service: JSON, of the service that its loop key names.
    ServiceSetting,
    /// The servers of the service that its loop key names.
    Servers,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::DatabaseSetting,
        Self::DatabaseRule,
        Self::ScriptHost,
        Self::Network,
        Self::ServiceSetting,
        Self::Servers,
    ];

    /// As blueprints write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DatabaseSetting => "database-setting",
            Self::DatabaseRule => "database-rule",
            Self::ScriptHost => "script-host",
            Self::Network => "network",
            Self::ServiceSetting => "service-setting",
            Self::Servers => "servers",
        }
    }

    /// The one that is written so.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The resource type that a resource of this role has to have.
    pub fn kind(self) -> &'static str {
        match self {
            Self::DatabaseSetting | Self::ServiceSetting => "AWS::SSM::Parameter",
            Self::DatabaseRule => "AWS::EC2::SecurityGroupIngress",
            Self::ScriptHost => "AWS::EC2::Instance",
            Self::Network => "AWS::EC2::VPC",
            Self::Servers => "AWS::AutoScaling::AutoScalingGroup",
        }
    }

    /// Whether each service has one of its own, by its loop key.
    pub fn is_per_service(self) -> bool {
        matches!(self, Self::ServiceSetting | Self::Servers)
    }

    /// What a graph lacks that has no such resource.
    pub fn why(self) -> &'static str {
        match self {
            Self::DatabaseSetting => {
                "it tells servers which database to use; without it a migration would not move the rows or protect them"
            }
            Self::DatabaseRule => {
                "it allows servers to connect to the database; without it rows could not be moved"
            }
            Self::ScriptHost => "migrations run their scripts on it",
            Self::Network => "a failover reads a region's addresses from it",
            Self::ServiceSetting => "it tells servers which version of a service to run",
            Self::Servers => "they run a service, and a deployment waits for them",
        }
    }
}

/// What a live resource says of the database that servers use, if it is the setting for that. Roles stand in blueprints
/// alone; what is live is known by what it says, as the servers know it.
pub fn database_setting(kind: &str, properties: &Map) -> Option<serde_json::Value> {
    let is_parameter = kind == Role::DatabaseSetting.kind();
    let text = properties.get("Value").filter(|_| is_parameter)?;
    let text = text
        .as_str()
        .map_or_else(|| text.to_string(), str::to_owned);
    let said: serde_json::Value = serde_json::from_str(&text).ok()?;
    // A cache has an engine and a host too, and no name.
    let all = ["host", "engine", "name"];
    all.iter().all(|key| said[key].is_string()).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn roles_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(Role::of(role.name()), Some(role));
            let json = serde_json::to_value(role).unwrap();
            assert_eq!(json, role.name());
        }
        assert_eq!(Role::of("server"), None);
    }

    #[test]
    fn a_live_setting_is_known_by_what_it_says() {
        let parameter = |value: &str| {
            let mut properties = Map::new();
            properties.insert("Value", Value::str(value));
            database_setting("AWS::SSM::Parameter", &properties)
        };
        let said = parameter(r#"{"host": "local", "engine": "postgres", "name": "shop"}"#).unwrap();
        assert_eq!(said["host"], "local");
        assert_eq!(
            parameter(r#"{"host": "local", "engine": "valkey", "tls": false}"#),
            None
        );
        assert_eq!(parameter("local"), None);
    }
}
