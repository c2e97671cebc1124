//! A plan as a comment on a pull request: the summary in sight, each tier to be opened.
//!
//! The whole stays below what a code host takes. The summary is always there; what does not fit of
//! the changes is left out resource by resource, and the last line says what that is.

use anstream::adapter::strip_str;

use super::comment::{LIMIT, Page, length};
use super::escape::{code_span, cut, fenced, html_in_markdown, longest_run, markdown};
use super::findings;
use super::plan::{
    Detail, Frame, blast_in_words, counts_in_words, drift_in_words, duration_of, one,
    refusal_in_words, refusals, tiers,
};
use crate::inventory::Owner;
use crate::plan::{Action, Change, Counts, Plan};
use crate::policy::Report;
use crate::words::duration;

/// What the summary may take; each of its lists ends where this is reached.
const HEAD: usize = 24_000;
/// What is kept free for the line that says what was left out.
const TAIL: usize = 4_000;
/// How many entries of a list in the summary are told.
const NAMED: usize = 20;
/// Names in the summary are cut after so many characters.
const WIDEST: usize = 200;
/// A tier is not begun for less.
const LEAST: usize = 200;

/// The plan as GitHub Flavored Markdown, at most [`LIMIT`] characters long.
pub fn render(plan: &Plan, frame: &Frame<'_>, owner: &Owner, stage: &str) -> String {
    let mut page = Page::of(owner);
    head(&mut page, plan, frame, owner, stage);
    let mut left = Left::default();
    let refused = frame.refused();
    for (tier, changes) in tiers(&plan.changes) {
        let mut counts = Counts::default();
        changes.iter().for_each(|change| count(&mut counts, change));
        let opening = format!(
            "\n<details><summary><b>{}</b>: {}</summary>\n\n",
            html_in_markdown(&cut(tier, WIDEST)),
            some_in_words(&counts)
        );
        let closing = "\n</details>\n";
        let frames = length(&opening) + length(closing) + "```diff\n```\n".len();
        let mut room = page.room(LIMIT - TAIL).saturating_sub(frames);
        let mut body = String::new();
        let mut fence = 3;
        for change in changes {
            if room < LEAST {
                left.add(tier, change);
                continue;
            }
            let text = as_diff(&strip_str(&one(change, frame, &refused, Detail::Full)).to_string());
            // A longer run of backticks makes both fences longer.
            let wider = fence.max(1 + longest_run(&text));
            let length = length(&text) + 2 * (wider - fence);
            if length <= room {
                body.push_str(&text);
                room -= length;
                fence = wider;
            } else {
                left.add(tier, change)
            }
        }
        if !body.is_empty() {
            let block = opening + &fenced("diff", &body) + closing;
            page.push_within(LIMIT - TAIL, &block);
        }
    }
    if let Some(line) = left.in_words() {
        page.push_within(LIMIT, &line);
    }
    page.finish()
}

fn head(page: &mut Page, plan: &Plan, frame: &Frame<'_>, owner: &Owner, stage: &str) {
    let named = |text: &str| code_span(&cut(text, 100));
    page.push_within(
        HEAD,
        &format!(
            "### Plan for {} ({}) at stage {}\n\n",
            named(&owner.app),
            named(&owner.env),
            named(stage)
        ),
    );
    if plan.is_empty() {
        let kept = crate::words::count(plan.unchanged, "resource");
        page.push_within(HEAD, &format!("Nothing to do: {kept} unchanged.\n"));
    } else {
        let (seconds, chain) = duration_of(plan, frame);
        page.push_within(
            HEAD,
            &format!(
                "**{}.** Takes about {}; the longest chain is {}.\n",
                counts_in_words(&plan.counts()),
                duration(seconds as f64),
                markdown(&cut(&chain, 400))
            ),
        );
        if let Some(drift) = drift_in_words(plan) {
            page.push_within(HEAD, &format!("\n**Drift:** {drift}\n"));
        }
        blast(page, plan, frame);
        for note in plan.notes().chain(frame.notes.iter().cloned()) {
            let words = markdown(&cut(&note, 2 * WIDEST));
            page.push_within(HEAD, &format!("\n**Note:** {words}.\n"));
        }
        for (heading, refusals) in refusals(frame) {
            page.push_within(HEAD, &format!("\n**{heading}:**\n\n"));
            let lines: Vec<String> = refusals
                .iter()
                .map(|refusal| {
                    let words = refusal_in_words(refusal);
                    format!("- {}\n", markdown(&cut(&words, 2 * WIDEST)))
                })
                .collect();
            page.push_lines(HEAD, NAMED, &lines);
        }
    }
    if let Some(report) = frame.policy {
        policy(page, HEAD, report);
    }
    if !frame.not_yet.is_empty() {
        page.push_within(HEAD, "\n**Not yet:**\n\n");
        let lines: Vec<String> = frame
            .not_yet
            .iter()
            .map(|line| format!("- {}\n", markdown(&cut(line, 2 * WIDEST))))
            .collect();
        page.push_lines(HEAD, NAMED, &lines);
    }
}

