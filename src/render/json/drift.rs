//! Drift as programs read it: types whose doc comments become the published JSON Schema.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::address::Address;
use crate::inventory::Owner;
use crate::plan::PropertyChange;
use crate::plan::drift::{Drift, Fate};
use crate::value::Value;

/// What `scalectl drift --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Drift")]
pub struct Document<'a> {
    /// The document type: `drift`.
    #[schemars(extend("const" = "drift"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The application.
    pub app: &'a str,
    /// The environment.
    pub env: &'a str,
    /// The last completed stage; null if none.
    pub stage: Option<&'a str>,
    /// The provider: `sim` or `aws`.
    pub provider: &'a str,
    /// Whether there is drift.
    pub drift: bool,
    /// The counts.
    pub summary: Summary,
    /// The resources that differ from the last apply, ordered by address.
    pub resources: Vec<Resource<'a>>,
    /// Missing resources that may have been deleted or never applied.
    pub unknown: &'a [Address],
}

/// Counts of drift.
#[derive(Serialize, JsonSchema)]
pub struct Summary {
    /// Resources changed outside scalectl.
    pub moved: usize,
    /// Resources deleted outside scalectl.
    pub gone: usize,
    /// Resources left over from an unfinished replace.
    pub deposed: usize,
    /// Other changes in the plan.
    pub besides: usize,
}

/// A resource that differs from the last apply.
#[derive(Serialize, JsonSchema)]
pub struct Resource<'a> {
    /// Its address.
    pub address: &'a Address,
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// The part of the architecture.
    pub tier: &'a str,
    /// What happened to it.
    pub fate: Fate,
    /// The cloud's identifier; null if it was deleted.
    pub identifier: Option<&'a str>,
    /// The changed properties, ordered by path.
    pub properties: Vec<Property<'a>>,
}

/// A property changed outside scalectl.
#[derive(Serialize, JsonSchema)]
pub struct Property<'a> {
    /// The dotted path.
    pub path: &'a str,
    /// The current value, null if not set; missing when `hidden`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Json>,
    /// The value last applied; missing when `hidden`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<Json>,
    /// True when the values are secret and never printed; missing otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub hidden: bool,
}

/// The drift as JSON.
pub fn document<'a>(
    drift: &'a Drift,
    owner: &'a Owner,
    stage: Option<&'a str>,
    provider: &'a str,
) -> Document<'a> {
    Document {
        document: "drift",
        format: 1,
        app: &owner.app,
        env: &owner.env,
        stage,
        provider,
        drift: !drift.resources.is_empty(),
        summary: Summary {
            moved: drift.count(Fate::Moved),
            gone: drift.count(Fate::Gone),
            deposed: drift.count(Fate::Deposed),
            besides: drift.besides,
        },
        resources: drift
            .resources
            .iter()
            .map(|one| Resource {
                address: &one.address,
                kind: &one.kind,
                tier: &one.tier,
                fate: one.fate,
                identifier: one.identifier.as_deref(),
                properties: one.properties.iter().map(property).collect(),
            })
            .collect(),
        unknown: &drift.unknown,
    }
}

fn property(property: &PropertyChange) -> Property<'_> {
    let value = |value: Option<&Value>| {
        (!property.hidden).then(|| value.map(Json::from).unwrap_or_default())
    };
    Property {
        path: &property.path,
        found: value(property.before.as_ref()),
        set: value(property.after.as_ref()),
        hidden: property.hidden,
    }
}
