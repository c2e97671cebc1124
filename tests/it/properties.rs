//! Properties of the whole pipeline, for random specs at every stage.

use crate::common::{EPOCH, apply, destroy, plan, runtime};
use proptest::prelude::*;
use proptest::sample::select;
use scalectl::blueprint::{Library, compile};
use scalectl::inventory::Live;
use scalectl::ownership;
use scalectl::plan::diff;
use scalectl::provider::Provider as _;
use scalectl::provider::sim::{Sim, cloud::Cloud, faults::Faults};
use scalectl::render::plan::{Detail, Frame, text};
use scalectl::spec::{self, Stage};
use serde_json::{Map as JsonMap, Value as Json, json};

/// A random store.
fn store() -> impl Strategy<Value = Json> {
    let units = (1u32..50, 0u32..50, 20u8..90)
        .prop_map(|(min, more, target)| json!({"min": min, "max": min + more, "target": target}));
    let project = prop_oneof![
        Just(json!("all")),
        Just(json!("keys")),
        Just(json!(["first", "second"])),
    ];
    (
        prop::option::of("[a-c]{2}"),
        prop::collection::btree_map("by_[a-c]{1,2}", ("[d-f]{1,2}", project), 0..3),
        prop::option::of((units.clone(), units)),
        any::<bool>(),
        any::<bool>(),
        select(vec!["aws-managed", "aws-owned"]),
    )
        .prop_map(|(sort, indexes, capacity, ttl, stream, encryption)| {
            let indexes = indexes.into_iter();
            let indexes: JsonMap<String, Json> = indexes
                .map(|(name, (key, project))| (name, json!({"key": key, "project": project})))
                .collect();
            let mut store = json!({
                "type": "key-value", "indexes": indexes, "encryption": encryption,
                "sort": sort,
            });
            if let Some((read, write)) = capacity {
                store["capacity"] = json!({"read": read, "write": write});
            }
            if ttl {
                store["ttl"] = json!("ends_at");
            }
            if stream {
                store["stream"] = json!("new-and-old-images");
            }
            store
        })
}

/// A database that the stage and the edition allow.
fn database_of(
    stage: Stage,
    (engine, edition): (&str, Option<&str>),
    size: u32,
    replicas: u8,
    multi_az: bool,
) -> Json {
    let is_cluster = engine.starts_with("aurora");
    let is_anywhere = edition.is_none() && !is_cluster;
    if !is_anywhere && [Stage::SingleServer, Stage::MultiRegion].contains(&stage) {
        return database_of(stage, ("mariadb", None), size, replicas, multi_az);
    }
    let replicas = match edition {
        None | Some("enterprise") => replicas,
        _ => 0,
    };
    let needs_standby = engine == "sqlserver" && replicas > 0;
    let mut database = json!({"engine": engine, "storage": size, "replicas": replicas,
        "multi_az": (multi_az || needs_standby) && edition != Some("express")});
    if is_cluster {
        database.as_object_mut().unwrap().remove("storage");
    }
    // From the size, so that what else is random stays as it is.
    if replicas > 0 && size.is_multiple_of(2) {
        let mode = if size.is_multiple_of(4) {
            "session"
        } else {
            "none"
        };
        database["reads"] = json!({"max_lag": 1 + size % 300, "read_after_write": mode});
    }
    if let Some(edition) = edition {
        database["edition"] = json!(edition);
    }
    if (engine, edition) == ("oracle", Some("enterprise")) {
        database["license"] = json!("bring-your-own");
    }
    database
}

/// A random spec, as JSON, which is YAML too.
/// A cache of any engine, form and strategy that go together.
fn cache() -> impl Strategy<Value = Json> {
    let strategy = select(vec![
        "cache-aside",
        "read-through",
        "write-through",
        "write-back",
    ]);
    (
        select(vec!["valkey", "redis", "memcached"]),
        1u8..4,
        strategy,
        prop::option::of(60u32..90_000),
        prop::option::of(select(vec!["allkeys-lru", "volatile-ttl", "noeviction"])),
        prop::option::of(prop::option::of(1u32..100)),
    )
        .prop_map(|(engine, nodes, strategy, ttl, eviction, serverless)| {
            let writes = strategy.starts_with("write");
            let engine = if writes && engine == "memcached" {
                "valkey"
            } else {
                engine
            };
            let nodes = if writes { nodes.max(2) } else { nodes };
            let mut cache = json!({"engine": engine, "strategy": strategy, "ttl": ttl});
            match (serverless, eviction) {
                (Some(limit), _) => {
                    cache["serverless"] = match limit {
                        Some(gigabytes) => json!({"max_gb": gigabytes}),
                        None => json!(true),
                    };
                }
                (None, eviction) => {
                    let fits = match eviction {
                        Some("allkeys-lru") => strategy != "write-back",
                        Some("volatile-ttl") => ttl.is_some() && engine != "memcached",
                        _ => true,
                    };
                    cache["nodes"] = json!(nodes);
                    cache["eviction"] = json!(eviction.filter(|_| fits));
                }
            }
            cache
        })
}

