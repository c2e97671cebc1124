//! The way from one stage to another: laid out, gone once on a simulator of its own, and judged.

use std::collections::BTreeMap;

use crate::cli::exit::Code;
use crate::cli::project::{Project, load_spec, spec_deployed};
use crate::cli::session::runtime;
use crate::cli::{Failure, Global};
use crate::deploy::closed::left_alone;
use crate::graph::Graph;
use crate::inventory::{Live, Record, Standing};
use crate::migrate::forecast::{Forecast, forecast};
use crate::migrate::gates::Gate;
use crate::migrate::walk::Halt;
use crate::migrate::{Budget, Migration, Walk, action, route};
use crate::plan::diff;
use crate::policy::Report;
use crate::render::migration::Frame;
use crate::spec::Stage;

/// A migration and what it was made from.
pub struct Prepared {
    pub migration: Migration,
    pub forecasts: Vec<Forecast>,
    pub allowed: Option<Budget>,
}

impl Prepared {
    /// It with where it stands, for renderers.
    pub fn frame<'a>(&'a self, standing: Option<&'a Standing>) -> Frame<'a> {
        Frame {
            migration: &self.migration,
            forecasts: &self.forecasts,
            standing,
            allowed: self.allowed,
        }
    }
}

/// The stage with this name, as a record has it.
pub fn named(name: &str) -> Option<Stage> {
    Stage::ALL.into_iter().find(|stage| stage.name() == name)
}

/// The deployed stage, if one was reached in full.
///
/// # Errors
/// Another release of scalectl deployed a stage that this one does not have.
pub fn live_stage(record: Option<&Record>) -> Result<Option<Stage>, Failure> {
    let Some(name) = record.and_then(|record| record.stage.as_deref()) else {
        return Ok(None);
    };
    named(name).map(Some).ok_or_else(|| {
        Failure::with_help(
            format!("the deployed stage {name} does not exist in this version of scalectl; nothing was changed"),
            "use the version of scalectl that deployed it; `status` and `destroy` work with this version, too",
        )
    })
}

/// Lays the way out.
pub fn lay_out(
    global: &Global,
    project: &Project,
    from: Stage,
    to: Stage,
) -> Result<Migration, Failure> {
    let walk = Walk::of(&project.library).map_err(|mistake| vec![mistake])?;
    let stages = route(from, to);
    let mut graphs: BTreeMap<Stage, Graph> = BTreeMap::new();
    for stage in &stages {
        let spec = if *stage == from {
            spec_deployed(global, project, from)?
        } else {
            load_spec(global, Some(*stage))?.1
        };
        graphs.insert(*stage, project.compile(&spec)?);
    }
    let settings = &project.spec.migration;
    let gates: Vec<Gate> = settings.gates.iter().filter_map(Gate::of_spec).collect();
    Ok(Migration::new(&walk, &stages, &graphs)
        .ok_or_else(|| Failure::new("there is no migration between these stages"))?
        .with_soak(settings.soak)
        .with_site(&project.spec)
        .with_gates(&gates))
}

/// Lays the way out and goes it once, on a simulator of its own.
pub fn prepare(
    global: &Global,
    project: &Project,
    from: Stage,
    to: Stage,
    workers: Option<usize>,
) -> Result<Prepared, Failure> {
    let migration = lay_out(global, project, from, to)?;
    let forecasts = forecasts(project, &migration, workers)?;
    Ok(Prepared {
        migration,
        forecasts,
        allowed: project.spec.migration.budget.map(|budget| Budget {
            unavailable: budget.unavailable,
            loss: budget.loss,
        }),
    })
}

