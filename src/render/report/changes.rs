//! The changes as the report lists them: one row each, with what it says when it is opened.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::architecture::Mark;
use super::facts;
use crate::address::Address;
use crate::plan::guard::Refusal;
use crate::plan::{Action, Change, Plan, PropertyChange, Reason};
use crate::render::diagram::tier_rank;
use crate::render::differences;
use crate::value::Value;

/// Values up to this width stand beside each other.
const BESIDE: usize = 72;
/// Longer values than this are cut; a report is no place for a whole program.
const LONGEST: usize = 4000;

/// A row.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its number in the report, for links.
    pub number: usize,
    /// The address.
    pub address: String,
    /// The CloudFormation type name.
    pub kind: String,
    /// The kind without `AWS::`.
    pub short: String,
    /// The tier.
    pub tier: String,
    /// `create`, `update`, `replace` or `delete`.
    pub action: &'static str,
    /// The class in the style sheet.
    pub class: &'static str,
    /// A sign that needs no colour.
    pub sign: &'static str,
    /// The number of its part in the drawing.
    pub part: Option<usize>,
    /// Why it is proposed, as a sentence; empty where the action says it.
    pub why: String,
    /// What is interrupted meanwhile.
    pub interrupts: Option<String>,
    /// Why the guard rails refuse it.
    pub refused: Option<String>,
    /// Whether somebody changed it outside.
    pub drift: bool,
    /// Whether one of these three is so.
    pub flagged: bool,
    /// What the cloud calls it.
    pub identifier: Option<String>,
    /// Its properties.
    pub properties: Vec<Property>,
}

/// A property.
#[derive(Debug, Default, Serialize)]
pub struct Property {
    path: String,
    sign: &'static str,
    class: &'static str,
    before: Option<String>,
    after: Option<String>,
    hidden: bool,
    /// Whether the values take lines of their own.
    tall: bool,
    forces: bool,
    drift: bool,
    /// Whether nothing is to be said but what it is set to, in a line, as of most properties of a new
    /// resource.
    plain: bool,
    /// Whether it goes back to the cloud's default.
    unset: bool,
    /// Where two long values differ.
    inside: Vec<Property>,
    /// Whether they hold the same in another order.
    reordered: bool,
}

/// Rows under a heading.
#[derive(Debug, Serialize)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What follows it, faintly.
    pub hint: String,
    /// For links.
    pub anchor: String,
    /// The rows.
    #[serde(skip)]
    pub rows: Vec<Row>,
    /// The rows as they stand in the page.
    pub html: String,
}

/// What the rows can be filtered by.
#[derive(Debug, Default, Serialize)]
pub struct Choices {
    actions: Vec<Choice>,
    tiers: Vec<Choice>,
    kinds: Vec<Choice>,
}

/// A choice of a filter.
#[derive(Debug, Serialize)]
pub struct Choice {
    value: String,
    label: String,
    count: usize,
}

/// Makes rows, and counts them on the way.
pub struct Lister<'a> {
    part_of: &'a HashMap<Address, usize>,
    refusals: HashMap<&'a Address, &'a str>,
    rows: usize,
    /// The first row of each address and action, for links.
    first: HashMap<(Address, Action), usize>,
}

impl<'a> Lister<'a> {
    /// With the parts of the drawing, and what is refused.
    pub fn new(part_of: &'a HashMap<Address, usize>, refusals: &'a [Refusal]) -> Self {
        Self {
            part_of,
            refusals: refusals
                .iter()
                .map(|one| (&one.address, &*one.why))
                .collect(),
            rows: 0,
            first: HashMap::new(),
        }
    }

    /// The number of the first row that speaks of an address, with this action where there is one.
    pub fn row_of(&self, address: &Address, actions: &[Action]) -> Option<usize> {
        actions
            .iter()
            .find_map(|action| self.first.get(&(address.clone(), *action)).copied())
    }

    /// A plan's rows, tier by tier.
    pub fn by_tier(&mut self, plan: &Plan) -> Vec<Section> {
        let mut tiers: BTreeMap<(usize, &str), Vec<&Change>> = BTreeMap::new();
        for change in &plan.changes {
            let place = (tier_rank(&change.tier), &*change.tier);
            tiers.entry(place).or_default().push(change);
        }
        tiers
            .into_iter()
            .enumerate()
            .map(|(number, ((_, tier), changes))| Section {
                title: facts::tier_title(tier).to_owned(),
                hint: String::new(),
                anchor: format!("section-{number}"),
                rows: changes.into_iter().map(|change| self.row(change)).collect(),
                html: String::new(),
            })
            .collect()
    }

