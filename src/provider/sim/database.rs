//! What RDS does with a database: which call takes what, and which parameters count since when.
//!
//! A database counts by the parameter group that it was started with. Another group counts from the next restart on, and
//! so does another value of a static parameter; another value of a dynamic one counts at once
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithDBInstanceParamGroups.html>).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cloud::{Cloud, Item};
use super::rules::{Refusal, is_called, text};
use super::{engines, windows};
use crate::provider::{ErrorKind, Write};
use crate::schema::facts::{offers, parameters, reserved};
use crate::schema::{database_calls::Origin, database_calls::needs_restart};
use crate::value::{Map, Value};

/// The resource type.
pub const DATABASE: &str = "AWS::RDS::DBInstance";
const GROUPS: &str = "AWS::RDS::DBParameterGroup";
const GROUP: &str = "DBParameterGroupName";

/// How long a restart takes.
pub const RESTART_SECONDS: u64 = 60;

/// What a database was started with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The parameter group's name.
    pub group: Arc<str>,
    /// Its parameters then.
    pub parameters: Map,
}

/// The properties of a write that are set once the database is available.
pub fn after_create(write: &Write) -> Vec<Arc<str>> {
    if &*write.kind == DATABASE {
        Origin::of(&write.properties).rest(&write.properties)
    } else {
        Vec::new()
    }
}

/// Whether a database has to be restarted once these properties are changed.
pub fn restarts(write: &Write, before: &Map, changed: &[Arc<str>]) -> bool {
    &*write.kind == DATABASE && needs_restart(&write.properties, before, changed)
}

/// Whether RDS restarts a database itself when this property changes.
pub fn restarts_by(name: &str) -> bool {
    [
        "DBInstanceClass",
        "EngineVersion",
        "SourceDBInstanceIdentifier",
    ]
    .contains(&name)
}

/// What a resource is created with: of a database what the creating call takes.
///
/// # Errors
/// When RDS refuses the call.
pub fn creation(cloud: &Cloud, kind: &str, region: &str, properties: &Map) -> Result<Map, Refusal> {
    let origin = Origin::of(properties);
    if kind != DATABASE {
        return Ok(properties.clone());
    }
    let call = origin.creation(properties);
    let later = origin.rest(properties);
    let mut given: Map = properties
        .iter()
        .filter(|(name, _)| !later.contains(name))
        .cloned()
        .collect();
    let source = text(properties, "SourceDBInstanceIdentifier");
    let mut databases = cloud.items.values().filter(|item| &*item.kind == DATABASE);
    let source = databases.find(|item| !source.is_empty() && is_called(item, source));
    let engine = match source {
        Some(source) => text(&source.properties, "Engine"),
        None => text(properties, "Engine"),
    };
    if origin == Origin::Replica {
        let is_elsewhere = source.is_none_or(|source| &*source.region != region);
        if call.contains_key(GROUP) && !(engine.starts_with("mysql") && is_elsewhere) {
            // https://github.com/hashicorp/terraform-provider-aws/issues/38056
            return Err(Refusal::new(
                ErrorKind::Invalid,
                "InvalidParameterCombination",
                format!(
                    "A parameter group can't be specified during Read Replica creation for the following DB engine: {engine}"
                ),
            ));
        }
        // botocore: CreateDBInstanceReadReplica.DBParameterGroupName says what a replica has without one.
        if !given.contains_key(GROUP) {
            let group = match source {
                Some(source) if !is_elsewhere => text(&source.properties, GROUP).to_owned(),
                Some(source) => default_group(engine, text(&source.properties, "EngineVersion")),
                None => String::new(),
            };
            if !group.is_empty() {
                given.insert(GROUP, Value::str(group));
            }
        }
    }
    Ok(given)
}

