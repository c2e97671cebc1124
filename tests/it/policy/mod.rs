//! The built-in policies: what the blueprints are held to, and that each rule sees what it is there for.

mod binary;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{ALL_EXAMPLES, example, graph_of, root};
use jiff::civil::{Date, date};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::plan::Plan;
use scalectl::policy::pack::{EXCEPTIONS, POLICIES};
use scalectl::policy::{Case, Policies, Report, check};
use scalectl::spec::{CacheEngine, Engine, Spec, Stage};

const TODAY: Date = date(2027, 3, 1);

fn judged(policies: &Policies, spec: &Spec, graph: &Graph) -> Report {
    let case = Case {
        spec: &spec.normalized(),
        graph,
        plan: &Plan {
            unchanged: graph.len(),
            ..Plan::default()
        },
        today: TODAY,
    };
    check(policies, &case)
}

#[test]
fn every_example_at_every_stage_passes() {
    let (library, policies) = (Library::embedded().unwrap(), Policies::embedded().unwrap());
    let cases = ALL_EXAMPLES.iter().flat_map(|name| {
        let engines = [None, Some(CacheEngine::Memcached)];
        engines.map(|engine| (name, engine))
    });
    for (name, engine) in cases {
        for stage in Stage::ALL {
            let mut spec = example(name, stage);
            if let (Some(engine), Some(cache)) = (engine, &mut spec.cache) {
                cache.engine = engine;
            }
            let report = judged(&policies, &spec, &graph_of(&library, &spec));
            let found: Vec<String> = report
                .findings
                .iter()
                .map(|f| {
                    let address = f.address.as_ref().map(ToString::to_string);
                    format!("{} {}: {}", f.rule, address.unwrap_or_default(), f.message)
                })
                .collect();
            assert_eq!(found, [""; 0], "{name} at {}", stage.name());
        }
    }
}

#[test]
fn every_engine_passes() {
    let (library, policies) = (Library::embedded().unwrap(), Policies::embedded().unwrap());
    for engine in Engine::ALL {
        let mut spec = example("newsroom", Stage::LoadBalanced);
        let database = spec.database.as_mut().unwrap();
        database.engine = engine;
        database.class = None;
        database.replicas = database.replicas.min(database.most_replicas());
        let report = judged(&policies, &spec, &graph_of(&library, &spec));
        let found: Vec<&str> = report.findings.iter().map(|f| &*f.rule).collect();
        assert_eq!(found, [""; 0], "{engine:?}");
    }
}

#[test]
fn every_file_of_the_folder_is_in_the_binary() {
    let mut found: Vec<String> = std::fs::read_dir(root().join("policies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let known: Vec<&str> = POLICIES.iter().map(|(path, _)| *path).collect();
    assert_eq!(found, known);
}

#[test]
fn each_rule_sees_what_it_is_there_for_and_no_other_does() {
    let (library, policies) = (Library::embedded().unwrap(), Policies::embedded().unwrap());
    let mut graphs: BTreeMap<(&str, Stage), (Spec, Graph)> = BTreeMap::new();
    let mut wrong = Vec::new();
    let table = table::table();
    for (rule, base, change) in &table {
        let (spec, graph) = graphs.entry(*base).or_insert_with(|| {
            let spec = example(base.0, base.1);
            let graph = graph_of(&library, &spec);
            (spec, graph)
        });
        let mut graph = graph.clone();
        change.done_to(&mut graph);
        let report = judged(&policies, spec, &graph);
        let found: BTreeSet<&str> = report.findings.iter().map(|f| &*f.rule).collect();
        if found != BTreeSet::from([*rule]) {
            wrong.push(format!("{rule}: {:?}", report.findings));
        }
        for finding in &report.findings {
            let said = format!("{} {}", finding.message, finding.fix);
            if said.contains("${") || said.contains("cannot be evaluated") || said.contains("null")
            {
                wrong.push(format!("{rule} does not say it well: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tried: BTreeSet<&str> = table.iter().map(|(rule, _, _)| *rule).collect();
    let known: BTreeSet<&str> = policies.rules.iter().map(|rule| &*rule.id).collect();
    assert_eq!(tried, known, "rules that no case breaks");
}

/// The built-in files are read without a look at the names in them, for speed; as a user's they get it.
#[test]
fn the_built_in_rules_speak_of_names_that_there_are() {
    let files: Vec<(&str, &str)> = POLICIES
        .iter()
        .copied()
        .filter(|(path, _)| *path != EXCEPTIONS)
        .collect();
    if let Err(errors) = Policies::with(&files) {
        panic!("{}", scalectl::render::diagnostics::render(&errors));
    }
}

/// An exception for something that no longer needs one hides what comes after it.
#[test]
fn every_built_in_exception_is_needed_by_an_example() {
    let (library, policies) = (Library::embedded().unwrap(), Policies::embedded().unwrap());
    let mut used: BTreeSet<String> = BTreeSet::new();
    for name in ALL_EXAMPLES {
        for stage in Stage::ALL {
            let spec = example(name, stage);
            let report = judged(&policies, &spec, &graph_of(&library, &spec));
            used.extend(report.excepted.iter().map(|one| one.reason.to_string()));
        }
    }
    let idle: Vec<&str> = policies
        .exceptions
        .iter()
        .map(|exception| &*exception.reason)
        .filter(|reason| !used.contains(*reason))
        .collect();
    assert_eq!(idle, [""; 0]);
}
