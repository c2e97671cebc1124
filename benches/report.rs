//! How the HTML report grows with the number of changes.
//!
//!     cargo bench --no-default-features --bench report

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use scalectl::address::Address;
use scalectl::graph::{Graph, Lifecycle, Resource};
use scalectl::inventory::Live;
use scalectl::plan::diff;
use scalectl::render::plan::Frame;
use scalectl::render::report::{Cover, of_plan};
use scalectl::value::Value;

const SIZES: [usize; 3] = [1_000, 10_000, 20_000];

/// So many subnets, all of them new, with the properties that the blueprints give one.
fn subnets(size: usize) -> Graph {
    (0..size)
        .map(|number| {
            let properties = Value::from(serde_json::json!({
                "VpcId": "vpc-0a1b2c3d",
                "CidrBlock": "10.0.0.0/24",
                "AvailabilityZone": "us-east-1a",
                "MapPublicIpOnLaunch": false,
                "Tags": [{"Key": "Name", "Value": format!("shop-{number}")}, {"Key": "team", "Value": "web"}],
            }));
            Resource {
                address: Address::new("us-east-1", "subnet", Some(number.to_string().into())),
                kind: "AWS::EC2::Subnet".into(),
                tier: "network".into(),
                role: None,
                // What was made from an object is one.
                properties: properties.as_map().cloned().unwrap_or_default(),
                after: Vec::new(),
                lifecycle: Lifecycle::default(),
                ready_when: Vec::new(),
            }
        })
        .collect()
}

fn report(criterion: &mut Criterion) {
    let cover = Cover {
        app: "shop",
        env: "default",
        stage: "cdn",
        primary: "us-east-1",
        place: "the simulator",
        made: "",
    };
    let mut group = criterion.benchmark_group("report");
    group.sample_size(10);
    for size in SIZES {
        let (desired, live) = (subnets(size), Live::default());
        let plan = diff(&desired, &live, None);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::new("html", size), &size, |bencher, _| {
            bencher.iter(|| black_box(of_plan(cover, &plan, &Frame::default(), &live, &desired)));
        });
    }
    group.finish();
}

criterion_group!(benches, report);
criterion_main!(benches);