    /// A plan's rows under one heading.
    pub fn under(&mut self, title: String, hint: String, anchor: String, plan: &Plan) -> Section {
        let mut changes: Vec<&Change> = plan.changes.iter().collect();
        changes.sort_by_key(|change| tier_rank(&change.tier));
        Section {
            title,
            hint,
            anchor,
            rows: changes.into_iter().map(|change| self.row(change)).collect(),
            html: String::new(),
        }
    }

    fn row(&mut self, change: &Change) -> Row {
        self.rows += 1;
        self.first
            .entry((change.address.clone(), change.action))
            .or_insert(self.rows);
        let mark = mark(change.action);
        let interrupts = change.interrupts.as_ref().map(ToString::to_string);
        let refused = self.refusals.get(&change.address).map(ToString::to_string);
        let drift = change.drifted().next().is_some();
        let flagged = interrupts.is_some() || refused.is_some() || drift;
        Row {
            number: self.rows,
            address: change.address.to_string(),
            kind: change.kind.to_string(),
            short: facts::short_kind(&change.kind),
            tier: change.tier.to_string(),
            action: verb(change.action),
            class: mark.word(),
            sign: mark.sign(),
            part: self.part_of.get(&change.address).copied(),
            why: why(change),
            interrupts,
            refused,
            drift,
            flagged,
            identifier: change.live.as_ref().map(|live| live.identifier.to_string()),
            properties: change
                .properties
                .iter()
                .map(|property| of_property(property, change.action))
                .collect(),
        }
    }
}

/// What an action does to a drawing.
pub fn mark(action: Action) -> Mark {
    match action {
        Action::Create => Mark::New,
        Action::Update => Mark::Changed,
        Action::Replace => Mark::Replaced,
        Action::Delete => Mark::Gone,
    }
}

/// An action as a word.
pub fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "delete",
    }
}

fn why(change: &Change) -> String {
    let order = match (change.action, change.create_before_destroy) {
        (Action::Replace, true) => " The new one is made before the old one goes.",
        (Action::Replace, false) => " The old one goes before the new one is made.",
        _ => "",
    };
    let reason = match &change.reason {
        Reason::Missing => "It does not exist yet.".to_owned(),
        Reason::NotInBlueprint => "No blueprint wants it any more.".to_owned(),
        Reason::Differs if change.properties.iter().all(|property| property.drift) => {
            "Somebody changed it outside of scalectl; apply sets it back.".to_owned()
        }
        Reason::Differs => "Properties differ; it changes in place.".to_owned(),
        Reason::CreateOnly { properties } => {
            format!("{} cannot change in place.", properties.join(", "))
        }
        Reason::KindChanged { from } => format!("It is a {from} now."),
        Reason::Deposed => "It is left over from a replace that did not finish.".to_owned(),
        Reason::Unfinished => "It is still on its way from an earlier run.".to_owned(),
        Reason::Broken { status } => format!("It cannot be used: it is {status}."),
    };
    reason + order
}

fn of_property(property: &PropertyChange, action: Action) -> Property {
    let base = Property {
        path: property.path.to_string(),
        hidden: property.hidden,
        forces: property.create_only && action == Action::Replace,
        drift: property.drift,
        ..Property::default()
    };
    if property.hidden {
        let mark = fate(property.before.as_ref(), property.after.as_ref());
        return Property {
            sign: mark.sign(),
            class: mark.word(),
            ..base
        };
    }
    let (before, after) = (property.before.as_ref(), property.after.as_ref());
    if let (Some(a), Some(b)) = (before, after)
        && (is_tall(a) || is_tall(b))
        && let Some(found) = differences::inside(a, b)
    {
        return Property {
            sign: Mark::Changed.sign(),
            class: Mark::Changed.word(),
            reordered: found.is_empty(),
            inside: found
                .iter()
                .map(|one| values(one.path.clone(), one.before.as_ref(), one.after.as_ref()))
                .collect(),
            ..base
        };
    }
    let told = values(base.path.clone(), before, after);
    let plain = before.is_none() && after.is_some() && !told.tall;
    Property {
        plain: plain && !base.forces && !base.drift,
        hidden: base.hidden,
        forces: base.forces,
        drift: base.drift,
        ..told
    }
}

/// What becomes of a value.
fn fate(before: Option<&Value>, after: Option<&Value>) -> Mark {
    match (before, after) {
        (None, Some(_)) => Mark::New,
        (Some(_), None) => Mark::Gone,
        _ => Mark::Changed,
    }
}

