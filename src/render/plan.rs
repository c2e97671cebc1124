//! A plan as people read it: a summary with the blast radius, then the changes by tier, with reasons.
//!
//! The words that other formats share are told here; a property's lines are [`super::property`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::diagram::tier_rank;
use super::escape::visible;
use super::property;
use super::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted, STRONG};
use crate::address::Address;
use crate::plan::blast::Loss;
use crate::plan::guard::Refusal;
use crate::plan::{Action, Blast, Change, Counts, Plan, Reason, Step};
use crate::policy::Report;
use crate::words::{duration, plural};

/// What stands around a plan.
#[derive(Clone, Debug, Default)]
pub struct Frame<'a> {
    /// What is not in effect yet, in words.
    pub not_yet: &'a [String],
    /// What is valid in the spec and may surprise, in words.
    pub notes: &'a [String],
    /// What the guard rails would refuse.
    pub refusals: &'a [Refusal],
    /// How many operations run at a time.
    pub workers: Option<usize>,
    /// Whether everything goes, so that nobody need be told why each thing does.
    pub destroy: bool,
    /// What policies say.
    pub policy: Option<&'a Report>,
}

impl Frame<'_> {
    /// What the guard rails would refuse, to be looked up.
    pub fn refused(&self) -> BTreeSet<&Address> {
        let all = self.refusals.iter();
        all.map(|refusal| &refusal.address).collect()
    }
}

/// How much of a plan is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Every property.
    Full,
    /// A line per resource.
    Concise,
}

/// The plan: what it does in all and puts at risk, then each change, by tier.
pub fn text(plan: &Plan, frame: &Frame<'_>, detail: Detail) -> String {
    let mut out = String::new();
    if plan.is_empty() {
        nothing(&mut out, plan, frame);
        return out;
    }
    summary(&mut out, plan, frame);
    out.push('\n');
    out.push_str(&changes(plan, frame, detail));
    out
}

/// That there is nothing to do.
pub fn nothing(out: &mut String, plan: &Plan, frame: &Frame<'_>) {
    let kept = crate::words::count(plan.unchanged, "resource");
    let words = if frame.refusals.is_empty() {
        format!("Nothing to do: {kept} unchanged.")
    } else {
        format!("Nothing can be changed: {kept} unchanged.")
    };
    let _ = writeln!(out, "{}", Painted(STRONG, words));
    besides(out, plan, frame);
}

/// Each change by tier, without the summary.
pub fn changes(plan: &Plan, frame: &Frame<'_>, detail: Detail) -> String {
    let refused = frame.refused();
    let tiers: Vec<String> = tiers(&plan.changes)
        .into_iter()
        .map(|(tier, changes)| {
            let changes = changes.into_iter();
            let lines: String = changes
                .map(|change| one(change, frame, &refused, detail))
                .collect();
            format!("{}\n{lines}", Painted(STRONG, visible(tier)))
        })
        .collect();
    tiers.join("\n")
}

/// Changes by tier, in the order in which tiers are shown.
pub fn tiers<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<(&'a str, Vec<&'a Change>)> {
    let mut tiers: BTreeMap<(usize, &str), Vec<&Change>> = BTreeMap::new();
    for change in changes {
        tiers
            .entry((tier_rank(&change.tier), &change.tier))
            .or_default()
            .push(change);
    }
    let tiers = tiers.into_iter();
    tiers.map(|((_, tier), changes)| (tier, changes)).collect()
}

/// How many changes there are, how long they take and what they put at risk.
pub fn summary(out: &mut String, plan: &Plan, frame: &Frame<'_>) {
    let _ = writeln!(
        out,
        "{} {}.",
        Painted(STRONG, "Plan:"),
        counts_in_words(&plan.counts())
    );
    if let Some(drift) = drift_in_words(plan) {
        let _ = writeln!(out, "{} {drift}", Painted(NOTICE, "Drift:"));
    }
    let (seconds, chain) = duration_of(plan, frame);
    let _ = writeln!(
        out,
        "{} about {}, of which the longest chain is {}",
        Painted(STRONG, "Takes"),
        duration(seconds as f64),
        Painted(FAINT, chain)
    );
    blast(out, &plan.blast(), frame);
    besides(out, plan, frame);
}

/// What is to be known besides the changes: what exists and is used, what is refused, what has no effect yet.
fn besides(out: &mut String, plan: &Plan, frame: &Frame<'_>) {
    for note in plan.notes().chain(frame.notes.iter().cloned()) {
        let _ = writeln!(out, "{} {}.", Painted(NOTICE, "Note:"), visible(&note));
    }
    refused(out, frame);
    not_yet(out, frame);
}

