//! The rules of policies, as programs read them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::policy::{Policies, Severity};

/// What `scalectl policy list --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rules")]
pub struct Document<'a> {
    /// The document type: `rules`.
    #[schemars(extend("const" = "rules"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
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
    /// The requirement, in one sentence.
    pub title: &'a str,
    /// Whether a violation denies or warns.
    pub severity: Severity,
    /// The resource types that it applies to, `*` for any characters; empty means all.
    pub kinds: &'a [Arc<str>],
    /// The control that it implements, such as `SecurityHub EC2.8`; null if none.
    pub reference: Option<&'a str>,
    /// A link to more information; null if none.
    pub url: Option<&'a str>,
    /// The file that defines it.
    pub file: &'a str,
    /// Whether it is built in.
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
