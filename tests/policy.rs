//! The built-in policies: what the blueprints are held to, and that each rule sees what it is there for.

mod common;

use common::{EXAMPLES, example, graph_of, root};
use jiff::civil::{Date, date};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::plan::Plan;
use scalectl::policy::{Case, Policies, Report, check};
use scalectl::spec::{Spec, Stage};

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
    for name in EXAMPLES {
        for stage in Stage::ALL {
            let spec = example(name, stage);
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
fn every_file_of_the_folder_is_in_the_binary() {
    let mut found: Vec<String> = std::fs::read_dir(root().join("policies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let known: Vec<&str> = scalectl::policy::pack::POLICIES
        .iter()
        .map(|(path, _)| *path)
        .collect();
    assert_eq!(found, known);
}
