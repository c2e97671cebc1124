//! Replacements that fail: whatever type of resource is replaced, the old one stays in use, with its rules,
//! routes and associations, or the plan says before that it cannot be so.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{apply, example, graph_of, plan, runtime};
use scalectl::address::Address;
use scalectl::blueprint::Library;
use scalectl::graph::{Graph, Resource};
use scalectl::plan::{Action, Plan};
use scalectl::provider::sim::Sim;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::{Faults, Refusal};
use scalectl::schema::Registry;
use scalectl::spec::Stage;
use scalectl::value::{Map, Value};

/// Types whose replacement deletes the old one first, because a name or value of theirs exists once only.
const DELETED_FIRST: &[&str] = &["AWS::EC2::FlowLog", "AWS::EC2::VPCPeeringConnection"];

fn shop(stage: Stage) -> Graph {
    graph_of(&Library::embedded().unwrap(), &example("shop", stage))
}

/// The cloud after an apply of the graph, and how late it is there.
async fn applied(graph: &Graph) -> (Cloud, u64) {
    let sim = Sim::in_memory(Cloud::default(), Faults::default(), 0);
    let (_, report) = apply(&sim, graph, None).await;
    assert!(report.is_complete(), "{report:?}");
    use scalectl::provider::Provider as _;
    let now = sim.clock().now();
    (sim.into_cloud(), now)
}

/// A property of it whose every change needs a new resource.
fn create_only(resource: &Resource) -> Option<String> {
    let schema = Registry::embedded().kind(&resource.kind)?;
    let fits = |name: &str, value: &Value| {
        let is_text = matches!(value, Value::String(_) | Value::Reference(_));
        is_text
            && schema.is_create_only(name)
            && !schema.is_write_only(name)
            && !resource.lifecycle.ignores(name)
    };
    let mut found: Vec<(bool, String)> = resource
        .properties
        .iter()
        .filter(|(name, value)| fits(name, value))
        .map(|(name, value)| {
            let is_last = value.is_symbolic() || is_name(&resource.kind, name);
            (is_last, name.to_string())
        })
        .collect();
    found.sort();
    let is_fit = |(_, name): &(bool, String)| {
        let value = resource.properties.get(name);
        !is_name(&resource.kind, name) || value.is_some_and(|value| !value.is_symbolic())
    };
    found.into_iter().find(is_fit).map(|(_, name)| name)
}

/// One resource of each type that can be replaced, with the property that makes it so.
fn samples(graph: &Graph) -> BTreeMap<String, (Address, String)> {
    let mut samples = BTreeMap::new();
    for resource in graph.iter() {
        if let Some(name) = create_only(resource) {
            samples
                .entry(resource.kind.to_string())
                .or_insert((resource.address.clone(), name));
        }
    }
    samples
}

/// Whether a property names its resource, so that it is the spec that has to change.
fn is_name(kind: &str, name: &str) -> bool {
    let schema = Registry::embedded().kind(kind).unwrap();
    schema
        .primary_identifier()
        .iter()
        .any(|part| **part == *name)
}

/// The graph with another name of that resource.
fn renamed(graph: &Graph, address: &Address, name: &str) -> Graph {
    let other = graph.iter().map(|resource| {
        let mut resource = resource.clone();
        if resource.address == *address {
            let value = format!("{}x", resource.properties.get(name).unwrap());
            resource.properties.insert(name, Value::str(value));
        }
        resource
    });
    other.collect()
}

/// The cloud with another value of that property, so that the resource has to be replaced.
fn moved(cloud: &Cloud, address: &Address, name: &str) -> Cloud {
    let mut cloud = cloud.clone();
    let number = number_of(&cloud, address);
    let item = cloud.items.get_mut(&number).unwrap();
    item.properties.insert(name, Value::str("something-else"));
    cloud
}

fn number_of(cloud: &Cloud, address: &Address) -> u64 {
    let is_it = |item: &&scalectl::provider::sim::cloud::Item| {
        item.marks
            .as_ref()
            .is_some_and(|marks| marks.address == *address)
    };
    cloud.items.values().find(is_it).unwrap().number
}

fn refusing(what: &str) -> Faults {
    Faults {
        refusals: vec![Refusal {
            what: what.into(),
            code: "Refused".into(),
            times: None,
        }],
        ..Faults::default()
    }
}

/// What of `before` is there no more, or is going.
fn gone(before: &Cloud, after: &Cloud) -> BTreeSet<Address> {
    let is_there = |number: &u64| {
        after
            .items
            .get(number)
            .is_some_and(|item| item.gone_at.is_none())
    };
    let all = before.items.values().filter(|item| !is_there(&item.number));
    all.filter_map(|item| Some(item.marks.as_ref()?.address.clone()))
        .collect()
}

