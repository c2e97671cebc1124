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

/// What `scalectl plan --json` prints, unless the spec asks for another stage than the live one: then
/// it is a migration's document.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Plan")]
pub struct Document<'a> {
    /// Which document this is: `plan`.
    #[schemars(extend("const" = "plan"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = FORMAT))]
    pub format: u32,
    /// The application.
    pub app: &'a str,
    /// The environment.
    pub env: &'a str,
    /// The stage that it leads to.
    pub stage: &'a str,
    /// The provider: `sim` or `aws`.
    pub provider: &'a str,
    /// How many changes there are of each sort.
    pub summary: Counts,
    /// What is interrupted, destroyed, replaced and newly open to the internet.
    pub blast_radius: Blast,
    /// The changes, ordered by address.
    pub changes: Vec<ChangeJson<'a>>,
    /// What policies say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy<'a>>,
    /// How long it takes.
    pub duration: DurationJson<'a>,
}

/// What happens to one resource.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Change")]
pub struct ChangeJson<'a> {
    /// Which.
    pub address: &'a Address,
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// The part of the architecture.
    pub tier: &'a str,
    /// What happens.
    pub action: Action,
    /// Why.
    pub why: &'a Reason,
    /// Why apply refuses it unless it is named with `--allow`, in words; missing when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<&'a str>,
    /// What is interrupted meanwhile, in words; missing when nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupts: Option<&'a str>,
    /// The cloud's identifier; missing for what does not exist yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<&'a str>,
    /// The addresses that come first.
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
    /// As it is, null when it is not set; missing when `hidden`. Values that the cloud will answer
    /// are `{"$ref": "ADDRESS#PATH"}`, text with such values inside is `{"$text": [...]}`, its
    /// Base64 `{"$base64": ...}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// As it will be, in the same way.
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
    /// True when it was changed outside of scalectl; missing otherwise.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub drift: bool,
}

/// How long a plan takes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Duration")]
pub struct DurationJson<'a> {
    /// The predicted seconds.
    pub seconds: u64,
    /// The longest chain, in order.
    pub critical_path: Vec<LinkJson<'a>>,
}

/// One write or delete on the longest chain.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Link")]
pub struct LinkJson<'a> {
    /// On what.
    pub address: &'a Address,
    /// What it does.
    pub step: Step,
    /// Its typical seconds.
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
