//! A plan as programs read it. The form is documented in `docs/plan-json.md`; `format` counts up
//! with every change that could break a reader.

use serde_json::{Value as Json, json};

use crate::plan::guard::Refusal;
use crate::plan::{Plan, PropertyChange};
use crate::provider::Owner;

/// The version of the form.
pub const FORMAT: u32 = 1;

/// The plan as JSON.
pub fn document(
    plan: &Plan,
    owner: &Owner,
    stage: &str,
    provider: &str,
    refusals: &[Refusal],
    workers: Option<usize>,
) -> Json {
    let schedule = plan.schedule(workers);
    json!({
        "format": FORMAT,
        "app": &*owner.app,
        "env": &*owner.env,
        "stage": stage,
        "provider": provider,
        "summary": plan.counts(),
        "changes": plan.changes.iter().map(|change| {
            let mut json = json!({
                "address": change.address,
                "kind": &*change.kind,
                "tier": &*change.tier,
                "action": change.action,
                "why": change.reason,
                "properties": change.properties.iter().map(property).collect::<Vec<_>>(),
                "depends_on": change.depends_on,
            });
            if let Some(refusal) = refusals.iter().find(|r| r.address == change.address) {
                json["refused"] = Json::from(refusal.why);
            }
            if let Some(interrupts) = &change.interrupts {
                json["interrupts"] = Json::from(&**interrupts);
            }
            if let Some(live) = &change.live {
                json["identifier"] = Json::from(&*live.identifier);
            }
            json
        }).collect::<Vec<_>>(),
        "duration": {
            "seconds": schedule.makespan,
            "critical_path": schedule.critical.iter().map(|number| {
                let operation = &plan.operations[*number];
                json!({
                    "address": plan.changes[operation.change].address,
                    "step": operation.step,
                    "seconds": operation.seconds,
                })
            }).collect::<Vec<_>>(),
        },
    })
}

fn property(property: &PropertyChange) -> Json {
    let mut json = json!({ "path": &*property.path });
    if property.hidden {
        json["hidden"] = Json::from(true);
    } else {
        json["before"] = property.before.as_ref().map(Json::from).unwrap_or_default();
        json["after"] = property.after.as_ref().map(Json::from).unwrap_or_default();
    }
    if property.create_only {
        json["forces_replace"] = Json::from(true);
    }
    if property.drift {
        json["drift"] = Json::from(true);
    }
    json
}
