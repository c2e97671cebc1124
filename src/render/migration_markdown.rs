//! A migration as a comment on a pull request: what it costs in all, and a row per step.
//!
//! The whole stays below what a code host takes; steps that do not fit are left out from the end, and
//! the last line says how many.

use super::comment::{LIMIT, Page};
use super::escape::{code_span, cut, markdown};
use super::migration::{Frame, changes, cost, kind, verb};
use super::plan_markdown::policy;
use crate::inventory::Owner;
use crate::migrate::Budget;
use crate::policy::Report;
use crate::words::{count, duration};

/// What is kept free for the line that says what was left out.
const TAIL: usize = 500;

/// The migration as GitHub Flavored Markdown, at most [`LIMIT`] characters long.
pub fn render(frame: &Frame<'_>, owner: &Owner, report: Option<&Report>) -> String {
    let migration = frame.migration;
    let mut page = Page::of(owner);
    page.push_within(
        LIMIT - TAIL,
        &format!(
            "### {} of {} ({}) from `{}` to `{}`\n\n{}, about {}, {}.\n\n| | Step | What | Takes | Costs |\n|---|---|---|---|---|\n",
            kind(migration),
            code_span(&cut(&owner.app, 100)),
            code_span(&cut(&owner.env, 100)),
            migration.ends().0,
            migration.ends().1,
            count(migration.steps.len(), "step"),
            duration(frame.seconds()),
            cost(frame.total())
        ),
    );
    let mut told = 0;
    for number in 0..migration.steps.len() {
        if !page.push_within(LIMIT - TAIL, &row(frame, number)) {
            break;
        }
        told += 1;
    }
    let left = migration.steps.len() - told;
    if left > 0 {
        page.push_within(
            LIMIT,
            &format!(
                "\n**Omitted**, because a comment is limited to {LIMIT} characters: {}. `scalectl migrate --plan` shows them.\n",
                count(left, "step")
            ),
        );
    }
    if let Some(report) = report {
        policy(&mut page, LIMIT - TAIL, report);
    }
    page.finish()
}

/// A step's row, below the one that marks the point of no return where it begins there.
fn row(frame: &Frame<'_>, number: usize) -> String {
    let step = &frame.migration.steps[number];
    let line = if step.point_of_no_return {
        "| | **point of no return** | | | |\n"
    } else {
        ""
    };
    let forecast = frame.forecasts.get(number);
    let changes: String = forecast
        .map(|forecast| changes(&forecast.plan))
        .unwrap_or_default()
        .into_iter()
        .map(|(action, count, _)| format!("; {} {count}", verb(action).0))
        .collect();
    let budget = frame.budget(number);
    let costs = if budget == Budget::default() {
        String::new()
    } else {
        cost(budget)
    };
    format!(
        "{line}| {} | {} | {}{changes} | {} | {costs} |\n",
        number + 1,
        code_span(&cut(&step.name, 100)),
        markdown(&cut(&step.does, 2_000)),
        forecast.map_or(String::new(), |one| duration(one.seconds)),
    )
}
