//! A plan as programs read it: types whose doc comments become the published JSON Schema.
//!
//! The form is documented in `docs/json.md`; `format` counts up with every change that could break a
//! reader.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::findings::Policy;
use crate::address::Address;
use crate::inventory::Owner;
use crate::plan::{Action, Blast, Change, Counts, Plan, PropertyChange, Reason, Step};
use crate::render::plan::Frame;

/// The version of the form.
pub const FORMAT: u32 = 1;

/// What `scalectl plan --json` prints, unless the spec's stage differs from the deployed one: then
/// it prints a migration.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Plan")]
pub struct Document<'a> {
    /// The document type: `plan`.
    #[schemars(extend("const" = "plan"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = FORMAT))]
    pub format: u32,
    /// The application.
    pub app: &'a str,
    /// The environment.
    pub env: &'a str,
    /// The stage that it applies.
    pub stage: &'a str,
    /// The provider: `sim` or `aws`.
    pub provider: &'a str,
    /// The number of changes by action.
    pub summary: Counts,
    /// The blast radius: what is interrupted, destroyed, replaced and newly open to the internet.
    pub blast_radius: Blast,
    /// The changes, ordered by address.
    pub changes: Vec<ChangeJson<'a>>,
    /// The policy findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy<'a>>,
    /// The predicted duration.
    pub duration: DurationJson<'a>,
}

/// The change of one resource.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Change")]
pub struct ChangeJson<'a> {
    /// The resource.
    pub address: &'a Address,
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// The part of the architecture.
    pub tier: &'a str,
    /// The action.
    pub action: Action,
    /// The reason.
    pub why: &'a Reason,
    /// Why apply rejects it unless it is named with `--allow`; missing otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<&'a str>,
    /// A description of the interruption; missing if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupts: Option<&'a str>,
    /// The cloud's identifier; missing if it does not exist yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<&'a str>,
    /// The addresses of operations that must finish first.
    pub depends_on: &'a [Address],
    /// The properties that change, ordered by path.
    pub properties: Vec<PropertyJson<'a>>,
}

/// One property that changes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Property")]
pub struct PropertyJson<'a> {
    /// The dotted path.
    pub path: &'a str,
    /// The current value, null if not set; missing when `hidden`. Values that are known after apply
    /// are `{"$ref": "ADDRESS#PATH"}`, text that contains such values is `{"$text": [...]}`, its
    /// Base64 `{"$base64": ...}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// The new value, in the same form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
    /// True when the values are secret and never printed; missing otherwise.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub hidden: bool,
    /// True when this property forces the replace; missing otherwise.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub forces_replace: bool,
    /// True if it was changed outside scalectl; missing otherwise.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub drift: bool,
}

/// The predicted duration of a plan.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Duration")]
pub struct DurationJson<'a> {
    /// Predicted seconds.
    pub seconds: u64,
    /// The longest chain, in order.
    pub critical_path: Vec<LinkJson<'a>>,
}

/// One operation of the longest chain.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Link")]
pub struct LinkJson<'a> {
    /// The resource.
    pub address: &'a Address,
    /// The operation.
    pub step: Step,
    /// Its typical duration in seconds.
    pub seconds: u64,
}

/// For serde, which asks with a reference.
fn is_false(truth: &bool) -> bool {
    !truth
}

/// The plan as JSON.
pub fn document<'a>(
    plan: &'a Plan,
    frame: &Frame<'a>,
    owner: &'a Owner,
    stage: &'a str,
    provider: &'a str,
) -> Document<'a> {
    let schedule = plan.schedule(frame.workers);
    let refused: BTreeMap<&Address, &str> = frame
        .refusals
        .iter()
        .map(|refusal| (&refusal.address, &*refusal.why))
        .collect();
    Document {
        document: "plan",
        format: FORMAT,
        app: &owner.app,
        env: &owner.env,
        stage,
        provider,
        summary: plan.counts(),
        blast_radius: plan.blast(),
        policy: None,
        changes: plan
            .changes
            .iter()
            .map(|one| change(one, refused.get(&one.address).copied()))
            .collect(),
        duration: DurationJson {
            seconds: schedule.makespan,
            critical_path: schedule
                .critical
                .iter()
                .map(|number| {
                    let operation = &plan.operations[*number];
                    LinkJson {
                        address: &plan.changes[operation.change].address,
                        step: operation.step,
                        seconds: operation.seconds,
                    }
                })
                .collect(),
        },
    }
}

/// A change as JSON, with why apply refuses it.
pub fn change<'a>(change: &'a Change, refused: Option<&'a str>) -> ChangeJson<'a> {
    ChangeJson {
        address: &change.address,
        kind: &change.kind,
        tier: &change.tier,
        action: change.action,
        why: &change.reason,
        refused,
        interrupts: change.interrupts.as_deref(),
        identifier: change.live.as_ref().map(|live| &*live.identifier),
        depends_on: &change.depends_on,
        properties: change.properties.iter().map(property).collect(),
    }
}

fn property(property: &PropertyChange) -> PropertyJson<'_> {
    let value = |value: Option<&crate::value::Value>| {
        (!property.hidden).then(|| value.map(Json::from).unwrap_or_default())
    };
    PropertyJson {
        path: &property.path,
        before: value(property.before.as_ref()),
        after: value(property.after.as_ref()),
        hidden: property.hidden,
        forces_replace: property.create_only,
        drift: property.drift,
    }
}
