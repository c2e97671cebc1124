//! Every example at every stage, on the simulator: apply, plan again, move on, destroy.

use crate::common::{ALL_EXAMPLES, EPOCH, apply, destroy, example, graph_of, plan, runtime, sim};
use scalectl::apply::{Context, End, Event, Stop, execute, observe};
use scalectl::blueprint::Library;
use scalectl::plan::{Action, Plan, Step, diff};
use scalectl::provider::Provider as _;
use scalectl::provider::sim::faults::{Faults, Refusal};
use scalectl::provider::sim::{Sim, cloud::Cloud};
use scalectl::spec::Stage;

/// The kinds of what exists.
fn existing(sim: &Sim) -> Vec<String> {
    let now = sim.clock().now();
    sim.cloud()
        .items
        .values()
        .filter(|i| i.exists(now))
        .map(|i| i.kind.to_string())
        .collect()
}

fn complaints(plan: &Plan, ends: &[End]) -> String {
    plan.operations
        .iter()
        .zip(ends)
        .filter(|(_, end)| !matches!(end, End::Done { differs, .. } if differs.is_empty()))
        .map(|(operation, end)| {
            let change = &plan.changes[operation.change];
            format!(
                "{} {:?} {}: {end:?}\n",
                change.address, operation.step, change.kind
            )
        })
        .collect()
}

fn left(plan: &Plan) -> String {
    plan.changes
        .iter()
        .map(|change| {
            format!(
                "{} {:?} {:?} {:#?}\n",
                change.address, change.action, change.reason, change.properties
            )
        })
        .collect()
}

#[test]
fn a_second_plan_is_empty_and_destroy_leaves_nothing() {
    let library = Library::embedded().unwrap();
    for name in ALL_EXAMPLES {
        for stage in Stage::ALL {
            let graph = graph_of(&library, &example(name, stage));
            runtime().block_on(async {
                let sim = sim();
                let (first, report) = apply(&sim, &graph, Some(10)).await;
                assert!(
                    report.is_complete(),
                    "{name} {stage:?}:\n{}",
                    complaints(&first, &report.ends)
                );
                let second = plan(&sim, &graph).await;
                assert!(second.is_empty(), "{name} {stage:?}:\n{}", left(&second));
                assert_eq!(second.unchanged, graph.len());
                let (gone, report) = destroy(&sim).await;
                assert!(
                    report.is_complete(),
                    "{name} {stage:?}:\n{}",
                    complaints(&gone, &report.ends)
                );
                assert!(
                    existing(&sim).is_empty(),
                    "{name} {stage:?}: {:?}",
                    existing(&sim)
                );
            });
        }
    }
}

#[test]
fn every_stage_follows_the_one_before_and_the_way_back_works_too() {
    let library = Library::embedded().unwrap();
    for name in ALL_EXAMPLES {
        runtime().block_on(async {
            let sim = sim();
            let forth = Stage::ALL.into_iter();
            let back = Stage::ALL.into_iter().rev().skip(1);
            for stage in forth.chain(back) {
                let graph = graph_of(&library, &example(name, stage));
                let (changes, report) = apply(&sim, &graph, Some(10)).await;
                let rebuilt: Vec<_> = changes
                    .changes
                    .iter()
                    .filter(|change| change.action == Action::Replace)
                    .map(|change| (&change.address, &change.reason))
                    .collect();
                assert!(rebuilt.is_empty(), "{name} to {stage:?}: {rebuilt:?}");
                assert!(
                    report.is_complete(),
                    "{name} to {stage:?}:\n{}",
                    complaints(&changes, &report.ends)
                );
                let second = plan(&sim, &graph).await;
                assert!(second.is_empty(), "{name} at {stage:?}:\n{}", left(&second));
                assert_eq!(existing(&sim).len(), graph.len(), "{name} at {stage:?}");
            }
        });
    }
}

/// Both are called alike in every region, and so are others; only their properties tell.
#[test]
fn a_subnet_group_goes_after_its_database() {
    let library = Library::embedded().unwrap();
    for name in ALL_EXAMPLES {
        for stage in Stage::ALL {
            let graph = graph_of(&library, &example(name, stage));
            runtime().block_on(async {
                let sim = sim();
                apply(&sim, &graph, None).await;
                let (gone, _) = destroy(&sim).await;
                let position = |kind: &str, region: &str| {
                    gone.operations.iter().position(|operation| {
                        let change = &gone.changes[operation.change];
                        &*change.kind == kind && &*change.address.region == region
                    })
                };
                for region in ["us-east-1", "eu-west-1"] {
                    let (Some(group), Some(database)) = (
                        position("AWS::RDS::DBSubnetGroup", region),
                        position("AWS::RDS::DBInstance", region),
                    ) else {
                        continue;
                    };
                    let waits = &gone.operations[group].needs;
                    assert!(waits.contains(&database), "{name} {stage:?} {region}");
                }
            });
        }
    }
}

