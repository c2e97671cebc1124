//! A plan on one screen, for whoever is asked whether to carry it out: what comes is folded by tier, what changes is told
//! in full, and the summary stands last, above the question.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::visible;
use super::plan::{Detail, Frame, nothing, one, summary, tiers};
use super::style::{FAINT, GONE, NEW, Painted, STRONG};
use crate::plan::{Action, Change, Plan};

/// Columns before the names of a tier.
const HEAD: usize = 22;
/// Columns that the names of a tier take at most: more are no overview.
const WIDEST: usize = 100;

/// The plan, folded, in lines of so many columns; how it unfolds is the caller's to say.
pub fn text(plan: &Plan, frame: &Frame<'_>, columns: usize) -> String {
    let mut out = String::new();
    if plan.is_empty() {
        nothing(&mut out, plan, frame);
        return out;
    }
    changes(&mut out, tiers(&plan.changes), frame, room(columns));
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
    summary(&mut out, plan, frame);
    out
}

/// Some changes of a plan, folded in the same way.
pub fn of(some: Vec<&Change>, columns: usize) -> String {
    let mut out = String::new();
    changes(&mut out, tiers(some), &Frame::default(), room(columns));
    out
}

/// Columns that are left for the names of a tier.
fn room(columns: usize) -> usize {
    let room = columns.saturating_sub(HEAD + " and 100 more".len());
    room.min(WIDEST)
}

fn changes(out: &mut String, tiers: Vec<(&str, Vec<&Change>)>, frame: &Frame<'_>, room: usize) {
    let refused = frame.refused();
    let folds = |change: &&Change| match change.action {
        Action::Create => true,
        Action::Delete => frame.destroy && !refused.contains(&change.address),
        Action::Update | Action::Replace => false,
    };
    for (tier, changes) in tiers {
        let (folded, told): (Vec<&Change>, Vec<&Change>) = changes.into_iter().partition(folds);
        if !folded.is_empty() {
            out.push_str(&line(tier, &folded, room));
        }
        if !told.is_empty() {
            if !out.is_empty() && !out.ends_with("\n\n") {
                out.push('\n');
            }
            let _ = writeln!(out, "{}", Painted(STRONG, visible(tier)));
            for change in told {
                out.push_str(&one(change, frame, &refused, Detail::Full));
            }
            out.push('\n');
        }
    }
}

/// A tier's creations, or deletions, in one line: how many, and which by their ids.
fn line(tier: &str, changes: &[&Change], room: usize) -> String {
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for change in changes {
        *ids.entry(&change.address.id).or_default() += 1;
    }
    let mut names: Vec<String> = Vec::new();
    // Resources, not names, as the number before them.
    let (mut left, mut length) = (changes.len(), 0);
    for (id, count) in ids {
        let name = match count {
            1 => visible(id).into_owned(),
            count => format!("{} ×{count}", visible(id)),
        };
        length += name.chars().count() + 2;
        if length > room + 2 && !names.is_empty() {
            break;
        }
        left -= count;
        names.push(name);
    }
    let mut text = names.join(", ");
    if left > 0 {
        let _ = write!(text, " and {left} more");
    }
    let (sign, style) = match changes[0].action {
        Action::Delete => ("-", GONE),
        _ => ("+", NEW),
    };
    let count = Painted(style, format!("{sign} {:<4}", changes.len()));
    let tier = Painted(STRONG, format!("{:<11}", visible(tier)));
    format!("  {tier} {count} {}\n", Painted(FAINT, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Reason;

    fn creation(id: &str) -> Change {
        Change {
            address: format!("us-east-1/{id}").parse().unwrap(),
            kind: "AWS::SSM::Parameter".into(),
            tier: "data".into(),
            action: Action::Create,
            reason: Reason::Missing,
            properties: Vec::new(),
            interrupts: None,
            create_before_destroy: false,
            desired: None,
            live: None,
            depends_on: Vec::new(),
            generation: 0,
        }
    }

    #[test]
    fn the_rest_counts_resources_as_the_number_before_does() {
        let ids = ["a", "b[1]", "b[2]", "c[1]", "c[2]", "c[3]"];
        let found: Vec<Change> = ids.iter().map(|id| creation(id)).collect();
        let all: Vec<&Change> = found.iter().collect();
        let told = |room| anstream::adapter::strip_str(&line("data", &all, room)).to_string();
        assert_eq!(told(7), "  data        + 6    a, b ×2 and 3 more\n");
        assert_eq!(told(1), "  data        + 6    a and 5 more\n");
        assert_eq!(told(90), "  data        + 6    a, b ×2, c ×3\n");
    }
}