/// What is refused, each with why and what to do.
fn refused(out: &mut String, frame: &Frame<'_>) {
    for (heading, refusals) in refusals(frame) {
        let _ = writeln!(out, "\n{}", Painted(GONE, format!("{heading}:")));
        for refusal in refusals {
            let _ = writeln!(out, "  {}", refusal_in_words(refusal));
        }
    }
}

/// `1 to create, 2 to update, …`.
pub fn counts_in_words(counts: &Counts) -> String {
    format!(
        "{} to create, {} to update, {} to replace, {} to delete; {} unchanged",
        counts.create, counts.update, counts.replace, counts.delete, counts.unchanged
    )
}

/// How much was changed outside of scalectl, if anything was.
pub fn drift_in_words(plan: &Plan) -> Option<String> {
    let drifted: usize = plan
        .changes
        .iter()
        .map(|change| change.drifted().count())
        .sum();
    let what = plural(drifted, "property", "properties");
    (drifted > 0).then(|| {
        format!(
            "{what} changed outside scalectl; apply reverts {}.",
            if drifted == 1 { "it" } else { "them" }
        )
    })
}

/// The seconds that the plan takes, and its longest chain in words.
pub fn duration_of(plan: &Plan, frame: &Frame<'_>) -> (u64, String) {
    let schedule = plan.schedule(frame.workers);
    let chain: Vec<String> = schedule
        .critical
        .iter()
        .map(|number| &plan.operations[*number])
        .filter(|operation| operation.seconds > 0)
        .map(|operation| {
            let change = &plan.changes[operation.change];
            let verb = if operation.step == Step::Delete {
                "-"
            } else {
                ""
            };
            format!(
                "{verb}{} {}",
                visible(&change.address.id),
                duration(operation.seconds as f64)
            )
        })
        .collect();
    (schedule.makespan, shorten_chain(&chain))
}

/// The refusals under their headings: those that can be allowed, and those that AWS itself would refuse.
pub fn refusals<'a>(frame: &Frame<'a>) -> Vec<(&'static str, Vec<&'a Refusal>)> {
    let (never, unless): (Vec<_>, Vec<_>) =
        frame.refusals.iter().partition(|one| one.way.is_some());
    [
        ("Rejected unless named with --allow", unless),
        ("Rejected, because it cannot be applied", never),
    ]
    .into_iter()
    .filter(|(_, refusals)| !refusals.is_empty())
    .collect()
}

/// What is refused, why, and how to allow it or what to do instead.
pub fn refusal_in_words(refusal: &Refusal) -> String {
    let what = match refusal.action {
        Action::Create => "creation",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "delete",
    };
    let address = refusal.address.to_string();
    let address = visible(&address);
    match &refusal.way {
        Some(way) => format!(
            "{what} of {address}: {}; {}",
            visible(&refusal.why),
            visible(way)
        ),
        None => format!("{what} of {address}: {}  (--allow {address})", refusal.why),
    }
}

/// How many resources are named below a heading before the rest is counted; what holds data is always named.
const NAMED: usize = 12;

/// What is interrupted, destroyed, replaced and newly exposed; where all goes, only what holds data.
fn blast(out: &mut String, blast: &Blast, frame: &Frame<'_>) {
    let heading = Painted(STRONG, "Blast radius:");
    if blast.is_empty() {
        let _ = writeln!(
            out,
            "{heading} nothing is interrupted, destroyed, replaced or newly exposed."
        );
        return;
    }
    let _ = writeln!(out, "{heading}");
    for (word, style, lines) in blast_in_words(blast, !frame.destroy) {
        let _ = writeln!(out, "  {}", Painted(style, word));
        let holding = lines
            .iter()
            .filter(|(_, words)| words == HOLDS_DATA)
            .count();
        let named = holding.max(NAMED);
        for (address, words) in lines.iter().take(named) {
            let address = visible(address);
            let _ = if words.is_empty() {
                writeln!(out, "    {address}")
            } else {
                writeln!(out, "    {address}: {}", visible(words))
            };
        }
        if lines.len() > named {
            let _ = writeln!(out, "    and {} more", lines.len() - named);
        }
    }
}

/// What is said of a loss that cannot be made again.
const HOLDS_DATA: &str = "it contains data";

/// A heading of the blast radius, its style, and what stands below: addresses, each with what is to
/// be said of it.
pub type Risk = (String, anstyle::Style, Vec<(String, String)>);

