//! What the expectations of a test see. What only the cloud will answer reads as the reference that a plan
//! prints, such as `${us-east-1/vpc.VpcId}`, so that it can be compared.

use std::borrow::Cow;
use std::sync::Arc;

use crate::blueprint::expression::{Expression, Failure, Scope};
use crate::blueprint::functions;
use crate::diagnostic::Diagnostic;
use crate::graph::Graph;
use crate::inventory::Live;
use crate::migrate::Migration;
use crate::migrate::forecast::Forecast;
use crate::plan::Plan;
use crate::plan::guard::Refusal;
use crate::policy::Report;
use crate::schema::{self, nearest};
use crate::value::{Map, Reference, Value};

/// The variables.
const NAMES: &[&str] = &[
    "findings",
    "graph",
    "live",
    "migration",
    "plan",
    "refusals",
    "spec",
];

/// Finds functions and variables that there are not.
pub fn check(expression: &Expression, errors: &mut Vec<Diagnostic>) {
    let mut found = Vec::new();
    expression.calls(&mut |name| {
        if !functions::exists(name) || name == "template" {
            found.push(functions::no_such(name));
        }
    });
    expression.paths(&mut |root, _| {
        if !NAMES.contains(&root) {
            found.push(Failure {
                message: format!("there is no `{root}` here"),
                help: Some(match nearest(root, NAMES.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("a test can use {}", NAMES.join(", ")),
                }),
            });
        }
    });
    errors.extend(found.into_iter().map(|f| f.at(&expression.location)));
}

/// Whether an expression speaks of the migration, which takes longest to find out.
pub fn asks_for_migration(expression: &Expression) -> bool {
    let mut asks = false;
    expression.paths(&mut |root, _| asks |= root == "migration");
    asks
}

/// The variables with their values.
pub struct Seen(pub Map);

impl Seen {
    /// The values that an expression speaks of, each by the name under which it does; the longest ones only.
    pub fn values_in(&self, expression: &Expression) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        expression.paths(&mut |root, steps| {
            let Some(mut value) = self.0.get(root) else {
                return;
            };
            let mut name = root.to_owned();
            for step in steps {
                let Some(next) = value.as_map().and_then(|map| map.get(step)) else {
                    break;
                };
                value = next;
                let plain = step.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                if plain {
                    name = format!("{name}.{step}")
                } else {
                    name = format!("{name}['{step}']")
                }
            }
            let is_secret = schema::is_secret(&name) || schema::is_hidden_variable(&name, value);
            let value = if is_secret {
                schema::never_shown(value)
            } else {
                schema::without_secrets_at(&name, value)
            };
            // The whole graph says nothing.
            let shown = match &value {
                Value::Map(map) if map.len() > 8 => format!("{{{} entries}}", map.len()),
                Value::List(items) if items.len() > 8 => format!("[{} items]", items.len()),
                value => short(&value.to_string()),
            };
            if !found.iter().any(|(have, _)| *have == name) {
                found.push((name, shown));
            }
        });
        found
    }
}

/// A text that fits on a line.
fn short(text: &str) -> String {
    const WIDEST: usize = 160;
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(WIDEST)
        .collect();
    if text.chars().count() > WIDEST {
        format!("{line}…")
    } else {
        line
    }
}

impl Scope for Seen {
    fn variable(&self, name: &str) -> Result<Option<Cow<'_, Value>>, Failure> {
        Ok(self.0.get(name).map(Cow::Borrowed))
    }
    fn select(&self, of: &Reference, _: &str) -> Result<Value, Failure> {
        Err(Failure::new(format!("{of} is only known after apply")))
    }
    fn template(&self, _: &str, _: &Value) -> Result<Value, Failure> {
        Err(Failure::new("templates cannot be used in a test"))
    }
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(
        entries
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect(),
    )
}