/// Whether this plan says that the replacement begins with a delete.
fn says_so(plan: &Plan, address: &Address) -> bool {
    let change = plan
        .changes
        .iter()
        .find(|change| change.address == *address);
    let change = change.unwrap_or_else(|| {
        panic!(
            "{address} is not replaced: {:?}",
            plan.changes
                .iter()
                .map(|c| (c.address.to_string(), c.action, &c.reason))
                .collect::<Vec<_>>()
        )
    });
    assert_eq!(change.action, Action::Replace, "{address}");
    assert_eq!(
        change.create_before_destroy,
        change.interrupts.is_none(),
        "{address}"
    );
    !change.create_before_destroy
}

#[test]
fn a_failed_replacement_of_any_type_leaves_the_old_one() {
    let mut deleted_first = BTreeSet::new();
    let mut tried = BTreeSet::new();
    for stage in [Stage::SplitDb, Stage::MultiRegion] {
        let graph = shop(stage);
        let (cloud, now) = runtime().block_on(applied(&graph));
        for (kind, (address, name)) in samples(&graph) {
            if !tried.insert(kind.clone()) {
                continue;
            }
            let (before, graph) = if is_name(&kind, &name) {
                (cloud.clone(), renamed(&graph, &address, &name))
            } else {
                (moved(&cloud, &address, &name), graph.clone())
            };
            // Once its creation is refused, and once all that would move over to it.
            for what in [
                format!(
                    ":Create{} {kind} {address}",
                    kind.split("::").nth(2).unwrap()
                ),
                ":Modify".to_owned(),
            ] {
                let sim = Sim::in_memory(before.clone(), refusing(&what), now);
                let planned = runtime().block_on(plan(&sim, &graph));
                let is_first = says_so(&planned, &address);
                if !planned.impossible.is_empty() {
                    continue;
                }
                let (_, report) = runtime().block_on(apply(&sim, &graph, None));
                let gone = gone(&before, &sim.into_cloud());
                if is_first {
                    deleted_first.insert(kind.clone());
                } else if !report.is_complete() {
                    assert!(gone.is_empty(), "{kind} ({what}): {gone:?} went");
                }
            }
        }
    }
    assert!(tried.len() >= 28, "{tried:?}");
    let deleted_first: Vec<&str> = deleted_first.iter().map(|kind| &**kind).collect();
    assert_eq!(deleted_first, DELETED_FIRST);
}

const SHOP: &str = "app: shop
stage: load-balanced
domain: shop.example.com
services:
  web: {image: nginx:1}
database: {engine: postgres}
";

/// The resources of a spec.
fn graph(text: &str) -> Graph {
    let spec = scalectl::spec::load("scalectl.yaml", text, None, None).unwrap();
    graph_of(&Library::embedded().unwrap(), &spec)
}

fn in_zones(zones: &str) -> Graph {
    graph(&format!(
        "{SHOP}regions: [{{name: us-east-1, zones: [{zones}]}}]\n"
    ))
}

/// The subnets by address: their identifiers and ranges.
fn subnets(cloud: &Cloud) -> BTreeMap<String, (String, String)> {
    let subnets = cloud
        .items
        .values()
        .filter(|item| &*item.kind == "AWS::EC2::Subnet");
    let told = subnets.map(|item| {
        let address = item.marks.as_ref().unwrap().address.to_string();
        let range = item.properties.get("CidrBlock").unwrap().to_string();
        (address, (item.identifier.to_string(), range))
    });
    told.collect()
}

/// Applies a graph to a cloud, and nothing is left to do.
fn reached(cloud: Cloud, now: u64, graph: &Graph) -> (Cloud, u64) {
    use scalectl::provider::Provider as _;
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud, Faults::default(), now);
        let (planned, report) = apply(&sim, graph, None).await;
        assert_eq!(planned.impossible, []);
        assert!(report.is_complete(), "{report:?}");
        let left = plan(&sim, graph).await.changes;
        let left: Vec<_> = left.iter().map(|one| (&one.address, one.action)).collect();
        assert_eq!(left, []);
        let now = sim.clock().now();
        (sim.into_cloud(), now)
    })
}