/// The blast radius, heading by heading. Of what goes, what holds data comes first, and without
/// `all` it is all that is named.
pub fn blast_in_words(blast: &Blast, all: bool) -> Vec<Risk> {
    let losses = |losses: &[Loss]| {
        let told = |loss: &Loss| {
            let words = if loss.holds_data { HOLDS_DATA } else { "" };
            (loss.address.to_string(), words.to_owned())
        };
        let (data, rest): (Vec<&Loss>, Vec<&Loss>) =
            losses.iter().partition(|loss| loss.holds_data);
        let rest = rest.into_iter().filter(|_| all);
        data.into_iter().chain(rest).map(told).collect::<Vec<_>>()
    };
    let mut found: Vec<Risk> = Vec::new();
    let mut push = |word: &str, style, count: usize, lines: Vec<(String, String)>| {
        if count > 0 {
            found.push((format!("{count} {word}"), style, lines));
        }
    };
    let interrupted = blast.interrupted.iter().map(|one| {
        let most = duration(one.seconds as f64);
        let words = format!("{} (within {most})", one.what);
        (one.address.to_string(), words)
    });
    push(
        "interrupted",
        GONE,
        blast.interrupted.len(),
        interrupted.collect(),
    );
    let (destroyed, replaced) = (losses(&blast.destroyed), losses(&blast.replaced));
    push("destroyed", GONE, blast.destroyed.len(), destroyed);
    push("replaced", GONE, blast.replaced.len(), replaced);
    let exposed = blast
        .exposed
        .iter()
        .map(|one| (one.address.to_string(), one.ways.join("; ")));
    push(
        "newly open to the internet",
        NOTICE,
        blast.exposed.len(),
        exposed.collect(),
    );
    found
}

fn not_yet(out: &mut String, frame: &Frame<'_>) {
    for line in frame.not_yet {
        let line = visible(line);
        let _ = writeln!(out, "{}", Painted(FAINT, format!("Not yet: {line}.")));
    }
}

/// A chain with its middle left out where it is long.
fn shorten_chain(chain: &[String]) -> String {
    const MOST: usize = 8;
    if chain.len() <= MOST {
        return chain.join(" → ");
    }
    let (head, tail) = (&chain[..MOST / 2], &chain[chain.len() - MOST / 2..]);
    format!("{} → … → {}", head.join(" → "), tail.join(" → "))
}

/// A change: its line, and in full its properties.
pub fn one(
    change: &Change,
    frame: &Frame<'_>,
    refused: &BTreeSet<&Address>,
    detail: Detail,
) -> String {
    let mut out = String::new();
    let (sign, style) = match change.action {
        Action::Create => ("+", NEW),
        Action::Update => ("~", CHANGED),
        Action::Replace if change.create_before_destroy => ("+/-", GONE),
        Action::Replace => ("-/+", GONE),
        Action::Delete => ("-", GONE),
    };
    let lock = if refused.contains(&change.address) {
        "  refused"
    } else {
        ""
    };
    let address = change.address.to_string();
    let _ = write!(
        out,
        "  {} {}  {}{}",
        Painted(style, sign),
        Painted(STRONG, visible(&address)),
        Painted(FAINT, visible(&change.kind)),
        Painted(GONE, lock)
    );
    let why = if frame.destroy {
        String::new()
    } else {
        reason(change)
    };
    let _ = writeln!(out, "{}", Painted(style, visible(&why)));
    if detail == Detail::Concise {
        return out;
    }
    if let Some(effect) = change.effect() {
        let words = Painted(NOTICE, visible(&effect));
        let _ = writeln!(out, "      {words}");
    }
    if let Some(interrupts) = &change.interrupts {
        let words = format!("interrupts: {interrupts}");
        let _ = writeln!(out, "      {}", Painted(GONE, visible(&words)));
    }
    out.push_str(&property::lines(change));
    out
}

/// Why, beside the address.
fn reason(change: &Change) -> String {
    match &change.reason {
        Reason::Missing | Reason::Differs => String::new(),
        Reason::NotInBlueprint => "  no longer in the blueprint".to_owned(),
        Reason::CreateOnly { properties } => {
            format!(
                "  must be replaced: {} cannot change",
                properties.join(", ")
            )
        }
        Reason::KindChanged { from } => format!("  must be replaced: its type is {from}"),
        Reason::Deposed => "  left over from an unfinished replace".to_owned(),
        Reason::Unfinished => "  unfinished in an earlier run".to_owned(),
        Reason::Broken { status } => format!("  must be replaced: it is {status}"),
    }
}
