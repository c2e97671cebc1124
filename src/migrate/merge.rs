//! What a resource looks like while the old and the new side by side both need it: everything that
//! either asks for.
//!
//! Owns how two wishes become one; which resources are shared, and when, is [`super::graphs`]'.

use crate::kinds;
use crate::value::{Map, Value};

/// Entries that tell the items of a list apart, the first that an item has.
const KEYS: [&str; 11] = [
    "Id",
    "Sid",
    "PolicyName",
    "RuleName",
    "PathPattern",
    "Key",
    "Name",
    "DeviceName",
    "Region",
    "IndexName",
    "AttributeName",
];

/// What has as many members as it can have on either side: the two origins of a group
/// (<https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginGroupMembers.html>).
const PAIR: &str = "Members";

/// Everything that `old` and `new` ask for. Where they contradict each other the old one's word
/// counts: whoever relies on it is still there.
pub fn both(kind: &str, old: &Map, new: &Map) -> Map {
    let mut merged = maps(old, new);
    for &name in kinds::of(kind).narrows {
        if let (Some(Value::List(a)), Some(Value::List(b))) = (old.get(name), new.get(name)) {
            let wider = if b.len() < a.len() { b } else { a };
            merged.insert(name, Value::List(wider.clone()));
        }
    }
    merged
}

fn maps(old: &Map, new: &Map) -> Map {
    let mut merged = old.clone();
    for (name, value) in new {
        let value = match old.get(name) {
            Some(have) if &**name == PAIR => have.clone(),
            Some(have) => one(have, value),
            None => value.clone(),
        };
        merged.insert(name.clone(), value);
    }
    // CloudFront's lists say how long they are.
    if let (Some(Value::Int(_)), Some(Value::List(items))) =
        (merged.get("Quantity"), merged.get("Items"))
        && let Ok(quantity) = i64::try_from(items.len())
    {
        merged.insert("Quantity", Value::Int(quantity));
    }
    merged
}

fn one(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::Map(a), Value::Map(b)) => Value::Map(maps(a, b)),
        (Value::List(a), Value::List(b)) => Value::List(lists(a, b)),
        // What is switched on is an addition; what is larger has room for both.
        (Value::Bool(a), Value::Bool(b)) => Value::Bool(*a || *b),
        (Value::Int(a), Value::Int(b)) => Value::Int(*a.max(b)),
        _ => old.clone(),
    }
}

fn key(item: &Value) -> Option<(&'static str, &str)> {
    KEYS.iter()
        .find_map(|key| Some((*key, item.as_map()?.get(key)?.as_str()?)))
}

fn lists(old: &[Value], new: &[Value]) -> Vec<Value> {
    let mut merged = old.to_vec();
    for item in new {
        let known = match key(item) {
            Some(named) => merged.iter().position(|have| key(have) == Some(named)),
            None => merged.iter().position(|have| have == item),
        };
        match known {
            Some(at) => merged[at] = one(&merged[at], item),
            None => merged.push(item.clone()),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: serde_json::Value) -> Map {
        match serde_json::from_value(json).unwrap() {
            Value::Map(map) => map,
            _ => panic!("not a map"),
        }
    }

    fn merged(kind: &str, old: serde_json::Value, new: serde_json::Value) -> serde_json::Value {
        serde_json::to_value(Value::Map(both(kind, &map(old), &map(new)))).unwrap()
    }

    #[test]
    fn a_policy_allows_what_either_side_needs() {
        let policy = |statements: serde_json::Value| serde_json::json!({"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}]});
        let old = policy(serde_json::json!([{"Action": "a"}, {"Action": "b"}]));
        let new = policy(serde_json::json!([{"Action": "a"}, {"Action": "c"}]));
        assert_eq!(
            merged("AWS::IAM::Role", old, new),
            policy(serde_json::json!([{"Action": "a"}, {"Action": "b"}, {"Action": "c"}]))
        );
    }

    #[test]
    fn where_both_contradict_the_old_word_counts() {
        let old = serde_json::json!({"Target": "old", "MultiAZ": false, "Size": 20, "Gone": 1});
        let new = serde_json::json!({"Target": "new", "MultiAZ": true, "Size": 10, "Come": 2});
        assert_eq!(
            merged("AWS::RDS::DBInstance", old, new),
            serde_json::json!({"Target": "old", "MultiAZ": true, "Size": 20, "Gone": 1, "Come": 2})
        );
    }

    #[test]
    fn items_with_a_name_are_merged_and_not_doubled() {
        let old = serde_json::json!({"L": [{"Id": "app", "D": "x"}]});
        let new = serde_json::json!({"L": [{"Id": "app", "D": "y", "E": 1}, {"Id": "second"}]});
        assert_eq!(
            merged("K", old, new),
            serde_json::json!({"L": [{"Id": "app", "D": "x", "E": 1}, {"Id": "second"}]})
        );
    }

    #[test]
    fn a_counted_list_is_as_long_as_it_says_and_a_pair_stays_one() {
        let group = |id: &str, second: &str| serde_json::json!({"Id": id, "Members": {"Quantity": 2, "Items": [{"OriginId": "a"}, {"OriginId": second}]}});
        let groups = |items: Vec<serde_json::Value>| serde_json::json!({"OriginGroups": {"Quantity": items.len(), "Items": items}});
        let (old, new) = (groups(vec![group("g", "b")]), groups(vec![group("g", "c")]));
        assert_eq!(merged("K", old.clone(), new), old);
        let new = groups(vec![group("h", "c")]);
        let both = groups(vec![group("g", "b"), group("h", "c")]);
        assert_eq!(merged("K", old, new), both);
    }

    #[test]
    fn a_rule_lets_everyone_through_whom_either_side_admits() {
        let kind = "AWS::ElasticLoadBalancingV2::ListenerRule";
        let open = serde_json::json!({"Conditions": [{"Field": "path-pattern"}]});
        let narrow = serde_json::json!({"Conditions": [{"Field": "path-pattern"}, {"Field": "http-header"}]});
        assert_eq!(merged(kind, open.clone(), narrow.clone()), open);
        assert_eq!(merged(kind, narrow, open.clone()), open);
    }
}