#[test]
fn leaving_a_zone_moves_no_subnet_of_another() {
    for (before, after) in [
        ("a, b", "b, c"),
        ("a, b, c", "a, c"),
        ("a, b", "b, a"),
        ("b, c", "a, b, c"),
    ] {
        let (cloud, now) = runtime().block_on(applied(&in_zones(before)));
        let had = subnets(&cloud);
        let (cloud, _) = reached(cloud, now, &in_zones(after));
        let has = subnets(&cloud);
        for (address, had) in had {
            let zone = address.split(['[', ']']).nth(1).unwrap();
            let stays = after.contains(zone).then_some(&had);
            assert_eq!(has.get(&address), stays, "{before} -> {after}: {address}");
        }
    }
}

#[test]
fn subnets_numbered_by_list_position_keep_their_ranges() {
    let (mut cloud, now) = runtime().block_on(applied(&in_zones("a, c")));
    for (id, range) in [
        ("public", "10.0.1.0/24"),
        ("app", "10.0.32.0/20"),
        ("data", "10.0.11.0/24"),
    ] {
        let address = format!("us-east-1/subnet_{id}[c]").parse().unwrap();
        let number = number_of(&cloud, &address);
        let item = cloud.items.get_mut(&number).unwrap();
        item.properties.insert("CidrBlock", Value::str(range));
    }
    let had = subnets(&cloud);
    let (cloud, _) = reached(cloud, now, &in_zones("a, b, c"));
    let has = subnets(&cloud);
    assert!(
        had.iter()
            .all(|(address, had)| has.get(address) == Some(had)),
        "{has:?}"
    );
    assert_eq!(has.len(), had.len() + 3);
}

/// Each VPC's block, by region.
fn blocks(cloud: &Cloud) -> BTreeMap<String, String> {
    let vpcs = (cloud.items.values()).filter(|item| &*item.kind == "AWS::EC2::VPC");
    let of = |properties: &Map| {
        properties
            .get("CidrBlock")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    vpcs.map(|item| (item.region.to_string(), of(&item.properties)))
        .collect()
}

/// The spec with these regions.
fn in_regions(regions: &str) -> String {
    let shop = SHOP.replace("load-balanced", "multi-region");
    format!("{shop}regions: [{regions}]\n")
}

/// What a graph would change in a cloud.
fn planned(cloud: &Cloud, now: u64, graph: &Graph) -> Plan {
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud.clone(), Faults::default(), now);
        plan(&sim, graph).await
    })
}

#[test]
fn regions_keep_their_addresses_in_any_order_and_new_ones_get_free_blocks() {
    let three = [
        ("us-east-1", "10.0.0.0/16"),
        ("eu-west-1", "10.1.0.0/16"),
        ("ap-southeast-1", "10.2.0.0/16"),
    ];
    let (cloud, now) = runtime().block_on(applied(&graph(&in_regions(
        "us-east-1, eu-west-1, ap-southeast-1",
    ))));
    let owned = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
        let entries = all.iter();
        entries
            .map(|(region, block)| ((*region).to_owned(), (*block).to_owned()))
            .collect()
    };
    assert_eq!(blocks(&cloud), owned(&three));
    for (regions, more) in [
        ("us-east-1, ap-southeast-1", None),
        ("ap-southeast-1, us-east-1, eu-west-1", None),
        (
            "us-east-1, eu-central-1, eu-west-1, ap-southeast-1",
            Some(("eu-central-1", "10.3.0.0/16")),
        ),
    ] {
        let wanted = graph(&in_regions(regions));
        let planned = planned(&cloud, now, &wanted);
        let networks = ["AWS::EC2::VPC", "AWS::EC2::Subnet"];
        for change in &planned.changes {
            assert!(
                !networks.contains(&&*change.kind) || change.action != Action::Replace,
                "{regions}: {}",
                change.address
            );
        }
        if !regions.starts_with("us-east-1") {
            // The database is where it was: it moves by a failover, not by a plan.
            continue;
        }
        let (cloud, now) = reached(cloud.clone(), now, &wanted);
        let all: Vec<_> = three.into_iter().chain(more).collect();
        let left: Vec<_> = (all.into_iter())
            .filter(|(region, _)| regions.contains(region))
            .collect();
        assert_eq!(blocks(&cloud), owned(&left), "{regions}");
        let told: Vec<String> = self::planned(&cloud, now, &wanted).notes().collect();
        assert!(told[0].contains("keeps its address range"), "{told:?}");
        // The ways between regions lead to where their networks are.
        let ways = (cloud.items.values())
            .filter(|item| &*item.kind == "AWS::EC2::Route")
            .filter_map(|item| {
                let way = item.properties.get("DestinationCidrBlock")?.as_str()?;
                (way != "0.0.0.0/0").then(|| way.to_owned())
            })
            .collect::<BTreeSet<_>>();
        assert!(!ways.is_empty());
        assert!(
            (ways.iter()).all(|way| left.iter().any(|(_, block)| block == way)),
            "{regions}: {ways:?}"
        );
    }
}