/// How long an apply takes in virtual time, against what no scheduler could beat: the longest chain
/// without a limit, and list scheduling's prediction with ten workers.
#[test]
fn an_apply_takes_hardly_longer_than_its_longest_chain() {
    let library = Library::embedded().unwrap();
    for name in ALL_EXAMPLES {
        for stage in Stage::ALL {
            let graph = graph_of(&library, &example(name, stage));
            for (workers, most) in [(None, 1.05), (Some(10), 1.10)] {
                runtime().block_on(async {
                    let sim = sim();
                    let (plan, report) = apply(&sim, &graph, workers).await;
                    let bound = plan.schedule(workers).makespan as f64;
                    let ratio = report.seconds / bound;
                    println!(
                        "{name:12} {:14} {workers:?}: {:.1} s, bound {bound} s, ratio {ratio:.3}",
                        stage.name(),
                        report.seconds
                    );
                    assert!(
                        ratio <= most,
                        "{name} {stage:?} with {workers:?} workers: {ratio:.3} times the bound"
                    );
                });
            }
        }
    }
}

/// What happens, in order, when `shop` goes from its own server to a load balancer.
async fn grow(sim: &Sim) -> Vec<String> {
    let library = Library::embedded().unwrap();
    let (owner, stop) = (crate::common::owner(), Stop::default());
    let context = Context {
        provider: sim,
        owner: &owner,
        stop: &stop,
    };
    let graph = graph_of(&library, &example("shop", Stage::LoadBalanced));
    let before = graph_of(&library, &example("shop", Stage::SplitDb));
    apply(sim, &before, None).await;
    sim.set_faults(Faults {
        refusals: sim
            .faults()
            .refusals
            .into_iter()
            .map(|r| Refusal {
                times: Some(9),
                ..r
            })
            .collect(),
        ..sim.faults()
    })
    .unwrap();
    let plan = diff(
        &graph,
        &observe(&context, Some(&before)).await.unwrap(),
        None,
    );
    let mut told = Vec::new();
    execute(&context, &plan, None, &mut |event| {
        if let Event::Finished {
            address,
            step,
            end: End::Done { .. },
            ..
        } = event
        {
            told.push(format!("{step:?} {address}"));
        }
    })
    .await;
    told
}

#[test]
fn the_old_server_goes_after_the_new_ones_answer() {
    let told = runtime().block_on(async { grow(&sim()).await });
    let at = |what: &str| {
        told.iter()
            .position(|line| line == what)
            .unwrap_or_else(|| panic!("{what}: {told:#?}"))
    };
    assert!(at("Create us-east-1/asg[web]") < at("Update global/record"));
    assert!(at("Update global/record") < at("Delete us-east-1/eip_association"));
    assert!(at("Update global/record") < at("Delete us-east-1/server"));
}

#[test]
fn nothing_old_goes_while_something_new_is_missing() {
    let refusal = Refusal {
        what: "LaunchTemplate".into(),
        code: "NoCapacity".into(),
        times: Some(0),
    };
    let faults = Faults {
        refusals: vec![refusal],
        ..Faults::default()
    };
    let told =
        runtime().block_on(async { grow(&Sim::in_memory(Cloud::default(), faults, EPOCH)).await });
    assert!(
        told.iter().any(|line| line.starts_with("Create")),
        "{told:#?}"
    );
    assert!(
        !told.iter().any(|line| line.starts_with("Delete")),
        "{told:#?}"
    );
}

/// In the order of what began and ended, where the cloud shows things late.
#[test]
fn what_is_made_can_be_referred_to_before_it_is_sure_and_nothing_goes_before_that() {
    let library = Library::embedded().unwrap();
    let late = Faults {
        lag: 1,
        ..Faults::default()
    };
    let (owner, stop) = (crate::common::owner(), Stop::default());
    runtime().block_on(async {
        let sim = Sim::in_memory(Cloud::default(), late, EPOCH);
        let context = Context {
            provider: &sim,
            owner: &owner,
            stop: &stop,
        };
        for stage in [Stage::SingleServer, Stage::SplitDb] {
            let graph = graph_of(&library, &example("shop", stage));
            let live = observe(&context, Some(&graph)).await.unwrap();
            let plan = diff(&graph, &live, None);
            let told = std::cell::RefCell::new(Vec::new());
            let report = execute(&context, &plan, None, &mut |event| match event {
                Event::Started { operation, .. } => told.borrow_mut().push((*operation, true)),
                Event::Finished { operation, .. } => told.borrow_mut().push((*operation, false)),
                _ => {}
            })
            .await;
            assert!(report.is_complete(), "{}", complaints(&plan, &report.ends));
            let told = told.into_inner();
            let at = |what| told.iter().position(|one| *one == what).unwrap();
            let mut early = 0;
            for (number, operation) in plan.operations.iter().enumerate() {
                for need in &operation.needs {
                    let waited = at((*need, false)) < at((number, true));
                    early += usize::from(!waited);
                    assert!(
                        waited || operation.step != Step::Delete,
                        "{} goes too early",
                        plan.changes[operation.change].address
                    );
                }
                if operation.last {
                    let writes = plan.operations.iter().enumerate();
                    for (write, _) in writes.filter(|(_, one)| !one.last) {
                        assert!(at((write, false)) < at((number, true)));
                    }
                }
            }
            assert!(early > 10, "only {early} began early at {}", stage.name());
        }
    });
}
