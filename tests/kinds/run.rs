//! One file of cases on one provider: made, read back equal, changed step by step, moved by somebody
//! else and set back, deleted, deleted again.
//!
//! All cases of a file go through a step together, so that a step costs one plan; what goes wrong is
//! told of the case that it concerns, which takes no further part then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use scalectl::address::Address;
use scalectl::apply::{Context, End, Stop, execute, observe, record_of, write_record};
use scalectl::compare::Rules;
use scalectl::graph::{Graph, Resource};
use scalectl::inventory::{Handle, Live, LiveResource, Owner, Status};
use scalectl::plan::{Action, Change, Plan, diff};
use scalectl::provider::{ErrorKind, Outcome, Provider, ProviderError, Write};
use scalectl::value::{Map, Value};

use super::case::{Case, File};
use crate::gaps::Gaps;

/// How many operations at once.
const WORKERS: usize = 8;

/// How often something is looked at until it has come, or gone.
const LOOKS: usize = 100;

/// What came of one case.
pub struct Tried {
    /// Its kind.
    pub kind: Arc<str>,
    /// The properties that were set at one time or another.
    pub set: BTreeSet<Arc<str>>,
    /// The properties that were changed in place.
    pub changed: BTreeSet<Arc<str>>,
    /// How many steps went well.
    pub passed: usize,
    /// The properties that were left out, or `*` for all.
    pub left_out: BTreeSet<Arc<str>>,
    /// What went wrong.
    pub complaints: Vec<String>,
}

/// How far a case takes part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It does.
    Whole,
    /// It stays as it is, whatever differs.
    Still,
    /// It is not there.
    None,
}

struct State<'a> {
    case: &'a Case,
    desired: Resource,
    part: Part,
    /// What the last changes replaced, to be moved back by somebody else.
    before: Option<Map>,
    tried: Tried,
}

/// The top-level names that are expected to change, by address.
type Expected = BTreeMap<Address, BTreeSet<Arc<str>>>;

struct Run<'a> {
    context: Context<'a>,
    other: &'a dyn Provider,
    /// Between two looks of this test's own.
    pause: Duration,
    file: &'a File,
    gaps: &'a Gaps,
    /// Everything of the file that the provider can have.
    possible: Graph,
    states: Vec<State<'a>>,
    live: Live,
    /// What went wrong with what the cases need.
    around: Vec<String>,
}

/// Runs a file: what came of each case, and what went wrong with their parents. `other` is a second
/// way to the same cloud.
pub async fn run(
    provider: &dyn Provider,
    other: &dyn Provider,
    pause: Duration,
    file: &File,
    gaps: &Gaps,
) -> (Vec<Tried>, Vec<String>) {
    let owner = Owner {
        app: file.name.as_str().into(),
        env: "default".into(),
    };
    let stop = Stop::default();
    let whole: Graph = (file.parents.iter().cloned())
        .chain(file.cases.iter().map(|case| case.resource.clone()))
        .collect();
    let possible = gaps.without(&whole);
    let mut run = Run {
        context: Context {
            provider,
            owner: &owner,
            stop: &stop,
        },
        other,
        pause,
        file,
        gaps,
        states: (file.cases.iter())
            .map(|case| state(case, &possible))
            .collect(),
        possible,
        live: Live::default(),
        around: Vec::new(),
    };
    if let Err(error) = run.all().await {
        run.around.push(format!("{}: {error}", file.name));
    }
    let tried = run.states.into_iter().map(|state| state.tried).collect();
    (tried, run.around)
}

fn state<'a>(case: &'a Case, possible: &Graph) -> State<'a> {
    let names = |map: &Map| map.iter().map(|(name, _)| name.clone()).collect();
    let there = possible.get(&case.resource.address);
    let mut set: BTreeSet<Arc<str>> = names(&case.resource.properties);
    let changed: BTreeSet<Arc<str>> = case.changes.iter().flat_map(names).collect();
    set.extend(changed.iter().cloned());
    let left_out = match there {
        None => BTreeSet::from(["*".into()]),
        Some(possible) => {
            let ignored = &possible.lifecycle.ignore_changes;
            ignored
                .iter()
                .filter(|name| set.contains(top(name)))
                .cloned()
                .collect()
        }
    };
    State {
        case,
        desired: case.resource.clone(),
        part: there.map_or(Part::None, |_| Part::Whole),
        before: None,
        tried: Tried {
            kind: case.resource.kind.clone(),
            set,
            changed,
            passed: 0,
            left_out,
            complaints: Vec::new(),
        },
    }
}

