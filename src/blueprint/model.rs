//! Blueprints and modules as they stand in their files, checked as far as that goes without a spec.

use std::sync::Arc;

use super::template::Template;
use crate::diagnostic::Location;
use crate::graph::Lifecycle;
use crate::roles::Role;
use crate::yaml::Node;

/// One stage: which modules, where and with what.
#[derive(Debug)]
pub struct Blueprint {
    /// The stage's name.
    pub name: Arc<str>,
    /// In a few words.
    pub title: Arc<str>,
    /// What it is for.
    pub description: Arc<str>,
    /// When to move on to the next one.
    pub grow: Option<Arc<str>>,
    /// Its modules.
    pub compose: Vec<Compose>,
}

/// A module's place in a blueprint.
#[derive(Debug)]
pub struct Compose {
    /// The module's name.
    pub module: Arc<str>,
    /// Where that stands.
    pub location: Location,
    /// The regions in which it stands; the primary one when left out.
    pub for_each: Option<Template>,
    /// Whether it stands at all.
    pub include_when: Option<Template>,
    /// Its inputs.
    pub with: Vec<(Arc<str>, Location, Template)>,
}

/// Resources that belong together.
#[derive(Debug)]
pub struct Module {
    /// Its name.
    pub name: Arc<str>,
    /// What it makes.
    pub description: Arc<str>,
    /// What it takes, with the default where there is one.
    pub inputs: Vec<(Arc<str>, Option<Template>)>,
    /// Values that it names.
    pub locals: Vec<(Arc<str>, Template)>,
    /// What it makes.
    pub resources: Vec<Declaration>,
}

/// One resource of a module, or one per item.
#[derive(Debug)]
pub struct Declaration {
    /// Its id, unique in a blueprint.
    pub id: Arc<str>,
    /// Where the id stands.
    pub location: Location,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The part of the architecture that it belongs to.
    pub tier: Arc<str>,
    /// What it is to the engine, if anything.
    pub role: Option<Role>,
    /// The region where it stands, if not its module's.
    pub region: Option<Template>,
    /// The items: a list of names, or a map.
    pub for_each: Option<Template>,
    /// Whether it exists.
    pub include_when: Option<Template>,
    /// What must be true of it, as `self`, before others may use it.
    pub ready_when: Vec<Arc<str>>,
    /// Resources that must exist first although no property refers to them.
    pub after: Vec<(Arc<str>, Location)>,
    /// What a plan may do with it.
    pub lifecycle: Lifecycle,
    /// Its properties.
    pub properties: Template,
    /// The properties as they stand in the file, for messages.
    pub source: Option<Node>,
}
