//! How compile, diff, policies and every renderer grow with the number of resources.
//!
//!     cargo bench --no-default-features --bench pipeline
//!     cargo bench --no-default-features --bench pipeline -- render
//!     cargo bench --no-default-features --bench pipeline -- policy
//!
//! docs/performance.md holds the table and says how the other numbers were measured.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use scalectl::address::Address;
use scalectl::blueprint::{Library, compile};
use scalectl::graph::{Graph, Resource};
use scalectl::inventory::{Live, LiveResource, Owner, Status};
use scalectl::migrate::forecast::Forecast;
use scalectl::migrate::{Budget, Migration, Phase, Step};
use scalectl::ownership;
use scalectl::plan::guard::Refusal;
use scalectl::plan::{Plan, diff};
use scalectl::policy::{Case, Policies, check};
use scalectl::render::plan::{self, Detail, Frame};
use scalectl::render::{
    cloudformation, dot, json, mermaid, migration, migration_markdown, plan_markdown, svg,
};
use scalectl::spec::{self, Stage};
use scalectl::value::{Reference, Value};

/// Counts the bytes that are held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; only a counter is kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

const SPEC: &str = "app: big\nstage: single-server\nservices: {web: {image: nginx:1}}\n";

/// A blueprint with `size` resources: for each network of a VPC and eight subnets a security group.
fn library(size: usize) -> Library {
    let groups = size / 10;
    let module = format!(
        "module: many\ndescription: Many.\nresources:\n\
         - id: vpc\n  kind: AWS::EC2::VPC\n  tier: network\n  forEach: ${{range({groups}).map(n, string(n))}}\n\
         \x20 properties: {{CidrBlock: 10.0.0.0/16, EnableDnsSupport: true}}\n\
         - id: subnet\n  kind: AWS::EC2::Subnet\n  tier: network\n  forEach: ${{range({subnets}).map(n, string(n))}}\n\
         \x20 properties:\n    VpcId: ${{vpc[string(each.index / 8)].VpcId}}\n    AvailabilityZone: us-east-1a\n\
         \x20   CidrBlock: ${{cidrsubnet('10.0.0.0/16', 8, each.index % 8)}}\n\
         - id: group\n  kind: AWS::EC2::SecurityGroup\n  tier: security\n  forEach: ${{range({groups}).map(n, string(n))}}\n\
         \x20 properties:\n    GroupDescription: The group ${{each.key}}\n    VpcId: ${{vpc[each.key].VpcId}}\n\
         \x20   SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0, Description: HTTPS}}]\n",
        subnets = groups * 8,
    );
    let blueprint =
        "blueprint: single-server\ntitle: Many\ndescription: Many.\ncompose: [{use: many}]\n";
    Library::with(
        &[
            ("single-server.yaml", blueprint),
            ("modules/many.yaml", &module),
        ],
        &[],
    )
    .unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn spec() -> spec::Spec {
    spec::load("scalectl.yaml", SPEC, None, None).unwrap_or_else(|e| panic!("{e:#?}"))
}

/// The cloud as it is after an apply of `graph`.
fn applied(graph: &Graph) -> Live {
    let id = |address: &scalectl::address::Address| {
        format!("{}-{}", address.id, address.key.as_deref().unwrap_or(""))
    };
    let resources = graph
        .iter()
        .map(|resource| {
            let mut properties: scalectl::value::Map = resource
                .properties
                .iter()
                .map(|(name, value)| {
                    (
                        name.clone(),
                        value.resolve(&|reference| Some(Value::str(id(&reference.address)))),
                    )
                })
                .collect();
            let applied = ownership::of_properties(&resource.address, 1, false, &properties);
            let name = match &*resource.kind {
                "AWS::EC2::VPC" => "VpcId",
                "AWS::EC2::Subnet" => "SubnetId",
                _ => "GroupId",
            };
            properties.insert(name, Value::str(id(&resource.address)));
            let live = LiveResource {
                address: resource.address.clone(),
                kind: resource.kind.clone(),
                identifier: id(&resource.address).into(),
                properties,
                status: Status::Ready,
                applied: Some(applied),
            };
            (resource.address.clone(), live)
        })
        .collect();
    Live {
        resources,
        ..Live::default()
    }
}

fn pipeline(criterion: &mut Criterion) {
    let spec = spec();
    let mut group = criterion.benchmark_group("compile_and_diff");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(8));
    for size in SIZES {
        let library = library(size);
        let before = HELD.load(Ordering::Relaxed);
        let graph = compile(&library, &spec).unwrap_or_else(|e| panic!("{e:#?}"));
        let held = HELD.load(Ordering::Relaxed) - before;
        let live = applied(&graph);
        PEAK.store(HELD.load(Ordering::Relaxed), Ordering::Relaxed);
        let plan = diff(&graph, &live, None);
        let peak = PEAK.load(Ordering::Relaxed) - before;
        assert!(plan.is_empty(), "{} changes", plan.changes.len());
        println!(
            "{size} resources: {} bytes each in the desired graph, {} with the live ones at diff's peak",
            held / graph.len(),
            peak / graph.len()
        );
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::new("compile", size), &size, |bencher, _| {
            bencher.iter(|| black_box(compile(&library, &spec)));
        });
        group.bench_with_input(
            BenchmarkId::new("diff_unchanged", size),
            &size,
            |bencher, _| {
                bencher.iter(|| black_box(diff(&graph, &live, None)));
            },
        );
        group.bench_with_input(
            BenchmarkId::new("diff_all_new", size),
            &size,
            |bencher, _| {
                bencher.iter(|| black_box(diff(&graph, &Live::default(), None)));
            },
        );
    }
    group.finish();
}