#[test]
fn a_block_that_the_spec_names_itself_is_never_another_one() {
    use scalectl::plan::guard::refusals;
    let (cloud, now) = runtime().block_on(applied(&graph(&in_regions("us-east-1, eu-west-1"))));
    for regions in [
        "us-east-1, {name: eu-west-1, cidr: 10.5.0.0/16}",
        "us-east-1, {name: eu-west-1, cidr: 172.16.0.0/16}",
    ] {
        let planned = planned(&cloud, now, &graph(&in_regions(regions)));
        let refused = refusals(&planned, &BTreeSet::new());
        let why = (refused.iter()).find(|one| &*one.address.id == "vpc");
        let why = &why.unwrap_or_else(|| panic!("{regions}")).why;
        assert!(
            why.contains("{name: eu-west-1, cidr: 10.1.0.0/16}"),
            "{why}"
        );
        assert!(planned.kept.is_empty());
    }
}

#[test]
fn a_renamed_service_takes_over_the_priority_of_its_rule() {
    for (before, after) in [
        (
            "  web: {image: nginx:1}\n",
            "  frontend: {image: nginx:1}\n",
        ),
        (
            "  api: {image: a, paths: [/api/*]}\n  web: {image: b}\n",
            "  api: {image: a, paths: [/v2/api/*]}\n  zapi: {image: a, paths: [/api/*]}\n  web: {image: b}\n",
        ),
        (
            "  a: {image: a, paths: [/aa/*]}\n  b: {image: b, paths: [/bb/*]}\n",
            "  b: {image: b, paths: [/bb/*]}\n  c: {image: c, paths: [/cc/*]}\n",
        ),
    ] {
        let with = |services: &str| graph(&SHOP.replace("  web: {image: nginx:1}\n", services));
        let (cloud, now) = runtime().block_on(applied(&with(before)));
        reached(cloud, now, &with(after));
    }
}

/// A graph whose rules have swapped their priorities.
fn swapped(graph: &Graph, one: &str, other: &str) -> Graph {
    let of = |at: &str| {
        let address: Address = at.parse().unwrap();
        graph
            .get(&address)
            .unwrap()
            .properties
            .get("Priority")
            .unwrap()
            .clone()
    };
    let (first, second) = (of(one), of(other));
    let resources = graph.iter().map(|resource| {
        let mut resource = resource.clone();
        let at = resource.address.to_string();
        if at == one {
            resource.properties.insert("Priority", second.clone());
        } else if at == other {
            resource.properties.insert("Priority", first.clone());
        }
        resource
    });
    resources.collect()
}

#[test]
fn rules_swap_their_priorities() {
    let text = SHOP.replace(
        "  web: {image: nginx:1}\n",
        "  a: {image: a, paths: [/aa/*]}\n  b: {image: b, paths: [/bb/*]}\n",
    );
    let before = graph(&text);
    let (cloud, now) = runtime().block_on(applied(&before));
    reached(
        cloud,
        now,
        &swapped(&before, "us-east-1/rule[a]", "us-east-1/rule[b]"),
    );
}

#[test]
fn the_old_rule_answers_until_its_successor_is_ready() {
    let with = |services: &str| graph(&SHOP.replace("  web: {image: nginx:1}\n", services));
    let (cloud, now) = runtime().block_on(applied(&with("  web: {image: nginx:1}\n")));
    // The new servers do not come up.
    let sim = Sim::in_memory(
        cloud.clone(),
        refusing("AWS::AutoScaling::AutoScalingGroup"),
        now,
    );
    let after = with("  frontend: {image: nginx:1}\n");
    let (_, report) = runtime().block_on(apply(&sim, &after, None));
    assert!(!report.is_complete());
    let rule = |cloud: &Cloud, service: &str| {
        let number = number_of(
            cloud,
            &format!("us-east-1/rule[{service}]").parse().unwrap(),
        );
        let priority = cloud.items[&number].properties.get("Priority").unwrap();
        priority.to_string().parse::<u32>().unwrap()
    };
    let left = sim.into_cloud();
    assert!(gone(&cloud, &left).is_empty());
    assert!(rule(&left, "web") < rule(&left, "frontend"));
    reached(left, now + 10_000_000, &after);
}

