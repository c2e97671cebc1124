//! A dry run as people read it.

use std::fmt::Write as _;

use super::style::{GONE, NEW, Painted, STRONG};
use crate::apply::End;
use crate::apply::dry_run::DryRun;
use crate::migrate;
use crate::migrate::dry_run::DryWalk;
use crate::plan::{Plan, Step};
use crate::words::{count, duration};

/// What came of it: what was done, how long it took, what failed and what mends it.
pub fn text(plan: &Plan, run: &DryRun) -> String {
    let done = |step: Step| {
        let ended = plan.operations.iter().zip(&run.report.ends);
        ended
            .filter(|(operation, end)| operation.step == step && matches!(end, End::Done { .. }))
            .count()
    };
    let (style, state) = if run.report.is_complete() {
        (NEW, "Dry run complete:")
    } else {
        (GONE, "Dry run failed:")
    };
    let mut out = format!(
        "\n{} {} created, {} updated, {} deleted in {} of simulated time; nothing real was changed.\n",
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
                "  {} {address}: {} not as planned",
                Painted(GONE, "differs"),
                differs.join(", ")
            ),
            _ => Ok(()),
        };
    }
    let blocked = run.report.count(|end| matches!(end, End::Blocked { .. }));
    if blocked > 0 {
        let blocked = count(blocked, "operation");
        let _ = writeln!(out, "  {blocked} not started, because a dependency failed");
    }
    let _ = writeln!(
        out,
        "{} fix the spec, the blueprints or the existing resources; apply would fail in the same way.",
        Painted(STRONG, "Next:"),
    );
    out
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
            "{own} of your own would query the real cloud and were skipped."
        );
    }
    let Some((number, _)) = &walked.halt else {
        let way = if back { "rolled back" } else { "run" };
        let _ = writeln!(
            out,
            "{} {taken} {way} in {time} of simulated time; nothing real was changed.",
            Painted(NEW, "Dry run complete:")
        );
        return out;
    };
    let _ = writeln!(
        out,
        "{} after {taken} and {time} of simulated time; nothing real was changed.\n  {} step {} ({}): {}\n{} fix the spec, the blueprints or the existing resources; the migration would stop at the same step.",
        Painted(GONE, "Dry run failed:"),
        Painted(GONE, "failed"),
        number + 1,
        steps[*number].name,
        why.unwrap_or_default(),
        Painted(STRONG, "Next:"),
    );
    out
}
