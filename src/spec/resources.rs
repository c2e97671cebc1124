//! The types of `resources`: AWS resources of the user's own, and how services use them.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Spec;
use crate::diagnostic::{Diagnostic, Location};
use crate::yaml::{Node, quote_files};

/// An AWS resource of the user's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnResource {
    /// The CloudFormation resource type.
    #[schemars(example = &"AWS::SQS::Queue", example = &"AWS::S3::Bucket")]
    pub kind: String,
    /// The properties, with CloudFormation's names; `${...}` are expressions, as in blueprints.
    #[serde(default)]
    pub properties: serde_json::Map<String, serde_json::Value>,
    /// The regions in which it exists.
    #[serde(default)]
    pub regions: OwnRegions,
    /// Whether `apply` and `destroy` delete or replace it only with `--allow`; resource types that hold data are always
    /// protected.
    #[serde(default)]
    pub protect: bool,
}

/// The regions in which a resource of the user's own exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnRegions {
    /// The primary region.
    #[default]
    Primary,
    /// One in each region of the spec, from stage multi-region.
    All,
}

/// A resource that a service uses: its name, or the name with details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ResourceUse {
    /// The resource's name.
    Name(String),
    /// The name with details.
    Detailed(ResourceUseDetails),
}

/// How a service uses a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceUseDetails {
    /// The resource's name.
    pub resource: String,
    /// The IAM actions that the service needs; required for resource types without default actions.
    #[serde(default)]
    #[schemars(length(min = 1), inner(regex(pattern = r"^[a-z0-9-]+:[A-Za-z0-9*]+$")))]
    #[schemars(example = ["s3:GetObject"])]
    pub actions: Option<Vec<String>>,
    /// More environment variables, by name: the property that each contains.
    #[serde(default)]
    #[schemars(example = BTreeMap::from([("JOBS_URL", "QueueUrl")]))]
    pub env: BTreeMap<String, String>,
}

impl ResourceUse {
    /// The resource's name.
    #[must_use]
    pub fn resource(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Detailed(details) => &details.resource,
        }
    }

    /// The details, if there are any.
    #[must_use]
    pub fn details(&self) -> Option<&ResourceUseDetails> {
        match self {
            Self::Name(_) => None,
            Self::Detailed(details) => Some(details),
        }
    }
}

/// The file that a spec was read from, with the environment's overrides: expressions in `resources` are reported at their
/// lines. Two specs with equal settings are equal, whatever their files look like.
#[derive(Clone, Debug, Default)]
pub struct Source(Option<Arc<File>>);

/// A file: its tree and its text.
#[derive(Debug)]
struct File {
    root: Node,
    text: String,
}

impl PartialEq for Source {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Source {
    /// The tree that a spec was read from, and the text, which may be empty if it is not known.
    #[must_use]
    pub fn of(root: Node, text: &str) -> Self {
        let text = text.to_owned();
        Self(Some(Arc::new(File { root, text })))
    }

    /// Puts the file's lines beside messages about it that have no line yet.
    pub fn quote(&self, diagnostics: &mut [Diagnostic]) {
        if let Some(file) = &self.0
            && !file.text.is_empty()
        {
            let name = &*file.root.location.file;
            quote_files(|shown| (shown == name).then_some(&*file.text), diagnostics);
        }
    }

    /// The node below `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0.as_ref()?.root.get(key)
    }

    /// Where a dotted path is set.
    #[must_use]
    pub fn locate(&self, path: &str) -> Option<&Location> {
        Some(self.0.as_ref()?.root.locate(path))
    }
}

impl Spec {
    /// Where the spec sets a property of a resource of the user's own, or declares the resource.
    #[must_use]
    pub fn place_of_resource(&self, id: &str, property: &str) -> Option<Location> {
        self.resources.get(id)?;
        let path = match property {
            "" => format!("resources.{id}"),
            property => format!("resources.{id}.properties.{property}"),
        };
        self.source.locate(&path).cloned()
    }
}