/// The same service as a worker; what is random of it follows from the port.
fn worker(service: &Json) -> Json {
    let port = service["port"].as_u64().unwrap();
    let mut worker = json!({"type": "worker", "stop_timeout": 1 + port % 900});
    for key in ["image", "instance", "scale", "env", "secrets", "stores"] {
        worker[key] = service[key].clone();
    }
    if port % 4 < 3 {
        worker["queue"] = json!({"visibility": 1 + port % 43_200, "attempts": 1 + port % 1000});
    }
    if port % 4 < 2 {
        worker["scale"]["target"] = json!({"messages_per_instance": port});
    }
    if port.is_multiple_of(5) {
        worker["health"] = json!({"command": ["./ok", "now"], "unhealthy": 2 + port % 8});
    }
    worker
}

fn specs() -> impl Strategy<Value = Json> {
    let service = (
        1u16..65535,
        select(vec!["t4g.small", "m7g.large", "c7i.xlarge", "t3.micro"]),
        1u16..4,
        select(vec![
            "round-robin",
            "least-connections",
            "least-outstanding-requests",
            "random",
            "weighted-random",
        ]),
        prop::option::of("[A-Z]{1,6}"),
        prop::option::of("[a-z]{1,6}/[a-z]{1,6}"),
    )
        .prop_map(|(port, instance, min, algorithm, variable, secret)| {
            json!({
                "image": "nginx:1",
                "port": port,
                "instance": instance,
                "scale": {"min": min, "max": min + 3},
                "balance": {"algorithm": algorithm},
                "env": variable.map(|name| json!({name: "value"})).unwrap_or(json!({})),
                "secrets": secret.map(|name| json!({"SECRET": name})).unwrap_or(json!({})),
            })
        });
    let database = prop::option::of((
        select(vec![
            ("postgres", None),
            ("mysql", None),
            ("mariadb", None),
            ("aurora-postgres", None),
            ("aurora-mysql", None),
            ("oracle", Some("standard")),
            ("oracle", Some("enterprise")),
            ("sqlserver", Some("express")),
            ("sqlserver", Some("web")),
            ("sqlserver", Some("standard")),
            ("sqlserver", Some("enterprise")),
        ]),
        20u32..500,
        0u8..4,
        any::<bool>(),
    ));
    let cache = prop::option::of(cache());
    let stores = prop::collection::btree_map("[a-z]{2,8}", store(), 0..3);
    (
        select(Stage::ALL.to_vec()),
        prop::collection::btree_map("[a-z]{2,8}", service, 1..4),
        database,
        cache,
        (2u8..4, select(vec!["per-zone", "single"]), any::<bool>()),
        (select(vec!["latency", "failover"]), any::<bool>(), any::<bool>()),
        prop::option::of("[a-z]{1,8}"),
        stores,
    )
        .prop_map(|(stage, services, database, cache, network, edge, tag, stores)| {
            let mut services: JsonMap<String, Json> = services.into_iter().collect();
            for (index, (name, service)) in services.iter_mut().enumerate() {
                let paths = if index == 0 { "/*".to_owned() } else { format!("/{name}/*") };
                service["paths"] = json!([paths]);
                // The first uses all, the next one fewer.
                service["stores"] = stores.keys().skip(index).cloned().collect();
                if index > 0 && service["port"].as_u64().is_some_and(|port| port % 2 == 0) {
                    service["hosts"] = json!([format!("{name}.shop.example.com")]);
                }
                if index > 0 && service["port"].as_u64().is_some_and(|port| port % 3 == 0) {
                    *service = worker(service);
                }
            }
            let queued = services.iter().filter(|(_, one)| !one["queue"].is_null());
            let queued: Vec<Json> = queued.map(|(name, _)| json!(name)).collect();
            for service in services.values_mut().take(2) {
                service["sends_to"] = json!(queued);
            }
            let (zones, nat, flow_logs) = network;
            let (routing, waf, email) = edge;
            let mut spec = json!({
                "app": "shop",
                "stage": stage.name(),
                "regions": if stage == Stage::MultiRegion { json!(["us-east-1", "eu-west-1"]) } else { json!(["eu-central-1"]) },
                "domain": {"name": "www.shop.example.com", "zone": "shop.example.com", "routing": routing},
                "network": {"zones": zones, "nat": nat, "flow_logs": flow_logs},
                "services": services,
                "cdn": {"waf": waf},
            });
            if let Some((engine, size, replicas, multi_az)) = database {
                spec["database"] = database_of(stage, engine, size, replicas, multi_az);
            }
            if let Some(mut cache) = cache {
                // What the last one writes goes to the database.
                if cache["strategy"] == "write-back" && database.is_none() {
                    cache["strategy"] = json!("cache-aside");
                }
                spec["cache"] = cache;
            }
            if email {
                spec["monitoring"] = json!({"email": "oncall@example.com"});
            }
            if !stores.is_empty() {
                spec["stores"] = json!(stores);
            }
            if let Some(tag) = tag {
                spec["tags"] = json!({"team": tag});
            }
            spec
        })
}

