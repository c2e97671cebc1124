//! What RDS refuses of an engine: licences, names, sizes, standbys, replicas, logs, parameter groups.
//!
//! Facts of its own, which the spec's rules do not read, so that a wrong row there is found here. Sources: botocore's
//! descriptions of `CreateDBInstance` and `CreateDBInstanceReadReplica`, and the RDS guide's pages that the rows name.

use super::cloud::{Cloud, Item};
use super::clusters::{self, CLUSTER_GROUP};
use super::rules::{Refusal, is_called, text};
use crate::provider::ErrorKind;
use crate::value::{Map, Value};

const DATABASE: &str = "AWS::RDS::DBInstance";
const GROUPS: &str = "AWS::RDS::DBParameterGroup";
const SECRET: &str = "AWS::SecretsManager::Secret";

/// What RDS allows of an engine.
struct Allowed {
    licenses: &'static [&'static str],
    /// The most letters of a database's name; 0 where RDS creates none.
    name: usize,
    user: usize,
    password: usize,
    disk: i64,
    logs: &'static [&'static str],
    iam: bool,
    standby: bool,
    replicas: usize,
}

/// By the beginning of RDS's word for an engine.
fn allowed(engine: &str) -> Option<Allowed> {
    let open = |license, name, user, password, logs| Allowed {
        licenses: license,
        name,
        user,
        password,
        disk: 65_536,
        logs,
        // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.RDS_Fea_Regions_DB-eng.Feature.IamDatabaseAuthentication.html
        iam: true,
        standby: true,
        replicas: 15,
    };
    let mysql = &[
        "audit",
        "error",
        "general",
        "slowquery",
        "iam-db-auth-error",
    ];
    let postgres = &["postgresql", "upgrade", "iam-db-auth-error"];
    Some(match engine {
        "postgres" => open(&["postgresql-license"], 63, 63, 128, postgres),
        "mysql" | "mariadb" => open(&["general-public-license"], 64, 16, 41, mysql),
        "oracle-ee" | "oracle-se2" => Allowed {
            // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Oracle.Concepts.Licensing.html
            licenses: match engine {
                "oracle-ee" => &["bring-your-own-license"],
                _ => &["license-included", "bring-your-own-license"],
            },
            name: 8,
            user: 30,
            password: 30,
            disk: 65_536,
            logs: &["alert", "audit", "listener", "trace", "oemagent"],
            iam: false,
            standby: true,
            // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/oracle-read-replicas.limitations.html
            replicas: if engine == "oracle-ee" { 5 } else { 0 },
        },
        "sqlserver-ee" | "sqlserver-se" | "sqlserver-web" | "sqlserver-ex" => Allowed {
            licenses: &["license-included"],
            name: 0,
            user: 128,
            password: 128,
            disk: 16_384,
            logs: match engine {
                // Express has no agent.
                "sqlserver-ex" => &["error"],
                _ => &["agent", "error"],
            },
            iam: false,
            // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_SQLServerMultiAZ.html
            standby: engine != "sqlserver-ex",
            // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/SQLServer.ReadReplicas.html
            replicas: if engine == "sqlserver-ee" { 5 } else { 0 },
        },
        _ => return None,
    })
}

pub(super) fn value(message: String) -> Result<(), Refusal> {
    let code = "InvalidParameterValue";
    Err(Refusal::new(ErrorKind::Invalid, code, message))
}

pub(super) fn combination(message: String) -> Result<(), Refusal> {
    let code = "InvalidParameterCombination";
    Err(Refusal::new(ErrorKind::Invalid, code, message))
}

/// Whether a database may be so with its engine, in the place of `old` if that is an update.
///
/// # Errors
/// What RDS would say.
pub fn check(
    cloud: &Cloud,
    region: &str,
    properties: &Map,
    old: Option<&Item>,
) -> Result<(), Refusal> {
    let source = text(properties, "SourceDBInstanceIdentifier");
    if !source.is_empty() {
        return match old {
            None => replica(cloud, properties, source),
            Some(_) => Ok(()),
        };
    }
    let engine = match old {
        Some(old) => text(&old.properties, "Engine"),
        None => text(properties, "Engine"),
    };
    let Some(allowed) = allowed(engine) else {
        return match engine {
            "aurora-mysql" | "aurora-postgresql" => {
                clusters::member(cloud, engine, properties, old)
            }
            _ if engine.is_empty() || old.is_some() => Ok(()),
            _ => value(format!("Invalid DB engine: {engine}")),
        };
    };
    if old.is_none() {
        names(cloud, engine, &allowed, properties)?;
    }
    let license = text(properties, "LicenseModel");
    if !license.is_empty() && !allowed.licenses.contains(&license) {
        return value(format!(
            "Invalid license model '{license}' for engine '{engine}'. Valid license models are: {}.",
            allowed.licenses.join(", ")
        ));
    }
    // The default of Oracle Enterprise is the one licence that it has.
    let is_on = |name: &str| properties.get(name) == Some(&Value::Bool(true));
    if is_on("EnableIAMDatabaseAuthentication") && !allowed.iam {
        return combination(
            "IAM Database Authentication is not supported for this configuration.".to_owned(),
        );
    }
    if is_on("MultiAZ") && !allowed.standby {
        return combination(format!("Multi-AZ is not supported for engine {engine}"));
    }
    let number = |name: &str| properties.get(name).and_then(Value::as_number);
    for name in ["AllocatedStorage", "MaxAllocatedStorage"] {
        if number(name).is_some_and(|size| size > allowed.disk || size < 20) {
            let size = number(name).unwrap_or_default();
            return value(format!(
                "Invalid storage size for engine name {engine} and storage type gp3: {size}"
            ));
        }
    }
    let logs = properties.get("EnableCloudwatchLogsExports");
    let logs = logs.and_then(Value::as_list).unwrap_or_default().iter();
    let unknown = logs
        .filter_map(Value::as_str)
        .find(|log| !allowed.logs.contains(log));
    if let Some(log) = unknown {
        return combination(format!(
            "You cannot use the log types '{log}' with engine version {engine} {}. For supported log types, see the documentation.",
            text(properties, "EngineVersion")
        ));
    }
    group(cloud, region, engine, properties)
}

