//! IAM policies that allow actions, one by one, on every resource: AWS makes up most names.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};

/// What a managed policy may hold at most, in characters without white space
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const MANAGED: usize = 6144;

/// One policy for all of these actions.
pub fn policy<'a>(actions: impl IntoIterator<Item = &'a Arc<str>>) -> Json {
    let actions: Vec<&str> = actions.into_iter().map(|action| &**action).collect();
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
    })
}

/// As many managed policies as the actions need, each as long as IAM takes.
pub fn managed(actions: &BTreeSet<Arc<str>>) -> Vec<Json> {
    let frame = size(&policy([]));
    let mut lists: Vec<Vec<&Arc<str>>> = Vec::new();
    let mut left = 0;
    for action in actions {
        let size = action.len() + "\"\",".len();
        if size > left {
            lists.push(Vec::new());
            left = MANAGED - frame;
        }
        left = left.saturating_sub(size);
        if let Some(list) = lists.last_mut() {
            list.push(action);
        }
    }
    lists.into_iter().map(policy).collect()
}

/// A policy's length as IAM counts it.
pub fn size(policy: &Json) -> usize {
    policy.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_policy_is_longer_than_iam_takes() {
        let actions: BTreeSet<Arc<str>> = (0..1000)
            .map(|number| format!("service:SomeAction{number:04}").into())
            .collect();
        let policies = managed(&actions);
        let allowed = policies.iter().map(|policy| {
            assert!(size(policy) <= MANAGED);
            policy["Statement"][0]["Action"].as_array().unwrap().len()
        });
        assert_eq!(allowed.sum::<usize>(), actions.len());
        assert!(policies.len() <= size(&policy(&actions)) / MANAGED + 1);
    }
}