fn number(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Properties with their references as text, and without their secrets.
fn properties(map: &Map) -> Value {
    schema::without_secrets(&Value::Map(map.clone()).printed())
}

/// What should exist, by address.
pub fn graph(graph: &Graph) -> Value {
    Value::Map(
        graph
            .iter()
            .map(|resource| {
                let address = &resource.address;
                let key = address.key.clone().map_or(Value::Null, Value::String);
                let value = object([
                    ("address", Value::str(address.to_string())),
                    ("id", Value::String(address.id.clone())),
                    ("key", key),
                    ("kind", Value::String(resource.kind.clone())),
                    (
                        "needs",
                        Value::list(
                            resource
                                .dependencies()
                                .iter()
                                .map(|address| Value::str(address.to_string())),
                        ),
                    ),
                    ("properties", properties(&resource.properties)),
                    ("protect", Value::Bool(resource.lifecycle.protect)),
                    ("region", Value::String(address.region.clone())),
                    ("tier", Value::String(resource.tier.clone())),
                ]);
                (Arc::from(address.to_string()), value)
            })
            .collect(),
    )
}

/// What exists, by address.
pub fn live(live: &Live) -> Value {
    Value::Map(
        live.resources
            .iter()
            .map(|(address, resource)| {
                let value = object([
                    ("identifier", Value::String(resource.identifier.clone())),
                    ("kind", Value::String(resource.kind.clone())),
                    ("properties", properties(&resource.properties)),
                ]);
                (Arc::from(address.to_string()), value)
            })
            .collect(),
    )
}

/// What changes.
pub fn plan(plan: &Plan) -> Value {
    let counts = plan.counts();
    let seconds = plan.schedule(None).makespan;
    let changes = plan.changes.iter().map(|change| {
        let action = serde_json::to_value(change.action).unwrap_or_default();
        let reason = serde_json::to_value(&change.reason).unwrap_or_default();
        let paths = |drift: bool| {
            let properties = change.properties.iter();
            let wanted = properties.filter(move |property| !drift || property.drift);
            Value::list(wanted.map(|property| Value::String(property.path.clone())))
        };
        let interrupts = change.interrupts.clone().map_or(Value::Null, Value::String);
        let value = object([
            ("action", Value::from(action)),
            ("changed", paths(false)),
            ("drifted", paths(true)),
            ("interrupts", interrupts),
            ("kind", Value::String(change.kind.clone())),
            ("reason", Value::from(reason["reason"].clone())),
            ("tier", Value::String(change.tier.clone())),
        ]);
        (Arc::from(change.address.to_string()), value)
    });
    object([
        ("changes", Value::Map(changes.collect())),
        ("create", number(counts.create)),
        ("delete", number(counts.delete)),
        ("replace", number(counts.replace)),
        (
            "seconds",
            Value::Int(i64::try_from(seconds).unwrap_or(i64::MAX)),
        ),
        ("unchanged", number(counts.unchanged)),
        ("update", number(counts.update)),
    ])
}

/// What the guard rails refuse.
pub fn refusals(refusals: &[Refusal]) -> Value {
    Value::list(refusals.iter().map(|refusal| {
        object([
            ("address", Value::str(refusal.address.to_string())),
            ("why", Value::str(&*refusal.why)),
        ])
    }))
}

/// What the policies found.
pub fn findings(report: &Report) -> Value {
    Value::list(report.findings.iter().map(|finding| {
        let address = finding.address.as_ref();
        object([
            (
                "address",
                address.map_or(Value::Null, |address| Value::str(address.to_string())),
            ),
            ("message", Value::str(finding.message.as_str())),
            ("rule", Value::String(finding.rule.clone())),
            ("severity", Value::str(finding.severity.name())),
        ])
    }))
}

/// The way to another stage.
pub fn migration(migration: &Migration, forecasts: &[Forecast]) -> Value {
    let seconds: f64 = forecasts.iter().map(|one| one.seconds).sum();
    let sum = |cost: fn(&Forecast) -> u32| {
        Value::Int(forecasts.iter().map(|one| i64::from(cost(one))).sum())
    };
    let steps = migration.steps.iter().zip(forecasts).map(|(step, one)| {
        let phase = serde_json::to_value(step.phase).unwrap_or_default();
        object([
            ("from", Value::str(step.hop.0.name())),
            ("gates", number(step.gates.len())),
            ("loss", Value::Int(i64::from(one.budget.loss))),
            ("name", Value::String(step.name.clone())),
            ("phase", Value::from(phase)),
            ("plan", plan(&one.plan)),
            ("point_of_no_return", Value::Bool(step.point_of_no_return)),
            ("seconds", Value::Float(one.seconds)),
            ("to", Value::str(step.hop.1.name())),
            ("unavailable", Value::Int(i64::from(one.budget.unavailable))),
        ])
    });
    object([
        ("from", Value::str(migration.from.name())),
        ("loss", sum(|one| one.budget.loss)),
        ("seconds", Value::Float(seconds)),
        ("steps", Value::list(steps)),
        ("to", Value::str(migration.to.name())),
        ("unavailable", sum(|one| one.budget.unavailable)),
    ])
}