#[test]
fn a_server_does_not_become_another_architecture() {
    let with = |instance: &str| {
        let shop = SHOP.replace("load-balanced", "single-server");
        graph(&shop.replace("nginx:1}", &format!("nginx:1, instance: {instance}}}")))
    };
    let (cloud, now) = runtime().block_on(applied(&with("t4g.small")));
    let sim = Sim::in_memory(cloud, Faults::default(), now);
    let planned = runtime().block_on(plan(&sim, &with("t3.small")));
    assert_eq!(
        planned.impossible[0].address.to_string(),
        "us-east-1/server"
    );
    // The simulator refuses what AWS refuses, whoever asks.
    let (_, report) = runtime().block_on(apply(&sim, &with("t3.small"), None));
    assert!(!report.is_complete());
    assert_eq!(
        runtime()
            .block_on(plan(&sim, &with("m7g.large")))
            .impossible,
        []
    );
}

#[test]
fn a_replaced_database_and_its_replica_answer_until_their_successors_do() {
    let graph = graph(&SHOP.replace("engine: postgres", "engine: postgres, replicas: 1"));
    let (cloud, now) = runtime().block_on(applied(&graph));
    let addresses = ["us-east-1/db", "us-east-1/db_replica[1]"];
    let [db, replica] = addresses.map(|one| one.parse::<Address>().unwrap());
    let before = moved(&cloud, &db, "MasterUsername");
    let sim = Sim::in_memory(before.clone(), Faults::default(), now);
    let planned = runtime().block_on(plan(&sim, &graph));
    for address in [&db, &replica] {
        assert!(!says_so(&planned, address), "{address}");
    }
    assert_eq!(planned.impossible, []);
    let (_, report) = runtime().block_on(apply(&sim, &graph, None));
    assert!(report.is_complete(), "{report:?}");
    // Their names are the provider's, and stay: once lists show what is new, nothing is left to do.
    let after = sim.into_cloud();
    let later = Sim::in_memory(after.clone(), Faults::default(), now + 86_400_000);
    let again = runtime().block_on(plan(&later, &graph));
    let left: Vec<_> = again
        .changes
        .iter()
        .map(|one| one.address.to_string())
        .collect();
    assert_eq!(left, [""; 0]);
    let databases = after.items.values().filter(|item| item.gone_at.is_none());
    let databases: Vec<String> = databases
        .filter(|item| &*item.kind == "AWS::RDS::DBInstance")
        .map(|item| item.properties.at("Endpoint.Address").unwrap().to_string())
        .collect();
    assert_eq!(databases.len(), 2);
    let setting: Address = "us-east-1/param_database".parse().unwrap();
    let setting = &after.items[&number_of(&after, &setting)].properties;
    let value = setting.get("Value").unwrap().to_string();
    for endpoint in databases {
        assert!(value.contains(&endpoint), "{value}, {endpoint}");
    }
}

#[test]
fn a_zone_in_which_a_database_is_cannot_be_left() {
    let (mut cloud, now) = runtime().block_on(applied(&in_zones("a, b")));
    let db = number_of(&cloud, &"us-east-1/db".parse().unwrap());
    let group: Address = "us-east-1/db_subnets".parse().unwrap();
    // Where the writer is, where its standby is, what is left, and what fixes it.
    let cases = [
        ("us-east-1a", "", "b, c", Some("set `multi_az: true`")),
        ("us-east-1a", "us-east-1b", "b, c", Some("--force-failover")),
        (
            "us-east-1b",
            "us-east-1a",
            "b, c",
            Some("`multi_az: false` and apply"),
        ),
        ("us-east-1b", "", "b, c", None),
        ("us-east-1b", "us-east-1a", "a, b, c", None),
    ];
    for (writer, standby, zones, way) in cases {
        let item = cloud.items.get_mut(&db).unwrap();
        item.properties
            .insert("AvailabilityZone", Value::str(writer));
        item.properties
            .insert("SecondaryAvailabilityZone", Value::str(standby));
        let graph = in_zones(zones);
        let sim = Sim::in_memory(cloud.clone(), Faults::default(), now);
        let planned = runtime().block_on(plan(&sim, &graph));
        let refused = planned.impossible.iter().find(|one| one.address == group);
        assert_eq!(
            refused.is_some(),
            way.is_some(),
            "{writer} {standby}: {refused:?}"
        );
        let (_, report) = runtime().block_on(apply(&sim, &graph, None));
        // The simulator refuses what the plan does, and nothing else.
        assert_eq!(
            report.is_complete(),
            way.is_none(),
            "{writer} {standby}: {zones}"
        );
        if let (Some(refused), Some(way)) = (refused, way) {
            assert!(
                refused
                    .why
                    .contains("cannot remove the subnet in us-east-1a from it while"),
                "{refused:?}"
            );
            assert!(refused.way.contains(way), "{refused:?}");
        }
    }
}
