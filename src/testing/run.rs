//! A case carried out: what is live is built on a simulator of its own, what would change is planned, and
//! every expectation is asked. Runs under a runtime whose time jumps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::{Case, Expect, Failure, Outcome, Start, Variant, scope};
use crate::address::Address;
use crate::apply::{Context, End, Stop, execute, observe, record_of, write_record};
use crate::blueprint::{Library, compile};
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::graph::Graph;
use crate::inventory::{Live, Owner};
use crate::migrate::forecast::forecast;
use crate::migrate::gates::Gate;
use crate::migrate::{Migration, Walk, action, route};
use crate::plan::{diff, guard};
use crate::policy::{self, Policies};
use crate::provider::sim::Sim;
use crate::provider::sim::cloud::Cloud;
use crate::provider::sim::faults::Faults;
use crate::spec::{Spec, Stage, of_node};
use crate::value::{Map, Value};
use crate::yaml::Node;

/// What all cases of a file stand on.
pub struct Ground<'a> {
    /// The spec, as it stands in its file.
    pub spec: &'a Node,
    /// The environment of cases that name none.
    pub env: Option<&'a str>,
    /// The blueprints.
    pub library: &'a Library,
    /// The policies.
    pub policies: &'a Policies,
    /// The day on which exceptions are looked at.
    pub today: Date,
    /// What a file beside the tests says was live.
    pub recorded: &'a dyn Fn(&str) -> Result<Live, String>,
}

impl Ground<'_> {
    fn load(&self, variant: &Variant, stage: Option<Stage>) -> Result<Spec, Vec<Diagnostic>> {
        of_node(
            self.spec.clone(),
            variant.env.as_deref().or(self.env),
            stage.or(variant.stage),
            variant.set.as_ref(),
        )
    }

    fn built(
        &self,
        variant: &Variant,
        stage: Option<Stage>,
    ) -> Result<(Spec, Graph), Vec<Diagnostic>> {
        let spec = self.load(variant, stage)?;
        let graph = compile(self.library, &spec)?;
        Ok((spec, graph))
    }
}

/// Carries a case out.
pub async fn run(ground: &Ground<'_>, case: &Case) -> Outcome {
    let mut outcome = Outcome::default();
    let (spec, graph) = match (ground.built(&case.variant, None), &case.error) {
        (Ok(built), None) => built,
        (Ok(_), Some((expected, location))) => {
            outcome.failures.push(Failure::Other {
                location: location.clone(),
                what: format!("expected an error containing {expected:?}, but there was none"),
            });
            return outcome;
        }
        (Err(found), None) => {
            outcome.failures.push(Failure::Broken(found));
            return outcome;
        }
        (Err(found), Some((expected, location))) => {
            outcome
                .failures
                .extend(other_error(&found, expected, location));
            return outcome;
        }
    };
    let live = match begin(ground, &case.live).await {
        Ok(live) => live,
        Err(found) => {
            outcome.failures.push(Failure::Broken(found));
            return outcome;
        }
    };
    let plan = diff(&graph, &live, None);
    let allowed: BTreeSet<Address> = case.allow.iter().cloned().collect();
    let refusals = guard::refusals(&plan, &allowed);
    let normalized = spec.normalized();
    let report = policy::check(
        ground.policies,
        &policy::Case {
            spec: &normalized,
            graph: &graph,
            plan: &plan,
            today: ground.today,
        },
    );
    let mut expressions = case.expect.iter().map(|expect| &expect.expression);
    let migration = if expressions.any(scope::asks_for_migration) {
        match way(ground, &case.variant, &spec, &live).await {
            Ok(value) => value,
            Err(found) => {
                outcome.failures.push(Failure::Broken(found));
                return outcome;
            }
        }
    } else {
        Value::Null
    };
    let variables: Map = [
        ("findings", scope::findings(&report)),
        ("graph", scope::graph(&graph)),
        ("live", scope::live(&live)),
        ("migration", migration),
        ("plan", scope::plan(&plan)),
        ("refusals", scope::refusals(&refusals)),
        ("spec", normalized),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value))
    .collect();
    let seen = scope::Seen(variables);
    for expect in &case.expect {
        outcome.failures.extend(ask(expect, &seen));
    }
    let refused = refusals.iter().map(|refusal| refusal.address.to_string());
    let denied = report.denied().map(|finding| finding.rule.to_string());
    for (what, expected, came) in [
        ("refused", &case.refused, refused.collect::<BTreeSet<_>>()),
        ("denied", &case.denied, denied.collect()),
    ] {
        if let Some((expected, location)) = expected {
            outcome
                .failures
                .extend(exactly(what, expected, &came, location));
        }
    }
    outcome
}

/// That none of the mistakes has the expected words, if so.
fn other_error(found: &[Diagnostic], expected: &str, location: &Location) -> Option<Failure> {
    let says = |mistake: &Diagnostic| {
        let help = mistake.help.as_deref();
        mistake.message.contains(expected) || help.is_some_and(|help| help.contains(expected))
    };
    if found.iter().any(says) {
        return None;
    }
    let told: Vec<&str> = found.iter().map(|mistake| &*mistake.message).collect();
    Some(Failure::Other {
        location: location.clone(),
        what: format!(
            "expected an error containing {expected:?}, but it is: {}",
            told.join("; ")
        ),
    })
}