fn graph_of(library: &Library, text: &str) -> scalectl::graph::Graph {
    let spec =
        spec::load("scalectl.yaml", text, None, None).unwrap_or_else(|e| panic!("{e:#?}\n{text}"));
    compile(library, &spec).unwrap_or_else(|e| panic!("{e:#?}\n{text}"))
}

/// The same JSON with the keys of every object in another order.
fn shuffled(value: &Json, seed: u64) -> String {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            let address = "us-east-1/x".parse().unwrap();
            let salt = |key: &str| {
                ownership::of_value(
                    &address,
                    &format!("{seed}{key}"),
                    &scalectl::value::Value::Null,
                )
            };
            entries.sort_by_key(|(key, _)| salt(key));
            let inner: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", json!(key), shuffled(value, seed)))
                .collect();
            format!("{{{}}}", inner.join(", "))
        }
        Json::Array(items) => {
            let inner: Vec<String> = items.iter().map(|item| shuffled(item, seed)).collect();
            format!("[{}]", inner.join(", "))
        }
        plain => plain.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn apply_settles_is_idempotent_and_destroy_leaves_nothing(spec in specs()) {
        let graph = graph_of(&Library::embedded().unwrap(), &spec.to_string());
        runtime().block_on(async {
            let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
            let (_, report) = apply(&sim, &graph, Some(10)).await;
            assert!(report.is_complete(), "{:#?}", report.ends);
            let again = plan(&sim, &graph).await;
            assert!(again.is_empty(), "{:#?}", again.changes);
            let items = sim.cloud().items.clone();
            apply(&sim, &graph, Some(10)).await;
            assert_eq!(sim.cloud().items, items, "a second apply changes nothing");
            let (_, report) = destroy(&sim).await;
            assert!(report.is_complete(), "{:#?}", report.ends);
            let now = sim.clock().now();
            assert!(!sim.cloud().items.values().any(|item| item.exists(now)));
        });
    }

    #[test]
    fn a_change_of_one_service_plans_nothing_in_another(mut spec in specs(), which in any::<prop::sample::Index>()) {
        let library = Library::embedded().unwrap();
        let before = graph_of(&library, &spec.to_string());
        let names: Vec<String> = spec["services"].as_object().unwrap().keys().cloned().collect();
        let name = which.get(&names);
        let service = &mut spec["services"][name];
        service["image"] = json!("nginx:2");
        service["scale"]["max"] = json!(500);
        service["env"]["CHANGED"] = json!("value");
        service["health"]["grace"] = json!(1000);
        if service["type"] == "worker" {
            service["stop_timeout"] = json!(777);
        }
        if service["queue"].is_object() {
            service["queue"]["retention_days"] = json!(14);
        }
        let after = graph_of(&library, &spec.to_string());
        runtime().block_on(async {
            let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
            let (_, report) = apply(&sim, &before, Some(10)).await;
            assert!(report.is_complete(), "{:#?}", report.ends);
            let plan = plan(&sim, &after).await;
            assert!(!plan.is_empty());
            for change in &plan.changes {
                assert_eq!(change.address.key.as_deref(), Some(&**name), "{}", change.address);
            }
        });
    }

    #[test]
    fn the_order_of_keys_in_the_spec_changes_no_byte(spec in specs(), seed in any::<u64>()) {
        let library = Library::embedded().unwrap();
        let printed = |text: &str| {
            let plan = diff(&graph_of(&library, text), &Live::default(), None);
            (text_of(&plan), serde_json::to_string(&plan).unwrap())
        };
        fn text_of(plan: &scalectl::plan::Plan) -> String {
            text(plan, &Frame::default(), Detail::Full)
        }
        prop_assert_eq!(printed(&spec.to_string()), printed(&shuffled(&spec, seed)));
    }
}