/// Whether a database may be so, in the place of `old` if that is an update.
///
/// # Errors
/// What RDS would say.
pub fn check(properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    windows::check_database(properties)?;
    let combination = |message: String| {
        let code = "InvalidParameterCombination";
        Err(Refusal::new(ErrorKind::Invalid, code, message))
    };
    let engine = match old {
        Some(old) => text(&old.properties, "Engine"),
        None => text(properties, "Engine"),
    };
    let class = text(properties, "DBInstanceClass");
    let insights = properties.get("EnablePerformanceInsights") == Some(&Value::Bool(true));
    if insights && offers::is_without_insights(engine, class) {
        let message = "Performance Insights not supported for this configuration.";
        return combination(message.to_owned());
    }
    let number = |name: &str| {
        let value = properties.get(name);
        value.and_then(Value::as_number)
    };
    if let (Some(most), Some(size)) = (number("MaxAllocatedStorage"), number("AllocatedStorage")) {
        // Not to grow is to grow to its own size.
        let is_off = old.is_some() && most == size;
        if most.saturating_mul(10) < size.saturating_mul(11) && !is_off {
            let storage = text(properties, "StorageType");
            let message = format!(
                "Invalid max storage size for engine name {engine} and storage type {storage}: {most}"
            );
            return combination(message);
        }
    }
    let name = text(properties, "DBName");
    if old.is_none() && reserved::is_reserved(engine, &name.to_lowercase()) {
        let message =
            format!("DBName {name} cannot be used. It is a reserved word for this engine");
        let code = "InvalidParameterValue";
        return Err(Refusal::new(ErrorKind::Invalid, code, message));
    }
    let user = text(properties, "MasterUsername");
    if old.is_none() && reserved::is_reserved_user(engine, user) {
        let message = format!(
            "MasterUsername {user} cannot be used as it is a reserved word used by the engine"
        );
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "InvalidParameterValue",
            message,
        ));
    }
    Ok(())
}

/// Whether a parameter group's values are some that its family takes.
///
/// # Errors
/// What ModifyDBParameterGroup would say.
pub fn check_group(properties: &Map) -> Result<(), Refusal> {
    let family = text(properties, "Family");
    let parameters = properties.get("Parameters").and_then(Value::as_map);
    for (name, value) in parameters.into_iter().flat_map(Map::iter) {
        let value = value.to_string();
        let known = parameters::parameter(family, name);
        if let Some(parameter) = known.filter(|one| !one.takes(&value)) {
            let message = format!(
                "Invalid parameter value: {value} for: {name} allowed values are: {}",
                parameter.values()
            );
            let code = "InvalidParameterValue";
            return Err(Refusal::new(ErrorKind::Invalid, code, message));
        }
    }
    Ok(())
}

/// The parameter group that AWS gives to a database that names none.
fn default_group(engine: &str, version: &str) -> String {
    format!("default.{}", engines::family(engine, version))
}

impl Cloud {
    /// A database starts, with the parameters that its group has now.
    pub(super) fn starts(&mut self, number: u64) {
        let started = match self.items.get(&number) {
            Some(item) if &*item.kind == DATABASE => {
                let group = text(&item.properties, GROUP);
                Started {
                    group: group.into(),
                    parameters: self.parameters_of(&item.region, group),
                }
            }
            _ => return,
        };
        if let Some(item) = self.items.get_mut(&number) {
            item.started = Some(started);
        }
    }

    fn parameters_of(&self, region: &str, group: &str) -> Map {
        let group = self.items.values().find(|item| {
            &*item.kind == GROUPS && &*item.region == region && is_called(item, group)
        });
        let parameters = group.and_then(|group| group.properties.get("Parameters")?.as_map());
        parameters.cloned().unwrap_or_default()
    }

    /// The value of a parameter that counts in a database now, where its group sets one.
    pub fn parameter(&self, database: &Item, name: &str) -> Option<String> {
        let group = text(&database.properties, GROUP);
        let current = self.parameters_of(&database.region, group);
        let parameters = match &database.started {
            Some(started) if &*started.group != group || parameters::is_static(name) => {
                &started.parameters
            }
            _ => &current,
        };
        parameters.get(name).map(ToString::to_string)
    }
}