/// Whether these and no others came.
fn exactly(
    what: &str,
    expected: &[Arc<str>],
    came: &BTreeSet<String>,
    location: &Location,
) -> Option<Failure> {
    let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
    let list = |names: Vec<&String>| {
        let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
        names.join(", ")
    };
    let missing: Vec<&String> = expected.difference(came).collect();
    let besides: Vec<&String> = came.difference(&expected).collect();
    let what = match (missing.is_empty(), besides.is_empty()) {
        (true, true) => return None,
        (false, true) => format!("not {what}: {}", list(missing)),
        (true, false) => format!("also {what}: {}", list(besides)),
        (false, false) => format!(
            "not {what}: {}; {what} instead: {}",
            list(missing),
            list(besides)
        ),
    };
    Some(Failure::Other {
        location: location.clone(),
        what,
    })
}

fn ask(expect: &Expect, seen: &scope::Seen) -> Option<Failure> {
    let why = match expect.expression.evaluate(seen) {
        Ok(Value::Bool(true)) => return None,
        Ok(Value::Bool(false)) => None,
        Ok(other) => Some(format!("it is `{other}`, neither true nor false")),
        Err(failure) => Some(match failure.help {
            Some(help) => format!("{} ({help})", failure.message),
            None => failure.message,
        }),
    };
    Some(Failure::False {
        text: expect.text.clone(),
        location: expect.expression.location.clone(),
        message: expect.message.clone(),
        why,
        seen: seen.values_in(&expect.expression),
    })
}

/// A message without a line of its own.
fn told(location: Option<Location>, message: impl Into<String>) -> Vec<Diagnostic> {
    vec![Diagnostic {
        severity: Severity::Error,
        message: message.into(),
        location,
        line: None,
        help: None,
    }]
}

/// What is live before the plan.
async fn begin(ground: &Ground<'_>, start: &Start) -> Result<Live, Vec<Diagnostic>> {
    match start {
        Start::Nothing => Ok(Live::default()),
        Start::File(path, location) => {
            (ground.recorded)(path).map_err(|why| told(Some(location.clone()), why))
        }
        Start::Applied(variant) => {
            let (spec, graph) = ground.built(variant, None)?;
            applied(&spec, &graph).await.map_err(|why| told(None, why))
        }
    }
}

/// What an apply leaves on an empty cloud.
async fn applied(spec: &Spec, graph: &Graph) -> Result<Live, String> {
    let sim = Sim::in_memory(Cloud::default(), Faults::default(), 0);
    let (stop, owner) = (Stop::default(), owner(spec));
    let context = Context {
        provider: &sim,
        owner: &owner,
        stop: &stop,
    };
    let failed = |error: crate::provider::ProviderError| error.to_string();
    let empty = observe(&context, Some(graph)).await.map_err(failed)?;
    let plan = diff(graph, &empty, None);
    let report = execute(&context, &plan, None, &mut |_| {}).await;
    if !report.is_complete() {
        let failed = plan
            .operations
            .iter()
            .zip(&report.ends)
            .find_map(|(operation, end)| {
                let address = &plan.changes[operation.change].address;
                match end {
                    End::Failed { error } => Some(format!("{address}: {error}")),
                    _ => None,
                }
            });
        let why = failed.unwrap_or_else(|| "it did not finish".to_owned());
        return Err(format!("the initial state could not be applied: {why}"));
    }
    let record = record_of(None, graph, Some(spec.stage.name()));
    write_record(&context, &record).await.map_err(failed)?;
    observe(&context, Some(graph)).await.map_err(failed)
}

fn owner(spec: &Spec) -> Owner {
    Owner {
        app: spec.app.as_str().into(),
        env: spec.env.as_str().into(),
    }
}

/// The migration from the live stage to the spec's; null when they are the same.
async fn way(
    ground: &Ground<'_>,
    variant: &Variant,
    spec: &Spec,
    live: &Live,
) -> Result<Value, Vec<Diagnostic>> {
    let from = live
        .record
        .as_ref()
        .and_then(|record| record.stage.as_deref());
    let from = Stage::ALL
        .into_iter()
        .find(|stage| Some(stage.name()) == from);
    let Some(from) = from.filter(|from| *from != spec.stage) else {
        return Ok(Value::Null);
    };
    let walk = Walk::of(ground.library).map_err(|mistake| vec![mistake])?;
    let stages = route(from, spec.stage);
    let mut graphs: BTreeMap<Stage, Graph> = BTreeMap::new();
    for stage in &stages {
        graphs.insert(*stage, ground.built(variant, Some(*stage))?.1);
    }
    let settings = &spec.migration;
    let gates: Vec<Gate> = settings.gates.iter().filter_map(Gate::of_spec).collect();
    let migration = Migration::new(&walk, &stages, &graphs)
        .ok_or_else(|| told(None, "there is no migration between these stages"))?
        .with_soak(settings.soak)
        .with_gates(&gates);
    let texts = |engine: &str, name: &str| action::script(ground.library, engine, name);
    let (forecasts, halt) = forecast(&migration, &owner(spec), &texts, None).await;
    match halt {
        None => Ok(scope::migration(&migration, &forecasts)),
        Some(halt) => {
            let step = migration.steps.get(forecasts.len());
            let name = step.map_or("the first stage", |step| &*step.name);
            Err(told(
                None,
                format!("the migration fails at {name}: {}", halt.in_words()),
            ))
        }
    }
}
