//! What the AWS provider called, held against what it was to call.

use std::collections::BTreeMap;

use scalectl::kinds::actions::Names;
use scalectl::provider::aws::Aws;

use crate::actions::action_of;

/// What was called, step by step.
#[derive(Default)]
pub struct Called(BTreeMap<(String, String), u64>);

impl Called {
    /// The operations called since the last time whose action is not among `allowed`.
    pub fn beyond(&mut self, aws: &Aws, allowed: &Names) -> Vec<String> {
        let all = aws.operations();
        let new = all
            .iter()
            .filter(|(key, calls)| self.0.get(*key) != Some(*calls));
        let beyond = new
            .map(|((service, operation), _)| action_of(service, operation))
            .filter(|action| !allowed.contains(&**action))
            .map(|action| format!("{action} was called, and is not among what this step needs"))
            .collect();
        self.0 = all;
        beyond
    }
}
