//! Tests of a spec and its blueprints: YAML files that state a spec, perhaps what is live, and what must be
//! true of graph, plan and migration.
//!
//! [`parse`] reads a file, [`mod@run`] carries a case out on a simulator of its own, `scope` is what its
//! expressions see. Finding and reading files, and telling what came of them, is the caller's.

pub mod parse;
pub mod run;
mod schema;
mod scope;

use std::sync::Arc;

pub use parse::suite;
pub use run::{Ground, run};
pub use schema::json_schema;

use crate::blueprint::expression::Expression;
use crate::diagnostic::{Diagnostic, Location};
use crate::spec::Stage;
use crate::yaml::Node;

/// A file of tests.
#[derive(Debug)]
pub struct Suite {
    /// Its name.
    pub file: Arc<str>,
    /// The spec that all its cases begin with.
    pub spec: Source,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// Where a spec comes from.
#[derive(Debug)]
pub enum Source {
    /// The file beside which the tests stand.
    Beside,
    /// A file, by its way from this one's folder.
    File(Arc<str>, Location),
    /// This file itself.
    Inline(Node),
}

/// A spec in one of its forms.
#[derive(Clone, Debug, Default)]
pub struct Variant {
    /// The stage, if not the spec's.
    pub stage: Option<Stage>,
    /// The environment.
    pub env: Option<Arc<str>>,
    /// What is merged over it.
    pub set: Option<Node>,
}

/// What is live before.
#[derive(Debug)]
pub enum Start {
    /// Nothing.
    Nothing,
    /// What an apply of this leaves.
    Applied(Variant),
    /// A file with what was observed, by its way from this one's folder.
    File(Arc<str>, Location),
}

/// One case.
#[derive(Debug)]
pub struct Case {
    /// Its name, unique in its file.
    pub name: Arc<str>,
    /// Where it stands.
    pub location: Location,
    /// The spec.
    pub variant: Variant,
    /// What is live before.
    pub live: Start,
    /// Protected resources that may be deleted or replaced.
    pub allow: Vec<crate::address::Address>,
    /// What must be true.
    pub expect: Vec<Expect>,
    /// Exactly what the guard rails refuse.
    pub refused: Option<(Vec<Arc<str>>, Location)>,
    /// Exactly the rules that deny something.
    pub denied: Option<(Vec<Arc<str>>, Location)>,
    /// What the error says that is expected instead of a plan.
    pub error: Option<(Arc<str>, Location)>,
}

/// Something that must be true.
#[derive(Debug)]
pub struct Expect {
    /// As it is written.
    pub text: Arc<str>,
    /// It.
    pub expression: Expression,
    /// What it means when it is not.
    pub message: Option<Arc<str>>,
}

/// How a case ended: nothing in `failures` is well.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was not as expected.
    pub failures: Vec<Failure>,
}

/// What was not as expected.
#[derive(Debug)]
pub enum Failure {
    /// An expectation does not hold.
    False {
        /// As it is written.
        text: Arc<str>,
        /// Where.
        location: Location,
        /// What it means.
        message: Option<Arc<str>>,
        /// Why it is not true, where it could not be decided.
        why: Option<String>,
        /// The values that it speaks of.
        seen: Vec<(String, String)>,
    },
    /// Something else came than was expected.
    Other {
        /// Where the expectation stands.
        location: Location,
        /// What was expected and what came.
        what: String,
    },
    /// It did not come to a plan.
    Broken(Vec<Diagnostic>),
}
