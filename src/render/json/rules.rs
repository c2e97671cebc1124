//! The rules of policies, as programs read them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::policy::{Policies, Severity};

/// What `scalectl policy list --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rules")]
pub struct Document<'a> {
    /// Which document this is: `rules`.
    #[schemars(extend("const" = "rules"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The rules.
    pub rules: Vec<Rule<'a>>,
}

/// A rule.
#[derive(Serialize, JsonSchema)]
pub struct Rule<'a> {
    /// Its name, unique among all rules.
    pub id: &'a str,
    /// What it wants, in a sentence.
    pub title: &'a str,
    /// What it does when it is broken.
    pub severity: Severity,
    /// The kinds that it looks at, `*` for any letters; all when empty.
    pub kinds: &'a [Arc<str>],
    /// The control that it follows, such as `SecurityHub EC2.8`; null when there is none.
    pub reference: Option<&'a str>,
    /// Where to read on; null when nowhere.
    pub url: Option<&'a str>,
    /// The file in which it stands.
    pub file: &'a str,
    /// Whether it came with scalectl.
    pub builtin: bool,
}

/// All rules as a document.
pub fn document(policies: &Policies) -> Document<'_> {
    Document {
        document: "rules",
        format: 1,
        rules: policies
            .rules
            .iter()
            .map(|rule| Rule {
                id: &rule.id,
                title: &rule.title,
                severity: rule.severity,
                kinds: &rule.kinds,
                reference: rule.reference.as_deref(),
                url: rule.url.as_deref(),
                file: &rule.location.file,
                builtin: policies.is_builtin(&rule.location.file),
            })
            .collect(),
    }
}
