//! Policies: rules in CEL over what a plan leaves standing, with exceptions that say why and until when.
//!
//! A rule denies or warns. [`pack`] holds the rules in the binary and those beside the spec, [`parse`] reads
//! them with every mistake at its place, `names` says which names a rule may speak of, `scope` is what it
//! sees, [`mod@check`] asks each rule of each resource, and [`exception`] sets findings aside. All pure: today's
//! date is the caller's, and so is what a finding stops.
//!
//! A rule that cannot be decided, because it compares what cannot be compared, counts as broken: what guards
//! something must not fall silent.

pub mod check;
pub mod exception;
mod names;
pub mod pack;
pub mod parse;
pub mod schema;
mod scope;

use std::sync::{Arc, OnceLock};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{Case, check};
pub use exception::Exception;
pub use pack::Policies;

use crate::address::Address;
use crate::blueprint::expression::Expression;
use crate::blueprint::template::Template;
use crate::diagnostic::{Diagnostic, Location};
use crate::yaml::Node;

/// What a broken rule does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing is applied.
    Deny,
    /// It is only told.
    Warn,
}

impl Severity {
    /// As a policy file has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
        }
    }
}

/// What happens to a resource, as rules name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is new.
    Create,
    /// It changes in place.
    Update,
    /// A new one takes its place.
    Replace,
    /// It goes.
    Delete,
    /// It stays as it is.
    Unchanged,
}

impl Fate {
    /// Everything that can happen.
    pub const ALL: [Self; 5] = [
        Self::Create,
        Self::Update,
        Self::Replace,
        Self::Delete,
        Self::Unchanged,
    ];

    /// As a policy file has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What a rule is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Each resource by itself.
    Resource,
    /// The plan as a whole, once.
    Plan,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, unique among all rules.
    pub id: Arc<str>,
    /// What it wants, in a sentence.
    pub title: Arc<str>,
    /// What it does when it is broken.
    pub severity: Severity,
    /// What it is asked of.
    pub over: Over,
    /// The kinds that it looks at, `*` for any letters; all when empty.
    pub kinds: Vec<Arc<str>>,
    /// What has to happen to a resource for the rule to look at it.
    pub fates: Vec<Fate>,
    /// The property that it is about.
    pub property: Option<Arc<str>>,
    /// What it asks and says.
    text: Text,
    /// The control that it follows, such as `SecurityHub EC2.8`.
    pub reference: Option<Arc<str>>,
    /// Where to read on.
    pub url: Option<Arc<str>>,
    /// Where it stands.
    pub location: Location,
}

/// What a rule asks and says.
#[derive(Debug)]
pub struct Asks {
    /// Whether it looks at all.
    pub when: Option<Expression>,
    /// What has to be true; `None` where that cannot be read.
    pub require: Option<Expression>,
    /// What is wrong, with the values.
    pub message: Template,
    /// What would be right.
    pub fix: Template,
}

/// What a rule asks and says, read when it is first asked: most rules of the binary look at nothing that
/// a plan has, and reading all of them takes longer than asking them.
#[derive(Debug)]
struct Text {
    node: Node,
    read: OnceLock<Asks>,
}

impl Rule {
    /// What it asks and says. The mistakes in those of the binary are the tests' to find; others are read
    /// with their file.
    pub fn asks(&self) -> &Asks {
        let read = || parse::asks(&self.text.node, &mut Vec::new());
        self.text.read.get_or_init(read)
    }
}

/// A rule that is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule's id.
    pub rule: Arc<str>,
    /// What the rule wants.
    pub title: Arc<str>,
    /// What it does.
    pub severity: Severity,
    /// The resource; `None` for a rule over the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Arc<str>>,
    /// The property.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<Arc<str>>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub fix: String,
    /// The control that the rule follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Arc<str>>,
    /// Where to read on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Arc<str>>,
    /// What an exception said that counts no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<String>,
}

/// A finding that an exception sets aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Excepted {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it is accepted.
    pub reason: Arc<str>,
    /// Until when; what comes with a blueprint has no end.
    pub until: Option<Arc<str>>,
}

/// What all rules say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Broken rules, those that deny first, then by address and rule.
    pub findings: Vec<Finding>,
    /// Those that exceptions set aside.
    pub excepted: Vec<Excepted>,
    /// Exceptions that match nothing or count no more.
    pub warnings: Vec<Diagnostic>,
    /// The rules that looked at something.
    pub asked: Vec<Arc<str>>,
    /// How many resources there are.
    pub resources: usize,
}

impl Report {
    /// The findings that stop an apply.
    pub fn denied(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Deny)
    }
}

#[cfg(test)]
mod tests;
