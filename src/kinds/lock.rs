//! What AWS wants switched off before it deletes something.

use std::sync::Arc;

use super::record::Lock;
use crate::value::Map;
use crate::value::Value;

/// The property that stands in the way of deleting a resource, and its value when it no longer
/// does; `None` when nothing does.
///
/// Sources: DeletionProtection (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html>),
/// DisableApiTermination (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html>),
/// DeletionProtectionEnabled of a table and of each replica
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html>),
/// `deletion_protection.enabled` (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html>),
/// a distribution has to be disabled first (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html>).
pub fn unlocked(kind: &str, properties: &Map) -> Option<(Arc<str>, Value)> {
    let flag = |name: &str| {
        (properties.get(name) == Some(&Value::Bool(true)))
            .then(|| (name.into(), Value::Bool(false)))
    };
    match super::of(kind).lock? {
        Lock::Flag(name) => flag(name),
        Lock::Within(name, flag) => {
            let mut outer = properties.get(name)?.as_map()?.clone();
            (outer.get(flag) == Some(&Value::Bool(true))).then(|| {
                outer.insert(flag, Value::Bool(false));
                (name.into(), Value::Map(outer))
            })
        }
        Lock::Each { list, flag } => {
            let items = properties.get(list)?.as_list()?;
            let is_locked = |item: &Value| item.at(flag) == Some(&Value::Bool(true));
            items.iter().any(is_locked).then(|| {
                let open = items.iter().map(|item| match item {
                    Value::Map(map) if is_locked(item) => {
                        let mut map = map.clone();
                        map.insert(flag, Value::Bool(false));
                        Value::Map(map)
                    }
                    other => other.clone(),
                });
                (list.into(), Value::list(open))
            })
        }
        Lock::Attribute { list, key } => {
            let attributes = properties.get(list)?.as_list()?;
            let is_lock = |item: &Value| {
                item.at("Key").and_then(Value::as_str) == Some(key)
                    && item.at("Value").and_then(Value::as_str) == Some("true")
            };
            attributes.iter().any(is_lock).then(|| {
                let open = attributes.iter().map(|item| match item {
                    Value::Map(map) if is_lock(item) => {
                        let mut map = map.clone();
                        map.insert("Value", Value::str("false"));
                        Value::Map(map)
                    }
                    other => other.clone(),
                });
                (list.into(), Value::list(open))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protected_database_is_unlocked_by_its_flag() {
        let mut database = Map::new();
        database.insert("DeletionProtection", Value::Bool(true));
        let (name, value) = unlocked("AWS::RDS::DBInstance", &database).unwrap();
        assert_eq!(
            (&*name, value.clone()),
            ("DeletionProtection", Value::Bool(false))
        );
        database.insert(name, value);
        assert!(unlocked("AWS::RDS::DBInstance", &database).is_none());
    }
}
