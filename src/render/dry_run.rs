//! A dry run as people and programs read it. The JSON form is documented in `docs/dry-run.md`.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::style::{GONE, NEW, Painted, STRONG, count, duration};
use crate::apply::End;
use crate::apply::dry_run::DryRun;
use crate::migrate;
use crate::migrate::dry_run::DryWalk;
use crate::plan::{Plan, Step};
use crate::snapshot::Snapshot;

/// The version of the JSON form.
pub const FORMAT: u32 = 1;

/// What came of it: what was done, how long it took, what failed and what mends it.
pub fn text(plan: &Plan, run: &DryRun) -> String {
    let done = |step: Step| {
        let ended = plan.operations.iter().zip(&run.report.ends);
        ended
            .filter(|(operation, end)| operation.step == step && matches!(end, End::Done { .. }))
            .count()
    };
    let (style, state) = match run.report.is_complete() {
        true => (NEW, "Dry run complete:"),
        false => (GONE, "Dry run failed:"),
    };
    let mut out = format!(
        "\n{} {} created, {} updated, {} deleted in {} of the cloud's time; nothing real was touched.\n",
        Painted(style, state),
        done(Step::Create),
        done(Step::Update),
        done(Step::Delete),
        duration(run.report.seconds),
    );
    if run.report.is_complete() {
        return out;
    }
    for (operation, end) in plan.operations.iter().zip(&run.report.ends) {
        let address = &plan.changes[operation.change].address;
        let _ = match end {
            End::Failed { error } => {
                writeln!(out, "  {} {address}: {error}", Painted(GONE, "failed"))
            }
            End::Done { differs, .. } if !differs.is_empty() => writeln!(
                out,
                "  {} {address}: {} not as asked",
                Painted(GONE, "differs"),
                differs.join(", ")
            ),
            _ => Ok(()),
        };
    }
    let blocked = run.report.count(|end| matches!(end, End::Blocked { .. }));
    if blocked > 0 {
        let blocked = count(blocked, "operation");
        let _ = writeln!(out, "  {blocked} not begun, because what they need failed");
    }
    let _ = writeln!(
        out,
        "{} mend the spec, the blueprints or what is live; an apply would stop at the same place.",
        Painted(STRONG, "Next:"),
    );
    out
}

/// The dry run as JSON, beside the plan's document; `run` is `None` where the guard rails refuse the plan.
pub fn document(plan: &Plan, document: Json, snapshot: &Snapshot, run: Option<&DryRun>) -> Json {
    json!({
        "format": FORMAT,
        "live": source(snapshot),
        "plan": document,
        "complete": run.is_some_and(|run| run.report.is_complete()),
        "seconds": run.map(|run| run.report.seconds),
        "operations": run.map(|run| operations(plan, run)).unwrap_or_default(),
    })
}

/// Of what cloud, and of when, a dry run tells.
pub fn source(snapshot: &Snapshot) -> Json {
    json!({
        "taken": &*snapshot.taken,
        "account": snapshot.account.as_deref(),
        "resources": snapshot.resources.len(),
        "others": snapshot.others.len(),
    })
}

/// How a migration's dry run ended; `why` it stopped, in words, if it did.
pub fn walk_text(
    steps: &[migrate::Step],
    walked: &DryWalk,
    why: Option<&str>,
    back: bool,
) -> String {
    let taken = count(walked.taken.len(), "step");
    let time = duration(walked.seconds());
    let mut out = String::from("\n");
    let own = steps.iter().flat_map(|step| &step.gates);
    let own = own.filter(|gate| gate.check.is_users()).count();
    if own > 0 {
        let own = count(own, "gate");
        let _ = writeln!(
            out,
            "{own} of your own ask the real cloud, and were not asked."
        );
    }
    let Some((number, _)) = &walked.halt else {
        let way = if back { "back" } else { "taken" };
        let _ = writeln!(
            out,
            "{} {taken} {way} in {time} of the cloud's time; nothing real was touched.",
            Painted(NEW, "Dry run complete:")
        );
        return out;
    };
    let _ = writeln!(
        out,
        "{} after {taken} and {time} of the cloud's time; nothing real was touched.\n  {} step {} ({}): {}\n{} mend the spec, the blueprints or what is live; the migration would stop at the same place.",
        Painted(GONE, "Dry run failed:"),
        Painted(GONE, "failed"),
        number + 1,
        steps[*number].name,
        why.unwrap_or_default(),
        Painted(STRONG, "Next:"),
    );
    out
}

/// A migration's dry run as JSON, beside the migration's document.
pub fn walk_document(
    steps: &[migrate::Step],
    document: Json,
    snapshot: &Snapshot,
    walked: &DryWalk,
    why: Option<&str>,
) -> Json {
    let name = |number: usize| &*steps[number].name;
    json!({
        "format": FORMAT,
        "live": source(snapshot),
        "migration": document,
        "complete": walked.halt.is_none(),
        "seconds": walked.seconds(),
        "steps": walked.taken.iter().map(|(number, seconds)| json!({
            "step": number + 1,
            "name": name(*number),
            "seconds": seconds,
        })).collect::<Vec<_>>(),
        "failed": walked.halt.as_ref().map(|(number, _)| json!({
            "step": number + 1,
            "name": name(*number),
            "error": why,
        })),
    })
}

fn operations(plan: &Plan, run: &DryRun) -> Vec<Json> {
    let ended = plan.operations.iter().zip(&run.report.ends).enumerate();
    ended
        .map(|(number, (operation, end))| {
            let mut json = json!({
                "address": plan.changes[operation.change].address,
                "step": operation.step,
                "began": run.began[number],
                "seconds": run.took[number],
            });
            if let (Json::Object(json), Ok(Json::Object(end))) =
                (&mut json, serde_json::to_value(end))
            {
                json.extend(end);
            }
            json
        })
        .collect()
}
