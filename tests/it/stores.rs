//! Stores from the spec to a service's environment: what servers are told, how regions and indexes come and
//! go, and what keeps the data.

use crate::common::{EPOCH, applied, at_stage, example, graph_of, owner, plan, runtime, sim};
use crate::server::{driven, template};
use scalectl::apply::{Context, Event, Stop, execute, observe};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::plan::diff;
use scalectl::plan::guard::refusals;
use scalectl::provider::sim::{Sim, faults::Faults};

use scalectl::spec::{Region, Stage, StreamView, load};
use scalectl::value::Value;

/// An apply that is asked to stop while it waits for the first update of `store`'s table.
async fn interrupted(sim: &Sim, graph: &Graph, store: &str) {
    let (owner, stop) = (owner(), Stop::default());
    let context = Context {
        provider: sim,
        owner: &owner,
        stop: &stop,
    };
    let live = observe(&context, Some(graph)).await.unwrap();
    let plan = diff(graph, &live, None);
    let report = execute(&context, &plan, None, &mut |event| {
        if let Event::Waiting { operation } = event {
            let change = &plan.changes[plan.operations[*operation].change];
            if &*change.address.id == "table" && change.address.key.as_deref() == Some(store) {
                stop.ask();
            }
        }
    })
    .await;
    assert!(
        !report.is_complete() && stop.is_asked(),
        "{:#?}",
        report.ends
    );
}

/// A property of a table, and what of it is said at a path.
fn property(sim: &Sim, name: &str, path: &str) -> Option<Value> {
    let cloud = sim.cloud();
    let mut tables = cloud.items.values().filter(|item| {
        let own = item.properties.get("TableName").and_then(Value::as_str);
        &*item.kind == "AWS::DynamoDB::GlobalTable" && own == Some(name)
    });
    tables.next().unwrap().properties.at(path).cloned()
}

fn table(sim: &Sim, name: &str, path: &str, entry: &str) -> Vec<String> {
    let cloud = sim.cloud();
    let mut tables = cloud.items.values().filter(|item| {
        let own = item.properties.get("TableName").and_then(Value::as_str);
        &*item.kind == "AWS::DynamoDB::GlobalTable" && own == Some(name)
    });
    let items = tables.next().unwrap().properties.get(path);
    let items = items.and_then(Value::as_list).unwrap_or_default().iter();
    let mut names: Vec<String> = (items.map(|item| item.at(entry).unwrap().to_string())).collect();
    names.sort();
    names
}

/// Prints the environment that a server gives a service for its stores.
const DRIVER: &str = r#"
import json, os, sys
program, known, service = open(sys.argv[1]).read(), json.loads(sys.argv[2]), sys.argv[3]
os.environ.update(SITE_PATH="/x", SITE_ROLE="single")
space = dict(__name__="site")
end = program.rindex("try:\n")
exec(program[:program.index("REGION = metadata")] + "REGION = 'us-east-1'\n" + program[program.index("def parameters("):end], space)
for name, value in sorted(space["stores"](known["services/" + service], known).items()):
    print(name + "=" + value)
"#;

#[test]
fn a_service_is_told_its_own_stores() {
    runtime().block_on(async {
    let sim = sim();
    applied(&sim, &example("arcade", Stage::LoadBalanced)).await;
    let cloud = sim.cloud();
    let parameters = cloud.items.values().filter_map(|item| {
        let name = item.properties.get("Name")?.as_str()?;
        let name = name.strip_prefix("/arcade/default/")?;
        let value = item.properties.get("Value")?.as_str()?;
        let value: serde_json::Value = serde_json::from_str(value).ok()?;
        Some((name.to_owned(), value))
    });
    let known: serde_json::Map<String, serde_json::Value> = parameters.collect();
    let told = |service: &str| {
        driven(&template(), DRIVER, &[&serde_json::to_string(&known).unwrap(), service]).out
    };
    assert_eq!(
        told("web"),
        "AWS_REGION=us-east-1\nSTORE_SESSIONS_ENDPOINT=https://dynamodb.us-east-1.amazonaws.com\n\
         STORE_SESSIONS_REGION=us-east-1\nSTORE_SESSIONS_TABLE=arcade-default-sessions\nSTORE_SESSIONS_TYPE=key-value\n"
    );
    assert!(told("scores").contains("STORE_SCORES_TABLE=arcade-default-scores\n"));
    assert!(!told("scores").contains("SESSIONS"));
    });
}

