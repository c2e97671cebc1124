//! Every rule asked of every resource that a plan leaves standing or takes away.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use super::names::OF_PLAN;
use super::pack::Policies;
use super::scope::{PolicyContext, Seen, Whole};
use super::{Fate, Finding, Over, Report, Rule, exception};
use crate::address::Address;
use crate::blueprint::expression::{Expression, Failure};
use crate::blueprint::template::{Piece, Template};
use crate::graph::Graph;
use crate::plan::{Action, Change, Plan};
use crate::value::{Value, wildcard};

/// What is to be judged.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The spec, as blueprints see it.
    pub spec: &'a Value,
    /// What should exist.
    pub graph: &'a Graph,
    /// What changes on the way there.
    pub plan: &'a Plan,
    /// The day on which exceptions are looked at.
    pub today: Date,
}

/// Asks every rule.
pub fn check(policies: &Policies, case: &Case<'_>) -> Report {
    let whole = whole(case);
    let mut by_kind: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, seen) in whole.seen.iter().enumerate() {
        by_kind.entry(seen.kind).or_default().push(number);
    }
    let (mut found, mut asked) = (Vec::new(), Vec::new());
    for rule in &policies.rules {
        let mut any = false;
        if rule.over == Over::Plan {
            // Where nothing will stand there is no plan as a whole to speak of.
            any = !case.graph.is_empty();
            found.extend(any.then(|| ask(rule, &whole, None)).flatten());
        } else {
            for (kind, numbers) in &by_kind {
                if !rule.kinds.is_empty() && !rule.kinds.iter().any(|k| wildcard::matches(k, kind))
                {
                    continue;
                }
                for number in numbers {
                    let seen = &whole.seen[*number];
                    if rule.fates.contains(&seen.fate) {
                        any = true;
                        found.extend(ask(rule, &whole, Some(seen)));
                    }
                }
            }
        }
        if any {
            asked.push(rule.id.clone());
        }
    }
    found.sort_by(|a, b| (a.severity, &a.address, &a.rule).cmp(&(b.severity, &b.address, &b.rule)));
    let stage = case.spec.at("stage").and_then(Value::as_str);
    let sight = PolicyContext {
        whole: &whole,
        seen: None,
        covered: false,
    };
    let holding: Vec<_> = policies
        .exceptions
        .iter()
        .filter(|e| e.stages.is_empty() || e.stages.iter().any(|s| Some(s.name()) == stage))
        .filter(|e| {
            // An exception that cannot be decided excepts nothing.
            e.when
                .as_ref()
                .is_none_or(|when| holds(when, &sight) == Ok(true))
        })
        .collect();
    let (findings, excepted, mut warnings) = exception::apply(found, &holding, case.today);
    policies.quote(&mut warnings);
    Report {
        findings,
        excepted,
        warnings,
        asked,
        resources: case.graph.len(),
    }
}

/// The resources with what happens to each, and who refers to whom.
fn whole<'a>(case: &Case<'a>) -> Whole<'a> {
    let changes: BTreeMap<&Address, &Change> = case
        .plan
        .changes
        .iter()
        // What is left over of an earlier replace is no resource any more.
        .filter(|change| change.desired.is_some() || case.graph.get(&change.address).is_none())
        .map(|change| (&change.address, change))
        .collect();
    let mut seen: Vec<Seen<'a>> = Vec::with_capacity(case.graph.len());
    for (resource, needs) in case.graph.iter().zip(case.graph.needs()) {
        let change = changes.get(&resource.address).copied();
        let after = Value::Map(resource.properties.clone()).printed();
        let before = match change {
            None => after.clone(),
            Some(change) => as_it_is(change),
        };
        seen.push(Seen {
            address: &resource.address,
            kind: &resource.kind,
            tier: &resource.tier,
            protect: resource.lifecycle.protect,
            fate: change.map_or(Fate::Unchanged, |change| fate(change.action)),
            before,
            after,
            changed: changed(change),
            needs,
            referrers: Vec::new(),
        });
    }
    for number in 0..seen.len() {
        for needed in seen[number].needs.clone() {
            seen[needed].referrers.push(number);
        }
    }
    for (address, change) in changes {
        if change.action == Action::Delete && case.graph.get(address).is_none() {
            let applied = change.live.as_ref().and_then(|live| live.applied.as_ref());
            seen.push(Seen {
                address: &change.address,
                kind: &change.kind,
                tier: &change.tier,
                protect: applied.is_some_and(|applied| applied.protect),
                fate: Fate::Delete,
                before: as_it_is(change),
                after: Value::Null,
                changed: changed(Some(change)),
                needs: Vec::new(),
                referrers: Vec::new(),
            });
        }
    }
    let counts = case.plan.counts();
    let of_plan = [
        counts.create,
        counts.delete,
        counts.replace,
        counts.unchanged,
        counts.update,
    ];
    let plan = OF_PLAN
        .iter()
        .zip(of_plan)
        .map(|(name, count)| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            (Arc::from(*name), Value::Int(count))
        })
        .collect();
    Whole {
        spec: case.spec,
        seen,
        plan: Value::Map(plan),
        resources: OnceCell::new(),
    }
}