/// Whether policies allow it, and what they find.
pub(super) fn policy(page: &mut Page, limit: usize, report: &Report) {
    let summary = strip_str(&findings::summary(report)).to_string();
    page.push_within(limit, &format!("\n{}\n", markdown(&summary)));
    if !report.findings.is_empty() {
        page.push_within(limit, "\n");
    }
    let lines: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            let address = finding.address.as_ref().map(ToString::to_string);
            let address = address.unwrap_or_else(|| "the plan".to_owned());
            format!(
                "- {}: {} {}; fix: {}\n",
                code_span(&cut(&address, WIDEST)),
                finding.severity.name(),
                markdown(&cut(&finding.message, 2 * WIDEST)),
                markdown(&cut(&finding.fix, 2 * WIDEST))
            )
        })
        .collect();
    page.push_lines(limit, NAMED, &lines);
}

fn blast(page: &mut Page, plan: &Plan, frame: &Frame<'_>) {
    let blast = plan.blast();
    if blast.is_empty() {
        page.push_within(
            HEAD,
            "\n**Blast radius:** nothing is interrupted, destroyed, replaced or newly exposed.\n",
        );
        return;
    }
    page.push_within(HEAD, "\n**Blast radius**\n");
    for (word, _, told) in blast_in_words(&blast, !frame.destroy) {
        page.push_within(HEAD, &format!("\n{word}:\n\n"));
        let lines: Vec<String> = told
            .iter()
            .map(|(address, words)| {
                let address = code_span(&cut(address, WIDEST));
                if words.is_empty() {
                    format!("- {address}\n")
                } else {
                    format!("- {address}: {}\n", markdown(&cut(words, WIDEST)))
                }
            })
            .collect();
        page.push_lines(HEAD, NAMED, &lines);
    }
}

/// A change's lines as a diff has them, so that a host colours them: `+`, `-` and, for what changes,
/// `!` in the first column.
fn as_diff(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let inner = line.trim_start();
        let indent = " ".repeat((line.len() - inner.len()).saturating_sub(2));
        let (sign, rest) = match inner.split_once(' ') {
            Some(("+", rest)) => ('+', rest.to_owned()),
            Some(("-", rest)) => ('-', rest.to_owned()),
            Some(("~", rest)) => ('!', rest.to_owned()),
            Some((both @ ("+/-" | "-/+"), rest)) => ('!', format!("{both} {rest}")),
            _ => (' ', inner.to_owned()),
        };
        out.push(sign);
        out.push_str(&indent);
        out.push(' ');
        out.push_str(&rest);
        out.push('\n');
    }
    out
}

fn count(counts: &mut Counts, change: &Change) {
    *match change.action {
        Action::Create => &mut counts.create,
        Action::Update => &mut counts.update,
        Action::Replace => &mut counts.replace,
        Action::Delete => &mut counts.delete,
    } += 1;
}

/// Those counts that are not zero.
fn some_in_words(counts: &Counts) -> String {
    let all = [
        (counts.create, "create"),
        (counts.update, "update"),
        (counts.replace, "replace"),
        (counts.delete, "delete"),
    ];
    let some = all.into_iter().filter(|(number, _)| *number > 0);
    let words: Vec<String> = some
        .map(|(number, word)| format!("{number} to {word}"))
        .collect();
    words.join(", ")
}

/// What did not fit.
#[derive(Default)]
struct Left {
    counts: Counts,
    tiers: Vec<String>,
}

impl Left {
    fn add(&mut self, tier: &str, change: &Change) {
        count(&mut self.counts, change);
        let tier = cut(tier, 20);
        if self.tiers.last().is_none_or(|last| *last != tier) {
            self.tiers.push(tier.into_owned());
        }
    }

    fn in_words(&self) -> Option<String> {
        const TIERS: usize = 9;
        let named: Vec<String> = self.tiers.iter().take(TIERS).map(|t| markdown(t)).collect();
        let more = match self.tiers.len().saturating_sub(TIERS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!named.is_empty()).then(|| {
            format!(
                "\n**Omitted**, because a comment is limited to {LIMIT} characters: {}, in {}{more}. `scalectl plan` shows them.\n",
                some_in_words(&self.counts),
                named.join(", ")
            )
        })
    }
}