#[test]
fn replicas_and_indexes_follow_the_spec_both_ways() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("arcade", Stage::Cdn);
        applied(&sim, &spec).await;
        let replicas = |sim: &Sim| table(sim, "arcade-default-scores", "Replicas", "Region");
        let indexes = |sim: &Sim| {
            table(
                sim,
                "arcade-default-scores",
                "GlobalSecondaryIndexes",
                "IndexName",
            )
        };
        assert_eq!(replicas(&sim), ["us-east-1"]);
        spec.regions
            .extend(["eu-west-1", "ap-southeast-2"].map(|name| Region::Name(name.to_owned())));
        at_stage(&mut spec, Stage::MultiRegion);
        let scores = spec.stores.get_mut("scores").unwrap();
        let leaderboard = scores.indexes.remove("leaderboard").unwrap();
        for name in ["by_day", "by_week"] {
            let mut index = leaderboard.clone();
            index.key = name.to_owned();
            scores.indexes.insert(name.to_owned(), index);
        }
        applied(&sim, &spec).await;
        assert_eq!(replicas(&sim).len(), 3);
        assert_eq!(indexes(&sim), ["by_day", "by_week"]);
        spec.regions.truncate(2);
        spec.stores.get_mut("scores").unwrap().indexes.clear();
        spec.stores
            .get_mut("scores")
            .unwrap()
            .attributes
            .remove("points");
        let graph = graph_of(&Library::embedded().unwrap(), &spec);
        let smaller = plan(&sim, &graph).await;
        let change = smaller
            .changes
            .iter()
            .find(|change| &*change.address.id == "table");
        assert!(change.is_some(), "{:#?}", smaller.changes);
        applied(&sim, &spec).await;
        assert_eq!(replicas(&sim), ["eu-west-1", "us-east-1"]);
        assert!(indexes(&sim).is_empty());
    });
}

#[test]
fn a_store_that_leaves_the_spec_keeps_its_table() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("arcade", Stage::SplitDb);
        applied(&sim, &spec).await;
        spec.services.get_mut("web").unwrap().stores.clear();
        spec.stores.remove("sessions");
        let graph = graph_of(&Library::embedded().unwrap(), &spec);
        let planned = plan(&sim, &graph).await;
        let refused = refusals(&planned, &Default::default());
        let refused: Vec<String> = refused.iter().map(|one| one.address.to_string()).collect();
        assert_eq!(refused, ["us-east-1/table[sessions]"]);
    });
}

#[test]
fn what_an_interrupted_update_was_to_remove_goes_with_the_next_one() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("arcade", Stage::SingleServer);
        let scores = spec.stores.get_mut("scores").unwrap();
        let leaderboard = scores.indexes["leaderboard"].clone();
        for name in ["by_day", "by_week"] {
            let mut index = leaderboard.clone();
            index.key = name.to_owned();
            scores.indexes.insert(name.to_owned(), index);
        }
        scores.capacity = Default::default();
        applied(&sim, &spec).await;
        let scores = spec.stores.get_mut("scores").unwrap();
        scores.indexes.clear();
        scores.attributes.remove("points");
        scores.stream = None;
        let graph = graph_of(&Library::embedded().unwrap(), &spec);
        interrupted(&sim, &graph, "scores").await;
        let left = || {
            table(
                &sim,
                "arcade-default-scores",
                "GlobalSecondaryIndexes",
                "IndexName",
            )
        };
        assert_eq!(left().len(), 2, "{:?}", left());
        let stream = || property(&sim, "arcade-default-scores", "StreamSpecification");
        assert!(stream().is_some());
        applied(&sim, &spec).await;
        assert_eq!((left().len(), stream()), (0, None));
    });
}

#[test]
fn what_an_interrupted_update_has_set_is_removed_once_it_is_not_wanted() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("arcade", Stage::SingleServer);
        applied(&sim, &spec).await;
        let before = spec.clone();
        let leaderboard = spec.stores["scores"].indexes["leaderboard"].clone();
        let sessions = spec.stores.get_mut("sessions").unwrap();
        sessions.stream = Some(StreamView::KeysOnly);
        for name in ["by_day", "by_week"] {
            let mut index = leaderboard.clone();
            (index.key, index.sort) = (name.to_owned(), None);
            sessions.indexes.insert(name.to_owned(), index);
        }
        let graph = graph_of(&Library::embedded().unwrap(), &spec);
        interrupted(&sim, &graph, "sessions").await;
        let left = || {
            table(
                &sim,
                "arcade-default-sessions",
                "GlobalSecondaryIndexes",
                "IndexName",
            )
        };
        let stream = || property(&sim, "arcade-default-sessions", "StreamSpecification");
        assert_eq!((left().len(), stream().is_some()), (1, true));
        applied(&sim, &before).await;
        assert_eq!((left().len(), stream()), (0, None));
    });
}

