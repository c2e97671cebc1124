//! `docs/conformance.md`: what passed where, and what an emulator cannot do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::run::Tried;
use crate::gaps::Gaps;

/// What came of everything on one provider.
pub struct Results {
    /// Its name in the table.
    pub provider: &'static str,
    /// By case.
    pub tried: Vec<Tried>,
    /// What went wrong beside the cases.
    pub around: Vec<String>,
    /// What it cannot do.
    pub gaps: Gaps,
    /// What we cannot do there.
    pub open: Gaps,
}

#[derive(Default)]
struct Sum {
    passed: usize,
    left_out: BTreeSet<Arc<str>>,
    set: BTreeSet<Arc<str>>,
    changed: BTreeSet<Arc<str>>,
}

/// By kind.
fn sums(results: &Results) -> BTreeMap<Arc<str>, Sum> {
    let mut sums: BTreeMap<Arc<str>, Sum> = BTreeMap::new();
    for tried in &results.tried {
        let sum = sums.entry(tried.kind.clone()).or_default();
        sum.passed += tried.passed;
        sum.left_out.extend(tried.left_out.iter().cloned());
        sum.set.extend(tried.set.iter().cloned());
        sum.changed.extend(tried.changed.iter().cloned());
    }
    sums
}

const HEAD: &str = "\
# Conformance

Made by `cargo test --test kinds`; `INSTA_UPDATE=always cargo test --test kinds` writes it anew.

Every resource type with a mapping in `src/provider/aws`, and some that use Cloud Control, on three clouds: the
simulator, and the AWS provider on two emulators of AWS that know nothing of us. Each case in `tests/kinds` is created with the
properties that it names, read back equal, so that a second plan is empty, and then changed step by step, one property or
few at a time: the plan shows exactly those, in place, and nothing after it. Then a property is moved behind scalectl's back (what has nothing
to move is deleted), which the plan shows as drift and apply sets back. At last it is deleted, is gone, and is deleted
again.

The tests' own proxy stands before moto: it leads Cloud Control, which moto does not have, to ministack, and gives the
answers to GetBucketVersioning and GetBucketAccelerateConfiguration AWS's name of their outermost element, without which
the SDK reads nothing. Against moto alone a spec with buckets fails there.

A number counts the steps that passed: creation, each change, drift, deletion. Behind a `+` is how many properties
were left out because the emulator cannot do them; `—` is a kind that it cannot do at all. Both are named below.
";

/// The file's text.
pub fn table(all: &[&Results]) -> String {
    let mut text = HEAD.to_owned();
    let sums: Vec<_> = all.iter().map(|results| sums(results)).collect();
    let names: Vec<&str> = all.iter().map(|results| results.provider).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n| Kind | Set | Changed | {} |", names.join(" | "));
    let _ = writeln!(
        text,
        "| --- | ---: | ---: |{}",
        " --- |".repeat(names.len())
    );
    for (kind, first) in &sums[0] {
        let _ = write!(
            text,
            "| {kind} | {} | {} |",
            first.set.len(),
            first.changed.len()
        );
        for sums in &sums {
            let sum = &sums[kind];
            let _ = match (sum.left_out.contains("*"), sum.left_out.len()) {
                (true, _) if sum.passed == 0 => write!(text, " — |"),
                (_, 0) => write!(text, " {} |", sum.passed),
                (_, out) => write!(text, " {} + {out} |", sum.passed),
            };
        }
        text.push('\n');
    }
    text.push_str(
        "\n## What is set and changed\n\nProperties that are changed in place stand in bold.\n\n",
    );
    for (kind, first) in &sums[0] {
        let names: Vec<String> = (first.set.iter())
            .map(|name| {
                if first.changed.contains(name) {
                    format!("**{name}**")
                } else {
                    name.to_string()
                }
            })
            .collect();
        let _ = writeln!(text, "- {kind}: {}", names.join(", "));
    }
    text.push_str("\n## What the emulators cannot do\n\n| Where | Kind | Property | Why |\n| --- | --- | --- | --- |\n");
    for results in all {
        told(&mut text, results.provider, &results.gaps);
    }
    if all.iter().any(|results| !results.open.0.is_empty()) {
        text.push_str("\n## What is left out here only\n\n| Where | Kind | Property | Why |\n| --- | --- | --- | --- |\n");
        for results in all {
            told(&mut text, results.provider, &results.open);
        }
    }
    text
}

fn told(text: &mut String, provider: &str, gaps: &Gaps) {
    for gap in &gaps.0 {
        let property = match &*gap.property {
            "*" => "all",
            one => one.trim_start_matches('-'),
        };
        let with = gap.with.as_ref().map(|with| format!(" with {with}"));
        let kind = format!("{}{}", gap.kind, with.unwrap_or_default());
        let _ = writeln!(text, "| {provider} | {kind} | {property} | {} |", gap.why);
    }
}
