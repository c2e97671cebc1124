//! The parameter that a deployment makes beside a service's setting: servers that it does not name go on with the setting
//! from before.
//!
//! It is all that a deployment leaves in the cloud besides the record, so whoever resumes one reads it from there.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::graph::Resource;
use crate::value::Value;

/// The id of its resource.
pub const ROLLOUT: &str = "rollout";

/// What a standard parameter holds
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>).
const STANDARD: usize = 4096;

/// Which servers have a new version, and what all others go on with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// The setting's name below the application's path, such as `services/web`.
    pub setting: String,
    /// The setting's text before.
    pub before: String,
    /// The servers that go by the new one.
    pub servers: Vec<Arc<str>>,
    /// Whether they keep the old version running beside it.
    pub keep: bool,
}

/// The address of the parameter beside a setting.
pub fn address(setting: &Address) -> Address {
    Address::new(setting.region.clone(), ROLLOUT, setting.key.clone())
}

/// The name of a setting below the application's path, and that path: `services/web` and `/shop/prod`.
pub fn names(setting: &Resource) -> Option<(&str, &str)> {
    let name = setting.property("Name")?.as_str()?;
    let mut cuts = name.rmatch_indices('/').map(|(at, _)| at);
    let (_, at) = (cuts.next()?, cuts.next()?);
    Some((&name[at + 1..], &name[..at]))
}

/// The parameter that says so, marked as the setting is.
pub fn resource(setting: &Resource, rollout: &Rollout) -> Option<Resource> {
    let (name, path) = names(setting)?;
    let key = name.rsplit('/').next()?;
    let text = serde_json::to_string(rollout).ok()?;
    let mut resource = Resource {
        address: address(&setting.address),
        role: None,
        after: Vec::new(),
        ready_when: Vec::new(),
        ..setting.clone()
    };
    let properties = &mut resource.properties;
    properties.insert("Name", Value::str(format!("{path}/{ROLLOUT}/{key}")));
    properties.insert("Description", Value::str("A deployment in progress"));
    if text.len() > STANDARD {
        properties.insert("Tier", Value::str("Advanced"));
    }
    properties.insert("Value", Value::str(text));
    Some(resource)
}

/// A setting with a text of its own, such as the one from before.
pub fn with_text(setting: &Resource, text: &str) -> Resource {
    let mut resource = setting.clone();
    resource.after.clear();
    resource.properties.insert("Value", Value::str(text));
    resource
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::Role;
    use crate::value::Map;

    fn setting() -> Resource {
        let mut properties = Map::new();
        properties.insert("Name", Value::str("/shop/prod/services/web"));
        properties.insert("Value", Value::str("{}"));
        Resource {
            address: "us-east-1/param_service[web]".parse().unwrap(),
            kind: "AWS::SSM::Parameter".into(),
            tier: "compute".into(),
            role: Some(Role::ServiceSetting),
            properties,
            after: vec!["us-east-1/other".parse().unwrap()],
            lifecycle: Default::default(),
            ready_when: Vec::new(),
        }
    }

    #[test]
    fn it_stands_beside_the_settings_and_is_no_setting() {
        let rollout = Rollout {
            setting: "services/web".to_owned(),
            before: "{}".to_owned(),
            servers: vec!["i-1".into()],
            keep: false,
        };
        let made = resource(&setting(), &rollout).unwrap();
        assert_eq!(made.address.to_string(), "us-east-1/rollout[web]");
        assert_eq!(made.role, None);
        assert_eq!(
            made.property("Name").and_then(Value::as_str),
            Some("/shop/prod/rollout/web")
        );
        assert_eq!(made.property("Tier"), None);
        let said = made.property("Value").and_then(Value::as_str).unwrap();
        assert_eq!(serde_json::from_str::<Rollout>(said).unwrap(), rollout);
    }

    #[test]
    fn one_that_a_standard_parameter_does_not_hold_is_advanced() {
        let rollout = Rollout {
            setting: "services/web".to_owned(),
            before: "x".repeat(STANDARD),
            servers: Vec::new(),
            keep: false,
        };
        let made = resource(&setting(), &rollout).unwrap();
        assert_eq!(
            made.property("Tier").and_then(Value::as_str),
            Some("Advanced")
        );
    }
}