/// Goes a way once, on a simulator of its own: what every step would do.
pub fn forecasts(
    project: &Project,
    migration: &Migration,
    workers: Option<usize>,
) -> Result<Vec<Forecast>, Failure> {
    let owner = project.owner();
    // Time that jumps needs a runtime of its own, and a runtime its thread.
    let found = std::thread::scope(|scope| {
        let library = &project.library;
        let owner = &owner;
        let run = scope.spawn(move || {
            let texts = |engine: &str, name: &str| action::script(library, engine, name);
            let runtime = runtime(true)?;
            Ok(runtime.block_on(forecast(migration, owner, &texts, workers)))
        });
        run.join()
            .unwrap_or_else(|_| Err(Failure::new("the simulated migration crashed")))
    });
    let (forecasts, halt) = found?;
    if let Some(halt) = halt {
        let step = migration.steps.get(forecasts.len());
        let name = step.map_or("the first stage", |step| &*step.name);
        let why = match told(&halt) {
            Failure::Message { what, .. } => what,
            _ => String::new(),
        };
        return Err(Failure::with_help(
            format!("the simulated migration fails at {name}: {why}"),
            "nothing was changed; fix the spec or the blueprints and try again",
        ));
    }
    Ok(forecasts)
}

/// Fails when a step may cost more than the spec allows.
fn within_budget(prepared: &Prepared) -> Result<(), Failure> {
    let Some(number) = prepared.frame(None).over_budget().first().copied() else {
        return Ok(());
    };
    let (step, cost) = (
        &prepared.migration.steps[number],
        prepared.forecasts[number].budget,
    );
    Err(Failure::with_help(
        format!(
            "step {} ({}) may stop writes for {} s and lose {} s of writes, more than `migration.budget` in the spec allows; nothing was changed",
            number + 1,
            step.name,
            cost.unavailable,
            cost.loss
        ),
        "raise the budget, or avoid the changes that interrupt",
    ))
}

/// What the policies say of the stage that a migration leads to.
pub(super) fn judged(
    project: &Project,
    prepared: &Prepared,
    live: &Live,
) -> Result<Report, Failure> {
    let to = prepared.migration.to;
    let graph = match prepared.migration.steps.last() {
        Some(step) => &step.graph,
        None => &prepared.migration.start,
    };
    let mut spec = project.spec.clone();
    spec.stage = to;
    project.judge(&spec, graph, &diff(graph, live, None))
}

/// Fails when the live stage is not as the spec has it: a migration leads from one stage to another and
/// makes no other change on the way.
fn settled_at(prepared: &Prepared, live: &Live, from: Stage) -> Result<(), Failure> {
    let plan = left_alone(diff(&prepared.migration.start, live, None), live);
    let Some(first) = plan.changes.first() else {
        return Ok(());
    };
    let counts = plan.counts();
    Err(Failure::with_help(
        format!(
            "at its current stage the application differs from the spec: {} to create, {} to change, {} to replace, {} to delete, such as {}; nothing was changed",
            counts.create, counts.update, counts.replace, counts.delete, first.address
        ),
        format!(
            "first run `scalectl apply --stage {}`, then migrate",
            from.name()
        ),
    ))
}

/// Fails when a migration could not begin: it may cost more than is allowed, or does not begin at what is live. One that
/// is under way has begun.
pub fn may_begin(prepared: &Prepared, live: &Live, from: Stage) -> Result<(), Failure> {
    let record = live.record.as_ref();
    if record.is_some_and(|record| record.migration.is_some()) {
        return Ok(());
    }
    within_budget(prepared)?;
    settled_at(prepared, live, from)
}

/// Why a walk stopped, in words.
pub fn told(halt: &Halt) -> Failure {
    let what = halt.in_words();
    let failure = match halt {
        Halt::Refused(_) => Failure::with_help(
            what,
            "`scalectl plan` at the current stage shows the differences; fix them, then run `--resume` or `--rollback`",
        ),
        Halt::NoReturn { .. } => Failure::with_help(
            what,
            "finish with `scalectl migrate --resume`; afterwards migrate back to the old stage",
        ),
        _ => Failure::new(what),
    };
    failure.coded(Code::of_halt(halt))
}