fn values(path: String, before: Option<&Value>, after: Option<&Value>) -> Property {
    let mark = fate(before, after);
    Property {
        path,
        sign: mark.sign(),
        class: mark.word(),
        tall: before.into_iter().chain(after).any(is_tall),
        unset: before.is_some() && after.is_none(),
        before: before.map(in_full),
        after: after.map(in_full),
        ..Property::default()
    }
}

fn is_tall(value: &Value) -> bool {
    let text = value.to_string();
    text.contains('\n') || text.chars().count() > BESIDE
}

/// A value in lines; text that holds JSON is laid out as JSON.
fn in_full(value: &Value) -> String {
    let parsed = differences::parsed(value).filter(|_| is_tall(value));
    let text = match parsed.as_ref().unwrap_or(value) {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.to_string(),
        other => laid_out(other, 0),
    };
    let length = text.chars().count();
    if length <= LONGEST {
        return text;
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}…\n({} characters more)", length - LONGEST)
}

fn laid_out(value: &Value, depth: usize) -> String {
    if !is_tall(value) {
        return match value {
            Value::String(text) if depth > 0 => serde_json::Value::from(&**text).to_string(),
            other => other.to_string(),
        };
    }
    let (space, end) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    match value {
        Value::List(items) => {
            let lines: Vec<String> = items
                .iter()
                .map(|item| format!("{space}{}", laid_out(item, depth + 1)))
                .collect();
            format!("[\n{}\n{end}]", lines.join(",\n"))
        }
        Value::Map(map) => {
            let lines: Vec<String> = map
                .iter()
                .map(|(key, item)| format!("{space}{key}: {}", laid_out(item, depth + 1)))
                .collect();
            format!("{{\n{}\n{end}}}", lines.join(",\n"))
        }
        Value::String(text) if depth > 0 => serde_json::Value::from(&**text).to_string(),
        other => other.to_string(),
    }
}

impl Choices {
    /// The choices that these sections leave.
    pub fn of(sections: &[Section]) -> Self {
        let rows = || sections.iter().flat_map(|section| &section.rows);
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        let mut tiers: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for row in rows() {
            *kinds.entry(&row.kind).or_default() += 1;
            *tiers.entry((tier_rank(&row.tier), &row.tier)).or_default() += 1;
        }
        let actions = ["create", "update", "replace", "delete"];
        let present: BTreeSet<&str> = rows().map(|row| row.action).collect();
        Self {
            actions: actions
                .iter()
                .filter(|action| present.contains(**action))
                .map(|action| Choice {
                    value: (*action).to_owned(),
                    label: (*action).to_owned(),
                    count: rows().filter(|row| row.action == *action).count(),
                })
                .collect(),
            tiers: tiers
                .into_iter()
                .map(|((_, tier), count)| Choice {
                    value: tier.to_owned(),
                    label: facts::tier_title(tier).to_owned(),
                    count,
                })
                .collect(),
            kinds: kinds
                .into_iter()
                .map(|(kind, count)| Choice {
                    value: kind.to_owned(),
                    label: facts::short_kind(kind),
                    count,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(before: Option<Value>, after: Option<Value>) -> Property {
        let change = PropertyChange {
            path: "Policy".into(),
            before,
            after,
            create_only: false,
            drift: false,
            hidden: false,
        };
        of_property(&change, Action::Update)
    }

    #[test]
    fn of_two_long_documents_only_the_places_that_differ_are_shown() {
        let document = |effect: &str| {
            let resources = [
                "arn:aws:s3:::one/*",
                "arn:aws:s3:::two/*",
                "arn:aws:s3:::three/*",
            ];
            let json = serde_json::json!({"Effect": effect, "Resource": resources});
            Value::str(json.to_string())
        };
        let told = property(Some(document("Allow")), Some(document("Deny")));
        assert_eq!(told.inside.len(), 1);
        assert_eq!(told.inside[0].path, "Effect");
        assert_eq!(told.inside[0].after.as_deref(), Some("Deny"));
        assert!(told.before.is_none());
    }

    #[test]
    fn a_secret_has_no_value_to_show() {
        let change = PropertyChange {
            path: "SecretString".into(),
            before: Some(Value::str("old")),
            after: Some(Value::str("new")),
            create_only: false,
            drift: false,
            hidden: true,
        };
        let told = of_property(&change, Action::Update);
        assert!(told.hidden && told.before.is_none() && told.after.is_none());
    }

    #[test]
    fn what_is_long_is_cut_and_says_by_how_much() {
        let told = property(None, Some(Value::str("x".repeat(LONGEST + 5))));
        assert!(told.after.unwrap().ends_with("…\n(5 characters more)"));
    }
}