fn names(cloud: &Cloud, engine: &str, allowed: &Allowed, properties: &Map) -> Result<(), Refusal> {
    let (name, user) = (
        text(properties, "DBName"),
        text(properties, "MasterUsername"),
    );
    if allowed.name == 0 && !name.is_empty() {
        return value(format!("DBName must be null when Engine is: {engine}"));
    }
    if name.len() > allowed.name
        || allowed.name == 8 && !name.chars().all(|one| one.is_ascii_alphanumeric())
    {
        return value(format!(
            "The parameter DBName is not valid for {engine}: {name}"
        ));
    }
    if user.len() > allowed.user {
        return value(format!(
            "The parameter MasterUsername is not valid for {engine}: it must be 1 to {} characters",
            allowed.user
        ));
    }
    match generated(cloud, text(properties, "MasterUserPassword")) {
        Some(letters) if letters > allowed.password => value(format!(
            "The parameter MasterUserPassword is not a valid password because it is longer than {} characters.",
            allowed.password
        )),
        _ => Ok(()),
    }
}

/// The letters of a password that a secret generates, of a reference to one.
pub(super) fn generated(cloud: &Cloud, reference: &str) -> Option<usize> {
    let id = reference.strip_prefix("{{resolve:secretsmanager:")?;
    let id = id.split(":SecretString:").next()?;
    let mut secrets = cloud.items.values().filter(|item| &*item.kind == SECRET);
    let secret = secrets.find(|item| is_called(item, id))?;
    let letters = secret
        .properties
        .at("GenerateSecretString.PasswordLength")?;
    usize::try_from(letters.as_number()?).ok()
}

/// A database starts with parameters of its own engine and major version only.
pub(super) fn group(
    cloud: &Cloud,
    region: &str,
    engine: &str,
    properties: &Map,
) -> Result<(), Refusal> {
    let (kind, name) = if engine.starts_with("aurora") {
        (
            CLUSTER_GROUP,
            text(properties, "DBClusterParameterGroupName"),
        )
    } else {
        (GROUPS, text(properties, "DBParameterGroupName"))
    };
    let mut groups = cloud.items.values();
    let group = groups.find(|item| {
        &*item.kind == kind && &*item.region == region && !name.is_empty() && is_called(item, name)
    });
    let (Some(group), version) = (group, text(properties, "EngineVersion")) else {
        return Ok(());
    };
    if version.is_empty() {
        return Ok(());
    }
    let has = text(&group.properties, "Family");
    let wants = family(engine, version);
    if has == wants {
        Ok(())
    } else {
        combination(format!(
            "The parameter group {name} with DBParameterGroupFamily {has} can't be used for this instance. Please use a parameter group with DBParameterGroupFamily {wants}"
        ))
    }
}

/// The family of parameters of an engine's version, as `aws rds describe-db-engine-versions` shows it.
pub(super) fn family(engine: &str, version: &str) -> String {
    let mut numbers = version.split('.');
    let (first, second) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    match engine {
        "postgres" | "aurora-postgresql" => format!("{engine}{first}"),
        _ if engine.starts_with("oracle") => format!("{engine}-{first}"),
        _ if engine.starts_with("sqlserver") => format!("{engine}-{first}.0"),
        _ => format!("{engine}{first}.{second}"),
    }
}

/// Whether another database may follow this one.
fn replica(cloud: &Cloud, properties: &Map, source: &str) -> Result<(), Refusal> {
    let databases = || cloud.items.values().filter(|item| &*item.kind == DATABASE);
    let Some(source) = databases().find(|item| is_called(item, source)) else {
        return Ok(());
    };
    let engine = text(&source.properties, "Engine");
    let Some(allowed) = allowed(engine) else {
        return Ok(());
    };
    let follows = |item: &&Item| {
        let name = text(&item.properties, "SourceDBInstanceIdentifier");
        !name.is_empty() && is_called(source, name)
    };
    let has = databases().filter(follows).count();
    if allowed.replicas == 0 {
        return combination(format!(
            "Read Replicas are not supported for engine {engine}"
        ));
    }
    if has >= allowed.replicas {
        let message =
            format!("The source already has {has} read replicas, the maximum for {engine}");
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "InvalidDBInstanceState",
            message,
        ));
    }
    let is_on = |properties: &Map, name: &str| properties.get(name) == Some(&Value::Bool(true));
    if engine.starts_with("sqlserver") && !is_on(&source.properties, "MultiAZ") {
        let message = "The source of a read replica of SQL Server must be a Multi-AZ deployment with Always On";
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "InvalidDBInstanceState",
            message.to_owned(),
        ));
    }
    if is_on(properties, "EnableIAMDatabaseAuthentication") && !allowed.iam {
        combination(
            "IAM Database Authentication is not supported for this configuration.".to_owned(),
        )
    } else {
        Ok(())
    }
}