/// The built-in rules, asked of everything at once: where nothing changes, and where all is new.
fn policy(criterion: &mut Criterion) {
    let spec = spec();
    let normalized = spec.normalized();
    let policies = Policies::embedded().unwrap_or_else(|e| panic!("{e:#?}"));
    let mut group = criterion.benchmark_group("policy");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    for size in [1_000, 10_000, 40_000] {
        let graph = compile(&library(size), &spec).unwrap_or_else(|e| panic!("{e:#?}"));
        let unchanged = Plan {
            unchanged: graph.len(),
            ..Plan::default()
        };
        let new = diff(&graph, &Live::default(), None);
        group.throughput(Throughput::Elements(size as u64));
        for (name, plan) in [("unchanged", &unchanged), ("all_new", &new)] {
            let case = Case {
                spec: &normalized,
                graph: &graph,
                plan,
                today: jiff::civil::date(2026, 1, 1),
            };
            let report = check(&policies, &case);
            println!(
                "{size} resources, {name}: {} of {} rules asked, {} findings",
                report.asked.len(),
                policies.rules.len(),
                report.findings.len()
            );
            group.bench_with_input(BenchmarkId::new(name, size), &size, |bencher, _| {
                bencher.iter(|| black_box(check(&policies, &case)));
            });
        }
    }
    group.finish();
}

/// Every renderer, with an id for each resource, so that drawings have as many boxes, and every change
/// refused.
fn render(criterion: &mut Criterion) {
    let spec = spec();
    let mut group = criterion.benchmark_group("render");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    let owner = Owner {
        app: "big".into(),
        env: "default".into(),
    };
    for size in [1_000, 10_000, 40_000] {
        let graph = compile(&library(size), &spec).unwrap_or_else(|e| panic!("{e:#?}"));
        let graph: Graph = graph.iter().map(spread).collect();
        let plan = diff(&graph, &Live::default(), None);
        let refusals: Vec<Refusal> = plan
            .changes
            .iter()
            .map(|change| Refusal {
                address: change.address.clone(),
                action: change.action,
                why: "it is protected".into(),
                way: None,
            })
            .collect();
        let frame = Frame {
            refusals: &refusals,
            workers: Some(50),
            ..Frame::default()
        };
        let (migration, forecasts) = way(&plan);
        let way = migration::Frame {
            migration: &migration,
            forecasts: &forecasts,
            standing: None,
            allowed: None,
        };
        group.throughput(Throughput::Elements(size as u64));
        let mut time = |name: &str, render: &dyn Fn() -> String| {
            group.bench_with_input(BenchmarkId::new(name, size), &size, |bencher, _| {
                bencher.iter(|| black_box(render()));
            });
        };
        let json = |value: &dyn Fn() -> serde_json::Value| format!("{:#}", value());
        time("text", &|| plan::text(&plan, &frame, Detail::Full));
        time("concise", &|| plan::text(&plan, &frame, Detail::Concise));
        time("markdown", &|| {
            plan_markdown::render(&plan, &frame, &owner, "cdn")
        });
        time("json", &|| {
            json(&|| serde_json::json!(json::plan::document(&plan, &frame, &owner, "cdn", "sim")))
        });
        time("dot", &|| dot::render(&graph, "big"));
        time("mermaid", &|| mermaid::render(&graph));
        time("svg", &|| svg::render(&graph, "big"));
        time("cloudformation", &|| {
            json(&|| serde_json::json!(cloudformation::templates(&graph, "us-east-1", "big")))
        });
        time("migration_text", &|| migration::text(&way, 100));
        time("migration_markdown", &|| {
            migration_markdown::render(&way, &owner, None)
        });
        time("migration_chart", &|| migration::mermaid(&way));
        time("migration_json", &|| {
            json(&|| serde_json::json!(json::migration::document(&way, &owner, "sim")))
        });
    }
    group.finish();
}

/// The same resource under an id of its own, and its references too.
fn spread(resource: &Resource) -> Resource {
    let own = |address: &Address| {
        let id = format!("{}_{}", address.id, address.key.as_deref().unwrap_or(""));
        Address::new(address.region.clone(), id, None)
    };
    let properties = resource.properties.iter().map(|(name, value)| {
        let value = match value {
            Value::Reference(reference) => Value::Reference(Arc::new(Reference {
                address: own(&reference.address),
                path: reference.path.clone(),
            })),
            other => other.clone(),
        };
        (name.clone(), value)
    });
    Resource {
        address: own(&resource.address),
        properties: properties.collect(),
        ..resource.clone()
    }
}

/// A migration of one step that makes these changes.
fn way(plan: &Plan) -> (Migration, Vec<Forecast>) {
    let step = Step {
        without: None,
        name: "expand".into(),
        hop: (Stage::SingleServer, Stage::SplitDb),
        phase: Phase::Expand,
        does: "Creates the new beside the old".into(),
        graph: Graph::default(),
        run: Vec::new(),
        gates: Vec::new(),
        budget: Budget::default(),
        seconds: 0,
        point_of_no_return: false,
    };
    let migration = Migration {
        failover: None,
        requests: Vec::new(),
        from: Stage::SingleServer,
        to: Stage::SplitDb,
        start: Graph::default(),
        steps: vec![step],
        digest: "0".into(),
    };
    let forecast = Forecast {
        plan: plan.clone(),
        ..Forecast::default()
    };
    (migration, vec![forecast])
}

criterion_group!(benches, render, policy, pipeline);
criterion_main!(benches);