#[test]
fn a_provisioned_table_goes_on_demand_with_its_indexes_or_without_them() {
    runtime().block_on(async {
        let example = || example("arcade", Stage::SingleServer);
        let name = "arcade-default-scores";
        let indexes = |sim: &Sim| table(sim, name, "GlobalSecondaryIndexes", "IndexName").len();
        for (keeps_capacity, keeps_index) in [(false, true), (true, false), (false, false)] {
            let sim = sim();
            let mut spec = example();
            applied(&sim, &spec).await;
            let scores = spec.stores.get_mut("scores").unwrap();
            if !keeps_capacity {
                scores.capacity = Default::default();
            }
            if !keeps_index {
                scores.indexes.clear();
                scores.attributes.remove("points");
            }
            applied(&sim, &spec).await;
            let mode = property(&sim, name, "BillingMode").unwrap().to_string();
            assert_eq!(mode == "PROVISIONED", keeps_capacity);
            assert_eq!(indexes(&sim), usize::from(keeps_index));
            let replica = property(&sim, name, "Replicas").unwrap().to_string();
            assert_eq!(replica.contains("Capacity"), keeps_capacity, "{replica}");
            applied(&sim, &example()).await;
            assert_eq!(indexes(&sim), 1);
        }
    });
}

#[test]
fn items_expire_by_the_attribute_of_the_spec_and_by_no_other() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("arcade", Stage::SingleServer);
        applied(&sim, &spec).await;
        let name = "arcade-default-sessions";
        let on = |sim: &Sim| {
            let said = |path: &str| property(sim, name, &format!("TimeToLiveSpecification.{path}"));
            let is_on = said("Enabled") == Some(Value::Bool(true));
            said("AttributeName")
                .filter(|_| is_on)
                .map(|name| name.to_string())
        };
        assert_eq!(on(&sim).as_deref(), Some("ends_at"));
        spec.stores.get_mut("sessions").unwrap().ttl = Some("until".to_owned());
        applied(&sim, &spec).await;
        assert_eq!(on(&sim).as_deref(), Some("until"));
        spec.stores.get_mut("sessions").unwrap().ttl = None;
        applied(&sim, &spec).await;
        assert_eq!(on(&sim), None);

        let mut cloud = sim.cloud().clone();
        let by_hand = cloud
            .items
            .values_mut()
            .find(|item| item.properties.get("TableName") == Some(&Value::str(name)));
        let by_hand = &mut by_hand.unwrap().properties;
        by_hand.insert(
            "TimeToLiveSpecification",
            serde_json::json!({"AttributeName": "played_at", "Enabled": true}).into(),
        );
        let sim = Sim::in_memory(cloud, Faults::default(), EPOCH + 86_400_000);
        let graph = graph_of(&Library::embedded().unwrap(), &spec);
        let found = plan(&sim, &graph).await;
        let moved: Vec<(&str, bool)> = (found.changes.iter())
            .flat_map(|change| &change.properties)
            .map(|property| (&*property.path, property.drift))
            .collect();
        assert_eq!(moved, [("TimeToLiveSpecification.Enabled", true)]);
        applied(&sim, &spec).await;
        assert_eq!(on(&sim), None);
    });
}

#[test]
fn a_plan_says_that_a_column_can_be_neither_removed_nor_changed() {
    runtime().block_on(async {
        let sim = sim();
        let path = crate::common::root().join("examples/arcade/scalectl.yaml");
        let text = std::fs::read_to_string(path).unwrap();
        let mut spec = load("scalectl.yaml", &text, Some("replays"), None).unwrap();
        at_stage(&mut spec, Stage::SingleServer);
        applied(&sim, &spec).await;
        let planned = async |change: &dyn Fn(&mut std::collections::BTreeMap<String, String>)| {
            let mut spec = spec.clone();
            change(&mut spec.stores.get_mut("replays").unwrap().columns);
            plan(&sim, &graph_of(&Library::embedded().unwrap(), &spec)).await
        };
        let dropped = planned(&|columns| drop(columns.remove("rating"))).await;
        let why = &dropped.impossible[0].why;
        assert!(why.contains("column rating would be dropped"), "{why}");
        let typed = planned(&|columns| drop(columns.insert("rating".into(), "text".into()))).await;
        let why = &typed.impossible[0].why;
        assert!(why.contains("from int to text"), "{why}");
        let added = planned(&|columns| drop(columns.insert("result".into(), "text".into()))).await;
        assert!(added.impossible.is_empty() && !added.is_empty());
    });
}