fn fate(action: Action) -> Fate {
    match action {
        Action::Create => Fate::Create,
        Action::Update => Fate::Update,
        Action::Replace => Fate::Replace,
        Action::Delete => Fate::Delete,
    }
}

fn as_it_is(change: &Change) -> Value {
    match &change.live {
        Some(live) => Value::Map(live.properties.clone()),
        None => Value::Null,
    }
}

fn changed(change: Option<&Change>) -> Value {
    let properties = change.into_iter().flat_map(|change| &change.properties);
    Value::list(properties.map(|property| Value::String(property.path.clone())))
}

/// Whether a condition is true.
fn holds(condition: &Expression, sight: &PolicyContext<'_>) -> Result<bool, Failure> {
    match condition.evaluate(sight) {
        Ok(Value::Bool(truth)) => Ok(truth),
        Ok(other) => Err(Failure::new(format!("`{other}` is not true or false"))),
        Err(failure) => Err(failure),
    }
}

/// A rule's text with the values in it.
fn said(template: &Template, sight: &PolicyContext<'_>) -> Result<String, Failure> {
    let shown = |expression: &Expression| {
        Ok(match expression.evaluate(sight)? {
            Value::Null => "not set".to_owned(),
            value => value.to_string(),
        })
    };
    match template {
        Template::Expression(expression) => shown(expression),
        Template::Text(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => Ok(text.clone()),
                Piece::Expression(expression) => shown(expression),
            })
            .collect(),
        Template::Constant(value) => Ok(value.to_string()),
        // Texts are checked to be texts when they are read.
        Template::List(_) | Template::Map(_) => Ok(String::new()),
    }
}

/// What a rule has to say about a resource, or about the plan.
fn ask(rule: &Rule, whole: &Whole<'_>, seen: Option<&Seen<'_>>) -> Option<Finding> {
    let sight = |covered| PolicyContext {
        whole,
        seen,
        covered,
    };
    let decide = |condition: &Expression| {
        holds(condition, &sight(false)).map_err(|failure| {
            // Why it failed may hold a value, and the value may be a secret.
            match holds(condition, &sight(true)) {
                Err(told) => told,
                Ok(_) => Failure {
                    message: "it evaluates a secret value, which is not available".to_owned(),
                    ..failure
                },
            }
        })
    };
    let asks = rule.asks();
    let broken = match (asks.when.as_ref().map_or(Ok(true), &decide), &asks.require) {
        (Ok(false), _) => return None,
        (Ok(true), Some(require)) => decide(require).map(|holds| !holds),
        (Ok(true), None) => Err(Failure::new("it cannot be read")),
        (Err(failure), _) => Err(failure),
    };
    let (message, fix) = match broken {
        Ok(false) => return None,
        Ok(true) => {
            let say = |template: &Template| match said(template, &sight(true)) {
                Ok(text) => text.trim().to_owned(),
                Err(failure) => format!("{} ({})", rule.title, failure.message),
            };
            (say(&asks.message), say(&asks.fix))
        }
        Err(failure) => (
            format!("cannot be evaluated: {}", failure.message),
            match failure.help {
                Some(help) => format!("{help}; the rule is at {}", rule.location),
                None => format!("correct the rule at {}", rule.location),
            },
        ),
    };
    Some(Finding {
        rule: rule.id.clone(),
        title: rule.title.clone(),
        severity: rule.severity,
        address: seen.map(|seen| seen.address.clone()),
        kind: seen.map(|seen| seen.kind.clone()),
        property: rule.property.clone(),
        message,
        fix,
        reference: rule.reference.clone(),
        url: rule.url.clone(),
        expired: None,
    })
}
