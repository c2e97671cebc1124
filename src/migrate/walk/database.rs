//! The relational database that servers use at a stage, as their settings describe it.

use super::scripts::server;
use super::{Halt, Outcome, Walker};
use crate::graph::Graph;
use crate::inventory::Live;
use crate::migrate::action::Side;
use crate::roles::{Role, database_setting};
use crate::spec::Engine;
use crate::value::{Reference, Value};

/// A relational database as the servers' settings tell of it.
pub(super) struct Database {
    /// The dialect of its scripts.
    pub(super) engine: String,
    pub(super) name: String,
    pub(super) side: Side,
}

impl Database {
    /// The one that the servers use at a stage, by its graph and what is live.
    pub(super) fn of(graph: &Graph, live: &Live) -> Outcome<Self> {
        let missing =
            |what: &str| Halt::Missing(format!("{what} of the database is not known yet"));
        let parameter = graph
            .with_role(Role::DatabaseSetting)
            .next()
            .ok_or_else(|| missing("the setting"))?;
        let answer = |reference: &Reference| {
            let live = live.resources.get(&reference.address)?;
            live.properties.at(&reference.path).cloned()
        };
        let value = parameter.properties.get("Value");
        let value = value.map(|value| value.resolve(&answer));
        let text = value.as_ref().and_then(Value::as_str);
        let config: serde_json::Value = text
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| missing("the address"))?;
        let word = |name: &str| match &config[name] {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let engine = word("engine").ok_or_else(|| missing("the engine"))?;
        let engine = Engine::of(&engine).ok_or_else(|| missing("the engine"))?;
        let dialect = engine.row().dialect;
        let dialect = dialect.ok_or_else(|| missing("a script for the engine"))?;
        let name = word("name").ok_or_else(|| missing("the name"))?;
        let host = word("host").ok_or_else(|| missing("the host"))?;
        let port = engine.row().port;
        let side = match &*host {
            "local" => Side {
                host: server(&[graph], live)?
                    .properties
                    .get("PrivateIp")
                    .and_then(Value::as_str)
                    .ok_or_else(|| missing("the server's address"))?
                    .to_owned(),
                port,
                // Made on the server, and never anywhere else.
                secret: "file:/data/secrets/database".to_owned(),
            },
            _ => Side {
                host,
                port: word("port")
                    .and_then(|port| port.parse().ok())
                    .unwrap_or(port),
                secret: word("secret").ok_or_else(|| missing("the secret"))?,
            },
        };
        Ok(Self {
            engine: dialect.word().to_owned(),
            name,
            side,
        })
    }
}

impl Walker<'_> {
    /// Whether the database that rows were to move to does not exist, and the servers still use the old
    /// one.
    pub(super) fn target_is_gone(&self, number: usize, live: &Live) -> bool {
        let (old, new) = self.ends_of_hop(number);
        let (Ok(source), Err(_)) = (Database::of(old, live), Database::of(new, live)) else {
            return false;
        };
        let mut settings = live.resources.values();
        let config = settings
            .find_map(|one| database_setting(&one.kind, &one.properties))
            .unwrap_or_default();
        let host = config["host"].as_str().unwrap_or_default();
        host == source.side.host || host == "local"
    }

    /// Whether the database that rows came from does not exist any more.
    pub(super) fn source_is_gone(&self, number: usize, live: &Live) -> bool {
        let (old, new) = self.ends_of_hop(number);
        Database::of(old, live).is_err() && Database::of(new, live).is_ok()
    }
}