/// Behind a property that can be set and not changed.
const FIXED: &str = " (change)";

fn top(path: &str) -> &str {
    let path = path.strip_suffix(FIXED).unwrap_or(path);
    path.split('.').next().unwrap_or(path)
}

fn told(change: &Change) -> String {
    let properties: Vec<String> = (change.properties.iter())
        .map(|p| format!("{} {:?} -> {:?}", p.path, p.before, p.after))
        .collect();
    format!(
        "{:?} ({:?}) {}",
        change.action,
        change.reason,
        properties.join(", ")
    )
}

impl Run<'_> {
    async fn all(&mut self) -> Outcome<()> {
        let record = record_of(None, &self.possible, None);
        write_record(&self.context, &record).await?;
        self.live = observe(&self.context, Some(&self.possible)).await?;
        self.create().await?;
        if !self.around.is_empty() {
            // Nothing that follows would tell anything.
            return self.delete().await;
        }
        let rounds = self
            .states
            .iter()
            .map(|state| state.case.changes.len())
            .max();
        for round in 0..rounds.unwrap_or_default() {
            let expected = self.change(round);
            self.step("change", &expected, false).await?;
        }
        self.drift().await?;
        self.delete().await
    }

    /// What should be there now.
    fn graph(&self) -> Graph {
        let mut resources = self.file.parents.clone();
        for state in &self.states {
            let mut resource = state.desired.clone();
            match state.part {
                Part::Whole => {}
                Part::Still => {
                    let names = resource.properties.iter().map(|(name, _)| name.clone());
                    resource.lifecycle.ignore_changes = names.collect();
                }
                Part::None => continue,
            }
            resources.push(resource);
        }
        self.gaps.without(&resources.into_iter().collect())
    }

    fn complain(&mut self, step: &str, address: &Address, what: &str) {
        let line = format!("{}/{}, {step}: {what}", self.file.name, address.id);
        // At once for whoever watches; the test tells it again at its end.
        println!("{line}");
        let state = self
            .states
            .iter_mut()
            .find(|state| state.desired.address == *address);
        match state {
            Some(state) if state.part == Part::Whole => {
                state.part = Part::Still;
                state.tried.complaints.push(line);
            }
            // It has told already.
            Some(_) => {}
            None => self.around.push(line),
        }
    }

    /// Applies a plan, and looks again.
    async fn apply(&mut self, step: &str, plan: &Plan) -> Outcome<()> {
        // Shown with --nocapture only, to whoever wonders what takes so long.
        println!(
            "{}: {step}, {} operations",
            self.file.name,
            plan.operations.len()
        );
        let report = execute(&self.context, plan, Some(WORKERS), &mut |_| {}).await;
        for (operation, end) in plan.operations.iter().zip(&report.ends) {
            let change = &plan.changes[operation.change];
            let names: BTreeSet<&str> = change.properties.iter().map(|p| top(&p.path)).collect();
            let what = match end {
                End::Done { differs, .. } if differs.is_empty() => continue,
                End::Done { differs, .. } => format!("differs afterwards: {}", differs.join(", ")),
                End::Failed { error } => format!("{names:?}: {error}"),
                other => format!("{other:?}"),
            };
            self.complain(step, &change.address, &what);
        }
        self.live = observe(&self.context, Some(&self.possible)).await?;
        Ok(())
    }

    /// That nothing is left to do.
    fn check_done(&mut self, step: &str) {
        let plan = diff(&self.graph(), &self.live, None);
        for change in &plan.changes {
            self.complain(
                step,
                &change.address,
                &format!("still to do: {}", told(change)),
            );
        }
    }

    async fn create(&mut self) -> Outcome<()> {
        let plan = diff(&self.graph(), &self.live, None);
        self.apply("create", &plan).await?;
        self.check_done("second plan");
        for state in &mut self.states {
            match state.part {
                Part::Whole => state.tried.passed += 1,
                Part::Still if !self.live.resources.contains_key(&state.desired.address) => {
                    state.part = Part::None;
                }
                _ => {}
            }
        }
        // What could not be made is gone before the rest begins.
        if self.graph().len() < self.possible.len() {
            let plan = diff(&self.graph(), &self.live, None);
            if !plan.is_empty() {
                self.apply("create", &plan).await?;
            }
        }
        Ok(())
    }

    /// The cases with the changes of a round, and what a plan should say of them.
    fn change(&mut self, round: usize) -> Expected {
        let mut expected = Expected::new();
        for state in &mut self.states {
            let Some(change) = state.case.changes.get(round) else {
                continue;
            };
            let out = |name: &str| {
                let mut left_out = state.tried.left_out.iter();
                left_out.any(|path| path.strip_suffix(FIXED).unwrap_or(path) == name)
            };
            if state.part != Part::Whole || change.iter().any(|(name, _)| out(name)) {
                continue;
            }
            let mut before = Map::new();
            for (name, value) in change {
                let old = match value {
                    Value::Null => state.desired.properties.remove(name),
                    value => state.desired.properties.insert(name.clone(), value.clone()),
                };
                before.insert(name.clone(), old.unwrap_or(Value::Null));
            }
            // What is never given back cannot be seen to move.
            let rules = Rules::of(&state.desired.kind);
            if !change.iter().any(|(name, _)| rules.is_write_only(name)) {
                state.before = Some(before);
            }
            let names = change.iter().map(|(name, _)| name.clone()).collect();
            expected.insert(state.desired.address.clone(), names);
        }
        expected
    }

    /// A plan that shows exactly what is expected, in place, and after it nothing.
    async fn step(&mut self, step: &str, expected: &Expected, drift: bool) -> Outcome<()> {
        if expected.is_empty() {
            return Ok(());
        }
        let mut plan = diff(&self.graph(), &self.live, None);
        let mut complaints = Vec::new();
        for (address, names) in expected {
            match plan
                .changes
                .iter()
                .find(|change| change.address == *address)
            {
                None => complaints.push((address.clone(), format!("no plan for {names:?}"))),
                Some(change) => {
                    let found: BTreeSet<Arc<str>> = (change.properties.iter())
                        .map(|property| top(&property.path).into())
                        .collect();
                    let drifted = change
                        .properties
                        .iter()
                        .all(|p| p.drift == drift || p.hidden);
                    let vanished = names.is_empty() && change.action == Action::Create;
                    let changed = change.action == Action::Update && found == *names && drifted;
                    if !changed && !vanished {
                        let text = format!("{names:?} expected, planned: {}", told(change));
                        complaints.push((address.clone(), text));
                    }
                }
            }
        }
        for change in &plan.changes {
            if !expected.contains_key(&change.address) {
                complaints.push((change.address.clone(), format!("planned: {}", told(change))));
            }
        }
        if !complaints.is_empty() {
            for (address, text) in complaints {
                self.complain(step, &address, &text);
            }
            plan = diff(&self.graph(), &self.live, None);
        }
        let names: Vec<String> = expected
            .values()
            .flatten()
            .map(ToString::to_string)
            .collect();
        let step = format!("{step} (of {})", names.join(", "));
        self.apply(&step, &plan).await?;
        self.check_done(&step);
        for state in &mut self.states {
            if state.part == Part::Whole && expected.contains_key(&state.desired.address) {
                state.tried.passed += 1;
            }
        }
        Ok(())
    }

    /// Somebody else moves a property, or deletes what has none to move.
    async fn drift(&mut self) -> Outcome<()> {
        let mut expected = Expected::new();
        let mut complaints = Vec::new();
        for state in &self.states {
            let address = &state.desired.address;
            let Some(live) = self.live.resources.get(address) else {
                continue;
            };
            if state.part != Part::Whole {
                continue;
            }
            let handle = handle(live);
            let (outcome, names) = match &state.before {
                None if state.case.changes.is_empty() => {
                    let outcome = self.vanish(&handle).await;
                    (outcome, BTreeSet::new())
                }
                None => continue,
                Some(before) => {
                    let names: BTreeSet<_> = before.iter().map(|(name, _)| name.clone()).collect();
                    (self.tamper(state, live, before).await, names)
                }
            };
            match outcome {
                Ok(()) => drop(expected.insert(address.clone(), names)),
                Err(error) => complaints.push((address.clone(), error.to_string())),
            }
        }
        for (address, text) in complaints {
            self.complain("drift", &address, &text);
        }
        self.live = observe(&self.context, Some(&self.possible)).await?;
        self.step("drift", &expected, true).await
    }

    /// Sets properties to what they were before the last change, past our marks.
    async fn tamper(&self, state: &State<'_>, live: &LiveResource, before: &Map) -> Outcome<()> {
        let mut properties = state.desired.properties.clone();
        for (name, value) in before {
            match value {
                Value::Null => drop(properties.remove(name)),
                value => drop(properties.insert(name.clone(), value.clone())),
            }
        }
        let mut resource = Resource {
            properties,
            ..state.desired.clone()
        };
        self.gaps.trim(&mut resource);
        for (name, value) in resource.properties.clone().iter() {
            // What it cannot do comes as it is there.
            if let Some(there) = live.properties.get(name)
                && resource.lifecycle.ignores(name)
                && value != there
            {
                resource.properties.insert(name.clone(), there.clone());
            }
        }
        let properties = resource.properties;
        let answer = |reference: &scalectl::value::Reference| {
            let found = self.live.resources.get(&reference.address)?;
            found.properties.at(&reference.path).cloned()
        };
        let properties = (properties.iter())
            .map(|(name, value)| (name.clone(), value.resolve(&answer)))
            .collect();
        let write = Write {
            owner: self.context.owner.clone(),
            address: live.address.clone(),
            kind: live.kind.clone(),
            properties,
            applied: live.applied.clone().unwrap_or_default(),
        };
        let names: Vec<Arc<str>> = before.iter().map(|(name, _)| name.clone()).collect();
        let handle = handle(live);
        self.persist(async || self.other.update(&handle, &write, &names).await)
            .await?;
        self.until(&handle, |found| {
            found.is_some_and(|found| found.status == Status::Ready)
        })
        .await
    }

    async fn vanish(&self, handle: &Handle) -> Outcome<()> {
        let owner = self.context.owner;
        self.persist(async || self.other.delete(owner, handle).await)
            .await?;
        self.until(handle, |found| found.is_none()).await
    }

    async fn until(
        &self,
        handle: &Handle,
        enough: impl Fn(Option<&LiveResource>) -> bool,
    ) -> Outcome<()> {
        for _ in 0..LOOKS {
            let owner = self.context.owner;
            let found = self.other.read(owner, handle).await?;
            // The state by itself has to agree.
            let status = self.other.status(owner, handle).await?;
            if enough(found.as_ref()) && status == found.map(|found| found.status) {
                return Ok(());
            }
            self.other.clock().sleep(self.pause).await;
        }
        Err(ProviderError {
            kind: ErrorKind::Conflict,
            code: "Unsettled".to_owned(),
            message: format!("{} does not come to rest", handle.identifier),
            operation: "read".to_owned(),
        })
    }

    async fn persist(&self, call: impl AsyncFn() -> Outcome<()>) -> Outcome<()> {
        for _ in 0..LOOKS {
            match call().await {
                Err(error) if error.kind.is_retryable() || error.kind == ErrorKind::Conflict => {
                    self.other.clock().sleep(self.pause).await;
                }
                other => return other,
            }
        }
        call().await
    }

    /// Deletes the cases, then deletes them again, then what they needed.
    async fn delete(&mut self) -> Outcome<()> {
        let cases: Vec<Address> = (self.states.iter())
            .filter(|state| state.part == Part::Whole)
            .map(|state| state.desired.address.clone())
            .collect();
        let handles: Vec<Handle> = (cases.iter())
            .filter_map(|address| self.live.resources.get(address))
            .map(handle)
            .collect();
        let parents: Graph = self.file.parents.iter().cloned().collect();
        let plan = diff(&self.gaps.without(&parents), &self.live, None);
        self.apply("delete", &plan).await?;
        for address in &cases {
            if self.live.resources.contains_key(address) {
                self.complain("delete", address, "is still there");
            }
        }
        let owner = self.context.owner;
        for handle in &handles {
            for provider in [self.context.provider, self.other] {
                if let Err(error) = provider.delete(owner, handle).await {
                    self.complain("delete again", &handle.address, &error.to_string());
                }
                let found = provider.read(owner, handle).await;
                let status = provider.status(owner, handle).await;
                let found = found.map(|found| found.map(|found| found.status));
                for found in [found, status] {
                    let what = match found {
                        Ok(None) => continue,
                        Ok(Some(_)) => "is still there".to_owned(),
                        Err(error) => error.to_string(),
                    };
                    self.complain("delete again", &handle.address, &what);
                }
            }
        }
        for state in &mut self.states {
            if state.part == Part::Whole {
                state.tried.passed += 1;
                state.part = Part::None;
            }
        }
        let live = observe(&self.context, None).await?;
        let plan = diff(&Graph::default(), &live, None);
        self.apply("delete parents", &plan).await?;
        let left = observe(&self.context, None).await?;
        for address in left.resources.keys() {
            self.around
                .push(format!("{}/{}: is left over", self.file.name, address.id));
        }
        Ok(())
    }
}

fn handle(live: &LiveResource) -> Handle {
    Handle {
        address: live.address.clone(),
        kind: live.kind.clone(),
        identifier: live.identifier.clone(),
    }
}
